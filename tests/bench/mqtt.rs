//! Durable MQTT QoS 1 beside mosquitto: 50 publishers, 100 messages in flight each, 200 bytes. Ours
//! acknowledges after its disk; mosquitto, with one subscriber, from memory.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use system_tests::http::Client;
use system_tests::platform::{Platform, eventually, scratch};
use system_tests::publisher::{connect_packet, packet};
use system_tests::town::Town;

use crate::figures::{Figure, cpu_s, figure, goal, peak_mb};

const PUBLISHERS: usize = 50;
const IN_FLIGHT: usize = 100;
const BYTES: usize = 200;
/// The first instant that is spoken of, Unix ms.
const BEGIN_MS: i64 = 1_770_000_000_000;
/// The longest a run may take.
const RUN_MAX: Duration = Duration::from_secs(120);

/// What one run gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flood {
    pub(crate) per_s: f64,
    pub(crate) cpu_us: f64,
}

fn publish(topic: &str, id: u16, body: &[u8]) -> Vec<u8> {
    let mut rest = Vec::with_capacity(topic.len() + body.len() + 4);
    rest.extend(u16::try_from(topic.len()).expect("short").to_be_bytes());
    rest.extend(topic.as_bytes());
    rest.extend(id.to_be_bytes());
    rest.extend(body);
    packet(0x32, &rest)
}

/// One publisher: fills its window, reads acknowledgements, fills again.
fn run_publisher(to: &To<'_>, number: usize, messages: usize, begin: i64) {
    let To { address, user, token, .. } = *to;
    let mut socket = TcpStream::connect(address).expect("connects");
    socket.set_nodelay(true).expect("set");
    socket.set_read_timeout(Some(RUN_MAX)).expect("set");
    let client = format!("bench-{number}");
    socket.write_all(&connect_packet(&client, user, token, true)).expect("sent");
    let mut connack = [0u8; 4];
    socket.read_exact(&mut connack).expect("CONNACK");
    assert_eq!(connack[3], 0, "refused at CONNECT");
    let topic = "fh/v1/hydro/obs";
    let (mut sent, mut acknowledged) = (0usize, 0usize);
    let mut out = Vec::new();
    let mut acks = vec![0u8; 4 * IN_FLIGHT];
    let mut have = 0;
    while acknowledged < messages {
        out.clear();
        while sent < messages && sent - acknowledged < IN_FLIGHT {
            let t = begin + i64::try_from(sent).expect("small") * 1000;
            let mut body = format!(
                r#"{{"station":"P{number:03}","property":"discharge","t":{t},"v":{}.25,"unit":"m3/s""#,
                sent % 20
            );
            // Filled up to the peers' message size with the sender's own id.
            let fill = BYTES - body.len() - 9;
            body += &format!(r#","id":"{:0fill$}"}}"#, sent, fill = fill.min(60));
            while body.len() < BYTES {
                body.push(' ');
            }
            let id = u16::try_from(sent % 60_000 + 1).expect("small");
            out.extend(publish(topic, id, body.as_bytes()));
            sent += 1;
        }
        socket.write_all(&out).expect("sent");
        let got = socket.read(&mut acks[have..]).expect("acknowledged");
        assert!(got > 0, "the broker closed the connection");
        have += got;
        acknowledged += have / 4;
        assert!(acks[..have - have % 4].chunks(4).all(|a| a[0] == 0x40), "not a PUBACK");
        acks.copy_within(have - have % 4..have, 0);
        have %= 4;
    }
}

/// The broker that is flooded.
pub(crate) struct To<'a> {
    pub(crate) address: &'a str,
    pub(crate) user: &'a str,
    pub(crate) token: &'a str,
    pub(crate) pid: u32,
}

/// Floods a broker and reads its CPU. What is sent in one `turn` is not sent in another: a broker
/// that knows duplicates has no less to do.
#[allow(clippy::cast_possible_wrap, reason = "small counts")]
pub(crate) fn flood(to: &To<'_>, messages: usize, turn: usize) -> Flood {
    let before = cpu_s(to.pid).expect("its CPU");
    let begin = BEGIN_MS + (turn * (messages / PUBLISHERS + 1)) as i64 * 1000;
    let began = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..PUBLISHERS {
            scope.spawn(move || run_publisher(to, number, messages / PUBLISHERS, begin));
        }
    });
    let wall = began.elapsed().as_secs_f64();
    let cpu = cpu_s(to.pid).expect("its CPU") - before;
    let count = f64::from(u32::try_from(messages).expect("small"));
    Flood { per_s: count / wall, cpu_us: cpu / count * 1e6 }
}

/// A mosquitto of our own on a free port, with one subscriber that reads.
struct Mosquitto {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Mosquitto {
    fn start() -> Self {
        let folder = scratch();
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port");
        let text = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\n\
             max_queued_messages 0\npersistence false\nset_tcp_nodelay true\n",
            free.port()
        );
        let file = folder.path().join("mosquitto.conf");
        std::fs::write(&file, text).expect("a file");
        let path = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "mosquitto"];
        let program = path.iter().find(|p| std::path::Path::new(p).is_file()).unwrap_or(&path[2]);
        let child = Command::new(program)
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto is installed");
        let address = free.to_string();
        eventually("mosquitto listens", Duration::from_secs(10), || {
            TcpStream::connect(&address).ok()
        });
        Self { child, address, _folder: folder }
    }

    /// A subscriber at QoS 0 that reads all there is.
    fn subscriber(&self) {
        let mut socket = TcpStream::connect(&self.address).expect("connects");
        socket.write_all(&connect_packet("reader", "", "", true)).expect("sent");
        let topic = b"fh/#";
        let mut rest = vec![0, 1, 0, u8::try_from(topic.len()).expect("short")];
        rest.extend(topic);
        rest.push(0);
        socket.write_all(&packet(0x82, &rest)).expect("sent");
        std::thread::spawn(move || {
            let mut bytes = vec![0u8; 1 << 18];
            while socket.read(&mut bytes).is_ok_and(|n| n > 0) {}
        });
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A town whose fifty gauges the publishers speak for.
pub(crate) fn town() -> Town {
    let mut town = Town::new()
        .rate(1_000_000)
        .hazard("discharge", &[("yellow", 30.0, None), ("red", 300.0, None)]);
    for number in 0..PUBLISHERS {
        town = town.station(&format!("P{number:03}"), &[("discharge", 60)]);
    }
    town
}

/// The demo's credentials file: the token of every agency.
pub(crate) fn agency_token(data: &std::path::Path) -> String {
    let text = std::fs::read_to_string(data.join("credentials.toml")).expect("credentials");
    let after = text.split("[agency]").nth(1).expect("an [agency] table");
    after.split('"').nth(3).expect("a token").to_owned()
}

/// How many observations the platform says it has accepted from `hydro`.
pub(crate) fn accepted(http: &str) -> usize {
    let page = String::from_utf8(Client::new(http).get("/metrics").body).expect("text");
    let of = |line: &&str| {
        line.starts_with("fenghuo_heard_total{")
            && line.contains("\"hydro\"")
            && line.contains("outcome=\"accepted\"")
    };
    let counts = page.lines().filter(of).filter_map(|line| line.rsplit(' ').next());
    counts.filter_map(|count| count.parse::<usize>().ok()).sum()
}

/// Runs it.
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let messages = if quick { 100_000 } else { 1_000_000 };
    let folder = scratch();
    let city = town().write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let platform = Platform::start(&city, &data, &["--demo", "--clock", "replay"]);
    let token = agency_token(&data);
    let mosquitto = Mosquitto::start();
    mosquitto.subscriber();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // Turn about, so that a noisy minute is shared.
    let pid = mosquitto.child.id();
    let mosquitto_at = To { address: &mosquitto.address, user: "", token: "", pid };
    let us = To { address: &platform.mqtt, user: "hydro", token: &token, pid: platform.pid() };
    for turn in 0..2 {
        theirs.push(flood(&mosquitto_at, messages, turn));
        ours.push(flood(&us, messages, turn));
    }
    assert_eq!(accepted(&platform.http), 2 * messages, "acknowledged is not accepted");
    let best = |runs: &[Flood]| runs.iter().map(|f| f.per_s).fold(0.0, f64::max);
    let cpu = |runs: &[Flood]| runs.iter().map(|f| f.cpu_us).fold(f64::MAX, f64::min);
    let ratio = best(&ours) / best(&theirs);
    let memory = peak_mb(platform.pid()).unwrap_or_default();
    vec![
        figure("mosquitto, QoS 1 from memory, one subscriber", best(&theirs), "msg/s"),
        figure("mosquitto, CPU a message", cpu(&theirs), "µs"),
        figure("fenghuo, QoS 1 durable, journaled and judged", best(&ours), "msg/s"),
        figure("fenghuo, CPU a message (all of the platform)", cpu(&ours), "µs"),
        figure("fenghuo, peak memory", memory, "MB"),
        goal("fenghuo / mosquitto", ratio, "", "above 1", ratio > 1.0),
    ]
}
