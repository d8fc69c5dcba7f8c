//! Files that go from one platform to another across a gap between networks (`README.md` beside this
//! file is the format, for who writes one): [`write`] makes one, [`read`] opens one and tries all that
//! can be tried before anything of it is taken, [`take`] brings its items through the ordinary
//! admission, stop 3 of 9. Before it: a person with a disk. After it: `stream::driver` (ordered).

pub mod line;
pub mod manifest;
pub mod name;
pub mod read;
pub mod sign;
mod sound;
pub mod take;
#[cfg(test)]
mod tests;
pub mod write;

pub use manifest::Manifest;
pub use read::Opened;

/// What the manifest says that it is.
pub const FORMAT: &str = "fenghuo-exchange";
/// The version of the format that is written, and the only one that is read.
pub const VERSION: u32 = 1;
/// The largest manifest, bytes.
pub const MANIFEST_MAX_BYTES: u64 = 64 * 1024;
/// The longest line, bytes.
pub const LINE_MAX_BYTES: usize = 1 << 20;
/// Lines that are brought at one time.
pub const BATCH_LINES: usize = 500;
/// How far ahead of this machine's clock a file may say that it was made, ms.
pub const MADE_AHEAD_MAX_MS: i64 = 10 * domain::time::MINUTE_MS;
