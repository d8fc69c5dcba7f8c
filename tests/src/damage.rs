//! Damage to good bytes, as transport, faulty programs and ill will do it: bits, lengths, tokens,
//! numbers at their limits, pieces of one message within another. The same seed does the same.

/// SplitMix64: enough to break things, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    #[allow(clippy::cast_possible_truncation, reason = "below a length")]
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }

    fn one_of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> Option<&'a T> {
        list.get(self.roll(list.len())).copied()
    }
}

/// The most bytes that damage lets a message grow to.
const GROWN_MAX: usize = 64 * 1024;
/// The deepest nest that is made of one token.
const NEST_MAX: usize = 2_000;

/// Words that mean something in one protocol or another.
const TOKENS: &[&[u8]] = &[
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
    b";",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x8c\x8a",
    "水".as_bytes(),
    b"null",
    b"true",
    b"T",
    b"Z",
    b"+25:61",
    b"2026-02-30T24:00:60Z",
    b"0000-00-00T00:00:00",
    b"\"station\":1,",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"<!DOCTYPE a>",
    b"<?x?>",
    b"&lt;",
    b"&#x110000;",
    b"&#0;",
    b"xmlns:a=\"",
    b"</",
    b"/>",
    b"<a>",
    b"\x7e\x7e",
    b"\x01\x02\x03",
    b"\x17\x1b\x05\x06\x15\x04",
    b"\xf1\xf1",
    b"\xf0\xf0",
    b"%00",
    b"%E6%B0",
    b"''",
    b"(",
    b")",
    b"$filter=",
    b" eq ",
    b"..",
    b"//",
    b"#",
    b"+",
    b"*",
    b" ",
    b"\t",
];

/// Numbers at the limits of what holds them.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1",
    "127",
    "128",
    "255",
    "256",
    "32768",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "-2147483649",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999999",
    "1e308",
    "1e400",
    "-1e-400",
    "0.1e1",
    "NaN",
    "Infinity",
    "0x1",
    "٣",
    "1.7976931348623157e308",
    "4e18",
    "8.64e15",
];

/// Where a run of digits stands, from a random place on.
fn digits(dice: &mut Dice, bytes: &[u8]) -> Option<(usize, usize)> {
    let begin = dice.roll(bytes.len().max(1));
    let from = begin + bytes.get(begin..)?.iter().position(u8::is_ascii_digit)?;
    let run = bytes.get(from..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    Some((from, from + run))
}

/// A piece between two marks of `bytes`: a value, a cell, an element.
fn part<'b>(dice: &mut Dice, bytes: &'b [u8]) -> &'b [u8] {
    let is_mark = |b: &u8| b"\"<>,;:[]{}\n\x7e ".contains(b);
    let marks: Vec<usize> = (0..bytes.len()).filter(|at| is_mark(&bytes[*at])).collect();
    if marks.len() < 2 || dice.roll(4) == 0 {
        let from = dice.roll(bytes.len() + 1);
        return &bytes[from..(from + dice.roll(40)).min(bytes.len())];
    }
    let first = dice.roll(marks.len() - 1);
    let last = (first + 1 + dice.roll(6)).min(marks.len() - 1);
    &bytes[marks[first]..=marks[last]]
}

/// One blow. `others` are good bytes of which pieces may come.
fn blow(dice: &mut Dice, bytes: &mut Vec<u8>, others: &[&[u8]]) {
    let at = dice.roll(bytes.len() + 1);
    match dice.roll(12) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
        1 if at < bytes.len() => bytes[at] = dice.roll(256).to_le_bytes()[0],
        2 if at < bytes.len() => drop(bytes.drain(at..(at + 1 + dice.roll(8)).min(bytes.len()))),
        3 if dice.roll(3) == 0 => bytes.truncate(at),
        // A part comes again, once or many times.
        4 => {
            let times = if dice.roll(20) == 0 { dice.roll(NEST_MAX) } else { 1 };
            let copy = part(dice, bytes).repeat(times);
            bytes.splice(at..at, copy);
        }
        // A part goes.
        5 => {
            let gone = part(dice, bytes).len();
            let from = at.min(bytes.len() - gone);
            bytes.drain(from..from + gone);
        }
        // A part of another message, or the other's rest.
        6 | 7 => {
            let Some(other) = dice.one_of(others) else { return };
            let piece = if dice.roll(3) == 0 {
                other.get(at.min(other.len())..).unwrap_or_default().to_vec()
            } else {
                part(dice, other).to_vec()
            };
            let to = if dice.roll(2) == 0 { at } else { (at + piece.len()).min(bytes.len()) };
            bytes.splice(at..to, piece);
        }
        // A number at a limit, in the place of one or of its digits.
        8 | 9 => {
            let Some((from, to)) = digits(dice, bytes) else { return };
            let number = dice.one_of(NUMBERS).unwrap_or_default();
            bytes.splice(from..to, number.bytes());
        }
        // A length, in one to eight bytes, either way round.
        10 => {
            let number = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, u64::MAX][dice.roll(8)];
            let mut all = number.to_le_bytes();
            let width = 1 << dice.roll(4);
            if dice.roll(2) == 0 {
                all[..width].reverse();
            }
            let to = (at + width).min(bytes.len());
            bytes.splice(at..to, all[..width].iter().copied());
        }
        _ => {
            let token = dice.one_of(TOKENS).unwrap_or_default();
            let times = if dice.roll(40) == 0 { dice.roll(NEST_MAX) } else { 1 };
            bytes.splice(at..at, token.repeat(times));
        }
    }
    bytes.truncate(GROWN_MAX);
}

/// One to eight blows.
pub fn damage(dice: &mut Dice, bytes: &mut Vec<u8>, others: &[&[u8]]) {
    for _ in 0..=dice.roll(8) {
        blow(dice, bytes, others);
    }
}

/// The words and numbers, as a dictionary of libFuzzer's form.
pub fn dictionary() -> String {
    let numbers = NUMBERS.iter().map(|n| n.as_bytes());
    let mut text = String::new();
    for token in TOKENS.iter().copied().chain(numbers) {
        let hex: String = token.iter().map(|b| format!("\\x{b:02x}")).collect();
        text.push_str(&format!("\"{hex}\"\n"));
    }
    text
}
