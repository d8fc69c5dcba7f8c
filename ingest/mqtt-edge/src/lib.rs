//! The embedded MQTT endpoint and its small hub: the only place that names the protocol toolkit.
