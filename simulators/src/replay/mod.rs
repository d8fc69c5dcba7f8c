//! REPLAY: a recorded table over the platform's own protocols, at any speed.
//!
//! The whole table is read and checked before anything is sent, so that a wrong mapping sends
//! nothing; then it is read again and sent row by row.

mod file;
mod mapping;
mod pace;

pub use mapping::{Mapping, MappingError, Missing, Value};
pub use pace::{Pace, Speed, SpeedError};

use std::path::{Path, PathBuf};

use domain::time::UtcMs;

use crate::feed::{Feed, FeedError, Tally, WireObservation};
use crate::wall;

/// The most errors of a table that are told at once.
const ERRORS_SHOWN_MAX: usize = 10;

/// What to replay.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The table.
    pub csv: PathBuf,
    /// The mapping.
    pub map: PathBuf,
    /// How fast.
    pub speed: Speed,
    /// Observations in one message or request.
    pub batch: usize,
    /// Whether the platform's clock follows the frames (`serve --clock replay`), so that frames
    /// need not wait for the wall clock.
    pub platform_follows: bool,
}

/// Why a replay fails.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The mapping or the table is wrong; nothing was sent.
    #[error("{path}: {}", errors.join("\n"))]
    Mapping {
        /// The file.
        path: String,
        /// Each error.
        errors: Vec<String>,
    },
    /// The feed gave up.
    #[error(transparent)]
    Feed(#[from] FeedError),
}

/// What the table holds, from the first reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Survey {
    /// Rows.
    pub rows: u64,
    /// Cells that become observations.
    pub values: u64,
    /// Cells that are missing.
    pub missing: u64,
    /// The earliest and the latest row, as recorded.
    pub span: Option<(UtcMs, UtcMs)>,
}

/// A checked table with its mapping.
pub struct Table {
    path: PathBuf,
    bytes: Vec<u8>,
    delimiter: u8,
    mapping: Mapping,
    /// What it holds.
    pub survey: Survey,
}

impl Table {
    /// Reads and checks a table and its mapping.
    ///
    /// # Errors
    /// [`ReplayError::Read`], [`ReplayError::Mapping`].
    pub fn read(csv: &Path, map: &Path) -> Result<Self, ReplayError> {
        let load = |path: &Path| {
            std::fs::read(path)
                .map_err(|source| ReplayError::Read { path: path.display().to_string(), source })
        };
        let (bytes, text) = (load(csv)?, load(map)?);
        let text = String::from_utf8_lossy(&text).into_owned();
        let wrong = |path: &Path, e: MappingError| ReplayError::Mapping {
            path: path.display().to_string(),
            errors: vec![e.to_string()],
        };
        let delimiter = Mapping::delimiter(&text).map_err(|e| wrong(map, e))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map_or(bytes.clone(), <[u8]>::to_vec);
        let header = reader(&bytes, delimiter).headers().cloned();
        let header = header.map_err(|e| wrong(csv, MappingError::Table(e.to_string())))?;
        let mapping = Mapping::bind(&text, &header).map_err(|e| wrong(map, e))?;
        let survey = Survey::default();
        let mut table = Self { path: csv.to_owned(), bytes, delimiter, mapping, survey };
        table.survey = table.look()?;
        Ok(table)
    }

    /// The agency that sends, where the mapping names it.
    pub fn agency(&self) -> Option<&str> {
        self.mapping.agency.as_deref()
    }

    fn look(&self) -> Result<Survey, ReplayError> {
        let mut survey = Survey::default();
        let mut errors = Vec::new();
        let mut more = 0u64;
        self.each(|row| match row {
            Ok((t, values, missing)) => {
                survey.rows += 1;
                survey.values += values.len() as u64;
                survey.missing += missing;
                let span = survey.span.get_or_insert((t, t));
                *span = (span.0.min(t), span.1.max(t));
            }
            Err(error) if errors.len() < ERRORS_SHOWN_MAX => errors.push(error.to_string()),
            Err(_) => more += 1,
        });
        if more > 0 {
            errors.push(format!("… and {more} more"));
        }
        if errors.is_empty() {
            return Ok(survey);
        }
        Err(ReplayError::Mapping { path: self.path.display().to_string(), errors })
    }

    /// Calls `each` for every row: its recorded instant, its values, how many cells were missing.
    fn each<'a>(
        &'a self,
        mut each: impl FnMut(Result<(UtcMs, Vec<Value<'a>>, u64), MappingError>),
    ) {
        for row in self.rows() {
            each(row);
        }
    }

    /// The rows in file order.
    #[allow(clippy::type_complexity)] // one row, described at `each`
    pub fn rows(&self) -> impl Iterator<Item = Result<(UtcMs, Vec<Value<'_>>, u64), MappingError>> {
        let mut first = None;
        reader(&self.bytes, self.delimiter).into_records().map(move |record| {
            let row = record.map_err(|e| MappingError::Table(e.to_string()))?;
            let line = row.position().map_or(0, csv::Position::line);
            let t = self.mapping.time(&row, line, &mut first)?;
            let (values, missing) = self.mapping.values(&row, line)?;
            Ok((t, values, missing))
        })
    }
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes)
}

/// Sends a table and tells what became of it.
///
/// # Errors
/// [`ReplayError::Feed`] when the platform refuses or does not answer.
pub async fn run(table: &Table, plan: &Plan, feed: &Feed) -> Result<Tally, ReplayError> {
    let Some((recorded_start, _)) = table.survey.span else {
        return Ok(Tally::default());
    };
    let begin = wall::now();
    let shift = if table.mapping.shift_to_now {
        // Whole seconds, so that steps stay on the second.
        begin.0.div_euclid(1_000) * 1_000 - recorded_start.0
    } else {
        0
    };
    let hold = table.mapping.shift_to_now && !plan.platform_follows;
    let pace = Pace::new(plan.speed, recorded_start.plus_ms(shift), begin, hold);
    let mut waiting: Vec<String> = Vec::with_capacity(plan.batch);
    let mut skipped = 0u64;
    for row in table.rows() {
        let Ok((t, values, _)) = row else { continue }; // checked by the survey
        let t = t.plus_ms(shift);
        if let Some(wait) = pace.wait_for(t, wall::now()) {
            feed.send(&waiting).await?;
            waiting.clear();
            tokio::time::sleep(wait).await;
        }
        for value in values {
            let Value { station, property, value } = value;
            let json = WireObservation { station, property, t: t.0, v: value }.json();
            match json {
                Some(json) => waiting.push(json),
                None => skipped += 1,
            }
            if waiting.len() >= plan.batch.max(1) {
                feed.send(&waiting).await?;
                waiting.clear();
            }
        }
    }
    feed.send(&waiting).await?;
    if skipped > 0 {
        tracing::warn!(skipped, "values that are not finite after scaling were not sent");
    }
    Ok(feed.finish().await?)
}
