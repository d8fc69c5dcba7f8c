//! Stations (SL 651) and units (Cursor-on-Target) over TLS on a whole platform: a certificate names
//! whom they speak for; and what such a port refused is mended and taken.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::net::SocketAddr;
use std::path::Path;

use base64ct::{Base64, Encoding};
use command_api::serve::TlsOptions;
use common::tls::{Authority, connect, put};
use common::{Client, PASSWORD, Running, WITHIN, now_ms, people, town};
use domain::time::UtcMs;
use ingest::sl651::body::{Group, Message};
use ingest::sl651::decode::down_frame;
use ingest::sl651::elements::Element;
use ingest::sl651::encode::encode;
use ingest::sl651::frame::{Coding, Direction, End, Frame};
use ingest::sl651::listen::ListenConfig;
use ingest::sl651::number::{Decimal, Number};
use ingest::sl651::write;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

const HERE: &[&str] = &["localhost", "127.0.0.1"];
/// A station of the water office.
const RIVER: &str = "0044070301";
/// One of the rescue service's.
const BOATS: &str = "0044070302";
const MINUTE_MS: i64 = 60_000;

struct Coast {
    platform: Running,
    authority: Authority,
}

async fn coast(folder: &Path) -> Coast {
    let city = town(folder);
    let stations = format!(
        "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from,sl651\n\
         A,甲站,A,hydro,112.60,22.10,,,,{RIVER}\nB,乙站,B,rescue,112.70,22.20,,,,{BOATS}\n"
    );
    std::fs::write(city.join("stations.csv"), stations).unwrap();
    let units = "id,name,name_en,kind,agency,lon,lat,people,cot_uid\n\
        boat-1,一艇,Boat 1,boat,rescue,112.61,22.11,6,ANDROID-1\n\
        boat-2,二艇,Boat 2,boat,rescue,112.71,22.21,6,ANDROID-2\n";
    std::fs::write(city.join("units.csv"), units).unwrap();
    let agencies = std::fs::read_to_string(city.join("agencies.toml")).unwrap();
    let few = agencies.replace("id = \"rescue\"\n", "id = \"rescue\"\nconnections_max = 3\n");
    assert_ne!(few, agencies);
    std::fs::write(city.join("agencies.toml"), few).unwrap();
    people(&folder.join("data"));
    let authority = Authority::new("Testtown authority");
    let files = put(folder, &authority.sign("platform", HERE, 365), Some(&authority));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let port = ListenConfig { address: any, password: None };
    let tls = TlsOptions { files, mqtt: None, sl651: Some(port), cot: Some(any) };
    let platform = Running::start_with(folder, move |options| options.tls = Some(tls)).await;
    Coast { platform, authority }
}

impl Coast {
    fn at(&self, word: &str) -> SocketAddr {
        let ready = self.platform.said.iter().find(|l| l.starts_with("ready ")).unwrap();
        let at = ready.split_whitespace().find_map(|p| p.strip_prefix(word));
        at.unwrap_or_else(|| panic!("{word} in {ready}")).parse().unwrap()
    }

    fn stations(&self) -> SocketAddr {
        self.at("sl651s=tls://")
    }

    fn client(&self) -> Client {
        self.platform.client().over(self.authority.connector(None))
    }

    /// A person, signed in over TLS.
    async fn signed_in(&self, user: &str) -> Client {
        self.client().sign_in(user, PASSWORD).await
    }
}

/// A timed report of a discharge.
fn report(address: &str, serial: u16, t: i64, v: i64) -> Frame {
    let (t, number) = (UtcMs(t), Number::Is(Decimal { digits: v, decimals: 3 }));
    let groups = vec![
        Group::Station { address: address.parse().unwrap(), class: Some(b'H') },
        Group::Observed(t),
        Group::Values {
            element: Element::named("Q").unwrap(),
            bytes: 5,
            decimals: 3,
            values: vec![number],
        },
    ];
    let message = Message { serial, sent: t, groups, fault: None };
    Frame {
        coding: Coding::Hex,
        direction: Direction::Up,
        centre: 1,
        station: address.parse().unwrap(),
        password: 0,
        function: 0x32,
        packet: None,
        body: write::body(Coding::Hex, &message).unwrap(),
        end: End::Etx,
    }
}

/// A whole minute, not long ago.
fn minute(ago: i64) -> i64 {
    (now_ms() / MINUTE_MS - ago) * MINUTE_MS
}

/// How the next answer ends; `None` where the connection is closed.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Option<End> {
    let mut heard = Vec::new();
    let read = async {
        loop {
            if let Ok(frame) = down_frame(&heard) {
                return Some(frame.end);
            }
            if stream.read_buf(&mut heard).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    };
    timeout(WITHIN, read).await.expect("an answer, or the end")
}

async fn letters(client: &Client, query: &str, wanted: usize) -> Vec<Value> {
    let wait = |all: &Value| {
        let all = all.as_array().unwrap();
        (all.len() == wanted).then(|| all.clone())
    };
    client.until(&format!("/v1/rejections{query}"), wait).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_speaks_by_its_agencys_certificate_and_for_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let coast = coast(folder.path()).await;
    let at = coast.stations();
    let by = |name: &str| coast.authority.connector(Some(&coast.authority.sign(name, &[], 30)));

    // The right certificate, and a link that is cut amid the next frame.
    let mut river = connect(&by("hydro"), at).await.unwrap();
    let t = minute(5);
    river.write_all(&encode(&report(RIVER, 1, t, 7_000)).unwrap()).await.unwrap();
    assert_eq!(answer(&mut river).await, Some(End::Eot));
    let officer = coast.signed_in("officer").await;
    let series = format!("/v1/stations/A/series?property=discharge&from={}&to={}", t - 1, t + 1);
    officer.until(&series, |s| s["points"].as_array().filter(|p| !p.is_empty()).cloned()).await;
    let second = encode(&report(RIVER, 2, t + MINUTE_MS, 8_000)).unwrap();
    river.write_all(&second[..20]).await.unwrap();
    river.flush().await.unwrap();
    drop(river);
    let own = coast.signed_in("agency").await;
    let cut = letters(&own, "?state=open&channel=sl651", 1).await;
    assert_eq!(cut[0]["reason"], "frame", "{cut:?}");
    // It comes back, and sends it again.
    let mut river = connect(&by("hydro"), at).await.unwrap();
    river.write_all(&second).await.unwrap();
    assert_eq!(answer(&mut river).await, Some(End::Eot));

    // Another agency's station on the same line: its frame is refused, as this agency's letter.
    let theirs = encode(&report(BOATS, 1, t, 1_000)).unwrap();
    river.write_all(&theirs).await.unwrap();
    assert_eq!(answer(&mut river).await, Some(End::Eot), "refused for good: it is not sent again");
    letters(&own, "?state=open&reason=foreign_station", 1).await;
    // The other agency itself may.
    let mut boats = connect(&by("rescue"), at).await.unwrap();
    boats.write_all(&theirs).await.unwrap();
    assert_eq!(answer(&mut boats).await, Some(End::Eot));

    // Nobody's certificate, another authority's, none, a unit's, and none of TLS at all.
    let another = Authority::new("another");
    let unknown = another.sign("hydro", &[], 30);
    for connector in [
        by("nobody"),
        coast.authority.connector(Some(&unknown)),
        coast.authority.connector(None),
        by("boat-1"),
    ] {
        // A client may take its handshake for done before the server has looked at the certificate.
        if let Ok(mut stream) = connect(&connector, at).await {
            let _ = stream.write_all(&theirs).await;
            assert_eq!(answer(&mut stream).await, None, "turned away");
        }
    }
    let mut plain = TcpStream::connect(at).await.unwrap();
    plain.write_all(&second).await.unwrap();
    assert_eq!(answer(&mut plain).await, None, "no TLS");

    // The platform's certificate is replaced: open lines stay, new ones have the new one.
    put(folder.path(), &coast.authority.sign("platform", HERE, 200), Some(&coast.authority));
    let figures = coast.client();
    let deadline = Instant::now() + WITHIN;
    while !figures.get("/metrics").await.text().contains("fenghuo_tls_certificates_taken 1") {
        assert!(Instant::now() < deadline, "it is taken");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    river.write_all(&encode(&report(RIVER, 3, t + 2 * MINUTE_MS, 9_000)).unwrap()).await.unwrap();
    assert_eq!(answer(&mut river).await, Some(End::Eot), "the line is as it was");
    let mut fresh = connect(&by("hydro"), at).await.unwrap();
    fresh.write_all(&second).await.unwrap();
    assert_eq!(answer(&mut fresh).await, Some(End::Eot), "a resend is answered again");

    // Revoked: its open line is closed, and it is let in no more. The agency's other one stays.
    let pair = coast.authority.sign("hydro", &[], 60);
    let connector = coast.authority.connector(Some(&pair));
    let mut line = connect(&connector, at).await.unwrap();
    line.write_all(&second).await.unwrap();
    assert_eq!(answer(&mut line).await, Some(End::Eot));
    let administrator = coast.signed_in("administrator").await;
    let all = administrator.get("/v1/agencies/hydro/credentials").await.json();
    let long = now_ms() + 45 * 86_400_000;
    let mut shown = all.as_array().unwrap().iter();
    let shown =
        shown.find(|c| c["opens"] == "certificate" && c["expires_ms"].as_i64() > Some(long));
    let path = format!("/v1/agencies/hydro/credentials/{}", shown.unwrap()["id"].as_str().unwrap());
    assert_eq!(administrator.request("DELETE", &path, "").await.status, 200);
    assert_eq!(answer(&mut line).await, None, "closed");
    if let Ok(mut stream) = connect(&connector, at).await {
        let _ = stream.write_all(&second).await;
        assert_eq!(answer(&mut stream).await, None, "it stays out");
    }
    coast.platform.stop().await.unwrap();
}

fn event(uid: &str) -> String {
    let (now, stale) = (UtcMs(now_ms()), UtcMs(now_ms() + 60_000));
    format!(
        "<event version='2.0' uid='{uid}' type='a-f-G-U-C' how='m-g' time='{now}' start='{now}' \
         stale='{stale}'><point lat='22.4' lon='112.9' hae='1' ce='5' le='5'/><detail/></event>"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_has_so_many_lines_and_costs_no_other_any() {
    let folder = tempfile::tempdir().unwrap();
    let coast = coast(folder.path()).await;
    let at = coast.stations();
    let by = |name: &str| coast.authority.connector(Some(&coast.authority.sign(name, &[], 30)));
    let rescue = by("rescue");
    let frame = |serial| encode(&report(BOATS, serial, minute(5), 1_000)).unwrap();
    let mut lines = Vec::new();
    for serial in 1..=3 {
        let mut line = connect(&rescue, at).await.unwrap();
        line.write_all(&frame(serial)).await.unwrap();
        assert_eq!(answer(&mut line).await, Some(End::Eot));
        lines.push(line);
    }
    // A unit's line is its agency's.
    for (connector, door) in [(&rescue, at), (&by("boat-1"), coast.at("cots=tls://"))] {
        if let Ok(mut fourth) = connect(connector, door).await {
            let _ = fourth.write_all(&frame(4)).await;
            assert_eq!(answer(&mut fourth).await, None, "one too many");
        }
    }
    let mut other = connect(&by("hydro"), at).await.unwrap();
    other.write_all(&encode(&report(RIVER, 1, minute(5), 7_000)).unwrap()).await.unwrap();
    assert_eq!(answer(&mut other).await, Some(End::Eot), "another agency has its own");
    // A line that ends leaves its place.
    drop(lines.pop());
    let deadline = Instant::now() + WITHIN;
    loop {
        assert!(Instant::now() < deadline, "a place is free again");
        let Ok(mut line) = connect(&rescue, at).await else { continue };
        if line.write_all(&frame(5)).await.is_ok() && answer(&mut line).await == Some(End::Eot) {
            break;
        }
    }
    drop(lines);
    coast.platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_speaks_by_its_own_certificate_or_its_agencys() {
    let folder = tempfile::tempdir().unwrap();
    let coast = coast(folder.path()).await;
    let at = coast.at("cots=tls://");
    let by = |name: &str| coast.authority.connector(Some(&coast.authority.sign(name, &[], 30)));
    let administrator = coast.signed_in("administrator").await;
    let refused = async |wanted: usize| {
        letters(&administrator, "?state=open&channel=cot&reason=foreign_station", wanted).await
    };
    let mut boat = connect(&by("boat-1"), at).await.unwrap();
    boat.write_all(format!("{}{}", event("ANDROID-1"), event("ANDROID-2")).as_bytes())
        .await
        .unwrap();
    let told = refused(1).await;
    assert!(told[0]["detail"].as_str().unwrap().starts_with("boat-2 is another unit"), "{told:?}");
    // The water office has no boats.
    let mut hydro = connect(&by("hydro"), at).await.unwrap();
    hydro.write_all(event("ANDROID-2").as_bytes()).await.unwrap();
    refused(2).await;
    let mut rescue = connect(&by("rescue"), at).await.unwrap();
    rescue.write_all(event("ANDROID-2").as_bytes()).await.unwrap();
    let here = |unit: &Value| unit["lon"].as_f64().filter(|lon| (lon - 112.9).abs() < 1e-4);
    let officer = coast.signed_in("officer").await;
    officer.until("/v1/units/boat-1", here).await;
    officer.until("/v1/units/boat-2", here).await;
    if let Ok(mut stranger) = connect(&coast.authority.connector(None), at).await {
        let mut bytes = [0; 1];
        let _ = stranger.write_all(event("ANDROID-1").as_bytes()).await;
        let read = timeout(WITHIN, stranger.read(&mut bytes)).await.expect("closed");
        assert!(matches!(read, Ok(0) | Err(_)), "turned away");
    }
    coast.platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stations_frame_is_found_mended_and_taken() {
    let folder = tempfile::tempdir().unwrap();
    let coast = coast(folder.path()).await;
    let connector = coast.authority.connector(Some(&coast.authority.sign("hydro", &[], 30)));
    let mut river = connect(&connector, coast.stations()).await.unwrap();
    let t = minute(5);
    let right = encode(&report(RIVER, 1, t, 7_000)).unwrap();
    let mut damaged = right.clone();
    damaged[30] ^= 1;
    river.write_all(&damaged).await.unwrap();
    let own = coast.signed_in("agency").await;
    let found = letters(&own, "?state=open&reason=checksum", 1).await;
    let path = format!("/v1/rejections/{}/replay", found[0]["seq"]);
    let as_it_was = own.post(&path, &json!({})).await;
    assert_eq!(as_it_was.status, 200, "{}", as_it_was.text());
    let as_it_was = as_it_was.json();
    assert_eq!(
        (&as_it_was["state"], &as_it_was["act"]["reason"]),
        (&json!("open"), &json!("checksum"))
    );
    let mended =
        own.post(&path, &json!({ "body_base64": Base64::encode_string(&right) })).await.json();
    assert_eq!(
        (&mended["state"], &mended["act"]["accepted"]),
        (&json!("replayed"), &json!(1)),
        "{mended}"
    );
    let officer = coast.signed_in("officer").await;
    let series = format!("/v1/stations/A/series?property=discharge&from={}&to={}", t - 1, t + 1);
    let points =
        officer.until(&series, |s| s["points"].as_array().filter(|p| !p.is_empty()).cloned()).await;
    assert_eq!(points.len(), 1);
    coast.platform.stop().await.unwrap();
}
