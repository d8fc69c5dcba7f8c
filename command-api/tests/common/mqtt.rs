//! An MQTT 3.1.1 client on a plain socket, at quality of service 1.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::WITHIN;

/// A client that has connected.
pub struct Mqtt {
    socket: TcpStream,
    next: u16,
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    out.extend(text.as_bytes());
}

fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut left = rest.len();
    loop {
        let digit = u8::try_from(left % 128).unwrap();
        left /= 128;
        out.push(if left > 0 { digit | 0x80 } else { digit });
        if left == 0 {
            break;
        }
    }
    out.extend(rest);
    out
}

impl Mqtt {
    /// Connects, or gives the return code.
    pub async fn connect(at: SocketAddr, user: &str, password: &str) -> Result<Self, u8> {
        let mut socket = TcpStream::connect(at).await.unwrap();
        let mut rest = Vec::new();
        text(&mut rest, "MQTT");
        rest.extend([4, 0xC2, 0, 60]);
        for part in [&format!("{user}-1"), user, password] {
            text(&mut rest, part);
        }
        socket.write_all(&packet(0x10, &rest)).await.unwrap();
        let mut client = Self { socket, next: 0 };
        let (first, rest) = client.read().await;
        assert_eq!(first, 0x20);
        if rest[1] == 0 { Ok(client) } else { Err(rest[1]) }
    }

    fn number(&mut self) -> u16 {
        self.next += 1;
        self.next
    }

    async fn read(&mut self) -> (u8, Vec<u8>) {
        timeout(WITHIN, async {
            let first = self.socket.read_u8().await.unwrap();
            let (mut length, mut shift) = (0usize, 0);
            loop {
                let byte = self.socket.read_u8().await.unwrap();
                length |= usize::from(byte & 0x7F) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let mut rest = vec![0; length];
            self.socket.read_exact(&mut rest).await.unwrap();
            (first, rest)
        })
        .await
        .expect("a packet in time")
    }

    /// Subscribes at QoS 1.
    pub async fn subscribe(&mut self, filter: &str) {
        let mut rest = self.number().to_be_bytes().to_vec();
        text(&mut rest, filter);
        rest.push(1);
        self.socket.write_all(&packet(0x82, &rest)).await.unwrap();
        let (first, rest) = self.read().await;
        assert_eq!((first, rest[2]), (0x90, 1), "the subscription is granted");
    }

    /// Publishes at QoS 1, and waits until it is acknowledged.
    pub async fn publish(&mut self, topic: &str, body: &Value) {
        let number = self.number();
        let mut rest = Vec::new();
        text(&mut rest, topic);
        rest.extend(number.to_be_bytes());
        rest.extend(body.to_string().as_bytes());
        self.socket.write_all(&packet(0x32, &rest)).await.unwrap();
        let (first, rest) = self.read().await;
        assert_eq!((first, &rest[..2]), (0x40, &number.to_be_bytes()[..]));
    }

    /// The next message for it: topic and body. `take` says whether it is acknowledged.
    pub async fn message(&mut self, take: bool) -> (String, Value) {
        let (first, rest) = self.read().await;
        assert_eq!(first & 0xF0, 0x30, "a message");
        let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        let topic = String::from_utf8(rest[2..2 + length].to_vec()).unwrap();
        let mut body = &rest[2 + length..];
        if first & 6 != 0 {
            if take {
                self.socket.write_all(&packet(0x40, &body[..2])).await.unwrap();
            }
            body = &body[2..];
        }
        (topic, serde_json::from_slice(body).unwrap())
    }

    /// Reads until the connection ends; `false` where it has not within this time.
    pub async fn ended(mut self, within: std::time::Duration) -> bool {
        let mut rest = Vec::new();
        timeout(within, self.socket.read_to_end(&mut rest)).await.is_ok()
    }
}
