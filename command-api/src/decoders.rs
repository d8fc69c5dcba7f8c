//! Every decoder of the platform by name: those of [`ingest::decoders`], and what this room reads
//! from outside: SensorThings queries, messages and commands of consoles, addresses, a city's files.

use std::borrow::Cow;

use contract::live::ClientMessage;
use contract::{CommandRequest, views};
use domain::city::{AddressBook, City, CityFiles, ZoneKind};
use domain::situation::LocatedBy;
pub use ingest::decoders::Decoder;
use serde::de::DeserializeOwned;

use crate::api::sensorthings::path::steps;
use crate::api::sensorthings::query::options::Options;
use crate::api::sensorthings::query::parse::filter;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn samples(of: &[&'static str]) -> Vec<Cow<'static, [u8]>> {
    of.iter().map(|text| Cow::Borrowed(text.as_bytes())).collect()
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> bool {
    serde_json::from_slice::<T>(bytes).is_ok()
}

/// One of the example city's files is replaced: the first byte says which.
fn city(files: &CityFiles, bytes: &[u8]) -> bool {
    let Some((which, body)) = bytes.split_first() else { return false };
    let Some(path) = files.keys().nth(usize::from(*which) % files.len()).cloned() else {
        return false;
    };
    let mut files = files.clone();
    files.insert(path, body.to_vec());
    City::read(&files).is_ok()
}

fn city_samples(files: &CityFiles) -> Vec<Cow<'static, [u8]>> {
    let of = |(which, body): (u8, &Vec<u8>)| Cow::Owned([&[which], body.as_slice()].concat());
    (0u8..).zip(files.values()).map(of).collect()
}

/// Every decoder, by name.
pub fn all() -> Vec<Decoder> {
    let mut list = ingest::decoders::all();
    list.extend([
        Decoder::new(
            "sensorthings path",
            samples(&[
                "Things('JM-0012')/Datastreams('JM-0012:rainfall')/Observations",
                "Observations(7)/result/$value",
            ]),
            |bytes| steps(text(bytes)).is_ok(),
        ),
        Decoder::new(
            "sensorthings query",
            samples(&[
                "$filter=result%20gt%205&$top=10&$skip=5&$count=true&$orderby=phenomenonTime%20desc&$select=result",
                "$expand=Datastreams($filter=name eq 'rainfall';$expand=Observations($top=1;$orderby=result asc)),Locations",
            ]),
            |bytes| Options::of_query(text(bytes)).is_ok(),
        ),
        Decoder::new(
            "sensorthings filter",
            samples(&[
                "result gt 5 and (phenomenonTime ge 2026-06-11T03:05:00+08:00 or not startswith(Datastream/name,'a''b'))",
                "st_within(location,geography'POLYGON((113 22,114 22,114 23,113 22))') and year(resultTime) eq 2026 and result add 1 mod 2 le -1.5e3",
            ]),
            |bytes| filter(text(bytes)).is_ok(),
        ),
        Decoder::new(
            "console message",
            samples(&[r#"{"type":"hello","epoch":"a","last":7}"#]),
            json::<ClientMessage>,
        ),
        Decoder::new(
            "console command",
            samples(&[r#"{"id":"c-1","command":{"do":"acknowledge","alert":"rainfall@JM-0012@1781118300000","note":"x"}}"#]),
            json::<CommandRequest>,
        ),
        Decoder::new(
            "credential request",
            samples(&[r#"{"label":"gauges","opens":"mqtt","expires_ms":1781118300000}"#]),
            json::<views::CredentialRequest>,
        ),
    ]);
    let files = City::scaffold();
    if let Ok(read) = City::read(&files) {
        let book = AddressBook::of(&read);
        let names: Vec<Cow<'static, [u8]>> = read
            .zones
            .iter()
            .filter(|zone| zone.kind != ZoneKind::City)
            .map(|zone| Cow::Owned(format!("在{}附近,水浸", zone.name).into_bytes()))
            .collect();
        list.push(Decoder::new("address", names, move |bytes| {
            !book.find(text(bytes), LocatedBy::Text).matched.is_empty()
        }));
    }
    let samples = city_samples(&files);
    list.push(Decoder::new("city file", samples, move |bytes| city(&files, bytes)));
    list
}
