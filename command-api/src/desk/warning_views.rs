//! External warnings as the consoles see them. On the live picture long texts are cut and long
//! outlines simplified; `GET /v1/warnings/{id}` has the whole, and `.xml` the original.

use contract::views::{CircleView, GeocodeView, WarningAreaView, WarningInfoView, WarningView};
use domain::warning::{Severity, WarningArea, WarningInfo};
use gis::outline::Outline;

use super::journal_line::warning_id;
use super::picture::Picture;
use super::warnings::Heard;
use crate::gazetteer::Gazetteer;

/// The most characters of a text on the live picture.
pub const TEXT_SHOWN_MAX_CHARS: usize = 4_000;
/// Rings of more points are simplified on the live picture.
pub const RING_SHOWN_MAX_POINTS: usize = 1_000;
/// How coarsely, degrees: some hundred metres, then a kilometre.
const TOLERANCES_DEG: [f64; 2] = [0.001, 0.01];

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// For the live picture.
    Short,
    /// All of it.
    Whole,
}

/// A warning as it stands on the live picture; `None` where it does not.
pub fn live(picture: &Picture, city: &Gazetteer, seq: u64) -> Option<WarningView> {
    let heard = picture.warnings.of(seq)?;
    let is_live = picture.warnings.state(heard, picture.now).is_live();
    is_live.then(|| warning(picture, city, heard, Measure::Short))
}

/// A warning.
pub fn warning(
    picture: &Picture,
    city: &Gazetteer,
    heard: &Heard,
    measure: Measure,
) -> WarningView {
    let (warnings, message) = (&picture.warnings, &heard.message);
    let resolved: Vec<&Heard> = warnings.resolved(heard).collect();
    let is_resolved =
        |key: &domain::warning::WarningKey| resolved.iter().any(|h| h.message.key == *key);
    let unresolved = message.references.iter().filter(|key| !is_resolved(key));
    WarningView {
        id: warning_id(heard.seq),
        agency: heard.agency.to_string(),
        sender: message.key.sender.clone(),
        identifier: message.key.identifier.clone(),
        sent_ms: message.key.sent.0,
        received_ms: heard.received.0,
        status: message.status.word().into(),
        act: message.act.word().into(),
        state: warnings.state(heard, picture.now).wire().into(),
        scope: message.scope.word().into(),
        signature: heard.signature.wire().into(),
        ends_ms: heard.ends.0,
        ends_by_default: message.infos.iter().all(|info| info.expires.is_none()),
        follows: resolved.iter().map(|h| warning_id(h.seq)).collect(),
        unresolved: unresolved.map(ToString::to_string).collect(),
        replaced_by: warnings.replaced_by(heard).map(|by| warning_id(by.seq)),
        note: message.note.as_deref().map(|note| cut(note, measure)),
        infos: message.infos.iter().map(|i| info(city, i, measure)).collect(),
    }
}

/// The colour that stands for a severity: the colours of the meteorological administration's
/// signals (红 Extreme, 橙 Severe, 黄 Moderate, 蓝 Minor).
pub fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Extreme => "red",
        Severity::Severe => "orange",
        Severity::Moderate => "yellow",
        Severity::Minor => "blue",
        Severity::Unknown => "",
    }
}

fn cut(text: &str, measure: Measure) -> String {
    match text.char_indices().nth(TEXT_SHOWN_MAX_CHARS) {
        Some((at, _)) if measure == Measure::Short => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    }
}

fn info(city: &Gazetteer, info: &WarningInfo, measure: Measure) -> WarningInfoView {
    let said = |text: &Option<String>| text.as_deref().map(|text| cut(text, measure));
    let words = |list: Vec<&'static str>| list.into_iter().map(str::to_owned).collect();
    let is_long = |text: &Option<String>| {
        text.as_deref().is_some_and(|t| t.chars().nth(TEXT_SHOWN_MAX_CHARS).is_some())
    };
    let mut rings = info.areas.iter().flat_map(|a| &a.polygons);
    let shortened = measure == Measure::Short
        && (is_long(&info.description)
            || is_long(&info.instruction)
            || rings.any(|ring| ring.len() > RING_SHOWN_MAX_POINTS));
    WarningInfoView {
        language: info.language.clone(),
        event: cut(&info.event, measure),
        categories: words(info.categories.iter().map(|c| c.word()).collect()),
        responses: words(info.responses.iter().map(|r| r.word()).collect()),
        urgency: info.urgency.word().into(),
        severity: info.severity.word().into(),
        certainty: info.certainty.word().into(),
        color: color(info.severity).into(),
        sender_name: said(&info.sender_name),
        headline: said(&info.headline),
        description: said(&info.description),
        instruction: said(&info.instruction),
        web: said(&info.web),
        contact: said(&info.contact),
        effective_ms: info.effective.map(|t| t.0),
        onset_ms: info.onset.map(|t| t.0),
        expires_ms: info.expires.map(|t| t.0),
        shortened,
        areas: info.areas.iter().map(|a| area(city, a, measure)).collect(),
    }
}

fn area(city: &Gazetteer, area: &WarningArea, measure: Measure) -> WarningAreaView {
    let circle =
        |c: &domain::warning::Circle| CircleView { lon: c.lon, lat: c.lat, radius_km: c.radius_km };
    let geocode =
        |g: &domain::warning::Named| GeocodeView { name: g.name.clone(), value: g.value.clone() };
    let is_named = |id: &str| area.geocodes.iter().any(|g| g.value == id);
    let zones = city.city().zones.iter().map(|z| z.id.to_string());
    WarningAreaView {
        description: cut(&area.description, measure),
        polygons: area.polygons.iter().map(|ring| shape(ring, measure)).collect(),
        circles: area.circles.iter().map(circle).collect(),
        geocodes: area.geocodes.iter().map(geocode).collect(),
        zones: zones.filter(|id| is_named(id)).collect(),
    }
}

fn shape(ring: &[(f64, f64)], measure: Measure) -> Vec<[f64; 2]> {
    let whole = || ring.iter().map(|(lon, lat)| [*lon, *lat]).collect::<Vec<_>>();
    if measure == Measure::Whole || ring.len() <= RING_SHOWN_MAX_POINTS {
        return whole();
    }
    let Ok(outline) = Outline::from_ring(ring) else { return whole() };
    let mut fewer = whole();
    for tolerance in TOLERANCES_DEG {
        if fewer.len() > RING_SHOWN_MAX_POINTS {
            let simple = outline.simplify(tolerance);
            if let [polygon] = simple.polygons().0.as_slice() {
                fewer = polygon.exterior().0.iter().map(|at| [at.x, at.y]).collect();
            }
        }
    }
    fewer
}
