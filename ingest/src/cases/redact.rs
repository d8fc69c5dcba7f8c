//! What may be kept of a refused report of cases. Pure and total.
//!
//! Of JSON: the fields of the form with values that look like codes and numbers; every other value
//! is `"***"`, and so is a name of a field that is not plain ASCII. Of anything else (a table, a
//! broken text): the words of the form, the codes that are built in, and numbers of up to ten
//! digits; every other word is `***`. Where something stood and what kind of thing it was can still
//! be seen; who sent it has the rest.

use domain::cases::built_in;
use domain::refusal::RAW_KEPT_MAX_BYTES;
use serde_json::{Map, Value};

use super::decode::FIELDS;
use super::personal;

const STARS: &str = "***";
/// The longest value or name that is kept, bytes: an id's.
const WORD_MAX_BYTES: usize = domain::ids::ID_MAX_BYTES;
/// Words that are kept beside the form's own.
const WORDS: [&str; 10] =
    ["male", "female", "all", "unknown", "true", "false", "null", "T", "Z", "agency"];
/// The longest number that is kept in a text that is no JSON; a mobile number is longer.
const NUMBER_MAX_DIGITS: usize = 10;

/// The bytes that may be kept.
pub fn redact(raw: &[u8]) -> Vec<u8> {
    if raw.len() <= RAW_KEPT_MAX_BYTES
        && let Ok(value) = serde_json::from_slice::<Value>(raw)
    {
        return value_of(value, 0).to_string().into_bytes();
    }
    let cut = &raw[..raw.len().min(RAW_KEPT_MAX_BYTES)];
    words_of(&String::from_utf8_lossy(cut)).into_bytes()
}

/// A value that says nothing of a person: short, of an id's characters, and no number of one.
fn is_plain(text: &str) -> bool {
    let of_an_id = |c: char| c.is_ascii_alphanumeric() || "._-+:".contains(c);
    text.len() <= WORD_MAX_BYTES && text.chars().all(of_an_id) && personal::numbers(text).is_empty()
}

fn value_of(value: Value, depth: u8) -> Value {
    match value {
        Value::Array(items) if depth == 0 => {
            items.into_iter().map(|item| value_of(item, 1)).collect()
        }
        Value::Object(fields) if depth <= 1 => {
            let kept = fields.into_iter().map(|(name, value)| {
                let known = FIELDS.contains(&name.as_str()) && is_kept(&value);
                let value = if known { value } else { STARS.into() };
                (if is_plain(&name) { name } else { STARS.to_owned() }, value)
            });
            Value::Object(kept.collect::<Map<_, _>>())
        }
        _ => STARS.into(),
    }
}

fn is_kept(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Number(n) => is_plain(&n.to_string()),
        Value::String(text) => is_plain(text),
        Value::Array(_) | Value::Object(_) => false,
    }
}

fn words_of(text: &str) -> String {
    let codes: Vec<String> = built_in().into_iter().map(|d| d.code).collect();
    let is_known = |word: &str| {
        let is_number = word.len() <= NUMBER_MAX_DIGITS && word.bytes().all(|b| b.is_ascii_digit());
        is_number
            || FIELDS.contains(&word)
            || WORDS.contains(&word)
            || codes.iter().any(|code| code == word)
    };
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    let put = |out: &mut String, word: &mut String| {
        if !word.is_empty() {
            out.push_str(if is_known(word) { word } else { STARS });
            word.clear();
        }
    };
    for c in text.chars() {
        // A back slash begins what may be a letter in disguise.
        if c.is_ascii_punctuation() && !matches!(c, '_' | '\\') || c.is_ascii_whitespace() {
            put(&mut out, &mut word);
            out.push(c);
        } else {
            word.push(c);
        }
    }
    put(&mut out, &mut word);
    personal::masked(&out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kept(raw: &str) -> String {
        String::from_utf8(redact(raw.as_bytes())).unwrap()
    }

    #[test]
    fn what_is_kept_shows_the_mistake_and_nobody() {
        let json = r#"{"day":"2026-06-11","place":"440703","syndrome":"ili","age":"0-4","count":3,"reported":1781118300000,"name":"王小明","phone":"13800138000","王小明":1}"#;
        let said = kept(json);
        for gone in ["王", "小明", "13800138000"] {
            assert!(!said.contains(gone), "{said}");
        }
        for there in
            ["\"place\":\"440703\"", "\"count\":3", "\"name\":\"***\"", "\"phone\":\"***\""]
        {
            assert!(said.contains(there), "{said}");
        }
        let hidden = kept(
            r#"[{"place":"王小明","day":"13800138000","count":13800138000,"age":{"of":"李雷"}}]"#,
        );
        assert_eq!(hidden, r#"[{"age":"***","count":"***","day":"***","place":"***"}]"#);
        let row = kept("2026-06-11,440703,ili,0-4,3,王小明,13800138000,138 0013 8000");
        assert_eq!(row, "2026-06-11,440703,ili,0-4,3,***,***,***");
        let broken = kept(r#"{"place":"440703","name":"Wang Xiaoming","\u738b": 138"#);
        assert_eq!(broken, r#"{"place":"440703","***":"*** ***","***": 138"#);
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut_down(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let kept = redact(&body);
            prop_assert!(personal::numbers(&String::from_utf8_lossy(&kept)).is_empty());
        }
    }
}
