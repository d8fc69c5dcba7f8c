//! What a certificate says of itself: until when it is good, and whom it names.

use domain::time::UtcMs;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

/// Names of one certificate that are looked at.
pub const NAMES_MAX: usize = 16;

/// A certificate cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the certificate cannot be read: {0}")]
pub struct AboutError(String);

/// A client's certificate, whose signature by the configured authority has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Whom it names, in this order: the subject's common names, then the DNS names of its
    /// subjectAltName. Each is the id of an agency or a unit.
    pub names: Vec<String>,
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    /// From when on it is good: as a rule when it was made.
    pub not_before: UtcMs,
    /// Until when it is good.
    pub not_after: UtcMs,
}

fn read(der: &CertificateDer<'_>) -> Result<Certificate, AboutError> {
    Certificate::from_der(der).map_err(|error| AboutError(error.to_string()))
}

fn instant(time: Time) -> UtcMs {
    UtcMs(i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX))
}

/// Until when a certificate is good.
pub(crate) fn not_after(der: &CertificateDer<'_>) -> Result<UtcMs, AboutError> {
    Ok(instant(read(der)?.tbs_certificate().validity().not_after))
}

impl ClientCertificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`AboutError`].
    pub(crate) fn of(der: &CertificateDer<'_>) -> Result<Self, AboutError> {
        let certificate = read(der)?;
        let about = certificate.tbs_certificate();
        let mut names = Vec::new();
        for part in about.subject().iter().filter(|p| p.oid == COMMON_NAME) {
            let utf8 = part.value.decode_as::<Utf8StringRef<'_>>().map(|n| n.as_str().to_owned());
            let printable =
                || part.value.decode_as::<PrintableStringRef<'_>>().map(|n| n.as_str().to_owned());
            names.extend(utf8.or_else(|_| printable()));
        }
        if let Ok(Some((_, others))) = about.get_extension::<SubjectAltName>() {
            names.extend(others.0.iter().filter_map(|name| match name {
                GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
                _ => None,
            }));
        }
        names.truncate(NAMES_MAX);
        let mut once: Vec<String> = Vec::with_capacity(names.len());
        for name in names {
            if !once.contains(&name) {
                once.push(name);
            }
        }
        let fingerprint = Sha256::digest(der).into();
        let validity = about.validity();
        let (not_before, not_after) = (instant(validity.not_before), instant(validity.not_after));
        Ok(Self { names: once, fingerprint, not_before, not_after })
    }
}

/// X.520 commonName.
const COMMON_NAME: x509_cert::der::asn1::ObjectIdentifier =
    x509_cert::der::asn1::ObjectIdentifier::new_unwrap("2.5.4.3");
