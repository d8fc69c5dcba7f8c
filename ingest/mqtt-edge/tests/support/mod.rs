//! A town for the edge's tests: agencies and units with credentials, an admission that does what
//! a packet's body asks for, an outbox in memory, and a client made of raw bytes.
// Each test file is a crate of its own and uses its part; lints know only `#[test]` as a test.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ids::{AgencyId, UnitId};
use domain::refusal::Reason;
use mqtt_edge::{
    Admit, BoxPending, Claim, Deny, Directory, Downlink, EdgeConfig, EdgeHandle, EdgeStats, Filter,
    Outbox, Packet, Principal, Verdict, Who,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// How long a test waits for something that has to happen.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Admission that does what the body says: `delay:<ms>`, `refuse`, `access`, `down`, `panic`.
/// Everything waits while the gate is shut.
pub struct Desk {
    pub packets: Mutex<Vec<Packet>>,
    pub gate: watch::Sender<bool>,
    /// Bodies are not kept, only counted.
    pub forget: bool,
    pub taken: std::sync::atomic::AtomicU64,
}

impl Desk {
    pub fn new(forget: bool) -> Self {
        let (gate, _) = watch::channel(true);
        Self { packets: Mutex::default(), gate, forget, taken: 0.into() }
    }
}

impl Admit for Desk {
    type Pending = BoxPending;

    fn admit(&self, packet: Packet) -> BoxPending {
        self.taken.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let text = String::from_utf8_lossy(&packet.body[..packet.body.len().min(32)]).into_owned();
        assert!(text != "panic", "asked for");
        if !self.forget {
            self.packets.lock().unwrap().push(packet);
        }
        let mut gate = self.gate.subscribe();
        Box::pin(async move {
            if let Some(ms) = text.strip_prefix("delay:") {
                tokio::time::sleep(Duration::from_millis(ms.parse().unwrap())).await;
            }
            let _ = gate.wait_for(|open| *open).await;
            match text.as_str() {
                "refuse" => Verdict::Refused { reason: Reason::Syntax, detail: "no JSON".into() },
                "access" => Verdict::AccessRefused,
                "down" => Verdict::Unavailable,
                _ => Verdict::Stored,
            }
        })
    }
}

/// Agencies `hydro` and `metro`, unit `boat-1`; the password is the name with `-secret`. The token
/// `hydro-token` is good without a user name.
pub struct Town;

impl Directory for Town {
    async fn authenticate(&self, claim: Claim) -> Result<Principal, Deny> {
        let token_alone = claim.user.is_none() && claim.password.as_deref() == Some(b"hydro-token");
        if token_alone {
            let who = Who::Agency(AgencyId::new("hydro").unwrap());
            return Ok(Principal { who, client_id: claim.client_id, credential: "token".into() });
        }
        let user = claim.user.ok_or(Deny::BadCredentials)?;
        if user == "outage" {
            return Err(Deny::Unavailable);
        }
        if claim.password.as_deref() != Some(format!("{user}-secret").as_bytes()) {
            return Err(Deny::BadCredentials);
        }
        // A client identifier that names another agency is not this credential's to use.
        let foreign =
            ["hydro", "metro"].into_iter().any(|a| a != user && claim.client_id.starts_with(a));
        if foreign {
            return Err(Deny::NotAuthorized);
        }
        let who = match user.as_str() {
            "boat-1" => Who::Unit(UnitId::new("boat-1").unwrap()),
            agency => Who::Agency(AgencyId::new(agency).map_err(|_| Deny::BadCredentials)?),
        };
        Ok(Principal { who, client_id: claim.client_id, credential: user.into() })
    }

    fn may_publish(&self, principal: &Principal, topic: &str) -> bool {
        topic.starts_with(&own(principal))
    }

    fn may_subscribe(&self, principal: &Principal, filter: &Filter) -> bool {
        filter.as_str().starts_with(&own(principal))
    }
}

fn own(principal: &Principal) -> String {
    match &principal.who {
        Who::Agency(id) => format!("fh/v1/{id}/"),
        Who::Unit(id) => format!("fh/v1/units/{id}/"),
    }
}

/// An outbox in memory.
#[derive(Default)]
pub struct Tray {
    pub held: Mutex<BTreeMap<u64, Downlink>>,
    pub delivered: Mutex<BTreeSet<u64>>,
}

impl Outbox for Tray {
    fn resume(
        &self,
        _: &Principal,
        filter: &Filter,
        after: Option<u64>,
        limit: usize,
    ) -> Vec<Downlink> {
        let held = self.held.lock().unwrap();
        let from = after.map_or(0, |key| key + 1);
        let mine = held.range(from..).map(|(_, d)| d).filter(|d| filter.matches(&d.topic));
        mine.take(limit).cloned().collect()
    }

    fn delivered(&self, _: &Principal, key: u64) {
        self.delivered.lock().unwrap().insert(key);
        let mut held = self.held.lock().unwrap();
        if held.get(&key).is_some_and(|d| !d.retain) {
            held.remove(&key);
        }
    }
}

/// A running edge and what stands behind it.
pub struct Edge {
    pub handle: EdgeHandle,
    pub desk: Arc<Desk>,
    pub tray: Arc<Tray>,
    pub port: u16,
}

pub async fn edge() -> Edge {
    edge_with(EdgeConfig::default(), Desk::new(false)).await
}

pub async fn edge_with(config: EdgeConfig, desk: Desk) -> Edge {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (desk, tray) = (Arc::new(desk), Arc::new(Tray::default()));
    let never = std::future::pending();
    let handle = mqtt_edge::serve(
        vec![listener.into()],
        config,
        desk.clone(),
        Arc::new(Town),
        tray.clone(),
        never,
    );
    Edge { handle, desk, tray, port }
}

impl Edge {
    pub fn stats(&self) -> EdgeStats {
        self.handle.stats()
    }

    /// Waits until the counters are as asked.
    pub async fn until(&self, what: &str, mut ok: impl FnMut(&EdgeStats) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !ok(&self.stats()) {
            assert!(Instant::now() < end, "not in time: {what}; {:?}", self.stats());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub async fn raw(&self) -> Raw {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Raw { stream }
    }

    /// A connected client of `hydro` with this identifier and protocol level.
    pub async fn client(&self, level: u8, id: &str) -> Raw {
        self.client_as(level, id, "hydro").await
    }

    pub async fn client_as(&self, level: u8, id: &str, user: &str) -> Raw {
        let mut raw = self.raw().await;
        raw.send(&connect(level, id, user)).await;
        let connack = raw.packet().await.expect("a CONNACK");
        assert_eq!((connack.first, connack.body[1]), (0x20, 0), "{connack:?}");
        raw
    }
}

/// A packet as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub first: u8,
    pub body: Vec<u8>,
}

/// A client made of raw bytes.
pub struct Raw {
    pub stream: TcpStream,
}

impl Raw {
    /// Sends bytes. The edge may close before all of them are out: that is no failure.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next packet; `None` at the end of the connection.
    pub async fn packet(&mut self) -> Option<Seen> {
        timeout(DEADLINE, self.read()).await.expect("a packet or the end, in time")
    }

    async fn read(&mut self) -> Option<Seen> {
        let first = self.stream.read_u8().await.ok()?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.stream.read_u8().await.ok()?;
            length |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        Some(Seen { first, body })
    }

    /// Everything up to the end of the connection.
    pub async fn rest(&mut self) -> Vec<Seen> {
        let mut all = Vec::new();
        while let Some(packet) = self.packet().await {
            all.push(packet);
        }
        all
    }

    /// Whether it still answers.
    pub async fn ping(&mut self) -> bool {
        self.send(&[0xC0, 0]).await;
        self.packet().await.is_some_and(|packet| packet.first == 0xD0)
    }

    /// Publishes at QoS 1 and waits for the PUBACK; gives the reason code (0 where there is none).
    pub async fn publish_acked(&mut self, level: u8, topic: &str, body: &[u8]) -> Option<u8> {
        self.send(&publish(level, topic, body, 1, 7)).await;
        let ack = self.packet().await?;
        assert_eq!((ack.first, &ack.body[..2]), (0x40, &[0, 7][..]), "{ack:?}");
        Some(ack.body.get(2).copied().unwrap_or(0))
    }
}

pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let low = (length & 0x7F) as u8;
        length >>= 7;
        bytes.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

pub fn text(text: &[u8]) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(text);
    bytes
}

/// The parts of a CONNECT that the tests vary.
pub struct Connect<'a> {
    pub name: &'a [u8],
    pub level: u8,
    /// Set on top of those that follow from the rest.
    pub flags: u8,
    pub keep_alive: u16,
    /// v5 only.
    pub properties: &'a [u8],
    pub id: &'a [u8],
    pub will: Option<(&'a [u8], &'a [u8])>,
    pub user: Option<&'a str>,
}

impl Default for Connect<'_> {
    fn default() -> Self {
        let (name, id, user) = (b"MQTT".as_slice(), b"probe".as_slice(), Some("hydro"));
        Self { name, level: 4, flags: 2, keep_alive: 60, properties: &[], id, will: None, user }
    }
}

impl Connect<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let mut body = text(self.name);
        let user_flags = if self.user.is_some() { 0xC0 } else { 0 };
        let will_flag = if self.will.is_some() { 4 } else { 0 };
        body.extend_from_slice(&[self.level, self.flags | user_flags | will_flag]);
        body.extend_from_slice(&self.keep_alive.to_be_bytes());
        if self.level == 5 {
            body.push(self.properties.len() as u8);
            body.extend_from_slice(self.properties);
        }
        body.extend(text(self.id));
        if let Some((topic, payload)) = self.will {
            if self.level == 5 {
                body.push(0);
            }
            body.extend(text(topic));
            body.extend(text(payload));
        }
        if let Some(user) = self.user {
            body.extend(text(user.as_bytes()));
            body.extend(text(format!("{user}-secret").as_bytes()));
        }
        packet(0x10, &body)
    }
}

pub fn connect(level: u8, id: &str, user: &str) -> Vec<u8> {
    Connect { level, id: id.as_bytes(), user: Some(user), ..Connect::default() }.bytes()
}

pub fn publish(level: u8, topic: &str, body: &[u8], qos: u8, packet_id: u16) -> Vec<u8> {
    publish_flags(level, topic.as_bytes(), body, qos << 1, packet_id)
}

pub fn publish_flags(level: u8, topic: &[u8], body: &[u8], flags: u8, packet_id: u16) -> Vec<u8> {
    let mut bytes = text(topic);
    if flags & 6 != 0 {
        bytes.extend_from_slice(&packet_id.to_be_bytes());
    }
    if level == 5 {
        bytes.push(0);
    }
    bytes.extend_from_slice(body);
    packet(0x30 | flags, &bytes)
}

pub fn subscribe(level: u8, packet_id: u16, filters: &[&str], qos: u8) -> Vec<u8> {
    let mut bytes = packet_id.to_be_bytes().to_vec();
    if level == 5 {
        bytes.push(0);
    }
    for filter in filters {
        bytes.extend(text(filter.as_bytes()));
        bytes.push(qos);
    }
    packet(0x82, &bytes)
}
