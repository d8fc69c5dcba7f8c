//! Names and namespaces: which characters, which prefix stands for what.

use std::borrow::Cow;

use super::XML_NAMESPACE;

/// Whether a character may stand in a document (XML 1.0, 2.2).
pub(super) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether every character of a text may stand in a document, by its bytes: most have no control
/// character, and nothing of U+FFC0 and on, among which are the two that are none. `false` where it
/// is to be looked at by characters.
pub(super) fn are_chars(text: &str) -> bool {
    let odd = |b: &u8| *b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r');
    let has_odd = text.as_bytes().iter().fold(false, |any, b| any | odd(b));
    !has_odd && memchr::memmem::find(text.as_bytes(), &[0xEF, 0xBF]).is_none()
}

/// XML 1.0, 2.3: what a name may begin with. A colon parts prefix and name, and is in neither.
fn begins(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
        | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
        | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn goes_on(c: char) -> bool {
    begins(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}'
            | '\u{203F}'..='\u{2040}')
}

/// Whether a text is a name without a colon.
pub(super) fn is_name(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if text.bytes().all(is_plain) {
        return text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    }
    let mut chars = text.chars();
    chars.next().is_some_and(begins) && chars.all(goes_on)
}

/// Prefix and name of a qualified name.
pub(super) fn split(qualified: &str) -> Result<(&str, &str), String> {
    let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
    let is_fine = is_name(local) && (is_name(prefix) || !qualified.contains(':'));
    if is_fine { Ok((prefix, local)) } else { Err(format!("{qualified:?} is no name")) }
}

/// The declarations in force, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    declared: Vec<super::Pair<'a>>,
}

impl<'a> Scope<'a> {
    /// How many are in force: where to go back to when the element ends.
    pub(super) fn mark(&self) -> usize {
        self.declared.len()
    }

    pub(super) fn back(&mut self, mark: usize) {
        self.declared.truncate(mark);
    }

    /// Puts a declaration in force (Namespaces in XML 1.0, 3).
    pub(super) fn declare(
        &mut self,
        prefix: Cow<'a, str>,
        name: Cow<'a, str>,
    ) -> Result<(), String> {
        let is_reserved = prefix == "xmlns"
            || name == "http://www.w3.org/2000/xmlns/"
            || (prefix == "xml") != (name == XML_NAMESPACE);
        if is_reserved || (name.is_empty() && !prefix.is_empty()) {
            return Err(format!("the prefix {prefix:?} cannot stand for {name:?}"));
        }
        self.declared.push((prefix, name));
        Ok(())
    }

    /// What a prefix stands for; the empty one is the default namespace.
    pub(super) fn of(&self, prefix: &str) -> Result<Cow<'a, str>, String> {
        if prefix == "xml" {
            return Ok(Cow::Borrowed(XML_NAMESPACE));
        }
        let found = self.declared.iter().rev().find(|(known, _)| known == prefix);
        match found {
            Some((_, name)) => Ok(name.clone()),
            None if prefix.is_empty() => Ok(Cow::Borrowed("")),
            None => Err(format!("the prefix {prefix:?} is not declared")),
        }
    }
}
