//! Consoles that are slow, that ask, and that go while they are told: over real sockets.

use std::sync::Arc;
use std::time::Duration;

use contract::live::Change;
use domain::city::City;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::line::Socket;
use super::socket::{self, Ended};
use super::tellers;
use super::{Live, Pace};
use crate::board::Board;
use crate::gazetteer::Gazetteer;

const WITHIN: Duration = Duration::from_secs(30);

fn live() -> Arc<Live> {
    let city = City::read(&City::scaffold()).unwrap();
    let board = Board::new(Arc::new(Gazetteer::new(city, domain::time::UtcMs(1_781_118_000_000))));
    let live = Arc::new(Live::new(board, "e".into(), Pace { word: "live", speed: 1.0 }));
    for teller in 0..live.tellers() {
        tokio::spawn(tellers::tell(Arc::clone(&live), teller));
    }
    live
}

/// A console's end of a socket, and its task on ours.
async fn console(live: &Arc<Live>, stop: watch::Receiver<bool>) -> (TcpStream, JoinHandle<Ended>) {
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = TcpStream::connect(door.local_addr().unwrap()).await.unwrap();
    let (here, _) = door.accept().await.unwrap();
    let config = Some(socket::config());
    let ws = WebSocketStream::from_raw_socket(Socket::new(here), Role::Server, config).await;
    let hello = Some((Some("e".to_owned()), 0));
    let task = tokio::spawn(socket::run(ws, Arc::clone(live), hello, || true, stop));
    (there, task)
}

/// The next frame: its first byte, and what it carries.
async fn frame(socket: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0u8; 2];
    socket.read_exact(&mut head).await.unwrap();
    let length = match head[1] {
        126 => usize::from(socket.read_u16().await.unwrap()),
        127 => socket.read_u64().await.unwrap() as usize,
        short => usize::from(short),
    };
    let mut text = vec![0; length];
    socket.read_exact(&mut text).await.unwrap();
    (head[0], text)
}

fn push(live: &Live, bytes: usize) {
    live.change(|_| (vec![Change::AlertGone("x".repeat(bytes))], ()));
}

fn seq_of(text: &[u8]) -> u64 {
    let message: serde_json::Value = serde_json::from_slice(text).unwrap();
    assert_eq!(message["type"], "delta");
    message["seq"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_reads_late_has_everything_once_in_order_and_its_pongs_between() {
    const DELTAS: u64 = 900;
    const PINGS: usize = 5;
    let live = live();
    let (_stop, stopped) = watch::channel(false);
    let (mut there, task) = console(&live, stopped).await;
    assert!(String::from_utf8(frame(&mut there).await.1).unwrap().contains("\"resumed\""));
    // More than any socket's buffers: the teller hands the line over, and it is pinged meanwhile.
    for n in 0..DELTAS {
        push(&live, 20_000);
        if n % (DELTAS / PINGS as u64) == 0 {
            there.write_all(&[0x89, 0x81, 0, 0, 0, 0, b'p']).await.unwrap();
            tokio::task::yield_now().await;
        }
    }
    let (mut next, mut pongs) = (1, 0);
    let all = async {
        while next <= DELTAS || pongs < PINGS {
            match frame(&mut there).await {
                (0x8A, text) => {
                    assert_eq!(text, b"p");
                    pongs += 1;
                }
                (0x81, text) => {
                    assert_eq!(seq_of(&text), next);
                    next += 1;
                }
                (other, _) => panic!("a frame of kind {other:#x}"),
            }
        }
    };
    tokio::time::timeout(WITHIN, all).await.expect("everything comes");
    assert_eq!(live.consoles(), 1);
    drop(there);
    assert_eq!(tokio::time::timeout(WITHIN, task).await.unwrap().unwrap(), Ended::Gone);
    assert_eq!(live.consoles(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_takes_nothing_keeps_nobody_waiting() {
    let live = live();
    let (_stop, stopped) = watch::channel(false);
    let mut consoles = Vec::new();
    // Several for every teller, the first of each deaf.
    let deaf = live.tellers();
    for _ in 0..5 * deaf {
        consoles.push(console(&live, stopped.clone()).await.0);
    }
    for _ in 0..800 {
        push(&live, 20_000);
    }
    for hearing in &mut consoles[deaf..] {
        let all = async {
            frame(hearing).await;
            for n in 1..=800 {
                assert_eq!(seq_of(&frame(hearing).await.1), n);
            }
        };
        tokio::time::timeout(WITHIN, all).await.expect("who listens is told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_ends_and_says_so() {
    let live = live();
    let (stop, stopped) = watch::channel(false);
    let (mut there, task) = console(&live, stopped).await;
    frame(&mut there).await;
    push(&live, 10);
    assert_eq!(seq_of(&frame(&mut there).await.1), 1);
    stop.send_replace(true);
    let (kind, text) = tokio::time::timeout(WITHIN, frame(&mut there)).await.unwrap();
    assert_eq!((kind, text.get(..2)), (0x88, Some(&1012u16.to_be_bytes()[..])));
    drop(there);
    assert_eq!(tokio::time::timeout(WITHIN, task).await.unwrap().unwrap(), Ended::Restart);
}
