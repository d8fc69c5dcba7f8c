//! The duty room's nouns: typed ids, times, levels, the city, and every record that may enter the
//! journal. Pure: no clock, no socket, no file, no tokio, no timely.
//!
//! Read in this order: [`ids`] (what things are called), [`time`], [`level`], [`property`] (what is
//! measured), [`observation`] (what was heard), [`situation`] (what
//! agencies report), [`city`] (the place and its rules), [`decision`]
//! (what the engine concluded), [`desk`] (what people did about it), [`record`] (all of it, as it
//! stands in the journal).

pub mod bulletin;
pub mod cases;
pub mod city;
pub mod correction;
pub mod decision;
pub mod desk;
pub mod exchange;
pub mod facility;
pub mod ids;
pub mod letter;
pub mod level;
pub mod observation;
pub mod property;
pub mod record;
pub mod refusal;
pub mod registry;
pub mod report;
pub mod situation;
pub mod sl651;
pub mod status;
pub mod time;
pub mod warning;
