//! What is told minute by minute, and sent again where a kill left it unanswered.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use system_tests::http::Client;
use system_tests::platform::Platform;

use crate::town::{FLOODED_CM, METRO, MINUTE_MS, STEP_MINUTES, STREETS};
use crate::{Acknowledged, text};

/// One request of the story.
struct Line {
    agency: &'static str,
    rows: Vec<Value>,
}

/// What is told minute by minute over HTTP: streets that are flooded and dry, an agency that is
/// heard and silent. What a kill leaves unanswered is sent again first.
pub(crate) struct Story {
    open: VecDeque<Line>,
    pub(crate) flooded: [bool; STREETS],
    /// How often each street was flooded, and fell dry again.
    pub(crate) turns: [(usize, usize); STREETS],
    pub(crate) metro: bool,
}

impl Story {
    pub(crate) fn new() -> Self {
        let (open, turns) = (VecDeque::new(), [(0, 0); STREETS]);
        Self { open, flooded: [false; STREETS], turns, metro: true }
    }

    fn minute(&mut self, time: &AtomicI64, station: &str, property: &str, v: f64) {
        let t = time.fetch_add(MINUTE_MS, Ordering::Relaxed) + MINUTE_MS;
        let row = |station: &str, property: &str, v: f64| json!({ "station": station, "property": property, "t": t, "v": v });
        if self.metro {
            let rows = (0..METRO).map(|n| row(&format!("M{n}"), "battery", 12.0)).collect();
            self.open.push_back(Line { agency: "metro", rows });
        }
        self.open.push_back(Line { agency: "hydro", rows: vec![row(station, property, v)] });
    }

    /// A street turns: flooded, or dry.
    pub(crate) fn hold(&mut self, time: &AtomicI64, street: usize) {
        let flooded = !self.flooded[street];
        self.flooded[street] = flooded;
        let turns = &mut self.turns[street];
        *(if flooded { &mut turns.0 } else { &mut turns.1 }) += 1;
        for _ in 0..STEP_MINUTES {
            let v = if flooded { FLOODED_CM } else { 1.0 };
            self.minute(time, &format!("P{street}"), "ponding_depth", v);
        }
    }

    /// The agency turns: silent, or heard again.
    pub(crate) fn inhibition(&mut self, time: &AtomicI64) {
        self.metro = !self.metro;
        for _ in 0..STEP_MINUTES {
            self.minute(time, "K0", "battery", 12.5);
        }
    }

    /// Sends what is open; false where the platform is gone before all of it is answered.
    pub(crate) fn send(&mut self, platform: &Platform, acknowledged: &mut Acknowledged) -> bool {
        while let Some(line) = self.open.front() {
            let client = Client::new(&platform.http).with_token(&platform.token(line.agency));
            let body = Value::from(line.rows.clone()).to_string();
            let kind = [("Content-Type", "application/json")];
            let answer = client.try_request("POST", "/v1/observations", &kind, body.as_bytes());
            let Ok(answer) = answer else { return false };
            if answer.status != 200 {
                assert!(answer.status >= 500, "answered {}", answer.status);
                return false;
            }
            let said = answer.json();
            let taken = said["accepted"].as_u64().unwrap() + said["duplicate"].as_u64().unwrap();
            assert_eq!(taken, line.rows.len() as u64, "{said}");
            for row in self.open.pop_front().expect("the front").rows {
                acknowledged.insert((text(&row["station"]), row["t"].as_i64().unwrap()));
            }
        }
        true
    }
}
