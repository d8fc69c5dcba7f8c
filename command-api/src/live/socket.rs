//! One console's socket: it is told what it has not seen, it may say hello, and little else.
//!
//! What it is told are prepared frames out of the ring, written straight to the socket, by a teller
//! where it takes them at once: see [`super::line`]. A client that is slow holds a cursor and no copy
//! of anything. The protocol's own frames (close, pong) go through tungstenite, while the line is
//! held and behind whatever a teller had begun, so that the two never mix.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::{ClientMessage, ServerMessage};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Live;
use super::frames;
use super::line::{Line, Rest, Socket};
use super::ring::{Cursor, Pending};

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
/// Between two looks at a line: whether its session still stands, and whether it is alive.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Looks between two pings.
pub const PING_EVERY_LOOKS: u32 = 10;
/// Moments over which the looks at consoles are spread.
const LOOK_TURNS: u32 = 256;
/// A console takes what is said at the end within this time, or hears nothing of it.
pub const LAST_WORDS_WITHIN: Duration = Duration::from_secs(2);
/// Without a sign of life for this long the line is dead.
pub const SILENT_MAX: Duration = Duration::from_secs(70);

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
    ws: WebSocketStream<Socket>,
    line: Arc<Line>,
    live: &'a Live,
    stands: S,
    tokens: f64,
    refilled: Instant,
    heard: Instant,
    /// Its number: so the looks at all consoles, and their pings, are spread over time.
    turn: u32,
    looks: u32,
}

/// Serves one console until it ends. `hello` is what its address said; `stands` says whether its
/// session still does.
pub async fn run(
    ws: WebSocketStream<Socket>,
    live: Arc<Live>,
    hello: Option<(Option<String>, u64)>,
    stands: impl Fn() -> bool,
    mut stop: watch::Receiver<bool>,
) -> Ended {
    let line = Arc::new(Line::new(ws.get_ref().clone()));
    let joined = live.lines.join(&line);
    let (now, turn) = (Instant::now(), live.next_turn());
    let mut console = Console {
        ws,
        line: Arc::clone(&line),
        live: &live,
        stands,
        tokens: MESSAGES_BURST,
        refilled: now,
        heard: now,
        turn,
        looks: turn / LOOK_TURNS,
    };
    let ended = match console.serve(hello, &mut stop).await {
        Ok(never) => match never {},
        Err(ended) => ended,
    };
    let rest = line.hold();
    drop(joined);
    console.close(ended, rest).await;
    ended
}

/// Waits until there is something to read, or the line has ended.
async fn readable(ws: &WebSocketStream<Socket>) {
    // An error shows itself when it is read.
    let _ = poll_fn(|context| ws.get_ref().poll_read_ready(context)).await;
}

/// Nothing: a console is served until it ends.
enum Never {}

impl<S: Fn() -> bool> Console<'_, S> {
    async fn serve(
        &mut self,
        hello: Option<(Option<String>, u64)>,
        stop: &mut watch::Receiver<bool>,
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
        // Each console's look comes at another moment.
        let first = Instant::now() + LOOK_EVERY * (self.turn % LOOK_TURNS) / LOOK_TURNS;
        let mut look = interval_at(first, LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if *stop.borrow() {
                return Err(Ended::Restart);
            }
            if self.line.is_held() {
                self.catch_up().await?;
            }
            tokio::select! {
                () = self.line.held.notified() => {}
                stopped = stop.changed() => stopped.map_err(|_| Ended::Restart)?,
                _ = look.tick() => self.look().await?,
                // A look at the socket only: to poll for a message would clear a buffer each time.
                () = readable(&self.ws) => self.hear().await?,
            }
        }
    }

    /// Takes what the console has said, until there is no more.
    async fn hear(&mut self) -> Result<(), Ended> {
        self.hold().await?;
        while let Some(said) = self.ws.next().now_or_never() {
            self.said(said).await?;
        }
        Ok(())
    }

    /// Holds the line: what a teller had begun is written first.
    async fn hold(&mut self) -> Result<(), Ended> {
        let rest = self.line.hold();
        self.put(rest).await
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
        self.line.set(Cursor { seq: last, values: 0, beat: now.beat });
        let frame = frames::prepare(&ServerMessage::Resumed { epoch, missed });
        let frame = frame.map_err(|_| Ended::Gone)?;
        self.put(Rest::of(vec![frame])).await
    }

    async fn send_snapshot(&mut self) -> Result<(), Ended> {
        let (frame, at) = self.live.snapshot().map_err(|error| {
            tracing::error!(%error, "no snapshot for a console");
            Ended::Gone
        })?;
        self.put(Rest::of(vec![frame])).await?;
        self.line.set(at);
        Ok(())
    }

    /// Tells everything that is new, and gives the line free.
    async fn catch_up(&mut self) -> Result<(), Ended> {
        self.hold().await?;
        let mut out = Vec::new();
        loop {
            let pending = self.line.next(&self.live.ring(), &mut out);
            match pending {
                Pending::Nothing => return Ok(()),
                Pending::Frames => self.put(Rest::of(std::mem::take(&mut out))).await?,
                Pending::Snapshot => self.send_snapshot().await?,
            }
        }
    }

    /// Whether the session stands and the line is alive; now and then the line is tried.
    async fn look(&mut self) -> Result<(), Ended> {
        self.looks = self.looks.wrapping_add(1);
        if !(self.stands)() {
            return Err(Ended::SignedOut);
        }
        if self.heard.elapsed() > SILENT_MAX {
            return Err(Ended::Silent);
        }
        if self.looks.is_multiple_of(PING_EVERY_LOOKS) {
            self.hold().await?;
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
            None
            | Some(Err(
                Error::ConnectionClosed
                | Error::Io(_)
                | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
            )) => return Err(Ended::Gone),
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
        let _ = timeout(LAST_WORDS_WITHIN, self.ws.close(Some(frame))).await;
    }

    async fn close(&mut self, ended: Ended, rest: Rest) {
        // In the middle of a frame nothing else can be said.
        match timeout(LAST_WORDS_WITHIN, self.put(rest)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
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
    async fn put(&mut self, mut rest: Rest) -> Result<(), Ended> {
        while !rest.is_done() {
            match rest.write(&self.line.socket) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let writable = timeout(WRITE_STALL_MAX, self.line.socket.writable()).await;
                    writable.map_err(|_| Ended::Stalled)?.map_err(|_| Ended::Gone)?;
                }
                Err(_) => return Err(Ended::Gone),
            }
        }
        Ok(())
    }
}
