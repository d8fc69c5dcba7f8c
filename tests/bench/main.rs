//! The benchmarks: each beside its peer in one run, as ratios, CPU before wall.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot run says so and ends"
)]

mod city;
mod consoles;
mod decode;
mod engine;
mod fanout;
mod figures;
mod flood;
mod floor;
mod http;
mod latency;
mod mqtt;
mod rain;
mod reference;
mod restart;

use clap::Parser;

#[derive(Parser)]
struct Arguments {
    /// Only these
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// A tenth of the size
    #[arg(long)]
    quick: bool,
    /// Write the figures as JSON too
    #[arg(long)]
    json: Option<std::path::PathBuf>,
}

/// One benchmark: its name and what runs it.
type Bench = (&'static str, fn(bool) -> Vec<figures::Figure>);

const BENCHES: &[Bench] = &[
    ("engine", engine::run),
    ("decode", decode::run),
    ("http", http::run),
    ("mqtt", mqtt::run),
    ("latency", latency::run),
    ("fanout", fanout::run),
    ("flood", flood::run),
    ("city", city::run),
    ("restart", restart::run),
];

fn main() {
    if engine::is_reference() || fanout::is_bare_server() {
        return;
    }
    let arguments = Arguments::parse();
    let mut all = Vec::new();
    for (name, run) in BENCHES {
        if arguments.only.is_empty() || arguments.only.iter().any(|o| o == name) {
            println!("\n# {name}");
            let found = run(arguments.quick);
            figures::print(&found);
            all.extend(found);
        }
    }
    println!("\n{}", figures::summary(&all));
    if let Some(file) = arguments.json {
        let text = serde_json::to_vec_pretty(&all).expect("figures are JSON");
        std::fs::write(file, text).expect("the file can be written");
    }
}
