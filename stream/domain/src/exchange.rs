//! The log of exchange across a gap between networks: which file went to whom, which came from whom,
//! and what became of what was in it.

use serde::{Deserialize, Serialize};

use crate::ids::PeerId;
use crate::time::UtcMs;

/// The longest detail of an act that is kept, bytes.
pub const EXCHANGE_TEXT_MAX_BYTES: usize = 1_000;

macro_rules! faults {
    ($($(#[doc = $doc:literal])* $name:ident $wire:literal)*) => {
        /// Why a file is not taken in. The wire word is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ExchangeFault { $($(#[doc = $doc])* $name),* }

        impl ExchangeFault {
            /// Every one, in order.
            pub const ALL: &'static [ExchangeFault] = &[$(ExchangeFault::$name),*];
            /// The stable word.
            pub fn wire(self) -> &'static str {
                match self { $(ExchangeFault::$name => $wire),* }
            }
        }
    };
}

faults! {
    /// The manifest is none, or a part of the file is missing.
    Form "form"
    /// A version of the format that is not known here.
    Version "version"
    /// It is of an exercise, and this platform is live; or the other way round.
    Exercise "exercise"
    /// It was made for another receiver.
    Receiver "receiver"
    /// Its sender is no peer of this city's `exchange.toml`, or one without a key.
    Peer "peer"
    /// It is signed by another key than the peer's.
    Key "key"
    /// A byte of it was changed on the way.
    Altered "altered"
    /// It says that it was made in the future.
    Future "future"
    /// It was taken in before.
    Repeated "repeated"
    /// A file before it is missing.
    Gap "gap"
    /// It does not follow the file that was taken in before it: the sender has made two of one number.
    Chain "chain"
}

/// Why a file is not taken in, with particulars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", fault.wire())]
pub struct NotTaken {
    /// The stable reason.
    pub fault: ExchangeFault,
    /// In words.
    pub detail: String,
}

impl NotTaken {
    /// With these particulars, cut at [`EXCHANGE_TEXT_MAX_BYTES`].
    pub fn new(fault: ExchangeFault, detail: impl AsRef<str>) -> Self {
        let text = detail.as_ref();
        let mut end = text.len().min(EXCHANGE_TEXT_MAX_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self { fault, detail: text.get(..end).unwrap_or_default().to_owned() }
    }
}

/// What became of the items of a file: together they are its items, exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeCounts {
    /// New, and durable.
    pub accepted: u64,
    /// Known already.
    pub duplicate: u64,
    /// Refused; each is a letter.
    pub refused: u64,
    /// Dated ahead, and kept aside.
    pub quarantined: u64,
}

impl ExchangeCounts {
    /// All of them.
    pub fn items(&self) -> u64 {
        self.accepted + self.duplicate + self.refused + self.quarantined
    }
}

/// One line of the log of exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeAct {
    /// What makes it one and no other; an act that is written again after a break-off has the same.
    pub id: String,
    /// When, by the clock of the machine.
    pub at: UtcMs,
    /// With whom; nothing where a file does not say so in a form that is an id.
    #[serde(default)]
    pub peer: Option<PeerId>,
    /// The file's number in its sender's sequence to its receiver.
    pub number: u64,
    /// SHA-256 of the file's manifest, in hex.
    pub digest: String,
    /// Who: the account on the machine that asked for it.
    pub by: String,
    /// What.
    pub what: ExchangeFact,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExchangeFact {
    /// A file was written for the peer.
    Exported {
        /// Items in it.
        items: u64,
        /// Items of the span that the peer is given and the format cannot carry.
        left_out: u64,
        /// The first record that was looked at.
        from_seq: u64,
        /// The last one.
        to_seq: u64,
        /// Whether it is said to be a backlog.
        backlog: bool,
    },
    /// A file of the peer is being taken in: what comes by the channel `exchange` from here on is of it.
    Taking {
        /// Items in it, as it says.
        items: u64,
        /// Whether its sender says that it is a backlog.
        backlog: bool,
    },
    /// It was taken in.
    Imported {
        /// What became of its items.
        counts: ExchangeCounts,
        /// Whether its sender says that it is a backlog.
        backlog: bool,
        /// Files missing before it, that whoever brought it knew of.
        missing: u64,
    },
    /// It was not taken in, nothing of it.
    Refused {
        /// Why.
        fault: ExchangeFault,
        /// The particulars.
        detail: String,
    },
}

impl ExchangeFact {
    /// The stable word.
    pub fn wire(&self) -> &'static str {
        match self {
            ExchangeFact::Exported { .. } => "exported",
            ExchangeFact::Taking { .. } => "taking",
            ExchangeFact::Imported { .. } => "imported",
            ExchangeFact::Refused { .. } => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_each_and_a_long_detail_is_cut_between_characters() {
        let mut words: Vec<&str> = ExchangeFault::ALL.iter().map(|f| f.wire()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ExchangeFault::ALL.len());
        let cut = NotTaken::new(ExchangeFault::Form, "水".repeat(1_000)).detail;
        assert!(cut.len() <= EXCHANGE_TEXT_MAX_BYTES && cut.chars().all(|c| c == '水'));
    }
}
