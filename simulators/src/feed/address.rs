//! Addresses as they are written on a command line.

use std::str::FromStr;

/// The port of MQTT where none is written.
const MQTT_PORT: u16 = 1883;

/// Where an MQTT endpoint is: `mqtt://host:port`, `host:port` or `host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttAddress {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Where the HTTP API is: `http://host:port`, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAddress(String);

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The port is no number from 1 to 65535.
    #[error("{0:?}: a port is a number from 1 to 65535")]
    Port(String),
    /// A scheme that is not spoken here.
    #[error("{0:?}: write {1}")]
    Scheme(String, &'static str),
    /// No host.
    #[error("{0:?} names no host")]
    Host(String),
}

impl FromStr for MqttAddress {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = match text.split_once("://") {
            None => text,
            Some(("mqtt" | "tcp", rest)) => rest,
            Some(_) => return Err(AddressError::Scheme(text.into(), "mqtt://host:port")),
        };
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            None => (rest, MQTT_PORT),
            Some((host, port)) => {
                let port = port.parse().ok().filter(|p| *p != 0);
                (host, port.ok_or_else(|| AddressError::Port(text.into()))?)
            }
        };
        if host.is_empty() {
            return Err(AddressError::Host(text.into()));
        }
        Ok(Self { host: host.trim_matches(['[', ']']).to_owned(), port })
    }
}

impl MqttAddress {
    /// A port of this machine.
    pub fn loopback(port: u16) -> Self {
        Self { host: "127.0.0.1".into(), port }
    }
}

impl std::fmt::Display for MqttAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mqtt://{}:{}", self.host, self.port)
    }
}

impl FromStr for HttpAddress {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = match text.split_once("://") {
            None => text,
            Some(("http", rest)) => rest,
            Some(_) => return Err(AddressError::Scheme(text.into(), "http://host:port")),
        };
        let rest = rest.trim_end_matches('/');
        if rest.is_empty() || rest.contains('/') {
            return Err(AddressError::Host(text.into()));
        }
        Ok(Self(format!("http://{rest}")))
    }
}

impl HttpAddress {
    /// The address of a resource: `resource` begins with a slash.
    pub fn resource(&self, resource: &str) -> String {
        format!("{}{resource}", self.0)
    }
}

impl std::fmt::Display for HttpAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_a_scheme() {
        let at = |host: &str, port| Ok(MqttAddress { host: host.into(), port });
        assert_eq!("mqtt://127.0.0.1:1884".parse(), at("127.0.0.1", 1884));
        assert_eq!("localhost".parse(), at("localhost", 1883));
        assert_eq!("[::1]:99".parse(), at("::1", 99));
        assert!("mqtts://x:1".parse::<MqttAddress>().is_err());
        assert!("x:0".parse::<MqttAddress>().is_err());
        let http: HttpAddress = "127.0.0.1:8080/".parse().unwrap();
        assert_eq!(http.resource("/v1/observations"), "http://127.0.0.1:8080/v1/observations");
        assert!("https://x".parse::<HttpAddress>().is_err());
    }
}
