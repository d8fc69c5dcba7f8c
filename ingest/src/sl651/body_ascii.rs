//! Bodies in ASCII: an identifier, a space, its value, a space.

use super::body::{BodyError, Fault, Group, Message, NO_TIME, OBSERVING};
use super::elements::{DRZ1, Element};
use super::number::{Number, from_text};
use super::stamp;

const SERIAL_DIGITS: usize = 4;
const MINUTE_MS: i64 = 60_000;

pub(super) fn decode(function: u8, body: &[u8]) -> Result<Message, BodyError> {
    let head = SERIAL_DIGITS + stamp::SENT_DIGITS;
    let written = body.get(..head).ok_or(BodyError::Short)?;
    let written = std::str::from_utf8(written).map_err(|_| BodyError::Serial)?;
    let (serial, sent) = written.split_at_checked(SERIAL_DIGITS).ok_or(BodyError::Serial)?;
    if !serial.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(BodyError::Serial);
    }
    let serial = u16::from_str_radix(serial, 16).map_err(|_| BodyError::Serial)?;
    let unreadable = || BodyError::Sent { serial, text: sent.escape_debug().to_string() };
    let mut message = Message {
        serial,
        sent: stamp::read(sent).ok_or_else(unreadable)?,
        groups: Vec::new(),
        fault: None,
    };
    if OBSERVING.contains(&function) {
        let mut left = Left { bytes: body, at: head, is_series: false };
        while let Some((word, after)) = left.word() {
            let began = left.at;
            left.at = after;
            match left.group(word) {
                Ok(group) => message.groups.push(group),
                Err(why) => {
                    message.fault = Some(Fault { at: began, why });
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
    at: usize,
    /// A step was given: the next element has several values.
    is_series: bool,
}

impl<'b> Left<'b> {
    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next word, and where the text goes on behind it; `None` at the end.
    fn word(&self) -> Option<(&'b [u8], usize)> {
        let spaces = self.rest().iter().take_while(|b| **b == b' ').count();
        let begins = self.at + spaces;
        let word = self.bytes.get(begins..)?.split(|b| *b == b' ').next()?;
        let ends = begins + word.len();
        (!word.is_empty()).then(|| (word, (ends + 1).min(self.bytes.len())))
    }

    fn take(&mut self) -> Option<&'b str> {
        let (word, after) = self.word()?;
        let word = std::str::from_utf8(word).ok()?;
        self.at = after;
        Some(word)
    }

    /// The next word, if it is a number or stands for none.
    fn number(&mut self) -> Option<Number> {
        let (word, after) = self.word()?;
        let number = from_text(std::str::from_utf8(word).ok()?)?;
        self.at = after;
        Some(number)
    }

    fn group(&mut self, word: &[u8]) -> Result<Group, &'static str> {
        let word = std::str::from_utf8(word).map_err(|_| "an identifier that is no text")?;
        let is_series = std::mem::take(&mut self.is_series);
        match word {
            "TT" => {
                let t = self.take().and_then(stamp::read);
                t.map(Group::Observed).ok_or(NO_TIME)
            }
            "ST" => self.station(),
            "RGZS" => {
                let text = self.rest().to_vec();
                self.at = self.bytes.len();
                Ok(Group::Manual(text))
            }
            "PIC" => {
                let bytes = self.take().and_then(hex).ok_or("a picture in no digits")?;
                Ok(Group::Picture(bytes))
            }
            "DRP" => {
                let bytes = self.take().and_then(hex).ok_or("rain in no digits")?;
                Ok(Group::Rain(bytes.iter().map(|b| (*b != 0xFF).then_some(*b)).collect()))
            }
            "ZT" => {
                let digits = self.take().filter(|text| text.len() == 8);
                let state = digits.and_then(|text| u32::from_str_radix(text, 16).ok());
                state.map(Group::Status).ok_or("a state of other than eight digits")
            }
            _ => match (word.strip_prefix("DRZ"), step(word)) {
                (Some(gauge), _) => self.levels(gauge),
                (_, Some(step)) => {
                    self.is_series = true;
                    Ok(Group::Step(step))
                }
                _ => self.values(word, is_series),
            },
        }
    }

    fn station(&mut self) -> Result<Group, &'static str> {
        let address = self.take().and_then(|text| text.parse().ok());
        let address = address.ok_or("a station's address is none")?;
        let before = self.at;
        let class = match self.take().map(str::as_bytes) {
            Some([class]) if class.is_ascii_uppercase() => Some(*class),
            _ => None,
        };
        // Some classes are elements too: those that a number follows.
        let mut ahead = Left { bytes: self.bytes, at: self.at, is_series: false };
        let class = class.filter(|_| ahead.number().is_none());
        if class.is_none() {
            self.at = before;
        }
        Ok(Group::Station { address, class })
    }

    fn levels(&mut self, gauge: &str) -> Result<Group, &'static str> {
        let gauge = gauge.parse().ok().filter(|n| (1..=8).contains(n));
        let gauge = gauge.ok_or("levels of a gauge that cannot be")?;
        let bytes = self.take().and_then(hex).ok_or("levels in no digits")?;
        let pairs = bytes.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return Err("levels of an odd number of bytes");
        }
        let level = |pair: &[u8]| pair.iter().fold(0, |n, byte| n << 8 | u16::from(*byte));
        let values = pairs.map(level).map(|cm| (cm != 0xFFFF).then_some(cm)).collect();
        Ok(Group::Levels { gauge, values })
    }

    fn values(&mut self, word: &str, is_series: bool) -> Result<Group, &'static str> {
        let Some(element) = Element::named(word).filter(|e| e.0 < DRZ1.0 || e.0 > 0xFF) else {
            let plain = word.bytes().all(|b| b.is_ascii_alphanumeric());
            if !plain || word.len() > 8 {
                return Err("no identifier stands where one is due");
            }
            // Its value is skipped with it.
            self.take();
            return Ok(Group::Unknown(word.to_owned()));
        };
        let mut values = Vec::new();
        while let Some(number) = self.number() {
            values.push(number);
            if !is_series {
                break;
            }
        }
        if values.is_empty() {
            self.take().ok_or("an element without a value")?;
            values.push(Number::Odd);
        }
        Ok(Group::Values { element, bytes: 0, decimals: 0, values })
    }
}

/// DRDnn, DRHnn, DRNnn: so many days, hours, minutes.
fn step(word: &str) -> Option<i64> {
    let (minutes, count) = match word.split_at_checked(3)? {
        ("DRD", count) => (24 * 60, count),
        ("DRH", count) => (60, count),
        ("DRN", count) => (1, count),
        _ => return None,
    };
    let is_count = count.len() == 2 && count.bytes().all(|b| b.is_ascii_digit());
    let count: i64 = count.parse().ok().filter(|n| is_count && *n > 0)?;
    Some(count * minutes * MINUTE_MS)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}
