//! A console's socket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Client, WITHIN};

/// A console that follows the rules: deltas in order, without holes.
pub struct Console {
    pub ws: WebSocketStream<TcpStream>,
    pub epoch: String,
    pub last: u64,
    pub picture: Value,
    pub changes: Vec<Value>,
}

/// Opens the socket as a signed-in client would, from this origin.
pub async fn open(
    client: &Client,
    path: &str,
    origin: Option<&str>,
) -> Result<WebSocketStream<TcpStream>, Error> {
    let host = client.at;
    let mut request = format!("ws://{host}{path}").into_client_request().unwrap();
    let own = format!("http://{host}");
    if let Some(origin) = origin.or(Some(&own)).filter(|o| !o.is_empty()) {
        request.headers_mut().insert("Origin", origin.parse().unwrap());
    }
    for (name, value) in &client.headers {
        let name: hyper::header::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(host).await.unwrap();
    client_async(request, stream).await.map(|(ws, _)| ws)
}

/// The status of a refused opening.
pub async fn refused(client: &Client, path: &str, origin: Option<&str>) -> u16 {
    match open(client, path, origin).await {
        Err(Error::Http(answer)) => answer.status().as_u16(),
        other => panic!("not refused: {:?}", other.map(|_| ())),
    }
}

impl Console {
    /// Signs on: hello, and the snapshot.
    pub async fn open(client: &Client) -> Self {
        let ws = open(client, "/v1/live", None).await.expect("the socket opens");
        let (epoch, picture) = (String::new(), Value::Null);
        let mut console = Self { ws, epoch, last: 0, picture, changes: Vec::new() };
        console.hello(None, 0).await;
        while console.picture.is_null() {
            console.step().await;
        }
        console
    }

    pub async fn hello(&mut self, epoch: Option<&str>, last: u64) {
        let hello = serde_json::json!({ "type": "hello", "epoch": epoch, "last": last });
        self.ws.send(Message::text(hello.to_string())).await.unwrap();
    }

    /// The next message, judged by the rules.
    pub async fn step(&mut self) -> Value {
        let message =
            tokio::time::timeout(WITHIN, self.ws.next()).await.expect("a message in time");
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(_)) => return Value::Null,
            other => panic!("the socket ended: {other:?}"),
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        match message["type"].as_str() {
            Some("snapshot") => {
                self.epoch = message["epoch"].as_str().unwrap().to_owned();
                self.last = message["seq"].as_u64().unwrap();
                self.picture = message["picture"].clone();
            }
            Some("delta") => {
                assert_eq!(message["seq"].as_u64(), Some(self.last + 1), "no hole, nothing twice");
                self.last += 1;
                self.changes.extend(message["changes"].as_array().unwrap().iter().cloned());
            }
            Some("beat") => assert_eq!(message["seq"].as_u64(), Some(self.last)),
            _ => {}
        }
        message
    }

    /// Steps until a change is as wanted.
    pub async fn until<T>(&mut self, wanted: impl Fn(&Value) -> Option<T>) -> T {
        let began = tokio::time::Instant::now();
        loop {
            if let Some(found) = self.changes.iter().find_map(&wanted) {
                return found;
            }
            assert!(began.elapsed() < WITHIN, "not told: {:?}", self.changes);
            self.step().await;
        }
    }

    /// The close code with which it ends.
    pub async fn closed(&mut self, within: Duration) -> u16 {
        let closing = async {
            loop {
                match self.ws.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                    Some(Ok(_)) => {}
                    other => panic!("ended without a word: {other:?}"),
                }
            }
        };
        tokio::time::timeout(within, closing).await.expect("closed in time")
    }
}
