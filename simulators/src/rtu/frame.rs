//! Frames of SL 651-2014 in HEX/BCD as a station writes and reads them. Nothing here is the
//! platform's: an error in its decoder would not be repeated.

use domain::sl651::Address;
use domain::time::UtcMs;

/// A value that a report carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Element {
    /// Its leading byte: 0x39 is a level.
    pub lead: u8,
    /// Bytes of BCD.
    pub bytes: u8,
    /// Decimals.
    pub decimals: u8,
    /// The value; `None`: the instrument gives none.
    pub value: Option<f64>,
}

/// A station.
#[derive(Debug, Clone, Copy)]
pub struct Rtu {
    /// The centre it reports to.
    pub centre: u8,
    /// Its address.
    pub address: Address,
    /// Its password.
    pub password: u16,
    /// The letter of its class: `H` river, `P` rain.
    pub class: u8,
}

/// What the centre said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The report it answers.
    pub serial: u16,
    /// ACK 06, NAK 15, EOT 04 or ESC 1B.
    pub end: u8,
}

/// The check, bit by bit.
pub fn check(bytes: &[u8]) -> u16 {
    let mut crc = 0xFFFF_u16;
    for byte in bytes {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1 == 1;
            crc >>= 1;
            if carry {
                crc ^= 0xA001;
            }
        }
    }
    crc
}

/// Digits YYMMDDHHmmSS of 北京时间, two a byte; the first `count` bytes.
fn time(t: UtcMs, count: usize) -> Vec<u8> {
    let text = t.rfc3339(8 * 3600);
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
    let pairs = digits.get(2..14).unwrap_or_default().chunks(2).take(count);
    pairs.map(|pair| pair.iter().fold(0, |n, digit| n * 16 + digit)).collect()
}

fn bcd(element: &Element) -> Vec<u8> {
    let bytes = usize::from(element.bytes);
    let Some(value) = element.value else { return vec![0xFF; bytes] };
    let scaled = (value.abs() * 10f64.powi(i32::from(element.decimals))).round();
    let sign = usize::from(value < 0.0);
    let places = (bytes - sign) * 2;
    let digits = format!("{scaled:0places$.0}");
    let nibbles: Vec<u8> = digits.bytes().rev().take(places).map(|b| b - b'0').collect();
    let pairs = nibbles.chunks(2).rev().map(|pair| {
        let [low, high] = [pair.first(), pair.get(1)].map(|n| n.copied().unwrap_or(0));
        high * 16 + low
    });
    std::iter::repeat_n(0xFF, sign).chain(pairs).collect()
}

impl Rtu {
    /// A frame up.
    pub fn frame(&self, function: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x7E, 0x7E, self.centre];
        bytes.extend(self.address.0);
        bytes.extend(self.password.to_be_bytes());
        bytes.push(function);
        // Twelve bits: the reports written here are far shorter.
        let length = u16::try_from(body.len()).unwrap_or(u16::MAX) & 0x0FFF;
        bytes.extend(length.to_be_bytes());
        bytes.push(0x02);
        bytes.extend(body);
        bytes.push(0x03);
        let crc = check(&bytes);
        bytes.extend(crc.to_be_bytes());
        bytes
    }

    /// A report of values observed at `observed`: function 32 timed, 33 threshold, 30 test.
    pub fn report(
        &self,
        function: u8,
        serial: u16,
        sent: UtcMs,
        observed: UtcMs,
        elements: &[Element],
    ) -> Vec<u8> {
        let mut body = serial.to_be_bytes().to_vec();
        body.extend(time(sent, 6));
        body.extend([0xF1, 0xF1]);
        body.extend(self.address.0);
        body.push(self.class);
        body.extend([0xF0, 0xF0]);
        body.extend(time(observed, 5));
        for element in elements {
            body.push(element.lead);
            body.push(element.bytes * 8 + element.decimals);
            body.extend(bcd(element));
        }
        self.frame(function, &body)
    }

    /// 链路维持报.
    pub fn keep_alive(&self, serial: u16, sent: UtcMs) -> Vec<u8> {
        let mut body = serial.to_be_bytes().to_vec();
        body.extend(time(sent, 6));
        self.frame(0x2F, &body)
    }

    /// The first answer to this station in `heard`, with its length; `None` where there is none yet.
    pub fn answer(&self, heard: &[u8]) -> Option<(Answer, usize)> {
        let starts = heard.windows(2).position(|pair| pair == [0x7E, 0x7E])?;
        let frame = heard.get(starts..)?;
        let length = usize::from(u16::from_be_bytes([*frame.get(11)?, *frame.get(12)?]) & 0x0FFF);
        let whole = frame.get(..14 + length + 3)?;
        let (checked, crc) = whole.split_at(whole.len() - 2);
        let is_ours = whole.get(2..7) == Some(&self.address.0[..]) && frame.get(11)? >> 4 == 8;
        if !is_ours || crc != check(checked).to_be_bytes() {
            return None;
        }
        let body = whole.get(14..14 + length)?;
        let serial = u16::from_be_bytes([*body.first()?, *body.get(1)?]);
        let end = *checked.last()?;
        Some((Answer { serial, end }, starts + whole.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_written_digit_by_digit() {
        let address = Address([0x00, 0x12, 0x34, 0x56, 0x78]);
        let rtu = Rtu { centre: 9, address, password: 0x1234, class: b'H' };
        let t = UtcMs::parse("2026-06-11T03:05:00+08:00").unwrap();
        let level = Element { lead: 0x39, bytes: 4, decimals: 3, value: Some(3.95) };
        let cold = Element { lead: 0x02, bytes: 3, decimals: 1, value: Some(-1.5) };
        let none = Element { lead: 0x38, bytes: 2, decimals: 2, value: None };
        let frame = rtu.report(0x32, 7, t.plus_ms(16_000), t, &[level, cold, none]);
        let hex: String = frame.iter().map(|b| format!("{b:02X}")).collect();
        let body = "0007260611030516F1F1001234567848F0F02606110305392300003950\
                    0219FF00153812FFFF";
        let start = format!("7E7E0900123456781234320026{:02X}{body}03", 2);
        assert_eq!(hex.len(), start.len() + 4, "{hex}\n{start}");
        assert!(hex.starts_with(&start), "{hex}\n{start}");
        assert_eq!(check(b"123456789"), 0x4B37);
    }
}
