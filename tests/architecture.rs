//! The arrows of ARCHITECTURE.md: reads `cargo metadata` and fails on a forbidden edge.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crate → what it may depend on, of ours and of the packages that give a room its purpose.
/// A crate of ours that is not listed here may not exist.
const MAY_USE: &[(&str, &[&str])] = &[
    ("gis", &[]),
    ("domain", &["gis"]),
    ("journal", &["domain"]),
    ("mqtt-edge", &["domain"]),
    ("ingest", &["domain", "gis", "journal", "mqtt-edge"]),
    ("stream", &["domain", "gis"]),
    ("contract", &["domain", "gis"]),
    ("command-api", &["domain", "gis", "journal", "mqtt-edge", "ingest", "stream", "contract"]),
    ("simulators", &["contract", "domain", "gis"]),
    (
        "system-tests",
        &[
            "gis",
            "domain",
            "journal",
            "mqtt-edge",
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
    ("ingest", &["timely"]),
    ("stream", &["tokio", "rumqttc", "rusqlite", "axum", "hyper"]),
    ("contract", &["tokio", "timely", "axum", "rusqlite"]),
    ("simulators", &["timely", "rusqlite", "axum"]),
];

/// Packages that one room alone may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("mqtt-protocol-core", &["mqtt-edge"]),
    ("timely", &["stream"]),
    ("influxdb2", &["ingest"]),
    ("tokio-tungstenite", &["command-api", "system-tests"]),
];

/// Workspace crate → names of its normal and build dependencies.
fn edges() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo metadata runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: serde_json::Value =
        serde_json::from_slice(&out.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
    packages
        .iter()
        .map(|p| {
            let deps = p["dependencies"].as_array().expect("dependencies");
            let normal = deps.iter().filter(|d| d["kind"] != "dev").map(|d| text(&d["name"]));
            (text(&p["name"]), normal.collect())
        })
        .collect()
}

#[test]
fn every_arrow_is_one_that_is_drawn() {
    let edges = edges();
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
    assert!(wrong.is_empty(), "forbidden edges:\n{}", wrong.join("\n"));
    assert_eq!(edges.len(), MAY_USE.len(), "a crate of the list is gone");
}

#[test]
fn no_room_names_what_is_not_its_own() {
    let edges = edges();
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
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_forbidden_edge_would_be_seen() {
    // The check itself must be able to fail: the drawn arrows contain no way back.
    let may = |name: &str| MAY_USE.iter().find(|(n, _)| *n == name).map_or(&[][..], |(_, m)| *m);
    for (name, deps) in MAY_USE {
        for dep in *deps {
            assert!(!may(dep).contains(name), "{name} and {dep} would use each other");
        }
    }
    assert!(!may("simulators").contains(&"stream"));
    assert!(!may("stream").contains(&"ingest"));
}
