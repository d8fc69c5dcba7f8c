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

    proptest! {
        #[test]
        fn any_text_has_an_answer(path in "[A-Za-z0-9()':/#+?$ \u{e9}]{0,60}") {
            let _ = resource(&path);
            let _ = resource(&format!("Datastreams({path})/Observations"));
        }
    }
}
