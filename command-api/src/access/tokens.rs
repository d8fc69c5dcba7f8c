//! Tokens of agencies and units: 256 random bits each, kept as SHA-256. A secret of that length
//! needs no slow hash, and the look-up by hash tells a guesser nothing by its time.

use std::collections::{BTreeMap, BTreeSet};

use domain::time::UtcMs;

use super::secret::{self, Kept};
use super::store::TokenRow;

/// The holder of a token that is good for any agency or unit (demonstrations only).
pub const ANY: &str = "*";

/// Tokens by hash.
#[derive(Debug, Default)]
pub struct Tokens {
    rows: BTreeMap<Kept, TokenRow>,
}

impl Tokens {
    /// From what is kept.
    pub fn new(rows: Vec<TokenRow>) -> Self {
        Self { rows: rows.into_iter().map(|r| (r.key, r)).collect() }
    }

    /// Adds one.
    pub fn add(&mut self, row: TokenRow) {
        self.rows.insert(row.key, row);
    }

    /// Withdraws a holder's.
    pub fn withdraw(&mut self, kind: &str, holder: &str) {
        self.rows.retain(|_, r| !(r.kind == kind && r.holder == holder));
    }

    /// Kind and holder of those that are here and not in `now`.
    pub fn gone_from(&self, now: &Tokens) -> BTreeSet<(String, String)> {
        let gone = self.rows.values().filter(|r| !now.rows.contains_key(&r.key));
        gone.map(|r| (r.kind.clone(), r.holder.clone())).collect()
    }

    /// Kind, holder and date of each.
    pub fn list(&self) -> Vec<(String, String, UtcMs)> {
        self.rows.values().map(|r| (r.kind.clone(), r.holder.clone(), r.since)).collect()
    }

    /// Kind and holder of a token.
    pub fn holder(&self, token: &str) -> Option<(String, String)> {
        let row = self.rows.get(&secret::kept(token))?;
        Some((row.kind.clone(), row.holder.clone()))
    }

    /// Whether it is good for this agency or unit.
    pub fn verify(&self, kind: &str, id: &str, token: &str) -> bool {
        let row = self.rows.get(&secret::kept(token));
        row.is_some_and(|r| r.kind == kind && (r.holder == id || r.holder == ANY))
    }
}
