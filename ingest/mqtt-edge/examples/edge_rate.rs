//! How many messages a second the edge takes, at what cost, and what an idle connection weighs.
//!
//! ```text
//! edge_rate [publishers=50] [window=100] [seconds=5] [qos=1] [level=4] [bytes=200]
//! edge_rate idle=2000
//! edge_rate attackers=8 [seconds=5]
//! ```
//! The edge runs in a child process, so that its CPU time and memory are its own; a timer of 5 ms
//! stands in for the journal's group commit. With `idle=N`, N connections are opened and weighed.
//! With `attackers=N`, the time to the acknowledgement of one healthy client is taken, alone and
//! beside N clients each that flood and read no acknowledgements, send garbage, and come and go.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::io::{BufRead, Read};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use domain::ids::AgencyId;
use mqtt_edge::{
    Admit, Claim, Deny, Directory, Downlink, EdgeConfig, Filter, Outbox, Packet, Principal,
    Verdict, Who,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

const COMMIT: Duration = Duration::from_millis(5);
const TICKS_PER_SECOND: f64 = 100.0;
const CLOSE: &str = "the edge's process ended";

/// Answers everything at the next tick of its timer.
#[derive(Default)]
struct Journal {
    waiting: Mutex<Vec<oneshot::Sender<Verdict>>>,
    bytes: AtomicU64,
}

struct Wait(oneshot::Receiver<Verdict>);

impl Future for Wait {
    type Output = Verdict;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Verdict> {
        Pin::new(&mut self.0).poll(cx).map(|verdict| verdict.unwrap_or(Verdict::Unavailable))
    }
}

impl Admit for Journal {
    type Pending = Wait;

    fn admit(&self, packet: Packet) -> Wait {
        self.bytes.fetch_add(packet.body.len() as u64, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Wait(receiver)
    }
}

struct Anyone;

impl Directory for Anyone {
    async fn authenticate(&self, claim: Claim) -> Result<Principal, Deny> {
        let agency = AgencyId::new("hydro").map_err(|_| Deny::NotAuthorized)?;
        Ok(Principal {
            who: Who::Agency(agency),
            client_id: claim.client_id,
            credential: "rate".into(),
        })
    }

    fn may_publish(&self, _: &Principal, topic: &str) -> bool {
        topic.starts_with("fh/v1/hydro/")
    }

    fn may_subscribe(&self, _: &Principal, _: &Filter) -> bool {
        true
    }
}

struct Nothing;

impl Outbox for Nothing {
    fn resume(&self, _: &Principal, _: &Filter, _: Option<u64>, _: usize) -> Vec<Downlink> {
        Vec::new()
    }

    fn delivered(&self, _: &Principal, _: u64) {}
}

async fn serve() -> Fallible<std::convert::Infallible> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let journal = Arc::new(Journal::default());
    let config = EdgeConfig { connections_per_principal_max: 50_000, ..EdgeConfig::default() };
    // The end of the standard input is the end of the parent.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0; 1]);
        std::process::exit(0);
    });
    let (anyone, nothing) = (Arc::new(Anyone), Arc::new(Nothing));
    let _handle = mqtt_edge::serve(
        vec![listener.into()],
        config,
        journal.clone(),
        anyone,
        nothing,
        std::future::pending(),
    );
    let mut commits = tokio::time::interval(COMMIT);
    loop {
        commits.tick().await;
        let mut waiting = journal.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let done = std::mem::take(&mut *waiting);
        drop(waiting);
        for sender in done {
            let _ = sender.send(Verdict::Stored);
        }
    }
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(text);
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let (low, high) = ((body.len() & 0x7F) as u8 | 0x80, (body.len() >> 7) as u8);
    [&[first, low, high][..], body].concat()
}

async fn connect(port: u16, level: u8, id: usize) -> Fallible<TcpStream> {
    let mut body = Vec::new();
    text(&mut body, b"MQTT");
    body.extend_from_slice(&[level, 2, 0, 60]);
    body.extend((level == 5).then_some(0));
    text(&mut body, format!("load-{id}").as_bytes());
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    stream.write_all(&packet(0x10, &body)).await?;
    let mut head = [0; 2];
    stream.read_exact(&mut head).await?;
    let mut rest = vec![0; head[1].into()];
    stream.read_exact(&mut rest).await?;
    Ok(stream)
}

struct Load {
    port: u16,
    level: u8,
    qos: u8,
    window: usize,
    bytes: usize,
    until: Instant,
}

/// Keeps a window of packets in flight. Acknowledgements come in order, so that what is sent next
/// is always the next stretch of one prepared ring.
async fn publisher(load: Arc<Load>, id: usize) -> Fallible<u64> {
    let stream = connect(load.port, load.level, id).await?;
    let (mut read, mut write) = stream.into_split();
    let (mut ring, mut ends) = (Vec::new(), vec![0]);
    for packet_id in 1..=u16::try_from(load.window)? {
        let mut body = Vec::new();
        text(&mut body, format!("fh/v1/hydro/s-{id}/rainfall").as_bytes());
        if load.qos > 0 {
            body.extend_from_slice(&packet_id.to_be_bytes());
        }
        body.extend((load.level == 5).then_some(0));
        body.resize(body.len() + load.bytes, b'7');
        ring.extend(packet(0x30 | load.qos << 1, &body));
        ends.push(ring.len());
    }
    let (mut sent, mut part, mut acks) = (0_u64, 0, vec![0; 4 * load.window]);
    write.write_all(&ring).await?;
    sent += load.window as u64;
    let mut at = 0;
    while Instant::now() < load.until {
        if load.qos == 0 {
            write.write_all(&ring).await?;
            sent += load.window as u64;
            continue;
        }
        let read = read.read(&mut acks).await?;
        if read == 0 {
            return Err("closed by the edge".into());
        }
        part += read;
        let mut due = part / 4;
        part %= 4;
        sent += due as u64;
        while due > 0 {
            let next = (at + due).min(load.window);
            write.write_all(&ring[ends[at]..ends[next]]).await?;
            due -= next - at;
            at = next % load.window;
        }
    }
    Ok(sent)
}

/// CPU seconds (user and system) and resident KiB of a process.
fn weigh(child: &Child) -> Fallible<(f64, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
    let fields: Vec<&str> = stat.rsplit(") ").next().ok_or(CLOSE)?.split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    let resident_pages: u64 = fields[21].parse()?;
    Ok((ticks / TICKS_PER_SECOND, resident_pages * 4))
}

/// One packet of a healthy or hostile client.
fn observation(packet_id: u16, bytes: usize) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, b"fh/v1/hydro/obs");
    body.extend_from_slice(&packet_id.to_be_bytes());
    body.resize(body.len() + bytes, b'7');
    packet(0x32, &body)
}

/// A client that floods; one that sends garbage after its CONNECT; one that comes and goes.
async fn attack(port: u16, id: usize) -> Fallible<()> {
    let flood = observation(1, 100).repeat(100);
    match id % 3 {
        0 => {
            let mut stream = connect(port, 4, 1_000 + id).await?;
            loop {
                stream.write_all(&flood).await?;
            }
        }
        1 => loop {
            let mut stream = connect(port, 5, 1_000 + id).await?;
            stream.write_all(&[0xFF; 64]).await?;
            let _ = stream.read(&mut [0; 64]).await;
        },
        _ => loop {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await?;
            let _ = stream.read(&mut [0; 64]).await;
        },
    }
}

async fn latencies(port: u16, until: Instant) -> Fallible<Vec<Duration>> {
    let mut healthy = connect(port, 4, 0).await?;
    let (one, mut took) = (observation(1, 100), Vec::new());
    while Instant::now() < until {
        let began = Instant::now();
        healthy.write_all(&one).await?;
        healthy.read_exact(&mut [0; 4]).await?;
        took.push(began.elapsed());
    }
    took.sort();
    Ok(took)
}

async fn beside(port: u16, attackers: usize, time: Duration) -> Fallible<()> {
    let told = |what: &str, took: &[Duration]| {
        let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let (p50, p99, worst) = (at(0.5), at(0.99), at(1.0));
        println!("{what} n={} p50_ms={p50:.1} p99_ms={p99:.1} worst_ms={worst:.1}", took.len());
    };
    told("alone", &latencies(port, Instant::now() + time).await?);
    let hostile: Vec<_> = (0..3 * attackers).map(|id| tokio::spawn(attack(port, id))).collect();
    told("attacked", &latencies(port, Instant::now() + time).await?);
    hostile.iter().for_each(|task| task.abort());
    Ok(())
}

async fn load(options: &BTreeMap<String, usize>, child: &Child, port: u16) -> Fallible<()> {
    let option = |name: &str, default| options.get(name).copied().unwrap_or(default);
    let idle = option("idle", 0);
    let level = u8::try_from(option("level", 4))?;
    if idle > 0 {
        let (_, before) = weigh(child)?;
        let mut streams = Vec::new();
        for id in 0..idle {
            streams.push(connect(port, level, id).await?);
        }
        let (_, after) = weigh(child)?;
        let each = (after - before) as f64 / idle as f64;
        println!("idle connections={idle} rss_kib={after} each_kib={each:.1}");
        return Ok(());
    }
    let attackers = option("attackers", 0);
    if attackers > 0 {
        return beside(port, attackers, Duration::from_secs(option("seconds", 5) as u64)).await;
    }
    let publishers = option("publishers", 50);
    let seconds = Duration::from_secs(option("seconds", 5) as u64);
    let qos = u8::try_from(option("qos", 1))?;
    if qos > 1 {
        return Err("qos is 0 or 1: the load speaks no QoS 2 handshake".into());
    }
    let load = Arc::new(Load {
        port,
        level,
        qos,
        window: option("window", 100),
        bytes: option("bytes", 200),
        until: Instant::now() + seconds,
    });
    let (cpu_before, _) = weigh(child)?;
    let began = Instant::now();
    let tasks: Vec<_> =
        (0..publishers).map(|id| tokio::spawn(publisher(load.clone(), id))).collect();
    let mut sent = 0;
    for task in tasks {
        sent += task.await??;
    }
    let took = began.elapsed().as_secs_f64();
    let (cpu, rss) = weigh(child)?;
    println!(
        "level={level} qos={} publishers={publishers} window={} bytes={} msg_per_s={:.0} \
         edge_cpu_us_per_msg={:.2} rss_kib={rss}",
        load.qos,
        load.window,
        load.bytes,
        sent as f64 / took,
        (cpu - cpu_before) * 1e6 / sent as f64,
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        return serve().await.map(|_| ());
    }
    let mut options = BTreeMap::new();
    for argument in &arguments {
        let (name, value) = argument.split_once('=').ok_or("options are name=value")?;
        options.insert(name.to_owned(), value.parse()?);
    }
    let mut child = Command::new(std::env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut port = String::new();
    std::io::BufReader::new(child.stdout.take().ok_or(CLOSE)?).read_line(&mut port)?;
    let result = load(&options, &child, port.trim().parse()?).await;
    child.kill()?;
    child.wait()?;
    result
}
