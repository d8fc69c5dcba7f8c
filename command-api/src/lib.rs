//! DECIDING AND TELLING: the desk, live sessions, outlets, access; the binary fenghuo.

pub mod access;
pub mod account;
pub mod api;
pub mod board;
pub mod city_folder;
pub mod configurations;
pub mod decoders;
pub mod desk;
pub mod duty_log;
pub mod exchange;
pub mod feed_health;
pub mod gazetteer;
pub mod import;
pub mod letters;
pub mod live;
pub mod observation_file;
pub mod outlets;
pub mod platform;
pub mod readings;
pub mod registry;
pub mod reread;
pub mod serve;
pub mod shelf;
pub mod verify;
