//! Good inputs with random damage: every decoder gives an answer. The seed is printed;
//! `FENGHUO_SEED=<number>` repeats a run. In the long tier each decoder is tried for ten minutes
//! (`FENGHUO_FUZZ_SECONDS` says another time), two at a time.

// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ingest::decoders::{Decoder, all};

/// Tries of each decoder in CI.
const ROUNDS: usize = 3_000;

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
    "7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812109903A421",
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>t-1</identifier><sender>weather@town.example</sender><sent>2026-06-11T03:05:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><category>Met</category><event>Rainstorm</event><urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty><area><areaDesc>Testtown</areaDesc><polygon>22.0,112.5 22.0,113.5 23.0,113.5 22.0,112.5</polygon></area></info></alert>",
    "<event version=\"2.0\" uid=\"ANDROID-1\" type=\"a-f-G-U-C\" time=\"2026-06-11T03:05:00Z\" start=\"2026-06-11T03:05:00Z\" stale=\"2026-06-11T03:10:00Z\" how=\"m-g\"><point lat=\"22.5\" lon=\"113.0\" hae=\"9.0\" ce=\"5.0\" le=\"9.0\"/><detail><remarks>x</remarks></detail></event>",
    r#"{"result":2.5,"phenomenonTime":"2026-06-11T03:05:00+08:00","Datastream":{"@iot.id":"R-1:rainfall"}}"#,
    r#"[{"Datastream":{"@iot.id":"R-1:rainfall"},"components":["phenomenonTime","result"],"dataArray":[["2026-06-11T03:05:00Z",2.5]]}]"#,
    r#"{"id":"call-1","t":1781118300000,"text":"x","lon":113.0,"lat":22.5,"class":"flooding"}"#,
    "<HospitalStatus xmlns=\"urn:oasis:names:tc:emergency:EDXL:HAVE:1.0\"><Hospital><Organization><OrganizationInformation><OrganizationName>H-1</OrganizationName></OrganizationInformation></Organization><LastUpdateTime>2026-06-11T03:05:00+08:00</LastUpdateTime></Hospital></HospitalStatus>",
    "<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" xmlns=\"http://quakeml.org/xmlns/bed/1.2\"><eventParameters publicID=\"smi:x/1\"><event publicID=\"smi:x/2\"><origin publicID=\"smi:x/3\"><time><value>2026-06-11T03:05:00Z</value></time><latitude><value>22.5</value></latitude><longitude><value>113.0</value></longitude></origin><magnitude publicID=\"smi:x/4\"><mag><value>4.5</value></mag></magnitude></event></eventParameters></q:quakeml>",
    "66666 1822  036 0034 1822 0 6                MANGKHUT              20190111\n18090700 002 2 118 1636 1002 000\n",
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

fn piece(dice: &mut Dice) -> Vec<u8> {
    let text = GOOD[dice.roll(GOOD.len())];
    // Telemetry is written down in hexadecimal digits.
    let hex = text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !hex || text.len() < 8 {
        return text.as_bytes().to_vec();
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Tries one decoder; how often it read something, and how often not.
fn try_one(name: &str, decode: &Decoder, seed: u64, budget: Option<Duration>) -> (u64, u64) {
    let mut dice = Dice(seed);
    let (begun, mut taken, mut refused) = (Instant::now(), 0, 0);
    for round in 0.. {
        match budget {
            None if round >= ROUNDS => break,
            Some(budget) if begun.elapsed() >= budget => break,
            _ => {}
        }
        let mut bytes = piece(&mut dice);
        // Now and then whole: it shows that the decoder reads its own at all.
        if dice.roll(16) > 0 {
            damage(&mut dice, &mut bytes);
        }
        let read = catch_unwind(AssertUnwindSafe(|| decode(&bytes)));
        match read {
            Ok(true) => taken += 1,
            Ok(false) => refused += 1,
            Err(_) => panic!("{name} ends on {bytes:?} ({})", String::from_utf8_lossy(&bytes)),
        }
    }
    (taken, refused)
}

#[test]
fn damaged_input_never_ends_a_decoder() {
    let seed =
        std::env::var("FENGHUO_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(20_260_611);
    let said = std::env::var("FENGHUO_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok());
    let long = std::env::var("FENGHUO_TIER").as_deref() == Ok("long");
    let budget = said.or(long.then_some(600)).map(Duration::from_secs);
    println!("seed {seed}");
    let decoders = all();
    let (waiting, done) = (Mutex::new(decoders.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((name, decode)) = waiting.lock().unwrap().next() else { return };
                    let (taken, refused) = try_one(name, decode, seed, budget);
                    println!("{name}: {taken} read, {refused} refused");
                    done.lock().unwrap().push((name.clone(), taken, refused));
                }
            });
        }
    });
    let done = done.into_inner().unwrap();
    assert_eq!(done.len(), decoders.len(), "every decoder was tried");
    for (name, _, refused) in &done {
        assert!(*refused > 100, "{name} refuses nothing");
    }
    // Those whose good input is among the pieces read some of it.
    for wanted in
        ["json line", "json array", "csv", "mqtt topic", "sl651", "cap", "cot", "sensorthings"]
    {
        let found = done.iter().find(|(name, ..)| name == wanted);
        assert!(found.is_some_and(|(_, taken, _)| *taken >= 3), "{wanted} reads nothing: {done:?}");
    }
}
