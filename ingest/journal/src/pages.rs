//! Blocks found in a damaged file page by page, without its tree: what no search leads to any more
//! is read all the same.
//!
//! Only leaves of tables and the chains of their long rows are looked at ("Database File Format",
//! sections 1.6 and 2.1). Whatever else a page may be: a block counts only with its checksum.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use domain::ids::Seq;

use crate::block::{RECORD_BYTES_MAX, StoredBlock};

const LEAF_OF_TABLE: u8 = 13;
const LEAF_HEAD_BYTES: usize = 8;
const PAGE_BYTES_AT: u64 = 16;
const RESERVED_AT: u64 = 20;
/// Longer rows than a block's are none.
const ROW_BYTES_MAX: usize = 2 * RECORD_BYTES_MAX;

/// Calls `each` with every whole block that lies anywhere in the file.
///
/// # Errors
/// What reading the file says, and what `each` says.
pub(crate) fn each_whole_block<E: From<io::Error>>(
    path: &Path,
    mut each: impl FnMut(&StoredBlock) -> Result<(), E>,
) -> Result<(), E> {
    let pages = Pages::open(path)?;
    let mut page = vec![0; pages.size];
    for number in 0..pages.count {
        pages.file.read_exact_at(&mut page, number * pages.size as u64)?;
        for block in pages.blocks(&page) {
            if block.check().is_ok() {
                each(&block)?;
            }
        }
    }
    Ok(())
}

struct Pages {
    file: File,
    size: usize,
    /// Bytes of a page that hold content.
    usable: usize,
    count: u64,
}

impl Pages {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let (mut size, mut reserved) = ([0; 2], [0; 1]);
        file.read_exact_at(&mut size, PAGE_BYTES_AT)?;
        file.read_exact_at(&mut reserved, RESERVED_AT)?;
        // 65,536 is written as 1.
        let size = match u16::from_be_bytes(size) {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => usize::from(size),
            size => return Err(io::Error::other(format!("pages of {size} bytes are none"))),
        };
        let usable = size - usize::from(reserved[0]);
        let count = file.metadata()?.len() / size as u64;
        Ok(Self { file, size, usable, count })
    }

    /// What looks like a block's row in a page.
    fn blocks(&self, page: &[u8]) -> Vec<StoredBlock> {
        if page.first() != Some(&LEAF_OF_TABLE) {
            return Vec::new();
        }
        let places = page[LEAF_HEAD_BYTES..].chunks_exact(2);
        let cells = places.map(|place| usize::from(u16::from_be_bytes([place[0], place[1]])));
        let count = usize::from(u16::from_be_bytes([page[3], page[4]]));
        cells.take(count).filter_map(|at| self.block(page.get(at..self.usable)?)).collect()
    }

    fn block(&self, mut cell: &[u8]) -> Option<StoredBlock> {
        let length = usize::try_from(varint(&mut cell)?).ok()?;
        let rowid = varint(&mut cell)?;
        block_of(rowid, &self.row(cell, length)?)
    }

    /// A row's bytes, from its cell and from the chain of pages that holds the rest.
    fn row(&self, cell: &[u8], length: usize) -> Option<Vec<u8>> {
        if length > ROW_BYTES_MAX {
            return None;
        }
        let most = self.usable - 35;
        let here = if length <= most {
            length
        } else {
            let least = (self.usable - 12) * 32 / 255 - 23;
            let here = least + (length - least) % (self.usable - 4);
            if here <= most { here } else { least }
        };
        let mut row = Vec::with_capacity(length);
        row.extend_from_slice(cell.get(..here)?);
        let mut next = cell.get(here..here + 4).filter(|_| here < length).map(number);
        let mut page = vec![0; self.size];
        while row.len() < length {
            let at = u64::from(next?).checked_sub(1).filter(|at| *at < self.count)?;
            self.file.read_exact_at(&mut page, at * self.size as u64).ok()?;
            next = page.get(..4).map(number);
            let more = (length - row.len()).min(self.usable - 4);
            row.extend_from_slice(&page[4..4 + more]);
        }
        Some(row)
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// A row of the table `block`: a head of column types, then the columns.
fn block_of(rowid: u64, row: &[u8]) -> Option<StoredBlock> {
    let mut rest = row;
    let head = usize::try_from(varint(&mut rest)?).ok()?;
    let mut types = row.get(row.len() - rest.len()..head)?;
    let mut columns = row.get(head..)?;
    // The number of the block is the row's own; its column is empty.
    (varint(&mut types)? == 0).then_some(())?;
    let mut integer = || integer(varint(&mut types)?, &mut columns);
    let narrow = |n: i64| u32::try_from(n).ok();
    let (count, bytes_raw) = (narrow(integer()?)?, narrow(integer()?)?);
    let observations = u64::try_from(integer()?).ok()?;
    let (crc32, crc32_raw) = (narrow(integer()?)?, narrow(integer()?)?);
    let body = usize::try_from(varint(&mut types)?).ok()?.checked_sub(12)?;
    let body = columns.get(..body / 2).filter(|_| body.is_multiple_of(2))?.to_vec();
    Some(StoredBlock { first: Seq(rowid), count, bytes_raw, observations, crc32, crc32_raw, body })
}

/// A column of a whole number, by its type.
fn integer(kind: u64, columns: &mut &[u8]) -> Option<i64> {
    let bytes = match kind {
        8 => return Some(0),
        9 => return Some(1),
        1..=4 => kind as usize,
        5 => 6,
        6 => 8,
        _ => return None,
    };
    let (column, rest) = columns.split_at_checked(bytes)?;
    *columns = rest;
    let negative = column.first()? & 0x80 != 0;
    let start = if negative { -1 } else { 0 };
    Some(column.iter().fold(start, |number: i64, byte| number << 8 | i64::from(*byte)))
}

/// SQLite's integer of one to nine bytes, the highest first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..9 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if at == 8 {
            return Some(number << 8 | u64::from(*byte));
        }
        number = number << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}
