//! Frames out of a stream of bytes: several in one read, one over many reads, and whatever lies
//! between them.

use memchr::memchr2;

use super::decode::{At, at_start};
use super::frame::{Direction, FRAME_MAX_BYTES, Frame, FrameError, START_ASCII, START_HEX};

/// The most bytes fed at once.
pub const READ_MAX_BYTES: usize = 16 * 1024;
/// Bytes of no frame that are told as one piece.
pub const STRAY_MAX_BYTES: usize = 4 * 1024;
/// Beginnings that are looked at behind one that has not ended, or whose check fails.
const PROBES_MAX: usize = 8;
/// Bytes before the body, at most: those of a header in ASCII.
const HEADER_MAX_BYTES: usize = 24;

/// What was found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A frame whose check fits, with its bytes.
    Frame {
        /// The frame.
        frame: Frame,
        /// Its bytes.
        raw: Vec<u8>,
    },
    /// Bytes that stand as a frame and are none.
    Broken {
        /// Why not.
        why: FrameError,
        /// The bytes.
        raw: Vec<u8>,
    },
    /// Bytes of no frame.
    Stray(Vec<u8>),
}

/// Finds up-frames. Holds at most [`FRAME_MAX_BYTES`] and one read.
#[derive(Debug, Default)]
pub struct Scanner {
    held: Vec<u8>,
    /// Bytes at the beginning of what is held that belong to no frame.
    stray: usize,
}

impl Scanner {
    /// Takes bytes: at most [`READ_MAX_BYTES`] at once, and all that is found is to be taken out
    /// before the next.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Whether a frame has begun that has not ended.
    pub fn is_amid(&self) -> bool {
        self.held.len() > self.stray
    }

    /// Whether anything is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// What is found next; `None` until more is fed.
    pub fn next_found(&mut self) -> Option<Found> {
        loop {
            if self.stray >= STRAY_MAX_BYTES {
                return self.take_stray();
            }
            let ahead = self.held.get(self.stray..).unwrap_or_default();
            if ahead.is_empty() {
                return None;
            }
            match at_start(ahead, Direction::Up) {
                At::Nothing(_) => self.skip(),
                At::Short { needed } if needed > FRAME_MAX_BYTES => self.skip(),
                At::Short { .. } => match probe(ahead, ahead.len()) {
                    // What has begun was cut off: a whole frame has followed.
                    Some(inner) => self.stray += inner,
                    None => return None,
                },
                // Where there is no end the length is wrong, and the next frame may be within.
                At::Whole { read: Err(FrameError::End(_)), .. } => self.skip(),
                At::Whole { .. } if self.stray > 0 => return self.take_stray(),
                At::Whole { length, read: Ok(frame) } => {
                    return Some(Found::Frame { frame, raw: self.take(length) });
                }
                At::Whole { length, read: Err(why) } => {
                    let broken = probe(ahead, length).unwrap_or(length);
                    return Some(Found::Broken { why, raw: self.take(broken) });
                }
            }
        }
    }

    /// Nothing more will come of what has begun: gives it up, and what it held back is looked at
    /// again. `None` when nothing is held.
    pub fn give_up(&mut self) -> Option<Found> {
        if self.is_amid() {
            let ahead = self.held.get(self.stray..).unwrap_or_default();
            let needed = match at_start(ahead, Direction::Up) {
                At::Short { needed } => needed,
                _ => ahead.len(),
            };
            if self.stray > 0 {
                return self.take_stray();
            }
            let have = self.held.len();
            let raw = self.take(next_header(&self.held).unwrap_or(have));
            return Some(Found::Broken { why: FrameError::Cut { have, needed }, raw });
        }
        self.take_stray()
    }

    /// The next bytes up to where a frame may begin are stray.
    fn skip(&mut self) {
        self.stray = next_start(&self.held, self.stray + 1).unwrap_or(self.held.len());
    }

    fn take_stray(&mut self) -> Option<Found> {
        let stray = std::mem::take(&mut self.stray);
        (stray > 0).then(|| Found::Stray(self.take(stray)))
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        if length >= self.held.len() {
            return std::mem::take(&mut self.held);
        }
        self.held.drain(..length).collect()
    }
}

/// Where a frame may begin, from `from` on.
fn next_start(bytes: &[u8], from: usize) -> Option<usize> {
    let ahead = bytes.get(from..)?;
    memchr2(START_HEX, START_ASCII, ahead).map(|at| from + at)
}

/// Where, behind the first bytes, a whole header stands.
fn next_header(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut looked) = (1, 0);
    while looked < PROBES_MAX {
        at = next_start(bytes, at + 1)?;
        let rest = bytes.get(at..)?;
        match at_start(rest, Direction::Up) {
            At::Nothing(_) => {}
            At::Short { .. } if rest.len() < HEADER_MAX_BYTES => looked += 1,
            _ => return Some(at),
        }
    }
    None
}

/// A whole frame whose check fits that begins behind the first byte and before `upto`.
fn probe(ahead: &[u8], upto: usize) -> Option<usize> {
    let (mut at, mut looked) = (0, 0);
    while looked < PROBES_MAX {
        at = next_start(ahead, at + 1).filter(|at| *at < upto)?;
        let rest = ahead.get(at..)?;
        match at_start(rest, Direction::Up) {
            At::Whole { read: Ok(_), .. } => return Some(at),
            At::Nothing(_) => {}
            _ => looked += 1,
        }
    }
    None
}
