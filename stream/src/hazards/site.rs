//! A station as its thresholds see it: its id and its height datum.

use domain::city::{City, Hazard, HazardKind, Threshold};

use crate::plan::RefusedBecause;
use crate::watch::place::NEVER;

/// A station's datum, as far as thresholds need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// The station's id.
    pub id: String,
    /// Its height datum.
    pub datum: Option<String>,
    /// Metres to add to its stage to have it in the 1985 national datum.
    pub datum_offset_m: Option<f64>,
    /// From when its stages are in this datum, ms; older ones are not compared with them.
    pub since: i64,
}

/// Metres to add to a height in this datum to have it in the 1985 national height datum.
///
/// 1956 黄海 = 1985 + 0.029 m = 珠江 + 0.586 m (published by the survey of the delta; see the
/// README of `river_stage`). A local datum has no constant: only the station's own offset tells.
pub(super) fn to_1985_m(datum: &str) -> Option<f64> {
    match datum {
        "1985" => Some(0.0),
        "1956" => Some(-0.029),
        "pearl_river" => Some(0.586 - 0.029),
        _ => None,
    }
}

/// Whether what is judged are heights over a datum.
pub(super) fn is_stage(kind: HazardKind) -> bool {
    matches!(kind, HazardKind::RiverStage | HazardKind::ReservoirStage | HazardKind::TidalStage)
}

impl Site {
    /// A station of which no height datum is known.
    pub fn unknown(id: &str) -> Self {
        Self { id: id.to_owned(), datum: None, datum_offset_m: None, since: NEVER }
    }

    /// A station's sites, each with the instant from which it holds, oldest first: an epoch in which
    /// neither datum nor offset is another than before is no site of its own. The first one holds
    /// before its beginning too.
    pub fn epochs(city: &City, station: &str) -> Vec<(i64, Site)> {
        let mut sites: Vec<(i64, Site)> = Vec::new();
        for row in city.epochs_of(station) {
            let site = Site {
                id: row.id.as_str().to_owned(),
                datum: row.datum.clone(),
                datum_offset_m: row.datum_offset_m,
                since: if sites.is_empty() { NEVER } else { row.valid_from.0 },
            };
            let is_same =
                |had: &Site| (&had.datum, had.datum_offset_m) == (&site.datum, site.datum_offset_m);
            if !sites.last().is_some_and(|(_, had)| is_same(had)) {
                sites.push((row.valid_from.0, site));
            }
        }
        sites
    }

    /// Whether a hazard's general rules are this station's as well.
    pub fn is_plain(&self, hazard: &Hazard) -> bool {
        // A rise needs no datum, but none may be taken over a change of it.
        (self.since == NEVER || !is_stage(hazard.kind))
            && hazard.thresholds.iter().all(|t| {
                t.datum.is_none()
                    && t.station.as_ref().is_none_or(|named| named.as_str() != self.id)
            })
    }

    /// A threshold's value in this station's own datum.
    ///
    /// # Errors
    /// [`RefusedBecause::Datum`] where the two datums differ and nothing converts them.
    pub fn in_own_datum(&self, threshold: &Threshold) -> Result<f64, RefusedBecause> {
        let Some(asked) = threshold.datum.as_deref() else { return Ok(threshold.at_least) };
        if self.datum.as_deref() == Some(asked) {
            return Ok(threshold.at_least);
        }
        let own = self.datum_offset_m.or_else(|| self.datum.as_deref().and_then(to_1985_m));
        match (to_1985_m(asked), own) {
            (Some(asked_m), Some(own_m)) => Ok(threshold.at_least + asked_m - own_m),
            _ => Err(RefusedBecause::Datum {
                threshold: asked.to_owned(),
                station: self.datum.clone().unwrap_or_else(|| "unknown".to_owned()),
            }),
        }
    }
}
