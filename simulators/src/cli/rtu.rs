//! `fenghuo-sim rtu`.

use std::io::Write;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use domain::sl651::Address;
use domain::time::{MINUTE_MS, UtcMs};
use simulators::rtu::frame::Rtu;
use simulators::rtu::{Line, leaves, reading, whole_interval};
use simulators::wall;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The SL 651 port: host:port
    #[arg(long)]
    to: String,
    /// The station's address: ten hexadecimal digits
    #[arg(long)]
    station: Address,
    /// Its password: four hexadecimal digits
    #[arg(long, default_value = "0000", value_parser = password)]
    password: u16,
    /// The centre's address
    #[arg(long, default_value_t = 1)]
    centre: u8,
    /// The letter of its class: H river, P rain, K reservoir
    #[arg(long, default_value_t = 'H')]
    class: char,
    /// Timed reports, five minutes apart, the last of now
    #[arg(long, default_value_t = 12)]
    reports: u16,
    /// The time of the last instead, RFC 3339
    #[arg(long)]
    until: Option<String>,
    /// The river's level without rain, metres
    #[arg(long, default_value_t = 3.0)]
    level: f64,
    /// Sends the last report again, as after a lost answer
    #[arg(long)]
    resend: bool,
    /// Sends it once more before, damaged on the way
    #[arg(long)]
    damaged: bool,
    /// Sends tests (function 30) instead, which go into no record
    #[arg(long)]
    test: bool,
}

fn password(text: &str) -> Result<u16, String> {
    let read = u16::from_str_radix(text, 16).ok().filter(|_| text.len() == 4);
    read.ok_or_else(|| "four hexadecimal digits are wanted".into())
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    ensure!(arguments.reports > 0, "at least one report");
    let class = u8::try_from(arguments.class).ok().filter(u8::is_ascii_uppercase);
    let class = class.context("a class is one letter A to Z")?;
    let (centre, address, password) = (arguments.centre, arguments.station, arguments.password);
    let mut line = Line::connect(Rtu { centre, address, password, class }, &arguments.to).await?;
    let last = match &arguments.until {
        Some(text) => UtcMs::parse(text).with_context(|| format!("--until {text:?}"))?,
        None => wall::now(),
    };
    let last = whole_interval(last);
    let function = if arguments.test { 0x30 } else { 0x32 };
    let mut out = std::io::stdout();
    line.send(&line.rtu().keep_alive(0, leaves(last))).await?;
    for serial in 1..=arguments.reports {
        let left = i64::from(arguments.reports - serial);
        let t = last.plus_ms(-5 * MINUTE_MS * left);
        let bytes = line.rtu().report(function, serial, leaves(t), t, &reading(t, arguments.level));
        let is_last = serial == arguments.reports;
        if is_last && arguments.damaged {
            let mut damaged = bytes.clone();
            if let Some(byte) = damaged.get_mut(40) {
                *byte ^= 0x10;
            }
            line.send(&damaged).await?;
        }
        for again in 0..=u32::from(is_last && arguments.resend) {
            let (answer, resent) = line.report(serial, &bytes).await?;
            let end = match answer.end {
                0x06 => "ACK",
                0x04 => "EOT",
                0x1B => "ESC",
                other => bail!("report {serial} was answered with {other:02X}"),
            };
            let sent = again + resent;
            writeln!(
                out,
                "report {serial} of {} sent again {sent} answered {end}",
                t.rfc3339(8 * 3600)
            )?;
        }
    }
    Ok(())
}
