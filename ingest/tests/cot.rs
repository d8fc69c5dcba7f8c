//! Units by Cursor-on-Target, over real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use domain::city::City;
use domain::record::Record;
use domain::refusal::{Channel, Reason, Refusal};
use domain::report::{Report, UnitReport, UnitStatus};
use ingest::cot::listen::{self, CotConfig};
use ingest::register::Register;
use ingest::seams::NoTasks;
use support::{House, NOW, agency, files, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

const WITHIN: Duration = Duration::from_secs(10);

struct Coast {
    house: House,
    _dir: tempfile::TempDir,
    open: ingest::port::Port,
    stop: watch::Sender<bool>,
}

impl Coast {
    async fn open(agencies: &str) -> Self {
        let mut files = files();
        let units = "id,name,name_en,kind,agency,lon,lat,people,cot_uid\n\
             boat-01,B,B,boat,hydro,112.8,22.4,6,ANDROID-1\nboat-02,B,B,boat,weather,112.8,22.4,6,ANDROID-2\n";
        files.insert("units.csv".into(), units.into());
        if !agencies.is_empty() {
            let text = String::from_utf8(files["agencies.toml"].clone()).unwrap();
            let text =
                text.replacen("id = \"hydro\"\n", &format!("id = \"hydro\"\n{agencies}\n"), 1);
            files.insert("agencies.toml".into(), text.into_bytes());
        }
        let city = City::read(&files).unwrap_or_else(|faults| panic!("{faults:?}"));
        let dir = tempfile::tempdir().unwrap();
        let house = House::open(dir.path(), true);
        house.admission.configure(Arc::new(Register::of(&city, &city.registry(&[]))));
        house.admission.tick().await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let config = CotConfig { address: "127.0.0.1:0".parse().unwrap(), agency: agency("hydro") };
        let open = listen::open(config, house.admission.clone(), Arc::new(NoTasks), stopped);
        Self { open: open.await.unwrap(), house, _dir: dir, stop }
    }

    async fn client(&self) -> TcpStream {
        TcpStream::connect(self.open.address()).await.unwrap()
    }

    fn units(&self) -> Vec<UnitReport> {
        let said = self.house.records().into_iter().filter_map(|record| match record {
            Record::Report { report: Report::Unit(said), channel: Channel::Cot, .. } => Some(said),
            _ => None,
        });
        said.collect()
    }

    fn refusals(&self) -> Vec<Refusal> {
        let kept = self.house.records().into_iter().filter_map(|record| match record {
            Record::Refused(refusal) => Some(refusal),
            _ => None,
        });
        kept.collect()
    }

    /// Accepted, duplicate, refused with those kept aside.
    async fn account(&self, expected: (u64, u64, u64)) {
        let counted = || {
            let feeds = self.house.telemetry.feeds();
            let feed =
                feeds.iter().find(|((_, channel), _)| *channel == "cot").map(|(_, feed)| feed);
            feed.map(|f| (f.accepted, f.duplicate, f.refused + f.quarantined))
        };
        until(&format!("{expected:?} are counted"), || counted() == Some(expected)).await;
    }

    async fn close(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(WITHIN, self.open.ended()).await.expect("it ends");
        self.house.close();
    }
}

/// An event of a device, `s` seconds after now, that holds for `holds_s`.
fn event(uid: &str, kind: &str, s: i64, holds_s: i64, lon: f64, detail: &str) -> String {
    let (t, stale) = (NOW.plus_ms(s * 1_000), NOW.plus_ms((s + holds_s) * 1_000));
    let (t, stale) = (t.rfc3339(0), stale.rfc3339(0));
    format!(
        "<event version=\"2.0\" uid=\"{uid}\" type=\"{kind}\" how=\"m-g\" time=\"{t}\" start=\"{t}\" \
         stale=\"{stale}\"><point lat=\"22.4\" lon=\"{lon}\" hae=\"3\" ce=\"5\" le=\"9999999\"/>\
         <detail>{detail}</detail></event>"
    )
}

fn here(uid: &str, s: i64) -> String {
    event(uid, "a-f-G-U-C", s, 60, 112.9, "")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_cut_off_with_its_connection_is_refused_and_kept() {
    let port = Coast::open("").await;
    let whole = here("ANDROID-1", -10);
    let second = event("ANDROID-1", "a-f-G-U-C", -5, 60, 112.95, "");
    let mut client = port.client().await;
    client.write_all(format!("{whole}\n{}", &second[..60]).as_bytes()).await.unwrap();
    client.flush().await.unwrap();
    port.account((1, 0, 0)).await;
    drop(client);
    port.account((1, 0, 1)).await;
    // One that leaves between events has sent nothing more.
    let mut client = port.client().await;
    let text = format!("<?xml version=\"1.0\"?>\n{second}\n<?xml version=\"1.0\"?> \n");
    client.write_all(text.as_bytes()).await.unwrap();
    drop(client);
    port.account((2, 0, 1)).await;
    let kept = port.refusals();
    assert_eq!((kept.len(), kept[0].reason), (1, Reason::Xml), "{kept:?}");
    assert_eq!(kept[0].raw, second.as_bytes()[..60], "{kept:?}");
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_its_unit_and_a_stream_may_be_cut_anywhere() {
    let port = Coast::open("").await;
    let mut client = port.client().await;
    let declared = format!(
        "<?xml version=\"1.0\"?>\n{}\n<?xml version=\"1.0\"?>{}",
        here("ANDROID-1", -10),
        event(
            "ANDROID-1",
            "a-f-G-U-C",
            -5,
            60,
            112.95,
            "<track speed='4' course='90'/><status battery='55'/>"
        )
    );
    for piece in declared.as_bytes().chunks(7) {
        client.write_all(piece).await.unwrap();
        client.flush().await.unwrap();
    }
    until("both are in the journal", || port.units().len() == 2).await;
    let said = port.units();
    assert_eq!(said[0].unit.as_str(), "boat-01");
    assert_eq!((said[0].lon, said[0].accuracy_m), (Some(112.9), Some(5.0)));
    assert_eq!((said[1].speed_mps, said[1].battery_percent), (Some(4.0), Some(55)));
    port.account((2, 0, 0)).await;
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_its_reason_and_all_of_it_is_accounted_for() {
    let port = Coast::open("").await;
    let mut client = port.client().await;
    let sent = [
        here("ANDROID-1", 0),
        here("ANDROID-1", 0),                                   // again
        event("ANDROID-1", "a-f-G-U-C", 3, 60, 112.900_05, ""), // stands still
        here("STRANGER", 0),
        here("ANDROID-2", 0),                                 // another agency's
        event("ANDROID-1", "a-f-G-U-C", -120, 60, 112.9, ""), // stale for a minute
        event("ANDROID-1", "a-f-G-U-C", 3_600, 60, 112.9, ""), // an hour ahead
        event("ANDROID-1", "b-t-f", 0, 60, 112.9, ""),        // a chat
        event("ANDROID-1", "a-f-G-U-C", 0, 60, 512.9, ""),    // nowhere
        event("ANDROID-1", "a-f-G-U-C", 0, 60, 112.9, "&boom;"),
    ];
    client.write_all(sent.concat().as_bytes()).await.unwrap();
    until("all are judged", || port.refusals().len() == 7).await;
    let refusals = port.refusals();
    let reasons: Vec<Reason> = refusals.iter().map(|refusal| refusal.reason).collect();
    let expected = [
        Reason::UnknownUnit,
        Reason::ForeignStation,
        Reason::Stale,
        Reason::FutureDated,
        Reason::UnknownChannel,
        Reason::OutOfRange,
        Reason::Xml,
    ];
    assert_eq!(reasons, expected);
    assert!(refusals[0].detail.contains("STRANGER"), "the uid is shown: {}", refusals[0].detail);
    assert!(String::from_utf8_lossy(&refusals[0].raw).contains("STRANGER"));
    assert!(refusals[3].quarantined);
    port.account((1, 2, 7)).await;
    assert_eq!(1 + 2 + 7, sent.len());
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_answered_and_is_no_report() {
    let port = Coast::open("").await;
    let mut client = port.client().await;
    let ping = event("ANDROID-1-ping", "t-x-c-t", 0, 60, 0.0, "");
    client.write_all(ping.as_bytes()).await.unwrap();
    let mut answer = vec![0; 2_000];
    let count = tokio::time::timeout(WITHIN, client.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
    assert!(
        answer.contains("type=\"t-x-c-t-r\"") && answer.contains("uid=\"takPong\""),
        "{answer}"
    );
    assert!(answer.contains("2026-06-10T19:05:00Z"), "by the platform's clock: {answer}");
    client.write_all(here("ANDROID-1", 0).as_bytes()).await.unwrap();
    until("the position is taken", || port.units().len() == 1).await;
    port.account((1, 0, 0)).await;
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_a_distress_that_positions_do_not_end() {
    let port = Coast::open("").await;
    let mut client = port.client().await;
    let detail = "<emergency type='911 Alert'>B</emergency><remarks>sinking</remarks>";
    let all = [
        event("ANDROID-1-9-1-1", "b-a-o-tbl", 0, 600, 112.9, detail),
        event("ANDROID-1", "a-f-G-U-C", 5, 60, 112.91, "<status battery='50' readiness='true'/>"),
        event("ANDROID-1-9-1-1", "b-a-o-can", 9, 600, 112.91, "<emergency cancel='true'/>"),
    ];
    client.write_all(all.concat().as_bytes()).await.unwrap();
    until("all are in the journal", || port.units().len() == 3).await;
    let said = port.units();
    let status: Vec<Option<UnitStatus>> = said.iter().map(|s| s.status).collect();
    assert_eq!(status, [Some(UnitStatus::Distress), None, Some(UnitStatus::Available)]);
    assert_eq!(said[0].note.as_deref(), Some("sinking"));
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_stream_is_refused_once_and_closed_and_the_others_go_on() {
    let port = Coast::open("").await;
    let mut good = port.client().await;
    let hostile: [&[u8]; 4] = [
        b"<!DOCTYPE event [<!ENTITY a 'b'>]><event/>",
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xbf, 0x01, 0xbf, 0x0a],
        &vec![b'<'; 200_000],
    ];
    for (count, bytes) in hostile.iter().enumerate() {
        let mut client = port.client().await;
        // It may be closed before all of it is written.
        let _ = client.write_all(bytes).await;
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(WITHIN, client.read_to_end(&mut rest)).await.expect("closed");
        until("it is kept", || port.refusals().len() == count + 1).await;
    }
    let reasons: Vec<Reason> = port.refusals().iter().map(|r| r.reason).collect();
    assert!(reasons[..3].iter().all(|r| *r == Reason::Xml), "{reasons:?}");
    good.write_all(here("ANDROID-1", 0).as_bytes()).await.unwrap();
    until("the good one is heard", || port.units().len() == 1).await;
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn points_are_in_the_coordinates_that_the_agency_has_declared() {
    let port = Coast::open("coordinates = \"gcj02\"").await;
    let mut client = port.client().await;
    client.write_all(here("ANDROID-1", 0).as_bytes()).await.unwrap();
    until("it is heard", || port.units().len() == 1).await;
    let lon = port.units()[0].lon.unwrap();
    assert!((112.88..112.8999).contains(&lon), "half a kilometre west: {lon}");
    port.close().await;
}
