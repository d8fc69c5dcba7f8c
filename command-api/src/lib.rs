//! DECIDING AND TELLING: the desk, live sessions, outlets, access; the binary fenghuo.
