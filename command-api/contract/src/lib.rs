//! THE WIRE: what goes over HTTP and the WebSocket between the platform, the console and everybody
//! else. Times are integer Unix milliseconds (`…_ms`), ids are text, levels are ids of the city's
//! list (`nodata` and `none` included). The OpenAPI document and the console's TypeScript types are
//! generated from these types; nothing else goes over the wire.

pub mod command;
pub mod live;
pub mod openapi;
pub mod problem;
pub mod views;

pub use command::{CommandAnswer, CommandRequest};
pub use live::{Change, ClientMessage, Picture, ServerMessage};
pub use problem::Problem;
