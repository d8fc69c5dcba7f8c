//! The decision log: one JSON object a line, fields in a fixed order, numbers written the one way
//! that reads back to the same bits, and the SHA-256 of all of it.

use std::io::Write;

use domain::decision::Decision;
use sha2::{Digest, Sha256};

/// Writes decisions and hashes what it writes.
#[derive(Debug)]
pub struct DecisionLog<W> {
    to: W,
    hash: Sha256,
    line: Vec<u8>,
    lines: u64,
}

impl<W: Write> DecisionLog<W> {
    /// An empty log.
    pub fn new(to: W) -> Self {
        Self { to, hash: Sha256::new(), line: Vec::new(), lines: 0 }
    }

    /// Writes one decision.
    ///
    /// # Errors
    /// Those of the writer; a decision that cannot be written as JSON does not exist.
    pub fn write(&mut self, decision: &Decision) -> std::io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, decision).map_err(std::io::Error::other)?;
        self.line.push(b'\n');
        self.write_line()
    }

    /// Writes one line of a projection, newline included.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_text(&mut self, text: &str) -> std::io::Result<()> {
        self.line.clear();
        self.line.extend_from_slice(text.as_bytes());
        self.write_line()
    }

    fn write_line(&mut self) -> std::io::Result<()> {
        self.hash.update(&self.line);
        self.lines += 1;
        self.to.write_all(&self.line)
    }

    /// Lines written.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The hash of what was written so far, in hex.
    pub fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Flushes and gives the hash.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> std::io::Result<String> {
        self.to.flush()?;
        Ok(self.sha256())
    }
}

/// The line of a decision, without its newline.
///
/// # Errors
/// None in practice: every field is text, a number or a list of them.
pub fn line(decision: &Decision) -> serde_json::Result<String> {
    serde_json::to_string(decision)
}
