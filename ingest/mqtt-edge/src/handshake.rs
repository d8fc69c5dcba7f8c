//! From the first byte to CONNACK: nobody is known yet, so everything is small and short.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tls::ClientCertificate;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::admit::Admit;
use crate::close::CloseReason;
use crate::connect::{self, Connect, Welcome, Will};
use crate::downlink::Outbox;
use crate::hub::Registration;
use crate::limits::{CLIENT_ID_MAX_BYTES, CONNECT_PACKET_MAX_BYTES};
use crate::principal::{Claim, Deny, Directory, Principal, Protocol};
use crate::serve::Shared;
use crate::topics::check_topic;
use crate::wire::{self, ConnectFault, kind};

/// Where a connection comes from, and what it showed over TLS.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: Option<Arc<ClientCertificate>>,
}

/// Bytes read at a time before a client is known.
const READ_BYTES: usize = 512;

/// A client that was let in.
pub(crate) struct Greeted {
    pub(crate) protocol: Protocol,
    pub(crate) principal: Arc<Principal>,
    pub(crate) registration: Registration,
    /// Silence for longer than this ends the connection.
    pub(crate) silence_max: Duration,
    pub(crate) will: Option<Will>,
    pub(crate) receive_max: u16,
    pub(crate) packet_max_bytes: usize,
    pub(crate) wants_reasons: bool,
    /// What the client sent behind its CONNECT.
    pub(crate) early: Vec<u8>,
}

/// Turned away: why, and what to say.
struct Refusal(CloseReason, Vec<u8>);

impl Refusal {
    fn silent(reason: CloseReason) -> Self {
        Self(reason, Vec::new())
    }

    /// With the return code of v3.1.1 and the reason code of v5.
    fn coded(reason: CloseReason, protocol: Protocol, v311: u8, v5: u8) -> Self {
        let code = if protocol == Protocol::V5 { v5 } else { v311 };
        Self(reason, connect::refusal(protocol, code))
    }
}

/// Reads CONNECT, authenticates, registers, and answers.
///
/// # Errors
/// Why the client was not let in; it has been told as far as the protocol allows.
pub(crate) async fn greet<S, A, D, O>(
    shared: &Shared<A, D, O>,
    stream: &mut S,
    peer: &Peer,
    stop: &mut watch::Receiver<bool>,
) -> Result<Greeted, CloseReason>
where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Admit,
    D: Directory,
    O: Outbox,
{
    let outcome = tokio::select! {
        outcome = read_and_judge(shared, stream, peer) => outcome,
        _ = stop.wait_for(|stopped| *stopped) => Err(Refusal::silent(CloseReason::Draining)),
    };
    let (answer, result) = match outcome {
        Ok((greeted, answer)) => (answer, Ok(greeted)),
        Err(Refusal(reason, answer)) => (answer, Err(reason)),
    };
    let write = async {
        stream.write_all(&answer).await?;
        stream.flush().await
    };
    match tokio::time::timeout(shared.config.linger_timeout, write).await {
        Ok(Ok(())) => result,
        _ => result.and(Err(CloseReason::Io)),
    }
}

async fn read_and_judge<S, A, D, O>(
    shared: &Shared<A, D, O>,
    stream: &mut S,
    peer: &Peer,
) -> Result<(Greeted, Vec<u8>), Refusal>
where
    S: AsyncRead + Unpin,
    A: Admit,
    D: Directory,
    O: Outbox,
{
    let began = Instant::now();
    let deadline = began + shared.config.connect_timeout;
    let first_byte = began + shared.config.first_byte_timeout.min(shared.config.connect_timeout);
    let mut bytes = Vec::new();
    let used = read_connect(stream, &mut bytes, first_byte, deadline).await?;
    let late = |_| Refusal::silent(CloseReason::ConnectTimeout);
    let (mut greeted, answer) =
        timeout_at(deadline, judge(shared, &bytes[..used], peer)).await.map_err(late)??;
    greeted.early = bytes.split_off(used);
    Ok((greeted, answer))
}

/// Reads until the CONNECT is whole; says how long it is. What else came stays behind it.
async fn read_connect<S: AsyncRead + Unpin>(
    stream: &mut S,
    bytes: &mut Vec<u8>,
    first_byte: Instant,
    deadline: Instant,
) -> Result<usize, Refusal> {
    loop {
        bytes.reserve(READ_BYTES);
        let until = if bytes.is_empty() { first_byte } else { deadline };
        match timeout_at(until, stream.read_buf(bytes)).await {
            Err(_) => return Err(Refusal::silent(CloseReason::ConnectTimeout)),
            Ok(Err(_)) => return Err(Refusal::silent(CloseReason::Io)),
            Ok(Ok(0)) => return Err(Refusal::silent(CloseReason::PeerClosed)),
            Ok(Ok(_)) => {}
        }
        if bytes.first().is_some_and(|first| *first != kind::CONNECT << 4) {
            return Err(Refusal::silent(CloseReason::NotConnect));
        }
        match wire::frame(bytes, CONNECT_PACKET_MAX_BYTES) {
            Ok(Some(frame)) => return Ok(frame.total),
            Ok(None) => {}
            Err(reason) => return Err(Refusal::silent(reason)),
        }
    }
}

async fn judge<A: Admit, D: Directory, O: Outbox>(
    shared: &Shared<A, D, O>,
    packet: &[u8],
    peer: &Peer,
) -> Result<(Greeted, Vec<u8>), Refusal> {
    let malformed = || Refusal::silent(CloseReason::Malformed);
    let frame = wire::frame(packet, CONNECT_PACKET_MAX_BYTES).ok().flatten();
    let body = frame.ok_or_else(malformed)?.body;
    let protocol = wire::check_connect(body).map_err(|fault| match fault {
        ConnectFault::Malformed => malformed(),
        ConnectFault::OldOrForeign => {
            Refusal(CloseReason::UnsupportedProtocol, connect::refusal(Protocol::V311, 1))
        }
        ConnectFault::Newer => {
            Refusal(CloseReason::UnsupportedProtocol, connect::refusal(Protocol::V5, 0x84))
        }
    })?;
    let connect = connect::decode(body, protocol).ok_or_else(malformed)?;
    let refuse = |reason, v311, v5| Refusal::coded(reason, protocol, v311, v5);
    if connect.extended_auth {
        return Err(refuse(CloseReason::NotAuthorized, 5, 0x8C));
    }
    let client_id = client_id(&connect, protocol, || shared.hub.fresh())
        .ok_or_else(|| refuse(CloseReason::ClientId, 2, 0x85))?;
    let claim = Claim {
        client_id: client_id.clone(),
        user: connect.user.clone(),
        password: connect.password.clone(),
        protocol,
        peer: peer.address,
        certificate: peer.certificate.clone(),
    };
    let principal = shared.directory.authenticate(claim).await.map_err(|deny| match deny {
        Deny::BadCredentials => refuse(CloseReason::BadCredentials, 4, 0x86),
        Deny::NotAuthorized => refuse(CloseReason::NotAuthorized, 5, 0x87),
        Deny::Unavailable => refuse(CloseReason::AuthUnavailable, 3, 0x88),
    })?;
    if let Some(will) = &connect.will {
        check_topic(&will.topic).map_err(|_| refuse(CloseReason::Topic, 5, 0x90))?;
        if !shared.directory.may_publish(&principal, &will.topic) {
            return Err(refuse(CloseReason::NotAuthorized, 5, 0x87));
        }
    }
    let principal = Arc::new(principal);
    let bound = shared.config.connections_per_principal_max;
    let most = shared.directory.connections_max(&principal).map_or(bound, |own| own.min(bound));
    let registration = shared.hub.register(principal.clone(), most).map_err(|reason| {
        refuse(reason, 3, if reason == CloseReason::Draining { 0x88 } else { 0x97 })
    })?;
    Ok(welcome(shared, connect, protocol, principal, registration, &client_id))
}

/// The identifier of the client: its own, or one made for it where the protocol allows that.
fn client_id(connect: &Connect, protocol: Protocol, fresh: impl Fn() -> u64) -> Option<String> {
    let id = &connect.client_id;
    if id.is_empty() {
        let may_be_made = protocol == Protocol::V5 || connect.clean;
        return may_be_made.then(|| format!("edge-{}", fresh()));
    }
    let in_form = id.len() <= CLIENT_ID_MAX_BYTES && !id.chars().any(char::is_control);
    in_form.then(|| id.clone())
}

fn welcome<A, D, O>(
    shared: &Shared<A, D, O>,
    connect: Connect,
    protocol: Protocol,
    principal: Arc<Principal>,
    registration: Registration,
    client_id: &str,
) -> (Greeted, Vec<u8>) {
    let asked = Duration::from_secs(connect.keep_alive_s.into());
    let max = shared.config.keep_alive_max;
    let overruled = asked.is_zero() || asked > max;
    let keep_alive = if overruled { max } else { asked };
    let answer = connect::welcome(
        protocol,
        &Welcome {
            config: &shared.config,
            assigned_id: connect.client_id.is_empty().then_some(client_id),
            keep_alive_s: overruled
                .then(|| u16::try_from(keep_alive.as_secs()).unwrap_or(u16::MAX)),
            deny_session: connect.wants_session,
        },
    );
    let greeted = Greeted {
        protocol,
        principal,
        registration,
        silence_max: keep_alive.mul_f64(1.5),
        will: connect.will,
        receive_max: connect.receive_max,
        packet_max_bytes: connect.packet_max_bytes,
        wants_reasons: connect.wants_reasons,
        early: Vec::new(),
    };
    (greeted, answer)
}
