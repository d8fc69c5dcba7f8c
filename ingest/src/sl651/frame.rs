//! A frame of SL 651-2014: its header, its body as bytes, its end.

use domain::sl651::Address;

/// The start of a frame in HEX/BCD coding, twice.
pub const START_HEX: u8 = 0x7E;
/// The start of a frame in ASCII coding.
pub const START_ASCII: u8 = 0x01;
/// Before the body of a frame by itself.
pub const STX: u8 = 0x02;
/// Before the body of one packet of several.
pub const SYN: u8 = 0x16;
/// The longest body of a frame by itself, bytes: twelve bits of length.
pub const BODY_MAX_BYTES: usize = 0x0FFF;
/// The most that a packet says of its length, which counts its number too: sixteen bits.
pub const PACKET_MAX_BYTES: usize = 0xFFFF;
/// Most packets of a message: twelve bits.
pub const PACKETS_MAX: u16 = 0x0FFF;
/// The longest frame, bytes.
pub const FRAME_MAX_BYTES: usize = PACKET_MAX_BYTES + 64;

/// How a frame is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Bytes, numbers as BCD.
    Hex,
    /// Text, the header's numbers as hexadecimal digits.
    Ascii,
}

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a station to the centre.
    Up,
    /// From the centre to a station.
    Down,
}

/// How a frame ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum End {
    /// Up: nothing follows.
    Etx = 0x03,
    /// Up: more follows.
    Etb = 0x17,
    /// Down: a question.
    Enq = 0x05,
    /// Down: taken, go on.
    Ack = 0x06,
    /// Down: not taken, send it again.
    Nak = 0x15,
    /// Down: taken, all is said, the station may leave.
    Eot = 0x04,
    /// Down: taken, all is said, the station stays on line.
    Esc = 0x1B,
}

impl End {
    /// The end of this byte in frames of this direction.
    pub fn of(byte: u8, direction: Direction) -> Option<Self> {
        let up = [Self::Etx, Self::Etb];
        let down = [Self::Enq, Self::Ack, Self::Nak, Self::Eot, Self::Esc];
        let ends: &[Self] = match direction {
            Direction::Up => &up,
            Direction::Down => &down,
        };
        ends.iter().copied().find(|end| *end as u8 == byte)
    }
}

/// Which packet of how many (both from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet {
    /// How many there are.
    pub total: u16,
    /// Which one this is.
    pub number: u16,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// How it is written.
    pub coding: Coding,
    /// Which way it goes.
    pub direction: Direction,
    /// The centre's address, 1 to 255.
    pub centre: u8,
    /// The station's address.
    pub station: Address,
    /// The station's password.
    pub password: u16,
    /// What it is for.
    pub function: u8,
    /// Which packet it is, of a message in several.
    pub packet: Option<Packet>,
    /// The body: bytes in HEX/BCD, text in ASCII.
    pub body: Vec<u8>,
    /// How it ends.
    pub end: End,
}

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// They do not begin as one.
    #[error("no frame begins here (7E7E or SOH and a header are wanted)")]
    Start,
    /// They end before the frame does.
    #[error("the frame is cut off: {have} bytes of {needed}")]
    Cut {
        /// Bytes that are there.
        have: usize,
        /// Bytes that it needs at least.
        needed: usize,
    },
    /// More bytes than the frame has.
    #[error("{0} bytes after the frame's end")]
    Trailing(usize),
    /// A header in ASCII with something else than hexadecimal digits.
    #[error("the header has something else than the digits 0-9 A-F")]
    Digits,
    /// The frame goes the other way, or says a length that cannot be.
    #[error("direction and length {0:04X} cannot be")]
    Length(u16),
    /// Neither STX nor SYN after the header.
    #[error("the header is followed by {0:02X}, neither STX nor SYN")]
    Mark(u8),
    /// A packet's number of none, or of more than there are.
    #[error("packet {number} of {total} cannot be")]
    Packet {
        /// How many it says there are.
        total: u16,
        /// Which one it says it is.
        number: u16,
    },
    /// No end where the length says it is.
    #[error("where the length puts the end there is {0:02X}")]
    End(u8),
    /// The check does not fit.
    #[error("the check is {said}, computed {computed:04X}")]
    Check {
        /// The frame's own, as it is written.
        said: String,
        /// What it should be.
        computed: u16,
    },
}
