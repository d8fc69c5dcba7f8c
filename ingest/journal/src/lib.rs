//! THE RECORD: what was heard and decided, in order, durable.
//!
//! One directory, one writer, any number of readers. Between stop 3, *admitted* (`ingest`), and
//! stop 4, *ordered* (`stream`), of an observation's path: what is admitted is appended here, and
//! is acknowledged, understood and shown only when its commit is durable.
//!
//! - [`Journal`] opens `journal.sqlite` for writing, [`Appender`] puts [`domain::record::Record`]s
//!   in, [`Receipt`] resolves when they are durable, [`Watermark`] tells how far it is durable.
//! - [`Reader`] reads them back in order, beside the writer, in its process or another.
//! - [`Recovery`] says what an opening found; [`verify_blocks`] walks everything.
//! - [`decisions`], [`snapshots`] and [`history`] are files of their own, derived from the journal
//!   and rebuildable from it, each with the position up to which it was derived.
//!
//! Why SQLite: `ADR-0001-store.md` beside this crate.

pub mod block;
mod checkpoint;
pub mod decisions;
mod derived;
mod encoding;
mod figures;
pub mod history;
mod journal;
mod lock;
mod pages;
mod phase;
mod queue;
mod reader;
mod receipt;
mod recovery;
mod salvage;
pub mod snapshots;
mod state;
mod store;
mod verify;
mod wal;
mod walk;
mod watermark;
mod writer;

pub use checkpoint::{CHECKPOINT_BYTES, CHECKPOINT_FORCED_BYTES};
pub use derived::DerivedError;
pub use encoding::EncodingError;
pub use figures::{Figures, file_system_bytes};
pub use journal::{GATHER_MAX, Journal, Options};
pub use lock::{LOCK_FILE, LockError};
pub use phase::{Phase, PhaseHook};
pub use queue::{Appender, QUEUE_BYTES, QUEUE_RECORDS, Room};
pub use reader::{ReadError, Reader, Stretch};
pub use receipt::{AppendError, Receipt, SeqRange};
pub use recovery::{Damage, OPEN_CHECK_BYTES, Recovery};
pub use state::RATE_WINDOW;
pub use store::{APPLICATION_ID, JOURNAL_FILE, OpenError, STORE_VERSION};
pub use verify::{BlockReport, verify_blocks};
pub use watermark::{Past, Progress, Watermark};
