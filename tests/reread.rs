//! The registry is read again by a running platform: by SIGHUP, and by the command line, which says
//! what has changed and whether it is in force.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use system_tests::http::Client;
use system_tests::platform::{Platform, binary, eventually, scratch};
use system_tests::town::Town;

const SOON: Duration = Duration::from_secs(30);

fn fenghuo(arguments: &[&str]) -> Output {
    Command::new(binary("fenghuo")).args(arguments).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn add_station(city: &Path, row: &str) {
    let path = city.join("stations.csv");
    let text = std::fs::read_to_string(&path).expect("stations");
    let columns = text.lines().next().expect("a header").split(',').count();
    let commas = ",".repeat(columns - row.split(',').count());
    std::fs::write(&path, format!("{text}{row}{commas}\n")).expect("written");
}

fn stations(officer: &Client) -> Vec<String> {
    let city = officer.get("/v1/city").json();
    let all = city["stations"].as_array().expect("stations").iter();
    all.map(|s| s["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_hangup_and_the_command_line_put_an_edited_registry_in_force_and_say_so() {
    let folder = scratch();
    let town = Town::new().hazard("discharge", &[("red", 300.0, None)]);
    let city = town.station("G1", &[("discharge", 60)]).write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let platform = Platform::start(&city, &data, &["--demo"]);
    let officer = platform.sign_in("demo");
    let out = folder.path().join("out");
    assert!(fenghuo(&["registry", "export", shown(&out), "--data", shown(&data)]).status.success());

    add_station(&city, "G2,G2,G2,hydro,112.61,22.11");
    let hup = Command::new("kill").args(["-HUP", &platform.pid().to_string()]).status();
    assert!(hup.expect("kill runs").success());
    eventually("the new station is there", SOON, || {
        (stations(&officer) == ["G1", "G2"]).then_some(())
    });

    // A slip changes nothing, and is said with its place.
    let good = std::fs::read_to_string(city.join("stations.csv")).expect("stations");
    std::fs::write(city.join("stations.csv"), good.replace("112.61", "x")).expect("written");
    let slip = fenghuo(&["registry", "reload", "--data", shown(&data)]);
    assert!(!slip.status.success(), "{}", said(&slip));
    assert!(said(&slip).contains("stations.csv:3:5: lon \"x\" is not a number"), "{}", said(&slip));
    assert!(said(&slip).contains("nothing was changed"), "{}", said(&slip));
    std::fs::write(city.join("stations.csv"), good).expect("written");
    let same = fenghuo(&["registry", "reload", "--data", shown(&data)]);
    assert!(said(&same).contains("nothing has changed"), "{}", said(&same));

    // Another folder than the one that is served: nothing of it is in force, and that is said.
    let other = folder.path().join("other");
    let copied = Command::new("cp").args(["-r", shown(&city), shown(&other)]).status();
    assert!(copied.expect("cp runs").success());
    let missed = fenghuo(&[
        "registry",
        "import",
        shown(&out),
        "--city",
        shown(&other),
        "--data",
        shown(&data),
    ]);
    assert!(said(&missed).contains("is another folder than the platform"), "{}", said(&missed));

    // Edited files of an export, taken over and in force at once: here back to what was exported.
    add_station(&out.join("city"), "G3,G3,G3,hydro,112.62,22.12");
    let done = fenghuo(&[
        "registry",
        "import",
        shown(&out),
        "--city",
        shown(&city),
        "--data",
        shown(&data),
    ]);
    let answer = said(&done);
    assert!(done.status.success(), "{answer}");
    assert!(
        answer.contains("+ stations.csv G3") && answer.contains("- stations.csv G2"),
        "{answer}"
    );
    assert!(answer.contains("in force since record"), "{answer}");
    assert!(answer.contains("hold from the next start on"), "{answer}");
    assert_eq!(stations(&officer), ["G1", "G2", "G3"], "a number is nobody else's until a start");
    let log = officer.get("/v1/log").json();
    let log = log.as_array().expect("a log").iter();
    let ways: Vec<String> = log
        .filter(|line| line["what"] == "registry.changed")
        .map(|line| line["about"].as_str().expect("a way").to_owned())
        .collect();
    assert_eq!(ways, ["command", "signal"]);
    assert_eq!(platform.stop().code(), Some(0));
    let whole = fenghuo(&["verify", "--data", shown(&data)]);
    assert!(whole.status.success(), "{}", said(&whole));
}
