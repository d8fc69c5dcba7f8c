//! Frames and bodies of SL 651-2014: what is written is read back, what was damaged is refused, and
//! a stream of them is told apart wherever it was cut.

use domain::sl651::Address;
use domain::time::UtcMs;
use ingest::sl651::body::{self, Group, Message};
use ingest::sl651::decode::{decode, down_frame, frame};
use ingest::sl651::elements::{ELEMENTS, Element};
use ingest::sl651::encode::encode;
use ingest::sl651::frame::{Coding, Direction, End, Frame, FrameError, Packet};
use ingest::sl651::number::{Decimal, Number};
use ingest::sl651::scan::{Found, READ_MAX_BYTES, STRAY_MAX_BYTES, Scanner};
use ingest::sl651::write;
use proptest::prelude::*;

const FIRST_MS: i64 = 946_684_800_000;
const MINUTE_MS: i64 = 60_000;

fn coding() -> impl Strategy<Value = Coding> {
    prop_oneof![Just(Coding::Hex), Just(Coding::Ascii)]
}

fn up(coding: Coding, body: Vec<u8>, packet: Option<Packet>) -> Frame {
    let station = Address([0x00, 0x12, 0x34, 0x56, 0x78]);
    let end = if packet.is_some_and(|p| p.number < p.total) { End::Etb } else { End::Etx };
    let (direction, centre, password, function) = (Direction::Up, 9, 0x0A5F, 0x32);
    Frame { coding, direction, centre, station, password, function, packet, body, end }
}

fn frames() -> impl Strategy<Value = Frame> {
    let packet = prop_oneof![
        Just(None),
        (1u16..=0x0FFF, 1u16..=0x0FFF)
            .prop_map(|(a, b)| { Some(Packet { total: a.max(b), number: a.min(b) }) })
    ];
    let ends = 0usize..7;
    (coding(), any::<bool>(), any::<[u8; 5]>(), any::<(u8, u16, u8)>(), packet, ends).prop_flat_map(
        |(coding, is_up, station, (centre, password, function), packet, end)| {
            let direction = if is_up { Direction::Up } else { Direction::Down };
            let ups = [End::Etx, End::Etb];
            let downs = [End::Enq, End::Ack, End::Nak, End::Eot, End::Esc];
            let end = if is_up { ups[end % 2] } else { downs[end % 5] };
            proptest::collection::vec(any::<u8>(), 1..300).prop_map(move |body| Frame {
                coding,
                direction,
                centre,
                station: Address(station),
                password,
                function,
                packet,
                body,
                end,
            })
        },
    )
}

fn read(frame_of: &Frame, bytes: &[u8]) -> Result<Frame, FrameError> {
    match frame_of.direction {
        Direction::Up => frame(bytes),
        Direction::Down => down_frame(bytes),
    }
}

fn minute() -> impl Strategy<Value = UtcMs> {
    (0i64..52_000_000).prop_map(|m| UtcMs(FIRST_MS + m * MINUTE_MS))
}

fn number(bytes: u8, decimals: u8) -> impl Strategy<Value = Number> {
    let most = 10i64.pow(u32::from(bytes) * 2) - 1;
    let least = -(10i64.pow(u32::from(bytes - 1) * 2) - 1);
    prop_oneof![
        1 => Just(Number::Missing),
        4 => (least..=most).prop_map(move |digits| Number::Is(Decimal { digits, decimals })),
    ]
}

fn values(coding: Coding, many: bool) -> impl Strategy<Value = Group> {
    let leads: Vec<u8> = ELEMENTS.iter().map(|kind| kind.lead).collect();
    let element = prop_oneof![
        9 => proptest::sample::select(leads).prop_map(Element::of),
        1 => any::<u8>().prop_map(Element::own),
    ];
    let count = if many { 1..40usize } else { 1..2 };
    (element, 1u8..=7, 0u8..=3, count).prop_flat_map(move |(element, bytes, decimals, count)| {
        proptest::collection::vec(number(bytes, decimals), count).prop_map(move |values| {
            match coding {
                Coding::Hex => Group::Values { element, bytes, decimals, values },
                Coding::Ascii => Group::Values { element, bytes: 0, decimals: 0, values },
            }
        })
    })
}

fn groups(coding: Coding) -> impl Strategy<Value = Vec<Group>> {
    let any_of = |n| proptest::collection::vec(proptest::option::of(0u8..255), n);
    let group = prop_oneof![
        minute().prop_map(Group::Observed),
        (any::<[u8; 5]>(), proptest::sample::select(b"PHKZDTMGQIO".to_vec()))
            .prop_map(|(a, c)| { Group::Station { address: Address(a), class: Some(c) } }),
        values(coding, false),
        any_of(12).prop_map(Group::Rain),
        (1u8..=8, proptest::collection::vec(proptest::option::of(0u16..0xFFFF), 12))
            .prop_map(|(gauge, values)| Group::Levels { gauge, values }),
        any::<u32>().prop_map(Group::Status),
    ];
    let last = prop_oneof![
        4 => Just(vec![]),
        1 => (1i64..100, values(coding, true)).prop_map(|(n, v)| vec![Group::Step(n * MINUTE_MS), v]),
        1 => "[ -~]{0,200}".prop_map(|text| vec![Group::Manual(text.into_bytes())]),
        1 => proptest::collection::vec(any::<u8>(), 1..500).prop_map(|b| vec![Group::Picture(b)]),
    ];
    (proptest::collection::vec(group, 0..12), last).prop_map(|(groups, last)| {
        // In ASCII a class that is an element's symbol too needs something behind it.
        let mut all: Vec<Group> = Vec::new();
        for group in groups.into_iter().chain(last) {
            let after_station = matches!(all.last(), Some(Group::Station { .. }));
            if after_station && !matches!(group, Group::Observed(_)) {
                all.push(Group::Observed(UtcMs(FIRST_MS)));
            }
            all.push(group);
        }
        all
    })
}

fn messages() -> impl Strategy<Value = (Coding, Message)> {
    coding().prop_flat_map(|coding| {
        (any::<u16>(), minute(), 0i64..60, groups(coding)).prop_map(
            move |(serial, minute, second, groups)| {
                let sent = minute.plus_ms(second * 1000);
                (coding, Message { serial, sent, groups, fault: None })
            },
        )
    })
}

/// Feeds `bytes` in pieces that end at `cuts`, and gives everything that was found.
fn found(bytes: &[u8], cuts: &[usize]) -> Vec<Found> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let (mut scanner, mut all, mut from) = (Scanner::default(), Vec::new(), 0);
    for end in ends {
        for piece in bytes[from..end].chunks(READ_MAX_BYTES) {
            scanner.feed(piece);
            while let Some(next) = scanner.next_found() {
                all.push(next);
            }
        }
        from = end;
    }
    while let Some(next) = scanner.give_up() {
        all.push(next);
        while let Some(next) = scanner.next_found() {
            all.push(next);
        }
    }
    assert!(scanner.is_empty());
    all
}

fn raw(found: &Found) -> &[u8] {
    match found {
        Found::Frame { raw, .. } | Found::Broken { raw, .. } | Found::Stray(raw) => raw,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_frame_that_is_written_is_read_back(of in frames()) {
        let bytes = encode(&of).unwrap();
        prop_assert_eq!(read(&of, &bytes), Ok(of));
    }

    #[test]
    fn a_message_that_is_written_is_read_back((coding, message) in messages()) {
        let body = write::body(coding, &message).unwrap();
        prop_assert_eq!(body::decode(coding, 0x32, &body), Ok(message));
    }

    #[test]
    fn a_frame_that_lost_its_end_is_refused(of in frames(), at in any::<proptest::sample::Index>()) {
        let bytes = encode(&of).unwrap();
        let cut = at.index(bytes.len());
        prop_assert!(read(&of, &bytes[..cut]).is_err());
    }

    #[test]
    fn a_flipped_bit_of_any_frame_is_refused(of in frames(), at in any::<proptest::sample::Index>()) {
        let mut bytes = encode(&of).unwrap();
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(read(&of, &bytes).is_err(), "bit {}", bit);
        prop_assert!(of.direction == Direction::Down || decode(&bytes).iter().all(|(f, _)| *f != of));
    }

    #[test]
    fn a_flipped_bit_of_any_report_brings_nothing(
        (coding, message) in messages(), function in 0x2Fu8..=0x3A, at in any::<proptest::sample::Index>()
    ) {
        let of = Frame { function, ..up(coding, write::body(coding, &message).unwrap(), None) };
        let Ok(mut bytes) = encode(&of) else { return Ok(()) };
        prop_assert_eq!(read(&of, &bytes), Ok(of.clone()));
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(read(&of, &bytes).is_err(), "bit {}", bit);
    }

    #[test]
    fn any_bytes_get_an_answer(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        decode(&bytes);
        let _ = frame(&bytes);
        let _ = down_frame(&bytes);
        for coding in [Coding::Hex, Coding::Ascii] {
            for function in [0x2F, 0x31, 0x32, 0x36, 0x45] {
                let _ = body::decode(coding, function, &bytes);
            }
        }
        let all: Vec<u8> = found(&bytes, &cuts).iter().flat_map(|f| raw(f).to_vec()).collect();
        prop_assert_eq!(all, bytes, "every byte is told once, in order");
    }

    #[test]
    fn bytes_that_look_like_frames_get_an_answer(
        pieces in proptest::collection::vec((frames(), any::<u16>(), any::<u8>()), 1..6),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let mut bytes = Vec::new();
        for (of, at, change) in pieces {
            let mut written = encode(&of).unwrap();
            let at = usize::from(at) % written.len();
            written[at] ^= change;
            bytes.extend(written);
        }
        let all: Vec<u8> = found(&bytes, &cuts).iter().flat_map(|f| raw(f).to_vec()).collect();
        prop_assert_eq!(all, bytes);
    }

    #[test]
    fn frames_are_told_apart_wherever_the_stream_is_cut(
        bodies in proptest::collection::vec(
            (coding(), proptest::collection::vec(any::<u8>(), 1..80)), 1..8),
        cuts in proptest::collection::vec(any::<usize>(), 0..20),
    ) {
        let sent: Vec<Frame> = bodies.into_iter().map(|(c, b)| up(c, b, None)).collect();
        let bytes: Vec<u8> = sent.iter().flat_map(|f| encode(f).unwrap()).collect();
        let frames: Vec<Frame> = found(&bytes, &cuts).into_iter().map(|f| match f {
            Found::Frame { frame, .. } => frame,
            other => panic!("{other:?}"),
        }).collect();
        prop_assert_eq!(frames, sent);
    }

    #[test]
    fn what_lies_between_frames_takes_none_of_them(
        noise in proptest::collection::vec(
            proptest::collection::vec(2u8..0x7E, 0..40), 1..6),
        cuts in proptest::collection::vec(any::<usize>(), 0..10),
    ) {
        let mut bytes = Vec::new();
        for stray in &noise {
            bytes.extend_from_slice(stray);
            bytes.extend(encode(&up(Coding::Hex, b"\x02\x16\x03body".to_vec(), None)).unwrap());
        }
        let all = found(&bytes, &cuts);
        let whole = all.iter().filter(|f| matches!(f, Found::Frame { .. })).count();
        prop_assert_eq!(whole, noise.len());
        let stray: Vec<u8> = all.iter().filter_map(|f| match f {
            Found::Stray(bytes) => Some(bytes.clone()),
            _ => None,
        }).flatten().collect();
        prop_assert_eq!(stray, noise.concat());
    }
}

#[test]
fn every_single_flipped_bit_is_refused() {
    let (one, of_three) = (None, Some(Packet { total: 3, number: 2 }));
    for coding in [Coding::Hex, Coding::Ascii] {
        for packet in [one, of_three] {
            for direction in [Direction::Up, Direction::Down] {
                let body = b"\x00\x20\x17\x07 Z 10.490 ".to_vec();
                let end = if direction == Direction::Up { End::Etx } else { End::Esc };
                let of = Frame { direction, end, ..up(coding, body, packet) };
                let bytes = encode(&of).unwrap();
                assert_eq!(read(&of, &bytes), Ok(of.clone()));
                for bit in 0..bytes.len() * 8 {
                    let mut flipped = bytes.clone();
                    flipped[bit / 8] ^= 1 << (bit % 8);
                    assert!(read(&of, &flipped).is_err(), "{coding:?} {packet:?} bit {bit}");
                    if direction == Direction::Up {
                        assert!(decode(&flipped).is_empty(), "{coding:?} {packet:?} bit {bit}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_frame_cut_off_holds_the_next_back_no_longer_than_it_takes_to_come() {
    let whole = encode(&up(Coding::Hex, vec![7; 60], None)).unwrap();
    let next = up(Coding::Hex, vec![8; 20], None);
    let mut scanner = Scanner::default();
    scanner.feed(&whole[..30]);
    assert_eq!(scanner.next_found(), None);
    scanner.feed(&encode(&next).unwrap()[..10]);
    assert_eq!(scanner.next_found(), None);
    scanner.feed(&encode(&next).unwrap()[10..]);
    assert_eq!(scanner.next_found(), Some(Found::Stray(whole[..30].to_vec())));
    assert!(matches!(scanner.next_found(), Some(Found::Frame { frame, .. }) if frame == next));
}

#[test]
fn a_damaged_length_costs_no_other_frame() {
    let (one, next) = (up(Coding::Hex, vec![7; 60], None), up(Coding::Hex, vec![8; 20], None));
    for length in [1u8, 59, 61, 200] {
        let mut bytes = encode(&one).unwrap();
        bytes[12] = length;
        bytes.extend(encode(&next).unwrap());
        let whole: Vec<Frame> = decode(&bytes).into_iter().map(|(frame, _)| frame).collect();
        assert_eq!(whole, std::slice::from_ref(&next), "length {length}");
    }
}

#[test]
fn a_flood_of_no_frames_is_told_in_bounded_pieces() {
    let flood = vec![0x20u8; 100_000];
    for stray in found(&flood, &[]) {
        assert!(raw(&stray).len() <= STRAY_MAX_BYTES + READ_MAX_BYTES);
    }
    // Beginnings without end are not kept for ever either.
    let begun = [0x7E, 0x7E, 1, 0, 0, 0, 0, 0, 0, 0, 0x32, 0x0F, 0xFF, 0x02].repeat(20_000);
    let mut scanner = Scanner::default();
    let mut told = 0;
    for piece in begun.chunks(READ_MAX_BYTES) {
        scanner.feed(piece);
        while let Some(next) = scanner.next_found() {
            told += raw(&next).len();
        }
    }
    assert!(told > begun.len() - 20_000, "{told}");
}

/// Frames that another program wrote, from the tables of the standard alone, read byte by byte:
/// centre 05, station 0011223344, password 03E8, function, length, STX, serial 0001, sending time
/// 2026-06-11 03:05:08 北京时间, F1F1 station class, F0F0 time, elements, ETX, check.
#[test]
fn frames_of_another_hand_are_read() {
    let bytes = |digits: &str| -> Vec<u8> {
        let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        (0..digits.len()).step_by(2).map(pair).collect()
    };
    let read = |bytes: &[u8]| {
        let frame = frame(bytes).unwrap();
        assert_eq!((frame.station.to_string().as_str(), frame.centre), ("0011223344", 5));
        body::decode(frame.coding, frame.function, &frame.body).unwrap()
    };
    let t = UtcMs::parse("2026-06-11T03:05:00+08:00").unwrap();
    let is = |digits, decimals| Number::Is(Decimal { digits, decimals });

    // 31H: 04 18 000100 is a step of an hour, 20 19 PJ of three bytes and one decimal, the second
    // value all F.
    let series = read(&bytes(
        "7E7E05001122334403E8310027020001260611030508F1F1001122334450F0F026061103050418000100\
         2019000130FFFFFF000131033589",
    ));
    assert_eq!((series.serial, series.sent), (1, t.plus_ms(8_000)));
    let values = vec![is(130, 1), Number::Missing, is(131, 1)];
    let element = Element::named("PJ").unwrap();
    let step = Group::Step(60 * MINUTE_MS);
    assert_eq!(
        series.groups[1..],
        [Group::Observed(t), step, Group::Values { element, bytes: 3, decimals: 1, values }]
    );

    // 39 23: Z of four bytes and three decimals; FF before it is the minus of -0.550 m.
    let below = read(&bytes(
        "7E7E05001122334403E832001D020001260611030508F1F1001122334448F0F02606110305\
         3923FF000550036A29",
    ));
    let element = Element::named("Z").unwrap();
    let values = vec![is(-550, 3)];
    assert_eq!(below.groups[2], Group::Values { element, bytes: 4, decimals: 3, values });

    // ASCII: twelve rains of two digits, FF is none; twelve levels of four, FFFF is none.
    let hour = read(
        b"\x0105001122334403E8340097\x020001260611030508ST 0011223344 H TT 2606110205 \
          DRP 000102FEFF000000000000FF DRZ1 01020102010201020102010201020102010201020102FFFF \
          TT 2606110300 Z 10.49 \x03D335",
    );
    let Group::Rain(rain) = &hour.groups[2] else { panic!("{hour:?}") };
    assert_eq!(rain[..5], [Some(0), Some(1), Some(2), Some(254), None]);
    let Group::Levels { gauge: 1, values } = &hour.groups[3] else { panic!("{hour:?}") };
    assert_eq!((values.len(), values[0], values[11]), (12, Some(0x0102), None));
    assert_eq!(hour.fault, None);

    // An answer: station before centre, high digit 8, EOT.
    let down = down_frame(&bytes("7E7E00112233440503E832800802000126061103050804CCB7")).unwrap();
    assert_eq!((down.end, down.station.to_string().as_str()), (End::Eot, "0011223344"));
}
