//! Which archive, and its credential.

/// How the archive is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchiveConfig {
    /// `http://host:port`, without a path.
    pub url: String,
    /// Organisation.
    pub org: String,
    /// Bucket.
    pub bucket: String,
    /// Token; empty where the server wants none.
    pub token: String,
}

impl std::fmt::Debug for ArchiveConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArchiveConfig")
            .field("url", &self.url)
            .field("org", &self.org)
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// Why an archive cannot be followed to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Not `http://host[:port][?org=…&bucket=…]`.
    #[error("an archive's URL is http://host[:port][?org=NAME&bucket=NAME], this is {0:?}")]
    Url(String),
    /// TLS.
    #[error("TLS to an archive is not built in: use http:// through a local reverse proxy")]
    Tls,
    /// The position cannot be kept.
    #[error("the archive's position cannot be kept: {0}")]
    Position(String),
    /// The journal cannot be read.
    #[error("the journal cannot be read for the archive: {0}")]
    Journal(String),
}

impl ArchiveConfig {
    /// Reads `http://host[:port][?org=NAME&bucket=NAME]`; both are `fenghuo` where absent. The
    /// token comes apart from the URL: an argument is seen by everyone on the machine.
    ///
    /// # Errors
    /// [`ArchiveError`]. What the client's library would panic on is refused here.
    pub fn parse(url: &str, token: &str) -> Result<Self, ArchiveError> {
        let wrong = || ArchiveError::Url(url.to_owned());
        if url.starts_with("https://") {
            return Err(ArchiveError::Tls);
        }
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let address = address.trim_end_matches('/');
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "80"));
        let plain = |text: &str| {
            let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            !text.is_empty() && text.bytes().all(good)
        };
        if !plain(host) || port.parse::<u16>().is_err() {
            return Err(wrong());
        }
        let (mut org, mut bucket) = ("fenghuo".to_owned(), "fenghuo".to_owned());
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("org", name)) if plain(name) => org = name.to_owned(),
                Some(("bucket", name)) if plain(name) => bucket = name.to_owned(),
                _ => return Err(wrong()),
            }
        }
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong());
        }
        Ok(Self { url: format!("http://{address}"), org, bucket, token: token.to_owned() })
    }

    /// What its position is kept under: another archive begins at the first record.
    pub(super) fn name(&self) -> String {
        format!("{} {} {}", self.url, self.org, self.bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_or_refused() {
        let read = ArchiveConfig::parse("http://127.0.0.1:8428/?bucket=jm", "t").unwrap();
        assert_eq!((read.url.as_str(), read.bucket.as_str()), ("http://127.0.0.1:8428", "jm"));
        assert_eq!(ArchiveConfig::parse("https://x", ""), Err(ArchiveError::Tls));
        for wrong in
            ["x", "http://", "http://x:99999", "http://x y", "http://x?a=b", "http://x/p/q"]
        {
            assert!(ArchiveConfig::parse(wrong, "").is_err(), "{wrong}");
        }
        assert!(ArchiveConfig::parse("http://x", "a\nb").is_err());
    }
}
