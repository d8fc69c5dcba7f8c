//! Prints what frames of SL 651-2014 say: hexadecimal digits, one frame a line, on the standard input.

use std::io::{BufRead, Write};

use ingest::sl651::{body, decode};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let digits: Vec<u32> = line.trim().chars().filter_map(|c| c.to_digit(16)).collect();
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .filter_map(|pair| u8::try_from(pair.iter().fold(0, |n, d| n * 16 + d)).ok())
            .collect();
        match decode::frame(&bytes) {
            Ok(frame) => {
                let said = body::decode(frame.coding, frame.function, &frame.body);
                writeln!(out, "{} function {:02X}: {said:#?}", frame.station, frame.function)?;
            }
            Err(why) => writeln!(out, "refused: {why}")?,
        }
    }
    Ok(())
}
