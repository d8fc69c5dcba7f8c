//! The ways to the platform on plain sockets: one sending at a time, and what was answered to it. A
//! library would hide just what an account is about.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answers::{acknowledged, answered};
use super::ledger::Fate;
use crate::credentials::Credentials;

use super::shot::{Form, Request, Shot};
use crate::rtu::frame::Rtu;

/// The most bytes of an answer that are held.
const HEARD_MAX_BYTES: usize = 16 * 1024 * 1024;
/// A token that is nobody's.
pub const NO_TOKEN: &str = "nobodys-token";

/// Where the doors are, as `host:port`, and what opens them.
#[derive(Debug, Clone, Default)]
pub struct Doors {
    /// HTTP.
    pub http: String,
    /// MQTT.
    pub mqtt: String,
    /// SL 651; empty where it is closed.
    pub sl651: String,
    /// Cursor-on-Target; empty where it is closed.
    pub cot: String,
    /// Tokens. A demonstration makes new ones at every start.
    pub keys: Arc<Credentials>,
}

/// Who speaks.
#[derive(Debug, Clone, Default)]
pub struct Voice {
    /// The user of MQTT: an agency or a unit.
    pub user: String,
    /// Its token.
    pub token: String,
    /// A client identifier of its own.
    pub client: String,
}

/// What was answered: what became of each thing, or that nobody was let in.
#[derive(Debug)]
pub enum Answer {
    /// Each thing.
    Each(Vec<Fate>),
    /// Turned away without a name.
    TurnedAway,
}

fn broken(said: &str) -> io::Error {
    io::Error::other(said.to_owned())
}

/// A connection.
#[derive(Debug)]
pub struct Line {
    socket: TcpStream,
    heard: Vec<u8>,
    packet_id: u16,
    rtu: Option<Rtu>,
    /// It is of no more use.
    pub ended: bool,
}

impl Line {
    async fn to(address: &str, rtu: Option<Rtu>) -> io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, heard: Vec::new(), packet_id: 0, rtu, ended: false })
    }

    /// Opens a line of `door`: `http`, `mqtt`, `sl651` or `cot`.
    ///
    /// # Errors
    /// The socket's, or that the endpoint lets nobody in.
    pub async fn open(
        door: &str,
        doors: &Doors,
        voice: &Voice,
        rtu: Option<Rtu>,
    ) -> io::Result<Self> {
        match door {
            "mqtt" => {
                let mut line = Self::to(&doors.mqtt, None).await?;
                match line.connect(voice, &voice.token).await? {
                    0 => Ok(line),
                    code => Err(broken(&format!("not let in: {code:#x}"))),
                }
            }
            "sl651" => Self::to(&doors.sl651, rtu).await,
            "cot" => Self::to(&doors.cot, None).await,
            _ => Self::to(&doors.http, None).await,
        }
    }

    /// Sends, and waits for what is answered.
    ///
    /// # Errors
    /// The socket's, or that the platform could not take it now: it is to be sent again.
    pub async fn deliver(
        &mut self,
        shot: &Shot,
        voice: &Voice,
        doors: &Doors,
    ) -> io::Result<Answer> {
        let untold = || Answer::Each(vec![Fate::Untold; shot.expect.len()]);
        match &shot.form {
            Form::Message(topic, body) => self.publish(topic, body).await.map(Answer::Each),
            Form::Broken(bytes) => {
                self.ended = true;
                self.socket.write_all(bytes).await?;
                let said = self.rest().await?;
                // It says why it closes; a platform that died says nothing.
                match said.first() {
                    Some(0xE0) => Ok(Answer::Each(vec![Fate::Refused(None)])),
                    _ => Err(broken("closed without a word")),
                }
            }
            Form::Stranger => {
                let mut line = Self::to(&doors.mqtt, None).await?;
                match line.connect(voice, NO_TOKEN).await? {
                    0 => Err(broken("a stranger was let in")),
                    _ => Ok(Answer::TurnedAway),
                }
            }
            Form::Request(request) => self.request(request, shot, &voice.token, &doors.http).await,
            Form::Frames(bytes, serial) => {
                self.socket.write_all(bytes).await?;
                self.answer_to(*serial).await?;
                Ok(untold())
            }
            Form::Events(bytes, closes) => {
                self.socket.write_all(bytes).await?;
                if *closes {
                    self.ended = true;
                    self.rest().await?;
                } else {
                    self.socket.write_all(PING.as_bytes()).await?;
                    self.until(|heard| find(heard, b"</event>")).await?;
                    self.heard.clear();
                }
                Ok(untold())
            }
        }
    }

    /// Reads until `end` finds an end in what was heard; gives everything up to it.
    async fn until(&mut self, end: impl Fn(&[u8]) -> Option<usize>) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = end(&self.heard) {
                return Ok(self.heard.drain(..end).collect());
            }
            if self.heard.len() > HEARD_MAX_BYTES {
                return Err(broken("an answer without end"));
            }
            if self.socket.read_buf(&mut self.heard).await? == 0 {
                return Err(broken("closed before the answer"));
            }
        }
    }

    /// Reads to the end of the connection. One that is cut has ended too.
    async fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = std::mem::take(&mut self.heard);
        match self.socket.read_to_end(&mut rest).await {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
            _ => Ok(rest),
        }
    }

    // MQTT 5

    async fn connect(&mut self, voice: &Voice, token: &str) -> io::Result<u8> {
        let mut rest = Vec::new();
        text(&mut rest, "MQTT");
        // Level 5, clean start, user and password, a minute and a half, no properties.
        rest.extend([5, 0xC2, 0, 90, 0]);
        for part in [&voice.client, &voice.user, token] {
            text(&mut rest, part);
        }
        self.socket.write_all(&packet(0x10, &rest)).await?;
        let (first, rest) = self.packet().await?;
        match (first, rest.get(1)) {
            (0x20, Some(code)) => Ok(*code),
            _ => Err(broken("no CONNACK")),
        }
    }

    async fn packet(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let whole = self.until(|heard| whole_packet(heard).map(|(_, end)| end)).await?;
        let body = whole_packet(&whole).map_or(whole.len(), |(body, _)| body);
        Ok((whole.first().copied().unwrap_or(0), whole.get(body..).unwrap_or_default().to_vec()))
    }

    async fn publish(&mut self, topic: &str, body: &[u8]) -> io::Result<Vec<Fate>> {
        self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
        let mut rest = Vec::with_capacity(topic.len() + body.len() + 5);
        text(&mut rest, topic);
        rest.extend(self.packet_id.to_be_bytes());
        rest.push(0);
        rest.extend(body);
        self.socket.write_all(&packet(0x32, &rest)).await?;
        loop {
            let (first, rest) = self.packet().await?;
            match first >> 4 {
                4 => return Ok(vec![acknowledged(&rest)]),
                14 => return Err(broken("disconnected")),
                _ => {}
            }
        }
    }

    // HTTP/1.1

    async fn request(
        &mut self,
        request: &Request,
        shot: &Shot,
        token: &str,
        host: &str,
    ) -> io::Result<Answer> {
        let method = if request.put { "PUT" } else { "POST" };
        let token = request.token.unwrap_or(token);
        let length = request.states.unwrap_or(request.body.len() as u64);
        let mut head = format!(
            "{method} {} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: {}\r\nContent-Length: {length}\r\n",
            request.path, request.media
        );
        for (name, value) in &request.more {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend(&request.body);
        self.ended = request.states.is_some();
        self.socket.write_all(&bytes).await?;
        let head = self.until(|heard| find(heard, b"\r\n\r\n")).await?;
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|s| s.parse::<u16>().ok());
        let status = status.ok_or_else(|| broken("no status"))?;
        let length = head.lines().find_map(|l| l.strip_prefix("content-length:"));
        let length = length.and_then(|l| l.trim().parse::<usize>().ok());
        let length = length.ok_or_else(|| broken("an answer without a length"))?;
        let body = self.until(|heard| (heard.len() >= length).then_some(length)).await?;
        self.ended |= head.contains("connection: close");
        let again = head.contains("idempotency-replayed: true");
        answered(status, &body, again, &shot.expect)
    }

    // SL 651

    async fn answer_to(&mut self, serial: u16) -> io::Result<()> {
        let rtu = self.rtu.ok_or_else(|| broken("no station"))?;
        loop {
            while let Some((answer, length)) = rtu.answer(&self.heard) {
                self.heard.drain(..length);
                if answer.serial == serial {
                    return Ok(());
                }
            }
            // What is said to another station that was spoken for.
            if let Some(next) = self.heard.get(2..).and_then(|rest| find(rest, b"\x7E\x7E")) {
                self.heard.drain(..next);
                continue;
            }
            if self.socket.read_buf(&mut self.heard).await? == 0 {
                return Err(broken("closed before the answer"));
            }
        }
    }
}

const PING: &str = "<event version=\"2.0\" uid=\"ping\" type=\"t-x-c-t\" how=\"m-g\" \
    time=\"2026-01-01T00:00:00Z\" start=\"2026-01-01T00:00:00Z\" stale=\"2099-01-01T00:00:00Z\">\
    <point lat=\"0\" lon=\"0\" hae=\"0\" ce=\"9999999\" le=\"9999999\"/></event>";

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what).map(|at| at + what.len())
}

pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    // Topics, names and tokens are short.
    out.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(text.as_bytes());
}

/// A control packet.
pub fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut left = rest.len();
    loop {
        let digit = (left % 128) as u8;
        left /= 128;
        out.push(if left > 0 { digit | 0x80 } else { digit });
        if left == 0 {
            break;
        }
    }
    out.extend(rest);
    out
}

/// Where the body of the first packet begins, and where it ends, once it is whole.
fn whole_packet(heard: &[u8]) -> Option<(usize, usize)> {
    let (mut length, mut at) = (0usize, 1);
    loop {
        let digit = *heard.get(at)?;
        length |= usize::from(digit & 0x7F) << (7 * (at - 1));
        at += 1;
        if digit & 0x80 == 0 || at > 4 {
            break;
        }
    }
    (heard.len() >= at + length).then_some((at, at + length))
}
