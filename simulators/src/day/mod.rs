//! A DAY of a real city: everybody who would send, each by the way they have, two in a hundred of it
//! wrong in every way that a door has a word for; and the sender's own account of it.
//!
//! Nothing here is the platform's. What must become of each thing is written down where it is made
//! ([`readings`], [`stations`], [`movers`], [`offices`]); what was answered is noted beside it
//! ([`ledger`]). Time may be compressed: then the day's sendings come so many times as fast, dated
//! when they are sent. What SL 651 dates to the minute is dated in the day's own minutes, which end
//! at the end of the run: the platform hears those late.

mod answers;
pub mod dice;
mod lane;
pub mod ledger;
pub mod lines;
pub mod movers;
pub mod offices;
pub mod readings;
mod run;
pub mod shot;
pub mod stations;
pub mod town;
pub mod wards;

pub use run::{Day, DayError, Platforms, run};
