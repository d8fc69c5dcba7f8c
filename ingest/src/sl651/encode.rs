//! A [`Frame`] as bytes: the platform's answers, and what tests send.

use super::crc::crc16;
use super::frame::{
    BODY_MAX_BYTES, Coding, Direction, Frame, PACKET_MAX_BYTES, PACKETS_MAX, START_ASCII,
    START_HEX, STX, SYN,
};

/// Why a frame cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A body of nothing, or longer than its length can say.
    #[error("a body of {0} bytes cannot be said")]
    Length(usize),
    /// A packet's number of none, or of more than there are.
    #[error("packet {number} of {total} cannot be")]
    Packet {
        /// How many there are.
        total: u16,
        /// Which one.
        number: u16,
    },
}

/// Writes a frame.
///
/// # Errors
/// [`EncodeError`].
pub fn encode(frame: &Frame) -> Result<Vec<u8>, EncodeError> {
    let mut counted = Vec::with_capacity(frame.body.len() + 6);
    if let Some(packet) = frame.packet {
        let (total, number) = (packet.total, packet.number);
        if number == 0 || number > total || total > PACKETS_MAX {
            return Err(EncodeError::Packet { total, number });
        }
        let both = (u32::from(total) << 12) | u32::from(number);
        put(&mut counted, frame.coding, &both.to_be_bytes()[1..]);
    }
    counted.extend_from_slice(&frame.body);
    let most = match (frame.packet, frame.direction) {
        (Some(_), Direction::Up) => PACKET_MAX_BYTES,
        _ => BODY_MAX_BYTES,
    };
    if frame.body.is_empty() || counted.len() > most {
        return Err(EncodeError::Length(frame.body.len()));
    }
    let way = match frame.direction {
        Direction::Up => 0,
        Direction::Down => 0x8000,
    };
    // At most sixteen bits, as was just seen.
    let length = counted.len() as u16 | way;
    let mut bytes = match frame.coding {
        Coding::Hex => vec![START_HEX, START_HEX],
        Coding::Ascii => vec![START_ASCII],
    };
    let mut header = |field: &[u8]| put(&mut bytes, frame.coding, field);
    match frame.direction {
        Direction::Up => {
            header(&[frame.centre]);
            header(&frame.station.0);
        }
        Direction::Down => {
            header(&frame.station.0);
            header(&[frame.centre]);
        }
    }
    header(&frame.password.to_be_bytes());
    header(&[frame.function]);
    header(&length.to_be_bytes());
    bytes.push(if frame.packet.is_some() { SYN } else { STX });
    bytes.extend_from_slice(&counted);
    bytes.push(frame.end as u8);
    let check = crc16(&bytes);
    put(&mut bytes, frame.coding, &check.to_be_bytes());
    Ok(bytes)
}

/// Puts bytes down as the coding writes them.
pub(super) fn put(to: &mut Vec<u8>, coding: Coding, bytes: &[u8]) {
    match coding {
        Coding::Hex => to.extend_from_slice(bytes),
        Coding::Ascii => {
            let digits = |byte: &u8| [byte >> 4, byte & 0x0F];
            to.extend(bytes.iter().flat_map(digits).map(digit));
        }
    }
}

fn digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'A' + nibble - 10,
    }
}
