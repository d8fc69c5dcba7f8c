//! Recorded tables on their way to a platform: counted, complete, in order, and explained where
//! the mapping is wrong.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod listeners;

use std::path::PathBuf;

use listeners::broker::{Broker, Manners};
use listeners::web::Web;
use simulators::feed::{Feed, HttpAddress, HttpFeed, MqttFeed, MqttOptions};
use simulators::replay::{self, Plan, ReplayError, Speed, Table};

const MAP: &str = r#"
[time]
column = "when"
format = "%Y-%m-%d %H:%M"
zone = "Asia/Shanghai"

[[stream]]
column = "rain"
station = "G1"
property = "rainfall"
scale = 1000
missing = [-9999, "gap"]

[[stream]]
column = "flow"
station = "G1"
property = "discharge"
"#;

struct Case {
    _folder: tempfile::TempDir,
    plan: Plan,
}

fn case(csv: &str, map: &str) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (csv, map) = (write("table.csv", csv), write("map.toml", map));
    let plan = Plan { csv, map, speed: Speed::Max, batch: 1, platform_follows: false };
    Case { _folder: folder, plan }
}

impl Case {
    fn table(&self) -> Result<Table, ReplayError> {
        Table::read(&self.plan.csv, &self.plan.map)
    }
    fn why(&self) -> String {
        self.table().err().map(|e| e.to_string()).unwrap_or_default()
    }
}

/// `rows` rows of 15 minutes, every 7th rain and every 5th flow missing.
fn table(rows: usize) -> (String, usize) {
    let mut text = String::from("when,rain,flow\n");
    let mut values = 0;
    for i in 0..rows {
        let (day, minute) = (i / 96 + 1, i % 96 * 15);
        let rain = if i % 7 == 3 { "-9999.0".into() } else { format!("0.{:03}", i % 40) };
        let flow = if i % 5 == 2 { "NA".into() } else { format!("{}", 3.5 + i as f64) };
        values += usize::from(i % 7 != 3) + usize::from(i % 5 != 2);
        text += &format!("2020-01-{day:02} {:02}:{:02},{rain},{flow}\n", minute / 60, minute % 60);
    }
    (text, values)
}

fn mqtt(broker: &Broker, password: &str) -> Feed {
    let at = &broker.address;
    Feed::Mqtt(MqttFeed::open(MqttOptions {
        address: at.to_string().parse().unwrap(),
        user: "gauges".into(),
        password: password.into(),
        client_id: "replay-test".into(),
        subscribe: vec!["fh/v1/gauges/rejected".into()],
        keep_session: false,
        in_flight: 8,
    }))
}

#[tokio::test]
async fn every_value_arrives_once_and_in_order_over_mqtt() {
    let (csv, values) = table(960);
    let case = case(&csv, MAP);
    let broker = Broker::start(Manners::default()).await;
    let table = case.table().unwrap();
    assert_eq!(table.survey.values as usize, values);
    let tally = replay::run(&table, &case.plan, &mqtt(&broker, "x")).await.unwrap();
    assert_eq!(tally.line(), format!("sent={values} accepted={values} duplicate=0 refused=0"));
    let messages = broker.messages();
    assert_eq!(messages.len(), values);
    let times: Vec<i64> = messages
        .iter()
        .map(|(topic, payload)| {
            assert_eq!(topic, "fh/v1/gauges/obs");
            let value: serde_json::Value = serde_json::from_str(payload).unwrap();
            value["t"].as_i64().unwrap()
        })
        .collect();
    assert!(times.is_sorted(), "in the table's order");
    // 2020-01-01 00:00 in Jiangmen is 16:00 of the day before in UTC.
    assert_eq!(times.first(), Some(&1_577_808_000_000));
    assert_eq!(
        messages[2].1,
        r#"{"station":"G1","property":"rainfall","t":1577808900000,"v":1.0}"#
    );
}

#[tokio::test]
async fn a_connection_lost_before_the_acknowledgement_loses_nothing() {
    let (csv, values) = table(400);
    let case = case(&csv, MAP);
    let broker = Broker::start(Manners { drop_after: Some(123), ..Manners::default() }).await;
    let table = case.table().unwrap();
    let tally = replay::run(&table, &case.plan, &mqtt(&broker, "x")).await.unwrap();
    assert_eq!((tally.sent, tally.accepted), (values as u64, values as u64));
    assert_eq!(broker.connections(), 2);
    let mut payloads: Vec<String> = broker.messages().into_iter().map(|m| m.1).collect();
    assert!(payloads.len() > values, "what was open is sent again");
    payloads.sort();
    payloads.dedup();
    assert_eq!(payloads.len(), values, "and nothing is missing");
}

#[tokio::test]
async fn refusals_told_on_the_rejected_topic_are_counted() {
    let (csv, values) = table(96);
    let case = case(&csv, MAP);
    let refuse = Some("\"v\":3.5}".to_owned());
    let broker = Broker::start(Manners { refuse, ..Manners::default() }).await;
    let table = case.table().unwrap();
    let tally = replay::run(&table, &case.plan, &mqtt(&broker, "x")).await.unwrap();
    assert_eq!((tally.refused, tally.accepted), (1, values as u64 - 1));
    assert_eq!(tally.reasons.get("unknown_station"), Some(&1));
}

#[tokio::test]
async fn a_wrong_token_ends_the_replay_with_a_reason() {
    let (csv, _) = table(96);
    let case = case(&csv, MAP);
    let password = Some("right".to_owned());
    let broker = Broker::start(Manners { password, ..Manners::default() }).await;
    let table = case.table().unwrap();
    let error = replay::run(&table, &case.plan, &mqtt(&broker, "wrong")).await.unwrap_err();
    assert!(error.to_string().contains("refused the connection of \"gauges\""), "{error}");
    assert!(broker.messages().is_empty());
}

#[tokio::test]
async fn over_http_a_busy_platform_is_asked_again_with_the_same_key() {
    let (csv, values) = table(300);
    let doubled = format!("{csv}{}", csv.lines().last().unwrap());
    let map = format!(
        "{MAP}\n[[stream]]\ncolumn = \"flow\"\nstation = \"UNKNOWN\"\nproperty = \"discharge\"\n"
    );
    let mut case = case(&doubled, &map);
    case.plan.batch = 100;
    let web = Web::start(2).await;
    let address: HttpAddress = web.address.to_string().parse().unwrap();
    let feed = Feed::Http(HttpFeed::open(address, "secret", "run-7"));
    let table = case.table().unwrap();
    let tally = replay::run(&table, &case.plan, &feed).await.unwrap();
    assert_eq!(tally.sent, table.survey.values);
    assert_eq!(tally.sent, tally.accepted + tally.duplicate + tally.refused);
    assert_eq!(tally.accepted as usize, values);
    assert_eq!(tally.duplicate, 2, "the last line stands twice");
    let taken = web.taken.lock().unwrap();
    assert_eq!(taken.keys[0..3], ["run-7-1", "run-7-1", "run-7-1"]);
    assert!(taken.bearers.iter().eq(["Bearer secret"]));
    assert_eq!(taken.items.len() as u64, tally.sent);
}

#[test]
fn a_mapping_that_is_wrong_says_what_would_be_right() {
    let (csv, _) = table(3);
    let swap = |from: &str, to: &str| case(&csv, &MAP.replace(from, to)).why();
    let says = |why: String, words: &[&str]| {
        assert!(words.iter().all(|w| why.contains(w)), "{why:?} lacks one of {words:?}");
    };
    says(
        swap("column = \"rain\"", "column = \"Rain\""),
        &["no column \"Rain\"", "when, rain, flow"],
    );
    says(swap("zone = \"Asia/Shanghai\"", ""), &["time.zone", "IANA"]);
    says(swap("Asia/Shanghai", "Asia/Shanghigh"), &["time.zone", "Asia/Shanghigh"]);
    says(swap("%Y-%m-%d %H:%M", "%d/%m/%Y"), &["line 2", "2020-01-01 00:00", "%d/%m/%Y"]);
    says(swap("%Y-%m-%d %H:%M", "ISO"), &["time.format", "rfc3339", "step:<seconds>"]);
    says(swap("%Y-%m-%d %H:%M", "step:900"), &["time.start", "shift_to_now"]);
    says(swap("scale = 1000", "scale = 0"), &["rainfall of G1", "scale"]);
    says(swap("scale", "factor"), &["factor"]);
    says(swap("station = \"G1\"", "station = \"../x\""), &["../x", "id"]);
    says(swap("property = \"discharge\"", "property = \"rainfall\""), &["two [[stream]]s"]);
    let cell = csv.replace("0.001", "wet");
    says(case(&cell, MAP).why(), &["line 3", "column rain", "\"wet\"", "missing = \"wet\""]);
    says(
        case(&csv, "[time]\ncolumn = \"when\"\nformat = \"%Y\"\nzone=\"UTC\"").why(),
        &["no [[stream]]"],
    );
}

#[test]
fn several_forms_of_time_give_the_same_instant() {
    let forms = [
        ("when", "\"2020-01-01T00:00:00+08:00\"", "column = \"when\""),
        ("when", "1577808000000", "column = \"when\"\nformat = \"unix_ms\""),
        ("when", "1577808000", "column = \"when\"\nformat = \"unix\""),
        (
            "when",
            "17",
            "column = \"when\"\nformat = \"step:900\"\nstart = \"2020-01-01T00:00:00+08:00\"",
        ),
        (
            "y,h",
            "2020-01-01,0",
            "column = [\"y\", \"h\"]\nformat = \"%Y-%m-%d %H\"\nzone = \"+08:00\"",
        ),
        ("when", "2019-12-31", "column = \"when\"\nformat = \"%Y-%m-%d\"\nzone = \"-08:00\""),
    ];
    for (head, cell, time) in forms {
        let csv = format!("{head},x\n{cell},1\n");
        let map = format!(
            "[time]\n{time}\n[[stream]]\ncolumn = \"x\"\nstation = \"G\"\nproperty = \"rainfall\"\n"
        );
        let case = case(&csv, &map);
        let table = case.table().unwrap_or_else(|e| panic!("{time}: {e}"));
        let (from, _) = table.survey.span.unwrap();
        let wanted = if cell == "2019-12-31" { 1_577_779_200_000 } else { 1_577_808_000_000 };
        assert_eq!(from.0, wanted, "{time}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(60))]
    #[test]
    fn no_cell_brings_the_reader_down(cells in proptest::collection::vec("[^\\r\\n]{0,24}", 3)) {
        let row: Vec<String> = cells.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
        let case = case(&format!("when,rain,flow\n{}\n", row.join(",")), MAP);
        match case.table() {
            Ok(table) => proptest::prop_assert!(table.survey.rows <= 1),
            Err(error) => proptest::prop_assert!(error.to_string().contains("line 2")),
        }
    }
}

#[test]
fn alone_it_says_where_it_looks_for_credentials_and_which_agencies_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, _) = table(4);
    std::fs::write(folder.path().join("series.csv"), csv).unwrap();
    std::fs::write(folder.path().join("map.toml"), MAP).unwrap();
    let said = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fenghuo-sim"));
        command.args(["replay", "--csv", "series.csv", "--map", "map.toml", "--speed", "max"]);
        let out = command.current_dir(folder.path()).env_remove("FENGHUO_DATA").output().unwrap();
        assert_eq!(out.status.code(), Some(1));
        String::from_utf8(out.stderr).unwrap()
    };
    let nowhere = said();
    assert!(nowhere.contains("data/credentials.toml"), "{nowhere}");
    assert!(nowhere.contains("--credentials") && nowhere.contains("FENGHUO_DATA"), "{nowhere}");
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let file = folder.path().join("data/credentials.toml");
    std::fs::write(&file, "[agency]\nhydro = \"a\"\nweather = \"b\"\n").unwrap();
    let several = said();
    assert!(several.contains("--agency") && several.contains("hydro, weather"), "{several}");
}
