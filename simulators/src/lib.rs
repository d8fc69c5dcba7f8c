//! PRETENDING: worlds, stations, responders, drills; the binary `fenghuo-sim`.
//!
//! A seeded world ([`world`]) is sampled by stations ([`stations`]) and reported over the platform's
//! own protocols ([`feed`]: MQTT and HTTP, [`rtu`]: SL 651-2014), with no code of the platform's decoder, so that a
//! shared mistake cannot hide. [`drill`] plays a scenario, [`replay`] recorded series, [`load`] plain
//! weight. Units ([`units`]) take tasks and travel.

pub mod city;
pub mod credentials;
pub mod day;
pub mod drill;
pub mod feed;
pub mod load;
pub mod replay;
pub mod rtu;
pub mod scenario;
pub mod stations;
pub mod units;
pub mod wall;
pub mod world;
