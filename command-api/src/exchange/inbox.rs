//! The inbox: a file that was brought is copied into the data folder and waits there for the platform,
//! which tries it, takes it in and lays down what became of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use domain::exchange::{ExchangeCounts, NotTaken};
use ingest::exchange::name::Parts;
use ingest::exchange::write::put;
use serde::{Deserialize, Serialize};

use super::Folder;

/// Outcomes that are kept for whoever asked and did not wait.
const OUTCOMES_KEPT: usize = 200;
const JOB: &str = "job";
const STEM: &str = "file";

/// What is asked of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The name under which it was brought.
    pub name: String,
    /// Who brought it.
    pub by: String,
    /// Whether it is taken though files before it are missing.
    pub accept_gap: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Taken in: what became of its items, and how many files before it are missing.
    Imported {
        /// Its number.
        number: u64,
        /// From whom.
        from: String,
        /// What became of its items.
        counts: ExchangeCounts,
        /// Whether it is a backlog.
        backlog: bool,
        /// Files missing before it.
        missing: u64,
    },
    /// Nothing of it was taken.
    Refused {
        /// Why.
        fault: String,
        /// The particulars.
        detail: String,
    },
}

impl Outcome {
    /// Of a file that is not taken.
    pub fn refused(why: &NotTaken) -> Self {
        Outcome::Refused { fault: why.fault.wire().to_owned(), detail: why.detail.clone() }
    }
}

/// A file in the inbox.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its folder.
    pub folder: PathBuf,
    /// The name of the folder.
    pub id: String,
    /// What is asked.
    pub job: Job,
    /// The parts of the file.
    pub parts: Parts,
}

impl Folder {
    /// Brings a file by the path of its manifest. It lies whole in the inbox then, under this id.
    ///
    /// # Errors
    /// A file that is missing or cannot be copied.
    pub fn bring(&self, manifest: &Path, job: &Job, id: &str) -> Result<()> {
        let Some(from) = Parts::of(manifest) else {
            bail!("{} is no manifest: name the .json of the file", manifest.display());
        };
        let inbox = self.within("inbox")?;
        let part = inbox.join(format!(".{id}"));
        let _ = fs::remove_dir_all(&part);
        fs::create_dir(&part)?;
        let to = Parts::within(&part, STEM);
        let copy = |from: &Path, to: &Path| -> Result<()> {
            fs::copy(from, to).with_context(|| format!("{} could not be read", from.display()))?;
            fs::File::open(to)?.sync_all()?;
            Ok(())
        };
        copy(&from.manifest, &to.manifest)?;
        copy(&from.signature, &to.signature)?;
        let (plain, packed) = (from.plain.is_file(), from.packed.is_file());
        if !plain && !packed {
            bail!("{} is missing", from.plain.display());
        }
        if plain {
            copy(&from.plain, &to.plain)?;
        }
        if packed {
            copy(&from.packed, &to.packed)?;
        }
        put(&part.join(JOB), &serde_json::to_vec(job)?)?;
        fs::rename(&part, inbox.join(id))?;
        Ok(())
    }

    /// The files that wait, in order of their ids.
    ///
    /// # Errors
    /// What the file system says.
    pub fn waiting(&self) -> Result<Vec<Waiting>> {
        let inbox = self.within("inbox")?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&inbox)? {
            let folder = entry?.path();
            let Some(id) = folder.file_name().and_then(|name| name.to_str()) else { continue };
            if id.starts_with('.') || !folder.is_dir() {
                continue;
            }
            let job = fs::read(folder.join(JOB)).ok();
            let job = job.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            let id = id.to_owned();
            let parts = Parts::within(&folder, STEM);
            match job {
                Some(job) => found.push(Waiting { parts, folder, id, job }),
                None => {
                    tracing::error!(path = %folder.display(), "this is no file that was brought")
                }
            }
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(found)
    }

    /// Lays down what became of a file, and takes it out of the inbox.
    ///
    /// # Errors
    /// What the file system says.
    pub fn dealt_with(&self, waiting: &Waiting, outcome: &Outcome) -> Result<()> {
        let outcomes = self.within("outcomes")?;
        put(&outcomes.join(format!("{}.json", waiting.id)), &serde_json::to_vec(outcome)?)?;
        let kept = super::files(&outcomes, "json")?;
        let old = kept.len().saturating_sub(OUTCOMES_KEPT);
        for path in kept.into_iter().take(old) {
            fs::remove_file(path)?;
        }
        fs::remove_dir_all(&waiting.folder)?;
        Ok(())
    }

    /// What became of a file that was brought, where that is known.
    ///
    /// # Errors
    /// What the file system says.
    pub fn outcome(&self, id: &str) -> Result<Option<Outcome>> {
        let path = self.within("outcomes")?.join(format!("{id}.json"));
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
