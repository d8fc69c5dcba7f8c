//! SL 651-2014: every frame and every item of it is accounted for, whatever a line does to them, and
//! nothing is answered that is not durable.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod gauges;
mod support;

use std::time::{Duration, Instant};

use domain::refusal::{Channel, Reason};
use gauges::{HOUR, MINUTE, Port, RIVER, WITHIN, begin, frame, packets, said, timed, value};
use ingest::admit::Source;
use ingest::judge::Why;
use ingest::sl651::body::Group;
use ingest::sl651::encode::encode;
use ingest::sl651::figures::Fate;
use ingest::sl651::frame::{End, Frame};
use ingest::sl651::gather::{
    ASKED_MAX, Gather, HELD_MAX_BYTES, Held, MESSAGE_WAIT, PACKET_WAIT, PACKETS_TAKEN_MAX, Step,
};
use ingest::sl651::session::{Ended, converse};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use support::{agency, until};
use tokio::io::AsyncWriteExt;

/// Numbers from a seed that is printed with a failure.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_is_accepted_and_duplicate_and_refused() {
    let seed = 20_260_611;
    let (port, mut dice) = (Port::open().await, Dice(seed));
    let mut station = port.station().await;
    let (mut frames, mut items, mut resent, mut broken, mut unknown) = (0, 0, 0, 0, 0);
    for serial in 1..=200u16 {
        let t = HOUR.plus_ms(-5 * MINUTE * i64::from(serial));
        let report = timed(serial, t, "10.490");
        let bytes = encode(&report).unwrap();
        frames += 1;
        match dice.below(10) {
            0 => {
                let mut damaged = bytes.clone();
                // Behind the header, so that it stands as a frame still.
                let at = 14 + dice.below(bytes.len() as u64 - 17) as usize;
                damaged[at] ^= 1 << dice.below(8);
                station.send(&damaged).await;
                (broken, items) = (broken + 1, items + 1);
            }
            1 => {
                let mut groups = begin("0055555555", b'H', t);
                groups.push(value("Z", 4, "1.000"));
                station.say(&frame("0055555555", 0x32, serial, t, groups)).await;
                (unknown, items) = (unknown + 1, items + 1);
            }
            2 | 3 => {
                station.say(&report).await;
                station.say(&report).await;
                (resent, frames, items) = (resent + 1, frames + 1, items + 6);
            }
            _ => {
                station.say(&report).await;
                items += 3;
            }
        }
    }
    // What was damaged last may have been sent, and not read yet.
    let fates = || port.fates().iter().map(|(_, count)| count).sum::<u64>();
    until("every frame is accounted for", || fates() == frames).await;
    assert_eq!(port.figures().frames(Fate::Duplicate), resent, "seed {seed}");
    assert_eq!(port.figures().frames(Fate::Refused), broken + unknown, "seed {seed}");
    let (accepted, duplicate, refused) = port.items();
    assert_eq!((duplicate, refused), (resent * 3, broken + unknown), "seed {seed}");
    assert_eq!(accepted + duplicate + refused, items, "seed {seed}");
    assert_eq!(port.observations().len() as u64, accepted);
    assert_eq!(port.refusals().len() as u64, refused);
    assert!(resent > 0 && broken > 0 && unknown > 0);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_journal_answers_nothing() {
    let options = journal::Options { max_pages: Some(40), ..journal::Options::live() };
    let port = Port::open_on("", None, options).await;
    let mut station = port.station().await;
    station.say(&timed(1, HOUR, "10.490")).await;
    let noise: Vec<u8> =
        (0..60_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let (who, why) = (agency("hydro"), Why { reason: Reason::Syntax, detail: "noise".into() });
    let source = Source { agency: &who, channel: Channel::Http, place: "test" };
    for _ in 0..60 {
        let _ = port.house.admission.refuse(source, why.clone(), &noise).durable().await;
    }
    // Small reports find room for a while yet: each answer is of something that is durable.
    for sent in 1..5_000u16 {
        let t = HOUR.plus_ms(-5 * MINUTE * i64::from(sent));
        let report = encode(&timed(sent + 1, t, "10.480")).unwrap();
        // The other side closes when it finds no more.
        if station.socket.write_all(&report).await.is_err() {
            break;
        }
    }
    until("the line is closed", || port.figures().connections.get() == 0).await;
    assert!(port.figures().frames(Fate::Unanswered) >= 1);
    let durable = port.figures().frames(Fate::Accepted);
    assert_eq!(port.observations().len() as u64, durable * 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_stream_of_bytes_may_carry_it_and_an_ordered_end_comes_after_the_answer() {
    let port = Port::open().await;
    let (mut station, centre) = tokio::io::duplex(64 * 1024);
    let data = tempfile::tempdir().unwrap();
    let intake =
        ingest::sl651::intake::Intake::open(port.house.admission.clone(), data.path(), None);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let talk =
        tokio::spawn(converse(centre, "duplex".into(), intake.unwrap().into(), None, stopped));
    station.write_all(&encode(&timed(1, HOUR, "10.490")).unwrap()).await.unwrap();
    until("it is taken", || port.observations().len() == 3).await;
    stop.send_replace(true);
    assert_eq!(tokio::time::timeout(WITHIN, talk).await.unwrap().unwrap(), Ended::Ending);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_bytes_at_all_leave_the_port_open() {
    let port = Port::open().await;
    let seed = 651;
    let config = Config { cases: 60, rng_seed: RngSeed::Fixed(seed), ..Config::default() };
    let mut runner = TestRunner::new(config);
    let bytes = proptest::collection::vec(proptest::num::u8::ANY, 0..3_000);
    let whole = encode(&timed(1, HOUR, "10.490")).unwrap();
    for _ in 0..60 {
        use proptest::strategy::{Strategy, ValueTree};
        let mut noise = bytes.new_tree(&mut runner).unwrap().current();
        noise.extend_from_slice(&whole[..noise.len() % whole.len()]);
        let mut line = port.station().await;
        // The other side may have closed already.
        let _ = line.socket.write_all(&noise).await;
        let _ = line.socket.shutdown().await;
    }
    let mut station = port.station().await;
    assert_eq!(said(&station.say(&timed(2, HOUR, "10.490")).await), (End::Eot, 2), "seed {seed}");
    assert_eq!(port.figures().broke_off.get(), 0, "seed {seed}");
    port.close().await;
}

fn picture(bytes: usize) -> Frame {
    let mut groups = begin(RIVER, b'H', HOUR);
    groups.push(Group::Picture(vec![7; bytes]));
    frame(RIVER, 0x36, 12, HOUR, groups)
}

fn take(gather: &mut Gather, packet: &Frame, now: Instant) -> Vec<Step> {
    let mut packet = packet.clone();
    let number = packet.packet.take().unwrap();
    gather.take(packet, number, now)
}

#[test]
fn a_packet_that_never_comes_is_asked_for_three_times_and_then_the_message_is_given_up() {
    let whole = picture(3_000);
    let (mut gather, mut now) = (Gather::new(Held::default()), Instant::now());
    let packets = packets(&whole, 1_000);
    assert_eq!(take(&mut gather, &packets[0], now), []);
    assert_eq!(take(&mut gather, &packets[2], now), []);
    assert_eq!(gather.overdue(now), []);
    for _ in 0..ASKED_MAX {
        now = gather.next_due().unwrap();
        let steps = gather.overdue(now);
        let Some(Step::Ask(asked)) = steps.first() else { panic!("{steps:?}") };
        assert_eq!((asked.packet.number, asked.serial), (2, Some(12)));
    }
    now += PACKET_WAIT;
    let steps = gather.overdue(now);
    let Some(Step::Lost(_, why, raw)) = steps.first() else { panic!("{steps:?}") };
    assert_eq!((why.reason, raw.len()), (Reason::Frame, 2_000));
    assert_eq!(gather.next_due(), None);
    // It comes again, whole, in any order.
    let mut steps = Vec::new();
    for at in [3, 1, 0, 2] {
        steps.extend(take(&mut gather, &packets[at], now));
    }
    let whole_again = steps.into_iter().find_map(|step| match step {
        Step::Whole(frame) => Some(frame),
        _ => None,
    });
    assert_eq!(whole_again, Some(whole));
}

#[test]
fn what_is_gathered_is_bounded_in_packets_bytes_and_time() {
    let held = Held::default();
    let now = Instant::now();
    let mut gathers: Vec<Gather> = Vec::new();
    let packet = |number| {
        let mut packet = picture(60_000);
        packet.packet = Some(ingest::sl651::frame::Packet { total: 60, number });
        packet
    };
    let mut lost = 0usize;
    for _ in 0..40 {
        let mut gather = Gather::new(held.clone());
        for number in 1..=40 {
            let steps = take(&mut gather, &packet(number), now);
            lost += steps.iter().filter(|s| matches!(s, Step::Lost(..))).count();
        }
        gathers.push(gather);
    }
    assert!(40 * 40 * 60_000 > HELD_MAX_BYTES && lost > 0);
    let late = gathers[0].overdue(now + MESSAGE_WAIT + Duration::from_secs(1));
    assert!(matches!(late.first(), Some(Step::Lost(..))), "{late:?}");
    drop(gathers);
    // Everything was given back.
    let mut gather = Gather::new(held);
    assert_eq!(take(&mut gather, &packet(1), now), []);
    let mut many = packet(1);
    many.packet = Some(ingest::sl651::frame::Packet { total: PACKETS_TAKEN_MAX + 1, number: 1 });
    let steps = take(&mut gather, &many, now);
    assert!(matches!(steps.last(), Some(Step::Lost(_, why, _)) if why.reason == Reason::TooLarge));
}
