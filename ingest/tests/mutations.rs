//! Good inputs with random damage, by the ten thousand: every decoder gives an answer. The seed is
//! printed; `FENGHUO_SEED=<number>` repeats a run.

use domain::time::UtcMs;
use ingest::json::batch::{decode_array, decode_ndjson, decode_packet, decode_value};
use ingest::json::decode::decode_line;
use ingest::mqtt::decode::{carries, owner};
use ingest::table::decode::decode_csv;
use ingest::{hospitals, signals, units};

const ROUNDS: usize = 8_000;

const GOOD: &[&str] = &[
    r#"{"station":"R-1","property":"rainfall","t":"2026-06-11T03:05:00+08:00","v":2.5,"unit":"mm","id":"a","q":"doubtful","status":"actual","result_time":1781118300000}"#,
    r#"[{"station":"R-1","property":"rainfall","t":1781118300000,"v":2.5},{"station":"R-2","property":"rainfall","t":1781118300000,"v":-1e300}]"#,
    "{\"station\":\"R-1\",\"property\":\"p\",\"t\":1781118300000,\"v\":1}\n{\"station\":\"\\u0041\",\"property\":\"p\",\"t\":1,\"v\":1}\r\n",
    "station,property,t,v,unit,id,q,status,result_time\nR-1,rainfall,1781118300000,2.5,mm,x,reliable,actual,\n\"R-2\",rainfall,2026-06-11T03:05:00+08:00,1,,,,,\n",
    r#"{"hospital":"H-1","t":1781118300000,"beds":400,"beds_occupied":380,"emergency_waiting":31,"traffic":"divert_advised","note":"x"}"#,
    r#"{"unit":"boat-01","t":1781118300000,"task":"T-1","report":"refuse","note":"no","lon":112.9,"lat":22.3}"#,
    r#"{"id":"s-1","issuer":"x","act":"issue","kind":"x","color":"red","areas":["440700"],"t":1781118300000,"text":"x"}"#,
    "2.5",
    "fh/v1/hydro/R-1/rainfall",
];

/// SplitMix64: enough to break things, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }
}

fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) {
    const PIECES: &[&[u8]] = &[
        b"\"",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b":",
        b"\n",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"1e400",
        b"-",
        b"NaN",
        b"null",
        b"99999999999999999999",
        b"T",
        b"Z",
        b"+25:61",
        b"\"station\":1,",
        b"0x1",
        b" ",
    ];
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(bytes.len() + 1);
        match dice.roll(5) {
            0 if at < bytes.len() => bytes[at] = dice.roll(256) as u8,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => bytes.truncate(at),
            3 => {
                let end = (at + dice.roll(40)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                let piece = PIECES[dice.roll(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
}

#[test]
fn damaged_input_never_ends_a_decoder() {
    let seed =
        std::env::var("FENGHUO_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(20_260_611);
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let (mut taken, mut refused) = (0u64, 0u64);
    for _ in 0..ROUNDS {
        let mut bytes = GOOD[dice.roll(GOOD.len())].as_bytes().to_vec();
        damage(&mut dice, &mut bytes);
        match decode_line(&bytes) {
            Ok(seen) => assert!(seen.v.is_finite()),
            Err(error) => assert!(error.to_string().len() < 2_000),
        }
        for items in [decode_array(&bytes), decode_ndjson(&bytes), decode_csv(&bytes)] {
            let good = items.iter().flatten().filter(|item| item.read.is_ok()).count() as u64;
            (taken, refused) = (taken + good, refused + u64::from(good == 0));
        }
        let _ = decode_packet(&bytes);
        let _ = decode_value(&bytes, "R-1", "rainfall", UtcMs(1_781_118_300_000));
        let _ = (
            hospitals::decode::hospital(&bytes),
            units::decode::unit(&bytes, None),
            signals::decode::signal(&bytes),
        );
        if let Ok(topic) = std::str::from_utf8(&bytes) {
            let _ = (carries(topic), owner(topic));
        }
    }
    assert!(taken > 100 && refused > 100, "the damage is neither none nor all: {taken} {refused}");
}
