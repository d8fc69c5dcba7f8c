//! How many frames of SL 651 a second one core decodes, beside the bare check and digits of the same
//! bytes as the floor: `cargo run --release -p ingest --example sl651_speed`.

use std::hint::black_box;
use std::time::Instant;

use domain::time::UtcMs;
use ingest::sl651::body::{self, Group, Message};
use ingest::sl651::crc::crc16;
use ingest::sl651::decode;
use ingest::sl651::elements::Element;
use ingest::sl651::encode::encode;
use ingest::sl651::frame::{Coding, Direction, End, Frame};
use ingest::sl651::number::{Decimal, Number};
use ingest::sl651::write;

const FRAMES: usize = 20_000;
const ROUNDS: usize = 20;

fn timed(n: usize) -> Option<Vec<u8>> {
    let t = UtcMs(1_781_118_000_000 + n as i64 % 1_000 * 300_000);
    let value = |lead, bytes, decimals, digits| Group::Values {
        element: Element::of(lead),
        bytes,
        decimals,
        values: vec![Number::Is(Decimal { digits, decimals })],
    };
    let address = domain::sl651::Address([0, 0x11, 0x22, 0x33, 0x44]);
    let groups = vec![
        Group::Station { address, class: Some(b'H') },
        Group::Observed(t),
        value(0x20, 3, 1, n as i64 % 500),
        value(0x26, 3, 1, n as i64 % 9_000),
        value(0x39, 4, 3, 10_000 + n as i64 % 900),
        value(0x38, 2, 2, 1_210),
    ];
    let message = Message { serial: n as u16, sent: t.plus_ms(16_000), groups, fault: None };
    let frame = Frame {
        coding: Coding::Hex,
        direction: Direction::Up,
        centre: 5,
        station: address,
        password: 0x03E8,
        function: 0x32,
        packet: None,
        body: write::body(Coding::Hex, &message).ok()?,
        end: End::Etx,
    };
    encode(&frame).ok()
}

/// The floor: the check, and every digit of the body added up.
fn bare(bytes: &[u8]) -> u64 {
    let digits: u64 = bytes.iter().map(|b| u64::from(b >> 4) * 10 + u64::from(b & 0x0F)).sum();
    digits + u64::from(crc16(bytes))
}

fn rate(frames: &[Vec<u8>], mut each: impl FnMut(&[u8])) -> f64 {
    let began = Instant::now();
    for _ in 0..ROUNDS {
        frames.iter().for_each(|bytes| each(black_box(bytes)));
    }
    (ROUNDS * frames.len()) as f64 / began.elapsed().as_secs_f64()
}

fn main() {
    let frames: Vec<Vec<u8>> = (0..FRAMES).filter_map(timed).collect();
    for _ in 0..3 {
        let mut read = 0usize;
        let decoded = rate(&frames, |bytes| {
            if let Ok(frame) = decode::frame(bytes) {
                let said = body::decode(frame.coding, frame.function, &frame.body);
                read += usize::from(black_box(said).is_ok());
            }
        });
        let floor = rate(&frames, |bytes| {
            black_box(bare(bytes));
        });
        println!(
            "{:.2} million frames/s read ({read} of {}), floor {:.2} million/s",
            decoded / 1e6,
            ROUNDS * frames.len(),
            floor / 1e6
        );
    }
}
