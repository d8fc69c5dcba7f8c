//! Consoles without a browser: WebSocket clients that read frames and note when what they tell of
//! was sent. And the bare server they are compared on: sockets, one prepared frame, nothing else.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Now, Unix ms: the clock that publishers and consoles of one machine share.
#[allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark is a world of its own"
)]
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("not that far")
}

/// What the consoles saw, together.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// From the observation's time to its arrival at a console, ms.
    pub(crate) latencies: Vec<i64>,
    /// Payload bytes of those messages.
    pub(crate) bytes: u64,
    /// Consoles that are connected and have their first picture.
    pub(crate) ready: usize,
    /// Consoles whose connection ended.
    pub(crate) lost: usize,
}

/// What is shared with the consoles' tasks.
pub(crate) type Shared = Arc<Mutex<Seen>>;

fn handshake(address: &str, cookie: &str) -> String {
    format!(
        "GET /v1/live HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Cookie: {cookie}\r\n\r\n"
    )
}

/// A masked text frame (mask of noughts, so that the payload stands as it is).
fn masked(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("short");
    assert!(length < 126);
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend(text.as_bytes());
    frame
}

/// The whole frames at the front of `bytes`: payload ranges, and how many bytes they take.
fn frames(bytes: &[u8]) -> (Vec<std::ops::Range<usize>>, usize) {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let Some(&second) = rest.get(1) else { return (found, at) };
        let (head, length) = match second & 0x7F {
            126 if rest.len() >= 4 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
            127 if rest.len() >= 10 => {
                let eight: [u8; 8] = rest[2..10].try_into().expect("eight");
                (10, usize::try_from(u64::from_be_bytes(eight)).expect("fits"))
            }
            126 | 127 => return (found, at),
            short => (2, usize::from(short)),
        };
        if rest.len() < head + length {
            return (found, at);
        }
        found.push(at + head..at + head + length);
        at += head + length;
    }
}

/// The greatest `"changed_ms":` of a message.
fn stamp(message: &[u8]) -> Option<i64> {
    const KEY: &[u8] = b"\"changed_ms\":";
    let mut newest = None;
    let mut at = 0;
    while let Some(found) = message[at..].windows(KEY.len()).position(|w| w == KEY) {
        let digits = &message[at + found + KEY.len()..];
        let end = digits.iter().position(|c| !c.is_ascii_digit()).unwrap_or(digits.len());
        let value = std::str::from_utf8(&digits[..end]).ok().and_then(|d| d.parse().ok());
        newest = newest.max(value);
        at += found + KEY.len();
    }
    newest
}

/// One console, until its connection ends.
pub(crate) async fn console(address: String, cookie: String, seen: Shared) -> std::io::Result<()> {
    let mut socket = tokio::net::TcpStream::connect(&address).await?;
    socket.set_nodelay(true)?;
    socket.write_all(handshake(&address, &cookie).as_bytes()).await?;
    let mut bytes = Vec::with_capacity(4096);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if socket.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::Error::other("closed in the handshake"));
        }
    };
    assert!(bytes.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&bytes));
    bytes.drain(..end);
    socket.write_all(&masked(r#"{"type":"hello","last":0}"#)).await?;
    let mut has_picture = false;
    loop {
        let (found, taken) = frames(&bytes);
        let now = now_ms();
        for range in found {
            let message = &bytes[range];
            let delta = message.windows(14).take(2).any(|w| w == b"\"type\":\"delta\"");
            let mut seen = seen.lock().expect("seen");
            if !has_picture {
                has_picture = true;
                seen.ready += 1;
            }
            if let (true, Some(sent)) = (delta, stamp(message)) {
                seen.latencies.push(now - sent);
                seen.bytes += u64::try_from(message.len()).expect("fits");
            }
        }
        bytes.drain(..taken);
        if bytes.is_empty() {
            bytes.shrink_to(4096);
        }
        if socket.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
}

/// A quantile of latencies, ms.
pub(crate) fn quantile(latencies: &mut [i64], q: f64) -> f64 {
    latencies.sort_unstable();
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let at = ((latencies.len() as f64 - 1.0) * q).round() as usize;
    #[allow(clippy::cast_precision_loss)]
    latencies.get(at).map_or(f64::NAN, |ms| *ms as f64)
}

/// The bare server: takes `clients` connections, then sends each a frame of `bytes` ten times a
/// second for `seconds`. Prints its port first.
pub(crate) fn bare_server(clients: usize, bytes: usize, seconds: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("a port"));
    std::io::stdout().flush().expect("flushed");
    let mut sockets: Vec<TcpStream> = Vec::with_capacity(clients);
    let mut request = [0u8; 2048];
    while sockets.len() < clients {
        let (mut socket, _) = listener.accept().expect("a client");
        socket.set_nodelay(true).expect("set");
        let _ = socket.read(&mut request).expect("a request");
        socket
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            .expect("answered");
        sockets.push(socket);
    }
    let frame = |text: &str| {
        let length = u16::try_from(text.len()).expect("below 64 KB");
        let mut frame = vec![0x81, 126];
        frame.extend(length.to_be_bytes());
        frame.extend(text.as_bytes());
        frame
    };
    let first = format!("{:126}", r#"{"type":"snapshot"}"#);
    for socket in &mut sockets {
        socket.write_all(&frame(&first)).expect("sent");
    }
    let began = Instant::now();
    let mut tick = 0u32;
    while began.elapsed().as_secs() < seconds {
        let head = format!(r#"{{"type":"delta","changed_ms":{},"fill":""#, now_ms());
        let text = format!("{head}{}\"}}", "x".repeat(bytes.saturating_sub(head.len() + 2)));
        let frame = frame(&text);
        for socket in &mut sockets {
            socket.write_all(&frame).expect("sent");
        }
        tick += 1;
        let due = Duration::from_millis(100) * tick;
        std::thread::park_timeout(due.saturating_sub(began.elapsed()));
    }
}
