//! A town whose stations report by SL 651, and stations that do.
// Each test file uses some of it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::city::City;
use domain::record::Record;
use domain::report::Report;
use domain::sl651::Address;
use domain::time::UtcMs;

use ingest::register::Register;
use ingest::sl651::body::{Group, Message};
use ingest::sl651::decode::down_frame;
use ingest::sl651::elements::Element;
use ingest::sl651::encode::encode;
use ingest::sl651::figures::{Fate, Figures};
use ingest::sl651::frame::{Coding, Direction, End, Frame, Packet};
use ingest::sl651::listen::{self, ListenConfig};
use ingest::sl651::number::{Decimal, Number};
use ingest::sl651::{stamp, write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::support::{House, files};

/// How long a test waits for what must come.
pub const WITHIN: Duration = Duration::from_secs(10);
/// 03:00 北京时间 on the day of the tests.
pub const HOUR: UtcMs = UtcMs(1_781_118_000_000);
pub const MINUTE: i64 = 60_000;
/// Water: river gauge with rain.
pub const RIVER: &str = "0011223344";
/// Weather: hourly rain, wind.
pub const RAIN: &str = "0011223355";
/// Of an agency that may send five a second.
pub const SLOW: &str = "A5B1C20001";
/// Water: a reservoir with a registered base.
pub const LAKE: &str = "0011223377";

pub fn city(section: &str) -> City {
    let mut files = files();
    let text = String::from_utf8(files["stations.csv"].clone()).unwrap();
    let mut rows = text.lines();
    let mut stations = format!("{},sl651,sl651_base_m\n", rows.next().unwrap());
    rows.for_each(|row| stations += &format!("{row},,\n"));
    for (id, agency, datum, more) in [
        ("T-1", "hydro", "1985", format!("{RIVER},")),
        ("T-2", "weather", "", format!("{RAIN},")),
        ("T-3", "slow", "", format!("{SLOW},")),
        ("T-4", "hydro", "1985", format!("{LAKE},12.5")),
    ] {
        stations += &format!("{id},{id},{id},{agency},112.9,22.4,{datum},,,{more}\n");
    }
    files.insert("stations.csv".into(), stations.into_bytes());
    let text = String::from_utf8(files["datastreams.csv"].clone()).unwrap();
    let mut rows = text.lines();
    let mut streams = format!("{},sl651\n", rows.next().unwrap());
    rows.for_each(|row| streams += &format!("{row},\n"));
    for row in [
        "T-1,rainfall,300,,,,,,",
        "T-1,water_level,300,,,,,,",
        "T-1,battery,3600,,,,,,",
        "T-2,rainfall,3600,,,,,,",
        "T-2,wind_direction,3600,,,,,,",
        "T-2,air_temperature,3600,,,,,,",
        "T-2,soil_moisture,3600,,,,,,M20",
        "T-3,rainfall,300,,,,,,",
        "T-4,water_level,300,,,,,,",
        "T-4,discharge,300,,,,,,",
    ] {
        streams += &format!("{row}\n");
    }
    files.insert("datastreams.csv".into(), streams.into_bytes());
    let mut text = String::from_utf8(files["city.toml"].clone()).unwrap();
    text += section;
    files.insert("city.toml".into(), text.into_bytes());
    City::read(&files).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// A house with the telemetry port open.
pub struct Port {
    pub house: House,
    pub dir: tempfile::TempDir,
    pub address: SocketAddr,
    pub stop: watch::Sender<bool>,
    pub open: ingest::port::Port,
}

impl Port {
    pub async fn open() -> Self {
        Self::open_with("\n[sl651]\nagency = \"hydro\"\n", None).await
    }

    pub async fn open_with(section: &str, password: Option<u16>) -> Self {
        Self::open_on(section, password, journal::Options::live()).await
    }

    pub async fn open_on(section: &str, password: Option<u16>, options: journal::Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let house = House::open_with(dir.path(), true, options);
        let city = city(section);
        house.admission.configure(Arc::new(Register::of(&city, &city.registry(&[]))));
        house.admission.tick().await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let config = ListenConfig { address: "127.0.0.1:0".parse().unwrap(), password };
        let open = listen::open(config, house.admission.clone(), dir.path(), stopped).await;
        let open = open.unwrap();
        Self { address: open.address(), house, dir, stop, open }
    }

    pub fn data(&self) -> &Path {
        self.dir.path()
    }

    pub fn figures(&self) -> &Figures {
        &self.house.telemetry.sl651
    }

    /// `(fate, count)` of the fates that were met.
    pub fn fates(&self) -> Vec<(Fate, u64)> {
        use Fate::{Accepted, Duplicate, KeepAlive, Packet, Refused, Test, Unanswered};
        let all = [Accepted, Duplicate, Refused, Test, KeepAlive, Packet, Unanswered];
        let counted = all.map(|fate| (fate, self.figures().frames(fate)));
        counted.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// `(station:property, t, value)` of every observation, in order of the journal.
    pub fn observations(&self) -> Vec<(String, i64, f64)> {
        let register = self.house.admission.register();
        let seen = self.house.records().into_iter().filter_map(|record| match record {
            Record::Observation { observation: o, .. } => {
                let (station, property) = register.name(o.datastream).unwrap();
                Some((format!("{station}:{property}"), o.t.0, o.value))
            }
            _ => None,
        });
        seen.collect()
    }

    /// The observations of a datastream, `station:property`, as the record has them.
    pub fn records_of(&self, name: &str) -> Vec<domain::observation::Observation> {
        let register = self.house.admission.register();
        let of = |o: &domain::observation::Observation| {
            let (station, property) = register.name(o.datastream).unwrap();
            format!("{station}:{property}") == name
        };
        let seen = self.house.records().into_iter().filter_map(|record| match record {
            Record::Observation { observation, .. } => Some(observation),
            _ => None,
        });
        seen.filter(of).collect()
    }

    /// `(agency, source, reason, detail, bytes)` of every refusal.
    pub fn refusals(&self) -> Vec<domain::refusal::Refusal> {
        let kept = self.house.records().into_iter().filter_map(|record| match record {
            Record::Refused(refusal) => Some(refusal),
            _ => None,
        });
        kept.collect()
    }

    pub fn attachments(&self) -> Vec<domain::report::Attachment> {
        let kept = self.house.records().into_iter().filter_map(|record| match record {
            Record::Report { report: Report::Attachment(said), .. } => Some(said),
            _ => None,
        });
        kept.collect()
    }

    /// Accepted, duplicate and refused items, all agencies together.
    pub fn items(&self) -> (u64, u64, u64) {
        let feeds = self.house.telemetry.feeds();
        feeds.iter().fold((0, 0, 0), |(a, d, r), (_, feed)| {
            (a + feed.accepted, d + feed.duplicate, r + feed.refused)
        })
    }

    pub async fn station(&self) -> Station {
        Station { socket: TcpStream::connect(self.address).await.unwrap(), heard: Vec::new() }
    }

    /// Ends it as an ordered stop does.
    pub async fn close(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(WITHIN, self.open.ended()).await.expect("it ends");
        self.house.close();
    }
}

/// A station's end of the line.
pub struct Station {
    pub socket: TcpStream,
    heard: Vec<u8>,
}

impl Station {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Frame {
        tokio::time::timeout(WITHIN, self.next()).await.expect("an answer").expect("a frame")
    }

    async fn next(&mut self) -> Option<Frame> {
        loop {
            for length in 1..=self.heard.len() {
                if let Ok(frame) = down_frame(&self.heard[..length]) {
                    self.heard.drain(..length);
                    return Some(frame);
                }
            }
            if self.socket.read_buf(&mut self.heard).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// Sends a frame and gets the answer to it.
    pub async fn say(&mut self, frame: &Frame) -> Frame {
        self.send(&encode(frame).unwrap()).await;
        self.answer().await
    }

    /// Whether the other side closed the connection without another answer.
    pub async fn is_closed(&mut self) -> bool {
        tokio::time::timeout(WITHIN, self.next()).await.expect("the end").is_none()
    }
}

pub fn number(text: &str) -> Number {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{part}").parse().unwrap();
    Number::Is(Decimal { digits, decimals: part.len() as u8 })
}

/// An element with a value, as a station writes it.
pub fn value(symbol: &str, bytes: u8, text: &str) -> Group {
    let number = number(text);
    let Number::Is(Decimal { decimals, .. }) = number else { panic!("{text}") };
    let element = Element::named(symbol).unwrap();
    Group::Values { element, bytes, decimals, values: vec![number] }
}

pub fn missing(symbol: &str, bytes: u8) -> Group {
    let (element, values) = (Element::named(symbol).unwrap(), vec![Number::Missing]);
    Group::Values { element, bytes, decimals: 0, values }
}

/// A frame of `address` with these groups, sent at `sent`.
pub fn frame(address: &str, function: u8, serial: u16, sent: UtcMs, groups: Vec<Group>) -> Frame {
    frame_in(Coding::Hex, address, function, serial, sent, groups)
}

pub fn frame_in(
    coding: Coding,
    address: &str,
    function: u8,
    serial: u16,
    sent: UtcMs,
    groups: Vec<Group>,
) -> Frame {
    let message = Message { serial, sent, groups, fault: None };
    Frame {
        coding,
        direction: Direction::Up,
        centre: 5,
        station: address.parse().unwrap(),
        password: 0x03E8,
        function,
        packet: None,
        body: write::body(coding, &message).unwrap(),
        end: End::Etx,
    }
}

/// Station group and time of observation: how the groups of a report begin.
pub fn begin(address: &str, class: u8, t: UtcMs) -> Vec<Group> {
    let address: Address = address.parse().unwrap();
    vec![Group::Station { address, class: Some(class) }, Group::Observed(t)]
}

/// A timed report of the river gauge: rain of five minutes and a level.
pub fn timed(serial: u16, t: UtcMs, level: &str) -> Frame {
    let mut groups = begin(RIVER, b'H', t);
    groups.push(value("PN05", 3, "0.5"));
    groups.push(value("Z", 4, level));
    groups.push(value("VT", 2, "12.10"));
    frame(RIVER, 0x32, serial, t.plus_ms(16_000), groups)
}

/// The packets of a message, of `size` bytes of body each.
pub fn packets(whole: &Frame, size: usize) -> Vec<Frame> {
    let parts: Vec<&[u8]> = whole.body.chunks(size).collect();
    let total = parts.len() as u16;
    let packet = |(part, number): (&&[u8], u16)| Frame {
        packet: Some(Packet { total, number }),
        body: part.to_vec(),
        end: if number == total { End::Etx } else { End::Etb },
        ..whole.clone()
    };
    parts.iter().zip(1..).map(packet).collect()
}

/// What an answer says: its end and the serial number it answers.
pub fn said(answer: &Frame) -> (End, u16) {
    assert_eq!(answer.direction, Direction::Down);
    let text = String::from_utf8_lossy(&answer.body).to_string();
    let serial = match answer.coding {
        Coding::Hex => u16::from_be_bytes([answer.body[0], answer.body[1]]),
        Coding::Ascii => u16::from_str_radix(&text[..4], 16).unwrap(),
    };
    let time: String = match answer.coding {
        Coding::Hex => answer.body[2..8].iter().map(|b| format!("{b:02X}")).collect(),
        Coding::Ascii => text[4..16].to_owned(),
    };
    assert_eq!(stamp::read(&time), Some(crate::support::NOW), "the platform's time");
    (answer.end, serial)
}
