//! The check of a frame: CRC-16 with the polynomial x¹⁶+x¹⁵+x²+1, begun with FFFF, reflected
//! (CRC-16/MODBUS), sent high byte first (SL 651-2014, §6.2 and annex; checked on frames of real stations).

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0u16; 256];
    let mut byte = 0usize;
    while byte < 256 {
        let mut crc = byte as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// The check of these bytes.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc: u16, byte| {
        let [low, _] = crc.to_le_bytes();
        (crc >> 8) ^ TABLE[usize::from(low ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_of_the_nine_digits_is_the_published_one() {
        assert_eq!(super::crc16(b"123456789"), 0x4B37);
    }
}
