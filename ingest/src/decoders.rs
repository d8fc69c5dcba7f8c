//! Every decoder by name, as one list: what fuzzing and the tests of damage try. A new protocol is a
//! line here; a kind of report is on it by itself.

use domain::ids::AgencyId;
use domain::time::UtcMs;

use crate::register::Register;
use crate::reports::kind::{KINDS, Rim};
use crate::{cap, cot, exchange, json, mqtt, sensorthings, sl651, table};

/// A decoder: whether it read anything in these bytes.
pub type Decoder = Box<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// An instant for bare values.
const MOMENT: UtcMs = UtcMs(1_781_118_300_000);

fn any<T, E>(items: Result<Vec<T>, E>, good: impl Fn(&T) -> bool) -> bool {
    items.is_ok_and(|items| items.iter().any(good))
}

/// Every decoder, by name.
pub fn all() -> Vec<(String, Decoder)> {
    let mut list: Vec<(String, Decoder)> = vec![
        ("json line".into(), Box::new(|bytes| json::decode::decode_line(bytes).is_ok())),
        (
            "json array".into(),
            Box::new(|bytes| any(json::batch::decode_array(bytes), |item| item.read.is_ok())),
        ),
        (
            "ndjson".into(),
            Box::new(|bytes| any(json::batch::decode_ndjson(bytes), |item| item.read.is_ok())),
        ),
        (
            "mqtt packet".into(),
            Box::new(|bytes| any(json::batch::decode_packet(bytes), |item| item.read.is_ok())),
        ),
        (
            "mqtt value".into(),
            Box::new(|bytes| json::batch::decode_value(bytes, "R-1", "rainfall", MOMENT).is_ok()),
        ),
        (
            "mqtt topic".into(),
            Box::new(|bytes| {
                let topic = std::str::from_utf8(bytes).unwrap_or_default();
                mqtt::decode::owner(topic).is_some() | mqtt::decode::carries(topic).is_some()
            }),
        ),
        (
            "csv".into(),
            Box::new(|bytes| any(table::decode::decode_csv(bytes), |item| item.read.is_ok())),
        ),
        ("exchange line".into(), Box::new(exchange::line::reads)),
        ("exchange manifest".into(), Box::new(|bytes| exchange::Manifest::read(bytes).is_ok())),
        ("sl651".into(), Box::new(|bytes| !sl651::decode::decode(bytes).is_empty())),
        ("cap".into(), Box::new(|bytes| cap::decode::decode(bytes).is_ok())),
        ("cot".into(), Box::new(|bytes| cot::decode::decode(bytes).is_ok())),
        (
            "sensorthings".into(),
            Box::new(|bytes| sensorthings::decode::decode(bytes).is_ok_and(|count| count > 0)),
        ),
    ];
    for kind in KINDS {
        for (media, reader) in kind.media {
            let Ok(agency) = AgencyId::new("anybody") else { continue };
            let register = Register::default();
            let read = move |bytes: &[u8]| {
                let rim = Rim { register: &register, agency: &agency };
                any(reader(&rim, bytes), |said| said.read.is_ok())
            };
            list.push((format!("{} {media}", kind.path), Box::new(read)));
        }
    }
    list
}
