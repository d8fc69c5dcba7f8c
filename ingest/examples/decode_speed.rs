//! How many observations a second one core decodes: `cargo run --release -p ingest --example
//! decode_speed`.

use std::time::Instant;

use ingest::json::decode::decode_line;

fn main() {
    let lines: Vec<String> = (0..100_000u64)
        .map(|n| {
            format!(
                r#"{{"station":"JM-{:04}","property":"rainfall","t":"2026-06-11T03:{:02}:00+08:00","v":{}.5}}"#,
                n % 400, n % 60, n % 30
            )
        })
        .collect();
    for _ in 0..3 {
        let (begun, mut sum, mut read) = (Instant::now(), 0.0, 0u64);
        for _ in 0..20 {
            for line in &lines {
                if let Ok(seen) = decode_line(line.as_bytes()) {
                    sum += seen.v;
                    read += 1;
                }
            }
        }
        let rate = read as f64 / begun.elapsed().as_secs_f64();
        println!("{:.2} million observations/s (sum {sum})", rate / 1e6);
    }
}
