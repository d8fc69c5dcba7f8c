//! What became of what was sent.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The most refusals whose particulars are kept for printing.
const EXAMPLES_MAX: usize = 5;

/// The reason under which refusals are counted whose reason was not told.
const UNTOLD: &str = "untold";

/// Counts of observations: `sent = accepted + duplicate + refused` once everything is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Observations given to the feed.
    pub sent: u64,
    /// Answered as taken.
    pub accepted: u64,
    /// Answered as known already.
    pub duplicate: u64,
    /// Answered as refused.
    pub refused: u64,
    /// Reasons of the refusals and how often each.
    pub reasons: BTreeMap<String, u64>,
    /// The first few refusals in words.
    pub examples: Vec<String>,
}

/// A refusal as the platform tells it: on `fh/v1/<agency>/rejected`, or in an HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// The stable word of the reason.
    pub reason: String,
    /// The particulars.
    #[serde(default)]
    pub detail: String,
    /// How many more of the same message were refused and are not told one by one.
    #[serde(default)]
    pub more: u64,
}

impl Tally {
    /// Notes one refusal.
    pub fn refuse(&mut self, refusal: &Refusal) {
        self.refused += 1;
        *self.reasons.entry(refusal.reason.clone()).or_default() += 1;
        if refusal.more > 0 {
            self.refused += refusal.more;
            *self.reasons.entry(UNTOLD.into()).or_default() += refusal.more;
        }
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(format!("{}: {}", refusal.reason, refusal.detail));
        }
    }

    /// Notes a message of the `rejected` topic: one refusal, a list of them, or an object that
    /// holds a list. Text that is none of these counts as one refusal of its own words.
    pub fn refuse_message(&mut self, payload: &[u8]) {
        let refusals = read_refusals(payload);
        if refusals.is_empty() {
            let detail = String::from_utf8_lossy(payload).chars().take(200).collect();
            self.refuse(&Refusal { reason: "unreadable".into(), detail, more: 0 });
        }
        for refusal in &refusals {
            self.refuse(refusal);
        }
    }

    /// Notes refusals whose reasons were not told.
    pub(super) fn untold(&mut self, count: u64) {
        if count > 0 {
            *self.reasons.entry(UNTOLD.into()).or_default() += count;
        }
    }

    /// Adds another tally.
    pub fn add(&mut self, other: &Tally) {
        self.sent += other.sent;
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.refused += other.refused;
        for (reason, count) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += count;
        }
        let room = EXAMPLES_MAX.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.iter().take(room).cloned());
    }

    /// The line that a script reads.
    pub fn line(&self) -> String {
        let Tally { sent, accepted, duplicate, refused, .. } = self;
        format!("sent={sent} accepted={accepted} duplicate={duplicate} refused={refused}")
    }
}

fn read_refusals(payload: &[u8]) -> Vec<Refusal> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Message {
        Many { rejected: Vec<Refusal> },
        One(Refusal),
        List(Vec<Refusal>),
    }
    match serde_json::from_slice(payload) {
        Ok(Message::Many { rejected } | Message::List(rejected)) => rejected,
        Ok(Message::One(one)) => vec![one],
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_refusal_is_counted_once_each() {
        let mut tally = Tally::default();
        tally.refuse_message(br#"{"reason":"syntax","detail":"x","topic":"y"}"#);
        tally.refuse_message(br#"[{"reason":"unit","detail":"a"},{"reason":"unit"}]"#);
        tally.refuse_message(br#"{"rejected":[{"index":0,"reason":"time","detail":"b"}]}"#);
        tally.refuse_message(b"what");
        tally.refuse_message(br#"{"index":31,"reason":"unit","detail":"c","more":7}"#);
        assert_eq!(tally.refused, 13);
        assert_eq!(tally.reasons.get(UNTOLD), Some(&7));
        assert_eq!(tally.reasons.get("unit"), Some(&3));
        assert_eq!(tally.reasons.get("unreadable"), Some(&1));
    }
}
