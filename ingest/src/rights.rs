//! What an agency may do, by the city's files.

use std::sync::Arc;

use domain::city::{Agency, City};

use crate::cap::signature::Trust;

/// What an agency may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// It may publish official signals.
    pub official_signals: bool,
    /// Observations a second on average; `None`: the platform's default.
    pub rate_per_s: Option<u32>,
    /// Bytes a second on average; `None`: the platform's default.
    pub bytes_per_s: Option<u32>,
    /// Datastreams it may use; `None`: all it has.
    pub datastreams_max: Option<u32>,
    /// MQTT connections at a time; `None`: the platform's default.
    pub connections_max: Option<u32>,
    /// The coordinate system of all it sends, where it has declared one.
    pub coordinates: Option<gis::Crs>,
    /// By what its warnings are tried; nothing where the city has no certificate for it.
    pub trust: Option<Arc<Trust>>,
}

impl Rights {
    /// By the city's files.
    pub(crate) fn of(city: &City, a: &Agency) -> Self {
        Self {
            official_signals: a.official_signals,
            rate_per_s: (a.rate_per_s > 0).then_some(a.rate_per_s),
            bytes_per_s: (a.bytes_per_s > 0).then_some(a.bytes_per_s),
            datastreams_max: (a.datastreams_max > 0).then_some(a.datastreams_max),
            connections_max: (a.connections_max > 0).then_some(a.connections_max),
            coordinates: a.coordinates,
            trust: city
                .cap
                .certificates
                .get(&a.id)
                .map(|pem| Arc::new(Trust::read(pem, !a.cap_unsigned))),
        }
    }
}
