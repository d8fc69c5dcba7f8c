//! Stop 2 of 9 for warnings: bytes → message, or everything that is wrong with it. Pure and total.
//! Before it: [`crate::http::session`]; after it: [`crate::admit`].

use domain::refusal::Reason;
use domain::warning::{
    CapMessage, CapVersion, Category, Certainty, Named, ResponseType, Severity, Urgency,
    WarningAct, WarningArea, WarningInfo, WarningKey, WarningResource, WarningScope, WarningStatus,
};

use super::faults::{Faults, shown};
use super::schema::{self, CAP_1_0, CAP_1_1, CAP_1_2, Found, leaf, walk};
use super::{rules, values};
use crate::xml::read::document;
use crate::xml::{Document, Element};

/// The largest message, bytes. Half a megabyte is seen from offices that send long polygons.
pub const MESSAGE_MAX_BYTES: usize = 1024 * 1024;
/// The language of an info that names none (CAP 1.2, 3.2.2).
pub(super) const LANGUAGE_DEFAULT: &str = "en-US";

/// Reads a message; its signature, where it has one, is not looked at.
///
/// # Errors
/// [`Faults`], each with its element.
pub fn decode(bytes: &[u8]) -> Result<CapMessage, Faults> {
    message(&xml(bytes)?)
}

/// Reads a message's bytes as XML.
pub(super) fn xml(bytes: &[u8]) -> Result<Document<'_>, Faults> {
    let fault = |fault: crate::xml::XmlFault| Faults::one(Reason::Xml, "", fault.to_string());
    document(bytes, MESSAGE_MAX_BYTES).map_err(fault)
}

/// Reads a message from its document.
pub(super) fn message(document: &Document<'_>) -> Result<CapMessage, Faults> {
    let root = &document.root;
    let version = match (&*root.namespace, &*root.local) {
        (CAP_1_2, "alert") => CapVersion::V1_2,
        (CAP_1_1, "alert") => CapVersion::V1_1,
        (CAP_1_0, _) => {
            let said = "CAP 1.0 is not read: send 1.2 or 1.1";
            return Err(Faults::one(Reason::CapSchema, "", said));
        }
        (namespace, local) => {
            let said = format!(
                "the root is {} of the namespace {}, not alert of {CAP_1_2}",
                shown(local),
                shown(namespace)
            );
            return Err(Faults::one(Reason::CapSchema, "", said));
        }
    };
    let mut reading = Reading { version, faults: Faults::default() };
    let message = reading.alert(root);
    if let Some(message) = message {
        rules::check(&message, &mut reading.faults);
        if reading.faults.is_empty() {
            return Ok(message);
        }
    }
    Err(reading.faults)
}

struct Reading {
    version: CapVersion,
    faults: Faults,
}

impl Reading {
    /// `None` where a fault keeps it from being a message at all; what can be read is tried all
    /// the same, so that every fault is told.
    fn alert(&mut self, root: &Element<'_>) -> Option<CapMessage> {
        let found = walk(root, "alert", self.version, schema::ALERT, &mut self.faults);
        if found.signatures.len() > 1 {
            let said = "more than one signature: which of them speaks is not to be known";
            self.faults.put(Reason::Signature, "alert/Signature", said);
        }
        let identifier = self.read(&found, "identifier", true, values::identity);
        let sender = self.read(&found, "sender", true, values::identity);
        let sent = self.time(&found, "sent");
        let status = self.word(&found, "status", WarningStatus::of, WarningStatus::WORDS);
        let act = self.word(&found, "msgType", WarningAct::of, WarningAct::WORDS);
        let scope = self.word(&found, "scope", WarningScope::of, WarningScope::WORDS);
        let [source, restriction, addresses, note, incidents] =
            ["source", "restriction", "addresses", "note", "incidents"]
                .map(|name| self.text(&found, name));
        let codes = self.texts(&found, "code");
        let references = self.references(&found);
        let infos = found.all("info").iter().filter_map(|(path, e)| self.info(e, path)).collect();
        Some(CapMessage {
            version: self.version,
            key: WarningKey { sender: sender?, identifier: identifier?, sent: sent? },
            status: status?,
            act: act?,
            source,
            scope: scope?,
            restriction,
            addresses,
            codes,
            note,
            references: references?,
            incidents,
            infos,
        })
    }

    fn references(&mut self, found: &Found<'_>) -> Option<Vec<WarningKey>> {
        let Some((path, element)) = found.one("references") else { return Some(Vec::new()) };
        let text = leaf(element, path, true, &mut self.faults);
        match values::references(&text, self.version) {
            Ok(keys) => Some(keys),
            Err(said) => {
                said.into_iter().for_each(|said| self.faults.rule(path, said));
                None
            }
        }
    }

    fn info(&mut self, element: &Element<'_>, path: &str) -> Option<WarningInfo> {
        let found = walk(element, path, self.version, schema::INFO, &mut self.faults);
        let language = self.read(&found, "language", true, values::language);
        let categories = self.words(&found, "category", Category::of, Category::WORDS);
        let event = self.required_text(&found, "event");
        let version = self.version;
        let since_1_2 =
            |r: &ResponseType| matches!(r, ResponseType::Avoid | ResponseType::AllClear);
        let response = |word: &str| {
            ResponseType::of(word).filter(|r| version == CapVersion::V1_2 || !since_1_2(r))
        };
        let responses = self.words(&found, "responseType", response, ResponseType::WORDS);
        let urgency = self.word(&found, "urgency", Urgency::of, Urgency::WORDS);
        let severity = self.word(&found, "severity", Severity::of, Severity::WORDS);
        // "Very Likely", of 1.0, is to be treated as Likely (CAP 1.2, 3.2.2).
        let certain =
            |word: &str| Certainty::of(if word == "Very Likely" { "Likely" } else { word });
        let certainty = self.word(&found, "certainty", certain, Certainty::WORDS);
        let [audience, sender_name, headline, description, instruction, web, contact] =
            ["audience", "senderName", "headline", "description", "instruction", "web", "contact"]
                .map(|name| self.text(&found, name));
        let [effective, onset, expires] =
            ["effective", "onset", "expires"].map(|name| self.time(&found, name));
        let event_codes = self.named(&found, "eventCode");
        let parameters = self.named(&found, "parameter");
        let resources =
            found.all("resource").iter().map(|(path, e)| self.resource(e, path)).collect();
        let areas = found.all("area").iter().map(|(path, e)| self.area(e, path)).collect();
        Some(WarningInfo {
            language: language.unwrap_or_else(|| LANGUAGE_DEFAULT.to_owned()),
            categories,
            event: event?,
            responses,
            urgency: urgency?,
            severity: severity?,
            certainty: certainty?,
            audience,
            event_codes,
            effective,
            onset,
            expires,
            sender_name,
            headline,
            description,
            instruction,
            web,
            contact,
            parameters,
            resources,
            areas,
        })
    }

    fn resource(&mut self, element: &Element<'_>, path: &str) -> WarningResource {
        let sequence = schema::resource(self.version);
        let found = walk(element, path, self.version, sequence, &mut self.faults);
        let size = self.read(&found, "size", true, values::integer);
        if size.is_some_and(|size| size < 0) {
            self.faults.rule(&format!("{path}/size"), "is less than nothing");
        }
        let digest = found.one("digest").filter(|(_, e)| !e.text().trim().is_empty());
        let digest = digest.and_then(|(path, e)| self.leaf_as(e, path, true, values::digest));
        let has_content = self.content(&found, digest.as_deref());
        WarningResource {
            description: self.text(&found, "resourceDesc").unwrap_or_default(),
            mime_type: self.text(&found, "mimeType").unwrap_or_default(),
            size_bytes: size.and_then(|size| u64::try_from(size).ok()),
            uri: self.text(&found, "uri"),
            has_content,
            digest,
        }
    }

    /// Whether the message carries the resource itself. What it carries is looked at as far as to
    /// say whether it is base64 and the one that the digest is of; it is not kept.
    fn content(&mut self, found: &Found<'_>, digest: Option<&str>) -> bool {
        let Some(written) = self.text(found, "derefUri") else { return false };
        let path = found.one("derefUri").map_or("derefUri", |(path, _)| path);
        match (values::content(&written), digest) {
            (Err(said), _) => self.faults.rule(path, said),
            (Ok(bytes), Some(digest)) if !values::is_of(digest, &bytes) => {
                self.faults.rule(path, "is not what the digest is of");
            }
            (Ok(_), _) => {}
        }
        true
    }

    fn area(&mut self, element: &Element<'_>, path: &str) -> WarningArea {
        let found = walk(element, path, self.version, schema::AREA, &mut self.faults);
        let description = self.required_text(&found, "areaDesc").unwrap_or_default();
        let (mut polygons, mut circles) = (Vec::new(), Vec::new());
        for (path, e) in found.all("polygon") {
            polygons.extend(self.shape(e, path, values::polygon));
        }
        for (path, e) in found.all("circle") {
            circles.extend(self.shape(e, path, values::circle));
        }
        let geocodes = self.named(&found, "geocode");
        let [altitude_ft, ceiling_ft] = ["altitude", "ceiling"].map(|name| self.feet(&found, name));
        if found.one("ceiling").is_some() && found.one("altitude").is_none() {
            let said = "must not stand without altitude";
            self.faults.rule(&format!("{path}/ceiling"), said);
        }
        if let (Some(altitude), Some(ceiling)) = (altitude_ft, ceiling_ft)
            && ceiling < altitude
        {
            let said = format!("{ceiling} lies below the altitude {altitude}");
            self.faults.rule(&format!("{path}/ceiling"), said);
        }
        WarningArea { description, polygons, circles, geocodes, altitude_ft, ceiling_ft }
    }

    /// A height: a decimal in 1.2, text in 1.1, where what is no number is not known.
    fn feet(&mut self, found: &Found<'_>, name: &str) -> Option<f64> {
        let decimal = |text: &str| values::decimal(text.trim());
        match self.version {
            CapVersion::V1_2 => self.read(found, name, true, decimal),
            CapVersion::V1_1 => self.text(found, name).and_then(|text| decimal(&text).ok()),
        }
    }

    fn shape<T>(
        &mut self,
        element: &Element<'_>,
        path: &str,
        read: impl Fn(&str) -> Result<Option<T>, String>,
    ) -> Option<T> {
        let text = leaf(element, path, true, &mut self.faults);
        read(&text).unwrap_or_else(|said| {
            self.faults.rule(path, said);
            None
        })
    }

    fn named(&mut self, found: &Found<'_>, name: &str) -> Vec<Named> {
        let mut list = Vec::new();
        for (path, element) in found.all(name) {
            let pair = walk(element, path, self.version, schema::NAMED, &mut self.faults);
            let [name, value] = ["valueName", "value"].map(|part| {
                let (path, element) = pair.one(part)?;
                Some(leaf(element, path, true, &mut self.faults))
            });
            if let (Some(name), Some(value)) = (name, value) {
                list.push(Named { name: name.trim().to_owned(), value: value.trim().to_owned() });
            }
        }
        list
    }

    /// Free text; `None` where it is absent or blank, which for an optional element is the same.
    fn text(&mut self, found: &Found<'_>, name: &str) -> Option<String> {
        let (path, element) = found.one(name)?;
        let text = leaf(element, path, false, &mut self.faults);
        Some(text.trim().to_owned()).filter(|t| !t.is_empty())
    }

    fn texts(&mut self, found: &Found<'_>, name: &str) -> Vec<String> {
        let mut list = Vec::new();
        for (path, element) in found.all(name) {
            list.push(leaf(element, path, true, &mut self.faults).trim().to_owned());
        }
        list.retain(|text| !text.is_empty());
        list
    }

    /// Text that must be there and say something.
    fn required_text(&mut self, found: &Found<'_>, name: &str) -> Option<String> {
        let (path, _) = found.one(name)?;
        let path = path.to_owned();
        let text = self.text(found, name);
        if text.is_none() {
            self.faults.rule(&path, "is empty");
        }
        text
    }

    fn time(&mut self, found: &Found<'_>, name: &str) -> Option<domain::time::UtcMs> {
        let version = self.version;
        self.read(found, name, true, |text| values::time(text, version))
    }

    /// The value of an element that keeps a form; a deviation breaks the schema, but for
    /// identifiers, whose form is told in the text only.
    fn read<T>(
        &mut self,
        found: &Found<'_>,
        name: &str,
        whole: bool,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (path, element) = found.one(name)?;
        self.leaf_as(element, path, whole, read)
    }

    fn leaf_as<T>(
        &mut self,
        element: &Element<'_>,
        path: &str,
        whole: bool,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = leaf(element, path, whole, &mut self.faults);
        read(&text)
            .map_err(|said| {
                let is_rule = matches!(&*element.local, "identifier" | "sender" | "digest");
                let reason = if is_rule { Reason::CapRule } else { Reason::CapSchema };
                self.faults.put(reason, path, said);
            })
            .ok()
    }

    fn word<T>(
        &mut self,
        found: &Found<'_>,
        name: &str,
        of: impl Fn(&str) -> Option<T>,
        words: &[&str],
    ) -> Option<T> {
        let (path, element) = found.one(name)?;
        self.leaf_as(element, path, true, |text| one_of(text, &of, words))
    }

    fn words<T>(
        &mut self,
        found: &Found<'_>,
        name: &str,
        of: impl Fn(&str) -> Option<T>,
        words: &[&str],
    ) -> Vec<T> {
        let mut list = Vec::new();
        for (path, element) in found.all(name) {
            list.extend(self.leaf_as(element, path, true, |text| one_of(text, &of, words)));
        }
        list
    }
}

fn one_of<T>(text: &str, of: impl Fn(&str) -> Option<T>, words: &[&str]) -> Result<T, String> {
    of(text).ok_or_else(|| format!("{} is none of {}", shown(text), words.join(", ")))
}
