//! Operators, one verb a file: they say *when* (a batch is closed, the frontier has passed it); the
//! folds they call say *what*.

pub mod assess;
pub mod gather;
pub mod raise;
pub mod rollup;

use std::collections::BTreeMap;

use timely::dataflow::operators::Capability;

/// Batches that have begun to come in and are not closed yet, by their timestamp.
pub(crate) struct Pending<T> {
    batches: BTreeMap<u64, (Capability<u64>, Vec<Vec<T>>)>,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { batches: BTreeMap::new() }
    }
}

impl<T> Pending<T> {
    /// Keeps a container of a batch; `capability` is asked for once a batch.
    pub(crate) fn keep(
        &mut self,
        batch: u64,
        rows: Vec<T>,
        capability: impl FnOnce() -> Option<Capability<u64>>,
    ) {
        match self.batches.entry(batch) {
            std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().1.push(rows),
            std::collections::btree_map::Entry::Vacant(entry) => {
                if let Some(capability) = capability() {
                    entry.insert((capability, vec![rows]));
                }
            }
        }
    }

    /// The oldest batch, if `closed` says that nothing more can come for it.
    pub(crate) fn next(
        &mut self,
        closed: impl Fn(&u64) -> bool,
    ) -> Option<(Capability<u64>, Vec<Vec<T>>)> {
        let first = self.batches.first_entry()?;
        closed(first.key()).then(|| first.remove())
    }
}
