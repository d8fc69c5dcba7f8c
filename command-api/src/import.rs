//! Back-fill: a file of observations brought to a running platform, batch by batch over HTTP, each
//! answered when it is durable. All of it is said to be a backlog: it amends, and alarms nobody.
//!
//! Where it stands is written down beside the file after every batch, so that it can be broken off at
//! any point and goes on where it was; a batch that was sent and not written down has the same
//! Idempotency-Key, and the same answer, again.

mod batches;
mod ledger;
mod line;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

pub use batches::{BATCH_LINES, Batches, Form};
pub use ledger::{Ledger, Standing};
pub use line::{Line, Target};

/// How often a batch is tried before the import gives up; it can be resumed.
pub const TRIES: u32 = 6;
/// The longest wait between two tries.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// What to bring where.
#[derive(Debug, Clone)]
pub struct Import {
    /// The file: NDJSON or CSV, plain, `.gz` or `.zst`.
    pub file: PathBuf,
    /// The platform.
    pub target: Target,
    /// The agency's token.
    pub token: String,
    /// Observations of a batch at most.
    pub batch_lines: usize,
    /// Whether what was brought before is brought again from the beginning.
    pub again: bool,
}

/// The platform's answer to a batch.
#[derive(Debug, Deserialize)]
struct Answer {
    accepted: u64,
    duplicate: u64,
    rejected: Vec<Rejected>,
}

#[derive(Debug, Deserialize)]
struct Rejected {
    index: usize,
    reason: String,
    detail: String,
}

impl Import {
    /// Brings the file; `told` is called after every batch with where it stands and the bytes of the
    /// file (as stored) that have been read.
    ///
    /// # Errors
    /// A file that cannot be read or is no NDJSON or CSV, a platform that refuses the token or the
    /// batch as a whole, or cannot be reached for several tries. What was taken until then is
    /// written down.
    pub async fn run(&self, mut told: impl FnMut(&Standing, u64)) -> Result<Standing> {
        // Before anything is written beside it.
        let mut batches = Batches::open(&self.file, self.batch_lines)?;
        let mut ledger = Ledger::open(&self.file, self.again)?;
        if ledger.standing().done {
            return Ok(ledger.standing().clone());
        }
        batches.skip(ledger.standing().lines)?;
        let mut line = Line::new(self.target.clone());
        while let Some(batch) = batches.next_batch()? {
            let key = ledger.key(&batch.body);
            let answer = self.send(&mut line, batches.form(), &key, &batch.body).await?;
            let answer: Answer =
                serde_json::from_slice(&answer).context("the platform's answer is no JSON")?;
            let refused = answer.rejected.iter().map(|rejected| ledger::Refused {
                line: batch.first_line + rejected.index as u64,
                reason: rejected.reason.clone(),
                detail: rejected.detail.clone(),
                raw: batch.line(rejected.index).to_owned(),
            });
            let refused: Vec<_> = refused.collect();
            ledger.taken(batch.lines, answer.accepted, answer.duplicate, &refused)?;
            told(ledger.standing(), batches.read_bytes());
        }
        ledger.done()?;
        Ok(ledger.standing().clone())
    }

    async fn send(&self, line: &mut Line, form: Form, key: &str, body: &[u8]) -> Result<Vec<u8>> {
        let mut wait = Duration::from_millis(500);
        let mut tries = 0;
        loop {
            let failed = match line.post(form.media(), &self.token, key, body).await {
                Ok(answer) => match answer.status {
                    200 => return Ok(answer.body),
                    // Too fast is no failure: it waits as long as it is told to.
                    429 => {
                        tokio::time::sleep(answer.retry_after.unwrap_or(wait).min(WAIT_MAX)).await;
                        continue;
                    }
                    401 | 403 => bail!("the platform refuses the token: {}", answer.said()),
                    400..=499 => bail!("the platform refuses the batch: {}", answer.said()),
                    _ => answer.said(),
                },
                Err(error) => error.to_string(),
            };
            tries += 1;
            if tries >= TRIES {
                bail!("{failed}; what was taken so far is written down: run it again to go on");
            }
            tracing::warn!(%failed, "the batch is tried again");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
    }
}
