//! Reads the usual form of RFC 3339 without a general parser: `2026-06-11T03:05:00+08:00`,
//! `…Z`, with up to three places of a second. Anything else goes to [`UtcMs::parse`], so that the
//! answer is always that parser's (a property test holds the two together).

use domain::time::{TimeError, UtcMs};

/// Reads an instant.
///
/// # Errors
/// As [`UtcMs::parse`].
pub fn parse(text: &str) -> Result<UtcMs, TimeError> {
    match usual(text.as_bytes()) {
        Some(ms) => UtcMs::from_millis(ms),
        None => UtcMs::parse(text),
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |n, d| {
        let digit = d.wrapping_sub(b'0');
        (digit <= 9).then(|| n * 10 + i64::from(digit))
    })
}

fn usual(b: &[u8]) -> Option<i64> {
    let (head, mut rest) = b.split_at_checked(19)?;
    if head[4] != b'-'
        || head[7] != b'-'
        || head[10] != b'T'
        || head[13] != b':'
        || head[16] != b':'
    {
        return None;
    }
    let (year, month, day) = (number(&head[0..4])?, number(&head[5..7])?, number(&head[8..10])?);
    let (hour, minute, second) =
        (number(&head[11..13])?, number(&head[14..16])?, number(&head[17..19])?);
    if !(1..=12).contains(&month) || !(1..=28).contains(&day) && day > days_in(year, month) {
        return None;
    }
    if day == 0 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut ms = 0;
    if let [b'.', tail @ ..] = rest {
        let places = tail.iter().take_while(|c| c.is_ascii_digit()).count();
        if !(1..=3).contains(&places) {
            return None;
        }
        ms = number(&tail[..places])? * [100, 10, 1][places - 1];
        rest = &tail[places..];
    }
    let offset_min = offset(rest)?;
    let days = days_from_civil(year, month, day);
    Some(((days * 24 + hour) * 60 + minute - offset_min) * 60_000 + second * 1_000 + ms)
}

fn offset(rest: &[u8]) -> Option<i64> {
    match rest {
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let east = hours * 60 + minutes;
            Some(if *sign == b'+' { east } else { -east })
        }
        _ => None,
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of the proleptic Gregorian calendar, counted in years that begin in March
/// so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_dates_get_the_general_parsers_answer() {
        for text in [
            "2024-02-29T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2000-02-29T23:59:59.5+08:00",
            "2100-02-29T00:00:00Z",
            "2026-06-11T03:05:00",
            "2026-06-31T03:05:00Z",
            "2026-06-11T24:00:00Z",
            "2026-06-11T23:59:60Z",
            "2026-06-00T23:59:00Z",
            "2026-06-11t23:59:00z",
            "2026-06-11T03:05:00.123456+08:00",
            "2026-06-11T03:05+08:00",
            "2026-06-11T03:05:00.+08:00",
            "",
        ] {
            assert_eq!(parse(text), UtcMs::parse(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn both_parsers_agree(ms in 0i64..7_300_000_000_000, offset_min in -1439i32..1439, cut in 0usize..30) {
            let text = UtcMs(ms).rfc3339(offset_min * 60);
            prop_assert_eq!(parse(&text), UtcMs::parse(&text));
            let short = &text[..cut.min(text.len())];
            prop_assert_eq!(parse(short), UtcMs::parse(short));
        }

        #[test]
        fn and_on_anything_that_looks_like_a_time(text in "[0-9T:Z.+-]{0,32}") {
            prop_assert_eq!(parse(&text), UtcMs::parse(&text));
        }

        #[test]
        fn and_on_times_with_one_wrong_field(
            y in 1990u32..2210, mo in 0u32..14, d in 0u32..33, h in 0u32..26, mi in 0u32..62, s in 0u32..62,
        ) {
            let text = format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}+08:00");
            prop_assert_eq!(parse(&text), UtcMs::parse(&text));
        }
    }
}
