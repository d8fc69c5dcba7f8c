//! A station as its thresholds see it: its id and its height datum.

use std::collections::BTreeMap;

use domain::city::{City, Hazard, Threshold};

use crate::plan::RefusedBecause;

/// A station's datum, as far as thresholds need it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Site {
    /// The station's id.
    pub id: String,
    /// Its height datum.
    pub datum: Option<String>,
    /// Metres to add to its stage to have it in the 1985 national datum.
    pub datum_offset_m: Option<f64>,
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

impl Site {
    /// The sites of a city by id, newest epoch of each station.
    pub fn all(city: &City) -> BTreeMap<String, Site> {
        let mut newest: BTreeMap<String, (i64, Site)> = BTreeMap::new();
        for row in &city.stations {
            let site = Site {
                id: row.id.as_str().to_owned(),
                datum: row.datum.clone(),
                datum_offset_m: row.datum_offset_m,
            };
            let slot = newest.entry(site.id.clone()).or_insert((row.valid_from.0, site.clone()));
            if row.valid_from.0 >= slot.0 {
                *slot = (row.valid_from.0, site);
            }
        }
        newest.into_iter().map(|(id, (_, site))| (id, site)).collect()
    }

    /// Whether a hazard's general rules are this station's as well.
    pub fn is_plain(&self, hazard: &Hazard) -> bool {
        hazard.thresholds.iter().all(|t| {
            t.datum.is_none() && t.station.as_ref().is_none_or(|named| named.as_str() != self.id)
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
