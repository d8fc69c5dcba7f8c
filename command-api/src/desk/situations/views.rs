//! Reports in the words of the wire.

use std::collections::BTreeMap;

use contract::views::{
    FactView, LikelyView, ReportStatus, ResponsibleView, ShapeView, SituationDetail, SituationStep,
    SituationVersion, SituationView, StatusStep,
};
use domain::ids::AgencyId;
use domain::situation::{Body, Key, Kind};
use domain::time::UtcMs;

use super::{Done, Handled, SHOWN_PER_KIND, Situations, Step, Version};
use crate::gazetteer::Gazetteer;

/// What a report is about, in the sender's words.
pub fn title(body: &Body) -> String {
    let joined = |parts: &[&str]| {
        let said: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
        said.join(" ")
    };
    match body {
        Body::Hotline(b) => b.class.clone(),
        Body::Call(b) => joined(&[b.service.wire(), &b.class]),
        Body::Outage(b) => joined(&[&b.line, &b.cause]),
        Body::Closure(b) => joined(&[&b.road, &b.section]),
        Body::HazardPoint(b) => b.name.clone(),
        Body::Food(b) => joined(&[&b.product, &b.item, &b.venue]),
        Body::Damage(b) => joined(&[&b.works, &b.class]),
        Body::Forecast(b) => joined(&[b.station.as_str(), &b.property]),
    }
}

/// The particulars, by the names of their fields.
#[derive(Default)]
struct Facts(Vec<FactView>);

impl Facts {
    fn word(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.push(FactView { name: name.into(), value: value.into() });
        }
    }
    fn number(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.word(name, &value.to_string());
        }
    }
    fn time(&mut self, name: &str, value: Option<UtcMs>) {
        self.number(name, value.map(|t| t.0));
    }
}

fn facts(body: &Body) -> Vec<FactView> {
    let mut facts = Facts::default();
    match body {
        Body::Hotline(b) => {
            facts.number("urgent", b.urgent.then_some(true));
            facts.number("people", b.people);
        }
        Body::Call(b) => {
            facts.word("service", b.service.wire());
            facts.number("trapped", b.trapped);
            facts.number("injured", b.injured);
            facts.number("dead", b.dead);
        }
        Body::Outage(b) => {
            facts.number("households", b.households);
            facts.word("important", &b.important.join(" "));
            facts.time("since_ms", b.since);
            facts.time("restored_by_ms", b.restored_by);
        }
        Body::Closure(b) => {
            facts.word("extent", b.extent.wire());
            facts.word("cause", &b.cause);
            facts.word("detour", &b.detour);
            facts.time("until_ms", b.until);
        }
        Body::HazardPoint(b) => {
            facts.word("hazard", b.hazard.wire());
            facts.word("danger", b.danger.wire());
            facts.number("threatened", b.threatened);
        }
        Body::Food(b) => {
            facts.word("act", b.act.wire());
            facts.word("producer", &b.producer);
            facts.word("batch", &b.batch);
            facts.number("drug", b.drug.then_some(true));
            facts.number("passed", b.passed);
            facts.number("ill", b.ill);
            facts.number("hospitalised", b.hospitalised);
            facts.number("dead", b.dead);
        }
        Body::Damage(b) => {
            facts.word("heading", b.heading.wire());
            facts.word("stage", b.stage.wire());
            let counts = [
                ("affected", b.affected),
                ("evacuated", b.evacuated),
                ("injured", b.injured),
                ("missing", b.missing),
                ("dead", b.dead),
                ("rooms_collapsed", b.rooms_collapsed),
            ];
            for (name, count) in counts {
                facts.number(name, count);
            }
            facts.number("crops_ha", b.crops_ha);
            facts.number("loss_10k_yuan", b.loss_10k_yuan);
        }
        Body::Forecast(b) => {
            facts.word("unit", &b.unit);
            facts.number("highest", b.values.iter().map(|v| v.v).reduce(f64::max));
            facts.time("horizon_ms", b.values.last().map(|v| v.t));
        }
    }
    facts.0
}

/// A report as it stands; nothing where it is not on the picture.
pub fn situation(here: &Situations, city: &Gazetteer, key: &Key) -> Option<SituationView> {
    let row = here.rows.get(key)?;
    let Version { received, said } = row.shown()?;
    let nothing = Handled::default();
    let own = here.handled.get(key).unwrap_or(&nothing);
    // What is done is done to the whole.
    let whole = here.handled.get(here.head(key)).unwrap_or(&nothing);
    let name = city.name_of(&format!("agency:{}", key.agency));
    let (lon, lat) = said.located.point.unzip();
    let likely = here.likely.get(key).filter(|l| here.head(&l.with) != here.head(key));
    Some(SituationView {
        id: key.to_string(),
        kind: key.kind.wire().into(),
        agency: key.agency.to_string(),
        agency_name: name.zh,
        agency_name_en: name.en,
        sender_id: key.id.to_string(),
        t_ms: said.t.0,
        received_ms: received.0,
        state: said.state.wire().into(),
        title: title(&said.body),
        text: said.text.clone(),
        address: said.place.address.clone(),
        shape: said
            .place
            .shape
            .clone()
            .map(|shape| ShapeView { lines: shape.lines, areas: shape.areas }),
        zones: said.place.zones.iter().map(ToString::to_string).collect(),
        lon,
        lat,
        precision: said.located.precision.wire().into(),
        located_by: said.located.by.wire().into(),
        matched: said.located.matched.clone(),
        zone: said.located.zone.as_ref().map(ToString::to_string),
        facts: facts(&said.body),
        sent: row.sent,
        stage: whole.stage.wire().into(),
        department: whole.assigned.as_ref().map(|(department, _)| department.to_string()),
        due_ms: whole.assigned.as_ref().and_then(|(_, due)| due.map(|t| t.0)),
        verdict: whole.verdict.map(|v| v.wire().into()),
        over: here.is_over(key),
        merged_into: own.merged_into.as_ref().map(ToString::to_string),
        sources: here.members(key).map(ToString::to_string).collect(),
        likely: likely.map(|l| LikelyView {
            with: l.with.to_string(),
            words: l.words,
            metres: l.metres,
            minutes: l.minutes,
        }),
    })
}

/// Every report on the picture.
pub fn all(here: &Situations, city: &Gazetteer) -> Vec<SituationView> {
    here.rows.keys().filter_map(|key| situation(here, city, key)).collect()
}

/// Of every kind the newest that need somebody, then the newest of the others.
pub fn newest(here: &Situations, city: &Gazetteer) -> Vec<SituationView> {
    let mut shown = Vec::new();
    for kind in Kind::ALL {
        let mut standing: Vec<(bool, UtcMs, &Key)> = here
            .of_kind(*kind)
            .filter_map(|(key, row)| Some((!here.is_over(key), row.shown()?.said.t, key)))
            .collect();
        standing.sort_unstable_by(|a, b| b.cmp(a));
        let first = standing.into_iter().take(SHOWN_PER_KIND);
        shown.extend(first.filter_map(|(_, _, key)| situation(here, city, key)));
    }
    shown
}

fn step(step: &Step) -> SituationStep {
    let about = match &step.what {
        Done::Verified(verdict) => Some(verdict.wire().to_owned()),
        Done::Merged(key) | Done::Took(key) | Done::KeptApart(key) | Done::Split(key) => {
            Some(key.to_string())
        }
        Done::Assigned(department, _) => Some(department.to_string()),
        Done::Concluded | Done::FedBack => None,
    };
    SituationStep {
        what: step.what.wire().into(),
        at_ms: step.at.0,
        by: step.by.clone(),
        text: step.text.clone(),
        about,
    }
}

/// A report with its history.
pub fn detail(here: &Situations, city: &Gazetteer, key: &Key) -> Option<SituationDetail> {
    let view = situation(here, city, key)?;
    let row = here.rows.get(key)?;
    let history = row.versions.iter().rev().map(|((t, seq), version)| SituationVersion {
        seq: *seq,
        t_ms: t.0,
        received_ms: version.received.0,
        state: version.said.state.wire().into(),
        title: title(&version.said.body),
        text: version.said.text.clone(),
        facts: facts(&version.said.body),
    });
    let said = &row.shown()?.said.body;
    let responsible = match said {
        Body::HazardPoint(point) => point.responsible.as_slice(),
        _ => &[],
    };
    let values = match said {
        Body::Forecast(forecast) => forecast.values.as_slice(),
        _ => &[],
    };
    Some(SituationDetail {
        situation: view,
        history: history.collect(),
        steps: here
            .handled
            .get(key)
            .map(|h| h.steps.iter().map(step).collect())
            .unwrap_or_default(),
        sources: here.members(key).filter_map(|k| situation(here, city, k)).collect(),
        responsible: responsible
            .iter()
            .map(|p| ResponsibleView {
                role: p.role.clone(),
                name: p.name.clone(),
                phone: p.phone.clone(),
            })
            .collect(),
        values: values.iter().map(|v| (v.t.0, v.v)).collect(),
    })
}

/// What became of a report, for its sender: of the whole it went into, and without anybody's name.
pub fn status(here: &Situations, key: &Key) -> Option<ReportStatus> {
    let said = &here.shown(key)?.said;
    let head = here.head(key);
    let nothing = Handled::default();
    let whole = here.handled.get(head).unwrap_or(&nothing);
    let told = |s: &&Step| {
        matches!(s.what, Done::Verified(_) | Done::Assigned(..) | Done::Concluded | Done::FedBack)
    };
    let steps = whole.steps.iter().filter(told).map(|s| StatusStep {
        what: s.what.wire().into(),
        at_ms: s.at.0,
        text: s.text.clone(),
    });
    Some(ReportStatus {
        kind: key.kind.wire().into(),
        id: key.id.to_string(),
        t_ms: said.t.0,
        state: said.state.wire().into(),
        stage: whole.stage.wire().into(),
        verdict: whole.verdict.map(|v| v.wire().into()),
        department: whole.assigned.as_ref().map(|(department, _)| department.to_string()),
        reports: u32::try_from(here.members(head).count() + 1).unwrap_or(u32::MAX),
        precision: said.located.precision.wire().into(),
        steps: steps.collect(),
    })
}

/// Whom an event about a report is told to: every sender of the whole, with what became of theirs.
pub fn told(here: &Situations, key: &Key) -> BTreeMap<Key, (AgencyId, ReportStatus)> {
    let head = here.head(key);
    let keys = std::iter::once(head).chain(here.members(head));
    keys.filter_map(|key| Some((key.clone(), (key.agency.clone(), status(here, key)?)))).collect()
}
