//! A real city's day: 10,000 datastreams at one a minute, 40 hospitals, 200 units at one position in
//! five seconds, hotlines, warnings, and two in a hundred of it wrong in every way; how much of the
//! machine it takes, how late it is shown, and that every thing sent is accounted for.
//!
//! Ten minutes as they pass, then the same rates so many times as fast. Compressed, everything comes
//! so many times as often and is dated when it is sent; telemetry by SL 651, which dates to the
//! minute, is of the day's own minutes and so comes late. `CITY_MINUTES` and `CITY_DAY_SPEED` set
//! other lengths; a speed of 0 leaves the compressed day out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use simulators::day::{Day, town};
use system_tests::console::Console;
use system_tests::day::City;
use system_tests::platform::scratch;

use crate::consoles::now_ms;
use crate::figures::{Figure, cpu_s, figure, goal, peak_mb};

/// Minutes as they pass.
const MINUTES: f64 = 10.0;
/// Minutes of a day.
const DAY_MINUTES: f64 = 24.0 * 60.0;
/// The compressed day: so many times as fast.
const DAY_SPEED: f64 = 240.0;
/// How much longer than its length a day may take to be answered.
const AIR: Duration = Duration::from_secs(1_800);

fn set(name: &str, otherwise: f64) -> f64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Reads what a console is told, and notes how old the positions of units are, ms.
fn watch(city: &City, end: &Arc<AtomicBool>) -> std::thread::JoinHandle<Vec<i64>> {
    let platform = city.platform.as_ref().expect("it runs");
    let officer = platform.sign_in("demo");
    let (http, end) = (platform.http.clone(), Arc::clone(end));
    std::thread::spawn(move || {
        let mut console = Console::connect(&http, &officer, None);
        let mut ages = Vec::new();
        while !end.load(Ordering::Relaxed) {
            let Some(message) = console.next(Duration::from_millis(200)) else { continue };
            let now = now_ms();
            let changes = message["changes"].as_array().cloned().unwrap_or_default();
            let units = changes.iter().filter(|c| c["kind"] == "unit");
            let seen = units.filter_map(|c| c["row"]["heard_ms"].as_i64());
            ages.extend(seen.map(|t| now - t));
        }
        ages
    })
}

fn part(city: &City, name: &str, day: Day) -> Vec<Figure> {
    let pid = city.platform.as_ref().expect("it runs").pid();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{name}: seed {} load before {}", day.seed, load.trim());
    let end = Arc::new(AtomicBool::new(false));
    let seeing = watch(city, &end);
    let (before, answered) = (cpu_s(pid).unwrap_or_default(), city.answered());
    let began = Instant::now();
    let length = Duration::from_secs_f64(day.minutes * 60.0 / day.speed);
    city.sent(city.send(day), length + AIR);
    let took = began.elapsed().as_secs_f64();
    let cpu = (cpu_s(pid).unwrap_or_default() - before) / took;
    let sent = (city.answered() - answered) as f64;
    end.store(true, Ordering::Relaxed);
    let mut ages = seeing.join().expect("a console");
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{name}: load after {}", load.trim());
    let mut found = vec![
        figure(&format!("{name}: sent and answered"), sent, "things"),
        figure(&format!("{name}: a second"), sent / took, "things/s"),
        figure(&format!("{name}: took, of {:.0} s planned", length.as_secs_f64()), took, "s"),
        figure(&format!("{name}: CPU of the platform"), cpu, "cores"),
        figure(&format!("{name}: memory, peak"), peak_mb(pid).unwrap_or_default(), "MB"),
    ];
    for (q, word) in [(0.5, "p50"), (0.99, "p99")] {
        let shown = crate::consoles::quantile(&mut ages, q);
        found.push(figure(&format!("{name}: position sent to shown, {word}"), shown, "ms"));
    }
    city.ledger(|ledger| {
        for (door, lags) in &ledger.lags {
            for (q, word) in [(0.5, "p50"), (0.99, "p99")] {
                let name = format!("{name}: sent to answered by {door}, {word}");
                found.push(figure(&name, lags.quantile_ms(q), "ms"));
            }
        }
    });
    found
}

/// The account as a table.
fn account(city: &City) -> Vec<Figure> {
    let differences = city.differences();
    differences.iter().for_each(|said| println!("DIFFERS {said}"));
    city.ledger(|ledger| {
        println!(
            "{:<11} {:<6} {:>9} {:>9} {:>9} {:>8} {:>11} {:>6}",
            "agency", "door", "sent", "accepted", "duplicate", "refused", "quarantined", "again"
        );
        for (agency, doors) in ledger.whole() {
            for (door, e) in doors {
                println!(
                    "{agency:<11} {door:<6} {:>9} {:>9} {:>9} {:>8} {:>11} {:>6}",
                    e.sent, e.accepted, e.duplicate, e.refused, e.quarantined, e.again
                );
                println!("{:19}{:?}", "", e.reasons);
            }
        }
        println!("turned away without a name: {:?}", ledger.turned_away);
    });
    let wrong = differences.len() as f64;
    vec![goal("city: accounts that differ", wrong, "", "none", differences.is_empty())]
}

/// Runs it.
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let seed = u64::from(std::process::id());
    let size = if quick { 1 } else { town::WHOLE };
    let folder = scratch();
    let mut city = City::start(folder.path(), size);
    let minutes = set("CITY_MINUTES", if quick { 1.0 } else { MINUTES });
    let day = Day { seed, size, minutes, speed: 1.0, wrong: 0.02 };
    let mut found = part(&city, "city", day);
    found.extend(account(&city));
    let speed = set("CITY_DAY_SPEED", DAY_SPEED);
    if speed > 0.0 {
        // A platform of its own: counts begin anew.
        let folder = scratch();
        city = City::start(folder.path(), 1);
        let day = Day { seed, size: 1, minutes: DAY_MINUTES, speed, wrong: 0.02 };
        found.extend(part(&city, "day of a tenth of the city, compressed", day));
        found.extend(account(&city));
    }
    found
}
