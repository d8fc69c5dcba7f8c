//! Small servers that take what the simulator sends and remember it.
#![allow(dead_code)] // each test file uses its part

pub(crate) mod broker;
pub(crate) mod web;
