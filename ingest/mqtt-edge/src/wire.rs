//! What is checked on the bytes before the protocol library sees them: where a packet begins and
//! ends, whether it may come from a client at all, and the rules that the library leaves open.

use crate::close::CloseReason;
use crate::limits::{FILTERS_PER_PACKET_MAX, PROPERTIES_MAX_BYTES};
use crate::principal::Protocol;

/// Packet types (the upper half of the first byte).
pub(crate) mod kind {
    pub(crate) const CONNECT: u8 = 1;
    pub(crate) const PUBLISH: u8 = 3;
    pub(crate) const PUBACK: u8 = 4;
    pub(crate) const PUBREC: u8 = 5;
    pub(crate) const PUBREL: u8 = 6;
    pub(crate) const PUBCOMP: u8 = 7;
    pub(crate) const SUBSCRIBE: u8 = 8;
    pub(crate) const UNSUBSCRIBE: u8 = 10;
    pub(crate) const PINGREQ: u8 = 12;
    pub(crate) const DISCONNECT: u8 = 14;
}

/// One packet as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// The first byte: type and flags.
    pub(crate) first: u8,
    /// What follows the remaining length.
    pub(crate) body: &'a [u8],
    /// Bytes of the whole packet.
    pub(crate) total: usize,
}

impl Frame<'_> {
    pub(crate) fn kind(&self) -> u8 {
        self.first >> 4
    }

    pub(crate) fn flags(&self) -> u8 {
        self.first & 0x0F
    }

    pub(crate) fn qos(&self) -> u8 {
        (self.first >> 1) & 3
    }
}

/// Takes the first packet off `bytes`; `None` while it is not whole. Nothing is set aside for a
/// length that is only announced.
///
/// # Errors
/// [`CloseReason::Malformed`] for a length of five bytes, [`CloseReason::PacketTooLarge`] as soon
/// as a greater length than `max_bytes` is announced.
pub(crate) fn frame(bytes: &[u8], max_bytes: usize) -> Result<Option<Frame<'_>>, CloseReason> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    let Some((length, length_bytes)) = varint(rest)? else { return Ok(None) };
    let total = 1 + length_bytes + length;
    if total > max_bytes {
        return Err(CloseReason::PacketTooLarge);
    }
    Ok(bytes.get(1 + length_bytes..total).map(|body| Frame { first, body, total }))
}

/// Reads a variable byte integer and how many bytes it took; `None` while it is not whole.
fn varint(bytes: &[u8]) -> Result<Option<(usize, usize)>, CloseReason> {
    let mut value = 0_usize;
    for (i, &byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7F) << (7 * i);
        if byte & 0x80 == 0 {
            return Ok(Some((value, i + 1)));
        }
    }
    if bytes.len() >= 4 { Err(CloseReason::Malformed) } else { Ok(None) }
}

/// Whether a packet with this first byte may come from a connected client.
///
/// # Errors
/// [`CloseReason::Malformed`] for reserved types and flags, [`CloseReason::Protocol`] for packets
/// that only a server sends, a second CONNECT, and an AUTH nobody asked for.
pub(crate) fn check_first(first: u8, protocol: Protocol) -> Result<(), CloseReason> {
    let (flags, wanted) =
        (first & 0x0F, |ok| if ok { Ok(()) } else { Err(CloseReason::Malformed) });
    match first >> 4 {
        kind::PUBLISH => wanted((first >> 1) & 3 != 3),
        kind::PUBACK | kind::PUBREC | kind::PUBCOMP | kind::PINGREQ | kind::DISCONNECT => {
            wanted(flags == 0)
        }
        kind::PUBREL | kind::SUBSCRIBE | kind::UNSUBSCRIBE => wanted(flags == 2),
        0 => Err(CloseReason::Malformed),
        15 if protocol == Protocol::V311 => Err(CloseReason::Malformed),
        _ => Err(CloseReason::Protocol),
    }
}

/// Checks what the library leaves open in a whole packet: packet identifiers of 0, bodies of
/// v3.1.1 acknowledgements, the number of filters, the size of properties.
///
/// # Errors
/// The reason for which the connection is to be closed.
pub(crate) fn check_body(frame: &Frame<'_>, protocol: Protocol) -> Result<(), CloseReason> {
    let v5 = protocol == Protocol::V5;
    match frame.kind() {
        kind::PUBLISH => {
            let mut rest = skip_text(frame.body)?;
            if frame.qos() > 0 {
                rest = skip_packet_id(rest)?;
            }
            if v5 {
                skip_properties(rest)?;
            }
            Ok(())
        }
        kind::PUBACK | kind::PUBREC | kind::PUBREL | kind::PUBCOMP => {
            let rest = skip_packet_id(frame.body)?;
            if v5 || rest.is_empty() { Ok(()) } else { Err(CloseReason::Malformed) }
        }
        kind::SUBSCRIBE => check_filters(frame.body, v5, 1),
        kind::UNSUBSCRIBE => check_filters(frame.body, v5, 0),
        _ => Ok(()),
    }
}

fn check_filters(body: &[u8], v5: bool, option_bytes: usize) -> Result<(), CloseReason> {
    let mut rest = skip_packet_id(body)?;
    if v5 {
        rest = skip_properties(rest)?;
    }
    let mut filters = 0;
    while !rest.is_empty() {
        rest = skip_text(rest)?.get(option_bytes..).ok_or(CloseReason::Malformed)?;
        filters += 1;
        if filters > FILTERS_PER_PACKET_MAX {
            return Err(CloseReason::FilterQuota);
        }
    }
    if filters == 0 { Err(CloseReason::Protocol) } else { Ok(()) }
}

fn skip_packet_id(bytes: &[u8]) -> Result<&[u8], CloseReason> {
    match bytes {
        [0, 0, ..] | [] | [_] => Err(CloseReason::Malformed),
        [_, _, rest @ ..] => Ok(rest),
    }
}

/// What follows a text.
pub(crate) fn skip_text(bytes: &[u8]) -> Result<&[u8], CloseReason> {
    let [high, low, rest @ ..] = bytes else { return Err(CloseReason::Malformed) };
    rest.get(usize::from(u16::from_be_bytes([*high, *low]))..).ok_or(CloseReason::Malformed)
}

/// What follows the properties.
pub(crate) fn skip_properties(bytes: &[u8]) -> Result<&[u8], CloseReason> {
    let (length, length_bytes) = varint(bytes)?.ok_or(CloseReason::Malformed)?;
    if length > PROPERTIES_MAX_BYTES {
        return Err(CloseReason::PacketTooLarge);
    }
    bytes.get(length_bytes + length..).ok_or(CloseReason::Malformed)
}

/// Why a CONNECT is turned away before it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectFault {
    /// It breaks the form: no answer.
    Malformed,
    /// Another protocol, or an older level: v3.1.1 answer 0x01.
    OldOrForeign,
    /// A newer level: v5 answer 0x84.
    Newer,
}

/// Reads the fixed part of a CONNECT's body and checks its flags, which the library does not:
/// the reserved bit, will QoS 3, will flags without a will, a v3.1.1 password without a user.
///
/// # Errors
/// [`ConnectFault`] says how to turn the client away.
pub(crate) fn check_connect(body: &[u8]) -> Result<Protocol, ConnectFault> {
    let name_and_rest = body.split_at_checked(2).and_then(|(length, rest)| {
        rest.split_at_checked(usize::from(u16::from_be_bytes([*length.first()?, *length.get(1)?])))
    });
    let (name, rest) = name_and_rest.ok_or(ConnectFault::Malformed)?;
    let &[level, flags, ..] = rest else { return Err(ConnectFault::Malformed) };
    let protocol = match (name, level) {
        (b"MQTT", 4) => Protocol::V311,
        (b"MQTT", 5) => Protocol::V5,
        (b"MQTT", 6..) => return Err(ConnectFault::Newer),
        _ => return Err(ConnectFault::OldOrForeign),
    };
    let (has_user, has_password) = (flags & 0x80 != 0, flags & 0x40 != 0);
    let (will_qos, has_will) = ((flags >> 3) & 3, flags & 0x04 != 0);
    let bad = flags & 0x01 != 0
        || will_qos == 3
        || (!has_will && flags & 0x38 != 0)
        || (protocol == Protocol::V311 && has_password && !has_user);
    if bad { Err(ConnectFault::Malformed) } else { Ok(protocol) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_whole_partial_or_refused() {
        assert_eq!(frame(&[], 100), Ok(None));
        assert_eq!(frame(&[0x30], 100), Ok(None));
        assert_eq!(frame(&[0x30, 0x80], 100), Ok(None));
        assert_eq!(frame(&[0x30, 2, 0], 100), Ok(None));
        let whole = frame(&[0xC0, 0, 0xFF], 100);
        assert_eq!(whole, Ok(Some(Frame { first: 0xC0, body: &[], total: 2 })));
        assert_eq!(frame(&[0x30, 0x80, 0x80, 0x80, 0x80], 100), Err(CloseReason::Malformed));
        let largest = frame(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F], 100);
        assert_eq!(largest, Err(CloseReason::PacketTooLarge));
    }

    #[test]
    fn connect_flags_are_checked() {
        let connect = |level, flags| [0, 4, b'M', b'Q', b'T', b'T', level, flags, 0, 60, 0, 0];
        assert_eq!(check_connect(&connect(4, 0x02)), Ok(Protocol::V311));
        assert_eq!(check_connect(&connect(5, 0x02)), Ok(Protocol::V5));
        for bad in [0x03, 0x1C, 0x08, 0x20, 0x40] {
            assert_eq!(check_connect(&connect(4, bad)), Err(ConnectFault::Malformed), "{bad:#x}");
        }
        assert_eq!(check_connect(&connect(99, 0)), Err(ConnectFault::Newer));
        assert_eq!(check_connect(&connect(3, 0)), Err(ConnectFault::OldOrForeign));
        assert_eq!(check_connect(b"\0\x04MQXX\x04\0"), Err(ConnectFault::OldOrForeign));
        assert_eq!(check_connect(b"\0\x40MQTT\x04\0"), Err(ConnectFault::Malformed));
    }
}
