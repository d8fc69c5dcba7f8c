//! SensorThings, the way in: what may be posted and published, what it is answered, what is kept of
//! what was refused, and that what was sent is accounted for exactly.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::net::SocketAddr;

use domain::record::Record;
use domain::refusal::Reason;
use domain::time::UtcMs;
use ingest::hearing::Mqtt;
use ingest::http::server::Bounds;
use ingest::json::batch::BATCH_ITEMS_MAX;
use ingest::sensorthings::decode::{data_arrays, decode, observation};
use proptest::prelude::*;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use support::{House, NOW, Served, Town};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const TIME: &str = "2026-06-10T19:05:00Z";

fn said(entity: &str) -> Result<f64, Reason> {
    observation(entity.as_bytes(), None, NOW).map(|seen| seen.v).map_err(|why| why.reason())
}

#[test]
fn an_observation_is_read_and_every_mistake_is_named() {
    let whole = r#"{"phenomenonTime":"2026-06-10T19:00:00Z/2026-06-10T19:05:00Z","result":2.5,
        "resultTime":"2026-06-11T03:06:00+08:00","resultQuality":"corrected+doubtful",
        "validTime":"2026-06-10T19:00:00Z/2026-06-11T19:00:00Z","parameters":{"depth":{"m":2}},
        "Datastream":{"@iot.id":"R-1:rainfall"},"FeatureOfInterest":{"@iot.id":"R-1"}}"#;
    let seen = observation(whole.as_bytes(), None, UtcMs(0)).unwrap();
    assert_eq!((&*seen.station, &*seen.property, seen.t, seen.v), ("R-1", "rainfall", NOW, 2.5));
    assert_eq!(seen.result_time, Some(NOW.plus_ms(60_000)));
    let of = r#""Datastream":{"@iot.id":"R-1:rainfall"}"#;
    let of_path = observation(br#"{"result":1}"#, Some(("R-1", "rainfall")), NOW).unwrap();
    assert_eq!((of_path.t, of_path.v), (NOW, 1.0), "without a time it is of the moment it came");
    use Reason::*;
    let table = [
        (format!(r#"{{"result":1,{of}}}"#), Ok(1.0)),
        (format!(r#"{{"result":1,{of},"resultTime":null}}"#), Ok(1.0)),
        (format!(r#"{{{of}}}"#), Err(MissingField)),
        (r#"{"result":1}"#.into(), Err(MissingField)),
        (format!(r#"{{"result":"1",{of}}}"#), Err(FieldForm)),
        (format!(r#"{{"result":null,{of}}}"#), Err(FieldForm)),
        (format!(r#"{{"result":1e999,{of}}}"#), Err(NotFinite)),
        (format!(r#"{{"result":1,"result":2,{of}}}"#), Err(FieldForm)),
        (format!(r#"{{"result":1,"colour":2,{of}}}"#), Err(UnknownField)),
        (format!(r#"{{"result":1,"@iot.id":"mine",{of}}}"#), Err(UnknownField)),
        (format!(r#"{{"result":1,"phenomenonTime":"2026-06-11T03:05:00",{of}}}"#), Err(Time)),
        (
            format!(r#"{{"result":1,"phenomenonTime":"{TIME}/2026-06-10T19:00:00Z",{of}}}"#),
            Err(FieldForm),
        ),
        (format!(r#"{{"result":1,"resultTime":"{TIME}/{TIME}",{of}}}"#), Err(Time)),
        (format!(r#"{{"result":1,"resultQuality":{{"nameOfMeasure":"x"}},{of}}}"#), Err(FieldForm)),
        (format!(r#"{{"result":1,"validTime":"soon",{of}}}"#), Err(Time)),
        (format!(r#"{{"result":1,"parameters":[1],{of}}}"#), Err(FieldForm)),
        (format!(r#"{{"result":1,"parameters":{{"status":"drill"}},{of}}}"#), Err(UnknownStatus)),
        (format!(r#"{{"result":1,"FeatureOfInterest":{{"name":"new"}},{of}}}"#), Err(FieldForm)),
        (format!(r#"{{"result":1,"FeatureOfInterest":{{"@iot.id":"R-2"}},{of}}}"#), Err(FieldForm)),
        (r#"{"result":1,"Datastream":{"@iot.id":7}}"#.into(), Err(FieldForm)),
        (r#"{"result":1,"Datastream":{"@iot.id":"R-1"}}"#.into(), Err(Identifier)),
        (r#"{"result":1,"Datastream":{"@iot.id":"../x:rainfall"}}"#.into(), Err(Identifier)),
        (r#"{"result":1,"Datastream":{"name":"new","Thing":{}}}"#.into(), Err(FieldForm)),
        ("[]".into(), Err(Syntax)),
        ("{".into(), Err(Syntax)),
        (String::new(), Err(Syntax)),
        (format!("{{\"result\":{}1{}}}", "[".repeat(64), "]".repeat(64)), Err(Syntax)),
    ];
    for (entity, expected) in table {
        assert_eq!(said(&entity), expected, "{entity}");
    }
}

#[test]
fn data_arrays_are_read_row_by_row() {
    let body = format!(
        r#"[{{"Datastream":{{"@iot.id":"R-1:rainfall"}},"components":["phenomenonTime","result","FeatureOfInterest/id"],
           "dataArray@iot.count":3,"dataArray":[["{TIME}",1,"R-1"],["{TIME}",2],["{TIME}","x","R-1"]]}},
           {{"Datastream":{{"@iot.id":"R-2:rainfall"}},"components":["result"],"dataArray":[[4]]}}]"#
    );
    let rows = data_arrays(body.as_bytes()).unwrap();
    let read: Vec<_> =
        rows.iter().map(|r| r.read(NOW).map(|s| s.v).map_err(|e| e.reason())).collect();
    assert_eq!(read, [Ok(1.0), Err(Reason::FieldForm), Err(Reason::FieldForm), Ok(4.0)]);
    // A row that is refused for its content can be mended and sent as an Observation of its own.
    let mended = String::from_utf8(rows[2].entity.clone()).unwrap().replace("\"x\"", "3");
    assert_eq!(said(&mended), Ok(3.0));
    for bad in [
        "{}",
        "[1]",
        "[{}]",
        r#"[{"Datastream":{},"components":[],"dataArray":[],"x":1}]"#,
        r#"[{"Datastream":{},"components":["result"],"dataArray":[[1]],"dataArray@iot.count":2}]"#,
    ] {
        assert!(data_arrays(bad.as_bytes()).is_err(), "{bad}");
    }
    let many = format!(
        r#"[{{"Datastream":{{}},"components":[],"dataArray":[{}[]]}}]"#,
        "[],".repeat(BATCH_ITEMS_MAX)
    );
    assert!(data_arrays(many.as_bytes()).unwrap_err().to_string().contains("more than"));
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn anything_that_looks_like_one_has_an_answer(
        text in r#"\[?\{("(result|phenomenonTime|Datastream|components|dataArray|parameters)":(1|"[0-9TZ:/-]{0,24}"|\{"@iot.id":"[a-z:]{0,6}"\}|\[\[?1?\]?\]|null),?){0,4}\}?\]?"#,
    ) {
        let _ = decode(text.as_bytes());
    }

    #[test]
    fn what_is_written_is_read(v in -1e9f64..1e9, ms in 946_684_800_000i64..4_000_000_000_000, q in 0usize..9) {
        use domain::observation::{Observation, OriginFlag, Quality, Trust};
        let origin = [OriginFlag::Original, OriginFlag::Corrected, OriginFlag::Completed][q / 3];
        let trust = [Trust::Reliable, Trust::Doubtful, Trust::Unreliable][q % 3];
        let (t, quality) = (UtcMs(ms), Quality { origin, trust });
        let datastream = domain::ids::DatastreamIx(0);
        let seen = Observation { datastream, t, result_time: t.plus_ms(1), value: v, quality, backlog: false };
        let named = ingest::sensorthings::entity::Named {
            station: "R-1", property: "rainfall", interval_ms: Some(300_000), seen: &seen,
        };
        let mut entity = named.entity("");
        // What only the service may say.
        entity.retain(|name, _| !name.contains('@'));
        let text = Value::Object(entity).to_string();
        let read = observation(text.as_bytes(), Some(("R-1", "rainfall")), NOW).unwrap();
        prop_assert_eq!((read.t, read.v, read.result_time, read.q), (t, v, Some(t.plus_ms(1)), Some(quality)));
    }
}

async fn served() -> (tempfile::TempDir, House, Served) {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let served = Served::start(&house, dir.path(), Bounds::default()).await;
    (dir, house, served)
}

async fn post(served: &Served, path: &str, who: &str, body: &Value) -> support::Answer {
    served.post(path, who, &[JSON], body.to_string().as_bytes()).await
}

fn kept(house: &House) -> Vec<(String, Reason)> {
    let refused = house.records().into_iter().filter_map(|record| match record {
        Record::Refused(refusal) => Some((refusal.source, refusal.reason)),
        _ => None,
    });
    refused.collect()
}

fn rain(station: &str, v: f64) -> Value {
    json!({ "phenomenonTime": TIME, "result": v, "Datastream": { "@iot.id": format!("{station}:rainfall") } })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_created_with_its_address_and_a_resend_has_the_same() {
    let (_dir, house, served) = served().await;
    let first = post(&served, "/v1.1/Observations", "hydro-secret", &rain("R-1", 2.5)).await;
    assert_eq!(first.status, 201, "{first:?}");
    let address = first.header("location").unwrap();
    assert!(
        address.starts_with("http://town/v1.1/Observations('R-1:rainfall:1781118300000:"),
        "{address}"
    );
    assert_eq!(first.json()["@iot.selfLink"], address.as_str());
    let again = post(&served, "/v1.1/Observations", "hydro-secret", &rain("R-1", 2.5)).await;
    assert_eq!((again.status, again.header("location")), (201, Some(address.clone())));
    // A correction is another observation.
    let other = post(&served, "/v1.1/Observations", "hydro-secret", &rain("R-1", 3.5)).await;
    assert_eq!(other.status, 201);
    assert_ne!(other.header("location"), Some(address));
    let named = json!({ "phenomenonTime": TIME, "result": 1.5 });
    for path in [
        "/v1.1/Datastreams('R-2:rainfall')/Observations",
        "/v1.1/Datastreams(%27R-3:rainfall%27)/Observations",
    ] {
        let answer = post(&served, path, "hydro-secret", &named).await;
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
    }
    let observations =
        house.records().iter().filter(|r| matches!(r, Record::Observation { .. })).count();
    assert_eq!(observations, 4, "durable when answered, and none twice");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_why_and_is_kept() {
    let (_dir, house, served) = served().await;
    let mut ahead = rain("R-1", 1.0);
    ahead["phenomenonTime"] = json!("2027-06-10T19:05:00Z");
    let mut drill = rain("R-1", 1.0);
    drill["parameters"] = json!({ "status": "exercise" });
    let table = [
        (rain("R-99", 1.0), 400, "unknown_station"),
        (rain("W-1", 1.0), 403, "foreign_station"),
        (rain("R-1", 500.0), 400, "out_of_range"),
        (json!({ "result": 1 }), 400, "missing_field"),
        (ahead, 400, "future_dated"),
        (drill, 400, "exercise"),
    ];
    for (body, status, reason) in &table {
        let answer = post(&served, "/v1.1/Observations", "hydro-secret", body).await;
        assert_eq!((answer.status, answer.reason().as_str()), (*status, *reason), "{answer:?}");
    }
    let kept = kept(&house);
    assert_eq!(kept.len(), table.len(), "{kept:?}");
    assert!(kept.iter().zip(&table).all(|((place, why), (_, _, reason))| {
        place == "/v1.1/Observations" && why.wire() == *reason
    }));
    // Nobody, a unit, another kind of body: nothing is kept of these.
    let nobody = post(&served, "/v1.1/Observations", "", &rain("R-1", 1.0)).await;
    assert_eq!(nobody.status, 401);
    let unit = post(&served, "/v1.1/Observations", "boat-01-secret", &rain("R-1", 1.0)).await;
    assert_eq!(unit.status, 403);
    let plain = served
        .post("/v1.1/Observations", "hydro-secret", &[("Content-Type", "text/csv")], b"1")
        .await;
    assert_eq!(plain.status, 415);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_is_not_written_to() {
    let (_dir, house, served) = served().await;
    for path in [
        "Things",
        "Datastreams",
        "Sensors",
        "Locations",
        "ObservedProperties",
        "FeaturesOfInterest",
        "HistoricalLocations",
        "Things('R-1')/Datastreams",
        "Observations('x')",
        "a%zz",
        "%ff",
    ] {
        let answer =
            post(&served, &format!("/v1.1/{path}"), "hydro-secret", &json!({ "name": "x" })).await;
        assert_eq!(
            (answer.status, answer.reason().as_str()),
            (405, "read_only"),
            "{path} {answer:?}"
        );
        assert!(answer.body.contains("the city's folder"), "{answer:?}");
        assert_eq!(answer.header("allow").as_deref(), Some("GET, HEAD"));
    }
    let batch = json!({ "requests": [] });
    let answer = post(&served, "/v1.1/$batch", "hydro-secret", &batch).await;
    assert_eq!((answer.status, answer.reason().as_str()), (501, "not_implemented"), "{answer:?}");
    assert!(answer.body.contains("CreateObservations"), "{answer:?}");
    for method in ["PUT", "PATCH", "DELETE"] {
        let head = format!(
            "{method} /v1.1/Observations('x') HTTP/1.1\r\nHost: town\r\nAuthorization: Bearer hydro-secret\r\nContent-Length: 0\r\n\r\n"
        );
        let answer = served.raw(head.as_bytes()).await;
        assert_eq!((answer.status, answer.reason().as_str()), (405, "read_only"), "{method}");
    }
    let taken = house.records().iter().filter(|r| matches!(r, Record::Observation { .. })).count();
    assert_eq!(taken, 0);
    let counted = kept(&house);
    assert!(counted.iter().all(|(_, reason)| *reason == Reason::UnknownChannel), "{counted:?}");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_arrays_answer_row_by_row_and_add_up() {
    let (_dir, house, served) = served().await;
    let rows = json!([
        { "Datastream": { "@iot.id": "R-1:rainfall" }, "components": ["phenomenonTime", "result"],
          "dataArray@iot.count": 3,
          "dataArray": [[TIME, 1.0], [TIME, 1.0], ["soon", 1.0]] },
        { "Datastream": { "@iot.id": "W-1:wind_speed" }, "components": ["phenomenonTime", "result"],
          "dataArray": [[TIME, 5.0]] },
        { "Datastream": { "@iot.id": "R-2:rainfall" }, "components": ["phenomenonTime", "result", "resultQuality"],
          "dataArray": [[TIME, 2.0, "doubtful"], ["2027-06-10T19:05:00Z", 2.0, "doubtful"]] },
    ]);
    let answer = post(&served, "/v1.1/CreateObservations", "hydro-secret", &rows).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let links = answer.json();
    let links: Vec<&str> = links.as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    assert_eq!(links.len(), 6);
    assert!(links[0].starts_with("http://town/v1.1/Observations('R-1:rainfall:"));
    assert_eq!(links[1], links[0], "a duplicate has the address of the first");
    assert_eq!((links[2], links[3], links[5]), ("error", "error", "error"));
    assert!(links[4].contains("R-2:rainfall"));
    let reasons: Vec<&str> = kept(&house).iter().map(|(_, reason)| reason.wire()).collect();
    assert_eq!(reasons, ["time", "foreign_station", "future_dated"]);
    // sent = accepted + duplicate + refused + quarantined
    let feeds = house.telemetry.feeds();
    let (_, state) = feeds.iter().find(|((who, _), _)| who.as_str() == "hydro").unwrap();
    assert_eq!(
        (state.accepted, state.duplicate, state.refused, state.quarantined),
        (2, 1, 2, 1),
        "{state:?}"
    );
    let bad = post(&served, "/v1.1/CreateObservations", "hydro-secret", &json!({ "a": 1 })).await;
    assert_eq!((bad.status, bad.reason().as_str()), (400, "syntax"));
    assert_eq!(kept(&house).len(), 4, "what cannot be read as a whole is kept as a whole");
    served.end().await;
}

/// A client of the embedded endpoint, 3.1.1.
async fn connect(at: SocketAddr, who: &str) -> (AsyncClient, rumqttc::EventLoop) {
    let mut options = MqttOptions::new(format!("{who}-1"), at.ip().to_string(), at.port());
    options.set_credentials(who, format!("{who}-secret"));
    let (client, mut events) = AsyncClient::new(options, 16);
    until(&mut events, |packet| matches!(packet, Packet::ConnAck(_)).then_some(())).await;
    (client, events)
}

async fn until<T>(events: &mut rumqttc::EventLoop, found: impl Fn(Packet) -> Option<T>) -> T {
    tokio::time::timeout(support::DEADLINE, async {
        loop {
            if let Event::Incoming(packet) = events.poll().await.unwrap()
                && let Some(found) = found(packet)
            {
                return found;
            }
        }
    })
    .await
    .expect("in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn observations_are_published_and_refusals_told() {
    let dir = tempfile::tempdir().unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let town = Town::start(dir.path(), Mqtt::Embedded(any, Box::default())).await;
    let at = town.hearing.mqtt_addr().unwrap();
    let (client, mut events) = connect(at, "hydro").await;
    client.subscribe("fh/v1/hydro/rejected", QoS::AtLeastOnce).await.unwrap();
    until(&mut events, |packet| matches!(packet, Packet::SubAck(_)).then_some(())).await;
    let sent = [
        ("v1.1/Observations", rain("R-1", 2.5)),
        (
            "v1.1/Datastreams('R-2:rainfall')/Observations",
            json!({ "phenomenonTime": TIME, "result": 1.0 }),
        ),
        ("v1.1/Observations", rain("W-1", 2.5)),
        ("v1.1/Things", json!({ "name": "x" })),
    ];
    for (topic, body) in &sent {
        client.publish(*topic, QoS::AtLeastOnce, false, body.to_string()).await.unwrap();
    }
    let mut told = Vec::new();
    while told.len() < 2 {
        told.push(
            until(&mut events, |packet| match packet {
                Packet::Publish(note) => {
                    Some(serde_json::from_slice::<Value>(&note.payload).unwrap())
                }
                _ => None,
            })
            .await,
        );
    }
    let reasons: Vec<&str> = told.iter().map(|note| note["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["foreign_station", "unknown_channel"]);
    let seen: Vec<(String, i64, f64)> = town.observations();
    assert_eq!(seen, [("R-1".into(), NOW.0, 2.5), ("R-2".into(), NOW.0, 1.0)]);
    drop(client);
    town.end().await;
}

/// Subscribes at QoS 1; whether it was granted.
async fn subscribe(client: &AsyncClient, events: &mut rumqttc::EventLoop, topic: &str) -> bool {
    client.subscribe(topic, QoS::AtLeastOnce).await.unwrap();
    until(events, |packet| match packet {
        Packet::SubAck(granted) => {
            Some(granted.return_codes[0] != rumqttc::SubscribeReasonCode::Failure)
        }
        _ => None,
    })
    .await
}

async fn news(events: &mut rumqttc::EventLoop) -> (String, Value) {
    until(events, |packet| match packet {
        Packet::Publish(told) => {
            Some((told.topic.clone(), serde_json::from_slice(&told.payload).unwrap()))
        }
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_subscribes_is_told_of_what_is_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let town = Town::start(dir.path(), Mqtt::Embedded(any, Box::default())).await;
    let at = town.hearing.mqtt_addr().unwrap();
    let (hydro, mut of_hydro) = connect(at, "hydro").await;
    for (topic, granted) in [
        ("v1.1/Datastreams('R-1:rainfall')/Observations?$select=result,phenomenonTime", true),
        ("v1.1/Datastreams('R-2:rainfall')/Observations", true),
        ("v1.1/Datastreams('W-1:wind_speed')/Observations", false),
        ("v1.1/Datastreams('R-99:rainfall')/Observations", false),
        ("v1.1/Observations?$select=colour", false),
        ("v1.1/#", false),
        ("v1.1/Things", false),
    ] {
        assert_eq!(subscribe(&hydro, &mut of_hydro, topic).await, granted, "{topic}");
    }
    let (weather, mut of_weather) = connect(at, "weather").await;
    assert!(subscribe(&weather, &mut of_weather, "v1.1/Observations").await);
    let (boat, mut of_boat) = connect(at, "boat-01").await;
    assert!(!subscribe(&boat, &mut of_boat, "v1.1/Observations").await);
    // Whatever the way in: by HTTP's admission, by MQTT, as a plain observation.
    let plain = format!(r#"{{"station":"R-1","property":"rainfall","t":{},"v":2.5}}"#, NOW.0);
    hydro.publish("fh/v1/hydro/obs", QoS::AtLeastOnce, false, plain).await.unwrap();
    let (topic, told) = news(&mut of_hydro).await;
    assert_eq!(
        topic,
        "v1.1/Datastreams('R-1:rainfall')/Observations?$select=result,phenomenonTime"
    );
    let time = "2026-06-10T19:00:00Z/2026-06-10T19:05:00Z";
    assert_eq!(told, json!({ "result": 2.5, "phenomenonTime": time }));
    hydro
        .publish("v1.1/Observations", QoS::AtLeastOnce, false, rain("R-2", 4.0).to_string())
        .await
        .unwrap();
    let (topic, told) = news(&mut of_hydro).await;
    assert_eq!(topic, "v1.1/Datastreams('R-2:rainfall')/Observations");
    let id = told["@iot.id"].as_str().unwrap();
    assert!(id.starts_with("R-2:rainfall:1781118300000:"), "{told}");
    assert_eq!(told["@iot.selfLink"], format!("/v1.1/Observations('{id}')"));
    // Weather was told nothing of hydro's: the first it hears is its own.
    let own = json!({ "phenomenonTime": TIME, "result": 7.0 }).to_string();
    weather
        .publish("v1.1/Datastreams('W-1:wind_speed')/Observations", QoS::AtLeastOnce, false, own)
        .await
        .unwrap();
    let (topic, told) = news(&mut of_weather).await;
    assert_eq!((topic.as_str(), &told["result"]), ("v1.1/Observations", &json!(7.0)));
    assert_eq!(told["phenomenonTime"], TIME);
    drop((hydro, weather, boat));
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_holds_up_nobody() {
    const SENT: i64 = 3_000;
    let dir = tempfile::tempdir().unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let town = Town::start(dir.path(), Mqtt::Embedded(any, Box::default())).await;
    let at = town.hearing.mqtt_addr().unwrap();
    // It subscribes, and never acknowledges.
    let mut options = MqttOptions::new("hydro-slow", at.ip().to_string(), at.port());
    options.set_credentials("hydro", "hydro-secret").set_manual_acks(true);
    let (slow, mut of_slow) = AsyncClient::new(options, 16);
    assert!(subscribe(&slow, &mut of_slow, "v1.1/Observations").await);
    let who = support::agency("hydro");
    let place = ingest::admit::Source {
        agency: &who,
        channel: domain::refusal::Channel::Http,
        place: "test",
    };
    for n in 0..SENT {
        let line = format!(
            r#"{{"station":"R-1","property":"rainfall","t":{},"v":1}}"#,
            NOW.0 - n * 60_000
        );
        let items = ingest::json::batch::decode_packet(line.as_bytes()).unwrap();
        let admitted = town.hearing.admission().admit(place, &items);
        if let Ok(admitted) = admitted {
            admitted.durable().await.unwrap();
        }
    }
    let left_out = || town.hearing.edge_stats().unwrap().downlinks_left_out;
    support::until("what does not fit is left out", || left_out() > 0).await;
    let taken = town.observations().len();
    assert!(taken > 1_000, "{taken}");
    drop(slow);
    town.end().await;
}
