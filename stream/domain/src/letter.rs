//! What became of something refused (拒收) afterwards: it was sent again, as it was or mended, or
//! it was laid aside. The state of a letter is what the record says of it, and nothing else.

use serde::{Deserialize, Serialize};

use crate::ids::Seq;
use crate::refusal::Reason;
use crate::time::UtcMs;

/// The longest note or detail of an act that is kept, bytes.
pub const LETTER_TEXT_MAX_BYTES: usize = 1_000;

/// One act about one refused item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterAct {
    /// The place of the refusal in the journal.
    pub letter: Seq,
    /// When, by the platform's clock.
    pub at: UtcMs,
    /// Who: a person's name, or the agency's own id where its credential did it.
    pub by: String,
    /// What.
    pub what: LetterFact,
}

/// What was done with a refused item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LetterFact {
    /// Its bytes, or mended ones, went through decoding and admission again.
    Replayed {
        /// Whether the bytes were mended.
        mended: bool,
        /// New, and durable with this act.
        accepted: u32,
        /// Known already.
        duplicate: u32,
        /// Refused again.
        refused: u32,
        /// Dated ahead, again.
        quarantined: u32,
        /// The first reason it was refused for again, and its particulars.
        why: Option<(Reason, String)>,
    },
    /// It will not be sent again: why not.
    Dismissed {
        /// The reason, in words.
        note: String,
    },
}

/// The state of a letter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LetterState {
    /// Nothing was done, or it was refused again.
    #[default]
    Open,
    /// It was replayed, and nothing of it was refused.
    Replayed,
    /// It was laid aside.
    Dismissed,
}

impl LetterState {
    /// Every state.
    pub const ALL: [LetterState; 3] =
        [LetterState::Open, LetterState::Replayed, LetterState::Dismissed];

    /// The stable word.
    pub fn wire(self) -> &'static str {
        match self {
            LetterState::Open => "open",
            LetterState::Replayed => "replayed",
            LetterState::Dismissed => "dismissed",
        }
    }
}

impl LetterFact {
    /// The state a letter is in after this.
    pub fn state(&self) -> LetterState {
        match self {
            LetterFact::Replayed { refused: 0, quarantined: 0, .. } => LetterState::Replayed,
            LetterFact::Replayed { .. } => LetterState::Open,
            LetterFact::Dismissed { .. } => LetterState::Dismissed,
        }
    }
}

/// Cuts a text at [`LETTER_TEXT_MAX_BYTES`], between characters.
pub fn kept_text(text: &str) -> String {
    let mut end = text.len().min(LETTER_TEXT_MAX_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_was_refused_again_is_open() {
        let replayed = |refused, quarantined| LetterFact::Replayed {
            mended: true,
            accepted: 1,
            duplicate: 0,
            refused,
            quarantined,
            why: None,
        };
        assert_eq!(replayed(0, 0).state(), LetterState::Replayed);
        assert_eq!(replayed(1, 0).state(), LetterState::Open);
        assert_eq!(replayed(0, 1).state(), LetterState::Open);
        assert_eq!(LetterFact::Dismissed { note: String::new() }.state(), LetterState::Dismissed);
    }

    #[test]
    fn a_long_note_is_cut_between_characters() {
        let kept = kept_text(&"水".repeat(1_000));
        assert!(kept.len() <= LETTER_TEXT_MAX_BYTES && kept.chars().all(|c| c == '水'));
    }
}
