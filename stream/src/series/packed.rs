//! Rows packed: changes of the step of time, and values, as variable-length integers where a value
//! is a whole number of thousandths or millionths; eight bytes where it is neither.

use serde::{Deserialize, Serialize};

use super::{MICRO, Row, micro};

const MILLI: u8 = 0;
const MICROS: u8 = 1;
const BITS: u8 = 2;

/// About the bytes of one row.
const ROW_BYTES: usize = 3;

/// Rows of one parcel at most.
const PARCEL_ROWS: u32 = 128;

/// A parcel of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Packed {
    first_t: i64,
    last_t: i64,
    step: i64,
    count: u32,
    bytes: Vec<u8>,
}

impl Packed {
    pub(super) fn new(rows: &[Row]) -> Self {
        let first_t = rows.first().map_or(0, |row| row.t);
        let mut packed = Self { first_t, last_t: first_t, step: 0, count: 0, bytes: Vec::new() };
        packed.append(rows);
        packed
    }

    /// Whether it takes no more rows.
    pub(super) fn is_full(&self) -> bool {
        self.count >= PARCEL_ROWS
    }

    /// How many rows it holds.
    pub(super) fn count(&self) -> usize {
        self.count as usize
    }

    /// Adds rows that are later than its own.
    pub(super) fn append(&mut self, rows: &[Row]) {
        let bytes = &mut self.bytes;
        bytes.reserve_exact(rows.len() * ROW_BYTES);
        let (mut before, mut step) = (self.last_t, self.step);
        for row in rows {
            let next = row.t.wrapping_sub(before);
            put(bytes, zigzag(next.wrapping_sub(step)));
            (before, step) = (row.t, next);
            let whole = micro(row.value);
            let exact = (whole as f64 / MICRO).to_bits() == row.value.to_bits();
            if !exact || whole.unsigned_abs() >= 1 << 60 {
                put(bytes, u64::from(BITS));
                bytes.extend_from_slice(&row.value.to_bits().to_le_bytes());
            } else if whole % 1000 == 0 {
                put(bytes, zigzag(whole / 1000) << 2 | u64::from(MILLI));
            } else {
                put(bytes, zigzag(whole) << 2 | u64::from(MICROS));
            }
        }
        (self.last_t, self.step) = (before, step);
        self.count += u32::try_from(rows.len()).unwrap_or(u32::MAX);
    }

    pub(super) fn first_t(&self) -> i64 {
        self.first_t
    }
    pub(super) fn last_t(&self) -> i64 {
        self.last_t
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::with_capacity(super::PACKED_ROWS);
        let mut bytes = &self.bytes[..];
        let (mut t, mut step) = (self.first_t, 0i64);
        while let Some(change) = take(&mut bytes) {
            step = step.wrapping_add(unzigzag(change));
            t = t.wrapping_add(step);
            let Some(word) = take(&mut bytes) else { break };
            let value = match (word & 3) as u8 {
                MILLI => (unzigzag(word >> 2) * 1000) as f64 / MICRO,
                MICROS => unzigzag(word >> 2) as f64 / MICRO,
                _ => {
                    let Some((bits, rest)) = bytes.split_first_chunk::<8>() else { break };
                    bytes = rest;
                    f64::from_bits(u64::from_le_bytes(*bits))
                }
            };
            rows.push(Row { t, value });
        }
        rows
    }
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}
fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

fn put(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_of_the_parcel_as_they_went_in() {
        let values = [0.0, 0.25, 1e-6, 7.123_456_789, -3.5, 1e300, 5170.0, -0.0];
        let rows: Vec<Row> = values
            .iter()
            .zip(0i64..)
            .map(|(v, i)| Row { t: 60_000 * i * i - 7, value: *v })
            .collect();
        let packed = Packed::new(&rows);
        let out = packed.rows();
        assert_eq!(out.len(), rows.len());
        for (a, b) in rows.iter().zip(&out) {
            assert_eq!((a.t, a.value.to_bits()), (b.t, b.value.to_bits()));
        }
        let nan = Packed::new(&[Row { t: 5, value: f64::NAN }]).rows();
        assert!(nan[0].value.is_nan());
    }
}
