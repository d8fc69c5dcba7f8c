//! `cargo xtask demo`: from a fresh machine to a console with live alerts.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::{cargo, heading, root, run};
use crate::setup;

/// How to run the demo.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The scenario: a file name of simulators/scenarios without its ending
    #[arg(long, default_value = "typhoon-ronglan")]
    scenario: String,
    /// Scenario seconds a second, 600 at most
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=600))]
    speed: u32,
    /// Print the console's address and open nothing
    #[arg(long)]
    no_browser: bool,
    /// Where the scenario begins, hours before landfall (negative) or after
    #[arg(long, default_value = "-4h", allow_hyphen_values = true)]
    start: String,
    /// Console and API address; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    http: String,
    /// MQTT address; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:1883")]
    mqtt: String,
    /// End after this many seconds (for tests)
    #[arg(long)]
    seconds: Option<u64>,
}

/// A child that is ended when this is dropped: SIGTERM by its pid, then waited for.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.0.wait();
    }
}

/// Sets up, builds, starts the platform and the scenario, prints where to look, and stays.
pub(crate) fn demo(options: &Options) -> Result<()> {
    let scenario = root().join("simulators/scenarios").join(format!("{}.toml", options.scenario));
    if !scenario.is_file() {
        bail!("there is no scenario {:?}: see simulators/scenarios", options.scenario);
    }
    setup::console()?;
    run(".", &cargo(), &["build", "--release", "--bins", "-p", "command-api", "-p", "simulators"])?;

    let data = root().join("target/demo");
    if data.exists() {
        std::fs::remove_dir_all(&data).context("the last demo's data could not be removed")?;
    }
    std::fs::create_dir_all(&data)?;
    let city = root().join("simulators/cities/jiangmen");
    let mut server = Command::new(binary("fenghuo"));
    server.arg("serve").arg("--demo").args(["--clock", &format!("scaled:now@{}", options.speed)]);
    server.arg("--city").arg(&city).arg("--data").arg(&data);
    server.args(["--http", &options.http, "--mqtt", &options.mqtt]).stdout(Stdio::piped());
    let mut server = Ended(server.spawn().context("the platform could not be started")?);
    let (http, mqtt, sign_in) = wait_until_ready(&mut server.0)?;

    let mut drill = Command::new(binary("fenghuo-sim"));
    drill.arg("drill").arg("--scenario").arg(&scenario).arg("--city").arg(&city);
    drill.args(["--mqtt", mqtt.trim_start_matches("mqtt://"), "--http", &http]);
    drill.arg("--credentials").arg(data.join("credentials.toml"));
    drill.args(["--quiet", "--start", &options.start]).stdout(Stdio::piped());
    let mut drill = Ended(drill.spawn().context("the simulator could not be started")?);

    heading("Fenghuo is running: a typhoon rainstorm comes over Jiangmen (everything invented)");
    println!(
        "   console   {http}\n   {sign_in}\n   MQTT      {mqtt}\n   data      {}",
        data.display()
    );
    println!("   Ctrl-C ends it. The night, as it goes:");
    pass_on(drill.0.stdout.take().context("the simulator's output")?);
    if !options.no_browser {
        let _ = Command::new("xdg-open").arg(&http).stderr(Stdio::null()).status();
    }
    watch(&mut server.0, &mut drill.0, options.seconds)
}

/// Prints what a child says: signals, injects, refusals.
fn pass_on(out: impl Read + Send + 'static) {
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            println!("   {line}");
        }
    });
}

fn binary(name: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release").join(name)
}

/// Reads the platform's output up to its `ready` line: its addresses, and the sign-in it made.
fn wait_until_ready(server: &mut Child) -> Result<(String, String, String)> {
    let out = server.stdout.take().context("the platform's output")?;
    let mut lines = BufReader::new(out).lines();
    let mut sign_in = String::new();
    for line in lines.by_ref() {
        let line = line?;
        if line.starts_with("sign-in") {
            sign_in.clone_from(&line);
        }
        if let Some(rest) = line.strip_prefix("ready ") {
            let field = |name: &str| {
                let found = rest.split_whitespace().find_map(|p| p.strip_prefix(name));
                found.map(str::to_owned).with_context(|| format!("no {name} in: {line}"))
            };
            let found = (field("http=")?, field("mqtt=")?, sign_in);
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    println!("   {line}")
                }
            });
            return Ok(found);
        }
        println!("   {line}");
    }
    bail!("the platform ended before it was ready: its last words are above")
}

/// Waits for the end of either, or of the time given.
fn watch(server: &mut Child, drill: &mut Child, seconds: Option<u64>) -> Result<()> {
    let began = std::time::Instant::now();
    let mut told = false;
    loop {
        if let Some(status) = server.try_wait()? {
            bail!("the platform ended ({status})");
        }
        if let (Some(status), false) = (drill.try_wait()?, told) {
            if !status.success() {
                bail!("the simulator ended ({status})");
            }
            println!("   the scenario is over; the platform goes on");
            told = true;
        }
        if seconds.is_some_and(|s| began.elapsed().as_secs() >= s) {
            return Ok(());
        }
        std::thread::park_timeout(std::time::Duration::from_millis(200));
    }
}
