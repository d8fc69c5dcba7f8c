//! One block: consecutive records, compressed, with checksums over the bytes as they lie on disk
//! and over the bytes as they were before compression.
//!
//! The body is one byte of encoding version, one byte for how it is packed, and the records'
//! postcard one after the other. [`StoredBlock::crc32`] covers the header columns and the body:
//! it finds damage. [`StoredBlock::crc32_raw`] covers the unpacked bytes: with it a body in which
//! a single byte has gone wrong is put right again without guessing (both must agree).

use domain::ids::Seq;
use domain::record::{RECORD_VERSION, Record};

use crate::encoding::{self, EncodingError};

/// A block is closed when it has this many records.
pub const BLOCK_RECORDS_MAX: u32 = 2_048;
/// A block is closed when its records have this many bytes before compression.
pub const BLOCK_BYTES: usize = 64 * 1024;
/// The most bytes that one record may have (a city's configuration is the largest).
pub const RECORD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The most bytes that a block can have before compression: a full one and one more record.
const BLOCK_RAW_MAX: usize = BLOCK_BYTES + RECORD_BYTES_MAX;
/// A body up to this size is put right when one byte of it is wrong.
const MEND_BYTES_MAX: usize = 1024 * 1024;

const PACKED_PLAIN: u8 = 0;
const PACKED_LZ4: u8 = 1;
const BODY_HEADER_BYTES: usize = 2;

/// Why a block cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The bytes are not those that were written.
    #[error("the checksum of block {first} is {found:08x} and should be {stored:08x}")]
    Checksum {
        /// The block's first record.
        first: Seq,
        /// As stored.
        stored: u32,
        /// As computed.
        found: u32,
    },
    /// It was written by a newer version.
    #[error(
        "block {first} has encoding version {version}; this program reads up to {RECORD_VERSION}"
    )]
    Newer {
        /// The block's first record.
        first: Seq,
        /// Its version.
        version: u8,
    },
    /// The checksum holds and the content does not make sense.
    #[error("block {first} cannot be unpacked: {why}")]
    Unpack {
        /// The block's first record.
        first: Seq,
        /// What is wrong.
        why: String,
    },
    /// The checksum holds and a record cannot be read.
    #[error("block {first}: {source}")]
    Record {
        /// The block's first record.
        first: Seq,
        /// What is wrong.
        source: EncodingError,
    },
}

/// A block as it lies in the table `block`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredBlock {
    /// The first record's place.
    pub(crate) first: Seq,
    /// How many records.
    pub(crate) count: u32,
    /// Their bytes before compression.
    pub(crate) bytes_raw: u32,
    /// How many observations the journal has up to the end of this block.
    pub(crate) observations: u64,
    /// Over the header columns and the body.
    pub(crate) crc32: u32,
    /// Over the unpacked bytes.
    pub(crate) crc32_raw: u32,
    /// Version, packing, records.
    pub(crate) body: Vec<u8>,
}

impl StoredBlock {
    /// Packs records that are already encoded.
    pub(crate) fn seal(first: Seq, count: u32, observations: u64, raw: &[u8]) -> Self {
        let mut body = Vec::with_capacity(
            BODY_HEADER_BYTES + lz4_flex::block::get_maximum_output_size(raw.len()),
        );
        body.extend_from_slice(&[RECORD_VERSION as u8, PACKED_LZ4]);
        body.resize(body.capacity(), 0);
        let packed = lz4_flex::block::compress_into(raw, &mut body[BODY_HEADER_BYTES..]);
        match packed {
            Ok(n) if n < raw.len() => body.truncate(BODY_HEADER_BYTES + n),
            _ => {
                body.truncate(BODY_HEADER_BYTES);
                body[1] = PACKED_PLAIN;
                body.extend_from_slice(raw);
            }
        }
        let bytes_raw = u32::try_from(raw.len()).unwrap_or(u32::MAX);
        let mut block = Self {
            first,
            count,
            bytes_raw,
            observations,
            crc32: 0,
            crc32_raw: crc32fast::hash(raw),
            body,
        };
        block.crc32 = block.computed_crc();
        block
    }

    fn header_hasher(&self) -> crc32fast::Hasher {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.first.0.to_le_bytes());
        hasher.update(&self.count.to_le_bytes());
        hasher.update(&self.bytes_raw.to_le_bytes());
        hasher.update(&self.observations.to_le_bytes());
        hasher.update(&self.crc32_raw.to_le_bytes());
        hasher
    }

    fn computed_crc(&self) -> u32 {
        let mut hasher = self.header_hasher();
        hasher.update(&self.body);
        hasher.finalize()
    }

    /// Whether the bytes are those that were written.
    ///
    /// # Errors
    /// [`BlockError::Checksum`].
    pub(crate) fn check(&self) -> Result<(), BlockError> {
        let found = self.computed_crc();
        if found == self.crc32 {
            Ok(())
        } else {
            Err(BlockError::Checksum { first: self.first, stored: self.crc32, found })
        }
    }

    /// The last record's place.
    pub(crate) fn last(&self) -> Seq {
        Seq(self.first.0.saturating_add(u64::from(self.count)).saturating_sub(1))
    }

    fn unpack(&self) -> Result<Vec<u8>, BlockError> {
        let wrong = |why: String| BlockError::Unpack { first: self.first, why };
        let (Some(&version), Some(&packed)) = (self.body.first(), self.body.get(1)) else {
            return Err(wrong("no header".into()));
        };
        if u32::from(version) > RECORD_VERSION {
            return Err(BlockError::Newer { first: self.first, version });
        }
        let length = self.bytes_raw as usize;
        if length > BLOCK_RAW_MAX {
            return Err(wrong(format!("{length} bytes are more than a block may have")));
        }
        let packed_bytes = &self.body[BODY_HEADER_BYTES..];
        let raw = match packed {
            PACKED_PLAIN => packed_bytes.to_vec(),
            PACKED_LZ4 => lz4_flex::block::decompress(packed_bytes, length)
                .map_err(|e| wrong(e.to_string()))?,
            other => return Err(wrong(format!("unknown packing {other}"))),
        };
        if raw.len() != length {
            return Err(wrong(format!("{} bytes instead of {length}", raw.len())));
        }
        Ok(raw)
    }

    /// The records.
    ///
    /// # Errors
    /// [`BlockError`] says what is wrong; nothing is returned of a block that is not whole.
    pub(crate) fn records(&self) -> Result<Vec<Record>, BlockError> {
        self.check()?;
        encoding::decode_all(&self.unpack()?, self.count)
            .map_err(|source| BlockError::Record { first: self.first, source })
    }

    /// Puts a body right in which exactly one byte is wrong; `None` where that is not the damage.
    ///
    /// A CRC is linear: the difference between the stored and the computed checksum depends on
    /// where and how a byte differs, not on the rest. Taken back byte by byte from the end, it
    /// becomes the very difference at the place where the damage is. A candidate counts only if
    /// the unpacked bytes have the second checksum too, so that a chance hit is out of the question.
    pub(crate) fn mended(&self) -> Option<Self> {
        if self.body.len() > MEND_BYTES_MAX {
            return None;
        }
        let mut difference = self.computed_crc() ^ self.crc32;
        for at in (0..self.body.len()).rev() {
            difference = crc_take_back_byte(difference);
            let Ok(flip) = u8::try_from(difference) else { continue };
            let mut candidate = self.clone();
            candidate.body[at] ^= flip;
            if flip != 0 && candidate.is_whole() {
                return Some(candidate);
            }
        }
        None
    }

    fn is_whole(&self) -> bool {
        self.check().is_ok()
            && self.unpack().is_ok_and(|raw| crc32fast::hash(&raw) == self.crc32_raw)
    }
}

/// The reflected polynomial of CRC-32 (ISO 3309), as `crc32fast` computes it.
const CRC_POLYNOMIAL: u32 = 0xEDB8_8320;

/// The CRC register as it was before one (zero) byte went through it.
fn crc_take_back_byte(mut crc: u32) -> u32 {
    for _ in 0..8 {
        crc = if crc >> 31 == 1 { ((crc ^ CRC_POLYNOMIAL) << 1) | 1 } else { crc << 1 };
    }
    crc
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
