//! Numbers of SL 651-2014: digits with a fixed number of decimals.

/// The most digits a number has.
pub const DIGITS_MAX: usize = 15;
/// One more than the greatest of them.
const MOST: i64 = 10i64.pow(DIGITS_MAX as u32);

/// A number as it is written: 10.490 is 10490 with three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// All of its digits, with its sign.
    pub digits: i64,
    /// How many of them are decimals.
    pub decimals: u8,
}

impl Decimal {
    /// Its value, rounded once: both parts are exact.
    pub fn value(self) -> f64 {
        self.digits as f64 / 10f64.powi(i32::from(self.decimals))
    }
}

/// What stands where a number is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// A number.
    Is(Decimal),
    /// Nothing: all F, or `M` in ASCII.
    Missing,
    /// No number at all.
    Odd,
}

/// Reads BCD: all F is missing, a leading FF makes it negative.
pub(super) fn from_bcd(bytes: &[u8], decimals: u8) -> Number {
    if bytes.iter().all(|byte| *byte == 0xFF) {
        return Number::Missing;
    }
    let (sign, bytes) = match bytes {
        [0xFF, rest @ ..] => (-1, rest),
        all => (1, all),
    };
    let mut digits = 0i64;
    for nibble in bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]) {
        if nibble > 9 || digits >= MOST / 10 {
            return Number::Odd;
        }
        digits = digits * 10 + i64::from(nibble);
    }
    Number::Is(Decimal { digits: sign * digits, decimals })
}

/// Reads text: `M` is missing. `None` where it is neither that nor a number.
pub(super) fn from_text(text: &str) -> Option<Number> {
    if text == "M" {
        return Some(Number::Missing);
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all = format!("{whole}{part}");
    let is_number = !all.is_empty() && all.bytes().all(|b| b.is_ascii_digit());
    if !is_number || all.len() > DIGITS_MAX {
        return None;
    }
    let digits: i64 = all.parse().ok()?;
    // At most fifteen, as was just seen.
    let decimals = part.len() as u8;
    let digits = if negative { -digits } else { digits };
    Some(Number::Is(Decimal { digits, decimals }))
}

/// Writes `bytes` of BCD; `None` where the number does not fit them.
pub(super) fn to_bcd(number: Number, bytes: u8) -> Option<Vec<u8>> {
    let bytes = usize::from(bytes);
    let Number::Is(number) = number else { return Some(vec![0xFF; bytes]) };
    let places = bytes.checked_sub(usize::from(number.digits < 0))?;
    let text = format!("{:0width$}", number.digits.unsigned_abs(), width = places * 2);
    if text.len() > places * 2 {
        return None;
    }
    let sign = if number.digits < 0 { &[0xFF][..] } else { &[] };
    Some([sign, &super::stamp::bcd(&text)].concat())
}

/// Writes text.
pub(super) fn to_text(number: Number) -> String {
    let Number::Is(Decimal { digits, decimals }) = number else { return "M".into() };
    let sign = if digits < 0 { "-" } else { "" };
    let places = usize::from(decimals);
    let text = format!("{:0width$}", digits.unsigned_abs(), width = places + 1);
    let (whole, part) = text.split_at(text.len() - places);
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(digits: i64, decimals: u8) -> Number {
        Number::Is(Decimal { digits, decimals })
    }

    #[test]
    fn a_leading_ff_is_a_sign_and_nothing_but_ff_is_no_value() {
        assert_eq!(from_bcd(&[0x00, 0x01, 0x04, 0x90], 3), is(10_490, 3));
        assert_eq!(from_bcd(&[0xFF, 0x00, 0x15], 1), is(-15, 1));
        assert_eq!(from_bcd(&[0xFF, 0xFF, 0xFF], 1), Number::Missing);
        assert_eq!(from_bcd(&[0x1A, 0x00], 1), Number::Odd);
        assert_eq!(from_bcd(&[0x12, 0xFF], 1), Number::Odd);
        assert_eq!(is(550, 3), from_bcd(&[0x00, 0x00, 0x05, 0x50], 3));
        assert_eq!(Decimal { digits: 10_490, decimals: 3 }.value(), 10.49);
    }

    #[test]
    fn text_has_its_own_decimals() {
        assert_eq!(from_text("10.490"), Some(is(10_490, 3)));
        assert_eq!(from_text("-.5"), Some(is(-5, 1)));
        assert_eq!(from_text("M"), Some(Number::Missing));
        for none in ["", "-", ".", "1e5", "NaN", "1.2.3", "M10", "12345678901234567890"] {
            assert_eq!(from_text(none), None, "{none}");
        }
        assert_eq!(to_text(is(-5, 1)), "-0.5");
        assert_eq!(to_text(is(40, 1)), "4.0");
    }
}
