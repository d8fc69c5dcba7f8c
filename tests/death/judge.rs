//! What must be true when the killing is over: nothing acknowledged is lost, every alert that is due
//! is in the picture, none is told twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use domain::ids::Seq;
use domain::record::Record;
use serde_json::Value;
use system_tests::http::Client;
use system_tests::platform::{Platform, binary, eventually};

use crate::town::{RED, STREETS, YELLOW};
use crate::{Acknowledged, Run, text};

/// Every observation of the journal, in its order: station, t, value.
fn journaled(data: &Path) -> Vec<(String, i64, f64)> {
    let mut reader = journal::Reader::open(data).expect("the journal opens");
    let (mut found, mut names, mut from) = (Vec::new(), Vec::new(), Seq(1));
    loop {
        let batch = reader.read_from(from, 10_000).expect("the journal reads");
        let Some(last) = batch.last() else { return found };
        from = Seq(last.seq.0 + 1);
        for record in batch {
            match record.record {
                Record::Configuration { datastreams, .. } => names = datastreams,
                Record::Observation { observation: o, .. } => {
                    let (station, _) = &names[usize::try_from(o.datastream.0).unwrap()];
                    found.push((station.clone(), o.t.0, o.value));
                }
                _ => {}
            }
        }
    }
}

/// The alerts of gauges that are due, by a rule of three lines: the newest value of a station in
/// journal order decides (no hysteresis, no holds).
fn due(journal: &[(String, i64, f64)]) -> BTreeMap<String, String> {
    let mut newest: BTreeMap<&str, (i64, f64)> = BTreeMap::new();
    for (station, t, value) in journal.iter().filter(|(s, ..)| s.starts_with('D')) {
        let entry = newest.entry(station).or_insert((*t, *value));
        if *t >= entry.0 {
            *entry = (*t, *value);
        }
    }
    let level = |v: f64| if v >= RED { Some("red") } else { (v >= YELLOW).then_some("yellow") };
    let rows =
        newest.iter().filter_map(|(s, (_, v))| level(*v).map(|l| ((*s).into(), l.to_owned())));
    rows.collect()
}

/// The open alerts of a hazard in the picture: place → level.
fn shown(client: &Client, hazard: &str) -> BTreeMap<String, String> {
    let alerts = client.get("/v1/alerts").json();
    let open = alerts.as_array().expect("a list").iter().filter(|a| a["cleared_ms"].is_null());
    let ours = open.filter(|a| a["hazard"] == hazard);
    ours.map(|a| (text(&a["place"]), text(&a["level"]))).collect()
}

impl Run {
    /// Nothing acknowledged is missing, and the picture shows what is due and no more.
    pub(crate) fn judge(&mut self) {
        let platform = Platform::start(&self.city, &self.data, &["--demo", "--clock", "replay"]);
        assert!(self.story.send(&platform, &mut self.acknowledged), "the story's end is sent");
        let journal = journaled(&self.data);
        let there: Acknowledged = journal.iter().map(|(s, t, _)| (s.clone(), *t)).collect();
        let lost: Vec<_> = self.acknowledged.difference(&there).collect();
        assert!(lost.is_empty(), "seed {}: acknowledged and lost: {lost:?}", self.seed);
        let (acknowledged, journaled) = (self.acknowledged.len(), journal.len());
        println!("acknowledged {acknowledged}, journaled {journaled}, lost 0");
        let client = platform.sign_in("demo-commander");
        let flooded = (0..STREETS).filter(|n| self.story.flooded[*n]);
        let streets: BTreeMap<String, String> =
            flooded.map(|n| (format!("P{n}"), "orange".to_owned())).collect();
        let gauges = due(&journal);
        let silent = usize::from(!self.story.metro);
        let wait = Duration::from_secs(10);
        eventually("the picture shows the gauges' alerts that are due", wait, || {
            (shown(&client, "discharge") == gauges).then_some(())
        });
        eventually("and the streets'", wait, || {
            (shown(&client, "ponding") == streets).then_some(())
        });
        eventually("and one silence of the agency, none of its stations", wait, || {
            (shown(&client, "feed").len() == silent).then_some(())
        });
        assert_eq!(platform.stop().code(), Some(0));
    }

    /// No decision is told twice, each turn of a street is told once, and the record equals what an
    /// uninterrupted reading gives.
    pub(crate) fn told_once(&self) {
        let fenghuo = |arguments: &[&str]| {
            let mut command = std::process::Command::new(binary("fenghuo"));
            let out = command.args(arguments).arg("--data").arg(&self.data).output().expect("runs");
            let said = String::from_utf8_lossy(&out.stdout).into_owned();
            let errors = String::from_utf8_lossy(&out.stderr).into_owned();
            assert!(out.status.success(), "{arguments:?}: {said}{errors}");
            said
        };
        println!("{}", fenghuo(&["verify"]).trim());
        let log = self.data.with_extension("log");
        fenghuo(&["replay", "--out", log.to_str().expect("a path")]);
        let log = std::fs::read_to_string(log).expect("a log");
        let mut lines = BTreeSet::new();
        let (mut raised, mut cleared) = ([0usize; STREETS], [0usize; STREETS]);
        for line in log.lines() {
            assert!(lines.insert(line), "told twice: {line}");
            let row: Value = serde_json::from_str(line).expect("a decision");
            if row["hazard"] != "ponding" || !text(&row["place"]).starts_with('P') {
                continue;
            }
            let street: usize = text(&row["place"])[1..].parse().expect("a street");
            raised[street] += usize::from(row["kind"] == "alert.raised");
            cleared[street] += usize::from(row["kind"] == "alert.cleared");
        }
        for (street, turns) in self.story.turns.iter().enumerate() {
            assert_eq!((raised[street], cleared[street]), *turns, "street {street}");
        }
    }
}
