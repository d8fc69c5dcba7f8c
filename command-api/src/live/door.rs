//! The door of the live socket: Origin, session or ticket, upgrade.
