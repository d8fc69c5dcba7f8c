//! An agency reads its own and nothing else: every address that can be read, by another agency's person,
//! by its token, and over the live line.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::sync::Arc;

use command_api::access::Access;
use command_api::serve::WallClock;
use common::mqtt::Mqtt;
use common::socket::refused;
use common::{PASSWORD, Running, now_ms, people, town};
use contract::openapi::ROUTES;
use domain::desk::Role;
use serde_json::json;

/// What the city's files say is everybody's who is signed in, and what is open to all.
const EVERYBODYS: [&str; 9] = [
    // From this machine only, and with a session of the duty room's.
    "/metrics",
    "/v1/city",
    "/v1/zones.geojson",
    "/v1/map/{file}",
    "/v1/clock",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/v1/rejections/reasons",
];

/// What is the water office's own, and must be in no answer to another: a value, what it sent and was
/// refused (as text, and as it is shown), the name of a credential.
const OWN: [&str; 4] = ["71.25", "HYDRO-OWN", "SFlEUk8tT1dO", "gateway of the weir"];

/// Addresses of a route, with ids that are the water office's.
fn addresses(path: &str, refusal: u64, credential: &str) -> Vec<String> {
    let things = ["Things('A')", "Datastreams", "Observations", "Things", "Locations"];
    let rests = ["Things('A')/Datastreams", "Things('A')/name", "Things('A')/Locations"];
    if path == "/v1.1/{entity}" {
        let of = |t: &&str| [format!("/v1.1/{t}"), format!("/v1.1/{t}?$expand=Datastreams")];
        let mut all: Vec<String> = things.iter().flat_map(of).collect();
        all.push("/v1.1/Datastreams?$expand=Observations,Thing".into());
        all.push("/v1.1/Observations?$expand=Datastream/Thing&$filter=result%20gt%2070".into());
        return all;
    }
    if path == "/v1.1/{entity}/{*rest}" {
        return rests.iter().map(|rest| format!("/v1.1/{rest}")).collect();
    }
    let path = path.replace("/rejections/{id}", &format!("/rejections/{refusal}"));
    let path = path.replace("/agencies/{id}", "/agencies/hydro");
    let path =
        path.replace("{credential}", credential).replace("/feeds/{id}", "/feeds/hydro%2Fhttp");
    let path = path.replace("/stations/{id}", "/stations/A").replace("{file}", "none");
    let path = path.replace("{id}", "A").replace("{sha256}", &"0".repeat(64));
    let asked = format!("{path}?agency=hydro");
    let series = format!("{path}?station=A&property=discharge&from=0&to={}", now_ms() + 1);
    vec![path, asked, series]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_reads_its_own_and_nothing_of_another_by_any_address() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let data = folder.path().join("data");
    let (hydro, _) = people(&data);
    let rescue = {
        let access = Access::open(&data.join("access.sqlite"), Arc::new(WallClock)).unwrap();
        access.put_person("rescuer", Role::Agency, Some("rescue"), PASSWORD).unwrap();
        access.give_token("agency", "rescue").unwrap()
    };
    let platform = Running::start(folder.path()).await;
    let own = platform.signed_in("agency").await;
    let bearer = |token: &str| platform.client().with("Authorization", &format!("Bearer {token}"));
    let rows = json!([
        { "station": "A", "property": "discharge", "t": now_ms(), "v": 71.25 },
        { "station": "HYDRO-OWN", "property": "discharge", "t": now_ms(), "v": 1 }
    ]);
    let answer = bearer(&hydro).post("/v1/observations", &rows).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.text());
    let label = json!({ "label": OWN[3] });
    let issued = own.post("/v1/agencies/hydro/credentials", &label).await.json();
    let credential = issued["credential"]["id"].as_str().unwrap().to_owned();
    let refusal =
        own.until("/v1/rejections", |list| list.as_array()?.first()?["seq"].as_u64()).await;
    let path = "/v1.1/Things('A')/Datastreams?$expand=Observations";
    own.until(path, |said| said.to_string().contains(OWN[0]).then_some(())).await;

    // The secret with its last character another one.
    let mut made_up = issued["secret"].as_str().unwrap().to_owned();
    let last = made_up.pop();
    made_up.push(if last == Some('x') { 'y' } else { 'x' });
    let foreign = [
        ("its person", platform.signed_in("rescuer").await),
        ("its token", bearer(&rescue)),
        ("who made a token up", bearer(&made_up)),
    ];
    let (mut tried, mut own_seen) = (0, 0);
    for route in ROUTES.iter().filter(|r| r.method == "get" && r.path != "/v1/live") {
        for address in addresses(route.path, refusal, &credential) {
            // The one it belongs to does see it where there is a door: the test can find it.
            let seen = own.get(&address).await.text();
            own_seen += usize::from(OWN.iter().any(|mark| seen.contains(mark)));
            if EVERYBODYS.contains(&route.path) {
                continue;
            }
            for (who, client) in &foreign {
                let answer = client.get(&address).await;
                let said = answer.text();
                assert!(answer.status < 500, "{who}: {address}: {said}");
                let found = OWN.iter().find(|mark| said.contains(**mark));
                assert_eq!(found, None, "{who} reads at {address} ({}): {said}", answer.status);
                tried += 1;
            }
        }
    }
    // Of the city everybody is told, but of the stations and plans only the duty room.
    let rescuer = &foreign[0].1;
    let told = |city: serde_json::Value| {
        let of = |key: &str| city[key].as_array().unwrap().len();
        (of("stations"), of("plans"), of("levels") > 0)
    };
    assert_eq!(told(rescuer.get("/v1/city").await.json()), (0, 0, true));
    assert_eq!(told(own.get("/v1/city").await.json()).1, 0);
    assert!(told(own.get("/v1/city").await.json()).0 > 0);
    let officer = platform.signed_in("officer").await;
    assert!(told(officer.get("/v1/city").await.json()).1 > 0);
    println!("{tried} addresses tried; its own person found its own at {own_seen}");
    assert!(tried > 300 && own_seen >= 6, "{tried} {own_seen}");

    // The live line is for the duty room.
    for who in ["agency", "rescuer"] {
        let person = platform.signed_in(who).await;
        assert_eq!(refused(&person, "/v1/live", None).await, 403, "{who}");
        assert_eq!(person.post("/v1/live/ticket", &json!({})).await.status, 403, "{who}");
    }
    // What was refused of another is not sent again, nor laid aside, in its name.
    for act in ["replay", "dismiss"] {
        let path = format!("/v1/rejections/{refusal}/{act}");
        let body = json!({ "reason": "x" });
        for (who, client) in &foreign {
            let answer = client.post(&path, &body).await;
            assert!([401, 403, 404, 422, 400].contains(&answer.status), "{who}: {}", answer.text());
        }
    }
    let still = own.get(&format!("/v1/rejections/{refusal}")).await.json();
    assert_eq!(still["state"], "open", "{still}");
    platform.stop().await.unwrap();
}

/// The page of figures has every agency's: through a proxy an agency's person does not get it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_of_all_agencies_are_not_an_agencys_to_read() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start_with(folder.path(), |options| {
        options.public_url = Some("https://fenghuo.example".into());
    })
    .await;
    for (who, status) in [("agency", 401), ("auditor", 200)] {
        assert_eq!(platform.signed_in(who).await.get("/metrics").await.status, status, "{who}");
    }
    assert_eq!(platform.client().get("/metrics").await.status, 401);
    platform.stop().await.unwrap();
}

/// Over MQTT an agency writes to its own topics and hears its own, both ways.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_of_another_is_refused_by_every_door() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let data = folder.path().join("data");
    people(&data);
    let rescue = {
        let access = Access::open(&data.join("access.sqlite"), Arc::new(WallClock)).unwrap();
        access.give_token("agency", "rescue").unwrap()
    };
    let platform = Running::start(folder.path()).await;
    let client = platform.client().with("Authorization", &format!("Bearer {rescue}"));
    let row = json!({ "station": "A", "property": "discharge", "t": now_ms(), "v": 400 });
    let answer = client.post("/v1/observations", &json!([row])).await.json();
    assert_eq!(answer["rejected"][0]["reason"], "foreign_station", "{answer}");
    let sta = json!({ "phenomenonTime": "2026-06-11T00:00:00Z", "result": 400 });
    let path = "/v1.1/Datastreams('A:discharge')/Observations";
    let answer = client.post(path, &sta).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    let mut line = Mqtt::connect(platform.mqtt, "rescue", &rescue).await.unwrap();
    line.publish("fh/v1/rescue/obs", &row).await;
    let officer = platform.signed_in("officer").await;
    officer
        .until("/v1/rejections?agency=rescue&reason=foreign_station", |list| {
            (list.as_array()?.len() >= 2).then_some(())
        })
        .await;
    assert_eq!(officer.get("/v1/alerts").await.json(), json!([]), "nobody's gauge was moved");
    platform.stop().await.unwrap();
}
