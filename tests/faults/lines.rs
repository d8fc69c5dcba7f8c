//! Bad lines: loss, delay, a cut in the middle of a frame, silence in one direction, a peer that is gone.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use system_tests::platform::eventually;
use system_tests::publisher::{connect_packet, packet};

use crate::link::{Link, Nature};
use crate::scene::{CALM, RED, SOON, Scene, Watcher, body, gauge, long, now_ms, quantile, seed};

/// The promise of F24 and P3: an alert over a bad line, at the worst.
const ALERT_MAX: Duration = Duration::from_secs(5);

/// Each gauge of a few calls out once, over a bad line, to a console behind the same: how long each took.
fn called_out(scene: &Scene, gauges: usize, nature: Nature, seed: u64) -> Vec<Duration> {
    let officer = scene.officer();
    let to_console = Link::to(&scene.platform.http, seed, nature);
    let to_sensors = Link::to(&scene.platform.mqtt, seed + 1, nature);
    let watcher = Watcher::open(&to_console.http(), &officer);
    let mut line = scene.publisher(&to_sensors.address.to_string());
    let mut times = Vec::new();
    for number in 0..gauges {
        let sent = Instant::now();
        for other in 0..gauges {
            let v = if other <= number { RED } else { CALM };
            let t = now_ms();
            line.publish(0, "fh/v1/hydro/obs", body(other, t, v).as_bytes()).expect("sent");
        }
        line.flush().expect("sent");
        times.push(watcher.alert(&gauge(number), "red", SOON) - sent);
    }
    assert!(line.settle(SOON), "everything is acknowledged");
    times
}

#[test]
fn a_line_that_loses_is_slower_and_loses_nothing() {
    let seed = seed();
    for (lost_one_in, gauges) in [(100, 8), (10, 8), (3, 8)] {
        let scene = Scene::start(gauges, 60, &[]);
        let delay = Duration::from_millis(5);
        let nature = Nature { delay, lost_one_in, ..Nature::default() };
        let mut times = called_out(&scene, gauges, nature, seed);
        let worst = quantile(&mut times, 1.0);
        println!("one in {lost_one_in} lost: alert at worst {worst:?}");
        assert!(worst < ALERT_MAX, "{worst:?}");
        let all = (gauges * gauges) as f64;
        let line = "fenghuo_heard_total{agency=\"hydro\",channel=\"mqtt\",outcome=\"accepted\"}";
        assert_eq!(scene.figure(line), Some(all));
    }
}

#[test]
fn over_a_line_of_300_ms_with_jitter_an_alert_comes_within_five_seconds() {
    let gauges = if long() { 60 } else { 8 };
    let scene = Scene::start(gauges, 60, &[]);
    let (delay, jitter) = (Duration::from_millis(300), Duration::from_millis(200));
    let nature = Nature { delay, jitter, ..Nature::default() };
    let mut times = called_out(&scene, gauges, nature, seed());
    let (p50, worst) = (quantile(&mut times, 0.5), quantile(&mut times, 1.0));
    println!("300 ms and up to 200 more each way: alert p50 {p50:?}, worst {worst:?}");
    assert!(p50 > Duration::from_millis(600), "the line is slow indeed");
    assert!(worst < ALERT_MAX, "{worst:?}");
}

#[test]
fn a_line_cut_in_the_middle_of_a_frame_loses_nothing_that_was_acknowledged() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let scene = Scene::start(20, 60, &[]);
    let link = Link::to(&scene.platform.mqtt, seed, Nature::default());
    let (cuts, begun) = (if long() { 200 } else { 25 }, now_ms() - 60_000);
    let (mut sent, mut again) = (0usize, 0usize);
    let message = |number: usize| body(number % 20, begun + (number / 20) as i64, CALM);
    for _ in 0..cuts {
        let mut line = scene.publisher(&link.address.to_string());
        // Anywhere: in a header, in a topic, in a body, between two.
        let cut_after = Some(random.random_range(1..3_000));
        link.becomes(Nature { cut_after, ..Nature::default() });
        let first = sent;
        for number in first..first + 40 {
            // The line may be gone already: what was sent so is not acknowledged, and sent again.
            let _ = line.publish(number as u64, "fh/v1/hydro/obs", message(number).as_bytes());
            if number % 4 == 0 {
                line.settle(SOON);
            }
        }
        line.settle(SOON);
        let acknowledged = line.acknowledged();
        // Acknowledgements come in order: what follows the last is sent again over the next line.
        assert!(acknowledged.iter().enumerate().all(|(at, n)| *n == (first + at) as u64));
        sent += acknowledged.len();
        again += usize::from(acknowledged.len() < 40);
    }
    assert!(again > cuts / 2, "the line was cut: {again} of {cuts}");
    eventually("the platform has seen the last line's end", SOON, || {
        (scene.figure("fenghuo_mqtt_open") == Some(0.0)).then_some(())
    });
    // Whoever stands outside counts the same: each once, however often it was sent.
    let heard = |outcome: &str| {
        let line = format!(
            "fenghuo_heard_total{{agency=\"hydro\",channel=\"mqtt\",outcome=\"{outcome}\"}}"
        );
        scene.figure(&line).unwrap_or(0.0) as usize
    };
    let accepted = heard("accepted");
    assert!(accepted >= sent, "{accepted} of {sent} acknowledged");
    assert_eq!(heard("refused"), 0, "half a frame is no refusal: it never came");
    link.becomes(Nature::default());
    let mut line = scene.publisher(&link.address.to_string());
    for number in 0..sent {
        line.publish(number as u64, "fh/v1/hydro/obs", message(number).as_bytes()).expect("sent");
    }
    assert!(line.settle(SOON));
    assert_eq!(heard("accepted"), accepted, "all of it was known");
    println!("{cuts} lines cut, {sent} acknowledged, {accepted} in the record, none lost");
}

/// Keep-alive of the shortest: the rule is one and a half of it.
fn connect_with_keep_alive(address: &str, token: &str, seconds: u8) -> TcpStream {
    let mut bytes = connect_packet("short", "hydro", token, true);
    // Fixed header (2 or 3 bytes), name (6), level, flags, then the keep-alive.
    let at = bytes.windows(6).position(|w| w == b"\0\x04MQTT").expect("the name") + 8;
    bytes[at..at + 2].copy_from_slice(&[0, seconds]);
    let mut socket = TcpStream::connect(address).expect("connects");
    socket.write_all(&bytes).expect("sent");
    let mut answer = [0; 4];
    socket.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer, [0x20, 2, 0, 0]);
    socket
}

#[test]
fn a_peer_that_is_gone_without_a_word_is_closed_by_its_keep_alive_and_shown_as_silent() {
    // The gauge is expected once a second, so silent after three; the keep-alive is two seconds.
    let scene = Scene::start(2, 1, &[]);
    let officer = scene.officer();
    let link = Link::to(&scene.platform.mqtt, 1, Nature::default());
    let token = scene.platform.token("hydro");
    let mut socket = connect_with_keep_alive(&link.address.to_string(), &token, 2);
    let publish = |socket: &mut TcpStream, t: i64| {
        let mut rest = vec![0, 15];
        rest.extend(b"fh/v1/hydro/obs");
        rest.extend(body(0, t, CALM).as_bytes());
        socket.write_all(&packet(0x30, &rest)).expect("sent");
    };
    publish(&mut socket, now_ms());
    eventually("it is connected", SOON, || {
        (scene.figure("fenghuo_mqtt_connected") == Some(1.0)).then_some(())
    });
    // Nothing passes any more, either way, and nobody says so: half open.
    link.becomes(Nature { swallows_up: true, swallows_down: true, ..Nature::default() });
    let gone = Instant::now();
    publish(&mut socket, now_ms());
    eventually("its keep-alive closes it", SOON, || {
        let closed = scene.figure("fenghuo_mqtt_closed_total{reason=\"keep_alive\"}");
        (closed == Some(1.0)).then_some(())
    });
    let closed = gone.elapsed();
    eventually("it is told to be silent", SOON, || {
        (!scene.silent(&officer).is_empty()).then_some(())
    });
    println!("half open: closed after {closed:?}, silent after {:?}", gone.elapsed());
    assert!(gone.elapsed() < Duration::from_secs(90));
}

#[test]
fn a_line_that_is_silent_in_one_direction_is_noticed_at_both_ends() {
    let scene = Scene::start(2, 1, &[]);
    let officer = scene.officer();
    // From the sensors nothing comes, though their connection stands.
    let link = Link::to(&scene.platform.mqtt, 1, Nature::default());
    let mut line = scene.publisher(&link.address.to_string());
    let send = |line: &mut system_tests::publisher::Publisher| {
        for number in 0..2 {
            line.publish(0, "fh/v1/hydro/obs", body(number, now_ms(), CALM).as_bytes())
                .expect("sent");
        }
        line.flush().expect("sent");
    };
    send(&mut line);
    assert!(line.settle(SOON));
    link.becomes(Nature { swallows_up: true, ..Nature::default() });
    let gone = Instant::now();
    send(&mut line);
    let silent = eventually("the agency is silent", SOON, || {
        let silent = scene.silent(&officer);
        (!silent.is_empty()).then_some(silent)
    });
    println!("one way: {silent:?} after {:?}", gone.elapsed());
    assert_eq!(silent, ["agency:hydro"], "one alarm for all of it");
    assert!(gone.elapsed() < Duration::from_secs(90));
    assert!(line.acknowledged().len() == 2, "nothing that did not arrive is acknowledged");
}
