//! Numbers of people are hidden before anything is kept. A caller is not needed to mend a road, and
//! a hotline's text often ends with a telephone number.
//!
//! Hidden is every run of seven or more digits (a local telephone number has seven), also where
//! single spaces or hyphens part it, full-width digits and digits in characters (一三八…) among
//! them, and the X that ends an identity number. Left alone are dates (`2026-09-11`,
//! `2026年9月11日` has no such run), decimal fractions, and house numbers. What is a name cannot be
//! known: the field for it does not exist.

/// What stands in place of a number.
pub const HIDDEN: &str = "〔号码略〕";
/// From so many digits on it may be somebody's number.
pub const DIGITS_MIN: usize = 7;

/// The value of a digit, in whichever script.
fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '０'..='９' | '零' | '〇' | '一' | '二' | '三' | '四' | '五' | '六' | '七'
        | '八' | '九' | '幺')
}

fn parts(c: char) -> bool {
    matches!(c, ' ' | '-' | '－' | '—' | '\u{3000}')
}

/// A text with numbers of people hidden.
pub fn hide(text: &str) -> String {
    if !may_hide(text) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        let end = if is_digit(c) { run(&chars, at) } else { at };
        if end == at {
            kept.push(c);
            at += 1;
            continue;
        }
        let said = chars.get(at..end).unwrap_or_default();
        let is_fraction = at > 0 && chars.get(at - 1) == Some(&'.');
        if is_somebody(said) && !(is_fraction && said.len() < 11) {
            kept.push_str(HIDDEN);
            at = end + usize::from(matches!(chars.get(end), Some('X' | 'x')));
        } else {
            kept.extend(said);
            at = end;
        }
    }
    kept
}

/// Whether so many digits stand in a text that some could be hidden, wherever they stand.
fn may_hide(text: &str) -> bool {
    text.chars().filter(|c| is_digit(*c)).take(DIGITS_MIN).count() == DIGITS_MIN
}

/// Where the run of digits that begins here ends; single spaces and hyphens may part it.
fn run(chars: &[char], from: usize) -> usize {
    let is = |at: usize, what: fn(char) -> bool| chars.get(at).copied().is_some_and(what);
    let mut at = from;
    loop {
        while is(at, is_digit) {
            at += 1;
        }
        if is(at, parts) && is(at + 1, is_digit) {
            at += 1;
        } else {
            return at;
        }
    }
}

fn is_somebody(run: &[char]) -> bool {
    let digits = run.iter().filter(|c| is_digit(**c)).count();
    digits >= DIGITS_MIN && !is_date(run)
}

/// `2026-09-11`, and `2026-09-11 22` of a time.
fn is_date(run: &[char]) -> bool {
    let groups: Vec<&[char]> = run.split(|c| parts(*c)).collect();
    let [year, rest @ ..] = groups.as_slice() else { return false };
    year.len() == 4
        && matches!(year, ['1', '9', ..] | ['2', '0', ..])
        && (2..=3).contains(&rest.len())
        && rest.iter().all(|group| group.len() <= 2)
}

/// Whether an id is the number of a person: a mobile telephone's, or an identity card's.
pub fn is_a_person(id: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mobile = id.len() == 11
        && digits(id)
        && id.starts_with('1')
        && !matches!(id.as_bytes().get(1), Some(b'0'..=b'2') | None);
    let card = id.len() == 18
        && id.get(..17).is_some_and(digits)
        && id.ends_with(|c: char| c.is_ascii_digit() || matches!(c, 'X' | 'x'))
        && id.get(6..8).is_some_and(|century| matches!(century, "19" | "20"))
        && id.get(10..12).and_then(|m| m.parse().ok()).is_some_and(|m: u8| (1..=12).contains(&m))
        && id.get(12..14).and_then(|d| d.parse().ok()).is_some_and(|d: u8| (1..=31).contains(&d));
    mobile || card
}

/// The bytes of a refused report as they are kept: a value of a field that does not exist is left
/// out, a text has its numbers hidden. What is no JSON object is hidden as a text.
pub fn refused(raw: &[u8], fields: &[&str]) -> Vec<u8> {
    let Ok(serde_json::Value::Object(mut object)) = serde_json::from_slice(raw) else {
        return hide(&String::from_utf8_lossy(raw)).into_bytes();
    };
    for (name, value) in &mut object {
        match value {
            _ if !fields.contains(&name.as_str()) => *value = HIDDEN.into(),
            serde_json::Value::String(id) if name == "id" && !is_a_person(id) => {}
            value => within(value),
        }
    }
    // It was read from JSON: it can be written as JSON.
    serde_json::to_vec(&object).unwrap_or_default()
}

/// Hides in every text of a value. It has been read, so that it is not nested deeply.
fn within(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = hide(text),
        serde_json::Value::Array(list) => list.iter_mut().for_each(within),
        serde_json::Value::Object(object) => object.values_mut().for_each(within),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_people_are_hidden() {
        for (said, kept) in [
            ("请联系13800138000张先生", "请联系〔号码略〕张先生"),
            ("电话 138 0013 8000。", "电话 〔号码略〕。"),
            ("座机0750-3272119", "座机〔号码略〕"),
            ("3272119", "〔号码略〕"),
            ("身份证44070319900101123X,", "身份证〔号码略〕,"),
            ("１３８００１３８０００", "〔号码略〕"),
            ("打一三八零零一三八零零零", "打〔号码略〕"),
        ] {
            assert_eq!(hide(said), kept);
        }
    }

    #[test]
    fn places_dates_and_figures_are_left_alone() {
        for text in [
            "2026-09-11 22:40 水深1.25米",
            "2026年9月11日22时40分",
            "113.058921,22.565264",
            "迎宾大道西3号12栋1204",
            "约三十一万户",
            "",
        ] {
            assert_eq!(hide(text), text);
        }
    }

    #[test]
    fn a_work_order_is_no_person() {
        assert!(is_a_person("13800138000") && is_a_person("44070319900101123X"));
        for id in ["JM20260911000123", "20260911000123", "12345678901", "202609110001234567"] {
            assert!(!is_a_person(id), "{id}");
        }
    }

    #[test]
    fn what_is_refused_keeps_no_person_either() {
        let raw =
            r#"{"id":"a","text":"找13800138000","caller":"张三","phone":13800138000,"lon":1.5}"#;
        let kept = String::from_utf8(refused(raw.as_bytes(), &["id", "text", "lon"])).unwrap();
        assert!(!kept.contains("张三") && !kept.contains("13800138000"), "{kept}");
        assert!(kept.contains("\"lon\":1.5"), "{kept}");
        assert_eq!(refused(b"{ 13800138000", &[]), "{ 〔号码略〕".as_bytes());
    }

    proptest! {
        #[test]
        fn no_long_run_of_digits_is_left(text in "[0-9 \\-x年。a]{0,60}") {
            let hidden = hide(&text);
            let longest = hidden.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
            prop_assert!(longest.unwrap_or(0) < DIGITS_MIN, "{}", hidden);
            prop_assert_eq!(hide(&hidden), hidden);
        }

        #[test]
        fn any_text_gives_an_answer(text in any::<String>(), raw in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = (hide(&text), is_a_person(&text), refused(&raw, &["id"]));
        }
    }
}
