//! A change of the registry while the platform runs: how it is asked for, and what is answered. By
//! HTTP it is asked directly; on the machine (`fenghuo registry import`, SIGHUP) by a file in the
//! folder `registry/` of the data folder, since there is no local socket to ask a platform by.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use contract::views::RegistryChanged;
use domain::registry::RegistryWay;
use ingest::exchange::write::put;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

/// Changes that may wait for the one that is being put in force.
pub const CHANGES_WAITING: usize = 4;
/// Answers that are kept for whoever asked and did not wait.
const ANSWERS_KEPT: usize = 50;

/// Why a change is not put in force. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotChanged {
    /// The files have errors, each with file, line and column.
    #[error("{} error(s); nothing was changed\n{}", .0.len(), .0.join("\n"))]
    Files(Vec<String>),
    /// The city's folder is not what is in force: somebody has edited it.
    #[error("the city's folder was edited and is not in force: put that in force first (SIGHUP)")]
    FolderEdited,
    /// A folder or file that cannot be read or written.
    #[error("{0}")]
    Folder(String),
    /// It could not be made durable.
    #[error("the change could not be made durable: {0}")]
    NotDurable(String),
    /// Too many wait, or the platform ends.
    #[error("the registry takes no changes at this moment")]
    Unavailable,
}

/// What is asked.
#[derive(Debug)]
pub struct Asked {
    /// Who.
    pub by: String,
    /// How.
    pub way: RegistryWay,
    /// Files in place of those in force (nothing: the file goes); absent: the city's folder is read
    /// again.
    pub files: Option<BTreeMap<String, Option<Vec<u8>>>>,
    /// Say what would change, and change nothing.
    pub dry_run: bool,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<RegistryChanged, NotChanged>>,
}

/// Whoever asks. Clones ask the same platform.
#[derive(Debug, Clone)]
pub struct Counter(mpsc::Sender<Asked>);

impl Counter {
    /// A counter, and what comes to it.
    pub fn open() -> (Self, mpsc::Receiver<Asked>) {
        let (asks, asked) = mpsc::channel(CHANGES_WAITING);
        (Self(asks), asked)
    }

    /// Asks, and waits until the change is in force.
    ///
    /// # Errors
    /// [`NotChanged`].
    pub async fn ask(
        &self,
        by: String,
        way: RegistryWay,
        files: Option<BTreeMap<String, Option<Vec<u8>>>>,
        dry_run: bool,
    ) -> Result<RegistryChanged, NotChanged> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked { by, way, files, dry_run, answer };
        self.0.try_send(asked).map_err(|_| NotChanged::Unavailable)?;
        answered.await.map_err(|_| NotChanged::Unavailable)?
    }
}

/// A request that was laid down: read the city's folder again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The account on the machine.
    pub by: String,
    /// How.
    pub way: RegistryWay,
}

/// The folder `registry/` of a data folder.
#[derive(Debug, Clone)]
pub struct Spool(PathBuf);

impl Spool {
    /// Of a data folder.
    pub fn of(data: &Path) -> Self {
        Self(data.join("registry"))
    }

    fn file(&self, folder: &str, id: &str) -> PathBuf {
        self.0.join(folder).join(format!("{id}.json"))
    }

    /// Lays a request down.
    ///
    /// # Errors
    /// What the file system says.
    pub fn ask(&self, id: &str, request: &Request) -> Result<()> {
        fs::create_dir_all(self.0.join("asked"))?;
        put(&self.file("asked", id), &serde_json::to_vec(request)?).context("the request")
    }

    /// Takes a request back that nobody has answered. False where somebody has.
    pub fn take_back(&self, id: &str) -> bool {
        fs::remove_file(self.file("asked", id)).is_ok()
    }

    /// Takes a request up: it can be taken back no more.
    ///
    /// # Errors
    /// What the file system says.
    pub fn take(&self, id: &str) -> Result<()> {
        fs::rename(self.file("asked", id), self.file("asked", &format!(".{id}")))
            .with_context(|| format!("the request {id}"))
    }

    /// The requests that wait, in order of their ids. What is none is passed over.
    ///
    /// # Errors
    /// What the file system says.
    pub fn asked(&self) -> Result<Vec<(String, Request)>> {
        let mut found = Vec::new();
        for (id, path) in names(&self.0.join("asked"))? {
            match fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
                Some(request) => found.push((id, request)),
                None => tracing::error!(path = %path.display(), "this is no request"),
            }
        }
        Ok(found)
    }

    /// Lays the answer down, and takes the request away.
    ///
    /// # Errors
    /// What the file system says.
    pub fn answer(&self, id: &str, answer: &Result<RegistryChanged, NotChanged>) -> Result<()> {
        let folder = self.0.join("answered");
        fs::create_dir_all(&folder)?;
        put(&self.file("answered", id), &serde_json::to_vec(answer)?)?;
        let kept = names(&folder)?;
        for (_, path) in kept.iter().take(kept.len().saturating_sub(ANSWERS_KEPT)) {
            fs::remove_file(path)?;
        }
        let _ = fs::remove_file(self.file("asked", &format!(".{id}")));
        Ok(())
    }

    /// What was answered, where that is known.
    ///
    /// # Errors
    /// What the file system says.
    pub fn answered(&self, id: &str) -> Result<Option<Result<RegistryChanged, NotChanged>>> {
        match fs::read(self.file("answered", id)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn names(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(id) = name.strip_suffix(".json").filter(|id| !id.starts_with('.')) {
            found.push((id.to_owned(), path.clone()));
        }
    }
    found.sort();
    Ok(found)
}
