//! Times of SL 651-2014: digits YYMMDDHHmm, with SS where they are a sending time, in 北京时间.

use domain::time::UtcMs;

/// 北京时间 is eight hours east of UTC all the year, seconds.
pub const BEIJING_S: i32 = 8 * 3600;
/// Digits of an observation's time.
pub const OBSERVED_DIGITS: usize = 10;
/// Digits of a sending time.
pub const SENT_DIGITS: usize = 12;

/// Reads ten or twelve digits. `None` where they are no time: a station without a clock sends
/// zeros.
pub fn read(digits: &str) -> Option<UtcMs> {
    let matches = [OBSERVED_DIGITS, SENT_DIGITS].contains(&digits.len());
    if !matches || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut text = *b"20yy-mm-ddThh:mm:00+08:00";
    for (to, pair) in [2, 5, 8, 11, 14, 17].into_iter().zip(digits.as_bytes().chunks(2)) {
        text.get_mut(to..to + 2)?.copy_from_slice(pair);
    }
    crate::json::instant::parse(std::str::from_utf8(&text).ok()?).ok()
}

/// The digits of a time, `count` of them.
pub fn write(t: UtcMs, count: usize) -> String {
    let text = t.rfc3339(BEIJING_S);
    let digits = text.bytes().filter(u8::is_ascii_digit).skip(2).take(count);
    digits.map(char::from).collect()
}

/// Two digits a byte; `None` where a nibble is none.
pub(super) fn digits(bytes: &[u8]) -> Option<String> {
    let mut digits = String::with_capacity(2 * bytes.len());
    for nibble in bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]) {
        digits.push((nibble < 10).then(|| char::from(b'0' + nibble))?);
    }
    Some(digits)
}

/// Bytes of two digits each.
pub(super) fn bcd(digits: &str) -> Vec<u8> {
    let value = |b: &u8| b.wrapping_sub(b'0') & 0x0F;
    digits.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |n, b| n << 4 | value(b))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_beijings_and_zeros_are_none() {
        let t = UtcMs::parse("2017-07-18T11:00:16+08:00").unwrap();
        assert_eq!(read("170718110016"), Some(t));
        assert_eq!(write(t, SENT_DIGITS), "170718110016");
        assert_eq!(read("1707181100"), Some(t.plus_ms(-16_000)));
        assert_eq!(bcd("170718110016"), [0x17, 0x07, 0x18, 0x11, 0x00, 0x16]);
        for none in ["000000000000", "1713181100", "17071811", "170718110A"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
