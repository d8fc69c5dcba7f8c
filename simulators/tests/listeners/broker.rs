//! An MQTT 5 server of a hundred lines: acknowledges QoS 1, remembers every payload, can drop a
//! connection before it acknowledges, can refuse items on `…/rejected`, can hand a unit a task.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What it does beside acknowledging.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manners {
    /// After so many messages of a connection: the next is taken, not acknowledged, and the
    /// connection closed. Once only.
    pub(crate) drop_after: Option<usize>,
    /// A payload that contains this is refused on the agency's `rejected` topic.
    pub(crate) refuse: Option<String>,
    /// The password that is wanted; any if none.
    pub(crate) password: Option<String>,
}

#[derive(Default)]
struct Seen {
    messages: Vec<(String, String)>,
    dropped: bool,
    connections: usize,
    subscribers: BTreeMap<String, mpsc::Sender<(String, String)>>,
}

#[derive(Clone)]
pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Broker {
    pub(crate) async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, manners.clone(), shared.clone()));
            }
        });
        Self { address, seen }
    }

    /// Everything taken so far: topic, payload.
    pub(crate) fn messages(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().messages.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// Sends a message to whoever subscribed to exactly this topic; false where nobody did.
    pub(crate) async fn tell(&self, topic: &str, payload: &str) -> bool {
        let to = self.seen.lock().unwrap().subscribers.get(topic).cloned();
        match to {
            Some(to) => to.send((topic.to_owned(), payload.to_owned())).await.is_ok(),
            None => false,
        }
    }
}

async fn packet(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<(u8, Vec<u8>)> {
    let head = stream.read_u8().await.ok()?;
    let (mut length, mut shift) = (0usize, 0);
    loop {
        let byte = stream.read_u8().await.ok()?;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn text(body: &[u8], at: &mut usize) -> String {
    let length = usize::from(u16::from_be_bytes([body[*at], body[*at + 1]]));
    let text = String::from_utf8_lossy(&body[*at + 2..*at + 2 + length]).into_owned();
    *at += 2 + length;
    text
}

fn publish(topic: &str, payload: &str, id: u16) -> Vec<u8> {
    let length = 2 + topic.len() + 2 + 1 + payload.len();
    let mut out = vec![0x32];
    let mut rest = length;
    loop {
        let byte = (rest % 128) as u8;
        rest /= 128;
        out.push(if rest > 0 { byte | 0x80 } else { byte });
        if rest == 0 {
            break;
        }
    }
    out.extend((topic.len() as u16).to_be_bytes());
    out.extend(topic.as_bytes());
    out.extend(id.to_be_bytes());
    out.push(0); // no properties
    out.extend(payload.as_bytes());
    out
}

async fn serve(mut stream: TcpStream, manners: Manners, seen: Arc<Mutex<Seen>>) {
    let (mut read, mut write) = stream.split();
    let Some((_, connect)) = packet(&mut read).await else { return };
    let password = connect_password(&connect);
    if manners.password.is_some() && manners.password != password {
        let _ = write.write_all(&[0x20, 3, 0, 0x86, 0]).await;
        return;
    }
    let _ = write.write_all(&[0x20, 3, 0, 0, 0]).await;
    let (tell, mut told) = mpsc::channel::<(String, String)>(100);
    let (mut taken, mut id) = (0, 0u16);
    loop {
        let (head, body) = tokio::select! {
            got = packet(&mut read) => match got { Some(got) => got, None => return },
            Some((topic, payload)) = told.recv() => {
                id += 1;
                let _ = write.write_all(&publish(&topic, &payload, id)).await;
                continue;
            }
        };
        match head >> 4 {
            3 => {
                let mut at = 0;
                let topic = text(&body, &mut at);
                let mut ack = vec![0x40, 2, body[at], body[at + 1]];
                let payload = at + 3 + usize::from(body[at + 2]);
                let payload = String::from_utf8_lossy(&body[payload..]).into_owned();
                seen.lock().unwrap().messages.push((topic.clone(), payload.clone()));
                taken += 1;
                if manners.drop_after == Some(taken)
                    && !std::mem::replace(&mut seen.lock().unwrap().dropped, true)
                {
                    return;
                }
                if manners.refuse.as_ref().is_some_and(|r| payload.contains(r)) {
                    let topic = topic.replace("/obs", "/rejected");
                    id += 1;
                    let _ = write
                        .write_all(&publish(
                            &topic,
                            r#"{"reason":"unknown_station","detail":"x"}"#,
                            id,
                        ))
                        .await;
                }
                if manners.refuse.as_ref().is_some_and(|r| payload.contains(r)) {
                    ack = vec![0x40, 4, ack[2], ack[3], 0x99, 0];
                }
                let _ = write.write_all(&ack).await;
            }
            8 => {
                let mut at = 3 + usize::from(body[2]);
                let topic = text(&body, &mut at);
                seen.lock().unwrap().subscribers.insert(topic, tell.clone());
                let _ = write.write_all(&[0x90, 4, body[0], body[1], 0, 1]).await;
            }
            12 => {
                let _ = write.write_all(&[0xd0, 0]).await;
            }
            14 => return,
            _ => {}
        }
    }
}

fn connect_password(body: &[u8]) -> Option<String> {
    let mut at = 0;
    text(body, &mut at);
    let flags = body[at + 1];
    at += 4;
    at += 1 + usize::from(body[at]);
    text(body, &mut at);
    let _user = (flags & 0x80 != 0).then(|| text(body, &mut at));
    (flags & 0x40 != 0).then(|| text(body, &mut at))
}
