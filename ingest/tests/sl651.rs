//! SL 651-2014 over real sockets: what stations send is durable before it is answered, every frame
//! is accounted for, and one bad line harms no other.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod gauges;
mod support;

use std::sync::Arc;

use domain::city::City;
use domain::refusal::{Channel, Reason};
use gauges::{
    HOUR, LAKE, MINUTE, Port, RAIN, RIVER, SLOW, begin, frame, frame_in, missing, packets, said,
    timed, value,
};
use ingest::register::Register;
use ingest::sl651::body::Group;
use ingest::sl651::elements::Element;
use ingest::sl651::encode::encode;
use ingest::sl651::figures::Fate;
use ingest::sl651::frame::{Coding, End, Frame, Packet};
use ingest::sl651::number::{Decimal, Number};
use ingest::sl651::session::BROKEN_MAX;
use ingest::sl651::{attachments, trial};
use support::until;
use tokio::io::AsyncWriteExt;

fn of(seen: &[(String, i64, f64)], name: &str) -> Vec<(i64, f64)> {
    seen.iter().filter(|(n, ..)| n == name).map(|(_, t, v)| ((t - HOUR.0) / MINUTE, *v)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_durable_before_it_is_answered_and_a_resend_is_answered_again() {
    let port = Port::open().await;
    let mut station = port.station().await;
    let report = timed(52, HOUR, "10.490");
    let answer = station.say(&report).await;
    assert_eq!(said(&answer), (End::Eot, 52));
    assert_eq!((answer.centre, answer.password, answer.function), (5, 0x03E8, 0x32));
    assert_eq!(answer.station, report.station);
    let seen = port.observations();
    assert_eq!(of(&seen, "T-1:rainfall"), [(0, 0.5)]);
    assert_eq!(of(&seen, "T-1:water_level"), [(0, 10.49)]);
    assert_eq!(of(&seen, "T-1:battery"), [(0, 12.1)]);
    // The answer was lost on the way: the station sends the same again, by another connection.
    let mut again = port.station().await;
    assert_eq!(said(&again.say(&report).await), (End::Eot, 52));
    assert_eq!(port.observations().len(), 3);
    assert_eq!(port.fates(), [(Fate::Accepted, 1), (Fate::Duplicate, 1)]);
    assert_eq!(port.items(), (3, 3, 0));
    // A station that does not count: another content under the same number is no resend.
    assert_eq!(said(&station.say(&timed(52, HOUR, "10.520")).await), (End::Eot, 52));
    assert_eq!(of(&port.observations(), "T-1:water_level"), [(0, 10.49), (0, 10.52)]);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hours_series_are_unrolled_to_the_ends_of_their_intervals() {
    let port = Port::open().await;
    let mut station = port.station().await;
    let first = HOUR.plus_ms(-55 * MINUTE);
    let rain = [5, 0, 0, 0, 20, 255, 255, 255, 255, 255, 0, 1].map(|v| (v != 255).then_some(v));
    let levels = [12, 12, 28, 49, 49, 0, 0, 0, 0, 0, 49, 49u16].map(|cm| (cm > 0).then_some(cm));
    let mut groups = begin(RIVER, b'H', first);
    groups.push(Group::Rain(rain.to_vec()));
    groups.push(Group::Observed(HOUR));
    groups.push(value("PT", 3, "4.0"));
    groups.push(Group::Observed(first));
    groups.push(Group::Levels { gauge: 1, values: levels.to_vec() });
    groups.push(Group::Observed(HOUR));
    groups.push(value("Z", 4, "10.493"));
    groups.push(value("PJ", 3, "4.0"));
    let hourly = frame(RIVER, 0x34, 51, HOUR.plus_ms(14_000), groups);
    assert_eq!(said(&station.say(&hourly).await), (End::Eot, 51));
    let seen = port.observations();
    let rain = [(-55, 0.5), (-50, 0.0), (-45, 0.0), (-40, 0.0), (-35, 2.0), (-5, 0.0), (0, 0.1)];
    assert_eq!(of(&seen, "T-1:rainfall"), rain);
    // The level that the frame gives for 03:00 gives the base; its own stands, to the millimetre.
    let mut levels = of(&seen, "T-1:water_level");
    levels.sort_by_key(|(minute, _)| *minute);
    let told = [
        (-55, 10.12),
        (-50, 10.12),
        (-45, 10.28),
        (-40, 10.49),
        (-35, 10.49),
        (-5, 10.49),
        (0, 10.493),
    ];
    assert_eq!(levels, told);
    assert_eq!(port.figures().missing.get(), 10);
    // PT, PJ, and the relative level of an instant whose level is given.
    assert_eq!(port.figures().unmapped.get(), 3);
    // The timed report of the same instant brings nothing twice.
    let mut groups = begin(RIVER, b'H', HOUR);
    groups.extend([value("Z", 4, "10.493"), value("PN05", 3, "0.1")]);
    station.say(&frame(RIVER, 0x32, 53, HOUR.plus_ms(16_000), groups)).await;
    assert_eq!(port.observations().len(), seen.len());
    assert_eq!(port.items(), (14, 2, 0));
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_reports_of_one_minute_the_later_sent_holds_in_whatever_order_they_come() {
    let level = |serial, after_ms, level| {
        let mut groups = begin(RIVER, b'H', HOUR);
        groups.push(value("Z", 4, level));
        frame(RIVER, 0x33, serial, HOUR.plus_ms(after_ms), groups)
    };
    let holds = |port: &Port| {
        let seen = port.records_of("T-1:water_level");
        seen.into_iter().max_by_key(|o| (o.result_time, o.content_crc())).unwrap().value
    };
    for (first, second) in [("10.100", "10.200"), ("10.200", "10.100"), ("9.000", "11.000")] {
        for is_late in [false, true] {
            let port = Port::open().await;
            let mut station = port.station().await;
            let mut reports = [level(1, 5_000, first), level(2, 20_000, second)];
            if is_late {
                reports.reverse();
            }
            for report in &reports {
                station.say(report).await;
            }
            let said: f64 = second.parse().unwrap();
            assert_eq!(holds(&port), said, "{first} then {second}, late {is_late}");
            // The hourly report says the value that stands again; nothing new comes of it.
            station.say(&level(3, 60_000, second)).await;
            assert_eq!((port.items(), holds(&port)), ((2, 1, 0), said));
            port.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_at_the_end_of_the_hour_and_a_registered_base_are_understood() {
    let port = Port::open().await;
    let mut station = port.station().await;
    let mut groups = begin(LAKE, b'K', HOUR);
    groups.push(Group::Levels { gauge: 1, values: (1..=12).map(Some).collect() });
    groups.push(value("Z", 4, "9.000"));
    groups.push(value("ZU", 4, "12.700"));
    groups.push(missing("Q", 5));
    let hourly = frame(LAKE, 0x34, 1, HOUR.plus_ms(14_000), groups);
    station.say(&hourly).await;
    let mut levels = of(&port.observations(), "T-4:water_level");
    levels.sort_by_key(|(minute, _)| *minute);
    // Of a reservoir the level above its works is taken before others.
    let mut told: Vec<(i64, f64)> =
        (0..11).map(|n| (n * 5 - 55, (12_510 + n * 10) as f64 / 1000.0)).collect();
    told.push((0, 12.7));
    assert_eq!(levels, told);
    assert_eq!(port.figures().missing.get(), 1);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_uniform_series_in_text_has_its_steps_and_rain_its_intervals() {
    let port = Port::open().await;
    let mut station = port.station().await;
    let temperature = |digits| Number::Is(Decimal { digits, decimals: 1 });
    let mut groups = begin(RAIN, b'P', HOUR.plus_ms(-60 * MINUTE));
    groups.push(Group::Step(30 * MINUTE));
    groups.push(Group::Values {
        element: Element::named("AI").unwrap(),
        bytes: 0,
        decimals: 0,
        values: vec![temperature(251), Number::Missing, temperature(-15)],
    });
    let series = frame_in(Coding::Ascii, RAIN, 0x31, 9, HOUR, groups);
    assert_eq!(said(&station.say(&series).await), (End::Eot, 9));
    let mut groups = begin(RAIN, b'P', HOUR);
    groups.push(value("P1", 3, "7.5"));
    groups.push(value("PN05", 3, "0.5"));
    groups.push(value("UC", 1, "5"));
    groups.push(value("M10", 2, "30.1"));
    groups.push(value("M20", 2, "41.5"));
    station.say(&frame(RAIN, 0x32, 10, HOUR, groups)).await;
    // Seven minutes later the rain of the last hour overlaps the one that was told.
    let odd = HOUR.plus_ms(-7 * MINUTE);
    let mut groups = begin(RAIN, b'P', odd);
    groups.extend([value("P1", 3, "6.0"), value("UC", 1, "17")]);
    station.say(&frame(RAIN, 0x33, 11, HOUR, groups)).await;
    let seen = port.observations();
    assert_eq!(of(&seen, "T-2:air_temperature"), [(-60, 25.1), (0, -1.5)]);
    assert_eq!(of(&seen, "T-2:rainfall"), [(0, 7.5)]);
    assert_eq!(of(&seen, "T-2:wind_direction"), [(0, 90.0)]);
    assert_eq!(of(&seen, "T-2:soil_moisture"), [(0, 41.5)]);
    let refused = port.refusals();
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].reason, refused[0].agency.as_str()), (Reason::FieldForm, "weather"));
    assert_eq!(port.figures().unmapped.get(), 3);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_frame_gets_silence_and_is_kept_and_the_next_is_taken() {
    let port = Port::open().await;
    let mut station = port.station().await;
    let mut damaged = encode(&timed(1, HOUR, "10.490")).unwrap();
    damaged[40] ^= 0x10;
    station.send(&damaged).await;
    station.send(b"some noise on the line").await;
    // The first answer there is belongs to the frame after it.
    assert_eq!(said(&station.say(&timed(2, HOUR, "10.500")).await), (End::Eot, 2));
    let refused = port.refusals();
    assert_eq!(refused.len(), 2);
    assert_eq!((refused[0].reason, &refused[0].raw), (Reason::Checksum, &damaged));
    assert_eq!(
        (refused[1].reason, &refused[1].raw[..]),
        (Reason::Frame, &b"some noise on the line"[..])
    );
    assert!(refused.iter().all(|r| r.channel == Channel::Sl651 && r.agency.as_str() == "hydro"));
    assert_eq!(port.fates(), [(Fate::Accepted, 1), (Fate::Refused, 2)]);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_station_is_refused_with_its_address_and_answered() {
    let port = Port::open_with("\n[sl651]\nagency = \"weather\"\n", None).await;
    let mut station = port.station().await;
    let mut groups = begin("0099887766", b'H', HOUR);
    groups.push(value("Z", 4, "1.000"));
    let report = frame("0099887766", 0x32, 3, HOUR, groups);
    assert_eq!(said(&station.say(&report).await), (End::Eot, 3));
    let refused = port.refusals();
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (refused[0].reason, refused[0].agency.as_str()),
        (Reason::UnknownStation, "weather")
    );
    assert!(refused[0].detail.contains("0099887766"), "{}", refused[0].detail);
    assert_eq!(refused[0].source, "sl651/0099887766");
    assert_eq!(refused[0].raw, encode(&report).unwrap());
    assert!(port.observations().is_empty());
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_taken_when_its_station_is_registered_and_it_is_sent_again() {
    let section = "\n[sl651]\nagency = \"hydro\"\n";
    let port = Port::open_with(section, None).await;
    let register = |city: City| Arc::new(Register::of(&city, &city.registry(&[])));
    let mut without = support::files();
    let text = String::from_utf8(without["city.toml"].clone()).unwrap() + section;
    without.insert("city.toml".into(), text.into_bytes());
    port.house.admission.configure(register(City::read(&without).unwrap()));
    let report = timed(7, HOUR, "10.490");
    for _ in 0..2 {
        let mut station = port.station().await;
        assert_eq!(said(&station.say(&report).await), (End::Eot, 7));
    }
    let told = vec![(Fate::Duplicate, 1), (Fate::Refused, 1)];
    assert_eq!((port.fates(), port.observations().len()), (told, 0));
    port.house.admission.configure(register(gauges::city(section)));
    for _ in 0..2 {
        let mut station = port.station().await;
        assert_eq!(said(&station.say(&report).await), (End::Eot, 7));
    }
    assert_eq!(of(&port.observations(), "T-1:water_level"), [(0, 10.49)]);
    let told = [(Fate::Refused, 1), (Fate::Accepted, 1), (Fate::Duplicate, 2)];
    assert!(told.iter().all(|one| port.fates().contains(one)), "{:?}", port.fates());
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_without_a_clock_is_refused_and_answered_and_one_ahead_is_kept_aside() {
    let port = Port::open().await;
    let mut station = port.station().await;
    let mut lost = timed(7, HOUR, "1.000");
    lost.body[2..8].fill(0);
    assert_eq!(said(&station.say(&lost).await), (End::Eot, 7));
    assert_eq!(
        said(&station.say(&timed(8, HOUR.plus_ms(365 * 24 * 60 * MINUTE), "1.000")).await),
        (End::Eot, 8)
    );
    let reasons: Vec<Reason> = port.refusals().iter().map(|r| r.reason).collect();
    assert_eq!(
        reasons,
        [Reason::Time, Reason::FutureDated, Reason::FutureDated, Reason::FutureDated]
    );
    // The time of an observation that is none is the clock's fault too, and not the line's.
    let mut unset = timed(9, HOUR, "1.000");
    unset.body[18..23].fill(0xff);
    assert_eq!(said(&station.say(&unset).await), (End::Eot, 9));
    assert_eq!(port.refusals().last().map(|r| r.reason), Some(Reason::Time));
    assert_eq!(port.fates(), [(Fate::Refused, 3)]);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_and_signs_of_life_leave_the_record_as_it_is() {
    let port = Port::open().await;
    let mut station = port.station().await;
    let alive = frame(RIVER, 0x2F, 4, HOUR, vec![]);
    station.send(&encode(&alive).unwrap()).await;
    let test = Frame { function: 0x30, ..timed(5, HOUR, "99.000") };
    // Nothing is said to a sign of life: the first answer is the test's.
    for _ in 0..2 {
        assert_eq!(said(&station.say(&test).await), (End::Eot, 5));
    }
    assert!(port.observations().is_empty() && port.refusals().is_empty());
    let tests = trial::newest(port.data()).unwrap();
    assert_eq!(tests.len(), 1);
    assert_eq!((tests[0].station.as_deref(), tests[0].serial), (Some("T-1"), 5));
    assert!(tests[0].readings.contains(&"water_level 99 m at 2026-06-11T03:00:00+08:00".into()));
    assert_eq!(port.fates(), [(Fate::Duplicate, 1), (Fate::Test, 1), (Fate::KeepAlive, 1)]);
    assert_eq!(port.items(), (0, 0, 0));
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_in_packets_is_put_together_and_a_damaged_one_asked_for() {
    let port = Port::open().await;
    let mut station = port.station().await;
    let jpeg: Vec<u8> =
        [0xFF, 0xD8, 0xFF, 0xE0].into_iter().chain((0..9_000u32).map(|n| (n * 7) as u8)).collect();
    let mut groups = begin(RIVER, b'H', HOUR);
    groups.push(Group::Picture(jpeg.clone()));
    let whole = frame(RIVER, 0x36, 77, HOUR, groups);
    let packets = packets(&whole, 2_000);
    assert_eq!(packets.len(), 5);
    station.send(&encode(&packets[0]).unwrap()).await;
    let mut damaged = encode(&packets[1]).unwrap();
    damaged[100] ^= 1;
    station.send(&damaged).await;
    let nak = station.answer().await;
    assert_eq!((nak.end, nak.packet), (End::Nak, Some(Packet { total: 5, number: 2 })));
    assert_eq!(said(&nak), (End::Nak, 77));
    // The fourth is lost without a trace; with the last one it is seen to be missing.
    for at in [1, 2, 4] {
        station.send(&encode(&packets[at]).unwrap()).await;
    }
    let nak = station.answer().await;
    assert_eq!((nak.end, nak.packet), (End::Nak, Some(Packet { total: 5, number: 4 })));
    assert_eq!(said(&station.say(&packets[3]).await), (End::Eot, 77));
    let kept = port.attachments();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].station.as_str(), kept[0].t, kept[0].bytes),
        ("T-1", HOUR, jpeg.len() as u64)
    );
    assert_eq!(kept[0].media_type, "image/jpeg");
    let read = attachments::read(port.data(), &kept[0].sha256).unwrap();
    assert_eq!(read, Some((jpeg, "image/jpeg")));
    // The answer was lost: everything again, and nothing twice.
    for packet in &packets {
        station.send(&encode(packet).unwrap()).await;
    }
    assert_eq!(said(&station.answer().await), (End::Eot, 77));
    assert_eq!(port.attachments().len(), 1);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_entered_by_a_person_is_kept_as_it_is() {
    let port = Port::open().await;
    let mut station = port.station().await;
    let mut groups = begin(RIVER, b'H', HOUR);
    groups.push(Group::Manual("P 0811 1 72.5 堤段渗水".into()));
    station.say(&frame(RIVER, 0x35, 6, HOUR, groups)).await;
    let kept = port.attachments();
    assert_eq!(kept[0].media_type, "text/plain; charset=utf-8");
    let read = attachments::read(port.data(), &kept[0].sha256).unwrap().unwrap();
    assert_eq!(read.0, "P 0811 1 72.5 堤段渗水".as_bytes());
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_cut_amid_a_frame_loses_nothing_else() {
    let port = Port::open().await;
    let (mut cut, mut other) = (port.station().await, port.station().await);
    let whole = encode(&timed(2, HOUR, "10.500")).unwrap();
    cut.say(&timed(1, HOUR, "10.490")).await;
    cut.send(&whole[..30]).await;
    cut.socket.shutdown().await.unwrap();
    assert!(cut.is_closed().await);
    assert_eq!(
        said(&other.say(&timed(3, HOUR.plus_ms(-5 * MINUTE), "10.480")).await),
        (End::Eot, 3)
    );
    until("the piece is kept", || !port.refusals().is_empty()).await;
    let refused = port.refusals();
    assert_eq!((refused[0].reason, &refused[0].raw[..]), (Reason::Frame, &whole[..30]));
    // It comes back with what it has not been told to be there.
    let mut back = port.station().await;
    assert_eq!(said(&back.say(&timed(2, HOUR, "10.500")).await), (End::Eot, 2));
    // Packets whose rest never came.
    let mut groups = begin(RIVER, b'H', HOUR);
    groups.push(Group::Picture(vec![1; 3_000]));
    let some = packets(&frame(RIVER, 0x36, 9, HOUR, groups), 1_000);
    back.send(&encode(&some[0]).unwrap()).await;
    back.socket.shutdown().await.unwrap();
    until("they are given up", || port.refusals().len() == 2).await;
    assert!(port.refusals()[1].detail.contains("packets 2, 3, 4 of 4"), "{:?}", port.refusals());
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stations_are_told_what_the_city_says() {
    let stay = Port::open_with("\n[sl651]\nanswer = \"stay\"\n", None).await;
    let mut station = stay.station().await;
    let mut more = timed(1, HOUR, "10.490");
    more.end = End::Etb;
    assert_eq!(said(&station.say(&more).await), (End::Ack, 1));
    assert_eq!(said(&station.say(&timed(2, HOUR, "10.490")).await), (End::Esc, 2));
    stay.close().await;
    let nothing = Port::open_with("\n[sl651]\nanswer = \"nothing\"\n", None).await;
    let mut station = nothing.station().await;
    station.send(&encode(&timed(1, HOUR, "10.490")).unwrap()).await;
    station.socket.shutdown().await.unwrap();
    assert!(station.is_closed().await);
    assert_eq!(nothing.observations().len(), 3);
    nothing.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_speaks_for_several_stations_in_any_pieces() {
    let port = Port::open().await;
    let mut relay = port.station().await;
    let mut groups = begin(RAIN, b'P', HOUR);
    groups.push(value("P1", 3, "7.5"));
    let rain = frame(RAIN, 0x32, 40, HOUR, groups);
    let both: Vec<u8> =
        [timed(41, HOUR, "10.490"), rain].iter().flat_map(|f| encode(f).unwrap()).collect();
    relay.send(&both).await;
    assert_eq!(said(&relay.answer().await), (End::Eot, 41));
    let second = relay.answer().await;
    assert_eq!((second.station, said(&second)), (RAIN.parse().unwrap(), (End::Eot, 40)));
    for byte in encode(&timed(42, HOUR.plus_ms(-5 * MINUTE), "10.480")).unwrap() {
        relay.send(&[byte]).await;
    }
    assert_eq!(said(&relay.answer().await), (End::Eot, 42));
    // One frame may speak of another station too.
    let mut groups = begin(RAIN, b'P', HOUR.plus_ms(-60 * MINUTE));
    groups.push(value("P1", 3, "1.5"));
    groups.extend(begin(RIVER, b'H', HOUR.plus_ms(-10 * MINUTE)));
    groups.push(value("Z", 4, "10.470"));
    relay.say(&frame(RAIN, 0x32, 43, HOUR, groups)).await;
    let refused: Vec<_> = port.refusals().into_iter().map(|r| (r.reason, r.detail)).collect();
    // The frame is its sender's agency's, and the level another agency's station's.
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].0, Reason::ForeignStation);
    assert_eq!(of(&port.observations(), "T-2:rainfall"), [(0, 7.5), (-60, 1.5)]);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_function_are_refused() {
    let port = Port::open_with("", Some(0x1234)).await;
    let mut station = port.station().await;
    station.send(&encode(&timed(1, HOUR, "10.490")).unwrap()).await;
    let mut known = timed(2, HOUR, "10.490");
    known.password = 0x1234;
    // The first answer is to the second: who does not know the password learns nothing.
    assert_eq!(said(&station.say(&known).await), (End::Eot, 2));
    let own = Frame { function: 0xE7, ..known.clone() };
    assert_eq!(said(&station.say(&own).await), (End::Eot, 2));
    // What a station answers to a control is refused, and not answered again.
    station.send(&encode(&Frame { function: 0x45, ..known.clone() }).unwrap()).await;
    // What it answers to a query is taken, and not answered either.
    let mut queried = timed(3, HOUR.plus_ms(-5 * MINUTE), "10.480");
    (queried.password, queried.function) = (0x1234, 0x37);
    station.send(&encode(&queried).unwrap()).await;
    known.function = 0x33;
    assert_eq!(said(&station.say(&known).await), (End::Eot, 2));
    let reasons: Vec<Reason> = port.refusals().iter().map(|r| r.reason).collect();
    assert_eq!(reasons, [Reason::Password, Reason::UnknownFunction, Reason::UnknownFunction]);
    assert_eq!(of(&port.observations(), "T-1:water_level"), [(0, 10.49), (-5, 10.48)]);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_all_noise_is_closed_and_others_are_not() {
    let port = Port::open().await;
    let (mut noisy, mut other) = (port.station().await, port.station().await);
    let mut damaged = encode(&timed(1, HOUR, "10.490")).unwrap();
    damaged[45] ^= 4;
    for _ in 0..BROKEN_MAX {
        noisy.send(&damaged).await;
    }
    assert!(noisy.is_closed().await);
    assert_eq!(said(&other.say(&timed(2, HOUR, "10.490")).await), (End::Eot, 2));
    assert_eq!(port.fates(), [(Fate::Accepted, 1), (Fate::Refused, u64::from(BROKEN_MAX))]);
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_over_its_rate_waits_and_loses_nothing_and_others_do_not_wait() {
    let port = Port::open().await;
    let (mut slow, mut other) = (port.station().await, port.station().await);
    let reports: Vec<u8> = (0..14)
        .flat_map(|n: u16| {
            let mut groups = begin(SLOW, b'P', HOUR.plus_ms(-5 * MINUTE * i64::from(n)));
            groups.push(value("PN05", 3, "0.5"));
            encode(&frame(SLOW, 0x32, n + 1, HOUR, groups)).unwrap()
        })
        .collect();
    slow.send(&reports).await;
    assert_eq!(said(&other.say(&timed(2, HOUR, "10.490")).await), (End::Eot, 2));
    for n in 1..=14 {
        assert_eq!(said(&slow.answer().await), (End::Eot, n));
    }
    assert_eq!(of(&port.observations(), "T-3:rainfall").len(), 14);
    assert!(port.refusals().is_empty());
    port.close().await;
}
