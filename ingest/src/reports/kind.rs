//! The kinds of reports: where each comes in, who may send it, and how it is read.

use std::borrow::Cow;

use domain::ids::AgencyId;
use domain::report::Report;
use gis::Crs;
use mqtt_edge::Who;

use crate::judge::Why;
use crate::register::{Register, Rights};
use crate::{cases, hospitals, quakes, signals, situations, tracks, units};

/// One report of a body, as it was read.
#[derive(Debug)]
pub struct Said<'a> {
    /// Its bytes, as they were sent.
    pub raw: Cow<'a, [u8]>,
    /// What they say.
    pub read: Result<Report, Why>,
}

impl<'a> Said<'a> {
    /// A body that is one report.
    pub fn one(raw: &'a [u8], report: Report) -> Vec<Self> {
        vec![Self { raw: Cow::Borrowed(raw), read: Ok(report) }]
    }
}

/// Whose body is read, and by which register. It reads as the register itself.
#[derive(Debug, Clone, Copy)]
pub struct Rim<'r> {
    /// The register in force.
    pub register: &'r Register,
    /// Whose credential the body came with.
    pub agency: &'r AgencyId,
}

impl Rim<'_> {
    /// The coordinate system that the agency has declared for all it sends.
    pub fn declared(&self) -> Option<Crs> {
        self.register.coordinates_of(self.agency)
    }
}

impl std::ops::Deref for Rim<'_> {
    type Target = Register;
    fn deref(&self) -> &Register {
        self.register
    }
}

/// Reads a body: its reports, or why it is refused as a whole.
pub type Reader = for<'a> fn(&Rim<'_>, &'a [u8]) -> Result<Vec<Said<'a>>, Why>;

/// A kind of report.
pub struct Kind {
    /// The resource: `/v1/reports/hospital`.
    pub path: &'static str,
    /// The last level of its topic, `fh/v1/<agency>/<word>`; empty where it has none.
    pub topic: &'static str,
    /// The media types of its bodies, each with its reader. The first is MQTT's too, but for a
    /// body that begins as XML.
    pub media: &'static [(&'static str, Reader)],
    /// Who may send it.
    pub may: fn(&Who, &Rights) -> bool,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kind").field("path", &self.path).finish_non_exhaustive()
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for Kind {}

/// Every kind. The names of the topics' words are taken: no station is called so.
pub static KINDS: &[Kind] = &[
    hospitals::KIND,
    cases::KIND,
    units::KIND,
    signals::KIND,
    situations::HOTLINE,
    situations::CALLS,
    situations::OUTAGES,
    situations::CLOSURES,
    situations::HAZARD_POINTS,
    situations::FOOD,
    situations::DAMAGE,
    situations::FORECASTS,
    quakes::KIND,
    tracks::KIND,
];

impl Kind {
    /// The kind of a topic's word.
    pub fn of_topic(word: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| !kind.topic.is_empty() && kind.topic == word)
    }

    /// The reader of a media type.
    pub fn reader(&self, media: &str) -> Option<Reader> {
        self.media.iter().find(|(name, _)| *name == media).map(|(_, reader)| *reader)
    }

    /// Its media types, for who sent another.
    pub fn wanted(&self) -> String {
        let names: Vec<&str> = self.media.iter().map(|(name, _)| *name).collect();
        names.join(" or ")
    }

    /// The reader of a body that comes without a media type.
    pub fn reader_of(&self, body: &[u8]) -> Option<Reader> {
        let is_xml = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<');
        let fits = |(name, _): &&(&str, Reader)| name.ends_with("xml") == is_xml;
        self.media.iter().find(fits).or(self.media.first()).map(|(_, reader)| *reader)
    }
}

/// An office that may publish official signals: what it says is shown as an office's word.
pub fn an_office(who: &Who, rights: &Rights) -> bool {
    matches!(who, Who::Agency(_)) && rights.official_signals
}

/// Any agency, for itself.
pub fn any_agency(who: &Who, _: &Rights) -> bool {
    matches!(who, Who::Agency(_))
}
