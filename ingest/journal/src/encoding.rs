//! One record ↔ bytes.
//!
//! Postcard for what comes in masses (observations, ticks, refusals, configuration). Reports, desk
//! events and acts about letters go into the postcard as MessagePack with field names: their types leave absent
//! fields out when they are written, which a format without names cannot read back, and named
//! fields let such a type gain an optional field without a new version of the encoding. Both keep
//! every bit of a float.

use std::fmt;

use domain::desk::DeskEvent;
use domain::exchange::ExchangeAct;
use domain::ids::AgencyId;
use domain::letter::LetterAct;
use domain::observation::Observation;
use domain::record::Record;
use domain::refusal::{Channel, Reason, Refusal};
use domain::registry::RegistryAct;
use domain::report::Report;
use domain::time::UtcMs;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Room for the largest observation or tick: ten bytes for each of four numbers, and the rest.
const SMALL_RECORD_BYTES: usize = 96;

/// Why a record is not written or not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// The record cannot be put into bytes.
    #[error("a record cannot be encoded: {0}")]
    Encode(String),
    /// The bytes are no record.
    #[error("the bytes are no record: {0}")]
    Decode(String),
}

/// What stands in a block, written: borrowed. The order of variants is that of [`StoredOwned`].
#[derive(Serialize)]
enum Stored<'a> {
    Observation {
        received: UtcMs,
        channel: Channel,
        observation: Observation,
    },
    Tick {
        now: UtcMs,
    },
    Configuration(StoredConfiguration<'a>),
    Report {
        received: UtcMs,
        agency: &'a AgencyId,
        channel: Channel,
        report: Bytes,
    },
    Refused(StoredRefusal<'a>),
    Desk(Bytes),
    Letter(Bytes),
    /// An observation of a backlog.
    Backlog {
        received: UtcMs,
        channel: Channel,
        observation: Observation,
    },
    Exchange(Bytes),
    Registry(Bytes),
}

#[derive(Serialize)]
struct StoredConfiguration<'a> {
    holds_from: UtcMs,
    hash: &'a str,
    files: Vec<(&'a str, BytesRef<'a>)>,
    datastreams: &'a [(String, String)],
}

#[derive(Serialize)]
struct StoredRefusal<'a> {
    agency: &'a AgencyId,
    channel: Channel,
    source: &'a str,
    received: UtcMs,
    reason: Reason,
    detail: &'a str,
    raw: BytesRef<'a>,
    quarantined: bool,
}

/// Bytes written in one piece: the same form as a sequence of them, many times as fast.
struct BytesRef<'a>(&'a [u8]);

impl Serialize for BytesRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Bytes written and read in one piece.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOnePiece;
        impl de::Visitor<'_> for InOnePiece {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(InOnePiece)
    }
}

/// What stands in a block, read: owned. The order of variants is part of the encoding.
#[derive(Deserialize)]
enum StoredOwned {
    Observation {
        received: UtcMs,
        channel: Channel,
        observation: Observation,
    },
    Tick {
        now: UtcMs,
    },
    Configuration {
        holds_from: UtcMs,
        hash: String,
        files: Vec<(String, Bytes)>,
        datastreams: Vec<(String, String)>,
    },
    Report {
        received: UtcMs,
        agency: AgencyId,
        channel: Channel,
        report: Bytes,
    },
    Refused {
        agency: AgencyId,
        channel: Channel,
        source: String,
        received: UtcMs,
        reason: Reason,
        detail: String,
        raw: Bytes,
        quarantined: bool,
    },
    Desk(Bytes),
    Letter(Bytes),
    Backlog {
        received: UtcMs,
        channel: Channel,
        observation: Observation,
    },
    Exchange(Bytes),
    Registry(Bytes),
}

fn named<T: Serialize>(value: &T) -> Result<Bytes, EncodingError> {
    rmp_serde::to_vec_named(value).map(Bytes).map_err(|e| EncodingError::Encode(e.to_string()))
}

fn read_named<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, EncodingError> {
    rmp_serde::from_slice(bytes).map_err(|e| EncodingError::Decode(e.to_string()))
}

fn stored_refusal(refusal: &Refusal) -> StoredRefusal<'_> {
    // Named one by one: a field that the type gains does not get lost unseen.
    let Refusal { agency, channel, source, received, reason, detail, raw, quarantined } = refusal;
    StoredRefusal {
        agency,
        channel: *channel,
        source,
        received: *received,
        reason: *reason,
        detail,
        raw: BytesRef(raw),
        quarantined: *quarantined,
    }
}

/// Appends the record's bytes to `out`; on an error `out` is as it was.
pub(crate) fn encode_into(record: &Record, out: &mut Vec<u8>) -> Result<(), EncodingError> {
    let stored = match record {
        Record::Observation { received, channel, observation } => {
            let (received, channel, observation) = (*received, *channel, *observation);
            match observation.backlog {
                true => Stored::Backlog { received, channel, observation },
                false => Stored::Observation { received, channel, observation },
            }
        }
        Record::Tick { now } => Stored::Tick { now: *now },
        Record::Configuration { holds_from, hash, files, datastreams } => {
            Stored::Configuration(StoredConfiguration {
                holds_from: *holds_from,
                hash,
                files: files.iter().map(|(name, bytes)| (name.as_str(), BytesRef(bytes))).collect(),
                datastreams,
            })
        }
        Record::Report { received, agency, channel, report } => Stored::Report {
            received: *received,
            agency,
            channel: *channel,
            report: named::<Report>(report)?,
        },
        Record::Refused(refusal) => Stored::Refused(stored_refusal(refusal)),
        Record::Desk(event) => Stored::Desk(named::<DeskEvent>(event)?),
        Record::Letter(act) => Stored::Letter(named::<LetterAct>(act)?),
        Record::Exchange(act) => Stored::Exchange(named::<ExchangeAct>(act)?),
        Record::Registry(act) => Stored::Registry(named::<RegistryAct>(act)?),
    };
    let wrong = |e: postcard::Error| EncodingError::Encode(e.to_string());
    if matches!(stored, Stored::Observation { .. } | Stored::Backlog { .. } | Stored::Tick { .. }) {
        // The hot path: a hundred thousand of these a second.
        let mut small = [0_u8; SMALL_RECORD_BYTES];
        let bytes = postcard::to_slice(&stored, &mut small).map_err(wrong)?;
        out.extend_from_slice(bytes);
    } else {
        out.extend_from_slice(&postcard::to_stdvec(&stored).map_err(wrong)?);
    }
    Ok(())
}

/// Reads one record from the front of `bytes`; gives it and the rest.
pub(crate) fn decode_one(bytes: &[u8]) -> Result<(Record, &[u8]), EncodingError> {
    let (stored, rest): (StoredOwned, &[u8]) =
        postcard::take_from_bytes(bytes).map_err(|e| EncodingError::Decode(e.to_string()))?;
    let record = match stored {
        StoredOwned::Observation { received, channel, observation } => {
            Record::Observation { received, channel, observation }
        }
        StoredOwned::Backlog { received, channel, observation } => {
            let observation = Observation { backlog: true, ..observation };
            Record::Observation { received, channel, observation }
        }
        StoredOwned::Tick { now } => Record::Tick { now },
        StoredOwned::Configuration { holds_from, hash, files, datastreams } => {
            let files = files.into_iter().map(|(name, bytes)| (name, bytes.0)).collect();
            Record::Configuration { holds_from, hash, files, datastreams }
        }
        StoredOwned::Report { received, agency, channel, report } => {
            Record::Report { received, agency, channel, report: read_named(&report.0)? }
        }
        StoredOwned::Refused {
            agency,
            channel,
            source,
            received,
            reason,
            detail,
            raw,
            quarantined,
        } => {
            let raw = raw.0;
            let refusal =
                Refusal { agency, channel, source, received, reason, detail, raw, quarantined };
            Record::Refused(refusal)
        }
        StoredOwned::Desk(event) => Record::Desk(read_named(&event.0)?),
        StoredOwned::Letter(act) => Record::Letter(read_named(&act.0)?),
        StoredOwned::Exchange(act) => Record::Exchange(read_named(&act.0)?),
        StoredOwned::Registry(act) => Record::Registry(read_named(&act.0)?),
    };
    Ok((record, rest))
}

/// Reads exactly `count` records that fill `bytes`.
pub(crate) fn decode_all(bytes: &[u8], count: u32) -> Result<Vec<Record>, EncodingError> {
    let mut records = Vec::with_capacity(count as usize);
    let mut rest = bytes;
    for _ in 0..count {
        let (record, after) = decode_one(rest)?;
        records.push(record);
        rest = after;
    }
    if rest.is_empty() {
        Ok(records)
    } else {
        Err(EncodingError::Decode(format!("{} bytes after the last record", rest.len())))
    }
}

#[cfg(test)]
#[path = "encoding_tests.rs"]
mod tests;
