//! Observations as fast as they are taken, by MQTT and by HTTP.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use system_tests::http::Client;
use system_tests::publisher::Publisher;

use crate::Acknowledged;
use crate::town::{STATIONS, gauge};

/// Event times are handed out by one counter, so that no two observations share (station, t).
pub(crate) struct Load<'a> {
    pub(crate) time: &'a AtomicI64,
    pub(crate) end: &'a AtomicBool,
    pub(crate) platform: &'a str,
    pub(crate) token: &'a str,
    pub(crate) seed: u64,
}

impl Load<'_> {
    fn value(random: &mut StdRng) -> f64 {
        [5.0, 10.0, 40.0, 90.0, 350.0, 500.0][random.random_range(0..6usize)]
    }

    /// MQTT QoS 1 with 50 in flight, until told to end or the platform is gone.
    pub(crate) fn mqtt(&self) -> Acknowledged {
        let mut random = StdRng::seed_from_u64(self.seed);
        let Ok(mut publisher) = Publisher::connect(self.platform, "hydro", self.token, 50) else {
            return Acknowledged::new();
        };
        let mut sent: BTreeMap<u64, (String, i64)> = BTreeMap::new();
        for number in 0u64.. {
            if self.end.load(Ordering::Relaxed) {
                break;
            }
            let station = random.random_range(0..STATIONS / 2);
            let t = self.time.fetch_add(1, Ordering::Relaxed);
            let topic = format!("fh/v1/hydro/D{station:02}/discharge");
            let body = format!(r#"{{"t":{t},"v":{:?}}}"#, Self::value(&mut random));
            sent.insert(number, (gauge(station), t));
            if publisher.publish(number, &topic, body.as_bytes()).is_err() {
                break;
            }
        }
        publisher.settle(Duration::from_secs(5));
        publisher.acknowledged().iter().map(|number| sent[number].clone()).collect()
    }

    /// HTTP, batches of 20, until told to end or the platform is gone.
    pub(crate) fn http(&self, base: &str) -> Acknowledged {
        let mut random = StdRng::seed_from_u64(self.seed ^ 0xA5A5);
        let client = Client::new(base).with_token(self.token);
        let mut acknowledged = Acknowledged::new();
        while !self.end.load(Ordering::Relaxed) {
            let batch: Vec<(usize, i64, f64)> = (0..20)
                .map(|_| {
                    let station = random.random_range(STATIONS / 2..STATIONS);
                    let t = self.time.fetch_add(1, Ordering::Relaxed);
                    (station, t, Self::value(&mut random))
                })
                .collect();
            let rows: Vec<String> = batch
                .iter()
                .map(|(s, t, v)| {
                    format!(r#"{{"station":"D{s:02}","property":"discharge","t":{t},"v":{v:?}}}"#)
                })
                .collect();
            let body = format!("[{}]", rows.join(","));
            let kind = [("Content-Type", "application/json")];
            match client.try_request("POST", "/v1/observations", &kind, body.as_bytes()) {
                Ok(answer) if answer.status == 200 => {
                    assert_eq!(answer.json()["accepted"], 20, "{:?}", answer.json());
                    acknowledged.extend(batch.iter().map(|(s, t, _)| (gauge(*s), *t)));
                }
                Ok(answer) => assert!(answer.status >= 500, "answered {}", answer.status),
                Err(_) => break,
            }
        }
        acknowledged
    }
}
