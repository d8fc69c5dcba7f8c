//! What comes late, out of order and twice: counted exactly, judged as if it had come in order.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use system_tests::platform::eventually;

use crate::scene::{CALM, RED, SOON, Scene, body, gauge, now_ms, seed};

const MINUTE_MS: i64 = 60_000;
const GAUGES: usize = 10;

fn heard(scene: &Scene, outcome: &str) -> usize {
    let line =
        format!("fenghuo_heard_total{{agency=\"hydro\",channel=\"mqtt\",outcome=\"{outcome}\"}}");
    scene.figure(&line).unwrap_or(0.0) as usize
}

#[test]
fn ten_minutes_in_any_order_are_accounted_for_and_judged() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let scene = Scene::start(GAUGES, 60, &[]);
    let officer = scene.officer();
    let begin = now_ms() - 11 * MINUTE_MS;
    // Ten minutes of ten gauges; those of an even number end in a flood. A station nobody knows too.
    let mut bodies: Vec<String> = Vec::new();
    for step in 0..60 {
        for number in 0..GAUGES {
            let v = if number % 2 == 0 && step > 30 { RED } else { CALM };
            bodies.push(body(number, begin + step * 10_000, v));
        }
    }
    let good = bodies.len();
    bodies.extend((0..20).map(|n| body(900, begin + n, CALM)));
    bodies.shuffle(&mut random);
    let mut line = scene.publisher(&scene.platform.mqtt);
    for (number, body) in bodies.iter().enumerate() {
        line.publish(number as u64, "fh/v1/hydro/obs", body.as_bytes()).expect("sent");
    }
    assert!(line.settle(SOON), "everything is acknowledged, the refused too");
    let counted = ["accepted", "duplicate", "refused"].map(|outcome| heard(&scene, outcome));
    assert_eq!(counted, [good, 0, 20], "sent = accepted + duplicate + refused");
    let due: Vec<String> = (0..GAUGES).step_by(2).map(gauge).collect();
    eventually("exactly those in flood are red", SOON, || {
        (scene.red(&officer) == due).then_some(())
    });
    let refused = officer.get("/v1/rejections?reason=unknown_station&limit=100").json();
    assert_eq!(refused.as_array().map(Vec::len), Some(20), "each is kept");
}

#[test]
fn what_is_delivered_again_has_one_effect() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let scene = Scene::start(GAUGES, 60, &[]);
    let officer = scene.officer();
    let begin = now_ms() - MINUTE_MS;
    let bodies: Vec<String> = (0..300)
        .map(|n| body(n % GAUGES, begin + (n / GAUGES) as i64, if n > 250 { RED } else { CALM }))
        .collect();
    // As a client does that lost its line before the acknowledgements: all again, over new lines.
    for _ in 0..3 {
        let mut line = scene.publisher(&scene.platform.mqtt);
        let mut order: Vec<usize> = (0..bodies.len()).collect();
        order.shuffle(&mut random);
        for number in order {
            let body = bodies[number].as_bytes();
            line.publish(number as u64, "fh/v1/hydro/obs", body).expect("sent");
        }
        assert!(line.settle(SOON));
    }
    assert_eq!(["accepted", "duplicate"].map(|o| heard(&scene, o)), [300, 600]);
    eventually("each gauge has its alert", SOON, || {
        (scene.red(&officer).len() == GAUGES).then_some(())
    });
    let log = officer.get("/v1/alerts").json();
    let alerts = log.as_array().expect("alerts").iter().filter(|a| a["hazard"] == "discharge");
    assert_eq!(alerts.count(), GAUGES, "one alert each, not one for each delivery");
}
