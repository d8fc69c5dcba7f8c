//! What a happening changed on the picture: the rows to be shown anew, stop 8.

use std::collections::BTreeSet;

use contract::views::LogEntry;
use domain::decision::AlertId;
use domain::ids::{HospitalId, IncidentId, TaskId, UnitId};
use domain::situation::Key;

/// What a happening changed: the rows to be shown anew.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Touched {
    /// Alerts.
    pub alerts: BTreeSet<AlertId>,
    /// Incidents.
    pub incidents: BTreeSet<IncidentId>,
    /// Tasks.
    pub tasks: BTreeSet<TaskId>,
    /// Units.
    pub units: BTreeSet<UnitId>,
    /// Hospitals.
    pub hospitals: BTreeSet<HospitalId>,
    /// Official signals.
    pub signals: BTreeSet<String>,
    /// Reports about situations.
    pub situations: BTreeSet<Key>,
    /// External warnings, by journal number.
    pub warnings: BTreeSet<u64>,
    /// Earthquakes.
    pub earthquakes: BTreeSet<String>,
    /// Storms.
    pub tracks: BTreeSet<String>,
    /// Places (stations and zones) of which something else is believed.
    pub places: BTreeSet<String>,
    /// (place, hazard) of which another belief stands: what risk is made of.
    pub beliefs: BTreeSet<(String, String)>,
    /// New lines of the duty log.
    pub log: Vec<LogEntry>,
}

impl Touched {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Joins what another happening changed.
    pub fn join(&mut self, other: Self) {
        self.alerts.extend(other.alerts);
        self.incidents.extend(other.incidents);
        self.tasks.extend(other.tasks);
        self.units.extend(other.units);
        self.hospitals.extend(other.hospitals);
        self.signals.extend(other.signals);
        self.situations.extend(other.situations);
        self.warnings.extend(other.warnings);
        self.earthquakes.extend(other.earthquakes);
        self.tracks.extend(other.tracks);
        self.places.extend(other.places);
        self.beliefs.extend(other.beliefs);
        self.log.extend(other.log);
    }
}
