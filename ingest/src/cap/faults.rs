//! What is wrong with a message: every fault with the element it is in, as far as there is room.

use domain::refusal::Reason;

use crate::judge::Why;

/// The most faults of one message that are told one by one; the rest is counted.
pub const FAULTS_MAX: usize = 20;
/// The most characters of a value that are shown with its fault.
const SHOWN_MAX_CHARS: usize = 60;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Against what: [`Reason::Xml`], [`Reason::CapSchema`], [`Reason::CapRule`] or
    /// [`Reason::Signature`].
    pub reason: Reason,
    /// Where: `alert/info[1]/area[1]/polygon[1]`; empty where it is the document.
    pub element: String,
    /// What.
    pub said: String,
}

/// The faults of one message. Never empty where it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// The first ones.
    pub list: Vec<Fault>,
    /// How many more there are.
    pub more: usize,
}

impl Faults {
    pub(crate) fn one(reason: Reason, element: &str, said: impl Into<String>) -> Self {
        let mut faults = Self::default();
        faults.put(reason, element, said);
        faults
    }

    pub(crate) fn put(&mut self, reason: Reason, element: &str, said: impl Into<String>) {
        if self.list.len() < FAULTS_MAX {
            self.list.push(Fault { reason, element: element.to_owned(), said: said.into() });
        } else {
            self.more += 1;
        }
    }

    /// Breaks the schema.
    pub(crate) fn schema(&mut self, element: &str, said: impl Into<String>) {
        self.put(Reason::CapSchema, element, said);
    }

    /// Breaks a rule of the text.
    pub(crate) fn rule(&mut self, element: &str, said: impl Into<String>) {
        self.put(Reason::CapRule, element, said);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl std::fmt::Display for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, fault) in self.list.iter().enumerate() {
            let before = if n == 0 { "" } else { "; " };
            let colon = if fault.element.is_empty() { "" } else { ": " };
            write!(f, "{before}{}{colon}{}", fault.element, fault.said)?;
        }
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        Ok(())
    }
}

impl From<Faults> for Why {
    /// The gravest kind of fault is the reason; all are in the particulars.
    fn from(faults: Faults) -> Self {
        let grave = [Reason::Xml, Reason::Signature, Reason::CapSchema];
        let has = |reason: &Reason| faults.list.iter().any(|fault| fault.reason == *reason);
        let reason = grave.into_iter().find(has).unwrap_or(Reason::CapRule);
        Why::new(reason, faults.to_string())
    }
}

/// A value as it is shown with its fault: quoted, and cut.
pub(crate) fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN_MAX_CHARS) {
        Some((at, _)) => format!("{:?}…", &value[..at]),
        None => format!("{value:?}"),
    }
}
