//! Part of stop 2: data arrays, many Observations of a datastream in one body. Pure and total.
//!
//! A body with nothing wrong about it is read in one pass, and its rows from the pieces that this
//! pass found; any other is read piece by piece, for what is wrong.

use std::borrow::Cow;
use std::rc::Rc;

use domain::time::UtcMs;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use super::decode::{FIELDS_MAX, ID, Name, fields, form, list, observation, observed, stream};
use crate::json::batch::{BATCH_ITEMS_MAX, BatchError, depth};
use crate::json::decode::RawObservation;
use crate::json::error::{DecodeError, shown};

/// One row of a data array, written out as the Observation that it stands for, so that what is
/// refused of it can be read, mended and sent again by itself.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The Observation, JSON.
    pub entity: Vec<u8>,
    of: Of<'a>,
}

/// By what a row is read.
#[derive(Debug, Clone)]
enum Of<'a> {
    /// Its array's head, and its values.
    Head(Rc<Head<'a>>, Vec<&'a RawValue>),
    /// The Observation as it is written out.
    Entity,
    /// It is none.
    Wrong(DecodeError),
}

/// What the rows of an array have in common.
#[derive(Debug)]
struct Head<'a> {
    datastream: &'a RawValue,
    /// The datastream's station and property; `None` where it is null.
    named: Result<Option<(&'a str, &'a str)>, DecodeError>,
    components: Vec<Cow<'a, str>>,
    /// The components as they are written out: a comma, the name in JSON, a colon.
    written: Vec<String>,
    /// Whether the components are fields of an Observation as they stand, each once.
    is_plain: bool,
}

impl<'a> Head<'a> {
    fn new(datastream: &'a RawValue, components: Vec<Cow<'a, str>>) -> Self {
        let named = match datastream.get() {
            "null" => Ok(None),
            raw => stream(raw, None).map(Some),
        };
        let name = |name: &Cow<'_, str>| {
            let name = if is_feature(name) { "FeatureOfInterest" } else { name };
            format!(",{}:", serde_json::Value::from(name))
        };
        let written = components.iter().map(name).collect();
        let once = |(n, name): (usize, &Cow<'_, str>)| {
            !components[..n].contains(name) && !is_feature(name) && name != "Datastream"
        };
        let is_plain = components.len() < FIELDS_MAX && components.iter().enumerate().all(once);
        Self { datastream, named, written, is_plain, components }
    }
}

/// A component that names a feature by its id alone.
fn is_feature(component: &str) -> bool {
    matches!(component, "FeatureOfInterest/id" | "FeatureOfInterest/@iot.id")
}

impl Row<'_> {
    /// Reads it.
    ///
    /// # Errors
    /// As [`observation`].
    pub fn read(&self, received: UtcMs) -> Result<RawObservation<'_>, DecodeError> {
        match &self.of {
            Of::Wrong(wrong) => Err(wrong.clone()),
            Of::Entity => observation(&self.entity, None, received),
            Of::Head(head, values) => {
                let named = head.named.clone()?;
                let values = values.iter().map(|value| value.get());
                observed(head.components.iter().map(|name| &**name).zip(values), named, received)
            }
        }
    }
}

/// An array as most are sent, read in one pass.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Usual<'a> {
    #[serde(borrow, rename = "Datastream")]
    of: &'a RawValue,
    #[serde(borrow)]
    components: Vec<Name<'a>>,
    #[serde(borrow, rename = "dataArray")]
    rows: Vec<Vec<&'a RawValue>>,
    #[serde(rename = "dataArray@iot.count", default, deserialize_with = "number_of_rows")]
    count: Option<usize>,
}

impl Usual<'_> {
    /// Whether nothing is to be said against it.
    fn is_good(&self) -> bool {
        self.count.is_none_or(|count| count == self.rows.len())
            && self.components.len() <= FIELDS_MAX
            && self.rows.iter().all(|row| row.len() == self.components.len())
    }
}

fn number_of_rows<'de, D: Deserializer<'de>>(d: D) -> Result<Option<usize>, D::Error> {
    serde::Deserialize::deserialize(d).map(Some)
}

/// Reads the body of `CreateObservations`: an array of a datastream, its components and its rows.
///
/// # Errors
/// [`BatchError`] where the body as a whole cannot be read; a bad row is that row's error.
pub fn data_arrays(bytes: &[u8]) -> Result<Vec<Row<'_>>, BatchError> {
    depth(bytes)?;
    let mut rows = Vec::new();
    if let Ok(arrays) = serde_json::from_slice::<Vec<Usual<'_>>>(bytes)
        && arrays.iter().all(Usual::is_good)
        && arrays.iter().map(|array| array.rows.len()).sum::<usize>() <= BATCH_ITEMS_MAX
    {
        for Usual { of, components, rows: values, .. } in arrays {
            let head = Rc::new(Head::new(of, components.into_iter().map(|name| name.0).collect()));
            rows.extend(values.into_iter().map(|values| row(&head, values)));
        }
        return Ok(rows);
    }
    // Something is wrong with it: piece by piece, for what that is.
    let arrays: Vec<&RawValue> = list(bytes)?;
    for array in arrays {
        data_array(array.get().as_bytes(), &mut rows)?;
    }
    Ok(rows)
}

fn data_array<'a>(bytes: &'a [u8], rows: &mut Vec<Row<'a>>) -> Result<(), BatchError> {
    let (mut of, mut components, mut array, mut count) = (None, None, None, None);
    for (name, value) in fields(bytes)? {
        match &*name {
            "Datastream" => of = Some(value),
            "components" => components = Some(list::<Name<'a>>(value.get().as_bytes())?),
            "dataArray" => array = Some(list::<&RawValue>(value.get().as_bytes())?),
            "dataArray@iot.count" => {
                let said: Result<usize, _> = serde_json::from_str(value.get());
                count = Some(said.map_err(|_| form("dataArray@iot.count", "a number is wanted"))?);
            }
            other => return Err(DecodeError::UnknownField(shown(other)).into()),
        }
    }
    let of = of.ok_or(DecodeError::MissingField("Datastream"))?;
    let components = components.ok_or(DecodeError::MissingField("components"))?;
    let array = array.ok_or(DecodeError::MissingField("dataArray"))?;
    if count.is_some_and(|count| count != array.len()) {
        return Err(form("dataArray@iot.count", "it is not how many rows there are").into());
    }
    if components.len() > FIELDS_MAX {
        return Err(form("components", "there are too many").into());
    }
    if rows.len() + array.len() > BATCH_ITEMS_MAX {
        return Err(BatchError::TooMany);
    }
    let head = Rc::new(Head::new(of, components.into_iter().map(|name| name.0).collect()));
    rows.extend(array.into_iter().map(|values| judged(&head, values)));
    Ok(())
}

/// A row whose values may be none, or other than there are components.
fn judged<'a>(head: &Rc<Head<'a>>, values: &'a RawValue) -> Row<'a> {
    let wrong = match list::<&RawValue>(values.get().as_bytes()) {
        Err(error) => error,
        Ok(listed) if listed.len() != head.components.len() => {
            form("dataArray", "a row has as many values as there are components")
        }
        Ok(listed) => return row(head, listed),
    };
    // As it was sent, for whoever mends it.
    let entity =
        format!("{{\"Datastream\":{},\"dataArray\":[{}]}}", head.datastream.get(), values.get());
    Row { entity: entity.into_bytes(), of: Of::Wrong(wrong) }
}

/// Writes a row out as an Observation.
fn row<'a>(head: &Rc<Head<'a>>, values: Vec<&'a RawValue>) -> Row<'a> {
    let datastream = head.datastream.get();
    let names: usize = head.written.iter().map(String::len).sum();
    let bytes: usize = values.iter().map(|value| value.get().len()).sum();
    let mut entity = String::with_capacity(datastream.len() + names + bytes + 32);
    entity.push_str("{\"Datastream\":");
    entity.push_str(datastream);
    for ((name, written), value) in head.components.iter().zip(&head.written).zip(&values) {
        entity.push_str(written);
        if is_feature(name) {
            entity.push_str(&format!("{{\"{ID}\":{}}}", value.get()));
        } else {
            entity.push_str(value.get());
        }
    }
    entity.push('}');
    let of = if head.is_plain { Of::Head(head.clone(), values) } else { Of::Entity };
    Row { entity: entity.into_bytes(), of }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMPONENTS: [&str; 11] = [
        "result",
        "result",
        "phenomenonTime",
        "phenomenonTime",
        "resultTime",
        "resultQuality",
        "parameters",
        "validTime",
        "FeatureOfInterest/id",
        "Datastream",
        "other\\u0041",
    ];
    const VALUES: [&str; 12] = [
        "2.5",
        "-1e400",
        "null",
        "\"2026-06-11T03:05:00+08:00\"",
        "\"2026-06-11T03:00:00Z/2026-06-11T03:05:00Z\"",
        "\"doubtful\"",
        "{\"status\": \"exercise\"}",
        "\"R-1\"",
        "\"R-2\"",
        "{\"@iot.id\":\"R-1:rainfall\"}",
        " [1, 2]",
        "\"\\u0072\"",
    ];

    proptest! {
        #[test]
        fn a_row_says_what_the_observation_says_that_it_is_written_out_as(
            columns in proptest::collection::vec((0..COMPONENTS.len(), 0..VALUES.len()), 0..5),
            (short, count) in (any::<bool>(), proptest::option::of(0usize..3)),
            of in proptest::sample::select(&["{\"@iot.id\":\"R-1:rainfall\"}", "{\"@iot.id\":\"R-1\"}", "null", "7"][..]),
        ) {
            let names: Vec<_> = columns.iter().map(|(n, _)| format!("\"{}\"", COMPONENTS[*n])).collect();
            let mut values: Vec<_> = columns.iter().map(|(_, v)| VALUES[*v]).collect();
            if short {
                values.pop();
            }
            let count = count.map(|n| format!(",\"dataArray@iot.count\":{n}")).unwrap_or_default();
            let body = format!(
                "[{{\"Datastream\":{of},\"components\":[{}],\"dataArray\":[[{}]]{count}}}]",
                names.join(","),
                values.join(","),
            );
            let received = UtcMs(1_781_118_300_000);
            // The long way round, that a body with a fault takes.
            let arrays: Vec<&RawValue> = list(body.as_bytes()).unwrap();
            let mut slow = Vec::new();
            let whole = data_array(arrays[0].get().as_bytes(), &mut slow);
            let quick = data_arrays(body.as_bytes());
            prop_assert_eq!(quick.is_ok(), whole.is_ok());
            if let Err(error) = whole {
                prop_assert_eq!(quick.unwrap_err(), error);
                return Ok(());
            }
            let quick = quick.unwrap();
            prop_assert_eq!(quick.len(), slow.len());
            for (quick, slow) in quick.iter().zip(&slow) {
                prop_assert_eq!(&quick.entity, &slow.entity);
                let said = quick.read(received);
                prop_assert_eq!(format!("{said:?}"), format!("{:?}", slow.read(received)));
                if !matches!(quick.of, Of::Wrong(_)) {
                    let written = observation(&quick.entity, None, received);
                    prop_assert_eq!(format!("{said:?}"), format!("{written:?}"));
                }
            }
        }
    }
}
