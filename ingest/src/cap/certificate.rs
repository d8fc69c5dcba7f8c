//! The little of certificates that is wanted beside what the verifying library does: from when to
//! when one holds, that any use of the key is taken, and ECDSA values as XML signatures have them.

use domain::time::UtcMs;
use webpki::{ExtendedKeyUsageValidator, KeyPurposeIdIter};

/// A certificate for any use: there is no usage of its own for warnings.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnyUse;

impl ExtendedKeyUsageValidator for AnyUse {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// Tag, content, and what follows, of one DER value.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// From when to when a certificate holds (RFC 5280, 4.1.2.5).
pub(super) fn validity(certificate: &[u8]) -> Option<(UtcMs, UtcMs)> {
    let (_, certificate, _) = value(certificate)?;
    let (_, mut fields, _) = value(certificate)?;
    // Version (where there is one), serial number, algorithm, issuer; then the validity.
    if fields.first() == Some(&0xa0) {
        fields = value(fields)?.2;
    }
    for _ in 0..3 {
        fields = value(fields)?.2;
    }
    let (_, span, _) = value(fields)?;
    let (tag, from, rest) = value(span)?;
    let from = time(tag, from)?;
    let (tag, to, _) = value(rest)?;
    Some((from, time(tag, to)?))
}

/// `YYMMDDHHMMSSZ`, whose years are 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &[u8]) -> Option<UtcMs> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        0x17 => format!("{}{text}", if text < "5" { "20" } else { "19" }),
        0x18 => text.to_owned(),
        _ => return None,
    };
    let at = |from: usize, to: usize| text.get(from..to);
    let (year, month, day) = (at(0, 4)?, at(4, 6)?, at(6, 8)?);
    let (hour, minute, second) = (at(8, 10)?, at(10, 12)?, at(12, 15)?);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}");
    // Before 2000 and after 2199 is before and after everything.
    match UtcMs::parse(&text) {
        Ok(t) => Some(t),
        Err(domain::time::TimeError::Range) if year < "2000" => Some(UtcMs(i64::MIN)),
        Err(domain::time::TimeError::Range) => Some(UtcMs(i64::MAX)),
        Err(domain::time::TimeError::Form) => None,
    }
}

/// An ECDSA value as DER: in XML signatures it is the two numbers, one after the other, of equal
/// length (RFC 4050, 3.3).
pub(super) fn fixed_to_der(fixed: &[u8]) -> Option<Vec<u8>> {
    if !matches!(fixed.len(), 64 | 96) {
        return None;
    }
    let mut body = Vec::with_capacity(fixed.len() + 8);
    for number in fixed.chunks(fixed.len() / 2) {
        let from = number.iter().position(|b| *b != 0)?;
        let number = number.get(from..)?;
        let pad = number.first().is_some_and(|b| *b >= 0x80);
        body.push(0x02);
        body.push(u8::try_from(number.len() + usize::from(pad)).ok()?);
        if pad {
            body.push(0);
        }
        body.extend_from_slice(number);
    }
    let mut der = vec![0x30, u8::try_from(body.len()).ok().filter(|n| *n < 0x80)?];
    der.extend_from_slice(&body);
    Some(der)
}
