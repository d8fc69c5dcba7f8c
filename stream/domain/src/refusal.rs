//! Refusals: a closed list of reasons, stable on the wire, each with what to do about it.

use serde::{Deserialize, Serialize};

use crate::ids::AgencyId;
use crate::time::UtcMs;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident $wire:literal $todo:literal)*) => {
        /// Why something that was sent is not taken. The wire word is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason { $($(#[doc = $doc])* $name),* }

        impl Reason {
            /// Every reason, in order.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),*];
            /// The stable word on the wire and in the metrics.
            pub fn wire(self) -> &'static str { match self { $(Reason::$name => $wire),* } }
            /// What it means, in a sentence.
            pub fn means(self) -> &'static str {
                match self { $(Reason::$name => concat!($($doc),*).trim_ascii()),* }
            }
            /// What the sender should do.
            pub fn what_to_do(self) -> &'static str { match self { $(Reason::$name => $todo),* } }
        }
    };
}

reasons! {
    /// The bytes are no JSON (or no UTF-8).
    Syntax "syntax" "send one JSON object, an array of them, or one object a line, in UTF-8"
    /// A field that does not exist.
    UnknownField "unknown_field" "remove or correct the named field"
    /// A field that must be there is not.
    MissingField "missing_field" "add the named field"
    /// A field of the wrong type or form.
    FieldForm "field_form" "correct the named field"
    /// Text with control characters, or an id outside the allow-list.
    Identifier "identifier" "ids are 1 to 64 of A-Z a-z 0-9 . _ -"
    /// The time is not RFC 3339 with an offset nor Unix milliseconds, or lies outside 2000–2199.
    Time "time" "send RFC 3339 with an offset, or integer Unix milliseconds"
    /// The station is not in the registry.
    UnknownStation "unknown_station" "have the station registered, or correct its id"
    /// The station does not measure this property.
    UnknownProperty "unknown_property" "have the datastream registered, or correct the property"
    /// The station belongs to another agency.
    ForeignStation "foreign_station" "an agency reports for its own stations only"
    /// The unit cannot be converted to the property's own.
    Unit "unit" "send the UCUM unit of the property, or leave it out"
    /// Not a finite number.
    NotFinite "not_finite" "send a finite number, or leave the observation out"
    /// Outside the physical or registered range.
    OutOfRange "out_of_range" "check unit and instrument; the registered range is in the registry"
    /// Dated ahead of now by more than the tolerance. Kept, and moves nobody's time.
    FutureDated "future_dated" "set the clock of the station or gateway"
    /// Marked as an exercise on a platform that runs none.
    ExerciseRefused "exercise" "exercise data goes to an exercise, not to the live platform"
    /// Status is neither actual nor exercise.
    UnknownStatus "unknown_status" "send status actual or exercise, or leave it out"
    /// Topic or resource that carries nothing.
    UnknownChannel "unknown_channel" "publish to fh/v1/<agency>/obs or fh/v1/<agency>/<station>/<property>"
    /// Larger than the limit.
    TooLarge "too_large" "send smaller packets or batches"
    /// More than the agency's rate.
    RateLimited "rate_limited" "slow down; Retry-After says how long"
    /// A report for a task that the desk does not know, or in an order that cannot be.
    ImpossibleReport "impossible_report" "report on a task that was sent to this unit, in its order"
    /// A report in another coordinate system than its agency has declared.
    Coordinates "coordinates" "send one coordinate system: the one declared for the agency, or leave crs out"
    /// The bytes of a telemetry connection are no frame of its protocol.
    Frame "frame" "send frames of the protocol only; a line that loses bytes is to be mended"
    /// A frame whose check does not fit: it was damaged on the way.
    Checksum "checksum" "the frame was damaged on the way: the station sends it again"
    /// A telemetry station's password is not the one that is configured.
    Password "password" "set the station's password to the configured one, or configure the station's"
    /// A function of a telemetry protocol that nothing here takes.
    UnknownFunction "unknown_function" "set the station to send the functions that are taken"
    /// The bytes are no XML that is read here.
    Xml "xml" "send one well-formed XML document in UTF-8, without a DOCTYPE"
    /// A CAP message that breaks the schema of its version.
    CapSchema "cap_schema" "correct the named elements by the CAP schema"
    /// A CAP message that keeps the schema and breaks a rule of the standard's text.
    CapRule "cap_rule" "correct the named elements by the rules of CAP"
    /// The same sender, identifier and time of sending came before with another content.
    CapConflict "cap_conflict" "send a changed message under a new identifier, referring to the old one"
    /// A signature that is missing where one is asked for, or is not good.
    Signature "signature" "sign the message with the key whose certificate the city has"
    /// Figures of one report that contradict each other.
    Inconsistent "inconsistent" "correct the figures that contradict each other"
    /// Something that looks like a person's name, number or address where only counts are wanted.
    PersonalData "personal_data" "send counts without names, identity numbers, telephones or addresses"
    /// The unit is not in the city's register, or its uid is nobody's.
    UnknownUnit "unknown_unit" "have the unit registered (units.csv, cot_uid), or correct its id"
    /// Older than the sender itself says it holds.
    Stale "stale" "send it while it holds; look at the clock and the queue of the sender"
    /// More datastreams than the agency's quota.
    Quota "quota" "ask the city for a larger quota of datastreams, or use fewer"
    /// A file of another platform speaks for an agency that it may not speak for.
    PeerForeign "peer_foreign" "name the agency among what the peer brings (exchange.toml), or have it sent by its own platform"
    /// A good credential that may not do this: another agency's topic, a report that is not its to send.
    Forbidden "forbidden" "send under your own name what your agency may send; ask the city for the right"
    /// An Idempotency-Key that came before with another body.
    Conflict "conflict" "use a new Idempotency-Key for every new body"
}

/// How something came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The embedded MQTT endpoint.
    Mqtt,
    /// A city's own broker.
    MqttBridge,
    /// HTTP.
    Http,
    /// A file (back-test, import).
    File,
    /// Telemetry by SL 651-2014.
    Sl651,
    /// Cursor-on-Target over TCP.
    Cot,
    /// The desk: a person's correction.
    Desk,
    /// A feed of warnings that the platform looks at.
    Poll,
    /// A file of another platform, across a gap between networks.
    Exchange,
}

impl Channel {
    /// Every channel, in order.
    pub const ALL: &'static [Channel] = &[
        Channel::Mqtt,
        Channel::MqttBridge,
        Channel::Http,
        Channel::File,
        Channel::Sl651,
        Channel::Cot,
        Channel::Desk,
        Channel::Poll,
        Channel::Exchange,
    ];

    /// The channel of a word.
    pub fn of(word: &str) -> Option<Channel> {
        Channel::ALL.iter().copied().find(|channel| channel.wire() == word)
    }

    /// The word in metrics and answers.
    pub fn wire(self) -> &'static str {
        match self {
            Channel::Mqtt => "mqtt",
            Channel::MqttBridge => "mqtt_bridge",
            Channel::Http => "http",
            Channel::File => "file",
            Channel::Sl651 => "sl651",
            Channel::Cot => "cot",
            Channel::Desk => "desk",
            Channel::Poll => "poll",
            Channel::Exchange => "exchange",
        }
    }
}

/// The most raw bytes of a refused item that are kept.
pub const RAW_KEPT_MAX_BYTES: usize = 64 * 1024;

/// One refused item, as it is kept: what, why, from whom, and its raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Whose it was.
    pub agency: AgencyId,
    /// How it came.
    pub channel: Channel,
    /// Topic or resource it came on.
    pub source: String,
    /// When it came, by the platform's clock.
    pub received: UtcMs,
    /// Why.
    pub reason: Reason,
    /// The particulars, in words.
    pub detail: String,
    /// The item's raw bytes, cut at [`RAW_KEPT_MAX_BYTES`].
    pub raw: Vec<u8>,
    /// Whether the item was dated ahead (quarantined) and not merely wrong.
    pub quarantined: bool,
}
