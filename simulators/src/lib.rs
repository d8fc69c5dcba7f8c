//! PRETENDING: worlds, stations, responders, drills; the binary fenghuo-sim.
