//! One console's socket: it is told what it has not seen, it may say hello, and little else.
//!
//! What it is told are prepared frames out of the ring, written straight to the socket: a client
//! that is slow holds a cursor and no copy of anything. The protocol's own frames (close, pong) go
//! through tungstenite, which is always flushed before a prepared frame is written, so that the two
//! never mix.

use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::{ClientMessage, ServerMessage};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Live;
use super::frames;
use super::ring::{BATCH, Cursor, Pending};

/// Bytes read from a console at one time.
pub const READ_BUFFER_BYTES: usize = 2 * 1024;
/// The largest message a console may send.
pub const MESSAGE_MAX_BYTES: usize = 64 * 1024;
/// Bytes of the protocol's own frames that may wait; data never waits there.
pub const CONTROL_BUFFER_BYTES: usize = 16 * 1024;
/// A console that takes not one byte for this long is let go.
pub const WRITE_STALL_MAX: Duration = Duration::from_secs(15);
/// A console says hello within this time, unless its address said it.
pub const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// Messages of any kind a console may send at once, and a second.
pub const MESSAGES_BURST: f64 = 50.0;
/// See [`MESSAGES_BURST`].
pub const MESSAGES_PER_S: f64 = 10.0;
/// Beats between two pings.
pub const PING_EVERY_BEATS: u64 = 20;
/// Without a sign of life for this long the line is dead.
pub const SILENT_MAX: Duration = Duration::from_secs(70);
/// Beats between two looks whether the session still stands.
pub const SESSION_EVERY_BEATS: u64 = 2;

/// Close codes of our own, as the console knows them.
pub const CLOSE_SIGN_IN: u16 = 4401;

/// How a console's socket is configured: small buffers, small messages, no compression.
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(CONTROL_BUFFER_BYTES)
        .max_message_size(Some(MESSAGE_MAX_BYTES))
        .max_frame_size(Some(MESSAGE_MAX_BYTES))
}

/// Why a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// The console closed it, or its line broke.
    Gone,
    /// It took nothing for [`WRITE_STALL_MAX`].
    Stalled,
    /// It gave no sign of life for [`SILENT_MAX`].
    Silent,
    /// It broke the protocol, or sent what it may not.
    Misbehaved,
    /// Its session ended.
    SignedOut,
    /// The platform ends.
    Restart,
    /// It never said hello.
    NoHello,
}

struct Console<'a, S: Fn() -> bool> {
    ws: WebSocketStream<TcpStream>,
    live: &'a Live,
    stands: S,
    cursor: Cursor,
    out: Vec<Bytes>,
    tokens: f64,
    refilled: Instant,
    heard: Instant,
    beats: u64,
}

/// Serves one console until it ends. `hello` is what its address said; `stands` says whether its
/// session still does; `stop` is looked at whenever [`Live::wake`] wakes the consoles.
pub async fn run(
    ws: WebSocketStream<TcpStream>,
    live: Arc<Live>,
    hello: Option<(Option<String>, u64)>,
    stands: impl Fn() -> bool,
    stop: watch::Receiver<bool>,
) -> Ended {
    let mut wake = live.wake.subscribe();
    let now = Instant::now();
    let mut console = Console {
        ws,
        live: &live,
        stands,
        cursor: Cursor::default(),
        out: Vec::new(),
        tokens: MESSAGES_BURST,
        refilled: now,
        heard: now,
        // Each console's turn to be pinged and looked at comes at another beat.
        beats: live.next_turn() % PING_EVERY_BEATS,
    };
    let ended = match console.serve(hello, &mut wake, &stop).await {
        Ok(never) => match never {},
        Err(ended) => ended,
    };
    console.close(ended).await;
    ended
}

/// Waits until there is something to read, or the line has ended. Nobody else waits for it: the
/// socket's own place for a waker is used, which costs less than to stand in its queue each time.
async fn readable(ws: &WebSocketStream<TcpStream>) {
    // An error shows itself when it is read.
    let _ = poll_fn(|context| ws.get_ref().poll_read_ready(context)).await;
}

/// Nothing: a console is served until it ends.
enum Never {}

impl<S: Fn() -> bool> Console<'_, S> {
    async fn serve(
        &mut self,
        hello: Option<(Option<String>, u64)>,
        wake: &mut watch::Receiver<u64>,
        stop: &watch::Receiver<bool>,
    ) -> Result<Never, Ended> {
        let (epoch, last) = match hello {
            Some(said) => said,
            None => match timeout(HELLO_WITHIN, self.hello()).await {
                Ok(said) => said?,
                Err(_) => return Err(Ended::NoHello),
            },
        };
        self.greet(epoch.as_deref(), last).await?;
        self.hear().await?;
        loop {
            wake.borrow_and_update();
            if *stop.borrow() {
                return Err(Ended::Restart);
            }
            self.send_pending().await?;
            tokio::select! {
                // Whoever stops the platform wakes the consoles too.
                woken = wake.changed() => woken.map_err(|_| Ended::Restart)?,
                // A look at the socket only: to poll for a message would clear a buffer each time.
                _ = readable(&self.ws) => self.hear().await?,
            }
        }
    }

    /// Takes what the console has said, until there is no more.
    async fn hear(&mut self) -> Result<(), Ended> {
        while let Some(said) = self.ws.next().now_or_never() {
            self.said(said).await?;
        }
        Ok(())
    }

    async fn hello(&mut self) -> Result<(Option<String>, u64), Ended> {
        loop {
            let said = self.ws.next().await;
            if let Some(hello) = self.message(said).await? {
                return Ok(hello);
            }
        }
    }

    async fn greet(&mut self, epoch: Option<&str>, last: u64) -> Result<(), Ended> {
        let resumed = {
            let ring = self.live.ring();
            let can = epoch.is_some_and(|e| ring.can_resume(e, last));
            can.then(|| (ring.epoch().to_owned(), ring.now()))
        };
        let Some((epoch, now)) = resumed else { return self.send_snapshot().await };
        let missed = now.seq - last;
        // Values were missed too: from nothing, they come in one.
        self.cursor = Cursor { seq: last, values: 0, beat: now.beat };
        let frame = frames::prepare(&ServerMessage::Resumed { epoch, missed });
        let frame = frame.map_err(|_| Ended::Gone)?;
        self.put(&[frame]).await
    }

    async fn send_snapshot(&mut self) -> Result<(), Ended> {
        let (frame, at) = self.live.snapshot().map_err(|error| {
            tracing::error!(%error, "no snapshot for a console");
            Ended::Gone
        })?;
        self.put(&[frame]).await?;
        self.cursor = at;
        Ok(())
    }

    async fn send_pending(&mut self) -> Result<(), Ended> {
        loop {
            let beat_before = self.cursor.beat;
            let mut out = std::mem::take(&mut self.out);
            let pending = self.live.ring().take(&mut self.cursor, &mut out);
            // What comes while these are written wakes the console again.
            let is_all =
                pending == Pending::Nothing || (pending == Pending::Frames && out.len() < BATCH);
            let put = match pending {
                Pending::Nothing => Ok(()),
                Pending::Frames => self.put(&out).await,
                Pending::Snapshot => self.send_snapshot().await,
            };
            out.clear();
            if out.capacity() > BATCH {
                out.shrink_to(BATCH);
            }
            self.out = out;
            put?;
            if self.cursor.beat != beat_before {
                self.on_beat().await?;
            }
            if is_all {
                return Ok(());
            }
        }
    }

    /// Once a second: the session is looked at, the line is tried.
    async fn on_beat(&mut self) -> Result<(), Ended> {
        self.beats += 1;
        if self.beats.is_multiple_of(SESSION_EVERY_BEATS) && !(self.stands)() {
            return Err(Ended::SignedOut);
        }
        if self.heard.elapsed() > SILENT_MAX {
            return Err(Ended::Silent);
        }
        if self.beats.is_multiple_of(PING_EVERY_BEATS) {
            let ping = self.ws.send(Message::Ping(Bytes::new()));
            return match timeout(WRITE_STALL_MAX, ping).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(Ended::Gone),
                Err(_) => Err(Ended::Stalled),
            };
        }
        Ok(())
    }

    async fn said(&mut self, said: Option<Result<Message, Error>>) -> Result<(), Ended> {
        match self.message(said).await? {
            Some((epoch, last)) => self.greet(epoch.as_deref(), last).await,
            None => Ok(()),
        }
    }

    /// A message of the console: a hello, or nothing that needs an answer of ours.
    async fn message(
        &mut self,
        said: Option<Result<Message, Error>>,
    ) -> Result<Option<(Option<String>, u64)>, Ended> {
        self.heard = Instant::now();
        let message = match said {
            Some(Ok(message)) => message,
            None | Some(Err(Error::ConnectionClosed | Error::Io(_))) => return Err(Ended::Gone),
            Some(Err(error)) => return Err(self.refuse(&error).await),
        };
        let gained = self.refilled.elapsed().as_secs_f64() * MESSAGES_PER_S;
        self.tokens = (self.tokens + gained).min(MESSAGES_BURST) - 1.0;
        self.refilled = Instant::now();
        if self.tokens < 0.0 {
            self.say_close(CloseCode::Policy, "too many messages").await;
            return Err(Ended::Misbehaved);
        }
        match message {
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(ClientMessage::Hello { epoch, last }) => Ok(Some((epoch, last))),
                Err(_) => {
                    self.say_close(CloseCode::Policy, "not a message of the contract").await;
                    Err(Ended::Misbehaved)
                }
            },
            Message::Binary(_) => {
                self.say_close(CloseCode::Unsupported, "text only").await;
                Err(Ended::Misbehaved)
            }
            Message::Close(_) => Err(Ended::Gone),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                // The answer to a ping waits in tungstenite until it is flushed.
                match timeout(WRITE_STALL_MAX, self.ws.flush()).await {
                    Ok(Ok(())) => Ok(None),
                    Ok(Err(_)) => Err(Ended::Gone),
                    Err(_) => Err(Ended::Stalled),
                }
            }
        }
    }

    async fn refuse(&mut self, error: &Error) -> Ended {
        let (code, reason) = match error {
            Error::Capacity(_) => (CloseCode::Size, "a message has at most 64 KiB"),
            Error::Utf8(_) => (CloseCode::Invalid, "text is UTF-8"),
            _ => (CloseCode::Protocol, "protocol"),
        };
        self.say_close(code, reason).await;
        Ended::Misbehaved
    }

    async fn say_close(&mut self, code: CloseCode, reason: &'static str) {
        let frame = CloseFrame { code, reason: reason.into() };
        // Whoever does not take it is closed without it.
        let _ = timeout(Duration::from_secs(2), self.ws.close(Some(frame))).await;
    }

    async fn close(&mut self, ended: Ended) {
        match ended {
            Ended::SignedOut => {
                self.say_close(CloseCode::Library(CLOSE_SIGN_IN), "sign in again").await;
            }
            Ended::Restart => self.say_close(CloseCode::Restart, "the platform restarts").await,
            Ended::NoHello => self.say_close(CloseCode::Policy, "no hello").await,
            Ended::Gone => {
                // Finishes the closing handshake where the console began it.
                let _ = timeout(Duration::from_secs(1), self.ws.close(None)).await;
            }
            Ended::Silent | Ended::Stalled | Ended::Misbehaved => {}
        }
    }

    /// Writes prepared frames. The console must take some bytes within [`WRITE_STALL_MAX`].
    async fn put(&mut self, frames: &[Bytes]) -> Result<(), Ended> {
        let stream = self.ws.get_ref();
        let (mut at, mut offset) = (0, 0);
        while at < frames.len() {
            match write_some(stream, &frames[at..], offset) {
                Ok(0) => return Err(Ended::Gone),
                Ok(mut written) => {
                    while at < frames.len() && written >= frames[at].len() - offset {
                        written -= frames[at].len() - offset;
                        (at, offset) = (at + 1, 0);
                    }
                    offset += written;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let writable = timeout(WRITE_STALL_MAX, stream.writable()).await;
                    writable.map_err(|_| Ended::Stalled)?.map_err(|_| Ended::Gone)?;
                }
                Err(_) => return Err(Ended::Gone),
            }
        }
        Ok(())
    }
}

fn write_some(stream: &TcpStream, frames: &[Bytes], offset: usize) -> std::io::Result<usize> {
    if let [only] = frames {
        return stream.try_write(&only[offset..]);
    }
    let mut slices = [IoSlice::new(&[]); BATCH];
    let many = frames.len().min(BATCH);
    for (n, (slice, frame)) in slices.iter_mut().zip(frames).enumerate() {
        *slice = IoSlice::new(if n == 0 { &frame[offset..] } else { frame });
    }
    stream.try_write_vectored(&slices[..many])
}
