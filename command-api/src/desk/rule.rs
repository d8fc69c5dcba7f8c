//! The `rule` of a decision, read back as far as a view needs it.

use domain::city::Threshold;

/// Whether a rule's text names the threshold's window and its number. The engine writes both into
/// the rule; a text that does not is no reason to hide an alert, only a weaker match.
pub(super) fn speaks(rule: &str, threshold: &Threshold) -> bool {
    let window = threshold.window_s.is_none_or(|s| {
        rule.contains(&format!("{s}s"))
            || (s % 3600 == 0 && rule.contains(&format!("{}h", s / 3600)))
    });
    window && rule.contains(&threshold.at_least.to_string())
}
