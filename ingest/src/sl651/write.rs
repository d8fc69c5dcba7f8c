//! A [`Message`] as a body: what the platform answers with, and what tests send.

use domain::time::UtcMs;

use super::body::{Group, Message};
use super::elements::{DRP, DRZ1, Element, MANUAL, OBSERVED, PICTURE, STATION, STATUS, STEP};
use super::encode::put;
use super::frame::Coding;
use super::number::{Number, to_bcd, to_text};
use super::stamp;

const MINUTE_MS: i64 = 60_000;
/// The most bytes that a definition byte can say: five bits.
const DEFINED_MAX: usize = 31;

/// A group that the coding cannot say: a number that does not fit its bytes, a step that is no
/// whole number of one unit, an element without a symbol.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the coding cannot say {0:?}")]
pub struct Unsayable(pub Group);

/// The beginning of every body: serial number and sending time.
pub fn head(coding: Coding, serial: u16, sent: UtcMs) -> Vec<u8> {
    let mut body = Vec::new();
    put(&mut body, coding, &serial.to_be_bytes());
    let digits = stamp::write(sent, stamp::SENT_DIGITS);
    put(&mut body, coding, &stamp::bcd(&digits));
    body
}

/// Writes a body.
///
/// # Errors
/// [`Unsayable`].
pub fn body(coding: Coding, message: &Message) -> Result<Vec<u8>, Unsayable> {
    let mut body = head(coding, message.serial, message.sent);
    for group in &message.groups {
        let said = match coding {
            Coding::Hex => hex(group),
            Coding::Ascii => text(group).map(String::into_bytes),
        };
        body.extend(said.ok_or_else(|| Unsayable(group.clone()))?);
    }
    Ok(body)
}

fn hex(group: &Group) -> Option<Vec<u8>> {
    let defined = |element: Element, decimals: u8, value: &[u8]| {
        let bytes = u8::try_from(value.len()).ok().filter(|n| usize::from(*n) <= DEFINED_MAX)?;
        let mut said = element.lead();
        said.push(bytes << 3 | decimals);
        said.extend_from_slice(value);
        Some(said)
    };
    match group {
        Group::Observed(t) => {
            let digits = stamp::write(*t, stamp::OBSERVED_DIGITS);
            Some([&[OBSERVED, OBSERVED][..], &stamp::bcd(&digits)].concat())
        }
        Group::Station { address, class } => {
            let class = class.map(|class| vec![class]).unwrap_or_default();
            Some([&[STATION, STATION][..], &address.0, &class].concat())
        }
        Group::Step(step) => {
            let minutes = step / MINUTE_MS;
            let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
            let digits = format!("{days:02}{hours:02}{minutes:02}");
            (digits.len() == 6).then_some(())?;
            defined(Element::of(STEP), 0, &stamp::bcd(&digits))
        }
        Group::Values { element, bytes, decimals, values } => {
            let written: Option<Vec<_>> = values.iter().map(|n| to_bcd(*n, *bytes)).collect();
            let mut written = written?.into_iter();
            let first = written.next()?;
            let rest = written.flatten();
            defined(*element, *decimals, &first).map(|said| said.into_iter().chain(rest).collect())
        }
        Group::Rain(values) => {
            let values: Vec<u8> = values.iter().map(|v| v.unwrap_or(0xFF)).collect();
            defined(DRP, 0, &values)
        }
        Group::Levels { gauge, values } => {
            let cm = values.iter().map(|v| v.unwrap_or(0xFFFF));
            let values: Vec<u8> = cm.flat_map(u16::to_be_bytes).collect();
            let gauge = u16::from(gauge.checked_sub(1)?);
            defined(Element(DRZ1.0 + gauge), 0, &values)
        }
        Group::Status(state) => defined(Element::of(STATUS), 0, &state.to_be_bytes()),
        Group::Manual(text) => Some([&[MANUAL, MANUAL][..], text].concat()),
        Group::Picture(bytes) => Some([&[PICTURE, PICTURE][..], bytes].concat()),
        Group::Unknown(_) => None,
    }
}

fn text(group: &Group) -> Option<String> {
    let digits = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02X}")).collect::<String>();
    Some(match group {
        Group::Observed(t) => format!("TT {} ", stamp::write(*t, stamp::OBSERVED_DIGITS)),
        Group::Station { address, class: Some(class) } => {
            format!("ST {address} {} ", char::from(*class))
        }
        Group::Station { address, class: None } => format!("ST {address} "),
        Group::Step(step) => format!("{} ", step_word(step / MINUTE_MS)?),
        Group::Values { element, values, .. } => {
            if element.kind().is_none() && element.0 <= 0xFF {
                return None;
            }
            let numbers: String = values.iter().map(|n| format!("{} ", to_text(*n))).collect();
            if values.contains(&Number::Odd) {
                return None;
            }
            format!("{element} {numbers}")
        }
        Group::Rain(values) => {
            let values: Vec<u8> = values.iter().map(|v| v.unwrap_or(0xFF)).collect();
            format!("DRP {} ", digits(&values))
        }
        Group::Levels { gauge, values } => {
            let cm = values.iter().map(|v| v.unwrap_or(0xFFFF));
            let values: Vec<u8> = cm.flat_map(u16::to_be_bytes).collect();
            format!("DRZ{gauge} {} ", digits(&values))
        }
        Group::Status(state) => format!("ZT {state:08X} "),
        Group::Manual(text) => format!("RGZS {}", std::str::from_utf8(text).ok()?),
        Group::Picture(bytes) => format!("PIC {} ", digits(bytes)),
        Group::Unknown(_) => return None,
    })
}

fn step_word(minutes: i64) -> Option<String> {
    let units = [("DRD", 1440), ("DRH", 60), ("DRN", 1)];
    let (word, unit) = units.into_iter().find(|(_, unit)| minutes % unit == 0)?;
    let count = minutes / unit;
    (1..=99).contains(&count).then(|| format!("{word}{count:02}"))
}
