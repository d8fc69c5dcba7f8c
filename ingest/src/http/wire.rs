//! A connection's bytes as they pass: a head that states its length twice is noticed, and a sender
//! that was too slow can still be told so after the protocol's own machine has given up.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Bytes of a head that are looked at; longer ones are refused by the protocol's own bound.
const HEAD_MAX_BYTES: usize = 64 * 1024;

/// What a connection's watcher shares with its service.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// None once the connection has become something else than HTTP.
    write: Arc<Mutex<Option<OwnedWriteHalf>>>,
    /// The next bytes read begin a head.
    armed: Arc<AtomicBool>,
    /// The last head had both Content-Length and Transfer-Encoding.
    ambiguous: Arc<AtomicBool>,
    /// A head has begun and not ended.
    in_head: Arc<AtomicBool>,
}

impl Watch {
    /// Whether a head has begun and not ended: a connection that merely rests is closed in silence.
    pub(crate) fn is_in_head(&self) -> bool {
        self.in_head.load(Ordering::Relaxed)
    }

    /// Whether the head just read states the body's length in two ways.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.ambiguous.load(Ordering::Relaxed)
    }

    /// A request has been answered: what comes next is a head.
    pub(crate) fn arm(&self) {
        self.armed.store(true, Ordering::Relaxed);
    }

    /// Says a last word, as far as the socket takes it at once.
    pub(crate) fn last_word(&self, bytes: &[u8]) {
        // The connection is lost either way.
        if let Some(write) = held(&self.write).as_ref() {
            let _ = write.try_write(bytes);
        }
    }
}

type Held<'a> = MutexGuard<'a, Option<OwnedWriteHalf>>;

fn held(write: &Mutex<Option<OwnedWriteHalf>>) -> Held<'_> {
    write.lock().unwrap_or_else(PoisonError::into_inner)
}

/// See the module. What an upgraded connection is downcast to, within `TokioIo`.
#[derive(Debug)]
pub struct Wire {
    read: OwnedReadHalf,
    watch: Watch,
    head: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> (Self, Watch) {
        let (read, write) = stream.into_split();
        let watch = Watch {
            write: Arc::new(Mutex::new(Some(write))),
            armed: Arc::new(AtomicBool::new(true)),
            ambiguous: Arc::default(),
            in_head: Arc::default(),
        };
        let wire = Self { read, watch: watch.clone(), head: Vec::new() };
        (wire, watch)
    }

    /// The socket itself, of a connection that was upgraded.
    pub fn into_stream(self) -> Option<TcpStream> {
        let write = held(&self.watch.write).take()?;
        self.read.reunite(write).ok()
    }

    fn look(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.watch.armed.swap(false, Ordering::Relaxed) {
            self.watch.in_head.store(true, Ordering::Relaxed);
            self.head.clear();
            self.watch.ambiguous.store(false, Ordering::Relaxed);
        }
        if !self.watch.is_in_head() {
            return;
        }
        let room = HEAD_MAX_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let end = self.head.windows(4).position(|w| w == b"\r\n\r\n");
        if end.is_none() && self.head.len() < HEAD_MAX_BYTES {
            return;
        }
        let ambiguous = states_twice(&self.head[..end.unwrap_or(self.head.len())]);
        self.watch.ambiguous.store(ambiguous, Ordering::Relaxed);
        self.watch.in_head.store(false, Ordering::Relaxed);
        self.head = Vec::new();
    }
}

fn states_twice(head: &[u8]) -> bool {
    let has = |name: &str| {
        head.split(|b| *b == b'\n').any(|line| {
            let field = line.split(|b| *b == b':').next().unwrap_or_default();
            field.len() < line.len() && field.eq_ignore_ascii_case(name.as_bytes())
        })
    };
    has("content-length") && has("transfer-encoding")
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.read).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = &polled {
            self.look(&buf.filled()[before..]);
        }
        polled
    }
}

fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match held(&self.watch.write).as_mut() {
            Some(write) => Pin::new(write).poll_write(cx, bytes),
            None => gone(),
        }
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match held(&self.watch.write).as_mut() {
            Some(write) => Pin::new(write).poll_write_vectored(cx, slices),
            None => gone(),
        }
    }
    fn is_write_vectored(&self) -> bool {
        true
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match held(&self.watch.write).as_mut() {
            Some(write) => Pin::new(write).poll_flush(cx),
            None => gone(),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match held(&self.watch.write).as_mut() {
            Some(write) => Pin::new(write).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
