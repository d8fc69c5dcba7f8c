//! The file in batches of whole lines.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use ingest::table::decode::COLUMNS;

/// Observations of a batch, where nobody says.
pub const BATCH_LINES: u16 = 5_000;
/// The largest body of a batch, bytes.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// The longest line, bytes.
const LINE_MAX: u64 = 1 << 20;

/// A byte order mark, as spreadsheets write one.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a line is the header of a table.
fn check_header(line: &[u8]) -> Result<()> {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(line);
    let row = rows.byte_records().next().transpose()?.unwrap_or_default();
    let cells: Vec<String> =
        row.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
    let wrong = cells.iter().find(|cell| !COLUMNS.contains(&cell.as_str()));
    let missing = COLUMNS[..4].iter().find(|column| !cells.iter().any(|cell| cell == **column));
    let there = COLUMNS.join(", ");
    match (wrong, missing) {
        (Some(wrong), _) => bail!("{wrong:?} is no column; the first line names some of: {there}"),
        (_, Some(missing)) => bail!("the column {missing:?} is missing"),
        _ => Ok(()),
    }
}

/// What the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line.
    Ndjson,
    /// A header and rows.
    Csv,
}

impl Form {
    /// Its media type.
    pub fn media(self) -> &'static str {
        match self {
            Form::Ndjson => "application/x-ndjson",
            Form::Csv => "text/csv",
        }
    }
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The body to send.
    pub body: Vec<u8>,
    /// The number of its first line in the file, counted from 1.
    pub first_line: u64,
    /// How many lines of the file it is.
    pub lines: u64,
    /// Where its lines are in the body.
    at: Vec<std::ops::Range<usize>>,
}

impl Batch {
    /// The text of one of its observations.
    pub fn line(&self, index: usize) -> &str {
        let at = self.at.get(index).cloned().unwrap_or_default();
        self.body.get(at).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// Counts what has been read of the file as it is stored.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// See the module.
pub struct Batches {
    reader: Box<dyn BufRead + Send>,
    form: Form,
    header: Vec<u8>,
    most: usize,
    /// Lines read, the header not among them.
    lines: u64,
    count: Arc<AtomicU64>,
    kept: Option<Vec<u8>>,
}

impl std::fmt::Debug for Batches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batches").field("form", &self.form).finish_non_exhaustive()
    }
}

impl Batches {
    /// Opens a file. Its form is told by its name, else by its first character.
    ///
    /// # Errors
    /// A file that cannot be read, or is empty.
    pub fn open(path: &Path, most: usize) -> Result<Self> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("{shown} could not be opened"))?;
        let count = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: file, count: Arc::clone(&count) };
        let packed = path.extension().and_then(|e| e.to_str());
        let reader: Box<dyn Read + Send> = match packed {
            Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(counted)),
            Some("zst") => Box::new(zstd::Decoder::new(counted)?),
            _ => Box::new(counted),
        };
        let reader: Box<dyn BufRead + Send> = Box::new(BufReader::new(reader));
        let (form, header, lines, kept) = (Form::Ndjson, Vec::new(), 0, None);
        let most = most.max(1);
        let mut batches = Self { reader, form, header, most, lines, count, kept };
        let mut first = batches.line()?.with_context(|| format!("{shown} is empty"))?;
        if first.starts_with(MARK) {
            first.drain(..MARK.len());
        }
        let stem = if matches!(packed, Some("gz" | "zst")) {
            path.with_extension("")
        } else {
            path.into()
        };
        let is_csv = stem.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
        if is_csv || first.first() != Some(&b'{') {
            check_header(&first).with_context(|| {
                format!("{shown} begins neither with a JSON object nor with the header of a table")
            })?;
            (batches.form, batches.header) = (Form::Csv, first);
        } else {
            batches.kept = Some(first);
        }
        Ok(batches)
    }

    /// What the file is.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Bytes of the file, as it is stored, that have been read.
    pub fn read_bytes(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Passes over lines that were brought before.
    ///
    /// # Errors
    /// A file that cannot be read or has fewer.
    pub fn skip(&mut self, lines: u64) -> Result<()> {
        for _ in 0..lines {
            if self.line()?.is_none() {
                bail!("the file has fewer lines than were brought before");
            }
            self.lines += 1;
        }
        Ok(())
    }

    /// The next line that is not blank, without its end.
    fn line(&mut self) -> Result<Option<Vec<u8>>> {
        if let Some(kept) = self.kept.take() {
            return Ok(Some(kept));
        }
        loop {
            let mut line = Vec::new();
            let read = self.reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line);
            if read.context("the file could not be read")? == 0 {
                return Ok(None);
            }
            if line.len() as u64 == LINE_MAX {
                bail!("line {} of the file is longer than {LINE_MAX} bytes", self.lines + 1);
            }
            while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                line.pop();
            }
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(line));
            }
        }
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        let first_line = self.lines + 1;
        let mut batch = Batch { body: self.header.clone(), first_line, lines: 0, at: Vec::new() };
        if !batch.body.is_empty() {
            batch.body.push(b'\n');
        }
        while batch.at.len() < self.most {
            let Some(line) = self.line()? else { break };
            // A quote that is never closed swallows what comes after it: such a line goes by itself.
            let is_open =
                self.form == Form::Csv && line.iter().filter(|b| **b == b'"').count() % 2 == 1;
            let is_full = batch.body.len() + line.len() >= BATCH_BYTES_MAX;
            if !batch.at.is_empty() && (is_full || is_open) {
                self.kept = Some(line);
                break;
            }
            let from = batch.body.len();
            batch.body.extend_from_slice(&line);
            batch.at.push(from..batch.body.len());
            batch.body.push(b'\n');
            (batch.lines, self.lines) = (batch.lines + 1, self.lines + 1);
            if is_open {
                break;
            }
        }
        Ok((!batch.at.is_empty()).then_some(batch))
    }
}
