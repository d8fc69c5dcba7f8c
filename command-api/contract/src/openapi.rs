//! `openapi.json`: one table of routes, and the schemas of the types that go over them.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::views;

/// How a route is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// By anybody.
    Open,
    /// By a signed-in person whose role is in the list of [`Route::roles`].
    Session,
    /// By an agency's or unit's bearer token.
    Token,
    /// As [`Entry::Session`], or by an agency's bearer token, for what is its own.
    SessionOrToken,
}

/// One route of the platform, as documented, as mounted, and as tested for every role.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// HTTP method, lower case.
    pub method: &'static str,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// One line.
    pub summary: &'static str,
    /// How it is entered.
    pub entry: Entry,
    /// Query parameters.
    pub query: &'static [&'static str],
    /// Name of the request body's schema, or a media type with a slash in it, or empty.
    pub body: &'static str,
    /// Name of the answer's schema (`[X]` for a list), or a media type, or empty.
    pub answer: &'static str,
}

impl Route {
    /// The path as it is documented: what takes the rest of an address has no star there.
    pub fn documented_path(&self) -> String {
        self.path.replace("{*", "{")
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $entry:ident [$($q:literal),*] $body:literal => $answer:literal : $summary:literal)*) => {
        /// Every route.
        pub const ROUTES: &[Route] = &[$(Route {
            method: stringify!($method), path: $path, summary: $summary,
            entry: Entry::$entry, query: &[$($q),*], body: $body, answer: $answer,
        }),*];
    };
}

routes! {
    get "/healthz" Open [] "" => "text/plain": "The process lives"
    get "/readyz" Open [] "" => "text/plain": "The platform takes in, has caught up and can write"
    get "/v1/clock" Open [] "" => "ClockView": "The platform's clock, to set a feed's by"
    get "/metrics" Open [] "" => "text/plain": "Prometheus metrics (loopback, or with a session)"
    get "/openapi.json" Open [] "" => "application/json": "This document"
    post "/v1/session" Open [] "SignIn" => "SessionView": "Sign in"
    get "/v1/session" Session [] "" => "SessionView": "Who is signed in"
    delete "/v1/session" Session [] "" => "": "Sign out"
    post "/v1/setup" Open [] "SetUp" => "SessionView": "Make the first administrator with the one-time code"
    post "/v1/live/ticket" Session [] "" => "Ticket": "A one-use ticket for the live socket, 30 s"
    get "/v1/live" Session ["epoch", "since", "ticket"] "" => "ServerMessage": "WebSocket: snapshot, numbered deltas, resume, heartbeat"
    get "/v1/city" Session [] "" => "CityView": "The city as configured; an agency's person is told of its own stations, and of no plans"
    get "/v1/zones.geojson" Session [] "" => "application/geo+json": "Outlines of the zones"
    get "/v1/map/{file}" Session [] "" => "application/geo+json": "A file of the city's base map"
    get "/v1/stations" Session [] "" => "[StationState]": "Newest state of every station"
    get "/v1/stations/{id}" Session [] "" => "StationNow": "Newest state of one station, datastream by datastream"
    get "/v1/stations/{id}/series" Session ["property", "from", "to", "points"] "" => "SeriesView": "A series, thinned to a number of points"
    get "/v1/stations/{id}/forecasts" Session [] "" => "[ForecastView]": "Offices' forecasts for a station, newest issue first, the earlier issues with it"
    get "/v1/zones" Session ["at"] "" => "[ZoneView]": "Zones, now or as believed at a time"
    get "/v1/zones/{id}" Session ["at"] "" => "ZoneView": "One zone"
    get "/v1/corrections" Session [] "" => "[CorrectionView]": "Corrections of datastreams: those that hold, and those that ended lately"
    get "/v1/alerts" Session ["at"] "" => "[AlertView]": "Alerts, now or as believed at a time"
    get "/v1/alerts/{id}" Session ["at"] "" => "AlertView": "One alert"
    get "/v1/alerts/{id}/explanation" Session [] "" => "ExplanationView": "Why: rule, observations, recomputation"
    get "/v1/incidents" Session [] "" => "[IncidentView]": "Incidents"
    get "/v1/incidents/{id}" Session [] "" => "IncidentView": "One incident"
    get "/v1/tasks" Session [] "" => "[TaskView]": "Tasks"
    get "/v1/tasks/{id}" Session [] "" => "TaskView": "One task"
    get "/v1/units" Session [] "" => "[UnitView]": "Units"
    get "/v1/units/{id}" Session [] "" => "UnitView": "One unit"
    get "/v1/hospitals" Session [] "" => "[HospitalView]": "Hospitals"
    get "/v1/hospitals/{id}" Session [] "" => "HospitalView": "One hospital"
    get "/v1/cases" Session ["place", "syndrome", "from", "to", "limit"] "" => "CasesView": "Counts of cases by day, place, syndrome and age, newest day first, with what they were before they were corrected"
    get "/v1/feeds" Session [] "" => "[FeedView]": "Feeds"
    get "/v1/feeds/health" Session ["agency"] "" => "[AgencyHealthView]": "Health of feeds, agency by agency; an agency sees its own"
    get "/v1/feeds/datastreams" Session ["agency", "data", "limit"] "" => "[DatastreamHealthView]": "Datastreams with their silence, worst first"
    get "/v1/feeds/doors" Session [] "" => "[DoorView]": "Where feeds come in"
    get "/v1/feeds/start" Session ["agency"] "" => "StartView": "What an agency's getting-started page is filled with; an agency sees its own"
    get "/v1/catalogue" Session [] "" => "[CatalogueView]": "Who shares what, how often, in what state; an agency sees the detail of its own"
    get "/v1/exchange" Session ["before", "limit"] "" => "ExchangeView": "Files exchanged with other platforms: the peers, and the log, newest first"
    get "/v1/feeds/{id}" Session [] "" => "FeedView": "One feed"
    get "/v1/record" Session [] "" => "RecordView": "The record and the disk it is on"
    get "/v1/signals" Session [] "" => "[SignalView]": "Official signals in force"
    get "/v1/situations" Session ["kind", "zone", "since"] "" => "[SituationView]": "What agencies reported about situations: of a kind, in a zone, heard since"
    get "/v1/situations/{id}" Session [] "" => "SituationDetail": "One report with its history and what was done about it"
    get "/v1/reports/hotline/{id}" SessionOrToken [] "" => "ReportStatus": "What became of a hotline's report, for its sender"
    get "/v1/reports/calls/{id}" SessionOrToken [] "" => "ReportStatus": "What became of an emergency call, for its sender"
    get "/v1/warnings" Session ["state"] "" => "[WarningView]": "External warnings (CAP): those in force and held, or of a state (all for every one that is kept)"
    get "/v1/warnings/{id}" Session [] "" => "WarningView": "One external warning; with .xml after its id the original as received"
    get "/v1/cameras" Session [] "" => "[CameraView]": "The register of cameras"
    get "/v1/alerts/{id}/cameras" Session [] "" => "[NearCameraView]": "The cameras nearest to an alert, with distances"
    get "/v1/earthquakes" Session [] "" => "[EarthquakeView]": "Earthquakes of the last days, newest first, each with its earlier versions"
    get "/v1/tracks" Session [] "" => "[TrackView]": "Storms: the way so far and the forecast"
    get "/v1/attachments/{sha256}" Session [] "" => "application/octet-stream": "A picture or text that a station sent, by its hash"
    get "/v1/sl651/tests" Session [] "" => "application/json": "What SL 651 stations sent to be tested, newest first; none of it is in the record"
    get "/v1/rejections" SessionOrToken ["agency", "channel", "reason", "source", "quarantined", "state", "since", "until", "before", "limit"] "" => "[RejectionView]": "What was refused, newest first; an agency reads its own"
    get "/v1/rejections/reasons" SessionOrToken [] "" => "[ReasonView]": "Every reason, what it means and what to do"
    post "/v1/rejections/replay" SessionOrToken [] "ReplayManyRequest" => "ReplayManyAnswer": "Send open refusals again as they were, oldest first, a hundred at most"
    get "/v1/rejections/{id}" SessionOrToken [] "" => "RejectionView": "One refusal"
    post "/v1/rejections/{id}/replay" SessionOrToken [] "ReplayRequest" => "ReplayAnswer": "Send a refusal again, as it was or mended"
    post "/v1/rejections/{id}/dismiss" SessionOrToken [] "DismissRequest" => "ReplayAnswer": "Lay a refusal aside"
    get "/v1/log" Session ["before", "limit"] "" => "[LogEntry]": "The duty log, newest first"
    get "/v1/trace/{id}" Session [] "" => "TraceView": "The nine stops of an observation, alert or task"
    get "/v1/export/alerts.csv" Session ["from", "to"] "" => "text/csv": "Alerts as CSV"
    get "/v1/export/log.csv" Session ["from", "to"] "" => "text/csv": "The duty log as CSV"
    get "/v1/export/series.csv" Session ["station", "property", "from", "to"] "" => "text/csv": "A series as CSV"
    post "/v1/commands" Session [] "CommandRequest" => "CommandAnswer": "A command to the desk"
    post "/v1/registry" Session [] "RegistryChange" => "RegistryChanged": "Change the registry (stations, datastreams, thresholds, owners …) while the platform runs; journaled, and in force when it is answered"
    get "/v1/agencies/{id}/credentials" Session [] "" => "[CredentialView]": "The credentials of an agency and its units, the ended ones too; an agency's person sees its own"
    post "/v1/agencies/{id}/credentials" Session [] "CredentialRequest" => "CredentialIssued": "Give out a credential; its secret is in this answer and nowhere else"
    delete "/v1/agencies/{id}/credentials/{credential}" Session [] "" => "CredentialView": "Revoke a credential; what came in by it is closed within seconds"
    post "/v1/agencies/{id}/credentials/{credential}/rotate" Session [] "CredentialRotation" => "CredentialIssued": "Give out one in its place; the old one stays good for a while"
    get "/v1.1" SessionOrToken [] "" => "application/json": "OGC SensorThings 1.1: entity sets and conformance"
    get "/v1.1/" SessionOrToken [] "" => "application/json": "The same"
    get "/v1.1/{entity}" SessionOrToken ["$filter", "$orderby", "$top", "$skip", "$count", "$select", "$expand", "$resultFormat"] "" => "application/json": "SensorThings: Things, Locations, HistoricalLocations, Datastreams, Sensors, ObservedProperties, Observations, FeaturesOfInterest; or one, Things('id'); an agency reads its own"
    get "/v1.1/{entity}/{*rest}" SessionOrToken ["$filter", "$orderby", "$top", "$skip", "$count", "$select", "$expand", "$resultFormat"] "" => "application/json": "SensorThings: what an entity leads to, its properties, $value, $ref"
    post "/v1.1/{entity}" Token [] "application/json" => "application/json": "SensorThings: Observations (201 with Location), CreateObservations (data arrays: an address or \"error\" for each)"
    post "/v1.1/{entity}/{*rest}" Token [] "application/json" => "application/json": "SensorThings: Datastreams('id')/Observations"
    post "/v1/observations" Token ["dry_run", "backlog"] "application/json" => "IngestAnswer": "Observations: JSON array, NDJSON or CSV; plain, gzip or zstd"
    post "/v1/reports/hospital" Token ["dry_run"] "application/json" => "IngestAnswer": "Hospitals' reports: our JSON, HAVE 1.0 XML or CSV"
    post "/v1/reports/cases" Token ["dry_run"] "application/json" => "IngestAnswer": "Counts of cases: JSON array, NDJSON or CSV; never a person"
    post "/v1/reports/units" Token ["dry_run"] "application/json" => "IngestAnswer": "A unit's report"
    post "/v1/reports/hotline" Token ["dry_run"] "application/json" => "IngestAnswer": "12345: citizens' reports; JSON, NDJSON or CSV, as all of these"
    post "/v1/reports/calls" Token ["dry_run"] "application/json" => "IngestAnswer": "110, 119, 120, 122: incidents of emergency calls"
    post "/v1/reports/outages" Token ["dry_run"] "application/json" => "IngestAnswer": "Power outages"
    post "/v1/reports/closures" Token ["dry_run"] "application/json" => "IngestAnswer": "Road closures"
    post "/v1/reports/hazard-points" Token ["dry_run"] "application/json" => "IngestAnswer": "Hazard points with their responsible persons"
    post "/v1/reports/food" Token ["dry_run"] "application/json" => "IngestAnswer": "Food and drug safety"
    post "/v1/reports/damage" Token ["dry_run"] "application/json" => "IngestAnswer": "Works in danger, works, and loss"
    post "/v1/reports/forecasts" Token ["dry_run"] "application/json" => "IngestAnswer": "Forecasts of offices that may publish signals"
    post "/v1/warnings" Token ["dry_run"] "application/json" => "IngestAnswer": "An official signal (JSON) or a CAP message (application/cap+xml), from an office that may publish one"
    post "/v1/reports/earthquakes" Token ["dry_run"] "application/xml" => "IngestAnswer": "Earthquakes: QuakeML 1.2, JSON, or GeoJSON as USGS publishes it"
    post "/v1/reports/tracks" Token ["dry_run"] "application/json" => "IngestAnswer": "Storm tracks: JSON, or best-track columns of JMA as text/plain"
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn content(kind: &str) -> Value {
    if kind.contains('/') {
        return json!({ kind: {} });
    }
    let list = kind.strip_prefix('[').and_then(|k| k.strip_suffix(']'));
    let schema = match list {
        Some(item) => json!({ "type": "array", "items": reference(item) }),
        None => reference(kind),
    };
    json!({ "application/json": { "schema": schema } })
}

fn operation(route: &Route) -> Value {
    let path = route.documented_path();
    let in_path = path.split('{').skip(1).filter_map(|part| part.split('}').next());
    let path = in_path.map(|name| {
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
    });
    let query = route
        .query
        .iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }));
    let parameters: Vec<Value> = path.chain(query).collect();
    let mut answers = Map::new();
    let good = if route.answer.is_empty() { "204" } else { "200" };
    let mut answer = json!({ "description": route.summary });
    if !route.answer.is_empty() {
        answer["content"] = content(route.answer);
    }
    answers.insert(good.into(), answer);
    let problem =
        json!({ "description": "refused, with the reason", "content": content("Problem") });
    answers.insert("default".into(), problem);
    let mut operation =
        json!({ "summary": route.summary, "parameters": parameters, "responses": answers });
    if !route.body.is_empty() {
        operation["requestBody"] = json!({ "required": true, "content": content(route.body) });
    }
    operation["security"] = match route.entry {
        Entry::Open => json!([]),
        Entry::Session => json!([{ "session": [] }]),
        Entry::Token => json!([{ "token": [] }]),
        Entry::SessionOrToken => json!([{ "session": [] }, { "token": [] }]),
    };
    operation
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    let _ = generator.subschema_for::<T>();
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    add::<crate::Problem>(&mut generator);
    add::<crate::CommandRequest>(&mut generator);
    add::<crate::CommandAnswer>(&mut generator);
    add::<crate::ClientMessage>(&mut generator);
    add::<crate::ServerMessage>(&mut generator);
    add::<views::CityView>(&mut generator);
    add::<views::SeriesView>(&mut generator);
    add::<views::CorrectionView>(&mut generator);
    add::<views::ExplanationView>(&mut generator);
    add::<views::SituationDetail>(&mut generator);
    add::<views::ReportStatus>(&mut generator);
    add::<views::RecordView>(&mut generator);
    add::<views::RejectionView>(&mut generator);
    add::<views::CredentialView>(&mut generator);
    add::<views::CredentialRequest>(&mut generator);
    add::<views::CredentialRotation>(&mut generator);
    add::<views::CredentialIssued>(&mut generator);
    add::<views::AgencyHealthView>(&mut generator);
    add::<views::CatalogueView>(&mut generator);
    add::<views::RegistryChange>(&mut generator);
    add::<views::RegistryChanged>(&mut generator);
    add::<views::ExchangeView>(&mut generator);
    add::<views::DoorView>(&mut generator);
    add::<views::StartView>(&mut generator);
    add::<views::ForecastView>(&mut generator);
    add::<views::ReasonView>(&mut generator);
    add::<views::ReplayRequest>(&mut generator);
    add::<views::ReplayManyRequest>(&mut generator);
    add::<views::ReplayManyAnswer>(&mut generator);
    add::<views::DismissRequest>(&mut generator);
    add::<views::StationNow>(&mut generator);
    add::<views::IngestAnswer>(&mut generator);
    add::<views::ClockView>(&mut generator);
    add::<views::SignIn>(&mut generator);
    add::<views::SetUp>(&mut generator);
    add::<views::Ticket>(&mut generator);
    add::<views::SessionView>(&mut generator);
    add::<views::TraceView>(&mut generator);
    add::<views::NearCameraView>(&mut generator);
    add::<views::CasesView>(&mut generator);
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let at = paths.entry(route.documented_path()).or_insert_with(|| json!({}));
        at[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Fenghuo",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Real-time emergency command and early warning. Times are Unix milliseconds.",
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session" },
                "token": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_that_is_named_is_there() {
        let document = openapi();
        let text = document.to_string();
        let mut named = 0;
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap_or_default();
            assert!(document["components"]["schemas"][name].is_object(), "no schema {name}");
            named += 1;
        }
        assert!(named > ROUTES.len());
    }

    #[test]
    fn every_route_is_documented_once() {
        let document = openapi();
        let paths = document["paths"].as_object().expect("paths");
        let written: usize = paths.values().filter_map(|p| p.as_object()).map(Map::len).sum();
        assert_eq!(written, ROUTES.len());
    }
}
