//! What the registry needs to know of SL 651-2014 (水文监测数据通信规约): a telemetry station's address
//! and the elements that may feed a datastream.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The address of a remote terminal unit: five bytes, written as ten hexadecimal digits. Hydrological
/// stations have `00` and eight digits; others the code of their county (GB/T 2260) and a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address(pub [u8; 5]);

impl Address {
    /// Digits of its text.
    pub const DIGITS: usize = 10;
}

/// The text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an SL 651 address is ten hexadecimal digits, like 0011223344")]
pub struct AddressError;

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() != Self::DIGITS || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(AddressError);
        }
        let digits = u64::from_str_radix(text, 16).map_err(|_| AddressError)?;
        let [_, _, _, a, b, c, d, e] = digits.to_be_bytes();
        Ok(Self([a, b, c, d, e]))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The elements that a datastream may name as its source, by their symbols in the standard.
pub const FEEDING: &[&str] = &[
    "AC", "AI", "C", "ED", "EJ", "FL", "GH", "H", "HW", "M10", "M20", "M30", "M40", "M50", "M60",
    "M80", "M100", "MST", "P1", "P2", "P3", "P6", "P12", "PD", "PN01", "PN05", "PN10", "PN30",
    "DRP", "Q", "QA", "QZ", "UC", "US", "VA", "VJ", "VT", "Z", "ZB", "ZU", "DRZ1", "SQ", "PH",
    "DO", "COND", "TURB", "CODMN", "REDOX", "NH4N", "TP", "TN", "TOC", "CHLA",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_ten_digits() {
        let read = "0011223344".parse::<Address>();
        assert_eq!(read, Ok(Address([0x00, 0x11, 0x22, 0x33, 0x44])));
        assert_eq!(read.map(|a| a.to_string()), Ok("0011223344".to_owned()));
        for wrong in ["", "001122334", "00112233445", "+011223344", "00112233GG"] {
            assert_eq!(wrong.parse::<Address>(), Err(AddressError), "{wrong}");
        }
    }
}
