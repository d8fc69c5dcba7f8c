//! Topic names and topic filters: their form, and whether one matches the other.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The most levels in a topic or filter.
pub const TOPIC_LEVELS_MAX: usize = 16;
/// The longest topic or filter, in bytes. The longest of our own is under 160.
pub const TOPIC_MAX_BYTES: usize = 512;

/// What is wrong with a topic or filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// Nothing at all.
    #[error("the topic is empty")]
    Empty,
    /// A `#` or `+` where none may stand.
    #[error("a wildcard where none may stand")]
    Wildcard,
    /// NUL or another control character.
    #[error("a control character")]
    Control,
    /// Longer than [`TOPIC_MAX_BYTES`].
    #[error("longer than {TOPIC_MAX_BYTES} bytes")]
    TooLong,
    /// More levels than [`TOPIC_LEVELS_MAX`].
    #[error("more than {TOPIC_LEVELS_MAX} levels")]
    TooDeep,
    /// Begins with `$`: a broker's own, or a shared subscription.
    #[error("begins with $")]
    Reserved,
}

impl TopicError {
    /// Whether the specification forbids it outright (the connection is closed), or only we do
    /// (the packet is refused).
    pub fn is_protocol_violation(self) -> bool {
        matches!(self, TopicError::Empty | TopicError::Wildcard | TopicError::Control)
    }
}

fn check_form(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(TopicError::Control);
    }
    if text.len() > TOPIC_MAX_BYTES {
        return Err(TopicError::TooLong);
    }
    if text.bytes().filter(|b| *b == b'/').count() >= TOPIC_LEVELS_MAX {
        return Err(TopicError::TooDeep);
    }
    if text.starts_with('$') {
        return Err(TopicError::Reserved);
    }
    Ok(())
}

/// Checks the topic of a PUBLISH or of a will.
///
/// # Errors
/// [`TopicError`] names the first rule it breaks.
pub fn check_topic(topic: &str) -> Result<(), TopicError> {
    if topic.bytes().any(|b| matches!(b, b'#' | b'+')) {
        return Err(TopicError::Wildcard);
    }
    check_form(topic)
}

/// A well-formed topic filter, with or without wildcards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filter(Arc<str>);

impl Filter {
    /// Takes a filter that keeps MQTT 4.7 and the bounds of this module.
    ///
    /// # Errors
    /// [`TopicError`] names the first rule it breaks.
    pub fn new(text: &str) -> Result<Self, TopicError> {
        check_form(text)?;
        let mut levels = text.split('/').peekable();
        while let Some(level) = levels.next() {
            let hash_is_last = level == "#" && levels.peek().is_none();
            if level.contains(['#', '+']) && level != "+" && !hash_is_last {
                return Err(TopicError::Wildcard);
            }
        }
        Ok(Self(text.into()))
    }

    /// The filter as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it holds a wildcard.
    pub fn has_wildcard(&self) -> bool {
        self.0.bytes().any(|b| matches!(b, b'#' | b'+'))
    }

    /// Whether a topic falls under it (MQTT 4.7.1). `a/#` matches `a` too.
    pub fn matches(&self, topic: &str) -> bool {
        let mut filter = self.0.split('/');
        let mut levels = topic.split('/');
        loop {
            match (filter.next(), levels.next()) {
                (Some("#"), _) => return true,
                (Some("+"), Some(_)) => {}
                (Some(want), Some(have)) if want == have => {}
                (None, None) => return true,
                _ => return false,
            }
        }
    }
}

/// A filter is found by its text; order and hash are those of the text.
impl Borrow<str> for Filter {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_checked_for_form() {
        assert_eq!(check_topic("fh/v1/hydro/obs"), Ok(()));
        assert_eq!(check_topic(""), Err(TopicError::Empty));
        assert_eq!(check_topic("a/#"), Err(TopicError::Wildcard));
        assert_eq!(check_topic("a/+/b"), Err(TopicError::Wildcard));
        assert_eq!(check_topic("a\0b"), Err(TopicError::Control));
        assert_eq!(check_topic("$SYS/x"), Err(TopicError::Reserved));
        assert_eq!(check_topic(&"a".repeat(65_535)), Err(TopicError::TooLong));
        assert_eq!(check_topic(&"/".repeat(16)), Err(TopicError::TooDeep));
        assert_eq!(check_topic(&"/".repeat(15)), Ok(()));
    }

    #[test]
    fn filters_keep_the_wildcard_rules() {
        for good in ["#", "+", "a/#", "a/+/b", "+/+", "/", "a//b", "a/+"] {
            assert!(Filter::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a/#/b", "a+", "+a", "a#", "#/", "a/b#", "$share/x/#", "$SYS/#", "a\0"] {
            assert!(Filter::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn filters_match_as_section_4_7_says() {
        let table = [
            ("a/b", "a/b", true),
            ("a/b", "a/b/c", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/+", "a", false),
            ("a/+", "a/", true),
            ("+/+", "/x", true),
            ("+", "/x", false),
            ("#", "x/y", true),
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/d", false),
        ];
        for (filter, topic, expected) in table {
            let filter = Filter::new(filter).unwrap();
            assert_eq!(filter.matches(topic), expected, "{filter} {topic}");
        }
    }
}
