//! Who shares what, how often, in what state; with whom files are exchanged, and the log of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use contract::views::{
    CatalogueDetail, CatalogueView, ExchangeLine, ExchangeView, PeerView, ShareView, StreamCounts,
};
use domain::city::Agency;
use domain::city::exchange::{Agencies, Peer};
use domain::exchange::ExchangeFact;
use domain::ids::Seq;
use domain::situation::Kind;
use domain::time::{HOUR_MS, SECOND_MS, UtcMs};
use journal::history::KeptExchange;
use serde::Deserialize;

use super::feeds::may_see;
use super::problem::Refused;
use super::query::Query;
use crate::access::Person;
use crate::feed_health::{self, HeardFeed};
use crate::gazetteer::Gazetteer;
use crate::platform::Platform;
use crate::readings::WRONG_CLOCK;

type Here = State<Arc<Platform>>;

/// Lines of the log in one answer, where it is not said how many, and at most.
const LINES_SHOWN: usize = 100;
const LINES_SHOWN_MAX: usize = 1_000;

/// What of a property an agency's datastreams are.
#[derive(Default)]
struct Streams {
    counts: StreamCounts,
    interval_ms: Option<i64>,
    newest: Option<UtcMs>,
}

impl Streams {
    /// One word for all of them: `live` where each is, `dead` or `never` where none is, else `late`.
    fn data(&self) -> &'static str {
        word(&self.counts)
    }
}

fn word(counts: &StreamCounts) -> &'static str {
    let StreamCounts { live, late, dead, never, clock } = *counts;
    // What is dated long ago says as little of the present as what is not heard.
    match (live, late, dead + clock, never) {
        (0, 0, 0, _) => "never",
        (0, 0, _, _) => "dead",
        (_, 0, 0, 0) => "live",
        _ => "late",
    }
}

/// `GET /v1/catalogue`.
pub async fn catalogue(
    State(platform): Here,
    Extension(person): Extension<Person>,
) -> Json<Vec<CatalogueView>> {
    let now = platform.now();
    let city = Arc::clone(&platform.live.board().city);
    let (heard, hours) = (platform.sight.feeds(now), platform.sight.hours(now));
    let view = |agency: &Agency| {
        let mut view = shared(&city, &platform, agency, &heard, now);
        if may_see(&person, agency.id.as_str()) {
            let own = heard.iter().filter(|((of, _), ..)| *of == agency.id);
            let day = hours.get(agency.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let peers = city.city().exchange.peers.iter();
            view.detail = Some(CatalogueDetail {
                contact: agency.contact.clone(),
                heard_ms: own.filter_map(|feed| feed.1.heard).max().map(|t| t.0),
                expected: day.iter().map(|hour| hour.expected).sum(),
                received: day.iter().map(|hour| hour.received).sum(),
                given_to: peers
                    .filter(|peer| peer.gives.holds(&agency.id))
                    .map(|peer| peer.id.to_string())
                    .collect(),
            });
        } else {
            for share in &mut view.shares {
                share.streams = None;
                // How many reports stand is the sender's affair and the duty room's.
                if share.newest_ms.take().is_some() && share.property.is_none() {
                    share.count = 1;
                }
            }
        }
        view
    };
    Json(city.city().agencies.iter().map(view).collect())
}

fn shared(
    city: &Gazetteer,
    platform: &Platform,
    agency: &Agency,
    heard: &[HeardFeed],
    now: UtcMs,
) -> CatalogueView {
    let mut streams: BTreeMap<String, Streams> = BTreeMap::new();
    let mut all = StreamCounts::default();
    for (ix, _) in feed_health::stations(city, &agency.id) {
        for stream in platform.sight.streams(ix, now) {
            let of = streams.entry(stream.property.clone()).or_default();
            for counts in [&mut of.counts, &mut all] {
                *match stream.data {
                    "live" => &mut counts.live,
                    "late" => &mut counts.late,
                    "dead" => &mut counts.dead,
                    WRONG_CLOCK => &mut counts.clock,
                    _ => &mut counts.never,
                } += 1;
            }
            let shortest = of.interval_ms.map_or(stream.interval_ms, |i| i.min(stream.interval_ms));
            of.interval_ms = Some(shortest);
            of.newest = of.newest.max(stream.newest);
        }
    }
    let mut shares: Vec<ShareView> = streams.into_iter().map(|(p, s)| observed(p, &s)).collect();
    let files = city.city();
    let own = |kind: &str, count: usize| share(kind, count, None);
    let id = &agency.id;
    shares.extend(own("hospital", files.hospitals.iter().filter(|h| h.agency == *id).count()));
    shares.extend(own("unit", files.units.iter().filter(|u| u.agency == *id).count()));
    shares.extend(own("signal", usize::from(agency.official_signals)));
    shares.extend(own("camera", files.cameras.iter().filter(|c| c.agency == *id).count()));
    shares.extend(reported(platform, agency));
    let channels = heard.iter().filter(|((of, _), ..)| of == id);
    let channels: Vec<String> = channels.map(|((_, channel), ..)| (*channel).to_owned()).collect();
    let has_streams = all != StreamCounts::default();
    let data = match (has_streams, channels.is_empty()) {
        (true, _) => word(&all),
        (false, true) => "never",
        (false, false) => feed_health::HEARD,
    };
    CatalogueView {
        agency: id.to_string(),
        name: agency.name.clone(),
        name_en: agency.name_en.clone(),
        shares,
        channels,
        data: data.to_owned(),
        detail: None,
    }
}

/// A kind that is counted and not expected; nothing where there are none.
fn share(kind: &str, count: usize, newest: Option<UtcMs>) -> Option<ShareView> {
    (count > 0).then(|| ShareView {
        kind: kind.to_owned(),
        property: None,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        interval_s: None,
        data: None,
        streams: None,
        newest_ms: newest.map(|t| t.0),
    })
}

/// What of an agency's reports the picture holds, kind by kind.
fn reported(platform: &Platform, agency: &Agency) -> Vec<ShareView> {
    let board = platform.live.board();
    let picture = &board.picture;
    let counted = |kind: &str, times: &mut dyn Iterator<Item = UtcMs>| {
        let (count, newest) = times.fold((0, None), |(n, newest), t| (n + 1, newest.max(Some(t))));
        share(kind, count, newest)
    };
    let mut shares: Vec<ShareView> = Vec::new();
    for kind in Kind::ALL {
        let rows = picture.situations.of_kind(*kind).filter(|(key, _)| key.agency == agency.id);
        let mut times = rows.filter_map(|(_, row)| row.shown()).map(|version| version.received);
        shares.extend(counted(kind.wire(), &mut times));
    }
    let warnings = picture.warnings.all().filter(|heard| heard.agency == agency.id);
    shares.extend(counted("warning", &mut warnings.map(|heard| heard.received)));
    let cases = picture.cases.reports().filter(|said| said.agency.as_ref() == Some(&agency.id));
    shares.extend(counted("cases", &mut cases.map(|said| said.reported)));
    shares
}

fn observed(property: String, streams: &Streams) -> ShareView {
    let counts = streams.counts;
    let seconds = |ms: i64| u32::try_from(ms / SECOND_MS).unwrap_or(u32::MAX);
    ShareView {
        kind: "observation".to_owned(),
        property: Some(property),
        count: counts.live + counts.late + counts.dead + counts.clock + counts.never,
        interval_s: streams.interval_ms.map(seconds),
        data: Some(streams.data().to_owned()),
        streams: Some(counts),
        newest_ms: streams.newest.map(|t| t.0),
    }
}

/// Which stretch of the log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    before: Option<u64>,
    limit: Option<usize>,
}

/// `GET /v1/exchange`.
pub async fn exchange(
    State(platform): Here,
    Query(asked): Query<Asked>,
) -> Result<Json<ExchangeView>, Refused> {
    let city = Arc::clone(&platform.live.board().city);
    let exchange = city.city().exchange.clone();
    let peers: Vec<String> = exchange.peers.iter().map(|peer| peer.id.to_string()).collect();
    let limit = asked.limit.unwrap_or(LINES_SHOWN).min(LINES_SHOWN_MAX);
    let found = platform.shelf.ask(move |hand| {
        let history = hand.history()?;
        let log = history.exchange_log(asked.before.map(Seq), limit)?;
        let mut newest = Vec::with_capacity(peers.len());
        for peer in &peers {
            let of = |what| history.exchange_newest(peer, what);
            newest.push((of("exported")?, of("imported")?));
        }
        Ok((log, newest))
    });
    let (log, newest) = found.await?;
    let now = platform.now();
    let views = exchange.peers.iter().zip(newest);
    let views = views.map(|(peer, (exported, imported))| peer_view(peer, exported, imported, now));
    Ok(Json(ExchangeView {
        own: exchange.own.as_ref().map(ToString::to_string),
        peers: views.collect(),
        log: log.iter().filter_map(line).collect(),
    }))
}

fn peer_view(
    peer: &Peer,
    exported: Option<KeptExchange>,
    imported: Option<KeptExchange>,
    now: UtcMs,
) -> PeerView {
    let names = |agencies: &Agencies| {
        let all = agencies.all.then(|| "*".to_owned());
        all.into_iter().chain(agencies.named.iter().map(ToString::to_string)).collect()
    };
    let data = peer.every_h.map(|hours| {
        let every = i64::from(hours) * HOUR_MS;
        match &imported {
            None => "never",
            Some(kept) => match now.0 - kept.act.at.0 {
                age if age <= every => "live",
                age if age <= 2 * every => "late",
                _ => "dead",
            },
        }
    });
    PeerView {
        id: peer.id.to_string(),
        name: peer.name.clone(),
        name_en: peer.name_en.clone(),
        contact: peer.contact.clone(),
        has_key: peer.public_key.is_some(),
        gives: names(&peer.gives),
        brings: names(&peer.brings),
        kinds: peer.kinds.clone(),
        areas: peer.areas.iter().map(ToString::to_string).collect(),
        every_h: peer.every_h,
        exported: exported.as_ref().and_then(line),
        imported: imported.as_ref().and_then(line),
        data: data.map(str::to_owned),
    }
}

/// A line of the log; that a file began to be taken in is none, what became of it is.
fn line(kept: &KeptExchange) -> Option<ExchangeLine> {
    let act = &kept.act;
    let mut line = ExchangeLine {
        seq: kept.seq.0,
        at_ms: act.at.0,
        peer: act.peer.as_ref().map(ToString::to_string),
        what: act.what.wire().to_owned(),
        number: act.number,
        digest: act.digest.clone(),
        by: act.by.clone(),
        ..ExchangeLine::default()
    };
    match &act.what {
        ExchangeFact::Taking { .. } => return None,
        ExchangeFact::Exported { items, left_out, backlog, .. } => {
            line.items = Some(*items);
            line.left_out = Some(*left_out);
            line.backlog = Some(*backlog);
        }
        ExchangeFact::Imported { counts, backlog, missing } => {
            line.items = Some(counts.items());
            line.accepted = Some(counts.accepted);
            line.duplicate = Some(counts.duplicate);
            line.refused = Some(counts.refused);
            line.quarantined = Some(counts.quarantined);
            line.backlog = Some(*backlog);
            line.missing = Some(*missing);
        }
        ExchangeFact::Refused { fault, detail } => {
            line.fault = Some(fault.wire().to_owned());
            line.detail = Some(detail.clone());
        }
    }
    Some(line)
}
