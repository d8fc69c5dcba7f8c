//! What hearing needs of whoever keeps credentials and tasks.

use std::sync::Arc;

use bytes::Bytes;
use domain::ids::UnitId;
use domain::report::UnitReport;
pub use mqtt_edge::Who;
use tls::ClientCertificate;

/// Whom a credential stands for, and which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Whom.
    pub who: Who,
    /// The credential's id, to ask [`Credentials::holds`] with while a connection is open.
    pub credential: Arc<str>,
}

/// Knows the credentials of feeds and units. Answers from memory, in the same time whether the
/// secret is wrong or the name unknown.
pub trait Credentials: Send + Sync + 'static {
    /// Whom an MQTT user name (an agency's or unit's id) and password stand for. For connections
    /// that stay open: [`Credentials::holds`] says whether they may.
    fn verify(&self, user: &str, secret: &str) -> Option<Held>;
    /// Whom an HTTP bearer token stands for. Asked with every request.
    fn bearer(&self, token: &str) -> Option<Who>;
    /// The credential that a client certificate stands for, shown by an agency or unit that it names:
    /// nothing where it was revoked. Its signature has been checked, and that it names `who`.
    fn certificate(&self, who: &Who, shown: &ClientCertificate) -> Option<Arc<str>>;
    /// Whether a credential is still good: neither expired nor revoked. A connection that came in by
    /// one that is not is to be closed within seconds. Asking counts as use.
    fn holds(&self, credential: &str) -> bool;
}

/// A task on its way to a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDown {
    /// The desk's number for this message: greater for later ones, the same when it is sent again,
    /// below [`NOTE_KEYS`].
    pub key: u64,
    /// The message.
    pub body: Bytes,
}

/// Numbers from here on are notes to agencies, which nobody keeps.
pub const NOTE_KEYS: u64 = 1 << 63;

/// The desk's open tasks, as far as units are concerned. Answers from memory.
pub trait Tasks: Send + Sync + 'static {
    /// What this unit has not yet had: those with `key > after`, in order of key, at most `limit`.
    fn open_tasks(&self, unit: &UnitId, after: Option<u64>, limit: usize) -> Vec<TaskDown>;
    /// The unit has it.
    fn delivered(&self, unit: &UnitId, key: u64);
    /// What speaks against a unit's report: a task it does not have, an order that cannot be.
    ///
    /// # Errors
    /// The particulars, in words.
    fn may_report(&self, report: &UnitReport) -> Result<(), String>;
}

/// A desk without tasks.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTasks;

impl Tasks for NoTasks {
    fn open_tasks(&self, _: &UnitId, _: Option<u64>, _: usize) -> Vec<TaskDown> {
        Vec::new()
    }
    fn delivered(&self, _: &UnitId, _: u64) {}
    fn may_report(&self, report: &UnitReport) -> Result<(), String> {
        match &report.task {
            Some(task) => Err(format!("task {task} is not known here")),
            None => Ok(()),
        }
    }
}
