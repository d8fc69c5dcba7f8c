//! Prints what frames of SL 651-2014 say, one JSON object a frame: hexadecimal digits on the
//! standard input, one frame a line. Of a line of CSV the last column is read, and a line of no
//! digits (a header) is left out.
//!
//! `len_field_consistent` tells whether the frame's length is what its header says, `crc_ok` whether
//! its last bytes are the check over those before them; `verdict` is `taken`, or `refused` with
//! `why`. Times are UTC, values in the element's unit, `null` where the station says missing.

use std::io::{BufRead, ErrorKind, Write};

use domain::time::UtcMs;
use ingest::sl651::body::{self, Group, Message};
use ingest::sl651::crc::crc16;
use ingest::sl651::decode;
use ingest::sl651::frame::{Direction, Frame, START_ASCII, SYN};
use ingest::sl651::number::Number;
use ingest::sl651::readings::{STEP_MS, first_of};
use serde_json::{Map, Value, json};

/// Centre, address, password, function, direction and length.
const HEADER_BYTES: usize = 11;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let Some(bytes) = bytes(line.rsplit(',').next().unwrap_or_default()) else { continue };
        match writeln!(out, "{}", said(&bytes)) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    Ok(())
}

/// The bytes of a line of digits; `None` where it has others.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let pairs = digits.chunks_exact(2);
    let is_whole = !digits.is_empty() && pairs.remainder().is_empty();
    let read = pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.last()?)?));
    read.collect::<Option<Vec<u8>>>().filter(|_| is_whole)
}

fn said(bytes: &[u8]) -> Value {
    let read = decode::frame(bytes).or_else(|up| decode::down_frame(bytes).map_err(|_| up));
    let mut said = seen(bytes);
    match read {
        Ok(frame) => {
            said.insert("station".into(), json!(frame.station.to_string()));
            said.insert("packet".into(), json!(frame.packet.map(|p| [p.number, p.total])));
            said.insert("end".into(), json!(format!("{:02X}", frame.end as u8)));
            message(&frame, &mut said);
        }
        Err(why) => refused(&mut said, &why),
    }
    Value::Object(said)
}

fn refused(said: &mut Map<String, Value>, why: &dyn std::fmt::Display) {
    said.insert("verdict".into(), json!("refused"));
    said.insert("why".into(), json!(why.to_string()));
}

/// What the header says, whether or not the frame is whole.
fn seen(bytes: &[u8]) -> Map<String, Value> {
    let (start, per_byte) = if bytes.first() == Some(&START_ASCII) { (1, 2) } else { (2, 1) };
    let (mark_at, check_bytes) = (start + HEADER_BYTES * per_byte, 2 * per_byte);
    let mut said = Map::new();
    said.insert("frame_len".into(), json!(bytes.len()));
    let written = bytes.get(start..mark_at).unwrap_or_default();
    let header = match per_byte {
        1 => Some(written.to_vec()),
        _ => std::str::from_utf8(written).ok().and_then(self::bytes),
    };
    if let (Some(&[.., function, high, low]), Some(mark)) = (header.as_deref(), bytes.get(mark_at))
    {
        let is_down = *mark != SYN && high >> 4 == 8;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let length = if is_down { length & 0x0FFF } else { length };
        let needed = mark_at + 1 + length + 1 + check_bytes;
        said.insert("func".into(), json!(format!("{function:02X}")));
        said.insert("dir".into(), json!(if is_down { "down" } else { "up" }));
        said.insert("body_len".into(), json!(length));
        said.insert("stx".into(), json!(format!("{mark:02X}")));
        said.insert("len_field_consistent".into(), json!(needed == bytes.len()));
    }
    let (checked, check) = bytes.split_at(bytes.len().saturating_sub(check_bytes));
    let computed = crc16(checked);
    let fits = match per_byte {
        1 => check == computed.to_be_bytes(),
        _ => check == format!("{computed:04X}").as_bytes(),
    };
    said.insert("crc_ok".into(), json!(fits));
    said
}

fn message(frame: &Frame, said: &mut Map<String, Value>) {
    let is_later = frame.packet.is_some_and(|packet| packet.number > 1);
    if is_later || frame.direction == Direction::Down && frame.body.is_empty() {
        said.insert("verdict".into(), json!("taken"));
        return;
    }
    match body::decode(frame.coding, frame.function, &frame.body) {
        Ok(message) => {
            said.insert("verdict".into(), json!("taken"));
            said.insert("serial".into(), json!(message.serial));
            said.insert("sent".into(), json!(utc(message.sent)));
            if frame.direction == Direction::Up {
                said.insert("values".into(), Value::Array(values(&message)));
            }
            if let Some(fault) = &message.fault {
                let told = format!("from byte {} of the body on: {}", fault.at, fault.why);
                said.insert("refused_part".into(), json!(told));
            }
        }
        Err(why) => refused(said, &why),
    }
}

fn utc(t: UtcMs) -> String {
    t.rfc3339(0)
}

/// Every value with its time; series are unrolled.
fn values(message: &Message) -> Vec<Value> {
    let (mut t, mut step, mut list) = (message.sent, 0, Vec::new());
    for group in &message.groups {
        match group {
            Group::Observed(observed) => t = *observed,
            Group::Station { address, class } => {
                let class = class.map(char::from);
                list.push(json!({"station": address.to_string(), "class": class}));
            }
            Group::Step(ms) => {
                step = *ms;
                continue;
            }
            Group::Values { element, values, .. } => {
                let unit = element.kind().map_or("", |kind| kind.unit);
                for (number, at) in values.iter().zip(0i64..) {
                    let t = utc(t.plus_ms(at * step));
                    let v = match number {
                        Number::Is(decimal) => json!(decimal.value()),
                        Number::Missing => Value::Null,
                        Number::Odd => json!("no number"),
                    };
                    let element = element.to_string();
                    list.push(json!({"t": t, "element": element, "v": v, "unit": unit}));
                }
            }
            Group::Rain(values) => {
                let first = first_of(t, message.sent, values.len());
                for (value, at) in values.iter().zip(0i64..) {
                    let v = value.map(|tenths| f64::from(tenths) / 10.0);
                    let t = utc(first.plus_ms(at * STEP_MS));
                    list.push(json!({"t": t, "element": "DRP", "v": v, "unit": "mm"}));
                }
            }
            Group::Levels { gauge, values } => {
                let first = first_of(t, message.sent, values.len());
                for (value, at) in values.iter().zip(0i64..) {
                    let (t, element) = (utc(first.plus_ms(at * STEP_MS)), format!("DRZ{gauge}"));
                    list.push(json!({"t": t, "element": element, "v": value, "unit": "cm"}));
                }
            }
            Group::Status(bits) => list.push(json!({"t": utc(t), "element": "ZT", "bits": bits})),
            Group::Manual(text) => {
                let text = String::from_utf8_lossy(text);
                list.push(json!({"t": utc(t), "element": "RGZS", "text": text}));
            }
            Group::Picture(bytes) => {
                list.push(json!({"t": utc(t), "element": "PIC", "bytes": bytes.len()}));
            }
            Group::Unknown(symbol) => list.push(json!({"t": utc(t), "unknown": symbol})),
        }
        step = 0;
    }
    list
}
