//! A mapping as it is written.

use serde::Deserialize;

/// A mapping file as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingFile {
    /// The agency that sends.
    pub(super) agency: Option<String>,
    /// `[time]`.
    pub(super) time: TimeFile,
    /// `[[stream]]`.
    #[serde(rename = "stream", default)]
    pub(super) streams: Vec<StreamFile>,
    /// The character between cells; `,` where it is not said.
    #[serde(default)]
    pub(super) delimiter: Option<char>,
}

/// `[time]`: see the README of `simulators`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeFile {
    /// The column, or several that are joined by one space before they are read.
    pub(super) column: OneOrMany,
    /// strftime (`%Y-%m-%d %H:%M`), `rfc3339`, `unix`, `unix_ms`, or `step:<seconds>`.
    #[serde(default)]
    pub(super) format: Option<String>,
    /// IANA name, `UTC`, or `+08:00`; needed where the cells have no offset.
    #[serde(default)]
    pub(super) zone: Option<String>,
    /// The series starts now.
    #[serde(default)]
    pub(super) shift_to_now: bool,
    /// For `step`: seconds of a step, where the format does not say.
    #[serde(default)]
    pub(super) step_s: Option<f64>,
    /// For `step`: the instant of the first row.
    #[serde(default)]
    pub(super) start: Option<String>,
}

/// A column name, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// `[[stream]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamFile {
    /// The column.
    pub(super) column: String,
    /// The station it becomes.
    pub(super) station: String,
    /// The property it becomes.
    pub(super) property: String,
    /// What a cell is multiplied by.
    #[serde(default = "one")]
    pub(super) scale: f64,
    /// What is added after.
    #[serde(default)]
    pub(super) offset: f64,
    /// Cells that are missing beside the empty one, `NA`, `NaN` and `null`.
    #[serde(default)]
    pub(super) missing: Missing,
}

fn one() -> f64 {
    1.0
}

/// One or more cells that mean missing: text or a number.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub enum Missing {
    /// None of its own.
    #[default]
    Nothing,
    /// A text.
    Text(String),
    /// A number, compared as a number (`-9999` is `-9999.0`).
    Number(f64),
    /// Several.
    Many(Vec<Missing>),
}

impl Missing {
    pub(super) fn is(&self, cell: &str) -> bool {
        match self {
            Missing::Nothing => false,
            Missing::Text(text) => text == cell,
            #[allow(clippy::float_cmp)] // a marker is compared exactly
            Missing::Number(number) => cell.parse::<f64>().is_ok_and(|v| v == *number),
            Missing::Many(several) => several.iter().any(|m| m.is(cell)),
        }
    }
}
