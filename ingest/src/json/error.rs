//! Why bytes are no observation: typed, with the field's name, and the refusal's reason.

use domain::refusal::Reason;
use domain::time::TimeError;

/// The most characters of a sender's text that are shown back.
pub const SHOWN_MAX_CHARS: usize = 64;

/// Why bytes are no observation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// Nothing, or only white space.
    #[error("there is nothing here")]
    Empty,
    /// A byte order mark, which JSON text does not begin with.
    #[error("the text begins with a byte order mark")]
    ByteOrderMark,
    /// Bytes that are no UTF-8.
    #[error("the text is no UTF-8")]
    Utf8,
    /// No JSON, or something after it.
    #[error("{0}")]
    Syntax(String),
    /// Nested deeper than any observation can be.
    #[error("nested deeper than {} levels", crate::json::batch::DEPTH_MAX)]
    TooDeep,
    /// A body that had to be an array.
    #[error("the body is no JSON array")]
    NoArray,
    /// An item that is no object.
    #[error("an observation is a JSON object")]
    NoObject,
    /// A field that does not exist.
    #[error("field {0:?} does not exist")]
    UnknownField(String),
    /// A field that stands there twice.
    #[error("field {0:?} stands there twice")]
    DuplicateField(&'static str),
    /// A field, named by the sender, that stands there twice.
    #[error("field {0:?} stands there twice")]
    TwiceNamed(String),
    /// A field that is not there.
    #[error("field {0:?} is missing")]
    MissingField(&'static str),
    /// A field of another type or form.
    #[error("field {field:?}: {expected}")]
    Form {
        /// The field.
        field: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// A number that no finite value stands for.
    #[error("field {0:?}: the number is not finite")]
    NotFinite(&'static str),
    /// A time that is none.
    #[error("field {field:?}: {why}")]
    Time {
        /// The field.
        field: &'static str,
        /// Why.
        why: TimeError,
    },
    /// An id outside the allow-list, or text with control characters.
    #[error("field {field:?}: {why}")]
    Identifier {
        /// The field.
        field: &'static str,
        /// Why.
        why: String,
    },
    /// A column that is none of an observation's.
    #[error(
        "column {0:?} does not exist: the first line names the columns, and the columns are station, \
         property, t, v and, where wanted, unit, id, q, status, result_time, backlog"
    )]
    UnknownColumn(String),
    /// A status that is neither actual nor exercise.
    #[error("status {0:?} is neither actual nor exercise")]
    UnknownStatus(String),
}

impl DecodeError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Empty
            | Self::ByteOrderMark
            | Self::Utf8
            | Self::Syntax(_)
            | Self::TooDeep
            | Self::NoArray
            | Self::NoObject => Reason::Syntax,
            Self::UnknownField(_) | Self::UnknownColumn(_) => Reason::UnknownField,
            Self::MissingField(_) => Reason::MissingField,
            Self::DuplicateField(_) | Self::TwiceNamed(_) | Self::Form { .. } => Reason::FieldForm,
            Self::NotFinite(_) => Reason::NotFinite,
            Self::Time { .. } => Reason::Time,
            Self::Identifier { .. } => Reason::Identifier,
            Self::UnknownStatus(_) => Reason::UnknownStatus,
        }
    }
}

/// A sender's text as it may stand in an answer or a log line: cut to [`SHOWN_MAX_CHARS`].
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX_CHARS).collect()
}
