//! The `rule` of a decision, read back as far as a view needs it.

/// The number of the threshold that spoke, counted from 1 in its hazard's file: `… #2: sum of
/// rainfall over 3 h >= 50`. Nothing where no threshold spoke (silence, no data).
pub(super) fn threshold_number(rule: &str) -> Option<usize> {
    let (_, after) = rule.split_once('#')?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    let ends_well = after[digits.len()..].starts_with(':');
    digits.parse().ok().filter(|_| ends_well)
}

#[cfg(test)]
mod tests {
    use super::threshold_number;

    #[test]
    fn the_threshold_is_named_by_its_number() {
        let said = "rainfall/1 #12: sum of rainfall over 3 h >= 50";
        assert_eq!(threshold_number(said), Some(12));
        assert_eq!(threshold_number("no data: nothing for 3 expected intervals"), None);
        assert_eq!(threshold_number("highest of its stations: JM#3"), None);
    }
}
