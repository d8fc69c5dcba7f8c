//! Faults of lines, clocks, consoles and stores, on the built platform: what is promised when a broker
//! starts again, a link is cut in the middle of a frame, a clock is wrong, or a store is away. Links are
//! made bad by a proxy ([`link`]), which needs no rights; a broker is a real mosquitto, the files are
//! locked and spoilt as another program would.
//!
//! The fast tier runs with `cargo xtask test`; where minutes are promised it takes seconds that are
//! longer than every timeout on the way. `FENGHUO_TIER=long` (`cargo xtask chaos`) takes the ten minutes.
//! Each promise, and the tests that show it (a name that is no test fails `every_promise_has_its_tests`):
//!
//! | # | fault | promise | tests |
//! |---|---|---|---|
//! | F18 | the platform's clock jumps | durations are steady, nobody is falsely silent, no window stands | `faults: a_clock_that_is_set_by_an_hour_either_way_makes_nobody_silent_and_stops_no_alert`, `engine: the_platforms_clock_jumps_and_nobody_is_silent_for_it_and_the_flood_is_told`, `ingest: a_clock_that_goes_back_slows_now_and_does_not_stop_it` |
//! | F19 | a sensor's clock is a year ahead | moves nobody's time, later data count | `faults: a_sensor_of_next_year_moves_nobodys_time_and_the_others_are_judged`, `engine: a_frame_ahead_of_the_clock_moves_nobody` |
//! | F20 | ten minutes late, out of order | judged or refused by rule, counted | `faults: ten_minutes_in_any_order_are_accounted_for_and_judged`, `engine: any_shuffle_within_the_lateness` |
//! | F21 | delivered again | one effect | `faults: what_is_delivered_again_has_one_effect`, `ingest: row_32_what_is_sent_again_is_one` |
//! | F22 | the broker or the edge starts again | clients resume, nothing acknowledged is lost | `ingest: nothing_is_lost_over_a_restart_of_the_broker_or_of_the_platform`, `faults: a_line_cut_in_the_middle_of_a_frame_loses_nothing_that_was_acknowledged`, `death: killed_in_every_scene_nothing_acknowledged_is_lost_and_no_alert_is_missing` |
//! | F23 | loss of 1, 10, 30 % | slower, none lost | `faults: a_line_that_loses_is_slower_and_loses_nothing` |
//! | F24 | 300 ms and jitter | an alert within 5 s | `faults: over_a_line_of_300_ms_with_jitter_an_alert_comes_within_five_seconds` |
//! | F25 | a console at 64 kbit/s | bounded, no alert missed | `faults: a_console_at_64_kbit_per_second_misses_no_alert_and_costs_no_memory` |
//! | F26 | one way only | noticed within 90 s and shown | `faults: a_line_that_is_silent_in_one_direction_is_noticed_at_both_ends` |
//! | F27 | the peer is gone, half open | closed by the keep-alive, told silent | `faults: a_peer_that_is_gone_without_a_word_is_closed_by_its_keep_alive_and_shown_as_silent` |
//! | F28 | a console reads nothing | let go, the others unharmed | `faults: consoles_that_read_nothing_are_let_go_and_harm_nobody` |
//! | F29 | thousands come back at once | taken or refused, alerts go on | `faults: a_storm_of_reconnections_is_taken_and_alerts_go_on` |
//! | F30 | a database is away | ingest and alerts go on, each row once | `faults: while_another_program_holds_a_file_ingest_and_alerts_go_on_and_each_row_comes_once` |
//! | F31 | InfluxDB down or silent | bounded, never before an alert | `faults: an_archive_that_is_away_or_says_nothing_costs_no_alert_and_no_bounded_room`, `ingest: every_point_is_read_back_from_a_real_server_that_was_away` |
//! | F32 | SQLite locked or corrupt | waited for; made anew from the journal | `faults: while_another_program_holds_the_journal_nothing_is_acknowledged_and_then_all_of_it`, `faults: files_that_are_damaged_are_made_anew_from_the_journal`, `journal: a_damaged_snapshot_is_passed_over_for_the_one_before` |
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod clocks;
mod consoles;
mod lines;
mod link;
mod order;
mod scene;
mod stores;

use std::path::Path;

/// Where a table's word for a room leads.
const ROOMS: [(&str, &str); 5] = [
    ("faults", "tests/faults"),
    ("death", "tests/death"),
    ("engine", "stream/tests/engine"),
    ("ingest", "ingest"),
    ("journal", "ingest/journal"),
];

/// Whether a folder has a test of that name.
fn has_test(folder: &Path, name: &str) -> bool {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.filter_map(Result::ok).any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return has_test(&path, name);
        }
        let is_rust = path.extension().is_some_and(|e| e == "rs");
        let text = is_rust.then(|| std::fs::read_to_string(&path).unwrap_or_default());
        text.is_some_and(|text| {
            let found = text.split_once(&format!("fn {name}("));
            found.is_some_and(|(before, _)| {
                let tail = before.get(before.len().saturating_sub(120)..).unwrap_or(before);
                tail.contains("test")
            })
        })
    })
}

#[test]
fn every_promise_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let rows: Vec<&str> =
        include_str!("main.rs").lines().filter_map(|line| line.strip_prefix("//! | F")).collect();
    let numbers: Vec<u32> =
        rows.iter().filter_map(|row| row.split(' ').next()?.parse().ok()).collect();
    assert_eq!(numbers, (18..=32).collect::<Vec<_>>());
    for row in rows {
        let cell = row.split('|').nth(3).expect("a cell of tests");
        let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            let (room, test) = name.split_once(": ").expect("room: test");
            let (_, folder) = ROOMS.iter().find(|(r, _)| *r == room).expect("a room");
            assert!(has_test(&root.join(folder), test), "there is no test {test} in {folder}");
        }
    }
}
