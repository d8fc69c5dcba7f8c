//! An MQTT 3.1.1 publisher on a plain socket that knows exactly which messages were acknowledged:
//! a client library would hide just what these tests are about.

use std::collections::BTreeMap;
use std::io::{BufWriter, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// What is shared between the sender and the reader of acknowledgements.
#[derive(Debug, Default)]
struct Flight {
    waiting: BTreeMap<u16, (u64, Instant)>,
    acknowledged: Vec<u64>,
    latencies: Vec<Duration>,
    received: Vec<(String, Vec<u8>)>,
    gone: bool,
}

/// A publisher.
#[derive(Debug)]
pub struct Publisher {
    out: BufWriter<TcpStream>,
    flight: Arc<(Mutex<Flight>, Condvar)>,
    next_id: u16,
    in_flight_max: usize,
}

fn text(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("short");
    out.extend(length.to_be_bytes());
    out.extend(text.as_bytes());
}

/// A control packet: its first byte and its remaining bytes.
pub fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut left = rest.len();
    loop {
        let digit = u8::try_from(left % 128).expect("below 128");
        left /= 128;
        out.push(if left > 0 { digit | 0x80 } else { digit });
        if left == 0 {
            break;
        }
    }
    out.extend(rest);
    out
}

/// A v3.1.1 CONNECT with user and password.
pub fn connect_packet(client: &str, user: &str, password: &str, clean: bool) -> Vec<u8> {
    let mut rest = Vec::new();
    text(&mut rest, "MQTT");
    rest.extend([4, 0xC0 | if clean { 2 } else { 0 }, 0, 30]);
    for part in [client, user, password] {
        text(&mut rest, part);
    }
    packet(0x10, &rest)
}

fn read_packet(socket: &mut impl Read) -> std::io::Result<(u8, Vec<u8>)> {
    let mut byte = [0u8; 1];
    socket.read_exact(&mut byte)?;
    let first = byte[0];
    let (mut length, mut shift) = (0usize, 0);
    loop {
        socket.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 0x7F) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut rest = vec![0; length];
    socket.read_exact(&mut rest)?;
    Ok((first, rest))
}

impl Publisher {
    /// Connects, or says why not.
    ///
    /// # Errors
    /// The socket's, or the broker's return code.
    pub fn connect(
        address: &str,
        user: &str,
        password: &str,
        in_flight_max: usize,
    ) -> std::io::Result<Self> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        let client = format!("{user}-{}", socket.local_addr()?.port());
        socket.write_all(&connect_packet(&client, user, password, true))?;
        let (first, rest) = read_packet(&mut socket)?;
        if first != 0x20 || rest.get(1) != Some(&0) {
            return Err(std::io::Error::other(format!("refused: {first:#x} {rest:?}")));
        }
        let flight = Arc::new((Mutex::new(Flight::default()), Condvar::new()));
        let reading = Arc::clone(&flight);
        let mut reader = std::io::BufReader::new(socket.try_clone()?);
        std::thread::spawn(move || {
            let (state, changed) = &*reading;
            while let Ok((first, rest)) = read_packet(&mut reader) {
                let mut state = state.lock().expect("flight");
                match (first >> 4, rest.as_slice()) {
                    (4, [high, low, ..]) => {
                        let id = u16::from_be_bytes([*high, *low]);
                        if let Some((number, sent)) = state.waiting.remove(&id) {
                            state.acknowledged.push(number);
                            state.latencies.push(sent.elapsed());
                        }
                    }
                    (3, [high, low, rest @ ..]) => {
                        let length = usize::from(u16::from_be_bytes([*high, *low]));
                        let topic = String::from_utf8_lossy(&rest[..length]).into_owned();
                        let body = if first & 6 == 0 { length } else { length + 2 };
                        state.received.push((topic, rest[body..].to_vec()));
                    }
                    _ => {}
                }
                changed.notify_all();
            }
            state.lock().expect("flight").gone = true;
            changed.notify_all();
        });
        Ok(Self { out: BufWriter::new(socket), flight, next_id: 0, in_flight_max })
    }

    /// Subscribes at QoS 0 (what comes is in [`Publisher::received`]).
    ///
    /// # Errors
    /// The socket's.
    pub fn subscribe(&mut self, filter: &str) -> std::io::Result<()> {
        let mut rest = vec![0xFF, 0xFE];
        text(&mut rest, filter);
        rest.push(0);
        self.out.write_all(&packet(0x82, &rest))?;
        self.out.flush()
    }

    /// Sends one message at QoS 1 under a number of the caller's; waits while the window is full.
    ///
    /// # Errors
    /// The socket's, or that the platform has gone.
    pub fn publish(&mut self, number: u64, topic: &str, body: &[u8]) -> std::io::Result<()> {
        let (state, changed) = &*self.flight;
        let mut held = state.lock().expect("flight");
        if held.waiting.len() >= self.in_flight_max {
            drop(held);
            self.out.flush()?;
            held = state.lock().expect("flight");
        }
        while held.waiting.len() >= self.in_flight_max && !held.gone {
            held = changed.wait_timeout(held, Duration::from_secs(30)).expect("flight").0;
        }
        if held.gone {
            return Err(std::io::Error::other("the platform has gone"));
        }
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        held.waiting.insert(self.next_id, (number, Instant::now()));
        drop(held);
        let mut rest = Vec::with_capacity(topic.len() + body.len() + 4);
        text(&mut rest, topic);
        rest.extend(self.next_id.to_be_bytes());
        rest.extend(body);
        self.out.write_all(&packet(0x32, &rest))
    }

    /// Sends what is still in the buffer.
    ///
    /// # Errors
    /// The socket's.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }

    /// Waits until everything sent is acknowledged, or the platform has gone, or the time is over.
    pub fn settle(&mut self, within: Duration) -> bool {
        let _ = self.out.flush();
        let end = Instant::now() + within;
        let (state, changed) = &*self.flight;
        let mut held = state.lock().expect("flight");
        while !held.waiting.is_empty() && !held.gone && Instant::now() < end {
            held = changed.wait_timeout(held, Duration::from_millis(100)).expect("flight").0;
        }
        held.waiting.is_empty()
    }

    /// The numbers acknowledged so far.
    pub fn acknowledged(&self) -> Vec<u64> {
        self.flight.0.lock().expect("flight").acknowledged.clone()
    }

    /// From sending to acknowledgement, of each.
    pub fn latencies(&self) -> Vec<Duration> {
        self.flight.0.lock().expect("flight").latencies.clone()
    }

    /// Messages received so far: topic, body.
    pub fn received(&self) -> Vec<(String, Vec<u8>)> {
        self.flight.0.lock().expect("flight").received.clone()
    }
}
