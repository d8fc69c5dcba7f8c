//! Consoles on bad lines: one at 64 kbit/s, one that reads nothing, five thousand that come at once.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use system_tests::http::Client;
use system_tests::platform::eventually;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::link::{Link, Nature};
use crate::scene::{CALM, RED, SOON, Scene, Watcher, body, gauge, long, now_ms, quantile, seed};

/// 64 kbit/s.
const NARROW_BYTES_PER_S: u32 = 8_000;

/// Each of so many gauges floods, falls dry and so on: many changes. The last is a flood everywhere.
fn storm(scene: &Scene, gauges: usize, turns: usize) {
    let mut line = scene.publisher(&scene.platform.mqtt);
    for turn in 0..turns {
        for number in 0..gauges {
            let v = if turn % 2 == 1 || turn + 1 == turns { RED } else { CALM };
            line.publish(0, "fh/v1/hydro/obs", body(number, now_ms(), v).as_bytes()).expect("sent");
        }
    }
    assert!(line.settle(SOON));
}

#[test]
fn a_console_at_64_kbit_per_second_misses_no_alert_and_costs_no_memory() {
    let gauges = 100;
    let scene = Scene::start(gauges, 60, &[]);
    let officer = scene.officer();
    let nature = Nature { down_bytes_per_s: NARROW_BYTES_PER_S, ..Nature::default() };
    let link = Link::to(&scene.platform.http, seed(), nature);
    let narrow = Watcher::open(&link.http(), &officer);
    let wide = Watcher::open(&scene.platform.http, &officer);
    let before = scene.resident_kib();
    storm(&scene, gauges, if long() { 101 } else { 11 });
    let all_red = |told: &crate::scene::Told| {
        (0..gauges)
            .all(|n| told.alerts.get(&gauge(n)).is_some_and(|(l, _)| l == "red"))
            .then_some(())
    };
    wide.until("every alert on the good line", SOON, all_red);
    let began = Instant::now();
    narrow.until("every alert on the narrow line", Duration::from_secs(60), all_red);
    let grown = scene.resident_kib().saturating_sub(before);
    println!(
        "64 kbit/s: all {gauges} alerts {:?} after the good line, {grown} KiB more",
        began.elapsed()
    );
    assert!(grown < 64 * 1024, "{grown} KiB");
}

/// A console that says hello and never reads.
fn deaf(base: &str, officer: &Client) -> TcpStream {
    let address = base.trim_start_matches("http://");
    let socket = socket_with_small_buffer(address);
    let mut request = format!("ws://{address}/v1/live").into_client_request().expect("a request");
    let mut header = |name: &'static str, value: &str| {
        request.headers_mut().insert(name, value.parse().expect("a header"));
    };
    header("origin", base);
    header("cookie", officer.cookie().unwrap_or_default());
    let (mut ws, _) =
        tokio_tungstenite::tungstenite::client(request, socket).expect("the handshake");
    let hello = r#"{"type":"hello","last":0}"#;
    ws.send(tokio_tungstenite::tungstenite::Message::text(hello)).expect("hello");
    ws.get_ref().try_clone().expect("its socket")
}

fn socket_with_small_buffer(address: &str) -> TcpStream {
    TcpStream::connect(address).expect("connects")
}

/// Every gauge changes its level once; how long the good console waited for each.
fn turn(scene: &Scene, good: &Watcher, gauges: usize, odd: bool) -> Vec<Duration> {
    let level = if odd { (RED, "red") } else { (100.0, "yellow") };
    let sent = Instant::now();
    let mut line = scene.publisher(&scene.platform.mqtt);
    for number in 0..gauges {
        line.publish(0, "fh/v1/hydro/obs", body(number, now_ms(), level.0).as_bytes())
            .expect("sent");
    }
    assert!(line.settle(SOON));
    (0..gauges).map(|number| good.alert(&gauge(number), level.1, SOON) - sent).collect()
}

/// How many turns show what the platform itself keeps of a turn: its state grows with what it is
/// told until each of its windows is full.
const TURNS_ALONE: u64 = 100;
/// What ten consoles that read nothing may cost beyond that, KiB.
const DEAF_COST_MAX_KIB: u64 = 16 * 1024;

#[test]
fn consoles_that_read_nothing_are_let_go_and_harm_nobody() {
    let gauges = 100;
    let scene = Scene::start(gauges, 60, &[]);
    let officer = scene.officer();
    let good = Watcher::open(&scene.platform.http, &officer);
    let before = scene.resident_kib();
    for number in 0..TURNS_ALONE {
        turn(&scene, &good, gauges, number % 2 == 0);
    }
    let alone = scene.resident_kib().saturating_sub(before);
    let deaf: Vec<TcpStream> = (0..10).map(|_| deaf(&scene.platform.http, &officer)).collect();
    eventually("they are there", SOON, || {
        (scene.figure("fenghuo_consoles")? >= 11.0).then_some(())
    });
    let before = scene.resident_kib();
    let mut times = Vec::new();
    let began = Instant::now();
    let mut turns = 0;
    // Until they are gone: 15 s without reading, and what the kernel takes before.
    while scene.figure("fenghuo_consoles").is_some_and(|n| n > 1.0) {
        assert!(began.elapsed() < Duration::from_secs(120), "still there");
        times.extend(turn(&scene, &good, gauges, turns % 2 == 0));
        turns += 1;
    }
    let grown = scene.resident_kib().saturating_sub(before);
    let (p50, p99) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
    println!(
        "gone after {:?}; the good console p50 {p50:?} p99 {p99:?}; {grown} KiB in {turns} turns, \
         {alone} KiB in {TURNS_ALONE} without them",
        began.elapsed()
    );
    assert!(p99 < Duration::from_secs(5));
    assert!(grown < alone * turns / TURNS_ALONE + DEAF_COST_MAX_KIB);
    drop(deaf);
}

#[test]
fn a_storm_of_reconnections_is_taken_and_alerts_go_on() {
    let lines = if long() { 5_000 } else { 600 };
    let scene = Scene::start(20, 60, &[]);
    let officer = scene.officer();
    let good = Watcher::open(&scene.platform.http, &officer);
    let token = scene.platform.token("hydro");
    let address = scene.platform.mqtt.clone();
    let mut line = scene.publisher(&address);
    let began = Instant::now();
    let (mut held, mut times) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        let storm: Vec<_> = (0..8)
            .map(|part| {
                let (address, token) = (&address, &token);
                scope.spawn(move || {
                    let open = |n: usize| {
                        let mut socket = TcpStream::connect(address).ok()?;
                        let client = format!("storm-{part}-{n}");
                        let hello =
                            system_tests::publisher::connect_packet(&client, "hydro", token, true);
                        std::io::Write::write_all(&mut socket, &hello).ok()?;
                        Some(socket)
                    };
                    (0..lines / 8).filter_map(open).collect::<Vec<_>>()
                })
            })
            .collect();
        for number in 0..20 {
            let sent = Instant::now();
            line.publish(0, "fh/v1/hydro/obs", body(number, now_ms(), RED).as_bytes())
                .expect("sent");
            line.flush().expect("sent");
            times.push(good.alert(&gauge(number), "red", SOON) - sent);
        }
        held.extend(storm.into_iter().flat_map(|part| part.join().expect("a part")));
    });
    let opened = began.elapsed();
    // Each is answered, or refused and counted; none hangs.
    let (mut taken, mut refused) = (0, 0);
    for socket in &mut held {
        socket.set_read_timeout(Some(SOON)).expect("set");
        let mut answer = [0; 4];
        match std::io::Read::read(socket, &mut answer) {
            Ok(4) if answer == [0x20, 2, 0, 0] => taken += 1,
            _ => refused += 1,
        }
    }
    let p99 = quantile(&mut times, 0.99);
    println!("{lines} lines in {opened:?}: {taken} taken, {refused} refused; alerts p99 {p99:?}");
    assert!(taken + refused == held.len() && held.len() == lines / 8 * 8);
    assert!(taken >= lines * 9 / 10, "{taken} of {lines}");
    assert!(p99 < Duration::from_secs(5), "{p99:?}");
}
