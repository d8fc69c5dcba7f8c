//! The audit: who did what at the doors, and who was sent away.

use domain::time::UtcMs;

use super::{Access, AccessError, held};

/// Audit lines that wait to be written.
pub const AUDIT_QUEUE: usize = 1_024;

/// A line for the audit.
#[derive(Debug, Clone)]
pub(super) struct AuditLine {
    pub(super) at: UtcMs,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) detail: String,
}

impl Access {
    /// An audit line: to the log at once, to the file with the next [`Access::refresh`].
    pub fn audit(&self, who: &str, what: &str, detail: &str) {
        tracing::info!(target: "audit", who, what, detail);
        let mut lines = held(&self.audit);
        if lines.len() < AUDIT_QUEUE {
            let (who, what) = (who.to_owned(), what.to_owned());
            lines.push(AuditLine { at: self.clock.now(), who, what, detail: detail.to_owned() });
        } else if let Some(last) = lines.last_mut() {
            // The queue is a second's worth: what does not fit is counted in its last line.
            let more = last.detail.strip_prefix("and more: ").and_then(|n| n.parse().ok());
            last.what = "audit_overflow".into();
            last.detail = format!("and more: {}", more.unwrap_or(0u64) + 1);
        }
    }

    /// The newest audit lines that have been written: time, who, what, detail.
    ///
    /// # Errors
    /// The file's.
    pub fn audit_lines(
        &self,
        limit: u32,
    ) -> Result<Vec<(UtcMs, String, String, String)>, AccessError> {
        Ok(held(&self.store).audit_lines(limit)?)
    }
}
