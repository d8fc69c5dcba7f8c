//! What an answer says became of each thing.

use std::io;

use serde_json::Value;

use super::ledger::{Expect, Fate};
use super::lines::Answer;

/// What a PUBACK of version 5 says of a message of one thing.
pub(super) fn acknowledged(rest: &[u8]) -> Fate {
    let code = rest.get(2).copied().unwrap_or(0);
    let (mut at, mut pairs, mut said) = (4, Vec::new(), None);
    let string = |at: usize| -> Option<(String, usize)> {
        let length = usize::from(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
        let bytes = rest.get(at + 2..at + 2 + length)?;
        Some((String::from_utf8_lossy(bytes).into_owned(), at + 2 + length))
    };
    while let Some(property) = rest.get(at) {
        let first = string(at + 1);
        match (property, first) {
            (0x1F, Some((text, next))) => (said, at) = (Some(text), next),
            (0x26, Some((name, next))) => match string(next) {
                Some((value, next)) => {
                    pairs.push((name, value));
                    at = next;
                }
                None => break,
            },
            _ => break,
        }
    }
    let has = |wanted: &str| pairs.iter().any(|(name, value)| name == wanted && value != "0");
    match code {
        0x87 => Fate::Refused(Some("forbidden".into())),
        0x80.. => {
            let word = said.as_deref().and_then(|s| s.split(':').next()).map(str::to_owned);
            Fate::Refused(word)
        }
        _ if has("refused") => Fate::Refused(None),
        _ if has("duplicate") => Fate::Duplicate,
        _ => Fate::Accepted,
    }
}

/// What an answer says of each thing of a request.
pub(super) fn answered(
    status: u16,
    body: &[u8],
    again: bool,
    expect: &[Expect],
) -> io::Result<Answer> {
    let read: Value = serde_json::from_slice(body).unwrap_or_default();
    let each = |fates| Ok(Answer::Each(fates));
    match status {
        200 => each(of_counts(&read, again, expect)),
        201 => match read.as_array() {
            Some(links) => each(links.iter().map(of_link).collect()),
            None => each(vec![if again { Fate::Duplicate } else { Fate::Taken }]),
        },
        401 => Ok(Answer::TurnedAway),
        405 => each(vec![Fate::Refused(Some("unknown_channel".into()))]),
        408 | 500.. => Err(io::Error::other(format!("status {status}"))),
        _ => {
            let reason = read.get("reason").and_then(Value::as_str);
            // A good credential that is not for this is told no more than a bad one.
            let reason = reason.map(|r| if r == "unauthenticated" { "forbidden" } else { r });
            each(vec![Fate::Refused(reason.map(str::to_owned))])
        }
    }
}

fn of_link(link: &Value) -> Fate {
    if link == "error" { Fate::Refused(None) } else { Fate::Taken }
}

fn of_counts(read: &Value, again: bool, expect: &[Expect]) -> Vec<Fate> {
    let count = |name: &str| read.get(name).and_then(Value::as_u64).unwrap_or(0);
    let rejected = read.get("rejected").and_then(Value::as_array).cloned().unwrap_or_default();
    let all = count("accepted") + count("duplicate") + rejected.len() as u64;
    if again {
        return vec![Fate::Duplicate; usize::try_from(all).unwrap_or(0)];
    }
    let mut fates = vec![Fate::Accepted; usize::try_from(all).unwrap_or(0)];
    for one in &rejected {
        let at = one.get("index").and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
        let reason = one.get("reason").and_then(Value::as_str).map(str::to_owned);
        if let Some(fate) = at.and_then(|at| fates.get_mut(at)) {
            *fate = Fate::Refused(reason);
        }
    }
    // How many were known is said, not which: first those that must be, then the first ones.
    let mut known = count("duplicate");
    for must in [true, false] {
        for (at, fate) in fates.iter_mut().enumerate() {
            let fits = !must || expect.get(at) == Some(&Expect::Duplicate);
            if known > 0 && fits && *fate == Fate::Accepted {
                *fate = Fate::Duplicate;
                known -= 1;
            }
        }
    }
    fates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::lines::text;

    #[test]
    fn an_acknowledgement_says_what_became_of_a_message() {
        assert_eq!(acknowledged(&[0, 1]), Fate::Accepted);
        let mut refused = vec![0, 1, 0x99, 9, 0x1F];
        text(&mut refused, "unit: no");
        assert_eq!(acknowledged(&refused), Fate::Refused(Some("unit".into())));
        let mut known = vec![0, 1, 0, 50, 0x26];
        for (n, part) in ["accepted", "0", "duplicate", "1"].iter().enumerate() {
            if n == 2 {
                known.push(0x26);
            }
            text(&mut known, part);
        }
        assert_eq!(acknowledged(&known), Fate::Duplicate);
        assert_eq!(acknowledged(&[0, 1, 0x87, 0]), Fate::Refused(Some("forbidden".into())));
    }

    #[test]
    fn which_ones_were_known_is_told_by_what_must_be() {
        let read = serde_json::json!({ "accepted": 1, "duplicate": 1,
            "rejected": [{ "index": 0, "reason": "time" }] });
        let expect = [Expect::Refused("time"), Expect::Accepted, Expect::Duplicate];
        let fates = of_counts(&read, false, &expect);
        assert_eq!(fates, [Fate::Refused(Some("time".into())), Fate::Accepted, Fate::Duplicate]);
    }
}
