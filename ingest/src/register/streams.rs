//! The datastreams of a register as they are put together.

use std::collections::BTreeMap;

use domain::ids::DatastreamIx;
use domain::time::{SECOND_MS, UtcMs};

use super::{Limits, Stream};
use crate::around::Around;

/// The datastreams as they are put together.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) streams: Vec<Stream>,
    pub(super) text: String,
    pub(super) words: Vec<Box<str>>,
    pub(super) epochs: BTreeMap<DatastreamIx, Vec<Limits>>,
    pub(super) around: Around,
    pub(super) silent_after: i64,
}

impl Streams {
    /// Adds an epoch; whether it is the first of its datastream.
    pub(super) fn add(
        &mut self,
        of: &domain::city::Datastream,
        ix: DatastreamIx,
        property: &domain::city::Property<'_>,
        owned_from: UtcMs,
    ) -> bool {
        let (least, most) = property.plausible;
        let range = (of.min.map_or(least, |v| v.max(least)), of.max.map_or(most, |v| v.min(most)));
        let limits = Limits {
            valid_from: of.valid_from,
            range,
            max_rate_per_h: of.max_rate_per_h,
            flat_after_ms: of.flat_after_s.map(|s| i64::from(s) * SECOND_MS),
            max_jump: of.max_jump,
            speaks_ms: i64::from(of.interval_s) * SECOND_MS * self.silent_after,
            has_neighbours: self.around.has_neighbours(ix),
        };
        let epochs = self.epochs.entry(ix).or_default();
        epochs.push(limits);
        if epochs.len() > 1 {
            return false;
        }
        let (name, unit) = (self.word(of.property.as_str()), self.word(property.unit));
        let station = self.text.len() as u32;
        self.text.push_str(of.station.as_str());
        self.streams.push(Stream {
            valid_from: of.valid_from,
            owned_from,
            range,
            ix,
            station,
            // An id is much shorter: domain::ids sees to it.
            station_bytes: u8::try_from(of.station.as_str().len()).unwrap_or(u8::MAX),
            property: name,
            unit,
            has_more: false,
        });
        true
    }

    fn word(&mut self, word: &str) -> u16 {
        let at = self.words.iter().position(|known| **known == *word).unwrap_or_else(|| {
            self.words.push(word.into());
            self.words.len() - 1
        });
        // Properties are a closed list of some dozens.
        at as u16
    }

    /// Epochs in order; those that a range says whole are left out of the list.
    pub(super) fn settled(mut self) -> Self {
        for stream in &mut self.streams {
            let Some(epochs) = self.epochs.get_mut(&stream.ix) else { continue };
            epochs.sort_by_key(|epoch| epoch.valid_from);
            stream.has_more = epochs.len() > 1
                || epochs.iter().any(Limits::doubts)
                || !self.around.sources_of(stream.ix).is_empty()
                // A source has to fall silent for the next one to speak.
                || !self.around.speaks_for(stream.ix).is_empty();
            if !stream.has_more {
                self.epochs.remove(&stream.ix);
            }
        }
        self
    }
}
