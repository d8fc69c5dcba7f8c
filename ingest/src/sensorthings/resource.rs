//! What a resource path or topic of SensorThings names, as far as it is written to or subscribed:
//! `Observations`, `Datastreams('JM-0012:rainfall')/Observations`, `CreateObservations`. Pure and
//! total.

use domain::ids::{StationId, check};

/// The first level of every topic and path.
pub const ROOT: &str = "v1.1";
/// The longest resource path or topic that is looked at, bytes.
pub const PATH_MAX_BYTES: usize = 512;

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'t> {
    /// `Observations`: the body says whose.
    Observations,
    /// `Datastreams(<id>)/Observations`.
    OfDatastream {
        /// The station.
        station: &'t str,
        /// The property.
        property: &'t str,
    },
    /// `CreateObservations`: data arrays.
    DataArrays,
}

/// Reads the part of a topic or path after [`ROOT`] and its slash.
pub fn resource(path: &str) -> Option<Resource<'_>> {
    if path.len() > PATH_MAX_BYTES {
        return None;
    }
    match path {
        "Observations" => return Some(Resource::Observations),
        "CreateObservations" => return Some(Resource::DataArrays),
        _ => {}
    }
    let key = path.strip_prefix("Datastreams(")?.strip_suffix(")/Observations")?;
    let (station, property) = datastream(unquoted(key)?)?;
    Some(Resource::OfDatastream { station, property })
}

/// A key as it stands in parentheses: quoted text, or the same without its quotes.
pub fn unquoted(key: &str) -> Option<&str> {
    match key.strip_prefix('\'') {
        Some(rest) => rest.strip_suffix('\'').filter(|id| !id.contains('\'')),
        None => (!key.contains('\'')).then_some(key),
    }
}

/// Station and property of a datastream's id, `JM-0012:rainfall`.
pub fn datastream(id: &str) -> Option<(&str, &str)> {
    let (station, property) = id.split_once(':')?;
    (StationId::new(station).is_ok() && check(property).is_ok()).then_some((station, property))
}

/// The most names of one `$select`.
pub const SELECT_MAX: usize = 16;
/// What can be selected of an observation.
pub const SELECTABLE: [&str; 8] = [
    "id",
    "@iot.id",
    "@iot.selfLink",
    "phenomenonTime",
    "resultTime",
    "result",
    "resultQuality",
    "Datastream",
];

/// What a topic subscribes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription<'t> {
    /// Whose observations: `Observations`, or a datastream's.
    pub of: Resource<'t>,
    /// What of each; empty: everything.
    pub select: Vec<&'t str>,
}

/// Reads a topic, `v1.1/Datastreams('JM-0012:rainfall')/Observations?$select=result`; `None` for one
/// that nobody can subscribe to.
pub fn subscription(topic: &str) -> Option<Subscription<'_>> {
    let below = topic.strip_prefix(ROOT)?.strip_prefix('/')?;
    let (path, query) = below.split_once('?').map_or((below, None), |(p, q)| (p, Some(q)));
    let of = resource(path).filter(|of| *of != Resource::DataArrays)?;
    let select = match query {
        None => Vec::new(),
        Some(query) => query.strip_prefix("$select=")?.split(',').collect(),
    };
    let known = select.len() <= SELECT_MAX && select.iter().all(|s| SELECTABLE.contains(s));
    known.then_some(Subscription { of, select })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_mean_what_the_standard_says() {
        let of = |station, property| Some(Resource::OfDatastream { station, property });
        let table = [
            ("Observations", Some(Resource::Observations)),
            ("CreateObservations", Some(Resource::DataArrays)),
            ("Datastreams('JM-1:rainfall')/Observations", of("JM-1", "rainfall")),
            ("Datastreams(JM-1:rainfall)/Observations", of("JM-1", "rainfall")),
            ("Datastreams('JM-1:rainfall)/Observations", None),
            ("Datastreams('JM-1')/Observations", None),
            ("Datastreams('JM-1:a:b')/Observations", None),
            ("Datastreams('../x:rainfall')/Observations", None),
            ("Datastreams('JM-1:rainfall')", None),
            ("Things", None),
            ("Observations/", None),
            ("", None),
        ];
        for (path, meaning) in table {
            assert_eq!(resource(path), meaning, "{path}");
        }
    }

    #[test]
    fn topics_can_select() {
        let of = Resource::OfDatastream { station: "R-1", property: "rainfall" };
        let topic = "v1.1/Datastreams('R-1:rainfall')/Observations?$select=result,phenomenonTime";
        let select = vec!["result", "phenomenonTime"];
        assert_eq!(subscription(topic), Some(Subscription { of, select }));
        for no in [
            "v1.1/Things",
            "v1.1/#",
            "v1.1/Observations?$filter=result",
            "v1.1/Observations?$select=",
            "v1.1/Observations?$select=colour",
            "v1.1/CreateObservations",
            "fh/v1/hydro/obs",
        ] {
            assert_eq!(subscription(no), None, "{no}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(path in "[A-Za-z0-9()':/#+?$ \u{e9}]{0,60}") {
            let _ = resource(&path);
            let _ = subscription(&format!("v1.1/{path}"));
            let _ = resource(&format!("Datastreams({path})/Observations"));
        }
    }
}
