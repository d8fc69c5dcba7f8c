//! Restart with a long journal: from SIGKILL to `ready`.

use system_tests::platform::{Platform, scratch};

use crate::figures::{Figure, figure, goal};
use crate::mqtt::{To, accepted, agency_token, flood, town};

/// The goal, seconds.
const READY_S: f64 = 3.0;

/// Runs it.
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let messages = if quick { 500_000 } else { 10_000_000 };
    let folder = scratch();
    let city = town().write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let first = Platform::start(&city, &data, &["--demo", "--clock", "replay"]);
    let token = agency_token(&data);
    let to = To { address: &first.mqtt, user: "hydro", token: &token, pid: first.pid() };
    let filled = flood(&to, messages, 0);
    assert_eq!(accepted(&first.http), messages, "acknowledged is not accepted");
    first.kill();
    let again = Platform::start(&city, &data, &["--demo", "--clock", "replay"]);
    let ready = again.time_to_ready.as_secs_f64();
    let bytes = journal_bytes(&data);
    let count = f64::from(u32::try_from(messages).expect("small"));
    vec![
        figure("observations in the journal", count, ""),
        figure("filled at", filled.per_s, "obs/s"),
        figure("journal, bytes an observation", bytes / count, "bytes"),
        goal("SIGKILL to ready", ready, "s", "at most 3", ready <= READY_S),
    ]
}

#[allow(clippy::cast_precision_loss, reason = "bytes of files")]
fn journal_bytes(data: &std::path::Path) -> f64 {
    let files = std::fs::read_dir(data).expect("the data folder").flatten();
    let journal = files.filter(|f| f.file_name().to_string_lossy().starts_with("journal"));
    journal.filter_map(|f| f.metadata().ok()).map(|m| m.len() as f64).sum()
}
