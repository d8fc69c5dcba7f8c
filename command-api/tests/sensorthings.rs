//! SensorThings over a running platform: what is written is read back, every question of the table
//! has exactly the entities that it should, and everybody sees what is theirs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;

use common::mqtt::Mqtt;
use common::{Answer, Client, Running, now_ms, people, town};
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

/// A town of three stations: two of hydro, one of rescue; A stood elsewhere before 2026, and B will be
/// rescue's.
fn measured_town(folder: &Path) {
    let city = town(folder);
    std::fs::write(
        city.join("stations.csv"),
        "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\n\
         A,甲站,A,hydro,112.55,22.05,,,2020-01-01T00:00:00+08:00\n\
         A,甲站,A,hydro,112.60,22.10,,,2026-01-01T00:00:00+08:00\n\
         B,乙站,B,hydro,112.70,22.20,,,\n\
         B,乙站,B,rescue,112.80,22.30,,,2099-01-01T00:00:00+08:00\n\
         C,丙站,C,rescue,112.90,22.40,,,\n",
    )
    .unwrap();
    std::fs::write(
        city.join("datastreams.csv"),
        "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n\
         A,discharge,60,,,,,\nA,rainfall,300,,80,,,\nB,discharge,60,,,,,\nC,discharge,60,,,,,\n",
    )
    .unwrap();
}

/// An address, its query escaped.
fn address(path: &str, query: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~$()',/:".contains(&b);
        let byte = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        text.bytes().map(byte).collect::<String>()
    };
    let pairs: Vec<String> = query.iter().map(|(n, v)| format!("{n}={}", escape(v))).collect();
    let mark = if pairs.is_empty() { "" } else { "?" };
    format!("/v1.1/{path}{mark}{}", pairs.join("&"))
}

async fn ask(client: &Client, path: &str, query: &[(&str, &str)]) -> Value {
    let answer = client.get(&address(path, query)).await;
    assert_eq!(answer.status, 200, "{path} {query:?}: {}", answer.text());
    answer.json()
}

fn ids(answer: &Value) -> Vec<String> {
    let list = answer["value"].as_array().unwrap_or_else(|| panic!("{answer}"));
    list.iter().map(|e| e["@iot.id"].as_str().unwrap().to_owned()).collect()
}

/// Values of observations, in the order of the answer.
fn results(answer: &Value) -> Vec<f64> {
    let list = answer["value"].as_array().unwrap_or_else(|| panic!("{answer}"));
    list.iter().map(|e| e["result"].as_f64().unwrap()).collect()
}

struct House {
    platform: Running,
    officer: Client,
    hydro: Client,
    token: String,
    /// A whole minute some time ago.
    t0: i64,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        measured_town(folder.path());
        let (token, _) = people(&folder.path().join("data"));
        let platform = Running::start(folder.path()).await;
        let officer = platform.signed_in("officer").await;
        let hydro = platform.client().with("Authorization", &format!("Bearer {token}"));
        let t0 = now_ms() / MINUTE * MINUTE - 600 * MINUTE;
        Self { platform, officer, hydro, token, t0, _folder: folder }
    }

    fn time(&self, minutes: i64) -> String {
        domain::time::UtcMs(self.t0 + minutes * MINUTE).rfc3339(8 * 3600)
    }

    /// Posts an observation.
    async fn post(&self, stream: &str, minutes: i64, v: f64) -> Answer {
        let body = json!({ "phenomenonTime": self.time(minutes), "result": v,
            "Datastream": { "@iot.id": stream } });
        let answer = self.hydro.post("/v1.1/Observations", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer
    }

    /// A: 1 to 10 at minutes 0 to 9; B: 100 at minute 5; rain at A: 2.5 at minute 5.
    async fn filled(&self) {
        let rows: Vec<Value> = (0..10).map(|n| json!([self.time(n), n + 1])).collect();
        let body = json!([{ "Datastream": { "@iot.id": "A:discharge" },
            "components": ["phenomenonTime", "result"], "dataArray": rows }]);
        let answer = self.hydro.post("/v1.1/CreateObservations", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        self.post("A:rainfall", 5, 2.5).await;
        self.post("B:discharge", 5, 100.0).await;
        let all = address("Observations", &[("$count", "true"), ("$top", "0")]);
        self.officer.until(&all, |a| (a["@iot.count"] == 12).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_is_read_back_by_its_address() {
    let house = House::open().await;
    let created = house.post("A:rainfall", 0, 2.5).await;
    let link = created.header("location").unwrap();
    let at = format!("http://{}", house.platform.http);
    let path = link.strip_prefix(&at).unwrap_or_else(|| panic!("{link} is not at {at}"));
    let seen = house.officer.until(path, |seen| Some(seen.clone())).await;
    let (from, to) = (house.t0 - 5 * MINUTE, house.t0);
    let utc = |ms: i64| domain::time::UtcMs(ms).rfc3339(0).replace("+00:00", "Z");
    assert_eq!(seen["phenomenonTime"], format!("{}/{}", utc(from), utc(to)));
    assert_eq!((&seen["result"], &seen["resultQuality"]), (&json!(2.5), &json!("reliable")));
    assert_eq!(seen["@iot.selfLink"], link.as_str());
    // Along its relations.
    let way = |client: &Client, link: &Value| {
        let path = link.as_str().unwrap().strip_prefix(&at).unwrap().to_owned();
        let client = client.clone();
        async move { client.get(&path).await.json() }
    };
    let stream = way(&house.officer, &seen["Datastream@iot.navigationLink"]).await;
    assert_eq!(stream["@iot.id"], "A:rainfall");
    assert_eq!(stream["unitOfMeasurement"]["symbol"], "mm");
    assert_eq!(stream["phenomenonTime"], seen["phenomenonTime"]);
    let thing = way(&house.officer, &stream["Thing@iot.navigationLink"]).await;
    assert_eq!((&thing["@iot.id"], &thing["name"]), (&json!("A"), &json!("甲站")));
    let feature = way(&house.officer, &seen["FeatureOfInterest@iot.navigationLink"]).await;
    assert_eq!(feature["feature"]["coordinates"], json!([112.60, 22.10]));
    house.platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entity_set_is_there_with_its_properties_and_relations() {
    let house = House::open().await;
    house.filled().await;
    let landing = house.officer.get("/v1.1").await.json();
    let met = landing["serverSettings"]["conformance"].as_array().unwrap();
    assert!(met.iter().all(|m| {
        m.as_str().unwrap().starts_with("http://www.opengis.net/spec/iot_sensing/1.1/req/")
    }));
    let create = "http://www.opengis.net/spec/iot_sensing/1.1/req/create-observations-via-mqtt/observations-creation";
    assert_eq!(
        landing["serverSettings"][create]["endpoints"][0],
        format!("mqtt://{}", house.platform.mqtt)
    );
    let expected = [
        (
            "Things",
            vec!["name", "description", "properties"],
            vec!["Locations", "HistoricalLocations", "Datastreams"],
        ),
        (
            "Locations",
            vec!["name", "description", "encodingType", "location"],
            vec!["Things", "HistoricalLocations"],
        ),
        ("HistoricalLocations", vec!["time"], vec!["Thing", "Locations"]),
        (
            "Datastreams",
            vec!["name", "description", "observationType", "unitOfMeasurement", "observedArea"],
            vec!["Thing", "Sensor", "ObservedProperty", "Observations"],
        ),
        ("Sensors", vec!["name", "description", "encodingType", "metadata"], vec!["Datastreams"]),
        ("ObservedProperties", vec!["name", "definition", "description"], vec!["Datastreams"]),
        (
            "Observations",
            vec!["phenomenonTime", "resultTime", "result"],
            vec!["Datastream", "FeatureOfInterest"],
        ),
        (
            "FeaturesOfInterest",
            vec!["name", "description", "encodingType", "feature"],
            vec!["Observations"],
        ),
    ];
    let host = format!("http://{}", house.platform.http);
    for ((set, properties, relations), listed) in
        expected.iter().zip(landing["value"].as_array().unwrap())
    {
        assert_eq!(
            (&listed["name"], &listed["url"]),
            (&json!(set), &json!(format!("{host}/v1.1/{set}")))
        );
        let page = ask(&house.officer, set, &[]).await;
        let first = &page["value"][0];
        for name in properties {
            assert!(!first[name].is_null(), "{set} {name}: {first}");
        }
        let link = first["@iot.selfLink"].as_str().unwrap().strip_prefix(&host).unwrap();
        assert_eq!(house.officer.get(link).await.json(), *first, "{link}");
        for name in relations {
            let way = first[format!("{name}@iot.navigationLink")].as_str().unwrap();
            let led = house.officer.get(way.strip_prefix(&host).unwrap()).await;
            assert_eq!(led.status, 200, "{way}: {}", led.text());
        }
    }
    // Epochs of a station: two places, the newer one current.
    let here = ask(&house.officer, "Things('A')/Locations", &[]).await;
    assert_eq!(here["value"][0]["location"]["coordinates"], json!([112.60, 22.10]));
    let was =
        ask(&house.officer, "Things('A')/HistoricalLocations", &[("$expand", "Locations")]).await;
    let places: Vec<&Value> = was["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| &h["Locations"][0]["location"]["coordinates"][0])
        .collect();
    assert_eq!(places, [&json!(112.55), &json!(112.60)]);
    house.platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_find_what_they_should() {
    let house = House::open().await;
    house.filled().await;
    let (t3, t5) = (house.time(3), house.time(5));
    let utc5 = domain::time::UtcMs(house.t0 + 5 * MINUTE).rfc3339(0);
    let of_a = "Datastreams('A:discharge')/Observations";
    // Path, filter, the values that are left.
    let numbers: Vec<(&str, String, Vec<f64>)> = vec![
        (of_a, "result gt 8".into(), vec![9.0, 10.0]),
        (of_a, "result ge 9 and result le 9".into(), vec![9.0]),
        (of_a, "result lt 2 or result eq 5".into(), vec![1.0, 5.0]),
        (of_a, "result ne 1 and not (result gt 2)".into(), vec![2.0]),
        (of_a, "result mod 5 eq 0".into(), vec![5.0, 10.0]),
        (of_a, "(result add 1) mul 2 eq 8 sub 2".into(), vec![2.0]),
        (of_a, "result div 2 eq 4.5".into(), vec![9.0]),
        (of_a, "round(result div 4) eq 1 and floor(result div 4) eq 0".into(), vec![2.0, 3.0]),
        (of_a, "ceiling(result div 4) eq 3".into(), vec![9.0, 10.0]),
        (of_a, format!("phenomenonTime lt {t3}"), vec![1.0, 2.0, 3.0]),
        (of_a, format!("phenomenonTime ge {t3} and phenomenonTime le {t5}"), vec![4.0, 5.0, 6.0]),
        (of_a, format!("{t5} eq phenomenonTime"), vec![6.0]),
        (of_a, format!("phenomenonTime gt {t3} add duration'PT4M'"), vec![9.0, 10.0]),
        (of_a, format!("phenomenonTime sub {t3} ge duration'PT6M'"), vec![10.0]),
        (of_a, "phenomenonTime gt now()".into(), vec![]),
        (of_a, "phenomenonTime gt mindatetime() and phenomenonTime lt maxdatetime() and result eq 1".into(), vec![1.0]),
        (of_a, format!("minute(resultTime) eq minute({t5})"), vec![6.0]),
        (of_a, format!("year(phenomenonTime) ge 2020 and second(phenomenonTime) eq 0 and phenomenonTime eq {t5}"), vec![6.0]),
        (of_a, format!("time(phenomenonTime) eq time({utc5}) and hour(phenomenonTime) eq hour({utc5})"), vec![6.0]),
        (of_a, "fractionalseconds(phenomenonTime) gt 0".into(), vec![]),
        (of_a, format!("date(phenomenonTime) eq date({utc5}) and day(resultTime) eq day({utc5}) and month(resultTime) ge 1 and result eq 6"), vec![6.0]),
        (of_a, "totaloffsetminutes(phenomenonTime) eq 0 and result eq 3".into(), vec![3.0]),
        (of_a, "resultQuality eq 'reliable' and result gt 9".into(), vec![10.0]),
        (of_a, "validTime eq null and result eq 4".into(), vec![4.0]),
        ("Observations", "Datastream/ObservedProperty/name eq 'rainfall'".into(), vec![2.5]),
        ("Observations", "Datastream/id eq 'B:discharge'".into(), vec![100.0]),
        ("Observations", "Datastream/Thing/name eq '乙站' and result gt 1".into(), vec![100.0]),
        ("Observations", format!("phenomenonTime eq {t5} and Datastream/unitOfMeasurement/symbol eq 'm3/s'"), vec![6.0, 100.0]),
        ("Observations", "FeatureOfInterest/id eq 'B'".into(), vec![100.0]),
        ("Observations", "st_within(FeatureOfInterest/feature, geography'POLYGON((112.65 22, 112.8 22, 112.8 22.3, 112.65 22.3, 112.65 22))')".into(), vec![100.0]),
        ("FeaturesOfInterest('B')/Observations", "result gt 0".into(), vec![100.0]),
        ("Things('A')/Datastreams('A:rainfall')/Observations", "result gt 0".into(), vec![2.5]),
    ];
    for (path, filter, expected) in &numbers {
        let answer = ask(&house.officer, path, &[("$filter", filter)]).await;
        assert_eq!(results(&answer), *expected, "{path} {filter}");
    }
    let named: Vec<(&str, &str, Vec<&str>)> = vec![
        ("Things", "name eq '甲站'", vec!["A"]),
        ("Things", "id eq 'B' or @iot.id eq 'C'", vec!["B", "C"]),
        ("Things", "properties/agency eq 'rescue'", vec!["C"]),
        ("Things", "Datastreams/ObservedProperty/name eq 'rainfall'", vec!["A"]),
        ("Things", "Datastreams/Observations/result gt 50", vec!["B"]),
        ("Things", "not (Datastreams/ObservedProperty/id eq 'rainfall')", vec!["B", "C"]),
        ("Datastreams", "startswith(name,'A')", vec!["A:discharge", "A:rainfall"]),
        ("Datastreams", "endswith(name,'fall')", vec!["A:rainfall"]),
        ("Datastreams", "substringof('rain',name)", vec!["A:rainfall"]),
        ("Datastreams", "length(id) eq 10", vec!["A:rainfall"]),
        (
            "Datastreams",
            "indexof(name,'discharge') eq 2 and substring(name,0,1) eq 'B'",
            vec!["B:discharge"],
        ),
        ("Datastreams", "substring(name,2) eq 'rainfall'", vec!["A:rainfall"]),
        ("Datastreams", "toupper(name) eq 'A:RAINFALL'", vec!["A:rainfall"]),
        (
            "Datastreams",
            "tolower(concat(trim(' X'),'y')) eq 'xy' and Thing/id eq 'C'",
            vec!["C:discharge"],
        ),
        ("Datastreams", "phenomenonTime eq null", vec!["C:discharge"]),
        ("Datastreams", "properties/interval_property eq true", vec!["A:rainfall"]),
        (
            "Datastreams",
            "properties/interval_s lt 100 and Sensor/id ne 'A:discharge'",
            vec!["B:discharge", "C:discharge"],
        ),
        (
            "Locations",
            "geo.distance(location, geography'POINT(112.7 22.2)') lt 0.01",
            vec!["B:946684800000"],
        ),
        (
            "Locations",
            "st_intersects(location, geography'POINT(112.9 22.4)')",
            vec!["C:946684800000"],
        ),
        (
            "Locations",
            "geo.intersects(location, geography'LINESTRING(112.9 22.4, 112.9 22.5)')",
            vec!["C:946684800000"],
        ),
        (
            "Locations",
            "st_equals(location, geography'POINT(112.9 22.4)') and geo.length(geography'LINESTRING(0 0,3 4)') eq 5",
            vec!["C:946684800000"],
        ),
        (
            "Locations",
            "st_relate(location, geography'POINT(112.9 22.4)','T********')",
            vec!["C:946684800000"],
        ),
        ("Things", "not st_disjoint(Locations/location, geography'POINT(112.6 22.1)')", vec!["A"]),
        ("HistoricalLocations", "time ge 2026-01-01T00:00:00+08:00", vec!["A:1767196800000"]),
        ("HistoricalLocations", "Thing/id eq 'A' and year(time) eq 2019", vec!["A:1577808000000"]),
        ("ObservedProperties", "Datastreams/Thing/id eq 'B'", vec!["discharge"]),
        ("Sensors", "Datastreams/id eq 'A:rainfall'", vec!["A:rainfall"]),
    ];
    for (path, filter, expected) in &named {
        let answer = ask(&house.officer, path, &[("$filter", filter)]).await;
        assert_eq!(ids(&answer), *expected, "{path} {filter}");
    }
    house.platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_orders_counts_and_selections() {
    let house = House::open().await;
    house.filled().await;
    let of_a = "Datastreams('A:discharge')/Observations";
    // Page by page, by the links alone.
    let host = format!("http://{}", house.platform.http);
    let query = [("$top", "3"), ("$orderby", "phenomenonTime desc"), ("$count", "true")];
    let mut page = ask(&house.officer, of_a, &query).await;
    let mut seen = results(&page);
    while let Some(link) = page["@iot.nextLink"].as_str().map(str::to_owned) {
        assert_eq!(page["@iot.count"], 10);
        page = house.officer.get(link.strip_prefix(&host).unwrap()).await.json();
        seen.extend(results(&page));
    }
    assert_eq!(seen, [10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
    let skipped = ask(&house.officer, of_a, &[("$skip", "8")]).await;
    assert_eq!(results(&skipped), [9.0, 10.0]);
    assert!(skipped["@iot.nextLink"].is_null() && skipped["@iot.count"].is_null());
    let none = ask(&house.officer, of_a, &[("$top", "0"), ("$count", "true")]).await;
    assert_eq!((&none["value"], &none["@iot.count"]), (&json!([]), &json!(10)));
    // All datastreams in order of time, and by several keys.
    let newest =
        ask(&house.officer, "Observations", &[("$orderby", "phenomenonTime desc"), ("$top", "4")])
            .await;
    assert_eq!(results(&newest), [10.0, 9.0, 8.0, 7.0]);
    let keys = [("$orderby", "Datastream/Thing/id desc,result asc"), ("$top", "3")];
    assert_eq!(results(&ask(&house.officer, "Observations", &keys).await), [100.0, 1.0, 2.0]);
    let streams = ask(&house.officer, "Datastreams", &[("$orderby", "Thing/name,id desc")]).await;
    assert_eq!(ids(&streams), ["C:discharge", "B:discharge", "A:rainfall", "A:discharge"]);
    // Selections.
    let only = ask(&house.officer, of_a, &[("$select", "result,id"), ("$top", "1")]).await;
    let first = only["value"][0].as_object().unwrap();
    assert_eq!(first.keys().collect::<Vec<_>>(), ["@iot.id", "result"]);
    let unit = ask(
        &house.officer,
        "Datastreams('A:rainfall')",
        &[("$select", "unitOfMeasurement/symbol,Thing")],
    )
    .await;
    assert_eq!(unit["unitOfMeasurement"], json!({ "symbol": "mm" }));
    assert!(unit["Thing@iot.navigationLink"].is_string() && unit["name"].is_null());
    // Expansions, nested, with options of their own.
    let expand = "Datastreams($select=name;$filter=startswith(name,'A');$orderby=name desc;$expand=Observations($top=2;$orderby=phenomenonTime desc;$count=true;$select=result),ObservedProperty)";
    let thing = ask(&house.officer, "Things('A')", &[("$expand", expand)]).await;
    let streams = thing["Datastreams"].as_array().unwrap();
    assert_eq!(
        (&streams[0]["name"], &streams[1]["name"]),
        (&json!("A:rainfall"), &json!("A:discharge"))
    );
    assert_eq!(streams[1]["Observations"], json!([{ "result": 10.0 }, { "result": 9.0 }]));
    assert_eq!(
        (&streams[1]["Observations@iot.count"], &streams[1]["ObservedProperty"]["name"]),
        (&json!(10), &json!("discharge"))
    );
    let more =
        streams[1]["Observations@iot.nextLink"].as_str().unwrap().strip_prefix(&host).unwrap();
    assert_eq!(results(&house.officer.get(more).await.json()), [8.0, 7.0]);
    let deep =
        ask(&house.officer, of_a, &[("$top", "1"), ("$expand", "Datastream/Thing/Locations")])
            .await;
    assert_eq!(
        deep["value"][0]["Datastream"]["Thing"]["Locations"][0]["location"]["type"],
        "Point"
    );
    // Properties, bare values, references, data arrays.
    assert_eq!(ask(&house.officer, "Things('A')/name", &[]).await, json!({ "name": "甲站" }));
    assert_eq!(house.officer.get("/v1.1/Things('A')/name/$value").await.text(), "甲站");
    assert_eq!(
        house.officer.get("/v1.1/Things(%27A%27)/properties/agency/$value").await.text(),
        "hydro"
    );
    assert_eq!(
        house.officer.get("/v1.1/Datastreams('C:discharge')/phenomenonTime").await.status,
        204
    );
    let refs = ask(&house.officer, "Things('A')/Datastreams/$ref", &[]).await;
    assert_eq!(
        refs["value"][0],
        json!({ "@iot.selfLink": format!("{host}/v1.1/Datastreams('A:discharge')") })
    );
    let one = ask(&house.officer, "Datastreams('A:discharge')/Thing/$ref", &[]).await;
    assert_eq!(one, json!({ "@iot.selfLink": format!("{host}/v1.1/Things('A')") }));
    let arrays = ask(
        &house.officer,
        "Observations",
        &[("$resultFormat", "dataArray"), ("$select", "result"), ("$count", "true")],
    )
    .await;
    let counts: Vec<&Value> =
        arrays["value"].as_array().unwrap().iter().map(|a| &a["dataArray@iot.count"]).collect();
    assert_eq!(
        (counts, &arrays["value"][2]["dataArray"]),
        (vec![&json!(10), &json!(1), &json!(1)], &json!([[100.0]]))
    );
    house.platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_answered_says_why() {
    let house = House::open().await;
    let table = [
        ("Things?$foo=1", 400, "there is no option"),
        ("Things?foo=1", 400, "there is no option"),
        ("Things?$top=-1", 400, "$top"),
        ("Things?$filter=colour%20eq%201", 400, "has no \"colour\""),
        ("Things?$filter=Datastreams%20eq%201", 400, "a property of Datastream is wanted"),
        ("Things?$filter=name", 400, "a condition is wanted"),
        ("Things?$filter=name%20add%201%20eq%202", 400, "has no result"),
        ("Things?$filter=contains(name,'x')", 501, "there is no function"),
        ("Things?$filter=st_within(name,geography'POINT(1%202)')", 400, "does not take"),
        ("HistoricalLocations?$filter=time%20gt%20'2026'", 400, "without quotes"),
        ("Things?$expand=Observations", 400, "cannot be expanded"),
        ("Things?$select=colour", 400, "has no \"colour\""),
        ("Things?$orderby=colour", 400, "has no \"colour\""),
        ("Things('A')?$top=1", 400, "$select and $expand alone"),
        ("Things('A')/name?$top=1", 400, "no options"),
        ("Things?$resultFormat=dataArray", 400, "for Observations"),
        ("Things('Z')", 404, "there is no Thing"),
        ("Things('A')/Colours", 404, "there is no"),
        ("Things('A')/Datastreams('B:discharge')", 404, "there is no Datastream"),
        ("Datastreams('A:discharge')/Thing('A')", 400, "has no key"),
        ("Colours", 404, "there is no entity set"),
        ("Things('A", 400, "a key is written"),
        ("Things()", 400, "a key is written"),
        ("Things/name", 404, "step from Things"),
        ("Observations('x')", 404, "there is no Observation"),
        ("Things/", 404, "ends without a slash"),
        ("../v1.0/Things", 404, "version 1.1"),
        ("Things('A')/$ref?$top=1", 400, "no options"),
        ("MultiDatastreams", 404, "there are Things"),
    ];
    for (path, status, said) in table {
        let address = format!("/v1.1/{path}").replace("/v1.1/../", "/");
        let answer = house.officer.get(&address).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(said), "{path}: {detail}");
    }
    house.platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_reads_its_own() {
    let house = House::open().await;
    house.filled().await;
    let all = ask(&house.officer, "Things", &[]).await;
    assert_eq!(ids(&all), ["A", "B", "C"]);
    let person = house.platform.signed_in("agency").await;
    for client in [&house.hydro, &person] {
        assert_eq!(ids(&ask(client, "Things", &[]).await), ["A", "B"]);
        assert_eq!(client.get("/v1.1/Things('C')").await.status, 404);
        assert_eq!(client.get("/v1.1/Datastreams('C:discharge')/Observations").await.status, 404);
        let own = ask(client, "ObservedProperties('discharge')/Datastreams", &[]).await;
        assert_eq!(ids(&own), ["A:discharge", "B:discharge"]);
    }
    assert_eq!(house.platform.client().get("/v1.1/Things").await.status, 401);
    house.platform.stop().await.unwrap();
}

/// The rows of the table in the README: requirement, whether it holds, request, answer.
fn table_of_requirements() -> Vec<[String; 4]> {
    let readme = include_str!("../../ingest/src/sensorthings/README.md");
    let rows = readme.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.filter(|line| line.split(" | ").count() == 5);
    let cells = |line: &str| {
        let mut cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
        [(); 4].map(|()| cells.next().unwrap_or_default())
    };
    rows.map(cells).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_of_requirements_is_true() {
    let house = House::open().await;
    house.filled().await;
    let stranger = house.platform.client().get("/v1.1").await.status;
    assert_eq!(stranger, 401, "nobody reads without a name");
    let token = house.hydro.clone();
    let landing = house.officer.get("/v1.1").await.json();
    let listed = landing["serverSettings"]["conformance"].as_array().unwrap();
    let plain = |cell: &str| cell.trim_matches('`').to_owned();
    let rows = table_of_requirements();
    assert_eq!(rows.len(), 48, "every requirement of Part 1 has its row");
    for (n, [name, holds, request, answer]) in rows.iter().enumerate() {
        let (name, request, answer) = (plain(name), plain(request), plain(answer));
        let url = format!("http://www.opengis.net/spec/iot_sensing/1.1/req/{name}");
        let is_listed = listed.iter().any(|met| *met == url);
        assert_eq!(is_listed, holds.starts_with("yes"), "{name}: what is listed is what holds");
        let (method, target) = request.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let address = address(path, &pairs.collect::<Vec<_>>());
        let value = json!({ "phenomenonTime": house.time(20 + n as i64), "result": 1.0,
            "Datastream": { "@iot.id": "A:discharge" } });
        let body = match path {
            "CreateObservations" => json!([{ "Datastream": value["Datastream"],
                "components": ["phenomenonTime", "result"],
                "dataArray": [[value["phenomenonTime"], 1.0]] }]),
            _ => value.clone(),
        };
        match method {
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE" => {
                let body = if method == "GET" { String::new() } else { body.to_string() };
                let client = token.clone().with("Content-Type", "application/json");
                let said = client.request(method, &address, &body).await;
                let (status, parts) = answer.split_once(' ').unwrap();
                assert_eq!(said.status.to_string(), status, "{name}: {request}: {}", said.text());
                for part in parts.split(' ') {
                    assert!(said.text().contains(part), "{name}: {request}: {}", said.text());
                }
            }
            "PUBLISH" => {
                let mut mqtt =
                    Mqtt::connect(house.platform.mqtt, "hydro", &house.token).await.unwrap();
                mqtt.publish(target, &value).await;
                let read = format!(
                    "/v1.1/Datastreams('A:discharge')/Observations?$filter=phenomenonTime%20eq%20{}&$top=1",
                    house.time(20 + n as i64).replace('+', "%2B")
                );
                token.until(&read, |page| page["value"].get(0).map(|_| ())).await;
            }
            "SUBSCRIBE" => {
                let mut mqtt =
                    Mqtt::connect(house.platform.mqtt, "hydro", &house.token).await.unwrap();
                mqtt.subscribe(target).await;
                assert_eq!(house.hydro.post("/v1.1/Observations", &value).await.status, 201);
                let (topic, told) = mqtt.message(true).await;
                assert_eq!(
                    (topic.as_str(), &told),
                    (target, &json!({ "result": 1.0 })),
                    "{answer}"
                );
            }
            other => panic!("{name}: {other} is no request"),
        }
    }
    house.platform.stop().await.unwrap();
}
