//! Stop 2 of 9 for SL 651-2014, **decoded**: bytes → [`Frame`] → [`super::body::Message`]. Pure and
//! total. Before it: [`crate::sl651::session`] (heard). After it: [`crate::admit`] (admitted), by
//! way of [`crate::sl651::readings`].

use domain::sl651::Address;

use super::body::{self, Message};
use super::crc::crc16;
use super::frame::{
    Coding, Direction, End, Frame, FrameError, PACKETS_MAX, Packet, START_ASCII, START_HEX, STX,
    SYN,
};
use super::scan::{Found, Scanner};

/// Reads bytes that are one up-frame and nothing else.
///
/// # Errors
/// [`FrameError`].
pub fn frame(bytes: &[u8]) -> Result<Frame, FrameError> {
    whole(bytes, Direction::Up)
}

/// Reads bytes that are one down-frame and nothing else.
///
/// # Errors
/// [`FrameError`].
pub fn down_frame(bytes: &[u8]) -> Result<Frame, FrameError> {
    whole(bytes, Direction::Down)
}

/// Everything that any bytes of a connection say: its frames with their messages. This is what a
/// fuzz target calls.
pub fn decode(bytes: &[u8]) -> Vec<(Frame, Result<Message, body::BodyError>)> {
    let mut scanner = Scanner::default();
    let mut said = Vec::new();
    for piece in bytes.chunks(super::scan::READ_MAX_BYTES) {
        scanner.feed(piece);
        while let Some(found) = scanner.next_found() {
            if let Found::Frame { frame, .. } = found {
                let message = body::decode(frame.coding, frame.function, &frame.body);
                said.push((frame, message));
            }
        }
    }
    said
}

fn whole(bytes: &[u8], direction: Direction) -> Result<Frame, FrameError> {
    match at_start(bytes, direction) {
        At::Nothing(why) => Err(why),
        At::Short { needed } => Err(FrameError::Cut { have: bytes.len(), needed }),
        At::Whole { length, .. } if length < bytes.len() => {
            Err(FrameError::Trailing(bytes.len() - length))
        }
        At::Whole { read, .. } => read,
    }
}

/// What bytes are at their beginning.
pub(super) enum At {
    /// No frame begins here.
    Nothing(FrameError),
    /// A frame, as far as can be seen, that needs so many bytes at least.
    Short { needed: usize },
    /// So many bytes that stand as a frame; whether it is one.
    Whole { length: usize, read: Result<Frame, FrameError> },
}

/// Looks at the beginning of `bytes`.
pub(super) fn at_start(bytes: &[u8], direction: Direction) -> At {
    match bytes {
        [START_HEX, START_HEX, ..] => look(bytes, &HEX, direction),
        [START_HEX] => At::Short { needed: HEX.body_at() },
        [START_ASCII, ..] => look(bytes, &ASCII, direction),
        [] => At::Short { needed: 1 },
        _ => At::Nothing(FrameError::Start),
    }
}

/// How the fields of a frame lie in its bytes.
struct Layout {
    coding: Coding,
    start: usize,
    /// Bytes that write one byte of the header.
    per_byte: usize,
}

const HEX: Layout = Layout { coding: Coding::Hex, start: 2, per_byte: 1 };
const ASCII: Layout = Layout { coding: Coding::Ascii, start: 1, per_byte: 2 };
/// Centre 1, address 5, password 2, function 1, direction and length 2.
const HEADER_BYTES: usize = 11;
/// Total and number of a packet, twelve bits each.
const PACKET_BYTES: usize = 3;
const CHECK_BYTES: usize = 2;

impl Layout {
    const fn mark_at(&self) -> usize {
        self.start + HEADER_BYTES * self.per_byte
    }
    const fn body_at(&self) -> usize {
        self.mark_at() + 1
    }
    /// `N` bytes of the header from where it begins; an error where they are no digits.
    fn bytes<const N: usize>(&self, written: &[u8]) -> Result<[u8; N], FrameError> {
        let mut read = [0; N];
        for (to, from) in read.iter_mut().zip(written.chunks_exact(self.per_byte)) {
            *to = match from {
                [byte] => *byte,
                [high, low] => digit(*high)? << 4 | digit(*low)?,
                _ => return Err(FrameError::Digits),
            };
        }
        Ok(read)
    }
}

/// One upper-case hexadecimal digit: a lower-case one is one flipped bit away from it.
fn digit(byte: u8) -> Result<u8, FrameError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(FrameError::Digits),
    }
}

fn look(bytes: &[u8], layout: &Layout, direction: Direction) -> At {
    let body_at = layout.body_at();
    let Some(written) = bytes.get(layout.start..body_at) else {
        // As soon as a header in ASCII has something else than digits it is none.
        let seen = bytes.get(layout.start..).unwrap_or_default();
        let wrong = layout.coding == Coding::Ascii && seen.iter().any(|b| digit(*b).is_err());
        return match wrong {
            true => At::Nothing(FrameError::Digits),
            false => At::Short { needed: body_at },
        };
    };
    let (header, mark) = match (layout.bytes::<HEADER_BYTES>(written), written.last()) {
        (Ok(header), Some(mark)) => (header, *mark),
        (Err(why), _) => return At::Nothing(why),
        (_, None) => return At::Short { needed: body_at },
    };
    let (is_packet, said) = (mark == SYN, u16::from_be_bytes([header[9], header[10]]));
    if !is_packet && mark != STX {
        return At::Nothing(FrameError::Mark(mark));
    }
    let numbered = if is_packet { PACKET_BYTES * layout.per_byte } else { 0 };
    let Some(counted) = length(said, is_packet, direction).filter(|n| *n > numbered) else {
        return At::Nothing(FrameError::Length(said));
    };
    let end_at = body_at + counted;
    let needed = end_at + 1 + CHECK_BYTES * layout.per_byte;
    let Some(all) = bytes.get(..needed) else { return At::Short { needed } };
    let read = read(all, layout, direction, &header, (body_at, numbered, end_at));
    At::Whole { length: needed, read }
}

/// The bytes that a frame says follow its mark. The high digit is the direction (0 up, 8 down),
/// but in an up-packet part of the length.
fn length(said: u16, is_packet: bool, direction: Direction) -> Option<usize> {
    match (direction, said >> 12) {
        (Direction::Up, _) if is_packet => Some(usize::from(said)),
        (Direction::Up, 0) => Some(usize::from(said)),
        (Direction::Down, 8) => Some(usize::from(said & 0x0FFF)),
        _ => None,
    }
}

fn read(
    all: &[u8],
    layout: &Layout,
    direction: Direction,
    header: &[u8; HEADER_BYTES],
    (body_at, numbered, end_at): (usize, usize, usize),
) -> Result<Frame, FrameError> {
    let end = all.get(end_at).copied().unwrap_or_default();
    let ended = End::of(end, direction).ok_or(FrameError::End(end))?;
    let (checked, check) = all.split_at(end_at + 1);
    let computed = crc16(checked);
    if layout.bytes(check).map(u16::from_be_bytes) != Ok(computed) {
        let said = match layout.coding {
            Coding::Hex => check.iter().map(|byte| format!("{byte:02X}")).collect(),
            Coding::Ascii => check.escape_ascii().to_string(),
        };
        return Err(FrameError::Check { said, computed });
    }
    let body = all.get(body_at..end_at).unwrap_or_default();
    let (number, body) = body.split_at(numbered);
    let packet = match numbered {
        0 => None,
        _ => Some(packet(layout.bytes(number)?)?),
    };
    let [first, .., p1, p2, function, _, _] = *header;
    let [_, a, b, c, d, sixth, ..] = *header;
    let (centre, station) = match direction {
        Direction::Up => (first, [a, b, c, d, sixth]),
        Direction::Down => (sixth, [first, a, b, c, d]),
    };
    Ok(Frame {
        coding: layout.coding,
        direction,
        centre,
        station: Address(station),
        password: u16::from_be_bytes([p1, p2]),
        function,
        packet,
        body: body.to_vec(),
        end: ended,
    })
}

/// What a packet whose check does not fit seems to be, without its body. None of it is certain.
pub(super) fn damaged_packet(bytes: &[u8]) -> Option<Frame> {
    let layout = match bytes {
        [START_HEX, START_HEX, ..] => &HEX,
        [START_ASCII, ..] => &ASCII,
        _ => return None,
    };
    let header: [u8; HEADER_BYTES] = layout.bytes(bytes.get(layout.start..)?).ok()?;
    if bytes.get(layout.mark_at()) != Some(&SYN) {
        return None;
    }
    let number = layout.bytes(bytes.get(layout.body_at()..)?).ok()?;
    let [centre, a, b, c, d, e, p1, p2, function, _, _] = header;
    Some(Frame {
        coding: layout.coding,
        direction: Direction::Up,
        centre,
        station: Address([a, b, c, d, e]),
        password: u16::from_be_bytes([p1, p2]),
        function,
        packet: Some(packet(number).ok()?),
        body: Vec::new(),
        end: End::Etb,
    })
}

fn packet([a, b, c]: [u8; PACKET_BYTES]) -> Result<Packet, FrameError> {
    let both = u32::from_be_bytes([0, a, b, c]);
    // Twelve bits each.
    let (total, number) = ((both >> 12) as u16 & PACKETS_MAX, both as u16 & PACKETS_MAX);
    if number == 0 || number > total {
        return Err(FrameError::Packet { total, number });
    }
    Ok(Packet { total, number })
}
