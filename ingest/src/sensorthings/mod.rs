//! OGC SensorThings 1.1 (OGC 18-088): observations are written by it, over HTTP and MQTT, and newly
//! admitted ones are told to whoever subscribes. What is read over HTTP is `command-api`'s. The
//! README beside this file says what holds of the standard.

mod arrays;
pub mod decode;
pub mod entity;
pub mod http;
pub mod intervals;
pub mod news;
pub mod resource;
