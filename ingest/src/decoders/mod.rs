//! Every decoder by name, as one list, each with good bytes of its own: what fuzzing, the tests of
//! damage and the benchmarks try. A new protocol is a line here and one in [`samples`]; a kind of
//! report is on it by itself.

pub(crate) mod samples;

use std::borrow::Cow;

use domain::city::City;
use domain::ids::AgencyId;
use domain::time::UtcMs;
use gis::Crs;

use crate::cap::signature::{Trust, verify};
use crate::register::Register;
use crate::reports::kind::{KINDS, Rim};
use crate::{
    cap, cases, cot, exchange, hospitals, json, mqtt, sensorthings, situations, sl651, table, xml,
};

/// What a decoder does with bytes: whether it read anything in them.
pub type Read = Box<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// A decoder by its name.
pub struct Decoder {
    /// Its name: the protocol, or path and media type.
    pub name: String,
    /// Bytes in which it reads something.
    pub samples: Vec<Cow<'static, [u8]>>,
    read: Read,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder with its good bytes.
    pub fn new(
        name: &str,
        samples: Vec<Cow<'static, [u8]>>,
        read: impl Fn(&[u8]) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.to_owned(), samples, read: Box::new(read) }
    }

    /// Whether it reads anything in these bytes.
    pub fn read(&self, bytes: &[u8]) -> bool {
        (self.read)(bytes)
    }
}

/// An instant for bare values.
const MOMENT: UtcMs = UtcMs(1_781_118_300_000);
/// The most bytes that a stream is given at once.
const CHUNK_MAX: usize = 64;

fn any<T, E>(items: Result<Vec<T>, E>, good: impl Fn(&T) -> bool) -> bool {
    items.is_ok_and(|items| items.iter().any(good))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The first byte tells how much a stream brings at once.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    rest.chunks(usize::from(*first) % CHUNK_MAX + 1)
}

fn frames_of_gauges(bytes: &[u8]) -> bool {
    let mut scanner = sl651::scan::Scanner::default();
    let mut read = false;
    let mut judge = |found| {
        if let sl651::scan::Found::Frame { frame, .. } = found {
            read |= sl651::body::decode(frame.coding, frame.function, &frame.body).is_ok();
        }
    };
    for chunk in chunks(bytes) {
        scanner.feed(chunk);
        while let Some(found) = scanner.next_found() {
            judge(found);
        }
    }
    while let Some(found) = scanner.give_up() {
        judge(found);
        while let Some(found) = scanner.next_found() {
            judge(found);
        }
    }
    read
}

/// A body alone: damage behind a check never gets this far.
fn body_of_a_gauge(bytes: &[u8]) -> bool {
    let [coding, function, body @ ..] = bytes else { return false };
    let coding = match coding & 1 {
        0 => sl651::frame::Coding::Hex,
        _ => sl651::frame::Coding::Ascii,
    };
    sl651::body::decode(coding, *function, body).is_ok()
}

fn events(bytes: &[u8]) -> bool {
    let mut framer = cot::frame::Framer::default();
    let mut read = false;
    for chunk in chunks(bytes) {
        framer.put(chunk);
        loop {
            match framer.next_event() {
                Ok(Some(event)) => read |= cot::decode::decode(event).is_ok(),
                Ok(None) => break,
                Err(_) => return read,
            }
        }
    }
    read
}

fn signed(bytes: &[u8], trust: &Trust) -> bool {
    let read = xml::read::document(bytes, cap::decode::MESSAGE_MAX_BYTES);
    read.is_ok_and(|document| verify(&document, trust, MOMENT).is_ok())
}

fn positions(bytes: &[u8]) -> bool {
    let number = |at: usize| {
        let eight = bytes.get(at..at + 8).and_then(|b| b.try_into().ok());
        eight.map(f64::from_le_bytes)
    };
    let (Some(lon), Some(lat)) = (number(0), number(8)) else { return false };
    Crs::ALL.iter().any(|crs| crs.to_wgs84(lon, lat).is_ok())
}

/// Words of people: every reader of them, and none may cut a character in two.
fn personal(bytes: &[u8]) -> bool {
    let text = text(bytes);
    let hidden = situations::hidden::hide(text);
    let masked = cases::personal::masked(text);
    situations::hidden::refused(bytes, &["text"]);
    cases::redact::redact(bytes);
    hidden != text || masked != text
}

/// A city whose agency sends as GCJ-02, and its register.
fn town() -> Option<(Register, AgencyId)> {
    let mut files = City::scaffold();
    if let Some(agencies) = files.get_mut("agencies.toml") {
        agencies.extend_from_slice(
            b"\n[[agency]]\nid = \"gcj\"\nname = \"GCJ-02\"\ncoordinates = \"gcj02\"\n",
        );
    }
    let city = City::read(&files).ok()?;
    let agency = city.agencies.iter().find(|a| a.coordinates.is_some())?.id.clone();
    Some((Register::of(&city, &city.registry(&[])), agency))
}

/// Every decoder of this room, by name.
pub fn all() -> Vec<Decoder> {
    let of =
        |name: &str, read: Read| Decoder { name: name.into(), samples: samples::of(name), read };
    let mut list = vec![
        of("json line", Box::new(|bytes| json::decode::decode_line(bytes).is_ok())),
        of(
            "json array",
            Box::new(|bytes| any(json::batch::decode_array(bytes), |item| item.read.is_ok())),
        ),
        of(
            "ndjson",
            Box::new(|bytes| any(json::batch::decode_ndjson(bytes), |item| item.read.is_ok())),
        ),
        of(
            "mqtt packet",
            Box::new(|bytes| any(json::batch::decode_packet(bytes), |item| item.read.is_ok())),
        ),
        of(
            "mqtt value",
            Box::new(|bytes| json::batch::decode_value(bytes, "R-1", "rainfall", MOMENT).is_ok()),
        ),
        of(
            "mqtt topic",
            Box::new(|bytes| {
                let topic = text(bytes);
                mqtt::decode::owner(topic).is_some() | mqtt::decode::carries(topic).is_some()
            }),
        ),
        of("mqtt connection", Box::new(|bytes| mqtt_edge::decode(bytes) > 0)),
        of("instant", Box::new(|bytes| json::instant::parse(text(bytes)).is_ok())),
        of(
            "csv",
            Box::new(|bytes| any(table::decode::decode_csv(bytes), |item| item.read.is_ok())),
        ),
        of("exchange line", Box::new(exchange::line::reads)),
        of("exchange manifest", Box::new(|bytes| exchange::Manifest::read(bytes).is_ok())),
        of("sl651", Box::new(|bytes| !sl651::decode::decode(bytes).is_empty())),
        of("sl651 stream", Box::new(frames_of_gauges)),
        of("sl651 body", Box::new(body_of_a_gauge)),
        of("sl651 answer", Box::new(|bytes| sl651::decode::down_frame(bytes).is_ok())),
        of("cap", Box::new(|bytes| cap::decode::decode(bytes).is_ok())),
        of("cap listing", Box::new(|bytes| cap::poll::listing::read(bytes).is_ok())),
        of(
            "cap link",
            Box::new(|bytes| {
                let base = cap::poll::fetch::Address::of("http://office.example/cap/index.xml");
                let link = text(bytes);
                base.is_ok_and(|base| base.join(link).is_ok())
                    | cap::poll::fetch::Address::of(link).is_ok()
            }),
        ),
        of("cot", Box::new(|bytes| cot::decode::decode(bytes).is_ok())),
        of("cot stream", Box::new(events)),
        of(
            "sensorthings",
            Box::new(|bytes| sensorthings::decode::decode(bytes).is_ok_and(|count| count > 0)),
        ),
        of(
            "sensorthings topic",
            Box::new(|bytes| sensorthings::resource::subscription(text(bytes)).is_some()),
        ),
        of("hospitals have", Box::new(|bytes| hospitals::have::decode(bytes).is_ok())),
        of("positions", Box::new(positions)),
        of("personal words", Box::new(personal)),
    ];
    let trust = Trust::read("", true);
    list.push(of("cap signature", Box::new(move |bytes| signed(bytes, &trust))));
    list.extend(kinds());
    list
}

/// Media types that are other names of one beside them.
const ALIASES: [&str; 4] =
    ["text/xml", "application/ndjson", "application/jsonl", "application/vnd.quakeml+xml"];

/// The kinds of reports, each by path and media type, as an agency sends them that has declared
/// GCJ-02.
fn kinds() -> Vec<Decoder> {
    let Some(town) = town().map(std::sync::Arc::new) else { return Vec::new() };
    let mut list = Vec::new();
    for kind in KINDS {
        for (media, reader) in kind.media.iter().filter(|(media, _)| !ALIASES.contains(media)) {
            let town = town.clone();
            let read = move |bytes: &[u8]| {
                let rim = Rim { register: &town.0, agency: &town.1 };
                any(reader(&rim, bytes), |said| said.read.is_ok())
            };
            let name = format!("{} {media}", kind.path);
            list.push(Decoder { samples: samples::of(&name), name, read: Box::new(read) });
        }
    }
    list
}
