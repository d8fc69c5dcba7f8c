//! Which broker, and as whom.

use std::time::Duration;

/// The port of MQTT without TLS.
const PORT: u16 = 1883;
/// The longest client identifier that every broker takes, bytes.
const CLIENT_ID_MAX_BYTES: usize = 128;

/// How the bridge connects.
#[derive(Clone, PartialEq, Eq)]
pub struct BridgeConfig {
    /// The broker's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User name, where it wants one.
    pub user: Option<String>,
    /// Password, where it wants one.
    pub password: Option<String>,
    /// Our client identifier: fixed, since the broker keeps our session under it.
    pub client_id: String,
    /// Keep-alive.
    pub keep_alive: Duration,
}

impl std::fmt::Debug for BridgeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BridgeConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Why a bridge's configuration cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// Not `mqtt://[user[:password]@]host[:port]`.
    #[error("a broker's URL is mqtt://[user[:password]@]host[:port], this is {0:?}")]
    Url(String),
    /// TLS.
    #[error("TLS to a broker is not built in: use mqtt:// through a tunnel or a local broker")]
    Tls,
    /// The client identifier.
    #[error("a client identifier has 1 to {CLIENT_ID_MAX_BYTES} bytes")]
    ClientId,
}

impl BridgeConfig {
    /// Reads `mqtt://[user[:password]@]host[:port]`. User and password stand as they are, without
    /// percent signs; a password with `@` goes into the field instead.
    ///
    /// # Errors
    /// [`BridgeError`].
    pub fn parse(url: &str, client_id: &str) -> Result<Self, BridgeError> {
        let wrong = || BridgeError::Url(without_password(url));
        if url.starts_with("mqtts://") {
            return Err(BridgeError::Tls);
        }
        let rest = url.strip_prefix("mqtt://").ok_or_else(wrong)?.trim_end_matches('/');
        let (login, address) = match rest.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, rest),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| wrong())?),
            _ => (address, PORT),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains(['/', '@', '?', ' ']) {
            return Err(wrong());
        }
        let (user, password) = match login.map(|login| login.split_once(':')) {
            None => (None, None),
            Some(Some((user, password))) => (Some(user.to_owned()), Some(password.to_owned())),
            Some(None) => (login.map(str::to_owned), None),
        };
        let keep_alive = Duration::from_secs(30);
        let (host, client_id) = (host.to_owned(), client_id.to_owned());
        let config = Self { host, port, user, password, client_id, keep_alive };
        config.check().map(|()| config)
    }

    /// `mqtt://[user@]host:port`, without the password.
    pub fn shown(&self) -> String {
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let colons = self.host.contains(':');
        let host = if colons { format!("[{}]", self.host) } else { self.host.clone() };
        format!("mqtt://{user}{host}:{}", self.port)
    }

    /// Checks what a client library would panic on.
    ///
    /// # Errors
    /// [`BridgeError::ClientId`].
    pub fn check(&self) -> Result<(), BridgeError> {
        let id = &self.client_id;
        let good = !id.is_empty()
            && id.len() <= CLIENT_ID_MAX_BYTES
            && !id.starts_with(' ')
            && !id.chars().any(char::is_control);
        if good { Ok(()) } else { Err(BridgeError::ClientId) }
    }
}

fn without_password(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, address)) => format!("…@{address}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_or_refused_without_showing_the_password() {
        let of = |url: &str| BridgeConfig::parse(url, "fenghuo");
        let plain = of("mqtt://broker.city").unwrap();
        assert_eq!((plain.host.as_str(), plain.port, plain.user), ("broker.city", 1883, None));
        let full = of("mqtt://fh:a:b@10.0.0.1:1884/").unwrap();
        assert_eq!((full.host.as_str(), full.port), ("10.0.0.1", 1884));
        assert_eq!((full.user.as_deref(), full.password.as_deref()), (Some("fh"), Some("a:b")));
        assert_eq!(full.shown(), "mqtt://fh@10.0.0.1:1884");
        let six = of("mqtt://[::1]:1885").unwrap();
        assert_eq!((six.host.as_str(), six.shown().as_str()), ("::1", "mqtt://[::1]:1885"));
        assert_eq!(of("mqtts://x"), Err(BridgeError::Tls));
        for wrong in ["http://x", "mqtt://", "mqtt://x:port", "mqtt://u:secret@x:99999", "x"] {
            let said = of(wrong).unwrap_err().to_string();
            assert!(!said.contains("secret"), "{said}");
        }
        assert_eq!(BridgeConfig::parse("mqtt://x", ""), Err(BridgeError::ClientId));
    }
}
