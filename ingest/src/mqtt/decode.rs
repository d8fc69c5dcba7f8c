//! Stop 2 of 9 for MQTT: a topic → what its body is. Pure and total. Before it:
//! [`crate::mqtt::session`]; the body is read by [`crate::json`] and the readers of
//! [`crate::reports::kind`]; after it: [`crate::admit`].

use crate::reports::kind::Kind;
use crate::sensorthings::resource::{self, Resource};

/// The first two levels of every topic.
pub const ROOT: &str = "fh/v1";
/// The second level that is no agency.
pub const UNITS: &str = "units";
/// Words that are no station: `fh/v1/<agency>/<word>` has a meaning of its own. So have the words of
/// the kinds of reports.
pub const RESERVED: [&str; 5] = ["obs", "rejected", "tasks", "report", "feedback"];

fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word) || Kind::of_topic(word).is_some()
}

/// What a topic carries up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries<'t> {
    /// `fh/v1/<agency>/obs`: observations.
    Observations,
    /// `fh/v1/<agency>/<station>/<property>`: a value.
    Value {
        /// The station.
        station: &'t str,
        /// The property.
        property: &'t str,
    },
    /// `fh/v1/<agency>/<word>`: reports of a kind.
    Reports(&'static Kind),
    /// `fh/v1/units/<unit>/report`: a unit's report.
    UnitReport,
    /// `v1.1/Observations`, `v1.1/Datastreams(<id>)/Observations`: an Observation of SensorThings.
    SensorThings(Resource<'t>),
}

/// Whose a topic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner<'t> {
    /// An agency's.
    Agency(&'t str),
    /// A unit's.
    Unit(&'t str),
}

/// Whose a topic is, whatever it carries; `None` outside the tree.
pub fn owner(topic: &str) -> Option<Owner<'_>> {
    let rest = topic.strip_prefix(ROOT)?.strip_prefix('/')?;
    let (head, below) = rest.split_once('/')?;
    if head == UNITS {
        let unit = below.split('/').next().filter(|unit| !unit.is_empty())?;
        return Some(Owner::Unit(unit));
    }
    (!head.is_empty()).then_some(Owner::Agency(head))
}

/// What a topic carries up; `None` for one that carries nothing up.
pub fn carries(topic: &str) -> Option<Carries<'_>> {
    let Some(below) = topic.strip_prefix(ROOT) else { return sensorthings(topic) };
    let mut levels = below.strip_prefix('/')?.split('/');
    let (head, second, third, more) =
        (levels.next()?, levels.next()?, levels.next(), levels.next());
    match (head, second, third, more) {
        (UNITS, _, Some("report"), None) => Some(Carries::UnitReport),
        (UNITS, ..) => None,
        (_, "obs", None, None) => Some(Carries::Observations),
        (_, word, None, None) => Kind::of_topic(word).map(Carries::Reports),
        (_, station, Some(property), None) if !is_reserved(station) && !is_reserved(property) => {
            Some(Carries::Value { station, property })
        }
        _ => None,
    }
}

/// Data arrays come over HTTP only.
fn sensorthings(topic: &str) -> Option<Carries<'_>> {
    let path = topic.strip_prefix(resource::ROOT)?.strip_prefix('/')?;
    let named = resource::resource(path).filter(|named| *named != Resource::DataArrays)?;
    Some(Carries::SensorThings(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_mean_what_was_promised() {
        let table = [
            ("fh/v1/hydro/obs", Some(Carries::Observations)),
            ("fh/v1/hydro/hospital", Some(Carries::Reports(&crate::hospitals::KIND))),
            ("fh/v1/hydro/signals", Some(Carries::Reports(&crate::signals::KIND))),
            (
                "fh/v1/hydro/R-1/rainfall",
                Some(Carries::Value { station: "R-1", property: "rainfall" }),
            ),
            ("fh/v1/units/boat-01/report", Some(Carries::UnitReport)),
            ("fh/v1/units/boat-01/tasks", None),
            ("fh/v1/units/obs", None),
            ("fh/v1/hydro/rejected", None),
            ("fh/v1/hydro/obs/x", None),
            ("fh/v1/hydro/x/obs", None),
            ("fh/v1/hydro", None),
            ("fh/v1/hydro/a/b/c", None),
            ("fh/v2/hydro/obs", None),
            ("v1.1/Observations", Some(Carries::SensorThings(Resource::Observations))),
            ("v1.1/CreateObservations", None),
            ("v1.1/Things", None),
            ("", None),
        ];
        for (topic, meaning) in table {
            assert_eq!(carries(topic), meaning, "{topic}");
        }
        assert_eq!(owner("fh/v1/hydro/x/y/z"), Some(Owner::Agency("hydro")));
        assert_eq!(owner("fh/v1/units/boat-01/report"), Some(Owner::Unit("boat-01")));
        assert_eq!(owner("fh/v1/hydro"), None);
        assert_eq!(owner("fh/v1//obs"), None);
        assert_eq!(owner("fh/v1/units//report"), None);
    }
}
