//! The `rule` of a decision, read back as far as a view needs it.

/// The number of the threshold that spoke, counted from 1 in its hazard's file: `… #2: sum of
/// rainfall over 3 h >= 50`. Nothing where no threshold spoke (silence, no data).
pub fn threshold_number(rule: &str) -> Option<usize> {
    let (_, after) = rule.split_once('#')?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    let ends_well = after[digits.len()..].starts_with(':');
    digits.parse().ok().filter(|_| ends_well)
}

/// What was measured and over how long, as [`stream`] writes it: `sum of rainfall over 3 h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// `latest`, `sum`, `mean`, `rise_per_hour`, `highest`.
    pub statistic: &'static str,
    /// Seconds; `None`: the instant.
    pub window_s: Option<u32>,
}

/// What a rule measures; nothing where no threshold spoke.
pub fn measured(rule: &str) -> Option<Measured> {
    let number = threshold_number(rule)?;
    let (_, text) = rule.split_once(&format!("#{number}: "))?;
    let text = text.split(" >= ").next()?.split(" against ").next()?;
    let known = [
        ("sum of ", " over ", "sum"),
        ("mean of ", " over ", "mean"),
        ("rise of ", " an hour over ", "rise_per_hour"),
        ("highest ", " in ", "highest"),
    ];
    let found = known.into_iter().find_map(|(before, between, statistic)| {
        let (_, window) = text.strip_prefix(before)?.rsplit_once(between)?;
        Some(Measured { statistic, window_s: seconds(window) })
    });
    Some(found.unwrap_or(Measured { statistic: "latest", window_s: None }))
}

/// `3 h`, `10 min`, `45 s`.
fn seconds(span: &str) -> Option<u32> {
    let (count, unit) = span.split_once(' ')?;
    let each = match unit {
        "h" => 3_600.0,
        "min" => 60.0,
        "s" => 1.0,
        _ => return None,
    };
    let seconds = count.parse::<f64>().ok()? * each;
    (0.0..=f64::from(u32::MAX)).contains(&seconds).then_some(seconds as u32)
}

#[cfg(test)]
mod tests {
    use super::{Measured, measured, threshold_number};

    #[test]
    fn the_threshold_is_named_by_its_number() {
        let said = "rainfall/1 #12: sum of rainfall over 3 h >= 50";
        assert_eq!(threshold_number(said), Some(12));
        assert_eq!(threshold_number("no data: nothing for 3 expected intervals"), None);
        assert_eq!(threshold_number("highest of its stations: JM#3"), None);
    }

    #[test]
    fn a_rule_is_read_back_in_its_parts() {
        for (rule, statistic, window_s) in [
            ("rainfall/1 #12: sum of rainfall over 3 h >= 50", "sum", Some(10_800)),
            ("gale/1 #1: mean of wind_speed over 10 min against 17.2", "mean", Some(600)),
            (
                "ponding/1 #2: rise of ponding_depth an hour over 45 s >= 4",
                "rise_per_hour",
                Some(45),
            ),
            ("tidal/1 #2: highest tide_level in 13 h >= 2.1, final", "highest", Some(46_800)),
            ("discharge/1 #1: discharge >= 300", "latest", None),
        ] {
            assert_eq!(measured(rule), Some(Measured { statistic, window_s }), "{rule}");
        }
        assert_eq!(measured("no data: nothing for 3 expected intervals"), None);
    }
}
