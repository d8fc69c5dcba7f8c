//! The registry as files: what was exported and imported is the same, a change is told row by row, a
//! slip is refused with file, line and column, and the past is not edited.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::Path;

use command_api::configurations;
use command_api::registry::export::Export;
use command_api::registry::import::{Report, into_folder, into_record};
use common::{Running, now_ms, town};
use domain::time::UtcMs;
use journal::Reader;
use proptest::prelude::*;

fn export(data: &Path, to: &Path, at: Option<UtcMs>) -> command_api::registry::Manifest {
    Export { data: data.to_owned(), to: to.to_owned(), at }.run().unwrap()
}

fn epochs(data: &Path) -> Vec<configurations::Epoch> {
    configurations::all(&mut Reader::open(data).unwrap()).unwrap()
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                all.push((name, fs::read(path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

fn told(report: Report) -> Vec<String> {
    match report {
        Report::Differences(changes) => changes.iter().map(ToString::to_string).collect(),
        Report::Errors(errors) => panic!("{errors:?}"),
    }
}

/// A platform whose registry has changed once: the gauge A has moved, and its datum with it.
async fn changed(folder: &Path) -> (UtcMs, UtcMs) {
    let city = town(folder);
    Running::start(folder).await.stop().await.unwrap();
    let between = UtcMs(now_ms());
    let path = city.join("stations.csv");
    let moved = "A,甲站,A,hydro,112.65,22.15,1985,,2026-06-01T00:00:00+08:00\n";
    fs::write(&path, fs::read_to_string(&path).unwrap() + moved).unwrap();
    let path = city.join("datastreams.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("B,discharge,60", "B,discharge,300")).unwrap();
    Running::start(folder).await.stop().await.unwrap();
    (between, UtcMs(now_ms() + 1_000))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_epoch_goes_out_and_in_again_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let (between, after) = changed(folder.path()).await;
    let data = folder.path().join("data");
    let out = tempfile::tempdir().unwrap();
    let all = out.path().join("all");
    let written = export(&data, &all, None);
    assert_eq!(written.epochs.len(), 2);
    // As of a time: the configuration of then, and the rows of then.
    let table = |at, name: &str| {
        let to = out.path().join(name);
        export(&data, &to, Some(at));
        fs::read_to_string(to.join("as-of.csv")).unwrap()
    };
    let (before, now) = (table(between, "before"), table(after, "now"));
    assert!(before.contains("A,甲站,hydro,112.6,22.1,,,,discharge,60"), "{before}");
    assert!(before.contains("B,乙站,hydro,112.7,22.2,,,,discharge,60"), "{before}");
    assert!(now.contains("A,甲站,hydro,112.65,22.15,1985,,2026-06-01T00:00:00+08:00"), "{now}");
    assert!(now.contains("B,乙站,hydro,112.7,22.2,,,,discharge,300"), "{now}");
    assert!(now.contains("discharge yellow 30; discharge red 300"), "{now}");

    // Into another record, and out again: the same bytes.
    let other = tempfile::tempdir().unwrap();
    let data_there = other.path().join("data");
    assert_eq!(into_record(&all, &data_there, true).await.unwrap(), 2);
    assert_eq!(into_record(&all, &data_there, false).await.unwrap(), 2);
    assert_eq!(into_record(&all, &data_there, false).await.unwrap(), 0, "they are there");
    let again = out.path().join("again");
    export(&data_there, &again, None);
    assert_eq!(files(&all), files(&again));
    // It is served as it is, with nothing new to journal.
    let city = other.path().join("city");
    assert!(told(into_folder(&all, &city, false).unwrap()).iter().all(|d| d.starts_with('+')));
    assert!(told(into_folder(&all, &city, true).unwrap()).is_empty());
    Running::start(other.path()).await.stop().await.unwrap();
    let (here, there) = (epochs(&data), epochs(&data_there));
    let plain = |e: &configurations::Epoch| (e.holds_from, e.hash.clone(), e.datastreams.clone());
    assert_eq!(
        here.iter().map(plain).collect::<Vec<_>>(),
        there.iter().map(plain).collect::<Vec<_>>()
    );

    // A past that was edited is refused, and so is a record with a past of its own.
    let path = all.join("epochs/0001/stations.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("112.60", "112.61")).unwrap();
    let third = tempfile::tempdir().unwrap();
    let edited = into_record(&all, third.path(), false).await.unwrap_err();
    assert!(edited.to_string().contains("the past is not edited"), "{edited:#}");
    let mine = tempfile::tempdir().unwrap();
    let own = town(mine.path()).join("city.toml");
    fs::write(&own, fs::read_to_string(&own).unwrap().replace("试验镇", "另一镇")).unwrap();
    Running::start(mine.path()).await.stop().await.unwrap();
    let own = into_record(&again, &mine.path().join("data"), false).await.unwrap_err();
    assert!(own.to_string().contains("its own past"), "{own:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_registry_is_tried_first_then_taken_over_and_journaled() {
    let folder = tempfile::tempdir().unwrap();
    let city = town(folder.path());
    let platform = Running::start(folder.path()).await;
    let out = folder.path().join("out");
    // Beside the running platform; no other may write to its record.
    export(&folder.path().join("data"), &out, None);
    let busy = into_record(&out, &folder.path().join("data"), false).await.unwrap_err();
    assert!(busy.to_string().contains("another writer"), "{busy:#}");
    platform.stop().await.unwrap();

    let path = out.join("city/stations.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("112.70", "212.70")).unwrap();
    let Report::Errors(errors) = into_folder(&out, &city, false).unwrap() else { panic!() };
    let first = &errors[0];
    assert_eq!((first.file.as_str(), first.line), ("stations.csv", Some(3)));
    fs::write(&path, text.replace("hydro,112.70,22.20,", "hydro,x,22.20,")).unwrap();
    let Report::Errors(errors) = into_folder(&out, &city, false).unwrap() else { panic!() };
    assert_eq!(errors[0].to_string(), "stations.csv:3:5: lon \"x\" is not a number");
    let hazard = out.join("city/hazards/discharge.toml");
    let rules = fs::read_to_string(&hazard).unwrap();
    fs::write(&path, &text).unwrap();
    fs::write(&hazard, rules.replace("at_least = 30.0", "at_least = \"x\"")).unwrap();
    let Report::Errors(errors) = into_folder(&out, &city, false).unwrap() else { panic!() };
    assert_eq!((errors[0].file.as_str(), errors[0].column), ("hazards/discharge.toml", Some(1)));
    assert_eq!(errors[0].line, Some(5));

    fs::write(&path, text.replace("B,乙站,B,hydro,112.70", "B,乙站,B,rescue,112.71")).unwrap();
    fs::write(&hazard, rules.replace("at_least = 30.0", "at_least = 40.0")).unwrap();
    fs::write(city.join("notes.txt"), "stays").unwrap();
    let before = files(&city);
    let wanted = [
        "~ hazards/ discharge #1: at_least=30 -> at_least=40",
        "~ stations.csv B: agency=hydro lon=112.7 -> agency=rescue lon=112.71",
    ];
    assert_eq!(told(into_folder(&out, &city, true).unwrap()), wanted);
    assert_eq!(files(&city), before, "a dry run changes nothing");
    assert_eq!(told(into_folder(&out, &city, false).unwrap()), wanted);
    assert_eq!(told(into_folder(&out, &city, false).unwrap()), Vec::<String>::new());
    assert!(city.join("notes.txt").exists());
    Running::start(folder.path()).await.stop().await.unwrap();
    let kept = epochs(&folder.path().join("data"));
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[1].city().unwrap().stations[1].agency.as_str(), "rescue");
    assert!(kept[1].holds_from > kept[0].holds_from);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever a city's sheets say, and however they say it, their files come back byte for byte.
    #[test]
    fn what_goes_out_comes_in(
        rows in proptest::collection::vec((0u32..9, 112.5f64..113.5, 22.0f64..23.0, 1u32..9_999, any::<bool>()), 1..12),
        comment in "[ -~水位]{0,40}",
    ) {
        use std::fmt::Write as _;
        let folder = tempfile::tempdir().unwrap();
        let city = town(folder.path());
        let mut stations = format!("id,agency,lon,lat,valid_from\n# {comment}\n");
        let mut streams = String::from("station,property,interval_s,valid_from\n");
        for (n, (id, lon, lat, every, later)) in rows.iter().enumerate() {
            let from = if *later { format!("20{:02}-01-01T00:00:00+08:00", 10 + n) } else { String::new() };
            writeln!(stations, "S{id}-{n},hydro,{lon},{lat},{from}").unwrap();
            writeln!(streams, "S{id}-{n},discharge,{every},").unwrap();
        }
        fs::write(city.join("stations.csv"), stations).unwrap();
        fs::write(city.join("datastreams.csv"), streams).unwrap();
        fs::remove_dir_all(city.join("hazards")).unwrap();
        fs::remove_dir_all(city.join("plans")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let read = command_api::city_folder::read(&city).unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(&data).unwrap();
        runtime.block_on(async {
            let (journal, _) = journal::Journal::open(&data, journal::Options::live()).unwrap();
            let record = domain::record::Record::Configuration {
                holds_from: domain::time::EARLIEST,
                hash: read.hash.clone(),
                files: read.files.clone().into_iter().collect(),
                datastreams: read.city.registry(&[]).rows().to_vec(),
            };
            journal.appender().append_one(&record).await.unwrap();
            journal.close().unwrap();
        });
        let (out, again) = (folder.path().join("out"), folder.path().join("again"));
        export(&data, &out, None);
        let (city_there, data_there) = (folder.path().join("city2"), folder.path().join("data2"));
        into_folder(&out, &city_there, false).unwrap();
        prop_assert_eq!(command_api::city_folder::read(&city_there).unwrap().hash, read.hash);
        runtime.block_on(into_record(&out, &data_there, false)).unwrap();
        export(&data_there, &again, None);
        prop_assert_eq!(files(&out), files(&again));
    }
}
