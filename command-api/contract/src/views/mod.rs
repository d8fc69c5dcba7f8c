//! The rows that resources and the live picture are made of.

mod answers;
mod bulletins;
mod cases;
mod catalogue;
mod city;
mod credentials;
mod duty;
mod exchange;
mod feeds;
mod picture;
mod registry;
mod situations;
mod start;
mod warnings;

pub use answers::*;
pub use bulletins::*;
pub use cases::*;
pub use catalogue::*;
pub use city::*;
pub use credentials::*;
pub use duty::*;
pub use exchange::*;
pub use feeds::*;
pub use picture::*;
pub use registry::*;
pub use situations::*;
pub use start::*;
pub use warnings::*;
