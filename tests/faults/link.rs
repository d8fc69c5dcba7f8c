//! A line that is bad: a TCP proxy that delays, stalls, cuts, narrows, and keeps quiet in one direction.
//! It stands in for packet filters and traffic control, which need the machine's root.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Pieces under way in one direction.
const UNDER_WAY: usize = 64;
/// The most bytes of a piece.
const PIECE: usize = 4096;
/// How soon a change of the line is noticed.
const NOTICED: Duration = Duration::from_millis(20);

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From whoever connects to the platform.
    Up,
    /// Back.
    Down,
}

/// What the line is like now.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Nature {
    /// Each piece takes so long, and up to so much longer (seeded).
    pub(crate) delay: Duration,
    pub(crate) jitter: Duration,
    /// One piece in so many is lost at first: it comes a retransmission later (300 ms), and what is
    /// behind it waits, as TCP makes it; 0: none.
    pub(crate) lost_one_in: u32,
    /// Bytes a second towards whoever connected; 0: no limit.
    pub(crate) down_bytes_per_s: u32,
    /// Nothing passes this way, and nobody is told.
    pub(crate) swallows_up: bool,
    pub(crate) swallows_down: bool,
    /// After so many bytes up the connection is cut, once.
    pub(crate) cut_after: Option<usize>,
}

/// The line.
pub(crate) struct Link {
    pub(crate) address: SocketAddr,
    nature: Arc<Mutex<Nature>>,
}

impl Link {
    /// A line to an address; the random of it follows the seed.
    pub(crate) fn to(target: &str, seed: u64, nature: Nature) -> Self {
        let target: SocketAddr =
            target.trim_start_matches("http://").parse().expect("an address and port");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let nature = Arc::new(Mutex::new(nature));
        let natures = Arc::clone(&nature);
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect(target) else { continue };
                for stream in [&client, &server] {
                    let _ = stream.set_nodelay(true);
                    let _ = stream.set_read_timeout(Some(NOTICED));
                }
                let seed = seed.wrapping_mul(1_000).wrapping_add(number as u64 * 2);
                pass(Way::Up, &client, &server, seed, &natures);
                pass(Way::Down, &server, &client, seed + 1, &natures);
            }
        });
        Self { address, nature }
    }

    /// The line changes.
    pub(crate) fn becomes(&self, nature: Nature) {
        *self.nature.lock().expect("nature") = nature;
    }

    /// Its address as a platform's.
    pub(crate) fn http(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn pass(way: Way, from: &TcpStream, to: &TcpStream, seed: u64, nature: &Arc<Mutex<Nature>>) {
    let (from, to) = [from, to].map(|s| s.try_clone().expect("a second handle")).into();
    let (say, hear) = sync_channel(UNDER_WAY);
    let (reads, writes) = (Arc::clone(nature), Arc::clone(nature));
    std::thread::spawn(move || read(way, from, &say, seed, &reads));
    std::thread::spawn(move || write(way, to, &hear, &writes));
}

fn read(
    way: Way,
    mut from: TcpStream,
    say: &SyncSender<(Instant, Vec<u8>)>,
    seed: u64,
    nature: &Mutex<Nature>,
) {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut piece, mut not_before) = (vec![0; PIECE], Instant::now());
    loop {
        let size = match from.read(&mut piece) {
            Ok(0) => return,
            Ok(size) => size,
            Err(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                continue;
            }
            Err(_) => return,
        };
        let mut bytes = piece[..size].to_vec();
        let now = {
            let mut held = nature.lock().expect("nature");
            if way == Way::Up
                && let Some(left) = held.cut_after
            {
                if size >= left {
                    bytes.truncate(left);
                    held.cut_after = None;
                    drop(held);
                    let _ = say.send((Instant::now(), bytes));
                    let _ = from.shutdown(Shutdown::Both);
                    return;
                }
                held.cut_after = Some(left - size);
            }
            *held
        };
        let jitter = now.jitter.mul_f64(random.random_range(0.0..1.0));
        let lost = now.lost_one_in > 0 && random.random_range(0..now.lost_one_in) == 0;
        let again = if lost { Duration::from_millis(300) } else { Duration::ZERO };
        not_before = not_before.max(Instant::now() + now.delay + jitter + again);
        if say.send((not_before, bytes)).is_err() {
            return;
        }
    }
}

fn write(way: Way, mut to: TcpStream, hear: &Receiver<(Instant, Vec<u8>)>, nature: &Mutex<Nature>) {
    while let Ok((due, bytes)) = hear.recv() {
        until(due);
        let now = *nature.lock().expect("nature");
        if (way == Way::Up && now.swallows_up) || (way == Way::Down && now.swallows_down) {
            continue;
        }
        if way == Way::Down && now.down_bytes_per_s > 0 {
            let takes = bytes.len() as f64 / f64::from(now.down_bytes_per_s);
            until(Instant::now() + Duration::from_secs_f64(takes));
        }
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// Waits: a line's delay is time itself.
fn until(due: Instant) {
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::park_timeout(left);
    }
}
