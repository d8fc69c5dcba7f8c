//! A console without a screen: signs in, says hello, applies what it is told by number.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::http::Client;

/// A live connection to the platform.
#[derive(Debug)]
pub struct Console {
    socket: WebSocket<TcpStream>,
    /// The epoch of its numbers.
    pub epoch: String,
    /// The newest number applied.
    pub seq: u64,
    /// The picture of the snapshot it began with; `None` where it was resumed.
    pub picture: Option<Value>,
    /// Whose time it is, as the snapshot says: `live` or `replay`; empty where it was resumed.
    pub clock: String,
    /// Seconds of that clock in a second; 0 where it was resumed.
    pub speed: f64,
}

impl Console {
    /// Connects as the client that is signed in; `known` resumes after that epoch and number.
    pub fn connect(base: &str, client: &Client, known: Option<(&str, u64)>) -> Self {
        let address = base.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&address).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        let mut request =
            format!("ws://{address}/v1/live").into_client_request().expect("a request");
        let mut header = |name: &'static str, value: &str| {
            request.headers_mut().insert(name, value.parse().expect("a header"));
        };
        header("origin", base);
        header("cookie", client.cookie().unwrap_or_default());
        let (socket, _) = tungstenite::client(request, stream).expect("the handshake");
        socket.get_ref().set_read_timeout(Some(Duration::from_millis(200))).expect("set");
        let mut console = Self {
            socket,
            epoch: String::new(),
            seq: 0,
            picture: None,
            clock: String::new(),
            speed: 0.0,
        };
        let hello = match known {
            Some((epoch, last)) => json!({ "type": "hello", "epoch": epoch, "last": last }),
            None => json!({ "type": "hello", "last": 0 }),
        };
        console.socket.send(Message::text(hello.to_string())).expect("hello");
        let first = console.next(Duration::from_secs(10)).expect("a snapshot, or resumed");
        console.epoch = first["epoch"].as_str().expect("an epoch").to_owned();
        match first["type"].as_str() {
            Some("snapshot") => {
                console.seq = first["seq"].as_u64().expect("a number");
                console.picture = Some(first["picture"].clone());
                console.clock = first["clock"].as_str().expect("a clock").to_owned();
                console.speed = first["speed"].as_f64().expect("a speed");
            }
            Some("resumed") => console.seq = known.map_or(0, |(_, last)| last),
            other => panic!("first came {other:?}"),
        }
        console
    }

    /// The next message, whatever it is.
    pub fn next(&mut self, within: Duration) -> Option<Value> {
        let end = Instant::now() + within;
        while Instant::now() < end {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    return Some(serde_json::from_str(text.as_str()).expect("JSON"));
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(e))
                    if matches!(
                        e.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// The next change that `wanted` accepts; numbers must come without holes.
    pub fn change(
        &mut self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let end = Instant::now() + within;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Some(message) = self.next(left) else { panic!("not within {within:?}: {what}") };
            if message["type"] != "delta" {
                continue;
            }
            let seq = message["seq"].as_u64().expect("a number");
            assert_eq!(seq, self.seq + 1, "a hole in the deltas");
            self.seq = seq;
            let changes = message["changes"].as_array().expect("changes");
            if let Some(found) = changes.iter().find(|c| wanted(c)) {
                return found["row"].clone();
            }
        }
    }
}
