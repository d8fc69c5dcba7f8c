//! One sending: its bytes, by which door, and what must become of each thing in it.

use super::ledger::Expect;

/// An HTTP request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The resource.
    pub path: String,
    /// The media type.
    pub media: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// Further header lines.
    pub more: Vec<(&'static str, String)>,
    /// A length that is stated instead of the body's.
    pub states: Option<u64>,
    /// Another token than the agency's.
    pub token: Option<&'static str>,
    /// PUT instead of POST.
    pub put: bool,
}

/// The bytes, and the way they go.
#[derive(Debug, Clone)]
pub enum Form {
    /// An MQTT message at QoS 1.
    Message(String, Vec<u8>),
    /// Bytes after which the endpoint closes the connection.
    Broken(Vec<u8>),
    /// A connection with a wrong token.
    Stranger,
    /// A request.
    Request(Request),
    /// Frames of SL 651, and the serial number whose answer ends them.
    Frames(Vec<u8>, u16),
    /// Events of Cursor-on-Target; with `true` the platform closes the connection after them.
    Events(Vec<u8>, bool),
}

/// A sending.
#[derive(Debug, Clone)]
pub struct Shot {
    /// What it is, in a word; of a bad one what is wrong.
    pub kind: &'static str,
    /// Its bytes.
    pub form: Form,
    /// What must become of each thing in it.
    pub expect: Vec<Expect>,
}

impl Shot {
    /// A sending of one thing.
    pub fn one(kind: &'static str, form: Form, expect: Expect) -> Self {
        Self { kind, form, expect: vec![expect] }
    }

    /// A message of one thing.
    pub fn message(kind: &'static str, topic: &str, body: &str, expect: Expect) -> Self {
        Self::one(kind, Form::Message(topic.to_owned(), body.as_bytes().to_vec()), expect)
    }

    /// A request of one thing.
    pub fn request(
        kind: &'static str,
        path: &str,
        media: &'static str,
        body: impl Into<Vec<u8>>,
        expect: Expect,
    ) -> Self {
        let request = Request { path: path.into(), media, body: body.into(), ..Request::default() };
        Self::one(kind, Form::Request(request), expect)
    }
}
