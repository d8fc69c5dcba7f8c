//! The query options of SensorThings (18-088 §9.3, after OData 4): `$filter`, `$orderby`, `$expand`
//! and the rest. Text → [`ast`], pure and total, bounded in length, depth and number of parts.

pub mod ast;
pub mod lex;
pub mod options;
pub mod parse;
#[cfg(test)]
mod tests;

/// The longest query that is read, bytes, after its escapes are resolved.
pub const QUERY_MAX_BYTES: usize = 16 * 1024;
/// The deepest nesting of parentheses and expansions.
pub const DEPTH_MAX: usize = 24;
/// The most parts of one expression.
pub const NODES_MAX: usize = 256;

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It is not as the standard has it, or asks for what is not there.
    #[error("{0}")]
    Invalid(String),
    /// A function that is not known here.
    #[error("{0}")]
    NotImplemented(String),
    /// There is no such resource.
    #[error("{0}")]
    NotFound(String),
    /// It would read more than one request may.
    #[error("{0}")]
    TooMuch(String),
    /// The history cannot be read.
    #[error("the history cannot be read: {0}")]
    Unavailable(String),
}

/// A request that is not as it must be.
pub fn invalid<T>(why: impl Into<String>) -> Result<T, QueryError> {
    Err(QueryError::Invalid(why.into()))
}
