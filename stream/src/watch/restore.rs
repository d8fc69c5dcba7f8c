//! A worker's keyed state, to and from a snapshot.

use super::place::NEVER;
use super::{Stream, Watch};
use crate::hazards::judge::When;
use crate::series::Series;
use crate::snapshot::PlaceState;

impl Watch {
    /// Gives every station of this worker to `each`: its number, its datastreams, its places.
    pub(crate) fn each_station<T>(
        &self,
        each: impl Fn(u32, Vec<(u32, &Series)>, Vec<PlaceState>) -> T,
    ) -> Vec<T> {
        let mut streams: Vec<Vec<(u32, &Series)>> = vec![Vec::new(); self.stations.len()];
        for Stream { number, station, series, .. } in &self.streams {
            if let Some(of) = streams.get_mut(*station as usize) {
                of.push((*number, series));
            }
        }
        let stations = self.stations.iter().zip(streams).zip(0usize..);
        let given = stations.map(|((places, streams), at)| {
            let places = places.iter().filter_map(|(line, number)| {
                let place = self.places.get(*number as usize)?;
                Some(PlaceState {
                    line: *line,
                    now_at: place.now.at,
                    level: place.level,
                    settled_at: place.settled.at,
                    settled_level: place.settled_level,
                    standing: place.standing.clone(),
                })
            });
            let station = u32::try_from(at * self.peers + self.index).unwrap_or(u32::MAX);
            each(station, streams, places.collect())
        });
        given.collect()
    }

    /// Puts a datastream's history back.
    pub(crate) fn put_series(&mut self, number: u32, series: Series) {
        let slot = self.slot_of.get(number as usize).copied().unwrap_or(u32::MAX);
        if let Some(stream) = self.streams.get_mut(slot as usize) {
            stream.series = series;
        }
    }

    /// Puts a place's state back; its datastreams' histories are back already.
    pub(crate) fn put_place(&mut self, station: u32, state: PlaceState) {
        let Some(number) = self.place_of.get(&(state.line, station)) else { return };
        let Some(place) = self.places.get_mut(*number as usize) else { return };
        place.level = state.level;
        place.settled_level = state.settled_level;
        place.standing = state.standing;
        if state.now_at != NEVER {
            let (plan, slots) = (&place.plan, &place.slots);
            place.now.set(plan, slots, &mut self.streams, state.now_at, When::Provisional);
        }
        if state.settled_at != NEVER {
            let (plan, slots) = (&place.plan, &place.slots);
            place.settled.set(plan, slots, &mut self.streams, state.settled_at, When::Final);
        }
    }
}
