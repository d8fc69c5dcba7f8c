//! The numbers of the datastreams.

use std::collections::BTreeMap;

use crate::ids::DatastreamIx;

/// The registry: which number is which datastream. Numbers are given in order of first appearance
/// and never again; a changed city appends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    rows: Vec<(String, String)>,
    by_name: BTreeMap<(String, String), DatastreamIx>,
}

impl Registry {
    /// Continues from the rows of an earlier configuration (empty for a first).
    pub fn continued(earlier: &[(String, String)]) -> Self {
        let mut registry = Self::default();
        for (station, property) in earlier {
            registry.number(station, property);
        }
        registry
    }
    /// The number of a datastream, given now if it has none.
    pub fn number(&mut self, station: &str, property: &str) -> DatastreamIx {
        let key = (station.to_owned(), property.to_owned());
        if let Some(ix) = self.by_name.get(&key) {
            return *ix;
        }
        let ix = DatastreamIx(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        self.rows.push(key.clone());
        self.by_name.insert(key, ix);
        ix
    }
    /// The number of a datastream that has one.
    pub fn find(&self, station: &str, property: &str) -> Option<DatastreamIx> {
        self.by_name.get(&(station.to_owned(), property.to_owned())).copied()
    }
    /// `(station, property)` of a number.
    pub fn name(&self, ix: DatastreamIx) -> Option<(&str, &str)> {
        let row = self.rows.get(usize::try_from(ix.0).ok()?)?;
        Some((&row.0, &row.1))
    }
    /// All rows, position is number.
    pub fn rows(&self) -> &[(String, String)] {
        &self.rows
    }
}
