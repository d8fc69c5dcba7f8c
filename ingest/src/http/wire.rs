//! A connection's bytes as they pass: a head that states its length twice is noticed, and a sender
//! that was too slow can still be told so after the protocol's own machine has given up.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tls::Stream;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Bytes of a head that are looked at; longer ones are refused by the protocol's own bound.
const HEAD_MAX_BYTES: usize = 64 * 1024;

/// What a connection's watcher shares with its service.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// None once the connection has become something else than HTTP.
    stream: Arc<Mutex<Option<Stream>>>,
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
        if let Some(stream) = held(&self.stream).as_mut() {
            let last = async {
                stream.write_all(bytes).await?;
                stream.flush().await
            };
            let _ = last.now_or_never();
        }
    }
}

type Held<'a> = MutexGuard<'a, Option<Stream>>;

fn held(stream: &Mutex<Option<Stream>>) -> Held<'_> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// See the module. What an upgraded connection is downcast to, within `TokioIo`.
#[derive(Debug)]
pub struct Wire {
    watch: Watch,
    head: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: Stream) -> (Self, Watch) {
        let watch = Watch {
            stream: Arc::new(Mutex::new(Some(stream))),
            armed: Arc::new(AtomicBool::new(true)),
            ambiguous: Arc::default(),
            in_head: Arc::default(),
        };
        let wire = Self { watch: watch.clone(), head: Vec::new() };
        (wire, watch)
    }

    /// The socket itself, of a connection that was upgraded.
    pub fn into_stream(self) -> Option<Stream> {
        held(&self.watch.stream).take()
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
        let polled = match held(&self.watch.stream).as_mut() {
            Some(stream) => Pin::new(stream).poll_read(cx, buf),
            None => gone(),
        };
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
        match held(&self.watch.stream).as_mut() {
            Some(stream) => Pin::new(stream).poll_write(cx, bytes),
            None => gone(),
        }
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match held(&self.watch.stream).as_mut() {
            Some(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            None => gone(),
        }
    }
    fn is_write_vectored(&self) -> bool {
        true
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match held(&self.watch.stream).as_mut() {
            Some(stream) => Pin::new(stream).poll_flush(cx),
            None => gone(),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match held(&self.watch.stream).as_mut() {
            Some(stream) => Pin::new(stream).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
