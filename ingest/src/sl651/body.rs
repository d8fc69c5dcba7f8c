//! What a frame's body says: serial number, sending time, and groups of what was observed. Read
//! from either coding; the bytes between are [`super::body_hex`]'s and [`super::body_ascii`]'s.

use domain::sl651::Address;
use domain::time::UtcMs;

use super::elements::Element;
use super::frame::Coding;
use super::number::Number;
use super::{body_ascii, body_hex};

/// Functions whose bodies are groups of what was observed: reports (30 to 36) and answers to
/// queries (37 to 3A).
pub const OBSERVING: std::ops::RangeInclusive<u8> = 0x30..=0x3A;
/// 链路维持报: the station is there. Nothing is answered.
pub const KEEP_ALIVE: u8 = 0x2F;
/// 测试报: goes to a journal of tests.
pub const TEST: u8 = 0x30;
/// 图片报.
pub const PICTURE: u8 = 0x36;

/// A body.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The station's number of it, the same in a resend.
    pub serial: u16,
    /// When it was sent, by the station's clock.
    pub sent: UtcMs,
    /// What it says, in order.
    pub groups: Vec<Group>,
    /// Where the rest could not be read, and why.
    pub fault: Option<Fault>,
}

/// One group of a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Group {
    /// What follows was observed then.
    Observed(UtcMs),
    /// What follows is of this station, of this class.
    Station {
        /// Its address.
        address: Address,
        /// Its class: the letter of the standard, P rain, H river, K reservoir, ….
        class: Option<u8>,
    },
    /// The values of the next element are this far apart, milliseconds.
    Step(i64),
    /// An element: one number, or as many as a uniform series has.
    Values {
        /// Which.
        element: Element,
        /// Bytes of a number; 0 in ASCII.
        bytes: u8,
        /// Its decimals in HEX/BCD; 0 in ASCII, where each number has its own.
        decimals: u8,
        /// The numbers.
        values: Vec<Number>,
    },
    /// DRP: rain of five minutes each, tenths of a millimetre.
    Rain(Vec<Option<u8>>),
    /// DRZ1 to DRZ8: levels over the gauge's base, five minutes apart, centimetres.
    Levels {
        /// Which of the eight, from 1.
        gauge: u8,
        /// The levels.
        values: Vec<Option<u16>>,
    },
    /// ZT: state and alarms.
    Status(u32),
    /// Text entered by a person.
    Manual(Vec<u8>),
    /// A picture.
    Picture(Vec<u8>),
    /// An element that is not known, in ASCII.
    Unknown(String),
}

/// From where on a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The byte.
    pub at: usize,
    /// Why.
    pub why: &'static str,
}

/// Why a body is read no further where an observation's time is no time: its station's clock is
/// wrong, and the line is not.
pub(super) const NO_TIME: &str = "an observation's time is none";

/// Why a body says nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It ends before serial number and sending time do.
    #[error("the body ends before its serial number and sending time do")]
    Short,
    /// The sending time is none.
    #[error("the sending time {text} is no time")]
    Sent {
        /// The serial number, which could be read.
        serial: u16,
        /// What stands there.
        text: String,
    },
    /// A serial number of something else than digits.
    #[error("the serial number is no number")]
    Serial,
}

/// Reads a body.
///
/// # Errors
/// [`BodyError`]. What cannot be read behind what can is [`Message::fault`].
pub fn decode(coding: Coding, function: u8, body: &[u8]) -> Result<Message, BodyError> {
    match coding {
        Coding::Hex => body_hex::decode(function, body),
        Coding::Ascii => body_ascii::decode(function, body),
    }
}
