//! One agency at a hundred times its quota, with broken and oversized frames, by MQTT, HTTP and
//! SL 651: how long the others wait for their acknowledgements by each door, beside how long they
//! wait in calm.

mod loud;
mod quiet;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use system_tests::platform::{Platform, scratch};
use system_tests::town::Town;

use crate::consoles::{now_ms, quantile};
use crate::figures::{Figure, cpu_s, figure, goal};

/// What the flooding agency may send, observations a second.
const QUOTA_PER_S: u32 = 100;
/// The telemetry stations of the flooding agency and of a quiet one.
const LOUD_STATION: &str = "0044070901";
const QUIET_STATION: &str = "0044070902";

fn town() -> Town {
    let agencies = format!(
        "[[agency]]\nid = \"flood\"\nname = \"flood\"\nrate_per_s = {QUOTA_PER_S}\n\
         [[agency]]\nid = \"hydro\"\nname = \"hydro\"\n[[agency]]\nid = \"weather\"\nname = \"weather\"\n\
         [[agency]]\nid = \"works\"\nname = \"works\"\n"
    );
    let mut town = Town::new().file("agencies.toml", &agencies);
    for agency in ["flood", "hydro", "weather", "works"] {
        town = town.station_of(agency, &format!("S-{agency}"), &[("discharge", 60)]);
    }
    town.telemetry(&[LOUD_STATION, QUIET_STATION])
}

/// Where a platform listens, and what an agency shows to be let in.
#[derive(Debug)]
struct Doors<'a> {
    mqtt: &'a str,
    http: &'a str,
    sl651: &'a str,
    data: &'a Path,
}

impl Doors<'_> {
    /// The demo's token of an agency.
    fn token(&self, agency: &str) -> String {
        let text =
            std::fs::read_to_string(self.data.join("credentials.toml")).expect("credentials");
        let start = format!("\"{agency}\"");
        let line = text.lines().find(|l| l.starts_with(&start)).expect("a line");
        line.split('"').nth(3).expect("a token").to_owned()
    }
}

fn observation(agency: &str, n: u64) -> Vec<u8> {
    let t = now_ms() - i64::try_from(n % 1_000).expect("small");
    format!(r#"{{"station":"S-{agency}","property":"discharge","t":{t},"v":{}.5}}"#, n % 20)
        .into_bytes()
}

/// Runs it.
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let seconds = if quick { 8 } else { 30 };
    let folder = scratch();
    let city = town().write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let platform = Platform::start(&city, &data, &["--demo", "--sl651", "127.0.0.1:0"]);
    let doors = Doors {
        mqtt: &platform.mqtt,
        http: platform.http.trim_start_matches("http://"),
        sl651: &platform.sl651,
        data: &data,
    };
    quiet::waits(&doors, 2);
    let calm = quiet::waits(&doors, seconds);
    let (end, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let before = cpu_s(platform.pid()).unwrap_or_default();
    let busy = std::thread::scope(|scope| {
        loud::begin(scope, &doors, &end, &sent);
        let busy = quiet::waits(&doors, seconds);
        end.store(true, Ordering::Relaxed);
        busy
    });
    let cpu = (cpu_s(platform.pid()).unwrap_or_default() - before) / seconds as f64;
    let taken = sent.load(Ordering::Relaxed) as f64 / seconds as f64;
    let mut found = vec![
        figure("flood: taken off one agency that offers 10,000/s", taken, "frames/s"),
        figure("flood: CPU of the platform", cpu, "cores"),
    ];
    for ((door, mut calm), (_, mut busy)) in calm.into_iter().zip(busy) {
        let (calm, busy) = (quantile(&mut calm, 0.99), quantile(&mut busy, 0.99));
        found.extend([
            figure(&format!("flood: others by {door}, acknowledged, p99, calm"), calm / 1e3, "ms"),
            figure(&format!("flood: others by {door}, the same in the flood"), busy / 1e3, "ms"),
            goal(
                &format!("flood: others by {door}, flood / calm"),
                busy / calm,
                "",
                "at most 1.5",
                busy <= 1.5 * calm,
            ),
        ]);
    }
    found
}
