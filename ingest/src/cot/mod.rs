//! Units over Cursor-on-Target: `<event>` elements in XML, one after another over TCP, as TAK
//! clients and gateways send them. See `README.md`.

pub mod decode;
pub mod frame;
pub mod listen;
pub mod session;
