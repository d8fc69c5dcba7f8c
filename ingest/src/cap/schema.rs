//! The schema of CAP 1.2 and 1.1 as tables: what may stand where, how often, in which order.
//!
//! 1.2: the schema of the standard (OASIS CAP-v1.2, 2010). 1.1 (OASIS CAP-V1.1, 2005, with its
//! errata of 2007; from memory, to be verified) differs, as far as it is read here, in this: the
//! namespace; `mimeType` may be absent; `responseType` has neither `Avoid` nor `AllClear`; times
//! are any `dateTime`, so that `Z` and fractions of a second stand for what they say; `altitude`
//! and `ceiling` are text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::warning::CapVersion;

use super::faults::{Faults, shown};
use crate::xml::{Element, Node, SCHEMA_INSTANCE};

/// The namespace of signatures.
pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The namespace of CAP 1.2.
pub const CAP_1_2: &str = "urn:oasis:names:tc:emergency:cap:1.2";
/// The namespace of CAP 1.1.
pub const CAP_1_1: &str = "urn:oasis:names:tc:emergency:cap:1.1";
/// The namespace of CAP 1.0, which is not read.
pub const CAP_1_0: &str = "http://www.incident.com/cap/1.0";

/// The namespace of a version.
pub fn namespace(version: CapVersion) -> &'static str {
    match version {
        CapVersion::V1_1 => CAP_1_1,
        CapVersion::V1_2 => CAP_1_2,
    }
}

/// How often an element may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    One,
    Maybe,
    Any,
    Some,
}
use Count::{Any, Maybe, One, Some as Several};

/// A sequence: names in their order.
pub(super) type Sequence = &'static [(&'static str, Count)];

pub(super) const ALERT: Sequence = &[
    ("identifier", One),
    ("sender", One),
    ("sent", One),
    ("status", One),
    ("msgType", One),
    ("source", Maybe),
    ("scope", One),
    ("restriction", Maybe),
    ("addresses", Maybe),
    ("code", Any),
    ("note", Maybe),
    ("references", Maybe),
    ("incidents", Maybe),
    ("info", Any),
];

pub(super) const INFO: Sequence = &[
    ("language", Maybe),
    ("category", Several),
    ("event", One),
    ("responseType", Any),
    ("urgency", One),
    ("severity", One),
    ("certainty", One),
    ("audience", Maybe),
    ("eventCode", Any),
    ("effective", Maybe),
    ("onset", Maybe),
    ("expires", Maybe),
    ("senderName", Maybe),
    ("headline", Maybe),
    ("description", Maybe),
    ("instruction", Maybe),
    ("web", Maybe),
    ("contact", Maybe),
    ("parameter", Any),
    ("resource", Any),
    ("area", Any),
];

const RESOURCE_1_1: Sequence = &[
    ("resourceDesc", One),
    ("mimeType", Maybe),
    ("size", Maybe),
    ("uri", Maybe),
    ("derefUri", Maybe),
    ("digest", Maybe),
];
const RESOURCE_1_2: Sequence = &[
    ("resourceDesc", One),
    ("mimeType", One),
    ("size", Maybe),
    ("uri", Maybe),
    ("derefUri", Maybe),
    ("digest", Maybe),
];

pub(super) fn resource(version: CapVersion) -> Sequence {
    match version {
        CapVersion::V1_1 => RESOURCE_1_1,
        CapVersion::V1_2 => RESOURCE_1_2,
    }
}

pub(super) const AREA: Sequence = &[
    ("areaDesc", One),
    ("polygon", Any),
    ("circle", Any),
    ("geocode", Any),
    ("altitude", Maybe),
    ("ceiling", Maybe),
];

pub(super) const NAMED: Sequence = &[("valueName", One), ("value", One)];

/// The elements of a sequence as they were found, by name, each with its path.
#[derive(Debug, Default)]
pub(super) struct Found<'e> {
    by_name: BTreeMap<&'static str, Vec<(String, &'e Element<'e>)>>,
    /// Signatures, at the end of an alert.
    pub(super) signatures: Vec<&'e Element<'e>>,
}

impl<'e> Found<'e> {
    /// All of a name.
    pub(super) fn all(&self, name: &str) -> &[(String, &'e Element<'e>)] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The first of a name.
    pub(super) fn one(&self, name: &str) -> Option<(&str, &'e Element<'e>)> {
        self.all(name).first().map(|(path, element)| (path.as_str(), *element))
    }
}

/// Walks the children of `parent` along a sequence; every deviation is a fault.
pub(super) fn walk<'e>(
    parent: &'e Element<'e>,
    path: &str,
    version: CapVersion,
    sequence: Sequence,
    faults: &mut Faults,
) -> Found<'e> {
    attributes(parent, path, faults);
    let (mut found, mut reached) = (Found::default(), 0);
    let may_be_signed = path == "alert";
    for node in &parent.nodes {
        let child = match node {
            Node::Text(text) if !text.trim_matches([' ', '\t', '\n', '\r']).is_empty() => {
                faults.schema(path, format!("text between its elements: {}", shown(text.trim())));
                continue;
            }
            Node::Element(child) => child,
            _ => continue,
        };
        if may_be_signed && child.namespace == DSIG {
            found.signatures.push(child);
            reached = sequence.len();
            continue;
        }
        let place = sequence.iter().position(|(name, _)| *name == child.local);
        let Some(place) = place.filter(|_| child.namespace == namespace(version)) else {
            let of =
                if child.namespace == namespace(version) { "" } else { ", of another namespace" };
            faults.schema(
                path,
                format!("an element {}{of} does not stand here", shown(&child.local)),
            );
            continue;
        };
        if place < reached {
            let after = sequence.get(reached).map_or("a signature", |(name, _)| *name);
            let said = format!("stands after {after}; the schema has it before");
            faults.schema(&format!("{path}/{}", child.local), said);
        }
        reached = reached.max(place);
        if let Some((name, count)) = sequence.get(place) {
            let known = found.by_name.entry(name).or_default();
            let nth = known.len() + 1;
            let repeats = matches!(count, Any | Several);
            let own =
                if repeats { format!("{path}/{name}[{nth}]") } else { format!("{path}/{name}") };
            if !repeats && nth == 2 {
                faults.schema(&own, "stands more than once");
            }
            known.push((own, child));
        }
    }
    for (name, count) in sequence {
        if matches!(count, One | Several) && found.all(name).is_empty() {
            faults.schema(&format!("{path}/{name}"), "is missing");
        }
    }
    found
}

/// CAP's elements have no attributes; those by which an instance names its schema may be anywhere.
fn attributes(element: &Element<'_>, path: &str, faults: &mut Faults) {
    for attribute in &element.attributes {
        let names_schema = attribute.namespace == SCHEMA_INSTANCE
            && matches!(&*attribute.local, "schemaLocation" | "noNamespaceSchemaLocation");
        if !names_schema {
            faults.schema(path, format!("has an attribute {}", shown(&attribute.local)));
        }
    }
}

/// The text of an element that holds nothing but text. `whole` where it must not be in pieces: a
/// comment within an id would join for one reader what another parts.
pub(super) fn leaf<'e>(
    element: &'e Element<'_>,
    path: &str,
    whole: bool,
    faults: &mut Faults,
) -> Cow<'e, str> {
    attributes(element, path, faults);
    if let Some(child) = element.children().next() {
        faults.schema(path, format!("holds text, not an element {}", shown(&child.local)));
    }
    if whole && element.is_interrupted() {
        faults.rule(path, "has a comment or an instruction inside its value");
    }
    element.text()
}
