//! A batch, station by station.
//!
//! The state of a station depends on its own items and on the watermarks only, so a closed batch may
//! be worked through station after station, each in the order of the record: every station's state
//! is fetched from memory once a batch and not once an observation. What comes out is put into the
//! order of the record when it is published.

use std::sync::Arc;

use super::Watch;
use crate::item::{Item, Ruling, What};
use crate::plan::Plan;

/// Stations that are touched before the first of them is worked through.
const TOUCHED_AT_ONCE: usize = 16;

/// Room for sorting, kept from batch to batch.
#[derive(Debug, Default)]
pub(super) struct Sorting {
    /// Items for all stations: watermarks.
    marks: Vec<Item>,
    /// By station of this worker: where its items end in `order`.
    ends: Vec<u32>,
    /// Items by station, within it in the order of the record.
    order: Vec<Item>,
}

impl Watch {
    /// Takes a closed batch. `plans` gives a plan by its number; `newest` is the newest there is: a
    /// batch is looked through for it only where it is not in force here yet.
    pub(crate) fn take(
        &mut self,
        batch: &[Vec<Item>],
        plans: &impl Fn(u32) -> Option<Arc<Plan>>,
        newest: Option<u32>,
        out: &mut Vec<Ruling>,
    ) {
        let mut sorting = std::mem::take(&mut self.sorting);
        let mut part: Vec<&[Item]> = Vec::with_capacity(batch.len());
        for container in batch {
            let mut rest = container.as_slice();
            while self.plan.as_ref().map(|plan| plan.number) != newest
                && let Some(at) = rest.iter().position(|item| item.what == What::Configure)
            {
                let (before, after) = rest.split_at(at);
                part.push(before);
                self.take_part(&part, &mut sorting, out);
                part.clear();
                if let Some((item, after)) = after.split_first() {
                    if let Some(plan) = plans(item.key) {
                        self.configure(&plan, item.seq, out);
                    }
                    rest = after;
                }
            }
            part.push(rest);
        }
        self.take_part(&part, &mut sorting, out);
        self.sorting = sorting;
    }

    /// A stretch of items during which no configuration changes.
    fn take_part(&mut self, part: &[&[Item]], sorting: &mut Sorting, out: &mut Vec<Ruling>) {
        let items = || part.iter().flat_map(|items| items.iter());
        let count = part.iter().map(|items| items.len()).sum::<usize>();
        if count < self.stations.len() / 4 && !items().any(|item| item.what == What::Watermark) {
            for item in items() {
                self.take_one(item, out);
            }
            return;
        }
        // A counting sort by station.
        sorting.marks.clear();
        sorting.ends.clear();
        sorting.ends.resize(self.stations.len() + 1, 0);
        for item in items() {
            if item.what == What::Watermark {
                sorting.marks.push(*item);
            } else if is_of_a_station(item)
                && let Some(end) = sorting.ends.get_mut(self.station_of(item) + 1)
            {
                *end += 1;
            }
        }
        let mut sum = 0;
        for end in &mut sorting.ends {
            sum += *end;
            *end = sum;
        }
        let blank = crate::driver::note(What::Tick, 0, 0, 0, 0);
        sorting.order.clear();
        sorting.order.resize(sum as usize, blank);
        for item in items().filter(|item| is_of_a_station(item)) {
            let station = self.station_of(item);
            let Some(end) = sorting.ends.get_mut(station) else { continue };
            if let Some(slot) = sorting.order.get_mut(*end as usize) {
                *slot = *item;
            }
            *end += 1;
        }
        let mut from = 0usize;
        for station in 0..self.stations.len() {
            if station % TOUCHED_AT_ONCE == 0 {
                std::hint::black_box(self.touch(station));
            }
            let to = sorting.ends.get(station).map_or(from, |end| *end as usize);
            let run = sorting.order.get(from..to).unwrap_or_default();
            from = to;
            self.take_run(station, run, &sorting.marks, out);
        }
    }

    /// Touches what the stations from `first` on will need, step by step, so that the waits for
    /// memory of one and the next overlap.
    fn touch(&self, first: usize) -> i64 {
        let mut numbers = [u32::MAX; TOUCHED_AT_ONCE];
        let stations = self.stations.get(first..).unwrap_or_default();
        for (number, places) in numbers.iter_mut().zip(stations) {
            *number = places.first().map_or(u32::MAX, |(_, number)| *number);
        }
        let mut slots = [u32::MAX; TOUCHED_AT_ONCE];
        let mut sum = 0i64;
        for (slot, number) in slots.iter_mut().zip(numbers) {
            let Some(place) = self.places.get(number as usize) else { continue };
            *slot = place.slots.first().copied().unwrap_or(u32::MAX);
            sum = sum.wrapping_add(place.settled.at ^ i64::from(place.station));
        }
        for slot in slots {
            let Some(stream) = self.streams.get(slot as usize) else { continue };
            sum = sum.wrapping_add(i64::from(stream.station));
        }
        for (slot, number) in slots.into_iter().zip(numbers) {
            let Some(stream) = self.streams.get(slot as usize) else { continue };
            let Some(place) = self.places.get(number as usize) else { continue };
            sum = sum.wrapping_add(place.touch(stream));
        }
        sum
    }

    /// One station's items and the watermarks, in the order of the record: a watermark that an
    /// observation moved comes after it.
    fn take_run(&mut self, station: usize, run: &[Item], marks: &[Item], out: &mut Vec<Ruling>) {
        let mut marks = marks.iter().peekable();
        for item in run {
            while let Some(mark) = marks.next_if(|mark| mark.seq < item.seq) {
                self.settle_station(station, mark, out);
            }
            self.take_one(item, out);
        }
        for mark in marks {
            self.settle_station(station, mark, out);
        }
    }

    fn take_one(&mut self, item: &Item, out: &mut Vec<Ruling>) {
        match item.what {
            What::Observation => self.observe(item, out),
            What::Silent => self.silent(item, out),
            What::Watermark | What::Configure | What::Tick => {}
        }
    }

    /// The watermark of a hazard has moved: settles the station's place of it.
    fn settle_station(&mut self, station: usize, mark: &Item, out: &mut Vec<Ruling>) {
        let Some(places) = self.stations.get(station) else { return };
        let ours = places.iter().find(|(line, _)| u32::from(*line) == mark.key);
        if let Some((_, number)) = ours {
            self.settle_place(*number as usize, mark.t, mark.seq, out);
        }
    }

    /// Position of the station that an item is about, in this worker's list.
    fn station_of(&self, item: &Item) -> usize {
        let slot = self.slot_of.get(item.key as usize).copied().unwrap_or(u32::MAX);
        self.streams.get(slot as usize).map_or(0, |stream| stream.station as usize)
    }
}

/// Whether an item is about one station.
fn is_of_a_station(item: &Item) -> bool {
    matches!(item.what, What::Observation | What::Silent)
}
