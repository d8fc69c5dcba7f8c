//! Back-fill over real sockets: a file is brought as a backlog, broken off and resumed, and alarms
//! nobody.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use command_api::import::{Import, Ledger};
use common::{Running, now_ms, people, town};
use serde_json::Value;

/// Two hours of a flood, a value a minute, until an hour ago; one line in fifty is bad.
fn flood(lines: i64) -> (String, u64) {
    let (begin, mut text, mut bad) = (now_ms() - 3_600_000 - lines * 60_000, String::new(), 0);
    for n in 0..lines {
        let t = begin + n * 60_000;
        if n % 50 == 7 {
            bad += 1;
            writeln!(text, r#"{{"station":"A","property":"discharge","t":{t},"v":"high"}}"#)
                .unwrap();
        } else {
            writeln!(text, r#"{{"station":"A","property":"discharge","t":{t},"v":400}}"#).unwrap();
        }
    }
    (text, bad)
}

fn import(file: &Path, platform: &Running, token: &str) -> Import {
    Import {
        file: file.to_owned(),
        target: format!("http://{}", platform.http).parse().unwrap(),
        token: token.to_owned(),
        batch_lines: 16,
        again: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_brought_once_however_often_it_is_broken_off_and_alarms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (agency, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let wang = platform.signed_in("officer").await;
    let (text, bad) = flood(120);
    let file = folder.path().join("flood.ndjson.zst");
    let packed = zstd::encode_all(text.as_bytes(), 0).unwrap();
    std::fs::write(&file, packed).unwrap();

    // Broken off in the middle: what was written down stays.
    let import = import(&file, &platform, &agency);
    let mut batches = 0;
    let broken = tokio::spawn({
        let import = import.clone();
        async move {
            let run = import.run(|_, _| {
                batches += 1;
                assert!(batches < 3, "broken off");
            });
            run.await
        }
    });
    assert!(broken.await.unwrap_err().is_panic());
    let standing = Ledger::open(&file, false).unwrap().standing().clone();
    assert_eq!((standing.lines, standing.done), (48, false));

    let done = import.run(|_, _| ()).await.unwrap();
    assert_eq!((done.lines, done.duplicate, done.rejected, done.done), (120, 0, bad, true));
    assert_eq!(done.accepted + done.rejected, 120);
    // Once more says that it is done, without a request; from the beginning all of it is known.
    assert_eq!(import.run(|_, _| panic!("nothing to bring")).await.unwrap(), done);
    let again = Import { again: true, batch_lines: 50, ..import };
    let twice = again.run(|_, _| ()).await.unwrap();
    assert_eq!((twice.accepted, twice.duplicate, twice.rejected), (0, 120 - bad, bad));

    // What was refused, with its reason and its line.
    let rejected = std::fs::read_to_string(folder.path().join("flood.ndjson.zst.rejected.ndjson"));
    let rejected = rejected.unwrap();
    let first: Value = serde_json::from_str(rejected.lines().next().unwrap()).unwrap();
    assert_eq!((first["line"].as_u64(), first["reason"].as_str()), (Some(8), Some("field_form")));
    assert!(first["raw"].as_str().unwrap().contains("high"));
    assert_eq!(rejected.lines().count() as u64, bad);

    // It is in the series, and nobody was alarmed.
    let count = wang
        .until("/v1/stations/A/series?property=discharge", |series| {
            let points = series["points"].as_array().or(series["t"].as_array())?;
            (!points.is_empty()).then_some(points.len())
        })
        .await;
    assert!(count > 0);
    assert_eq!(wang.get("/v1/alerts").await.json(), serde_json::json!([]));
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_brought_with_its_header_and_a_wrong_token_is_told() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (agency, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let file = folder.path().join("past.csv");
    let mut out = std::fs::File::create(&file).unwrap();
    writeln!(out, "station,property,t,v").unwrap();
    for n in 0..40 {
        writeln!(out, "B,discharge,{},{n}\r", now_ms() - 7_200_000 + n * 60_000).unwrap();
    }
    drop(out);
    let refused = import(&file, &platform, "wrong").run(|_, _| ()).await.unwrap_err();
    assert!(refused.to_string().contains("refuses the token"), "{refused:#}");
    let done = import(&file, &platform, &agency).run(|_, _| ()).await.unwrap();
    assert_eq!((done.lines, done.accepted, done.rejected), (40, 40, 0));

    let empty = folder.path().join("empty.csv");
    std::fs::write(&empty, "").unwrap();
    let refused = import(&empty, &platform, &agency).run(|_, _| ()).await.unwrap_err();
    assert!(refused.to_string().contains("is empty"), "{refused:#}");

    // What cannot be a table says what to do, and leaves nothing beside it.
    for (name, text, said) in [
        ("bare.csv", "B,discharge,1,2\n", "\"B\" is no column; the first line names"),
        ("other.csv", "station,property,time,v\nB,discharge,1,2\n", "\"time\" is no column"),
        ("short.csv", "station,property,t\nB,discharge,1\n", "the column \"v\" is missing"),
        ("semicolons.csv", "station;property;t;v\n", "is no column"),
        ("list.ndjson", "[{\"station\":\"B\"}]\n", "neither with a JSON object nor"),
        ("broken.csv.gz", "station,property,t,v\n", "could not be read"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let refused = import(&file, &platform, &agency).run(|_, _| ()).await.unwrap_err();
        assert!(format!("{refused:#}").contains(said), "{name}: {refused:#}");
        assert!(!folder.path().join(format!("{name}.rejected.ndjson")).exists(), "{name}");
    }
    let header = folder.path().join("header.csv");
    std::fs::write(&header, "station,property,t,v\r\n").unwrap();
    let nothing = import(&header, &platform, &agency).run(|_, _| ()).await.unwrap();
    assert_eq!((nothing.lines, nothing.done), (0, true));
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_a_spreadsheet_saved_is_accounted_for_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (agency, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let file = folder.path().join("desk.csv");
    let begin = now_ms() / 1000 * 1000 - 7_200_000;
    let mut text = "\u{feff}\"station\",property,t,v,unit\r\n".to_owned();
    for n in 0..50 {
        let t = begin + n * 60_000;
        match n {
            // A quote that nobody closes, and a row of nothing: each costs itself alone.
            20 => write!(text, "B,discharge,{t},\"{n},\r\n").unwrap(),
            30 => write!(text, ",,,,\r\n\r\n").unwrap(),
            _ => write!(text, "\"B\",discharge,{t},\"{n}\",\r\n").unwrap(),
        }
    }
    std::fs::write(&file, text).unwrap();
    let done = import(&file, &platform, &agency).run(|_, _| ()).await.unwrap();
    assert_eq!((done.lines, done.accepted, done.duplicate, done.rejected), (50, 48, 0, 2));
    let rejected = std::fs::read_to_string(folder.path().join("desk.csv.rejected.ndjson")).unwrap();
    let lines: Vec<u64> = rejected
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [21, 31]);
    platform.stop().await.unwrap();
}
