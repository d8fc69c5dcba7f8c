//! The record: everything that can change what the platform believes, in one order.

use serde::{Deserialize, Serialize};

use crate::desk::DeskEvent;
use crate::exchange::ExchangeAct;
use crate::ids::{AgencyId, Seq};
use crate::letter::LetterAct;
use crate::observation::Observation;
use crate::refusal::{Channel, Refusal};
use crate::registry::RegistryAct;
use crate::report::Report;
use crate::time::UtcMs;

/// The version of the record's encoding; a journal of a newer one is refused.
pub const RECORD_VERSION: u32 = 1;

/// One record. The order of variants is part of the encoding: new ones go to the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// An admitted observation.
    Observation {
        /// When it came, by the platform's clock.
        received: UtcMs,
        /// How it came.
        channel: Channel,
        /// The observation.
        observation: Observation,
    },
    /// The platform's clock: the engine's only now is the newest of these.
    Tick {
        /// Now.
        now: UtcMs,
    },
    /// A city's files, from `holds_from` on. The first record of every journal.
    Configuration {
        /// From when it holds, event time.
        holds_from: UtcMs,
        /// SHA-256 of the files, in hex.
        hash: String,
        /// The files: path within the city's folder, content.
        files: Vec<(String, Vec<u8>)>,
        /// The registry of datastreams: position is the [`crate::ids::DatastreamIx`]; `(station, property)`.
        datastreams: Vec<(String, String)>,
    },
    /// Another report of a feed.
    Report {
        /// When it came.
        received: UtcMs,
        /// Whose feed.
        agency: AgencyId,
        /// How.
        channel: Channel,
        /// What.
        report: Report,
    },
    /// Something refused: kept, so that it can be read, mended and sent again.
    Refused(Refusal),
    /// Something that happened at the desk.
    Desk(DeskEvent),
    /// Something refused was sent again, or laid aside.
    Letter(LetterAct),
    /// A file was exchanged with another platform.
    Exchange(ExchangeAct),
    /// The configuration before it was put in force in place of another.
    Registry(RegistryAct),
}

/// A record at its place in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequenced {
    /// The place.
    pub seq: Seq,
    /// The record.
    pub record: Record,
}
