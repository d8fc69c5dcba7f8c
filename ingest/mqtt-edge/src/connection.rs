//! One connection from accept to close: handshake, session, will, parting. Each runs in a task of
//! its own, so that a fault ends this connection and no other, and is counted.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::admit::{Admit, Packet, Qos};
use crate::close::CloseReason;
use crate::connect::Will;
use crate::downlink::Outbox;
use crate::encode;
use crate::handshake::{Peer, greet};
use crate::limits::LINGER_MAX_BYTES;
use crate::principal::{Directory, Principal, Protocol};
use crate::serve::Shared;
use crate::session::Session;
use crate::stats::Counters;

/// Counts a connection from its beginning to its end, whatever ends it.
pub(crate) struct Guard {
    counters: Arc<Counters>,
    connected: bool,
    reason: CloseReason,
}

impl Guard {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        counters.open.fetch_add(1, Ordering::Relaxed);
        Self { counters, connected: false, reason: CloseReason::Fault }
    }

    /// It did not come as far as the protocol.
    pub(crate) fn ended(mut self, reason: CloseReason) {
        self.reason = reason;
    }

    fn connected(&mut self) {
        self.connected = true;
        self.counters.connected.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.reason = CloseReason::Fault;
            self.counters.panics.fetch_add(1, Ordering::Relaxed);
        }
        self.counters.closed(self.reason);
        self.counters.open.fetch_sub(1, Ordering::Relaxed);
        if self.connected {
            self.counters.connected.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Runs one connection to its end. `stop` is held for as long: draining waits for it.
pub(crate) async fn run<S, A, D, O>(
    shared: &Shared<A, D, O>,
    mut stream: S,
    peer: Peer,
    mut stop: watch::Receiver<bool>,
    mut guard: Guard,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Admit,
    D: Directory,
    O: Outbox,
{
    let greeted = match greet(shared, &mut stream, &peer, &mut stop).await {
        Ok(greeted) => greeted,
        Err(reason) => {
            tracing::debug!(peer = %peer.address, reason = reason.word(), "not let in");
            guard.reason = reason;
            return part(shared, &mut stream, &[]).await;
        }
    };
    guard.connected();
    let (reason, goodbye, will) = {
        let mut session = Session::new(shared, &mut stream, greeted);
        let reason = session.run().await;
        if reason.is_broken_frame() {
            shared.admit.broken(&session.principal().who, reason);
        }
        let will = session.will.take().map(|will| (session.principal(), will));
        let mut goodbye = Vec::new();
        match (session.protocol, reason.v5_code()) {
            _ if session.broken => {}
            (Protocol::V5, Some(code)) => encode::disconnect(&mut goodbye, code),
            _ => {}
        }
        (reason, (!session.broken).then_some(goodbye), will)
    };
    guard.reason = reason;
    tracing::debug!(peer = %peer.address, reason = reason.word(), "connection ended");
    if let Some(goodbye) = goodbye {
        part(shared, &mut stream, &goodbye).await;
    }
    drop(stream);
    let came_back = reason == CloseReason::TakenOver;
    let due = |will: &Will| reason.publishes_will() && !(came_back && will.delayed);
    if let Some((principal, will)) = will.filter(|(_, will)| due(will)) {
        publish_will(shared, principal, will).await;
    }
}

/// Hands a will over. Its verdict is waited for, and concerns nobody.
async fn publish_will<A: Admit, D, O>(
    shared: &Shared<A, D, O>,
    principal: Arc<Principal>,
    will: Will,
) {
    let qos = match will.qos {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        _ => Qos::ExactlyOnce,
    };
    let packet = Packet {
        who: principal,
        topic: will.topic.into(),
        body: will.body,
        qos,
        dup: false,
        retain: will.retain,
        will: true,
    };
    shared.counters.wills.fetch_add(1, Ordering::Relaxed);
    let _ = timeout(shared.config.drain_timeout, shared.admit.admit(packet)).await;
}

/// Says goodbye, and reads what still comes for a moment: a socket closed with unread bytes is
/// reset, and the reset would overtake the goodbye.
async fn part<S, A, D, O>(shared: &Shared<A, D, O>, stream: &mut S, goodbye: &[u8])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let linger = async {
        stream.write_all(goodbye).await?;
        stream.shutdown().await?;
        let mut thrown_away = [0; 1024];
        let mut left = LINGER_MAX_BYTES;
        while left > 0 {
            match stream.read(&mut thrown_away).await? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        std::io::Result::Ok(())
    };
    let _ = timeout(shared.config.linger_timeout, linger).await;
}
