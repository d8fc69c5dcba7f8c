//! The board: everything a console shows, as of now. The desk's picture with the city's names, the
//! zones and feeds as the engine last told them, and notices about the platform itself. One task
//! writes it ([`crate::desk::room`]); whoever answers a question reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::live::{Change, Notice};
use contract::views::{AlertView, FeedView, RecordView, ZoneView};
use domain::ids::{Seq, UnitId};
use domain::time::UtcMs;
use stream::risk::RiskMap;

use crate::desk::journal_line::warning_id;
use crate::desk::{Picture, Touched, bulletin_views, situations, views, warning_views};
use crate::gazetteer::Gazetteer;

mod zones;

/// The newest lines of the duty log that a snapshot carries.
pub const LOG_IN_SNAPSHOT: usize = 200;

/// See the module.
#[derive(Debug, Clone)]
pub struct Board {
    /// The desk's picture.
    pub picture: Picture,
    /// The city.
    pub city: Arc<Gazetteer>,
    /// Where its configuration stands in the record, where it has changed since the start.
    pub configured: Seq,
    /// Risk, cell by cell.
    pub risk: RiskMap,
    /// Zones by id.
    pub zones: BTreeMap<String, ZoneView>,
    /// Feeds by id.
    pub feeds: BTreeMap<String, FeedView>,
    /// The record and its disk, once looked at.
    pub record: Option<RecordView>,
    /// Notices by id.
    pub notices: BTreeMap<String, Notice>,
    /// Units whose session is up; absent where that cannot be known.
    pub connected: Option<BTreeSet<UnitId>>,
    /// When the newest frame was heard, by the platform's clock.
    pub heard: Option<UtcMs>,
    /// Stations whose level changed and has not been shown yet, by number.
    pub restless: BTreeSet<u32>,
}

impl Board {
    /// An empty board of a city. Every zone starts without data.
    pub fn new(city: Arc<Gazetteer>) -> Self {
        let picture = Picture::new(city.city().about.levels.clone());
        let zones = city.city().zones.iter().map(|z| (z.id.to_string(), no_data(z.id.as_str())));
        Self {
            picture,
            risk: RiskMap::over(Arc::clone(city.ground())),
            zones: zones.collect(),
            feeds: BTreeMap::new(),
            record: None,
            notices: BTreeMap::new(),
            connected: None,
            heard: None,
            restless: BTreeSet::new(),
            configured: Seq(0),
            city,
        }
    }

    /// Takes another configuration; everything that may look otherwise by it is shown anew.
    pub fn configure(&mut self, city: Arc<Gazetteer>, seq: Seq) -> Vec<Change> {
        (self.city, self.configured) = (city, seq);
        let known = std::mem::take(&mut self.zones);
        for zone in &self.city.city().zones {
            let id = zone.id.as_str();
            let view = known.get(id).cloned().unwrap_or_else(|| no_data(id));
            self.zones.insert(id.to_owned(), view);
        }
        self.risk = RiskMap::over(Arc::clone(self.city.ground()));
        self.recall();
        self.restless = (0..u32::try_from(self.city.station_count()).unwrap_or(u32::MAX)).collect();
        let touched =
            Touched { alerts: self.picture.alerts.keys().cloned().collect(), ..Touched::default() };
        let mut changes = vec![Change::City(seq.to_string())];
        changes.extend(self.zones.values().cloned().map(Change::Zone));
        changes.extend(self.units().into_iter().map(Change::Unit));
        changes.extend(self.hospitals().into_iter().map(Change::Hospital));
        changes.extend(self.changes(&touched));
        changes
    }

    /// The rows that a happening touched, in their new state.
    pub fn changes(&self, touched: &Touched) -> Vec<Change> {
        let mut changes = Vec::new();
        for id in &touched.alerts {
            let Some(alert) = self.picture.alerts.get(id) else { continue };
            if alert.told.is_some() && self.picture.is_gone(id, alert) {
                changes.push(Change::AlertGone(id.to_string()));
            } else if let Some(view) = views::alert(&self.picture, &self.city, id, alert) {
                changes.push(Change::Alert(Box::new(view)));
            }
        }
        let incidents =
            touched.incidents.iter().filter_map(|id| views::incident(&self.picture, *id));
        changes.extend(incidents.map(Change::Incident));
        let tasks = touched.tasks.iter().filter_map(|id| views::task(&self.picture, *id));
        changes.extend(tasks.map(Change::Task));
        let unit = |id| views::unit(&self.picture, &self.city, id, &self.connected);
        changes.extend(touched.units.iter().filter_map(unit).map(Change::Unit));
        let hospital = |id| views::hospital(&self.picture, &self.city, id);
        changes.extend(touched.hospitals.iter().filter_map(hospital).map(Change::Hospital));
        for id in &touched.signals {
            let view = views::signal(&self.picture, id);
            changes.push(view.map_or_else(|| Change::SignalGone(id.clone()), Change::Signal));
        }
        for key in &touched.situations {
            let view = situations::views::situation(&self.picture.situations, &self.city, key);
            changes.push(match view {
                Some(view) => Change::Situation(Box::new(view)),
                None => Change::SituationGone(key.to_string()),
            });
        }
        for seq in &touched.warnings {
            let view = warning_views::live(&self.picture, &self.city, *seq);
            let gone = || Change::WarningGone(warning_id(*seq));
            changes.push(view.map_or_else(gone, |view| Change::Warning(Box::new(view))));
        }
        for id in &touched.earthquakes {
            let view = bulletin_views::earthquake(&self.picture, &self.city, id);
            changes.push(view.map_or_else(
                || Change::EarthquakeGone(id.clone()),
                |view| Change::Earthquake(Box::new(view)),
            ));
        }
        for id in &touched.tracks {
            let view = bulletin_views::track(&self.picture, id);
            changes.push(view.map_or_else(
                || Change::TrackGone(id.clone()),
                |view| Change::Track(Box::new(view)),
            ));
        }
        changes.extend(touched.log.iter().cloned().map(Change::Log));
        changes
    }

    /// The alerts on the list.
    pub fn alerts(&self) -> Vec<AlertView> {
        let here = self.picture.alerts.iter().filter(|(id, a)| !self.picture.is_gone(id, a));
        here.filter_map(|(id, a)| views::alert(&self.picture, &self.city, id, a)).collect()
    }

    /// The whole picture, but for the stations.
    pub fn view(&self) -> contract::Picture {
        let picture = &self.picture;
        let skip = picture.log.len().saturating_sub(LOG_IN_SNAPSHOT);
        contract::Picture {
            alerts: self.alerts(),
            zones: self.zones.values().cloned().collect(),
            stations: Vec::new(),
            incidents: picture
                .incidents
                .keys()
                .filter_map(|i| views::incident(picture, *i))
                .collect(),
            tasks: picture.tasks.keys().filter_map(|t| views::task(picture, *t)).collect(),
            units: self.units(),
            hospitals: self.hospitals(),
            feeds: self.feeds.values().cloned().collect(),
            signals: picture.signals.keys().filter_map(|s| views::signal(picture, s)).collect(),
            situations: situations::views::newest(&picture.situations, &self.city),
            warnings: self.warnings(),
            earthquakes: self.earthquakes(),
            tracks: self.tracks(),
            log: picture.log.values().skip(skip).cloned().collect(),
            notices: self.notices.values().cloned().collect(),
            record: self.record.clone(),
        }
    }

    /// External warnings that are in force or held, newest last.
    pub fn warnings(&self) -> Vec<contract::views::WarningView> {
        let seqs = self.picture.warnings.all().map(|heard| heard.seq);
        seqs.filter_map(|seq| warning_views::live(&self.picture, &self.city, seq)).collect()
    }

    /// Every unit of the city.
    pub fn units(&self) -> Vec<contract::views::UnitView> {
        let units = self.city.city().units.iter();
        units
            .filter_map(|u| views::unit(&self.picture, &self.city, &u.id, &self.connected))
            .collect()
    }

    /// Every earthquake that stands, newest first.
    pub fn earthquakes(&self) -> Vec<contract::views::EarthquakeView> {
        let ids = self.picture.earthquakes.keys();
        let view = |id: &String| bulletin_views::earthquake(&self.picture, &self.city, id);
        let mut list: Vec<_> = ids.filter_map(view).collect();
        list.sort_by_key(|quake| std::cmp::Reverse(quake.t_ms));
        list
    }

    /// Every storm, the one issued last first.
    pub fn tracks(&self) -> Vec<contract::views::TrackView> {
        let ids = self.picture.tracks.keys();
        let mut list: Vec<_> =
            ids.filter_map(|id| bulletin_views::track(&self.picture, id)).collect();
        list.sort_by_key(|track| std::cmp::Reverse(track.issued_ms));
        list
    }

    /// Every hospital of the city.
    pub fn hospitals(&self) -> Vec<contract::views::HospitalView> {
        let hospitals = self.city.city().hospitals.iter();
        hospitals.filter_map(|h| views::hospital(&self.picture, &self.city, &h.id)).collect()
    }

    /// Takes a zone's new state; nothing where it is as it was.
    pub fn zone(&mut self, view: ZoneView) -> Option<Change> {
        if self.zones.get(&view.id) == Some(&view) {
            return None;
        }
        self.zones.insert(view.id.clone(), view.clone());
        Some(Change::Zone(view))
    }

    /// What is believed of these places has changed: zones are shown at once, stations with their
    /// values.
    pub fn believe(&mut self, places: &BTreeSet<String>) -> Vec<Change> {
        let mut changes = Vec::new();
        for place in places {
            if let Some(ix) = self.city.station_ix(place) {
                self.restless.insert(ix);
            } else if let Some(mut view) = self.zones.get(place).cloned() {
                let (level, t) = self.level_of(place);
                (view.level, view.data_ms) = (level, t.map(|t| t.0).max(view.data_ms));
                changes.extend(self.zone(view));
            }
        }
        changes
    }

    /// The greatest level believed of a place over all hazards, and the newest instant it is about.
    /// *No data* is less than *none*: one hazard with data is something known.
    pub fn level_of(&self, place: &str) -> (String, Option<UtcMs>) {
        let from = (place.to_owned(), String::new());
        let of_place = self.picture.believed.range(from..).take_while(|((p, _), _)| p == place);
        let mut greatest: Option<(domain::level::Level, &str)> = None;
        let mut newest = None;
        for (_, belief) in of_place {
            let level = self.picture.levels.find(&belief.level).unwrap_or_default();
            newest = newest.max(Some(belief.t));
            if greatest.is_none_or(|(had, _)| level > had) {
                greatest = Some((level, &belief.level));
            }
        }
        (greatest.map_or("nodata", |(_, id)| id).to_owned(), newest)
    }

    /// Takes the feeds as they stand; those that are none any more leave.
    pub fn feeds(&mut self, standing: Vec<FeedView>) -> Vec<Change> {
        let mut changes = Vec::new();
        let ids: BTreeSet<&String> = standing.iter().map(|f| &f.id).collect();
        let ended: Vec<String> =
            self.feeds.keys().filter(|id| !ids.contains(id)).cloned().collect();
        for id in ended {
            self.feeds.remove(&id);
            changes.push(Change::FeedGone(id));
        }
        for view in standing {
            if self.feeds.get(&view.id) != Some(&view) {
                self.feeds.insert(view.id.clone(), view.clone());
                changes.push(Change::Feed(view));
            }
        }
        changes
    }

    /// Takes which notices stand now; those that ended leave. A notice keeps its beginning.
    pub fn notices(&mut self, standing: Vec<Notice>) -> Vec<Change> {
        let mut changes = Vec::new();
        let ids: BTreeSet<&String> = standing.iter().map(|n| &n.id).collect();
        let ended: Vec<String> =
            self.notices.keys().filter(|id| !ids.contains(id)).cloned().collect();
        for id in ended {
            self.notices.remove(&id);
            changes.push(Change::NoticeGone(id));
        }
        for mut notice in standing {
            if let Some(had) = self.notices.get(&notice.id) {
                notice.since_ms = had.since_ms;
                if *had == notice {
                    continue;
                }
            }
            self.notices.insert(notice.id.clone(), notice.clone());
            changes.push(Change::Notice(notice));
        }
        changes
    }

    /// Takes how the record and its disk stand.
    pub fn record(&mut self, view: RecordView) -> Option<Change> {
        if self.record.as_ref() == Some(&view) {
            return None;
        }
        self.record = Some(view.clone());
        Some(Change::Record(view))
    }

    /// Takes which units' sessions are up.
    pub fn units_connected(&mut self, connected: Option<BTreeSet<UnitId>>) -> Vec<Change> {
        let differ: BTreeSet<UnitId> = match (&self.connected, &connected) {
            (Some(before), Some(now)) => before.symmetric_difference(now).cloned().collect(),
            (before, now) if before == now => BTreeSet::new(),
            _ => self.city.city().units.iter().map(|u| u.id.clone()).collect(),
        };
        self.connected = connected;
        self.changes(&Touched { units: differ, ..Touched::default() })
    }
}

/// A zone of which nothing is known.
fn no_data(id: &str) -> ZoneView {
    ZoneView {
        id: id.to_owned(),
        level: "nodata".into(),
        risk: None,
        covered: 0.0,
        people: 0.0,
        data_ms: None,
        terms: Vec::new(),
    }
}
