//! The arrows of ARCHITECTURE.md: reads `cargo metadata` and fails on a forbidden edge.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::{Value, json};

/// Crate → what it may depend on, of ours and of the packages that give a room its purpose.
/// A crate of ours that is not listed here may not exist.
const MAY_USE: &[(&str, &[&str])] = &[
    ("gis", &[]),
    ("domain", &["gis"]),
    ("journal", &["domain"]),
    ("tls", &["domain"]),
    ("mqtt-edge", &["domain", "tls"]),
    ("ingest", &["domain", "gis", "journal", "mqtt-edge", "tls"]),
    ("stream", &["domain", "gis"]),
    ("contract", &["domain", "gis"]),
    (
        "command-api",
        &["domain", "gis", "journal", "mqtt-edge", "tls", "ingest", "stream", "contract"],
    ),
    ("simulators", &["contract", "domain", "gis"]),
    (
        "system-tests",
        &[
            "gis",
            "domain",
            "journal",
            "mqtt-edge",
            "tls",
            "ingest",
            "stream",
            "contract",
            "command-api",
            "simulators",
        ],
    ),
    ("xtask", &[]),
];

/// Crate → packages of others that must never be among its normal dependencies.
const NEVER: &[(&str, &[&str])] = &[
    ("gis", &["tokio", "timely"]),
    ("domain", &["tokio", "timely", "rusqlite", "hyper", "axum", "rumqttc"]),
    ("journal", &["timely", "axum", "rumqttc"]),
    ("mqtt-edge", &["timely", "rusqlite", "axum"]),
    ("tls", &["timely", "rusqlite", "axum"]),
    ("ingest", &["timely"]),
    ("stream", &["tokio", "rumqttc", "rusqlite", "axum", "hyper"]),
    ("contract", &["tokio", "timely", "axum", "rusqlite"]),
    ("simulators", &["timely", "rusqlite", "axum"]),
];

/// Packages that one room alone may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("mqtt-protocol-core", &["mqtt-edge"]),
    ("timely", &["stream"]),
    ("rustls", &["tls"]),
    ("tokio-rustls", &["tls", "system-tests"]),
    ("influxdb2", &["ingest"]),
    ("tokio-tungstenite", &["command-api", "system-tests"]),
];

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo metadata runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("metadata is JSON")
}

/// Workspace crate → names of its dependencies; `tests_too` with those of its tests.
fn edges(metadata: &Value, tests_too: bool) -> BTreeMap<String, BTreeSet<String>> {
    let packages = metadata["packages"].as_array().expect("packages");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    packages
        .iter()
        .map(|p| {
            let deps = p["dependencies"].as_array().expect("dependencies");
            let counted = deps.iter().filter(|d| tests_too || d["kind"] != "dev");
            (text(&p["name"]), counted.map(|d| text(&d["name"])).collect())
        })
        .collect()
}

/// Arrows that are not drawn. A room's tests keep to its arrows too: a simulator that were tested
/// with the platform's own decoder would prove nothing.
fn wrong_arrows(metadata: &Value) -> Vec<String> {
    let edges = edges(metadata, true);
    let ours: BTreeSet<&String> = edges.keys().collect();
    let mut wrong = Vec::new();
    for (name, deps) in &edges {
        let Some((_, may)) = MAY_USE.iter().find(|(n, _)| n == name) else {
            wrong.push(format!("{name}: a crate that ARCHITECTURE.md does not know"));
            continue;
        };
        for dep in deps.iter().filter(|d| ours.contains(d)) {
            if !may.contains(&dep.as_str()) {
                wrong.push(format!("{name} must not use {dep}"));
            }
        }
    }
    for (name, _) in MAY_USE.iter().filter(|(n, _)| !edges.contains_key(*n)) {
        wrong.push(format!("{name} is gone"));
    }
    wrong
}

/// Packages of others in rooms where they do not belong.
fn wrong_packages(metadata: &Value) -> Vec<String> {
    let edges = edges(metadata, false);
    let mut wrong = Vec::new();
    for (name, never) in NEVER {
        for dep in never.iter().filter(|d| edges[*name].contains(**d)) {
            wrong.push(format!("{name} must never use {dep}"));
        }
    }
    for (dep, rooms) in ONLY_IN {
        for (name, deps) in &edges {
            if deps.contains(*dep) && !rooms.contains(&name.as_str()) {
                wrong.push(format!("{dep} belongs to {rooms:?} alone, {name} names it"));
            }
        }
    }
    wrong
}

#[test]
fn every_arrow_is_one_that_is_drawn() {
    let wrong = wrong_arrows(&metadata());
    assert!(wrong.is_empty(), "forbidden edges:\n{}", wrong.join("\n"));
}

#[test]
fn no_room_names_what_is_not_its_own() {
    let wrong = wrong_packages(&metadata());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_drawn_arrows_have_no_way_back() {
    let may = |name: &str| MAY_USE.iter().find(|(n, _)| *n == name).map_or(&[][..], |(_, m)| *m);
    for (name, deps) in MAY_USE {
        for dep in *deps {
            assert!(!may(dep).contains(name), "{name} and {dep} would use each other");
        }
    }
}

#[test]
fn a_forbidden_edge_is_seen() {
    let real = metadata();
    // (crate, a dependency put into it, of what kind, what is said)
    let seeded = [
        ("gis", "stream", Value::Null, "gis must not use stream"),
        ("stream", "ingest", Value::Null, "stream must not use ingest"),
        ("contract", "command-api", json!("build"), "contract must not use command-api"),
        ("simulators", "ingest", json!("dev"), "simulators must not use ingest"),
        ("stream", "tokio", Value::Null, "stream must never use tokio"),
        ("gis", "timely", Value::Null, "gis must never use timely"),
        ("command-api", "influxdb2", Value::Null, "command-api names it"),
    ];
    for (name, dep, kind, said) in seeded {
        let mut metadata = real.clone();
        let packages = metadata["packages"].as_array_mut().expect("packages");
        let package = packages.iter_mut().find(|p| p["name"] == name).expect("the crate");
        let deps = package["dependencies"].as_array_mut().expect("dependencies");
        deps.push(json!({ "name": dep, "kind": kind }));
        let wrong = [wrong_arrows(&metadata), wrong_packages(&metadata)].concat();
        assert!(
            wrong.len() == wrong.iter().filter(|w| w.contains(dep)).count() && !wrong.is_empty(),
            "{name} -> {dep}: {wrong:?}"
        );
        assert!(wrong.iter().any(|w| w.contains(said)), "{name} -> {dep}: {wrong:?}");
    }
    let mut metadata = real.clone();
    let packages = metadata["packages"].as_array_mut().expect("packages");
    packages.push(json!({ "name": "shed", "dependencies": [] }));
    assert!(wrong_arrows(&metadata).iter().any(|w| w.starts_with("shed: ")));
    let mut metadata = real;
    let packages = metadata["packages"].as_array_mut().expect("packages");
    packages.retain(|p| p["name"] != "xtask");
    assert_eq!(wrong_arrows(&metadata), ["xtask is gone"]);
}
