//! What moves and what is telemetered: units by MQTT and Cursor-on-Target, stations of SL 651.

use domain::sl651::Address;
use domain::time::{MINUTE_MS, UtcMs};

use super::dice::Dice;
use super::ledger::Expect::{self, Accepted, Duplicate, Quarantined, Refused};
use super::readings::YEAR_MS;
use super::shot::{Form, Shot};
use super::town::{RTU_PASSWORD, place, uid, unit};
use crate::rtu::frame::{Element, Rtu};

/// A unit that reports where it is.
#[derive(Debug)]
pub struct Mover {
    /// Which one.
    pub n: usize,
    /// Chance.
    pub dice: Dice,
    /// Steps so far.
    pub steps: u64,
    /// The last good report.
    pub last: Option<String>,
}

/// What can be wrong with a unit's report.
pub const MOVER_WRONGS: [&str; 13] = [
    "duplicate",
    "broken_json",
    "clock_ahead",
    "out_of_range",
    "mixed_coordinates",
    "impossible_report",
    "foreign_unit",
    "unknown_unit",
    "missing_field",
    "unknown_field",
    "field_form",
    "time",
    "stranger",
];
/// What can be wrong with an event.
pub const EVENT_WRONGS: [&str; 10] = [
    "duplicate",
    "unknown_unit",
    "stale",
    "clock_ahead",
    "out_of_range",
    "missing_field",
    "field_form",
    "no_such_type",
    "time",
    "xml_bomb",
];

impl Mover {
    /// Where it is at its next step: some hundred metres on.
    fn step(&mut self) -> (f64, f64) {
        self.steps += 1;
        let (lon, lat) = place(self.n * 3);
        let along = (self.steps % 200) as f64 * 0.002;
        (lon + along, lat + self.dice.share() * 0.01)
    }

    fn topic(&self) -> String {
        format!("fh/v1/units/{}/report", unit(self.n))
    }

    /// Where it is.
    pub fn good(&mut self, t: UtcMs) -> Shot {
        let (lon, lat) = self.step();
        let text = format!(
            r#"{{"unit":"{}","t":{},"lon":{lon:.6},"lat":{lat:.6},"speed_mps":9.5,"battery_percent":80}}"#,
            unit(self.n),
            t.0
        );
        let shot = Shot::message("position", &self.topic(), &text, Accepted);
        self.last = Some(text);
        shot
    }

    /// What is wrong, by [`MOVER_WRONGS`]. Unknown units are told by HTTP, as their agency.
    pub fn wrong(&mut self, at: usize, t: UtcMs) -> Option<Shot> {
        let kind = MOVER_WRONGS.get(at).copied()?;
        let (lon, lat) = self.step();
        let (id, t) = (unit(self.n), t.plus_ms(1).0);
        let text = |more: &str| {
            format!(r#"{{"unit":"{id}","t":{t},"lon":{lon:.6},"lat":{lat:.6}{more}}}"#)
        };
        let (body, want) = match kind {
            "duplicate" => (self.last.clone()?, Duplicate),
            "broken_json" => ("{\"unit\":".to_owned(), Refused("syntax")),
            "clock_ahead" => {
                let ahead = (t + YEAR_MS).to_string();
                (text("").replace(&t.to_string(), &ahead), Quarantined)
            }
            "out_of_range" => (text(r#","battery_percent":500"#), Refused("out_of_range")),
            "mixed_coordinates" => (text(r#","crs":"gcj02""#), Refused("coordinates")),
            "impossible_report" => {
                (text(r#","task":"T-99999","report":"accept""#), Refused("impossible_report"))
            }
            "foreign_unit" => (text("").replace(&id, "unit-999"), Refused("foreign_station")),
            "unknown_unit" => return None,
            "missing_field" => {
                (format!(r#"{{"unit":"{id}","t":{t},"lon":{lon:.6}}}"#), Refused("missing_field"))
            }
            "unknown_field" => (text(r#","colour":"red""#), Refused("unknown_field")),
            "field_form" => (text(r#","status":"flying""#), Refused("field_form")),
            "time" => (text("").replace(&t.to_string(), "\"soon\""), Refused("time")),
            _ => return Some(Shot { kind, form: Form::Stranger, expect: Vec::new() }),
        };
        Some(Shot::message(kind, &self.topic(), &body, want))
    }

    /// Where it is, as an event.
    pub fn event(&mut self, t: UtcMs) -> Shot {
        let (lon, lat) = self.step();
        let text = event(&uid(self.n), "a-f-G-U-C", t, t.plus_ms(5 * MINUTE_MS), (lon, lat));
        let shot = Shot::one("position", Form::Events(text.clone().into_bytes(), false), Accepted);
        self.last = Some(text);
        shot
    }

    /// An event that is wrong, by [`EVENT_WRONGS`].
    pub fn wrong_event(&mut self, at: usize, t: UtcMs) -> Option<Shot> {
        let kind = EVENT_WRONGS.get(at).copied()?;
        let here = self.step();
        let (own, t) = (uid(self.n), t.plus_ms(1));
        let until = t.plus_ms(5 * MINUTE_MS);
        let good = event(&own, "a-f-G-U-C", t, until, here);
        let (text, want) = match kind {
            "duplicate" => (self.last.clone()?, Duplicate),
            "unknown_unit" => {
                (event("TAK-nobody", "a-f-G-U-C", t, until, here), Refused("unknown_unit"))
            }
            "stale" => {
                let old = t.plus_ms(-60 * MINUTE_MS);
                let until = t.plus_ms(-50 * MINUTE_MS);
                (event(&own, "a-f-G-U-C", old, until, here), Refused("stale"))
            }
            "clock_ahead" => {
                let ahead = t.plus_ms(YEAR_MS);
                let until = ahead.plus_ms(MINUTE_MS);
                (event(&own, "a-f-G-U-C", ahead, until, here), Quarantined)
            }
            "out_of_range" => {
                (event(&own, "a-f-G-U-C", t, until, (here.0, 95.0)), Refused("out_of_range"))
            }
            "missing_field" => (good.replace("<point ", "<spot "), Refused("missing_field")),
            "field_form" => {
                (good.replace("version=\"2.0\"", "version=\"9\""), Refused("field_form"))
            }
            "no_such_type" => (event(&own, "b-m-p-s", t, until, here), Refused("unknown_channel")),
            "time" => (good.replace(&t.rfc3339(0), "soon"), Refused("time")),
            _ => {
                let text = "<!DOCTYPE event [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>";
                let form = Form::Events(text.as_bytes().to_vec(), true);
                return Some(Shot::one(kind, form, Refused("xml")));
            }
        };
        Some(Shot::one(kind, Form::Events(text.into_bytes(), false), want))
    }
}

fn event(uid: &str, kind: &str, t: UtcMs, stale: UtcMs, (lon, lat): (f64, f64)) -> String {
    let (t, stale) = (t.rfc3339(0), stale.rfc3339(0));
    format!(
        "<event version=\"2.0\" uid=\"{uid}\" type=\"{kind}\" how=\"m-g\" time=\"{t}\" start=\"{t}\" \
         stale=\"{stale}\"><point lat=\"{lat:.6}\" lon=\"{lon:.6}\" hae=\"9\" ce=\"5\" le=\"9\"/>\
         <detail><track speed=\"9.5\" course=\"90\"/><status battery=\"80\"/></detail></event>"
    )
}

/// A telemetry station.
#[derive(Debug)]
pub struct Station {
    /// It.
    pub rtu: Rtu,
    /// Chance.
    pub dice: Dice,
    /// The serial number of its last report.
    pub serial: u16,
    /// Its last good report.
    pub last: Option<(Vec<u8>, u16)>,
}

/// What can be wrong with a station's frames.
pub const FRAME_WRONGS: [&str; 9] = [
    "bad_crc",
    "noise",
    "duplicate",
    "unknown_station",
    "unknown_function",
    "clock_ahead",
    "out_of_range",
    "digits",
    "password",
];

impl Station {
    /// The station of an address.
    pub fn new(address: Address, dice: Dice) -> Self {
        let rtu = Rtu { centre: 1, address, password: RTU_PASSWORD, class: b'H' };
        Self { rtu, dice, serial: 0, last: None }
    }

    fn next(&mut self) -> u16 {
        self.serial = self.serial % 60_000 + 1;
        self.serial
    }

    /// The rain of a minute, the level and the battery.
    fn elements(&mut self) -> [Element; 3] {
        // No two alike, so that two of one minute are two.
        let (n, drift) = (f64::from(self.serial), self.dice.share());
        let of = |lead, bytes, decimals, value: f64| {
            let scale = 10f64.powi(i32::from(decimals));
            let value = Some((value * scale).round() / scale);
            Element { lead, bytes, decimals, value }
        };
        [
            // PN01: the rain of one minute.
            of(0x21, 3, 1, (n % 100.0) * 0.1),
            of(0x39, 4, 3, 3.0 + (n % 1_000.0) * 0.002 + drift * 0.001),
            of(0x38, 2, 2, 10.0 + (n % 300.0) * 0.01),
        ]
    }

    /// A timed report of a whole minute.
    pub fn good(&mut self, minute: UtcMs) -> Shot {
        let (serial, elements) = (self.next(), self.elements());
        let bytes = self.rtu.report(0x32, serial, minute.plus_ms(2_000), minute, &elements);
        self.last = Some((bytes.clone(), serial));
        Shot { kind: "report", form: Form::Frames(bytes, serial), expect: vec![Accepted; 3] }
    }

    /// What is wrong, by [`FRAME_WRONGS`], and behind it the good report whose answer ends it.
    pub fn wrong(&mut self, at: usize, minute: UtcMs) -> Option<Shot> {
        let kind = FRAME_WRONGS.get(at).copied()?;
        let (serial, elements) = (self.next(), self.elements());
        let sent = minute.plus_ms(2_000);
        let good = self.rtu.report(0x32, serial, sent, minute, &elements);
        let one =
            |lead, bytes, value: f64| [Element { lead, bytes, decimals: 0, value: Some(value) }];
        let (bad, wants): (Vec<u8>, Vec<Expect>) = match kind {
            "bad_crc" => {
                let mut bytes = good.clone();
                let at = bytes.len() - 1;
                bytes[at] ^= 0x10;
                (bytes, vec![Refused("checksum")])
            }
            "noise" => (b"AT+CIPSTART noise".to_vec(), vec![Refused("frame")]),
            "duplicate" => {
                let (bytes, serial) = self.last.clone()?;
                let form = Form::Frames(bytes, serial);
                return Some(Shot { kind, form, expect: vec![Duplicate; 3] });
            }
            "unknown_station" => {
                // A stranger for each station: the same serial of one would be a resend.
                let mut address = self.rtu.address;
                address.0[0] = 0x99;
                let stranger = Rtu { address, ..self.rtu };
                let bytes = stranger.report(0x32, serial, sent, minute, &one(0x39, 4, 3.0));
                (bytes, vec![Refused("unknown_station")])
            }
            "unknown_function" => {
                let bytes = self.rtu.report(0xE1, serial, sent, minute, &elements);
                (bytes, vec![Refused("unknown_function")])
            }
            "clock_ahead" => {
                let (sent, at) = (sent.plus_ms(YEAR_MS), minute.plus_ms(YEAR_MS));
                let bytes = self.rtu.report(0x32, serial, sent, at, &one(0x39, 4, 3.0));
                (bytes, vec![Quarantined])
            }
            "out_of_range" => {
                let bytes = self.rtu.report(0x32, serial, sent, minute, &one(0x39, 4, 8_000.0));
                (bytes, vec![Refused("out_of_range")])
            }
            "digits" => {
                let mut body = self.rtu.report(0x32, serial, sent, minute, &one(0x39, 4, 3.0));
                // The level's last byte, before the end and the check: no decimal digits.
                let at = body.len() - 4;
                body[at] = 0xAB;
                let check = crate::rtu::frame::check(&body[..body.len() - 2]);
                let end = body.len() - 2;
                body[end..].copy_from_slice(&check.to_be_bytes());
                (body, vec![Refused("field_form")])
            }
            _ => {
                let stranger = Rtu { password: 0x0BAD, ..self.rtu };
                let bytes = stranger.report(0x32, serial, sent, minute, &elements);
                (bytes, vec![Refused("password")])
            }
        };
        // Behind it: a good report with a serial number of its own, which is answered.
        let serial = self.next();
        let good = self.rtu.report(0x32, serial, sent, minute, &elements);
        self.last = Some((good.clone(), serial));
        let expect = wants.into_iter().chain(vec![Accepted; 3]).collect();
        Some(Shot { kind, form: Form::Frames([bad, good].concat(), serial), expect })
    }
}
