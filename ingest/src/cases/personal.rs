//! What looks like a person: names of fields that hold one, the citizen's identity number, a mobile
//! telephone. Pure and total.

/// Names of fields that are about a person, in the languages they are sent in. A field is one if
/// its name, without `_`, `-` and blanks, begins or ends with one of these.
const FIELDS: [&str; 47] = [
    "name",
    "mrn",
    "medicalrecord",
    "ssn",
    "nationalid",
    "residence",
    "employer",
    "workplace",
    "病人",
    "家长",
    "监护人",
    "护照",
    "微信",
    "邮箱",
    "出生",
    "病历号",
    "住院号",
    "户籍",
    "patient",
    "idcard",
    "idno",
    "idnumber",
    "identity",
    "citizenid",
    "passport",
    "phone",
    "mobile",
    "telephone",
    "tel",
    "address",
    "addr",
    "birth",
    "birthday",
    "dob",
    "email",
    "wechat",
    "contact",
    "guardian",
    "姓名",
    "患者",
    "身份证",
    "证件",
    "电话",
    "手机",
    "住址",
    "地址",
    "联系",
];

/// Weights of the first seventeen digits of an identity number (GB 11643-1999).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Its check digit, by the sum of the weighted digits modulo 11.
const CHECK: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// Digits of a mobile number, and of one with its country.
const MOBILE: (usize, usize) = (11, 13);

/// Whether a field's name is one that holds a person.
pub fn is_field(name: &str) -> bool {
    let plain: String =
        name.to_lowercase().chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).collect();
    FIELDS.iter().any(|field| plain.starts_with(field) || plain.ends_with(field))
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// An identity number whose check digit holds.
    Identity,
    /// A mobile number.
    Mobile,
}

impl Found {
    /// In words.
    pub fn wire(self) -> &'static str {
        match self {
            Found::Identity => "an identity number",
            Found::Mobile => "a mobile telephone number",
        }
    }
}

/// The ASCII digit of a digit, of full width or not.
fn digit(c: char) -> Option<u32> {
    match c {
        '０'..='９' => Some(u32::from(c) - u32::from('０')),
        _ => c.to_digit(10),
    }
}

/// A run of digits in a text: from and to, bytes, and its digits. Single blanks and hyphens within
/// a telephone (3-4-4) or an identity number (6-8-4) do not end it.
struct Run {
    from: usize,
    to: usize,
    digits: Vec<char>,
    groups: Vec<usize>,
}

fn runs(text: &str) -> Vec<Run> {
    let mut found: Vec<Run> = Vec::new();
    let mut joins = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let is_check = matches!(c, 'X' | 'x' | 'Ｘ' | 'ｘ');
        let last = found.last_mut().filter(|run| run.to == at || (joins && run.to + 1 == at));
        match (digit(c).and_then(|n| char::from_digit(n, 10)), last) {
            (Some(d), Some(run)) => {
                if run.to != at {
                    run.groups.push(0);
                }
                run.to = end;
                run.digits.push(d);
                if let Some(group) = run.groups.last_mut() {
                    *group += 1;
                }
            }
            (Some(d), None) => {
                found.push(Run { from: at, to: end, digits: vec![d], groups: vec![1] });
            }
            (None, Some(run)) if is_check && run.to == at && run.digits.len() == 17 => {
                run.to = end;
                run.digits.push('X');
                if let Some(group) = run.groups.last_mut() {
                    *group += 1;
                }
            }
            _ => {}
        }
        joins = matches!(c, ' ' | '-');
    }
    found
}

fn is_identity(digits: &[char]) -> bool {
    let Some((last, body)) = digits.split_last() else { return false };
    if body.len() != WEIGHTS.len() || body.first() == Some(&'0') {
        return false;
    }
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(d, w)| d.to_digit(10).unwrap_or(0) * w).sum();
    CHECK.get(sum as usize % CHECK.len()) == Some(last)
}

fn is_mobile(digits: &[char]) -> bool {
    let own = match digits.len() {
        n if n == MOBILE.0 => digits,
        n if n == MOBILE.1 && digits.starts_with(&['8', '6']) => &digits[2..],
        _ => return false,
    };
    own.first() == Some(&'1') && own.get(1).is_some_and(|d| ('3'..='9').contains(d))
}

/// Where a text has what looks like a person's number: from and to, bytes, and what.
pub fn numbers(text: &str) -> Vec<(usize, usize, Found)> {
    let of = |run: Run| {
        let shape = run.groups.as_slice();
        let is_whole = matches!(shape, [_] | [3, 4, 4] | [2, 3, 4, 4] | [2, 11] | [6, 8, 4]);
        if is_whole {
            let found = if is_identity(&run.digits) {
                Some(Found::Identity)
            } else if is_mobile(&run.digits) {
                Some(Found::Mobile)
            } else {
                None
            };
            return found.map(|f| vec![(run.from, run.to, f)]).unwrap_or_default();
        }
        // Several numbers, one after the other: each by itself.
        let mut at = 0;
        let mut inner = Vec::new();
        for size in shape {
            let group = run.digits.get(at..at + size).unwrap_or_default();
            at += size;
            if is_identity(group) || is_mobile(group) {
                let found = if is_identity(group) { Found::Identity } else { Found::Mobile };
                inner.push((run.from, run.to, found));
            }
        }
        inner.truncate(1);
        inner
    };
    runs(text).into_iter().flat_map(of).collect()
}

/// The text with such numbers as stars.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (from, to, _) in numbers(text) {
        out.push_str(text.get(at..from).unwrap_or_default());
        out.push_str("***");
        at = to;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<Found> {
        numbers(text).into_iter().map(|(.., f)| f).collect()
    }

    /// Made up: the check digit is worked out, the place and the serial are nobody's.
    fn made_up(seventeen: &str) -> String {
        let sum: u32 =
            seventeen.chars().zip(WEIGHTS).map(|(d, w)| d.to_digit(10).unwrap() * w).sum();
        format!("{seventeen}{}", CHECK[sum as usize % 11])
    }

    #[test]
    fn numbers_of_persons_are_seen_in_any_dress() {
        let id = made_up("44070319990101001");
        let with_x = (0..50)
            .map(|n| made_up(&format!("440703199901010{n:02}")))
            .find(|id| id.ends_with('X'))
            .unwrap();
        assert_eq!(found(&format!("证件{id}号")), [Found::Identity]);
        assert_eq!(found(&with_x.to_lowercase()), [Found::Identity]);
        let (area, rest) = id.split_at(6);
        let (born, serial) = rest.split_at(8);
        assert_eq!(found(&format!("{area} {born} {serial}")), [Found::Identity]);
        for mobile in [
            "13800138000",
            "+8613800138000",
            "138-0013-8000",
            "138 0013 8000",
            "１３８００１３８０００",
            "电话19912345678。",
        ] {
            assert_eq!(found(mobile), [Found::Mobile], "{mobile}");
        }
        let wrong = format!("{}{}", &id[..17], if id.ends_with('1') { '2' } else { '1' });
        for other in [
            "440703",
            "2026-06-11T03:05:00+08:00",
            "1781118300000",
            "12800138000",
            &wrong,
            "440703001002",
            "2026-06-11 03:05",
        ] {
            assert_eq!(found(other), [], "{other}");
        }
    }

    #[test]
    fn a_field_about_a_person_is_known_by_its_name() {
        for name in [
            "name",
            "Patient_Name",
            "id_card",
            "ID-No",
            "phone",
            "contactPhone",
            "home_address",
            "患者姓名",
            "身份证号",
            "出生日期",
            "监护人手机",
            "现住址",
            "住院号",
            "MRN",
            "national_id",
            "birthDate",
        ] {
            assert!(is_field(name), "{name}");
        }
        for name in
            ["day", "place", "syndrome", "age", "sex", "count", "deaths", "reported", "severity"]
        {
            assert!(!is_field(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_is_masked_has_no_number_of_a_person(before in "[a-z,:\" ]{0,6}", area in 100_000u32..999_999, serial in 0u32..999, tail in "1[3-9][0-9]{9}", text in "\\PC{0,30}") {
            let id = made_up(&format!("{area}19900101{serial:03}"));
            let all = format!("{before}{id};{tail}|{text}");
            prop_assert!(found(&all).len() >= 2);
            prop_assert_eq!(found(&masked(&all)), Vec::<Found>::new());
            prop_assert!(!masked(&all).contains(&id) && !masked(&all).contains(&tail));
        }
    }
}
