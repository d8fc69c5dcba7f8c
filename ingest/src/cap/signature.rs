//! Signatures of messages: XMLDSig, enveloped, in one narrow form, by a certificate of the city's.
//!
//! What is taken: one `ds:Signature`, right below `alert`; one reference to the whole document
//! (`URI=""`) with the transform *enveloped-signature* and at most one canonicalization after it;
//! SHA-256, -384 or -512; RSA of 2048 bits or more with PKCS#1 v1.5, or ECDSA on P-256 or P-384.
//! Anything else is refused: what a reader follows that a signer did not mean is how signatures are
//! wrapped. What is then read is the canonical form that was verified, and nothing beside it.

use std::time::Duration;

use base64ct::{Base64, Encoding};
use domain::time::UtcMs;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use sha2::{Digest, Sha256, Sha384, Sha512};
use webpki::{EndEntityCert, ring as algorithms};

use super::certificate::{AnyUse, fixed_to_der, validity};
use super::schema::DSIG;
use crate::xml::c14n::{self, Form};
use crate::xml::{Document, Element, XML_NAMESPACE};

/// The most certificates that come with a signature.
pub const CERTIFICATES_MAX: usize = 8;

/// By what an agency's messages are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    certificates: Vec<CertificateDer<'static>>,
    required: bool,
}

impl Trust {
    /// Reads certificates as PEM. Where one cannot be read nothing is trusted, and the log says so.
    pub fn read(pem: &str, required: bool) -> Self {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let certificates = read.unwrap_or_else(|error| {
            tracing::error!(%error, "a city's certificate for warnings cannot be read");
            Vec::new()
        });
        Self { certificates, required }
    }
}

/// Tries a document's signature. The canonical bytes that it stands for; `None` where there is no
/// signature and none is asked for.
///
/// # Errors
/// Why it is not good.
pub fn verify(
    document: &Document<'_>,
    trust: &Trust,
    now: UtcMs,
) -> Result<Option<Vec<u8>>, String> {
    let all = document.root.all(DSIG, "Signature");
    let signature = match all[..] {
        [] if trust.required => return Err("the message is not signed".into()),
        [] => return Ok(None),
        [one] => one,
        _ => return Err("more than one signature".into()),
    };
    let root = &document.root;
    if !root.children().any(|child| std::ptr::eq(child, signature)) {
        return Err("the signature does not stand right below alert".into());
    }
    if [root, signature].iter().any(|e| e.attributes.iter().any(|a| a.namespace == XML_NAMESPACE)) {
        return Err("attributes of the namespace xml above what is signed".into());
    }
    let parts = parts(signature, &["SignedInfo", "SignatureValue"], &["KeyInfo"])?;
    let [Some(info), Some(value), key] = [parts[0], parts[1], parts[2]] else {
        return Err("the signature is not whole".into());
    };
    let canonical = referred(document, signature, info)?;
    let form = form(child(info, "CanonicalizationMethod")?)?;
    let signed = c14n::element(info, &[root, signature], &form);
    let method = algorithm(child(info, "SignatureMethod")?)?;
    let value = base64(value)?;
    let certificates = match key {
        Some(key) => certificates(key)?,
        None => Vec::new(),
    };
    by_someone_trusted(trust, &certificates, now, |certificate| {
        let cert =
            EndEntityCert::try_from(certificate).map_err(|e| format!("the certificate: {e}"))?;
        check(&cert, method, &signed, &value)
    })?;
    Ok(Some(canonical))
}

/// The children of an element by name: those needed, then those that may be. No others, and each
/// once.
fn parts<'e>(
    of: &'e Element<'e>,
    needed: &[&str],
    may: &[&str],
) -> Result<Vec<Option<&'e Element<'e>>>, String> {
    let names: Vec<&str> = needed.iter().chain(may).copied().collect();
    let mut found: Vec<Option<&Element<'_>>> = vec![None; names.len()];
    for part in of.children() {
        let place = names.iter().position(|name| part.is(DSIG, name));
        match place.and_then(|at| found.get_mut(at)) {
            Some(slot @ None) => *slot = Some(part),
            _ => return Err(format!("{:?} in {:?} is not taken", part.local, of.local)),
        }
    }
    let missing = needed.iter().zip(&found).find(|(_, part)| part.is_none());
    match missing {
        Some((name, _)) => Err(format!("{name} is missing in {:?}", of.local)),
        None => Ok(found),
    }
}

fn child<'e>(of: &'e Element<'e>, name: &str) -> Result<&'e Element<'e>, String> {
    let mut named = of.children().filter(|e| e.is(DSIG, name));
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(format!("one {name} is wanted in {:?}", of.local)),
    }
}

/// The document's canonical form without the signature, whose digest the reference states.
fn referred(
    document: &Document<'_>,
    signature: &Element<'_>,
    info: &Element<'_>,
) -> Result<Vec<u8>, String> {
    let wanted = ["CanonicalizationMethod", "SignatureMethod", "Reference"];
    let reference = parts(info, &wanted, &[])?[2].ok_or("no reference")?;
    if reference.attribute("URI") != Some("") {
        return Err("the reference is to a part; the whole message is to be signed".into());
    }
    let parts = parts(reference, &["Transforms", "DigestMethod", "DigestValue"], &[])?;
    let [Some(transforms), Some(method), Some(value)] = parts[..] else {
        return Err("the reference is not whole".into());
    };
    let steps: Vec<&Element<'_>> = transforms.children().collect();
    let form = match steps[..] {
        [first] if uri(first) == ENVELOPED => Form::Inclusive,
        [first, second] if uri(first) == ENVELOPED => form(second)?,
        _ => return Err("transforms other than enveloped-signature and a canonical form".into()),
    };
    let canonical = c14n::document(document, &form, &|e| std::ptr::eq(e, signature));
    let digest = match uri(method) {
        "http://www.w3.org/2001/04/xmlenc#sha256" => Sha256::digest(&canonical).to_vec(),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Sha384::digest(&canonical).to_vec(),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Sha512::digest(&canonical).to_vec(),
        other => return Err(format!("the digest {other:?} is not taken")),
    };
    if digest != base64(value)? {
        return Err("the message is not what was signed".into());
    }
    Ok(canonical)
}

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

fn uri<'e>(element: &'e Element<'_>) -> &'e str {
    element.attribute("Algorithm").unwrap_or_default()
}

fn form(element: &Element<'_>) -> Result<Form, String> {
    match uri(element) {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
        | "http://www.w3.org/2006/12/xml-c14n11" => Ok(Form::Inclusive),
        EXCLUSIVE => {
            let besides = element.children().find(|e| e.is(EXCLUSIVE, "InclusiveNamespaces"));
            let list = besides.and_then(|e| e.attribute("PrefixList")).unwrap_or_default();
            Ok(Form::Exclusive(list.split_ascii_whitespace().map(str::to_owned).collect()))
        }
        other => Err(format!("the canonical form {other:?} is not taken")),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Rsa256,
    Rsa384,
    Rsa512,
    Ecdsa256,
    Ecdsa384,
}

fn algorithm(element: &Element<'_>) -> Result<Method, String> {
    match uri(element).strip_prefix("http://www.w3.org/2001/04/xmldsig-more#") {
        Some("rsa-sha256") => Ok(Method::Rsa256),
        Some("rsa-sha384") => Ok(Method::Rsa384),
        Some("rsa-sha512") => Ok(Method::Rsa512),
        Some("ecdsa-sha256") => Ok(Method::Ecdsa256),
        Some("ecdsa-sha384") => Ok(Method::Ecdsa384),
        _ => Err(format!("the algorithm {:?} is not taken", uri(element))),
    }
}

fn check(
    certificate: &EndEntityCert<'_>,
    method: Method,
    signed: &[u8],
    value: &[u8],
) -> Result<(), String> {
    let der = || fixed_to_der(value).ok_or("the signature's value has no form of ECDSA");
    let (tried, value): (&[&dyn SignatureVerificationAlgorithm], Vec<u8>) = match method {
        Method::Rsa256 => (&[algorithms::RSA_PKCS1_2048_8192_SHA256], value.to_vec()),
        Method::Rsa384 => (&[algorithms::RSA_PKCS1_2048_8192_SHA384], value.to_vec()),
        Method::Rsa512 => (&[algorithms::RSA_PKCS1_2048_8192_SHA512], value.to_vec()),
        Method::Ecdsa256 => {
            (&[algorithms::ECDSA_P256_SHA256, algorithms::ECDSA_P384_SHA256], der()?)
        }
        Method::Ecdsa384 => {
            (&[algorithms::ECDSA_P384_SHA384, algorithms::ECDSA_P256_SHA384], der()?)
        }
    };
    let is_good = |a: &&dyn SignatureVerificationAlgorithm| {
        certificate.verify_signature(*a, signed, &value).is_ok()
    };
    if tried.iter().any(is_good) {
        return Ok(());
    }
    let by_rsa = matches!(method, Method::Rsa256 | Method::Rsa384 | Method::Rsa512);
    let length = if by_rsa { " (RSA from 2048 bits)" } else { "" };
    Err(format!("the signature is not by the key of its certificate{length}"))
}

fn base64(element: &Element<'_>) -> Result<Vec<u8>, String> {
    if element.is_interrupted() || element.children().next().is_some() {
        return Err(format!("{:?} is in pieces", element.local));
    }
    let plain: String = element.text().split_ascii_whitespace().collect();
    Base64::decode_vec(&plain).map_err(|_| format!("{:?} is no base64", element.local))
}

/// The certificates that came along, the signer's first.
fn certificates(key: &Element<'_>) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = key.all(DSIG, "X509Certificate");
    if all.len() > CERTIFICATES_MAX {
        return Err(format!("more than {CERTIFICATES_MAX} certificates"));
    }
    all.into_iter().map(|e| base64(e).map(CertificateDer::from)).collect()
}

/// Whether the signer's certificate is one of the city's or certified by one, and good at `now`,
/// and `is_by` says that the signature is by its key. Without certificates in the message the
/// city's own are tried.
fn by_someone_trusted(
    trust: &Trust,
    sent: &[CertificateDer<'static>],
    now: UtcMs,
    is_by: impl Fn(&CertificateDer<'static>) -> Result<(), String>,
) -> Result<(), String> {
    if let Some((signer, between)) = sent.split_first() {
        is_by(signer)?;
        return if trust.certificates.contains(signer) {
            in_its_time(signer, now)
        } else {
            certified(trust, signer, between, now)
        };
    }
    let mut said = "no certificate of the city is for its signer".to_owned();
    for own in &trust.certificates {
        match is_by(own).and_then(|()| in_its_time(own, now)) {
            Ok(()) => return Ok(()),
            Err(why) => said = why,
        }
    }
    Err(said)
}

fn in_its_time(certificate: &CertificateDer<'_>, now: UtcMs) -> Result<(), String> {
    let (from, to) = validity(certificate).ok_or("the certificate has no validity that is read")?;
    if (from..=to).contains(&now) {
        return Ok(());
    }
    Err(format!("the certificate is good from {from} to {to}, not now"))
}

fn certified(
    trust: &Trust,
    signer: &CertificateDer<'static>,
    between: &[CertificateDer<'static>],
    now: UtcMs,
) -> Result<(), String> {
    let anchors: Vec<_> = trust
        .certificates
        .iter()
        .filter_map(|c| webpki::anchor_from_trusted_cert(c).ok())
        .collect();
    let cert = EndEntityCert::try_from(signer).map_err(|e| format!("the certificate: {e}"))?;
    let seconds = u64::try_from(now.0.div_euclid(1_000)).unwrap_or_default();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    cert.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, between, at, AnyUse, None, None)
        .map(|_| ())
        .map_err(|error| format!("the signer's certificate is not trusted: {}", in_words(&error)))
}

fn in_words(error: &webpki::Error) -> String {
    match error {
        // A certificate that certifies itself, and is none of those in the file.
        webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity => {
            "neither it nor who issued it is in the city's cap/<agency>.pem".into()
        }
        webpki::Error::InvalidSignatureForPublicKey => {
            "the one of its issuer's name in the city's cap/<agency>.pem has not signed it".into()
        }
        other => other.to_string(),
    }
}
