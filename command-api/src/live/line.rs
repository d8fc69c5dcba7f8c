//! The line to one console: the socket, the place in the ring up to which it has been told, and who
//! may write to it now: a teller, or the console's own task.
//!
//! A teller writes what goes out at once and waits for nobody. Where a socket takes no more, where a
//! snapshot is due, and while the protocol's own frames are written, the console's task *holds* the
//! line, and tellers pass it by: before the task gives it free it looks whether there is more.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;

use super::ring::{BATCH, Cursor, Pending, Ring};

/// A console's socket, for its own task to read and for tellers to write. Behind TLS it is one end of
/// a pair: a task of the connection's own enciphers what comes out at the other, and no teller does.
#[derive(Debug, Clone)]
pub enum Socket {
    /// The console's.
    Tcp(Arc<TcpStream>),
    /// Ours of a pair.
    Pair(Arc<UnixStream>),
}

/// The same of either kind.
macro_rules! either {
    ($socket:expr, $stream:ident => $does:expr) => {
        match $socket {
            Socket::Tcp($stream) => $does,
            Socket::Pair($stream) => $does,
        }
    };
}

impl Socket {
    /// Shares a socket.
    pub fn new(stream: TcpStream) -> Self {
        Self::Tcp(Arc::new(stream))
    }

    /// Shares one end of a pair.
    pub fn of_pair(stream: UnixStream) -> Self {
        Self::Pair(Arc::new(stream))
    }

    /// Polls whether there is something to read.
    pub(super) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_read_ready(context))
    }

    /// Waits until it takes bytes.
    pub(super) async fn writable(&self) -> io::Result<()> {
        either!(self, stream => stream.writable().await)
    }

    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_write_ready(context))
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        either!(self, stream => stream.try_read(buffer))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        either!(self, stream => stream.try_write(bytes))
    }

    fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, stream => stream.try_write_vectored(slices))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_read_ready(context))?;
            match self.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_write_ready(context))?;
            match self.try_write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let all = std::net::Shutdown::Write;
        Poll::Ready(either!(&*self, stream => socket2::SockRef::from(&**stream).shutdown(all)))
    }
}

/// Writes as much of some frames as the socket takes, without the first `offset` bytes of the first.
pub(super) fn write_some(stream: &Socket, frames: &[Bytes], offset: usize) -> io::Result<usize> {
    if let [only] = frames {
        return stream.try_write(only.get(offset..).unwrap_or_default());
    }
    let mut slices = [IoSlice::new(&[]); BATCH];
    let many = frames.len().min(BATCH);
    for (n, (slice, frame)) in slices.iter_mut().zip(frames).enumerate() {
        let from = if n == 0 { offset } else { 0 };
        *slice = IoSlice::new(frame.get(from..).unwrap_or_default());
    }
    stream.try_write_vectored(slices.get(..many).unwrap_or_default())
}

/// Frames that are on their way, and where in them the next write begins.
#[derive(Debug, Default)]
pub(super) struct Rest {
    pub(super) frames: Vec<Bytes>,
    at: usize,
    offset: usize,
}

impl Rest {
    pub(super) fn of(frames: Vec<Bytes>) -> Self {
        Self { frames, at: 0, offset: 0 }
    }

    /// Whether all of them are written.
    pub(super) fn is_done(&self) -> bool {
        self.at >= self.frames.len()
    }

    /// Writes once. `WouldBlock` where the socket takes nothing now.
    pub(super) fn write(&mut self, stream: &Socket) -> io::Result<()> {
        let frames = self.frames.get(self.at..).unwrap_or_default();
        let mut written = write_some(stream, frames, self.offset)?;
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        while let Some(frame) = self.frames.get(self.at)
            && written >= frame.len() - self.offset
        {
            written -= frame.len() - self.offset;
            (self.at, self.offset) = (self.at + 1, 0);
        }
        self.offset += written;
        Ok(())
    }
}

#[derive(Debug, Default)]
struct State {
    cursor: Cursor,
    /// What a teller could not write to its end.
    rest: Rest,
    held: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) socket: Socket,
    state: Mutex<State>,
    /// Wakes the console's own task: the line is held for it.
    pub(super) held: Notify,
}

impl Line {
    /// A line that is held by the console's own task.
    pub(super) fn new(socket: Socket) -> Self {
        let state = Mutex::new(State { held: true, ..State::default() });
        Self { socket, state, held: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what is new, as far as the socket takes it. `out` is room for frames.
    pub(super) fn tell(
        &self,
        ring: impl Fn(&mut Cursor, &mut Vec<Bytes>) -> Pending,
        out: &mut Vec<Bytes>,
    ) {
        let mut state = self.state();
        if state.held {
            return;
        }
        loop {
            match ring(&mut state.cursor, out) {
                Pending::Nothing => return,
                Pending::Snapshot => break,
                Pending::Frames => {}
            }
            let more = out.len() >= BATCH;
            let mut rest = Rest::of(std::mem::take(out));
            let mut written = Ok(());
            while !rest.is_done() && written.is_ok() {
                written = rest.write(&self.socket);
            }
            if written.is_err() {
                // Whether it takes no more now, or never again, its own task finds out.
                state.rest = rest;
                break;
            }
            *out = rest.frames;
            out.clear();
            if !more {
                return;
            }
        }
        state.held = true;
        drop(state);
        self.held.notify_one();
    }

    /// Holds the line, and gives what a teller had begun to write: that goes first.
    pub(super) fn hold(&self) -> Rest {
        let mut state = self.state();
        state.held = true;
        std::mem::take(&mut state.rest)
    }

    /// Whether it is held.
    pub(super) fn is_held(&self) -> bool {
        self.state().held
    }

    /// What is new, while it is held; gives the line free where that is nothing. Both under one lock:
    /// what comes after the look finds the line free, and what came before is seen.
    pub(super) fn next(&self, ring: &Ring, out: &mut Vec<Bytes>) -> Pending {
        let mut state = self.state();
        let pending = ring.take(&mut state.cursor, out);
        if pending == Pending::Nothing {
            state.held = false;
        }
        pending
    }

    /// The console has been told everything up to here.
    pub(super) fn set(&self, cursor: Cursor) {
        self.state().cursor = cursor;
    }
}
