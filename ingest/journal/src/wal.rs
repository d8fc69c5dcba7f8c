//! The write-ahead log as it lies on disk: what of it is whole, what is torn, what is damaged.
//!
//! SQLite cuts a log at the first frame whose checksum fails, and says nothing. That is right for
//! a torn tail, which nobody was told of. It would be silent loss if a bit had flipped in the
//! middle: every commit after it was made durable and acknowledged. The two are told apart by what
//! follows: a commit is made durable before the next one is written, so only the last one can be
//! torn. Where whole commits follow a bad frame, the frame is put right if one byte of it is wrong
//! (its own checksum then proves it), and else taken as it is, with the chain of checksums written
//! anew, so that SQLite reads what follows and the blocks' own checksums judge what is in it.
//!
//! Format: "WAL-mode File Format", sections 1 to 4, of the SQLite documentation
//! (<https://www.sqlite.org/walformat.html>).

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: u32 = 0x377F_0682;
const PAGE_BYTES_MAX: usize = 65_536;

/// What a look at the log found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Bytes after the last whole commit that belong to this log: a torn tail.
    pub(crate) torn_bytes: u64,
    /// Bad frames with whole commits after them.
    pub(crate) damaged_frames: u64,
    /// Frames up to the end of the last whole commit.
    frames: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Checksum(u32, u32);

impl Checksum {
    fn over(mut self, bytes: &[u8], big_endian: bool) -> Self {
        let word = |b: &[u8]| {
            let four = [b[0], b[1], b[2], b[3]];
            if big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
        };
        for pair in bytes.chunks_exact(8) {
            self.0 = self.0.wrapping_add(word(&pair[..4])).wrapping_add(self.1);
            self.1 = self.1.wrapping_add(word(&pair[4..])).wrapping_add(self.0);
        }
        self
    }

    fn read(bytes: &[u8]) -> Self {
        Self(be32(bytes), be32(&bytes[4..]))
    }
}

fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// A log's header, as far as the frames need it.
struct Header {
    big_endian: bool,
    page_bytes: usize,
    salts: [u8; 8],
    checksum: Checksum,
}

impl Header {
    fn read(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let magic = be32(bytes);
        let page_bytes = be32(&bytes[8..]) as usize;
        let sane = page_bytes.is_power_of_two() && (512..=PAGE_BYTES_MAX).contains(&page_bytes);
        if magic & !1 != MAGIC || !sane {
            return None;
        }
        let big_endian = magic & 1 == 1;
        let checksum = Checksum(0, 0).over(&bytes[..24], big_endian);
        let mut salts = [0; 8];
        salts.copy_from_slice(&bytes[16..24]);
        (checksum == Checksum::read(&bytes[24..])).then_some(Self {
            big_endian,
            page_bytes,
            salts,
            checksum,
        })
    }

    fn frame_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + self.page_bytes
    }

    fn checksum_of(&self, before: Checksum, frame: &[u8]) -> Checksum {
        before
            .over(&frame[..8], self.big_endian)
            .over(&frame[FRAME_HEADER_BYTES..], self.big_endian)
    }
}

/// Reads as many bytes as there are, up to the buffer's length.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A log that is being read frame by frame.
struct Frames {
    header: Header,
    reader: BufReader<File>,
    head: [u8; HEADER_BYTES],
    frame: Vec<u8>,
}

/// Opens a log; `Err(length)` where it has no whole header, so that SQLite would read no frame.
fn open(path: &Path) -> io::Result<Result<Frames, u64>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(0)),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut head = [0; HEADER_BYTES];
    let filled = read_up_to(&mut reader, &mut head)?;
    let Some(header) = (filled == HEADER_BYTES).then(|| Header::read(&head)).flatten() else {
        return Ok(Err(length));
    };
    let frame = vec![0; header.frame_bytes()];
    Ok(Ok(Frames { header, reader, head, frame }))
}

/// Looks at the log at `path`; an absent or empty one is whole.
pub(crate) fn look(path: &Path) -> io::Result<Look> {
    let mut log = match open(path)? {
        Ok(log) => log,
        Err(torn_bytes) => return Ok(Look { torn_bytes, ..Look::default() }),
    };
    let mut look = Look::default();
    let (mut said, mut computed) = (log.header.checksum, log.header.checksum);
    let (mut at, mut bad_in_commit, mut bad_before) = (0, 0, 0);
    loop {
        let filled = read_up_to(&mut log.reader, &mut log.frame)?;
        let frame = &log.frame;
        let ours = filled >= 16 && frame[8..16] == log.header.salts;
        if filled < frame.len() {
            look.torn_bytes += if ours { filled as u64 } else { 0 };
            return Ok(look);
        }
        at += 1;
        // The checksum continues from the one before: from what it says, or, where only that was
        // damaged, from what it should say.
        let stored = Checksum::read(&frame[16..24]);
        let from_said = log.header.checksum_of(said, frame);
        let whole =
            ours && (from_said == stored || log.header.checksum_of(computed, frame) == stored);
        (said, computed) = (stored, from_said);
        bad_in_commit += u64::from(!whole);
        look.torn_bytes += if ours { filled as u64 } else { 0 };
        if be32(&frame[4..]) == 0 {
            continue;
        }
        if bad_in_commit == 0 {
            look.damaged_frames += bad_before;
            (look.frames, look.torn_bytes, bad_before) = (at, 0, 0);
        } else {
            bad_before += bad_in_commit;
            bad_in_commit = 0;
        }
    }
}

/// Writes the log anew up to its last whole commit, each frame with a checksum that holds; keeps
/// the damaged one beside it. Gives where that is.
pub(crate) fn mend(path: &Path, look: &Look) -> io::Result<PathBuf> {
    let kept = path.with_extension("sqlite-wal.damaged");
    let fresh = path.with_extension("sqlite-wal.mended");
    fs::copy(path, &kept)?;
    let Ok(mut log) = open(path)? else { return Ok(kept) };
    let mut out = BufWriter::new(File::create(&fresh)?);
    out.write_all(&log.head)?;
    let header = &log.header;
    let (mut said, mut chain) = (header.checksum, header.checksum);
    let mut next = vec![0; header.frame_bytes()];
    log.reader.read_exact(&mut log.frame)?;
    for left in (0..look.frames).rev() {
        let frame = &mut log.frame;
        if left > 0 {
            log.reader.read_exact(&mut next)?;
        }
        let stored = Checksum::read(&frame[16..24]);
        let computed = header.checksum_of(said, frame);
        let continues = |from| header.checksum_of(from, &next) == Checksum::read(&next[16..24]);
        // What the next frame continues from is right: if that is what this one says, its page is
        // wrong, and if it is what this one should say, only its checksum.
        if computed != stored && continues(stored) {
            put_right(header, said, stored, frame);
        }
        let only_checksum = computed != stored && left > 0 && continues(computed);
        said = if only_checksum { computed } else { stored };
        frame[8..16].copy_from_slice(&header.salts);
        chain = header.checksum_of(chain, frame);
        frame[16..20].copy_from_slice(&chain.0.to_be_bytes());
        frame[20..24].copy_from_slice(&chain.1.to_be_bytes());
        out.write_all(frame)?;
        std::mem::swap(frame, &mut next);
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&fresh, path)?;
    Ok(kept)
}

/// Puts a frame right in which exactly one byte is wrong; leaves any other as it is.
///
/// The checksum is linear over the words, modulo 2^32: what a word adds to its two halves is the
/// word times two Fibonacci numbers that depend on how far it stands from the end. The high bits
/// of those repeat within a page, so that a change of a word's highest byte may have happened in
/// one of several places: then the page stays as it is, and the block's own checksum decides.
fn put_right(header: &Header, before: Checksum, stored: Checksum, frame: &mut [u8]) {
    let computed = header.checksum_of(before, frame);
    let missing = (stored.0.wrapping_sub(computed.0), stored.1.wrapping_sub(computed.1));
    let places: Vec<usize> =
        (0..8).step_by(4).chain((FRAME_HEADER_BYTES..frame.len()).step_by(4)).collect();
    let mut candidates = Vec::new();
    // The last word of all adds (0, 1) times itself; each step back follows from the recurrence.
    let (mut low, mut high) = (0_u32, 1_u32);
    for (back, place) in places.iter().rev().enumerate() {
        if back > 0 {
            (low, high) = (high, low.wrapping_add(high));
        }
        let factors = (low, high);
        for byte in 0..4 {
            let shift = if header.big_endian { 24 - 8 * byte } else { 8 * byte };
            let old = i64::from(frame[place + byte]);
            for new in 0..=255_i64 {
                let change = ((new - old) << shift) as u32;
                let adds = (factors.0.wrapping_mul(change), factors.1.wrapping_mul(change));
                if new != old && adds == missing {
                    candidates.push((place + byte, new as u8));
                }
            }
        }
    }
    if let [(at, right)] = candidates[..] {
        frame[at] = right;
    }
}

#[cfg(test)]
#[path = "wal_tests.rs"]
mod tests;
