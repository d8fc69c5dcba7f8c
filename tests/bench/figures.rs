//! Figures, and how they are read off a process.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// One measured figure, with its goal where there is one.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// What is asked for, in words; empty where nothing is.
    pub(crate) goal: &'static str,
    /// Whether the goal is met; absent where there is none.
    pub(crate) met: Option<bool>,
}

/// A figure without a goal.
pub(crate) fn figure(name: &str, value: f64, unit: &'static str) -> Figure {
    Figure { name: name.into(), value, unit, goal: "", met: None }
}

/// A figure with a goal.
pub(crate) fn goal(
    name: &str,
    value: f64,
    unit: &'static str,
    goal: &'static str,
    met: bool,
) -> Figure {
    Figure { name: name.into(), value, unit, goal, met: Some(met) }
}

/// Prints figures as a table.
pub(crate) fn print(figures: &[Figure]) {
    for f in figures {
        let met = match f.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        println!("{:<58} {:>16.3} {:<10} {:<28} {met}", f.name, f.value, f.unit, f.goal);
    }
}

/// How many goals are met, in a line.
pub(crate) fn summary(figures: &[Figure]) -> String {
    let goals = figures.iter().filter_map(|f| f.met).count();
    let met = figures.iter().filter(|f| f.met == Some(true)).count();
    let missed: Vec<&str> =
        figures.iter().filter(|f| f.met == Some(false)).map(|f| f.name.as_str()).collect();
    let missed =
        if missed.is_empty() { String::new() } else { format!("; missed: {}", missed.join(", ")) };
    format!("{met} of {goals} goals met{missed}")
}

/// What a process that ran to its end has used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    pub(crate) wall: Duration,
    pub(crate) cpu_s: f64,
    pub(crate) peak_mb: f64,
}

/// Runs a command to its end, watching its CPU and peak memory in /proc.
pub(crate) fn watch(command: &mut Command) -> (Used, String) {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let out = child.stdout.take().expect("its output");
    let reading = std::thread::spawn(move || std::io::read_to_string(out).expect("text"));
    let (cpu_s, peak_mb) = sample_to_the_end(&mut child);
    let used = Used { wall: began.elapsed(), cpu_s, peak_mb };
    (used, reading.join().expect("read"))
}

fn sample_to_the_end(child: &mut Child) -> (f64, f64) {
    let (mut cpu, mut peak) = (0.0, 0.0);
    loop {
        cpu = cpu_s(child.id()).unwrap_or(cpu);
        peak = peak_mb(child.id()).unwrap_or(peak);
        if let Some(status) = child.try_wait().expect("a child of ours") {
            assert!(status.success(), "it failed: {status}");
            return (cpu, peak);
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// CPU seconds (user and system) a process has used; clock ticks are hundredths on Linux.
pub(crate) fn cpu_s(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rest: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| rest.get(at).and_then(|t| t.parse::<f64>().ok());
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// The greatest resident memory of a process, MB.
pub(crate) fn peak_mb(pid: u32) -> Option<f64> {
    memory_mb(pid, "VmHWM:")
}

/// Resident memory of a process now, MB.
pub(crate) fn resident_mb(pid: u32) -> Option<f64> {
    memory_mb(pid, "VmRSS:")
}

fn memory_mb(pid: u32, row: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with(row))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
