//! What the platform says back. Every answer carries the serial number of what it answers, and the
//! platform's time, by which a station may set its clock.

use domain::time::UtcMs;

use super::encode::{EncodeError, encode};
use super::frame::{Direction, End, Frame};
use super::gather::Asked;
use super::write::head;

/// The answer to a message: ACK where the station has more to send, else EOT or ESC.
///
/// # Errors
/// [`EncodeError`]; never for a frame that was read.
pub fn taken(of: &Frame, serial: u16, last: End, now: UtcMs) -> Result<Vec<u8>, EncodeError> {
    let end = if of.end == End::Etb { End::Ack } else { last };
    let body = head(of.coding, serial, now);
    encode(&Frame { direction: Direction::Down, packet: None, body, end, ..without_body(of) })
}

/// NAK: this packet is to be sent again.
///
/// # Errors
/// As [`taken`].
pub fn again(asked: &Asked, now: UtcMs) -> Result<Vec<u8>, EncodeError> {
    let (direction, packet, end) = (Direction::Down, Some(asked.packet), End::Nak);
    // A serial number is never 0: it says that the packet which has it is not here yet.
    let body = head(asked.like.coding, asked.serial.unwrap_or_default(), now);
    encode(&Frame { direction, packet, body, end, ..without_body(&asked.like) })
}

fn without_body(of: &Frame) -> Frame {
    let Frame { coding, direction, centre, station, password, function, packet, end, .. } = *of;
    let body = Vec::new();
    Frame { coding, direction, centre, station, password, function, packet, body, end }
}
