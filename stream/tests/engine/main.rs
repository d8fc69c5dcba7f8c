//! The engine as a whole: records in, decisions out. Every test is a situation.

mod amend;
mod configure;
mod one_answer;
mod order;
mod recompute;
mod silence;
mod situations;
mod support;
