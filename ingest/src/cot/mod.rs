//! Units over Cursor-on-Target. See `README.md`.
