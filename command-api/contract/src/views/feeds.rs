//! The health of feeds, what they are refused, and what is done about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::picture::ValueView;

/// `GET /v1/feeds/health`: one agency and its feeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgencyHealthView {
    /// Agency id.
    pub agency: String,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Stations of the agency.
    pub stations: u32,
    /// Whether an alert stands that all of it is silent.
    pub silent: bool,
    /// Its datastreams by state.
    pub streams: StreamCounts,
    /// 资料完整至, event time: see [`super::FeedView::complete_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete_ms: Option<i64>,
    /// The last 24 hours of event time, oldest first, the last one going on; empty while they are
    /// being counted after a start, and where no datastream is registered.
    pub hours: Vec<HourView>,
    /// Its feeds: one for each channel it was heard by since the start.
    pub feeds: Vec<FeedHealthView>,
}

/// Datastreams by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamCounts {
    /// Heard in time.
    pub live: u32,
    /// Overdue.
    pub late: u32,
    /// Silent.
    pub dead: u32,
    /// Never heard.
    pub never: u32,
    /// Heard, and dated so long ago that nothing of it speaks: their clocks are wrong.
    #[serde(default)]
    pub clock: u32,
}

/// How much of an hour came: instants received of those expected by the registry's intervals. A
/// datastream that sends more than is expected does not stand in for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HourView {
    /// When the hour begins, Unix ms; it holds what is dated after this, up to its end.
    pub from_ms: i64,
    /// Expected so far.
    pub expected: u64,
    /// Received.
    pub received: u64,
}

/// One feed: an agency by one channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedHealthView {
    /// `agency/channel`.
    pub id: String,
    /// Channel.
    pub channel: String,
    /// `live`, `late`, `dead` or `never`; `heard` of an agency of which nothing is expected.
    pub data: String,
    /// Last message, by the platform's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_ms: Option<i64>,
    /// Since the start: everything sent is one of these four.
    pub accepted: u64,
    /// Known already.
    pub duplicate: u64,
    /// Refused, not counting the quarantined.
    pub refused: u64,
    /// Dated ahead and kept aside.
    pub quarantined: u64,
    /// Messages of each of the last 60 minutes, oldest first, and of the minute that is going on.
    pub per_minute: Vec<u32>,
    /// Half of the last hour's accepted observations came within this of their event time, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_p50_ms: Option<i64>,
    /// Nineteen of twenty did, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_p95_ms: Option<i64>,
    /// How far ahead (+) or behind (−) of its receipt the newest-dated frame of the last quarter of
    /// an hour is, ms; quarantined frames count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew_ms: Option<i64>,
}

/// `GET /v1/feeds/datastreams`: one datastream's silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DatastreamHealthView {
    /// Station.
    pub station: String,
    /// 中文 name of the station.
    pub station_name: String,
    /// English name of the station.
    pub station_name_en: String,
    /// Property.
    pub property: String,
    /// Expected interval, seconds.
    pub interval_s: u32,
    /// `live`, `late` (after 2 intervals), `dead` (when it counts as silent), `never`, or `clock`: it is
    /// heard in time, and dated so long ago that it counts as silent. Its clock is wrong.
    pub data: String,
    /// By how much the clock is wrong then, milliseconds; less than nothing: it is behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ms: Option<i64>,
    /// Event time of its newest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t_ms: Option<i64>,
}

/// `GET /v1/stations/{id}`: one station's newest state, datastream by datastream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StationNow {
    /// Number: position in [`super::CityView::stations`].
    pub ix: u32,
    /// Level: `nodata`, `none` or one of the city's.
    pub level: String,
    /// `live`, `late`, `dead` or `never`.
    pub data: String,
    /// Newest values.
    pub values: Vec<ValueView>,
    /// Its datastreams, with their expected interval and state.
    pub datastreams: Vec<DatastreamHealthView>,
}

/// `GET /v1/feeds/doors`: where feeds come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoorView {
    /// `http` (by TLS too), `mqtt`, `mqtts`, `sl651`, `cot`.
    pub protocol: String,
    /// The address as it is listened on: `https://…`, `mqtt://…`, `tcp://…`. A host of `0.0.0.0` or
    /// `::` is every address of the machine.
    pub address: String,
}

/// `GET /v1/rejections/reasons`: one reason of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReasonView {
    /// The stable word.
    pub reason: String,
    /// What it means.
    pub means: String,
    /// What to do.
    pub what_to_do: String,
}

/// What was done last about something refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LetterActView {
    /// When.
    pub at_ms: i64,
    /// Who.
    pub by: String,
    /// `replayed` or `dismissed`.
    pub what: String,
    /// Whether its bytes were mended.
    pub mended: bool,
    /// New and durable.
    pub accepted: u32,
    /// Known already.
    pub duplicate: u32,
    /// Refused again.
    pub refused: u32,
    /// Dated ahead again.
    pub quarantined: u32,
    /// The first reason it was refused for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its particulars, or the note it was dismissed with.
    pub detail: String,
}

/// `POST /v1/rejections/{id}/replay`: nothing for the bytes as they were, or mended ones as text or
/// in base64.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// The mended body, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The mended body, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// Only say what would become of it; nothing is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// What became of one letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayAnswer {
    /// The refusal's journal number.
    pub seq: u64,
    /// `open`, `replayed` or `dismissed`.
    pub state: String,
    /// Whether it had been replayed before, and nothing was done now.
    pub already: bool,
    /// It was a dry run: nothing was done, `state` is the letter's as it stands, and `act` is what
    /// would become of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// What was done.
    pub act: LetterActView,
}

/// `POST /v1/rejections/replay`: which open letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayManyRequest {
    /// Only this agency's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// Only by this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Only for this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only where topic or resource contains this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Only quarantined ones, or only the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<bool>,
    /// Only those that came at or after this, Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
    /// Only those that came before this, Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// Only those after this journal number: where an earlier call left off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// At most so many; 100 at the most, and without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// What became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayManyAnswer {
    /// Those that were replayed, oldest first.
    pub replayed: Vec<ReplayAnswer>,
    /// How many open ones of the filter lie beyond the last of them; 100,000 means as many or more.
    pub remaining: u64,
    /// Where to go on: `after` of the next call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<u64>,
    /// Why it stopped before its limit: a stable word, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// `POST /v1/rejections/{id}/dismiss`: it will not be sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissRequest {
    /// Why not.
    pub note: String,
}
