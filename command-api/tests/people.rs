//! `fenghuo user` and `fenghuo agency` beside a running platform, as people type them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use command_api::access::Access;
use command_api::serve::WallClock;
use common::{PASSWORD, Running, now_ms, people, town};
use serde_json::json;

/// The program in a folder: its arguments, what it is told, and what it says.
fn fenghuo(folder: &Path, arguments: &[&str], told: &str) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
    command.args(arguments).current_dir(folder).env_remove("FENGHUO_DATA");
    run(command, told)
}

fn run(mut command: Command, told: &str) -> (bool, String, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().unwrap();
    // A program that has ended already reads nothing.
    let _ = program.stdin.take().unwrap().write_all(told.as_bytes());
    let ended = program.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (ended.status.success(), text(ended.stdout), text(ended.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_is_added_and_a_feed_let_in_while_the_platform_runs() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;

    // Without input a password is made, shown once, and good.
    let (good, said, _) = fenghuo(folder.path(), &["user", "add", "li", "--role", "officer"], "");
    assert!(good && said.starts_with("li is officer\n"), "{said}");
    let made = said.lines().find_map(|l| l.strip_prefix("password ")).expect("a password");
    let made = made.split(' ').next().unwrap();
    signed_in(&platform, "li", made).await;

    // A line of input is the password.
    let add = ["user", "add", "wu", "--role", "commander"];
    let (good, said, _) = fenghuo(folder.path(), &add, &format!("{PASSWORD}\n"));
    assert_eq!((good, said.as_str()), (true, "wu is commander\n"));
    signed_in(&platform, "wu", PASSWORD).await;
    let (good, _, why) = fenghuo(folder.path(), &add, "short\n");
    assert!(!good && why.contains("at least 12 characters"), "{why}");
    let (_, said, _) = fenghuo(folder.path(), &["user", "list"], "");
    assert!(
        said.contains("li officer active\n") && said.contains("wu commander active\n"),
        "{said}"
    );

    // And who was just shut out does not come in any more.
    let (good, _, why) = fenghuo(folder.path(), &["user", "disable", "wu"], "");
    assert!(good, "{why}");
    let said = json!({ "user": "wu", "password": PASSWORD });
    assert_eq!(platform.client().post("/v1/session", &said).await.status, 401);

    let (good, token, why) = fenghuo(folder.path(), &["agency", "token", "rescue"], "");
    assert!(good, "{why}");
    let feed = platform.client().with("Authorization", &format!("Bearer {}", token.trim()));
    let body = json!([{ "station": "A", "property": "discharge", "t": now_ms(), "v": 1 }]);
    let began = tokio::time::Instant::now();
    while feed.post("/v1/observations", &body).await.status != 200 {
        assert!(began.elapsed() < common::WITHIN, "the token is not let in");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let (good, _, why) = fenghuo(folder.path(), &["agency", "token", "no such id"], "");
    assert!(!good && !why.is_empty(), "{why}");
    platform.stop().await.unwrap();
}

/// Signs in at the first try: who was just added need not wait until it is noticed.
async fn signed_in(platform: &Running, user: &str, password: &str) {
    let said = json!({ "user": user, "password": password });
    let answer = platform.client().post("/v1/session", &said).await;
    assert_eq!(answer.status, 200, "{user}: {}", answer.text());
}

#[test]
fn the_data_folder_is_named_found_or_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (elsewhere, empty) = (folder.path().join("kept"), folder.path().join("empty"));
    people(&elsewhere);
    std::fs::create_dir_all(empty.join("data")).unwrap();
    let list = ["user", "list"];
    // Nothing is made in a folder that only happens to have that name.
    let (good, _, why) = fenghuo(&empty, &list, "");
    assert!(!good, "it made a platform of a folder");
    for word in ["--data", "FENGHUO_DATA", "fenghuo serve"] {
        assert!(why.contains(word), "{word} in {why}");
    }
    assert!(!empty.join("data/access.sqlite").exists());
    let mut named = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
    named.args(list).current_dir(&empty).env("FENGHUO_DATA", &elsewhere);
    let (good, said, why) = run(named, "");
    assert!(good && said.contains("officer officer active"), "{said}{why}");
    let (good, said, why) =
        fenghuo(&empty, &["user", "list", "--data", elsewhere.to_str().unwrap()], "");
    assert!(good && said.contains("zhang officer active"), "{said}{why}");
    let (good, _, why) = fenghuo(&empty, &["user", "list", "--data", "nowhere"], "");
    assert!(!good && why.contains("nowhere"), "{why}");
}

#[tokio::test(flavor = "current_thread")]
async fn who_waits_for_the_access_file_holds_nobody_else_up() {
    let folder = tempfile::tempdir().unwrap();
    people(folder.path());
    let file = folder.path().join("access.sqlite");
    let access = Arc::new(Access::open(&file, Arc::new(WallClock)).unwrap());
    let here = std::net::IpAddr::from([127, 0, 0, 1]);
    let secret = access.sign_in("officer", PASSWORD, here).await.unwrap();
    let session = access.person(&secret).unwrap().session;
    // Somebody else writes, for as long as they please.
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (out, into) = (Arc::clone(&access), Arc::clone(&access));
    let out = tokio::spawn(async move { out.sign_out(session).await });
    let into = tokio::spawn(async move { into.sign_in("zhang", PASSWORD, here).await });
    // This runs on the same thread as they do.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!out.is_finished() && !into.is_finished(), "nobody waited for the file");
    assert!(access.person(&secret).is_none(), "signed out at once, whatever the file does");
    other.execute_batch("COMMIT").unwrap();
    out.await.unwrap().unwrap();
    let secret = into.await.unwrap().unwrap();
    assert_eq!(access.person(&secret).unwrap().name.as_str(), "zhang");
}
