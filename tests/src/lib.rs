//! What the system's tests share: starting the built binaries on free ports, and ending them by pid.
