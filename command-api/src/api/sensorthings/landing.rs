//! The landing document (18-088 §9.2.1): the entity sets, and which requirements are met.

use serde_json::{Value, json};

use super::model::Kind;

const REQ: &str = "http://www.opengis.net/spec/iot_sensing/1.1/req/";
const MQTT_CREATE: &str = "create-observations-via-mqtt/observations-creation";
const MQTT_RECEIVE: &str = "receive-updates-via-mqtt/receive-updates";

/// The requirements that are met, each shown by a test; the README of `ingest/src/sensorthings` has
/// the whole list.
pub const CONFORMANCE: &[&str] = &[
    "datamodel/entity-control-information/common-control-information",
    "datamodel/thing/properties",
    "datamodel/thing/relations",
    "datamodel/location/properties",
    "datamodel/location/relations",
    "datamodel/historical-location/properties",
    "datamodel/historical-location/relations",
    "datamodel/datastream/properties",
    "datamodel/datastream/relations",
    "datamodel/sensor/properties",
    "datamodel/sensor/relations",
    "datamodel/observed-property/properties",
    "datamodel/observed-property/relations",
    "datamodel/observation/properties",
    "datamodel/observation/relations",
    "datamodel/feature-of-interest/properties",
    "datamodel/feature-of-interest/relations",
    "resource-path/resource-path-to-entities",
    "request-data/order",
    "request-data/expand",
    "request-data/select",
    "request-data/status-code",
    "request-data/query-status-code",
    "request-data/orderby",
    "request-data/top",
    "request-data/skip",
    "request-data/count",
    "request-data/filter",
    "request-data/built-in-filter-operations",
    "request-data/built-in-query-functions",
    "request-data/pagination",
    "data-array/data-array",
    MQTT_CREATE,
];

/// The document.
pub fn document(base: &str, mqtt: Option<&str>) -> Value {
    let set =
        |kind: Kind| json!({ "name": kind.set(), "url": format!("{base}/v1.1/{}", kind.set()) });
    let sets: Vec<Value> = Kind::ALL.into_iter().map(set).collect();
    let met: Vec<String> = CONFORMANCE.iter().map(|name| format!("{REQ}{name}")).collect();
    let mut settings = json!({ "conformance": met });
    if let Some(address) = mqtt {
        for name in [MQTT_CREATE, MQTT_RECEIVE] {
            settings[format!("{REQ}{name}")] = json!({ "endpoints": [address] });
        }
    }
    json!({ "value": sets, "serverSettings": settings })
}
