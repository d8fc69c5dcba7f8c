//! The house is kept: nothing unfinished, no file that cannot be seen whole, no path of one machine.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

/// Lines a source file may have, by what it is.
const MAX_LINES: &[(&str, usize)] = &[("rs", 400), ("ts", 300), ("svelte", 300)];
/// Test files may be longer.
const MAX_LINES_OF_TESTS: usize = 600;

/// Words that mark something unfinished or hidden. Put together here, so that this file is clean.
fn unfinished() -> Vec<String> {
    let words = [("TO", "DO"), ("FIX", "ME"), ("XX", "X:"), ("#[ig", "nore"), ("test.sk", "ip(")];
    words.iter().map(|(a, b)| format!("{a}{b}")).collect()
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the workspace").to_path_buf()
}

/// Every file that belongs to the repository, as git lists them (tracked, or new and not ignored).
fn files() -> Vec<PathBuf> {
    let out = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git ls-files runs");
    assert!(out.status.success());
    let list = String::from_utf8(out.stdout).expect("file names are UTF-8");
    let files: Vec<PathBuf> =
        list.lines().map(|l| root().join(l)).filter(|p| p.is_file()).collect();
    assert!(files.len() > 50, "the list of files is not the repository's");
    files
}

fn is_test(path: &Path) -> bool {
    let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
    path.components().any(|c| c.as_os_str() == "tests")
        || name == "tests"
        || name.ends_with("_tests")
        || name.ends_with(".spec")
        || name.ends_with(".test")
}

fn is_generated(path: &Path, text: &str) -> bool {
    text.lines().take(3).any(|l| l.contains("generated") || l.contains("Generated"))
        && path.to_string_lossy().contains("contract")
}

#[test]
fn every_file_can_be_seen_whole() {
    let mut long = Vec::new();
    for path in files() {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let Some((_, max)) = MAX_LINES.iter().find(|(e, _)| *e == extension) else { continue };
        let text = std::fs::read_to_string(&path).expect("readable");
        let max = if is_test(&path) { MAX_LINES_OF_TESTS } else { *max };
        let lines = text.lines().count();
        if lines > max && !is_generated(&path, &text) {
            long.push(format!("{}: {lines} lines, at most {max}", path.display()));
        }
    }
    assert!(long.is_empty(), "rooms too large to see whole:\n{}", long.join("\n"));
}

#[test]
fn nothing_is_left_unfinished_or_hidden() {
    let words = unfinished();
    let mut found = Vec::new();
    for path in files() {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if !["rs", "ts", "svelte", "toml", "md"].contains(&extension) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("readable");
        for (at, line) in text.lines().enumerate() {
            if words.iter().any(|w| line.contains(w.as_str())) {
                found.push(format!("{}:{}: {line}", path.display(), at + 1));
            }
        }
    }
    assert!(found.is_empty(), "unfinished:\n{}", found.join("\n"));
}

#[test]
fn the_top_level_is_closed() {
    let allowed = [
        "ingest",
        "stream",
        "command-api",
        "gis",
        "dashboards",
        "simulators",
        "tests",
        ".cargo",
        ".ci",
    ];
    let root = root();
    let mut strange = Vec::new();
    for path in files() {
        let inside = path.strip_prefix(&root).expect("inside");
        let mut parts = inside.components();
        let first = parts.next().map(|c| c.as_os_str().to_string_lossy().into_owned());
        let first = first.unwrap_or_default();
        if parts.next().is_some() && !allowed.contains(&first.as_str()) {
            strange.push(inside.display().to_string());
        }
    }
    assert!(strange.is_empty(), "folders that do not belong at the root:\n{}", strange.join("\n"));
}

/// What a page of documents names in back-quotes or links to, as a path of the repository.
fn named_paths(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let rooms =
        ["ingest/", "stream/", "command-api/", "gis/", "dashboards/", "simulators/", "tests/"];
    let quoted = quoted.filter(|q| rooms.iter().any(|room| q.starts_with(room))).map(str::to_owned);
    let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let linked = linked.filter(|link| !link.contains("://") && !link.starts_with('#'));
    let linked = linked.filter_map(|link| link.split('#').next());
    quoted.chain(linked.map(str::to_owned)).collect()
}

#[test]
fn documents_name_only_what_is_there() {
    let mut wrong = Vec::new();
    let mut named = 0;
    for page in ["README.md", "README.zh.md", "ARCHITECTURE.md"] {
        let text = std::fs::read_to_string(root().join(page)).expect("readable");
        for path in named_paths(&text) {
            // A place for what is to come (`<protocol>`), or one of several (`{a,b}`).
            let plain = path.split(['<', '{', '*']).next().unwrap_or_default();
            named += 1;
            if !root().join(plain).exists() {
                wrong.push(format!("{page}: {path}"));
            }
        }
    }
    assert!(named > 30, "{named} paths: the pages are not read rightly");
    assert!(wrong.is_empty(), "named and not there:\n{}", wrong.join("\n"));
}

/// Every hazard says what it is, in the officer's reach: the console shows its page.
#[test]
fn every_hazard_says_what_it_detects_from_what_and_how() {
    let hazards = root().join("stream/src/hazards");
    let mut pages = 0;
    for entry in std::fs::read_dir(hazards).expect("readable") {
        let folder = entry.expect("an entry").path();
        if !folder.is_dir() {
            continue;
        }
        let page = std::fs::read_to_string(folder.join("README.md")).expect("a page");
        for part in ["**Detects**", "**Inputs.**", "**Method.**", "**Thresholds", "**Limits.**"] {
            assert!(page.contains(part), "{}: no {part}", folder.display());
        }
        assert!(folder.join("tests.rs").is_file(), "{}: no tests", folder.display());
        pages += 1;
    }
    assert!(pages >= 8, "{pages}");
}
