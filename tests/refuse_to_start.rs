//! What the platform refuses to start with, and that it says where and what to do.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use system_tests::platform::{Platform, scratch};
use system_tests::town::Town;

fn town() -> Town {
    Town::new()
        .station("G1", &[("discharge", 60)])
        .hazard("discharge", &[("yellow", 30.0, None), ("red", 300.0, None)])
}

fn data(folder: &Path) -> PathBuf {
    let data = folder.join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    data
}

/// Starts it, expects it to end with an error, and that every one of `words` stands in what it says.
fn refused(case: &str, city: &Path, data: &Path, more: &[&str], words: &[&str]) {
    match Platform::try_start(city, data, more) {
        Ok(_) => panic!("{case}: it started"),
        Err(said) => {
            for word in words {
                assert!(said.contains(word), "{case}: {word:?} is not in:\n{said}");
            }
            assert!(!said.contains("panicked"), "{case}: it panicked:\n{said}");
            assert!(!said.contains("exit status: 0"), "{case}: it ended as if all were well");
        }
    }
}

#[test]
fn a_city_with_an_error_is_refused_with_file_line_and_key() {
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("no file", "city.toml", "", &["city.toml"]),
        (
            "unknown key",
            "city.toml",
            "name = \"a\"\nname_en = \"a\"\ntime_zone = \"+08:00\"\ncolour = 1\n",
            &["city.toml:4", "colour"],
        ),
        (
            "wrong type",
            "city.toml",
            "name = 7\nname_en = \"a\"\ntime_zone = \"+08:00\"\n",
            &["city.toml:1", "name"],
        ),
        (
            "no threshold source",
            "hazards/discharge.toml",
            "hazard = \"discharge\"\n[[threshold]]\nlevel = \"red\"\nat_least = 3.0\n",
            &["hazards/discharge.toml", "source"],
        ),
        (
            "an unknown level",
            "hazards/discharge.toml",
            "hazard = \"discharge\"\nsource = \"x\"\n[[threshold]]\nlevel = \"mauve\"\nat_least = 3.0\n",
            &["hazards/discharge.toml:4", "mauve"],
        ),
        (
            "a limit of nought",
            "datastreams.csv",
            "station,property,interval_s\nG1,discharge,0\n",
            &["datastreams.csv:2", "interval_s"],
        ),
        (
            "a negative limit",
            "city.toml",
            "name = \"a\"\nname_en = \"a\"\ntime_zone = \"+08:00\"\nfuture_tolerance_s = -1\n",
            &["city.toml:4", "future_tolerance_s"],
        ),
        (
            "a foreign zone",
            "zones.geojson",
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"1","name":"x","kind":"city"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}}]}"#,
            &["zones.geojson"],
        ),
    ];
    for (case, file, text, words) in cases {
        let folder = scratch();
        let city = town().write(folder.path());
        std::fs::write(city.join(file), text).expect("written");
        refused(case, &city, &data(folder.path()), &[], words);
    }
    let folder = scratch();
    refused("no folder", &folder.path().join("nowhere"), &data(folder.path()), &[], &["nowhere"]);
}

#[test]
fn a_port_in_use_is_named() {
    let folder = scratch();
    let city = town().write(folder.path());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    refused("port in use", &city, &data(folder.path()), &["--http", &address], &[&address]);
}

#[test]
fn a_second_server_on_one_folder_is_refused_and_the_first_goes_on() {
    let folder = scratch();
    let city = town().write(folder.path());
    let data = data(folder.path());
    let first = Platform::start(&city, &data, &["--demo"]);
    let pid = first.pid().to_string();
    refused("two servers", &city, &data, &[], &[&pid]);
    let client = system_tests::http::Client::new(&first.http);
    assert_eq!(client.get("/healthz").status, 200);
}

#[test]
fn a_journal_of_a_newer_version_is_refused() {
    let folder = scratch();
    let city = town().write(folder.path());
    let data = data(folder.path());
    assert_eq!(Platform::start(&city, &data, &[]).stop().code(), Some(0));
    let journal = rusqlite::Connection::open(data.join("journal.sqlite")).expect("opens");
    journal.pragma_update(None, "user_version", 9_999).expect("set");
    drop(journal);
    refused("newer journal", &city, &data, &[], &["newer"]);
}

#[test]
fn secrets_that_others_can_read_and_a_demo_on_the_open_network_are_refused() {
    let folder = scratch();
    let city = town().write(folder.path());
    let data = data(folder.path());
    let file = data.join("credentials.toml");
    std::fs::write(&file, "[agency]\n\"*\" = \"0123456789abcdef0123456789abcdef\"\n[unit]\n")
        .expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("set");
    refused("readable secrets", &city, &data, &["--demo"], &["credentials.toml"]);
    let folder = scratch();
    let data = self::data(folder.path());
    refused("demo for all", &city, &data, &["--demo", "--http", "0.0.0.0:0"], &["--demo"]);
}
