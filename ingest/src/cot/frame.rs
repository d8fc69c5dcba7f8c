//! A stream of bytes → `<event>` elements, part of stop 1: where one ends and the next begins. Pure
//! and total. CoT has no frames of its own: an event ends with its root element, and XML
//! declarations, comments and white space may stand between two.
//!
//! What is found is only cut out here; whether it is XML, and what it says, is for
//! [`super::decode`].

/// The largest event, bytes. A position has some 800.
pub const EVENT_MAX_BYTES: usize = 64 * 1024;
/// The deepest nesting that is followed.
const DEPTH_MAX: usize = crate::xml::DEPTH_MAX;
/// The root of every event.
const ROOT: &[u8] = b"<event";

/// Why a stream cannot be followed any further: where the next event begins is not known then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Something between events that is no event.
    #[error("something that is no <event> element")]
    NoEvent,
    /// The binary form of TAK's protocol 1 begins with this byte.
    #[error("TAK protocol 1 (protobuf) is not taken here: send XML, as protocol 0 does")]
    Protobuf,
    /// A document type, an entity: nothing of the kind is read.
    #[error("a <! … > that is neither a comment nor CDATA: no document type is read")]
    Declaration,
    /// Longer than [`EVENT_MAX_BYTES`].
    #[error("an event has at most {EVENT_MAX_BYTES} bytes")]
    TooLong,
    /// Deeper than any event.
    #[error("elements nest deeper than {DEPTH_MAX}")]
    TooDeep,
}

/// Cuts a stream into events.
#[derive(Debug, Default)]
pub struct Framer {
    bytes: Vec<u8>,
    /// Where the event that is looked at begins; before it nothing is needed any more.
    from: usize,
    /// How far it has been looked through, from `from`.
    seen: usize,
    depth: usize,
}

/// What stands at a `<`.
enum Tag {
    /// Ends with this text.
    Skip(&'static [u8]),
    Close,
    Open,
    Lost(Lost),
    /// More bytes are needed to tell.
    Unknown,
}

fn tag(rest: &[u8]) -> Tag {
    let begins = |what: &[u8]| rest.starts_with(what);
    let may_begin = |what: &[u8]| what.starts_with(rest);
    if begins(b"<!--") {
        Tag::Skip(b"-->")
    } else if begins(b"<![CDATA[") {
        Tag::Skip(b"]]>")
    } else if begins(b"<?") {
        Tag::Skip(b"?>")
    } else if may_begin(b"<!--") || may_begin(b"<![CDATA[") {
        Tag::Unknown
    } else if begins(b"<!") {
        Tag::Lost(Lost::Declaration)
    } else if begins(b"</") {
        Tag::Close
    } else {
        Tag::Open
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The end of a tag: the `>` that stands in no quotes.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

impl Framer {
    /// Takes what came.
    pub fn put(&mut self, bytes: &[u8]) {
        if self.from > 0 {
            self.bytes.drain(..self.from);
            self.from = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether an event has begun that is not whole.
    pub fn is_amid(&self) -> bool {
        self.bytes.len() > self.from
    }

    /// What has come of the event that is not whole, or of what cannot be followed: for who keeps it.
    pub fn rest(&self) -> &[u8] {
        let rest = self.bytes.get(self.from..).unwrap_or_default();
        &rest[..rest.len().min(EVENT_MAX_BYTES)]
    }

    /// The next whole event; `None` until more has come.
    ///
    /// # Errors
    /// [`Lost`]: nothing more can be cut out of this stream.
    pub fn next_event(&mut self) -> Result<Option<&[u8]>, Lost> {
        if self.depth == 0 && self.seen == 0 && !self.begin()? {
            return Ok(None);
        }
        loop {
            let event = self.bytes.get(self.from..).unwrap_or_default();
            if self.seen > EVENT_MAX_BYTES {
                return Err(Lost::TooLong);
            }
            let unseen = event.get(self.seen..).unwrap_or_default();
            let Some(at) = unseen.iter().position(|byte| *byte == b'<') else {
                self.seen = event.len();
                return if event.len() > EVENT_MAX_BYTES { Err(Lost::TooLong) } else { Ok(None) };
            };
            let rest = unseen.get(at..).unwrap_or_default();
            // An unfinished tag is looked at again from its beginning.
            self.seen += at;
            let (end, opens, closes) = match tag(rest) {
                Tag::Lost(why) => return Err(why),
                Tag::Unknown => (None, false, false),
                Tag::Skip(mark) => (find(rest, mark).map(|end| end + mark.len()), false, false),
                Tag::Close => (tag_end(rest).map(|end| end + 1), false, true),
                Tag::Open => {
                    let end = tag_end(rest);
                    let empty = end.is_some_and(|end| rest.get(end - 1) == Some(&b'/'));
                    (end.map(|end| end + 1), true, empty)
                }
            };
            let Some(end) = end else {
                return if event.len() > EVENT_MAX_BYTES { Err(Lost::TooLong) } else { Ok(None) };
            };
            self.seen += end;
            self.depth += usize::from(opens);
            if self.depth > DEPTH_MAX {
                return Err(Lost::TooDeep);
            }
            // Below the root nothing can close: the first tag is the root's.
            self.depth = self.depth.saturating_sub(usize::from(closes));
            if self.depth == 0 && (opens || closes) {
                if self.seen > EVENT_MAX_BYTES {
                    return Err(Lost::TooLong);
                }
                let (from, to) = (self.from, self.from + self.seen);
                (self.from, self.seen) = (to, 0);
                return Ok(self.bytes.get(from..to));
            }
        }
    }

    /// Goes to where an event begins; false until it is known.
    fn begin(&mut self) -> Result<bool, Lost> {
        loop {
            let rest = self.bytes.get(self.from..).unwrap_or_default();
            let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.from += blank;
            let rest = rest.get(blank..).unwrap_or_default();
            match rest.first() {
                None => return Ok(false),
                Some(b'<') => {}
                Some(0xbf) => return Err(Lost::Protobuf),
                // A byte order mark before the first.
                Some(0xef) if rest.starts_with(b"\xef\xbb\xbf") => {
                    self.from += 3;
                    continue;
                }
                Some(0xef) if rest.len() < 3 => return Ok(false),
                Some(_) => return Err(Lost::NoEvent),
            }
            match tag(rest) {
                Tag::Lost(why) => return Err(why),
                Tag::Unknown => return Ok(false),
                Tag::Skip(b"]]>") | Tag::Close => return Err(Lost::NoEvent),
                Tag::Skip(mark) => match find(rest, mark) {
                    Some(end) => self.from += end + mark.len(),
                    None if rest.len() > EVENT_MAX_BYTES => return Err(Lost::TooLong),
                    None => return Ok(false),
                },
                Tag::Open => return Self::is_root(rest),
            }
        }
    }

    fn is_root(rest: &[u8]) -> Result<bool, Lost> {
        match rest.get(..ROOT.len() + 1) {
            None if ROOT.starts_with(rest) => Ok(false),
            None => Err(Lost::NoEvent),
            Some(head) => {
                let ends = matches!(head.last(), Some(b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>'));
                if head.starts_with(ROOT) && ends { Ok(true) } else { Err(Lost::NoEvent) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(chunks: &[&[u8]]) -> Result<Vec<String>, Lost> {
        let (mut framer, mut found) = (Framer::default(), Vec::new());
        for chunk in chunks {
            framer.put(chunk);
            while let Some(event) = framer.next_event()? {
                found.push(String::from_utf8_lossy(event).into_owned());
            }
        }
        Ok(found)
    }

    const THREE: &str = "\u{feff}<?xml version=\"1.0\"?>\n<event a='>'><point/><!-- </event> --><x><![CDATA[</event>]]></x></event><event b=\"/>\"/>\n<?xml version=\"1.0\"?><event><event></event></event>  ";

    #[test]
    fn events_are_cut_out_wherever_the_stream_is_cut() {
        let whole = all(&[THREE.as_bytes()]).unwrap();
        assert_eq!(whole.len(), 3);
        assert!(whole[0].starts_with("<event a=") && whole[0].ends_with("</x></event>"));
        assert_eq!(whole[1], "<event b=\"/>\"/>");
        assert_eq!(whole[2], "<event><event></event></event>");
        let single: Vec<&[u8]> = THREE.as_bytes().chunks(1).collect();
        assert_eq!(all(&single).unwrap(), whole);
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        assert_eq!(all(&[b"hello"]), Err(Lost::NoEvent));
        assert_eq!(all(&[b"<eventual/>"]), Err(Lost::NoEvent));
        assert_eq!(all(&[b"<ev", b"il/>"]), Err(Lost::NoEvent));
        assert_eq!(all(&[b"\xbf\x01\xbf"]), Err(Lost::Protobuf));
        assert_eq!(all(&[b"<!DOCTYPE event []><event/>"]), Err(Lost::Declaration));
        assert_eq!(all(&[b"<event><!ENTITY a 'b'></event>"]), Err(Lost::Declaration));
        assert_eq!(all(&["<event>".repeat(40).as_bytes()]), Err(Lost::TooDeep));
        let long = format!("<event a='{}'/>", "x".repeat(EVENT_MAX_BYTES));
        assert_eq!(all(&[long.as_bytes()]), Err(Lost::TooLong));
        let open = format!("<event a='{}", "x".repeat(EVENT_MAX_BYTES));
        assert_eq!(all(&[open.as_bytes()]), Err(Lost::TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_an_answer_and_stay_bounded(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..40),
        ) {
            let mut framer = Framer::default();
            for piece in &pieces {
                framer.put(piece);
                while let Ok(Some(_)) = framer.next_event() {}
                prop_assert!(framer.rest().len() <= EVENT_MAX_BYTES);
            }
        }

        #[test]
        fn where_it_is_cut_leaves_no_trace(at in 0usize..THREE.len(), more in 0usize..THREE.len()) {
            let bytes = THREE.as_bytes();
            let (a, b) = (at.min(more), at.max(more));
            prop_assert_eq!(all(&[&bytes[..a], &bytes[a..b], &bytes[b..]]), all(&[bytes]));
        }
    }
}
