//! The floor under a decoder: the bare parse of the same bytes by what every program would take for
//! it, with nothing made of what was read.

use ingest::sl651::crc::crc16;
use serde::de::IgnoredAny;

/// How bytes are parsed at the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Floor {
    /// `serde_json` into nothing.
    Json,
    /// The same of every line.
    JsonLines,
    /// `quick-xml`'s events.
    Xml,
    /// `csv`'s records.
    Csv,
    /// The check, and every digit added up.
    Digits,
    /// Lines, cut at white space.
    Words,
}

impl Floor {
    /// What it is, for the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Floor::Json | Floor::JsonLines => "serde_json, nothing kept",
            Floor::Xml => "quick-xml, events",
            Floor::Csv => "csv, records",
            Floor::Digits => "check and digits",
            Floor::Words => "lines and words",
        }
    }

    /// Parses; gives a number that cannot be had without.
    pub(crate) fn parse(self, bytes: &[u8]) -> usize {
        let nothing = |bytes: &[u8]| {
            usize::from(serde_json::from_slice::<IgnoredAny>(bytes).expect("JSON") == IgnoredAny)
        };
        match self {
            Floor::Json => nothing(bytes),
            Floor::JsonLines => {
                bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(nothing).sum()
            }
            Floor::Xml => events(bytes),
            Floor::Csv => {
                let mut reader = csv::Reader::from_reader(bytes);
                let mut row = csv::ByteRecord::new();
                let mut cells = 0;
                while reader.read_byte_record(&mut row).expect("a table") {
                    cells += row.len();
                }
                cells
            }
            Floor::Digits => {
                let digit = |b: &u8| usize::from(b >> 4) * 10 + usize::from(b & 15);
                bytes.iter().map(digit).sum::<usize>() + usize::from(crc16(bytes))
            }
            Floor::Words => {
                let words = |line: &[u8]| line.split(u8::is_ascii_whitespace).count();
                bytes.split(|b| *b == b'\n').map(words).sum()
            }
        }
    }
}

fn events(bytes: &[u8]) -> usize {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut events = 0;
    loop {
        match reader.read_event().expect("XML") {
            Event::Eof => return events,
            Event::Start(tag) | Event::Empty(tag) => events += 1 + tag.attributes().count(),
            _ => events += 1,
        }
    }
}
