//! Bodies in HEX/BCD.

use domain::sl651::Address;

use super::body::{BodyError, Fault, Group, Message, NO_TIME, OBSERVING};
use super::elements::{DRP, DRZ1, Element, MANUAL, OBSERVED, OWN, PICTURE, STATION, STATUS, STEP};
use super::number::from_bcd;
use super::stamp;

/// Two bytes of serial number, six of sending time.
const HEAD_BYTES: usize = 8;
const STEP_BYTES: usize = 3;
const MINUTE_MS: i64 = 60_000;

pub(super) fn decode(function: u8, body: &[u8]) -> Result<Message, BodyError> {
    let Some((head, rest)) = body.split_at_checked(HEAD_BYTES) else {
        return Err(BodyError::Short);
    };
    let (serial, sent) = head.split_at(2);
    let serial = serial.iter().fold(0, |n, byte| n << 8 | u16::from(*byte));
    let text = || sent.iter().map(|byte| format!("{byte:02X}")).collect();
    let unreadable = || BodyError::Sent { serial, text: text() };
    let digits = stamp::digits(sent).ok_or_else(unreadable)?;
    let mut message = Message {
        serial,
        sent: stamp::read(&digits).ok_or_else(unreadable)?,
        groups: Vec::new(),
        fault: None,
    };
    if OBSERVING.contains(&function) {
        let mut left = Left { bytes: rest, is_series: false };
        while !left.bytes.is_empty() {
            match left.group() {
                Ok(group) => message.groups.push(group),
                Err(why) => {
                    let at = body.len() - left.bytes.len();
                    message.fault = Some(Fault { at, why });
                    break;
                }
            }
        }
    }
    Ok(message)
}

/// What is left of a body.
struct Left<'b> {
    bytes: &'b [u8],
    /// A step was given: the next element has values to the end.
    is_series: bool,
}

impl<'b> Left<'b> {
    /// Takes a group off. What is wrong stays where it is.
    fn group(&mut self) -> Result<Group, &'static str> {
        let (group, rest) = match self.bytes {
            [OBSERVED, OBSERVED, rest @ ..] => observed(rest)?,
            [STATION, STATION, rest @ ..] => station(rest)?,
            [MANUAL, MANUAL, rest @ ..] => (Group::Manual(rest.to_vec()), &[][..]),
            [PICTURE, PICTURE, rest @ ..] => (Group::Picture(rest.to_vec()), &[][..]),
            [OWN, second, definition, rest @ ..] => {
                self.element(Element::own(*second), *definition, rest)?
            }
            [lead, definition, rest @ ..] if *lead != OWN => {
                self.element(Element::of(*lead), *definition, rest)?
            }
            _ => return Err("an element's identifier is cut off"),
        };
        self.is_series = matches!(group, Group::Step(_));
        self.bytes = rest;
        Ok(group)
    }

    fn element(
        &self,
        element: Element,
        definition: u8,
        rest: &'b [u8],
    ) -> Result<(Group, &'b [u8]), &'static str> {
        let (bytes, decimals) = (definition >> 3, definition & 7);
        let width = usize::from(bytes);
        if width == 0 {
            return Err("an element of no bytes");
        }
        let (written, after) =
            rest.split_at_checked(width).ok_or("an element's value is cut off")?;
        let group = match (element, element.0.to_be_bytes()) {
            (DRP, _) => Group::Rain(written.iter().map(|b| (*b != 0xFF).then_some(*b)).collect()),
            (Element(lead @ 0xF5..=0xFC), _) => {
                // Eight of them, just matched.
                levels((lead - DRZ1.0) as u8 + 1, written)?
            }
            (_, [0, STEP]) => step(written)?,
            (_, [0, STATUS]) => match written {
                [a, b, c, d] => Group::Status(u32::from_be_bytes([*a, *b, *c, *d])),
                _ => return Err("a state of other than four bytes"),
            },
            _ if self.is_series => {
                let all = rest.chunks_exact(width);
                if !all.remainder().is_empty() {
                    return Err("a series ends amid a value");
                }
                let values = all.map(|value| from_bcd(value, decimals)).collect();
                return Ok((Group::Values { element, bytes, decimals, values }, &[]));
            }
            _ => {
                let values = vec![from_bcd(written, decimals)];
                Group::Values { element, bytes, decimals, values }
            }
        };
        Ok((group, after))
    }
}

fn observed(rest: &[u8]) -> Result<(Group, &[u8]), &'static str> {
    let (time, rest) = rest.split_at_checked(5).ok_or("an observation's time is cut off")?;
    let read = stamp::digits(time).and_then(|digits| stamp::read(&digits));
    Ok((Group::Observed(read.ok_or(NO_TIME)?), rest))
}

fn station(rest: &[u8]) -> Result<(Group, &[u8]), &'static str> {
    let Some((address, rest)) = rest.split_first_chunk::<5>() else {
        return Err("a station's address is cut off");
    };
    let address = Address(*address);
    // A class is a letter; what leads a group of its own is not.
    Ok(match rest {
        [class, rest @ ..] if class.is_ascii_uppercase() => {
            (Group::Station { address, class: Some(*class) }, rest)
        }
        _ => (Group::Station { address, class: None }, rest),
    })
}

fn levels(gauge: u8, written: &[u8]) -> Result<Group, &'static str> {
    let pairs = written.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err("levels of an odd number of bytes");
    }
    let level = |pair: &[u8]| pair.iter().fold(0, |n, byte| n << 8 | u16::from(*byte));
    let values = pairs.map(level).map(|cm| (cm != 0xFFFF).then_some(cm)).collect();
    Ok(Group::Levels { gauge, values })
}

fn step(written: &[u8]) -> Result<Group, &'static str> {
    if written.len() != STEP_BYTES {
        return Err("a step of other than three bytes");
    }
    let read = stamp::digits(written).and_then(|digits| digits.parse::<i64>().ok());
    let digits = read.ok_or("a step that is no number")?;
    let (days, hours, minutes) = (digits / 10_000, digits / 100 % 100, digits % 100);
    match ((days * 24 + hours) * 60 + minutes) * MINUTE_MS {
        0 => Err("a step of no length"),
        step => Ok(Group::Step(step)),
    }
}
