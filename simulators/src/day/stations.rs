//! What speaks for stations: gateways by MQTT, offices by HTTP, SensorThings services. Each is a
//! connection with the stations behind it.

use domain::time::UtcMs;

use super::dice::Dice;
use super::ledger::Expect::{self, Accepted, Duplicate, Refused};
use super::lines::packet;
use super::readings::{COLUMNS, FAULTS, Reading};
use super::shot::{Form, Request, Shot};
use super::town::{OF_STATION, Way};

const OBSERVATIONS: &str = "/v1/observations";
const JSON: &str = "application/json";

/// Wrongs of whole messages and requests, by way.
const WHOLE_MQTT: [&str; 6] =
    ["broken_json", "no_such_topic", "foreign_topic", "oversized", "no_mqtt", "stranger"];
const WHOLE_HTTP: [&str; 11] = [
    "broken_json",
    "oversized",
    "media_type",
    "packing",
    "stranger",
    "forbidden",
    "bad_flag",
    "bad_key",
    "key_new",
    "key_again",
    "key_reused",
];
const WHOLE_THINGS: [&str; 4] = ["broken_json", "read_only", "media_type", "oversized"];

/// A sender and its stations.
#[derive(Debug)]
pub struct Gateway {
    /// Whose it is.
    pub agency: &'static str,
    /// By which way.
    pub way: Way,
    /// Its stations.
    pub stations: Vec<String>,
    /// Another agency's station.
    pub foreign: String,
    /// Chance.
    pub dice: Dice,
    /// How many readings it has made.
    pub count: u64,
    /// The last good reading, which a duplicate repeats.
    pub last: Option<Reading>,
    /// Which wrong comes next.
    pub next_wrong: usize,
    /// A key of idempotency, and the body that it came with.
    pub key: Option<(String, String)>,
}

impl Gateway {
    /// Its datastreams.
    pub fn streams(&self) -> usize {
        self.stations.len() * OF_STATION.len()
    }

    /// Readings of one sending.
    pub fn batch(&self) -> usize {
        match self.way {
            Way::Mqtt | Way::Things => 1,
            Way::Json | Way::Table | Way::Arrays => self.streams(),
        }
    }

    fn reading(&mut self, t: UtcMs) -> Reading {
        let at = (self.count % self.streams().max(1) as u64) as usize;
        self.count += 1;
        let property = OF_STATION.get(at % OF_STATION.len()).copied().unwrap_or("battery");
        let station = self.stations.get(at / OF_STATION.len()).cloned().unwrap_or_default();
        // The flow wanders between the steps of its alert; every other value is ordinary.
        let v = match property {
            "discharge" => 100.0 + self.dice.share() * 250.0,
            _ => 5.0 + self.dice.share() * 10.0,
        };
        Reading { station, property, t, v: (v * 1e3).round() / 1e3 }
    }

    /// How many wrongs there are.
    pub fn wrongs(&self) -> usize {
        FAULTS.len() + self.whole().len()
    }

    fn whole(&self) -> &'static [&'static str] {
        match self.way {
            Way::Mqtt => &WHOLE_MQTT,
            Way::Things => &WHOLE_MQTT[..3],
            Way::Json | Way::Table => &WHOLE_HTTP,
            Way::Arrays => &WHOLE_THINGS,
        }
    }

    /// What is due: a message of one reading, or a batch of all, with so many wrong ones among them.
    pub fn good(&mut self, t: UtcMs, wrong: usize) -> Shot {
        let batch = self.batch();
        let readings: Vec<Reading> = (0..batch).map(|_| self.reading(t)).collect();
        let mut wrongs = Vec::new();
        while wrongs.len() < wrong {
            let fault = FAULTS.get(self.next_wrong % FAULTS.len()).copied().unwrap_or("time");
            self.next_wrong += 1;
            // A number beyond a double makes the whole array one that cannot be read.
            if fault != "not_finite" || matches!(self.way, Way::Table | Way::Arrays) {
                wrongs.push(fault);
            }
        }
        let shot = self.written(&readings, &wrongs);
        self.last = readings.into_iter().next_back();
        shot
    }

    fn written(&mut self, readings: &[Reading], wrongs: &[&'static str]) -> Shot {
        let kind = wrongs.first().copied().unwrap_or("reading");
        let mut expect = vec![Accepted; readings.len()];
        // A duplicate in a batch repeats one of the batch.
        let Some(model) = readings.first().cloned() else {
            return Shot { kind, form: Form::Stranger, expect: Vec::new() };
        };
        let fresh = Reading { t: model.t.plus_ms(1), ..model.clone() };
        let base = |fault: &str| if fault == "duplicate" { &model } else { &fresh };
        match self.way {
            Way::Mqtt => {
                let topic = format!("fh/v1/{}/obs", self.agency);
                Shot::message(kind, &topic, &model.json(), Accepted)
            }
            Way::Things => {
                let topic = format!("v1.1/Datastreams({})/Observations", model.datastream());
                Shot::message(kind, &topic, &model.entity(), Accepted)
            }
            Way::Json => {
                let mut items: Vec<String> = readings.iter().map(Reading::json).collect();
                for fault in wrongs {
                    let (text, want) = base(fault).wrong_json(fault, &self.foreign);
                    items.push(text);
                    expect.push(want);
                }
                let body = format!("[{}]", items.join(","));
                let request = Request {
                    path: OBSERVATIONS.into(),
                    media: JSON,
                    body: body.into(),
                    ..Request::default()
                };
                Shot { kind, form: Form::Request(request), expect }
            }
            Way::Table => {
                let mut body = COLUMNS.to_owned();
                readings.iter().for_each(|r| body += &(r.row() + "\n"));
                for fault in wrongs {
                    let wrong = base(fault).wrong_row(fault, &self.foreign);
                    if let Some((text, want)) = wrong {
                        body += &(text + "\n");
                        expect.push(want);
                    }
                }
                let request = Request {
                    path: OBSERVATIONS.into(),
                    media: "text/csv",
                    body: body.into(),
                    ..Request::default()
                };
                Shot { kind, form: Form::Request(request), expect }
            }
            Way::Arrays => {
                let mut arrays: Vec<String> =
                    readings.iter().map(|r| array(&r.datastream(), &r.pair())).collect();
                for fault in wrongs {
                    let wrong = base(fault).wrong_thing(fault, &self.foreign);
                    if let Some((of, row, _, want)) = wrong {
                        arrays.push(array(&of, &row));
                        expect.push(want);
                    }
                }
                let request = Request {
                    path: "/v1.1/CreateObservations".into(),
                    media: JSON,
                    body: format!("[{}]", arrays.join(",")).into(),
                    ..Request::default()
                };
                Shot { kind, form: Form::Request(request), expect }
            }
        }
    }

    /// One that is wrong by itself, or as a whole; `None` where this way has no such wrong.
    pub fn wrong(&mut self, at: usize, t: UtcMs) -> Option<Shot> {
        match FAULTS.get(at) {
            Some(fault) => self.wrong_item(fault, t),
            None => {
                let kind = self.whole().get(at - FAULTS.len()).copied()?;
                self.wrong_whole(kind, t)
            }
        }
    }

    fn wrong_item(&mut self, fault: &'static str, t: UtcMs) -> Option<Shot> {
        let reading = match fault {
            "duplicate" => self.last.clone()?,
            _ => Reading { t: t.plus_ms(1), ..self.reading(t) },
        };
        let topic = format!("fh/v1/{}/obs", self.agency);
        Some(match self.way {
            Way::Mqtt => {
                let (text, want) = reading.wrong_json(fault, &self.foreign);
                Shot::message(fault, &topic, &text, want)
            }
            Way::Things => {
                let (of, _, entity, want) = reading.wrong_thing(fault, &self.foreign)?;
                let topic = format!("v1.1/Datastreams({of})/Observations");
                Shot::message(fault, &topic, &entity, want)
            }
            Way::Json => {
                let (text, want) = reading.wrong_json(fault, &self.foreign);
                Shot::request(fault, OBSERVATIONS, JSON, format!("[{text}]"), want)
            }
            Way::Table => {
                let (text, want) = reading.wrong_row(fault, &self.foreign)?;
                let body = format!("{COLUMNS}{text}\n");
                Shot::request(fault, OBSERVATIONS, "text/csv", body, want)
            }
            Way::Arrays => {
                let (of, _, entity, want) = reading.wrong_thing(fault, &self.foreign)?;
                let path = format!("/v1.1/Datastreams('{of}')/Observations");
                Shot::request(fault, &path, JSON, entity, want)
            }
        })
    }

    fn wrong_whole(&mut self, kind: &'static str, t: UtcMs) -> Option<Shot> {
        let topic = format!("fh/v1/{}/obs", self.agency);
        let is_mqtt = matches!(self.way, Way::Mqtt | Way::Things);
        let path = if self.way == Way::Arrays { "/v1.1/CreateObservations" } else { OBSERVATIONS };
        let fresh = self.reading(t.plus_ms(2));
        let good = format!("[{}]", fresh.json());
        let bare = |want: Expect| Shot::request(kind, path, JSON, good.clone(), want);
        let with = |want: Expect, change: &dyn Fn(&mut Request)| {
            let mut shot = bare(want);
            if let Form::Request(request) = &mut shot.form {
                change(request);
            }
            shot
        };
        Some(match kind {
            "broken_json" if self.way == Way::Things => {
                let topic = "v1.1/Observations";
                Shot::message(kind, topic, "{\"result\":", Refused("syntax"))
            }
            "broken_json" if is_mqtt => {
                Shot::message(kind, &topic, "{\"station\":", Refused("syntax"))
            }
            "broken_json" => Shot::request(kind, path, JSON, "[{\"station\":", Refused("syntax")),
            "no_such_topic" => {
                let topic = format!("fh/v1/{}/a/b/c", self.agency);
                Shot::message(kind, &topic, &fresh.json(), Refused("unknown_channel"))
            }
            "foreign_topic" => {
                Shot::message(kind, "fh/v1/other/obs", &fresh.json(), Refused("forbidden"))
            }
            "oversized" if is_mqtt => {
                // A length of 256 MiB.
                let bytes = [&[0x32, 0xFF, 0xFF, 0xFF, 0x7F][..], &[0; 64]].concat();
                Shot::one(kind, Form::Broken(bytes), Refused("too_large"))
            }
            "oversized" => with(Refused("too_large"), &|r| {
                r.states = Some(64 << 20);
                r.body = Vec::new();
            }),
            "no_mqtt" => {
                // A packet of a kind that there is not.
                Shot::one(kind, Form::Broken(packet(0x06, b"xx")), Refused("syntax"))
            }
            "stranger" if is_mqtt => Shot { kind, form: Form::Stranger, expect: Vec::new() },
            "stranger" => {
                let mut shot = with(Accepted, &|r| r.token = Some(super::lines::NO_TOKEN));
                shot.expect = Vec::new();
                shot
            }
            "media_type" => with(Refused("syntax"), &|r| r.media = "text/plain"),
            "packing" => {
                with(Refused("syntax"), &|r| r.more = vec![("Content-Encoding", "br".into())])
            }
            "forbidden" => with(Refused("forbidden"), &|r| r.path = "/v1/warnings".into()),
            "bad_flag" => with(Refused("field_form"), &|r| r.path += "?backlog=perhaps"),
            "bad_key" => with(Refused("identifier"), &|r| {
                r.more = vec![("Idempotency-Key", "k".repeat(300))];
            }),
            "key_new" | "key_again" | "key_reused" => return self.keyed(kind, &fresh),
            "read_only" => with(Refused("unknown_channel"), &|r| r.put = true),
            _ => return None,
        })
    }

    /// The last good reading under a new key (it is known); the very same again; another body under
    /// that key.
    fn keyed(&mut self, kind: &'static str, fresh: &Reading) -> Option<Shot> {
        if kind == "key_new" {
            let last = self.last.clone()?;
            let key = format!("{}-{}", last.station, last.t.0);
            self.key = Some((key, format!("[{}]", last.json())));
        }
        let (key, body) = self.key.clone()?;
        let (body, want) = match kind {
            "key_reused" => (format!("[{}]", fresh.json()), Refused("conflict")),
            _ => (body, Duplicate),
        };
        let mut shot = Shot::request(kind, OBSERVATIONS, JSON, body, want);
        if let Form::Request(request) = &mut shot.form {
            request.more = vec![("Idempotency-Key", key)];
        }
        Some(shot)
    }
}

fn array(of: &str, row: &str) -> String {
    format!(
        r#"{{"Datastream":{{"@iot.id":"{of}"}},"components":["phenomenonTime","result"],"dataArray":[{row}]}}"#
    )
}
