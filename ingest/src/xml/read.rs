//! Bytes → [`Document`] or [`XmlFault`]. Pure and total.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use super::names::{self, Scope};
use super::{
    ATTRIBUTES_MAX, Attribute, DEPTH_MAX, Document, ELEMENTS_MAX, Element, Node, Pair, XmlFault,
};

/// Reads a document of at most `max_bytes`. A byte order mark of UTF-8 may stand before it.
///
/// # Errors
/// [`XmlFault`]: too large, no UTF-8, not well-formed, or with something that is not read here.
pub fn document(bytes: &[u8], max_bytes: usize) -> Result<Document<'_>, XmlFault> {
    let nowhere = |said: String| XmlFault { line: 1, said };
    if bytes.len() > max_bytes {
        return Err(nowhere(format!("{} bytes; at most {max_bytes} are read", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        XmlFault { line: line_of(before), said: "the bytes are no UTF-8".into() }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !names::are_chars(text)
        && let Some(at) = text.find(|c| !names::is_char(c))
    {
        let said = "a control character, which no XML may have".to_owned();
        return Err(XmlFault { line: line_of(&text.as_bytes()[..at]), said });
    }
    // XML 1.0, 2.11: a line ends with one line feed, whatever it was sent with.
    if text.contains('\r') {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        return tree(&text).map(Document::owned);
    }
    tree(text)
}

fn tree(text: &str) -> Result<Document<'_>, XmlFault> {
    let mut builder = Builder { text, ..Builder::default() };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut first = true;
    loop {
        let read = reader.read_event();
        let at = usize::try_from(reader.buffer_position()).unwrap_or(text.len()).min(text.len());
        let fault = |said: String| XmlFault { line: line_of(&text.as_bytes()[..at]), said };
        let event = read.map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or(0).min(text.len());
            XmlFault {
                line: line_of(&text.as_bytes()[..at]),
                said: format!("not well-formed: {error}"),
            }
        })?;
        let is_end = matches!(event, Event::Eof);
        builder.take(event, first).map_err(fault)?;
        first = false;
        if is_end {
            return builder.finish().map_err(fault);
        }
    }
}

fn line_of(before: &[u8]) -> usize {
    1 + before.iter().filter(|b| **b == b'\n').count()
}

/// The reader's piece of a text, as that text has it: read as UTF-8 already, and to be had for as
/// long.
fn piece<'a>(text: &'a str, bytes: &[u8]) -> Result<&'a str, String> {
    if bytes.is_empty() {
        return Ok("");
    }
    let at = bytes.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    let piece = at.checked_add(bytes.len()).and_then(|end| text.get(at..end));
    piece.ok_or_else(|| "no UTF-8".to_owned())
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    scope: Scope<'a>,
    /// The open elements, each with the mark of the scope around it.
    open: Vec<(Element<'a>, usize)>,
    elements: usize,
    before: Vec<Pair<'a>>,
    root: Option<Element<'a>>,
    after: Vec<Pair<'a>>,
}

impl<'a> Builder<'a> {
    fn take(&mut self, event: Event<'_>, first: bool) -> Result<(), String> {
        match event {
            Event::Start(start) => self.start(&start),
            Event::Empty(start) => {
                self.start(&start)?;
                self.end()
            }
            Event::End(_) => self.end(),
            Event::Text(text) => {
                let text = piece(self.text, &text)?;
                if text.contains("]]>") {
                    return Err("\"]]>\" in text".into());
                }
                self.put(Cow::Borrowed(text))
            }
            Event::CData(data) if self.open.is_empty() => {
                let _ = data;
                Err("a CDATA section outside of the root".into())
            }
            Event::CData(data) => self.put(Cow::Borrowed(piece(self.text, &data)?)),
            Event::GeneralRef(reference) => {
                if self.open.is_empty() {
                    return Err("a reference outside of the root".into());
                }
                let c = referred(piece(self.text, &reference)?)?;
                self.put(Cow::Owned(c.to_string()))
            }
            Event::Comment(_) => {
                if let Some((element, _)) = self.open.last_mut() {
                    element.nodes.push(Node::Comment);
                }
                Ok(())
            }
            Event::PI(pi) => {
                let (target, content) = (pi.target(), pi.content());
                self.instruction(piece(self.text, target)?, piece(self.text, content)?)
            }
            Event::Decl(decl) if first => declaration(&decl),
            Event::Decl(_) => Err("an XML declaration that is not at the beginning".into()),
            Event::DocType(_) => {
                Err("a DOCTYPE: documents with one are refused, whatever is in it".into())
            }
            Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        if self.open.is_empty() && self.root.is_some() {
            return Err("a second root".into());
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(format!("elements nested deeper than {DEPTH_MAX}"));
        }
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(format!("more than {ELEMENTS_MAX} elements"));
        }
        let mark = self.scope.mark();
        let element = self.element(start)?;
        self.open.push((element, mark));
        Ok(())
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Result<Element<'a>, String> {
        let text = self.text;
        let (prefix, local) = names::split(piece(text, start.name().into_inner())?)?;
        let (mut declares, mut plain): (Vec<Pair<'a>>, Vec<_>) = (Vec::new(), Vec::new());
        // Whether an attribute stands twice is asked below, once prefixes are resolved.
        for (n, attribute) in start.attributes().with_checks(false).enumerate() {
            if n >= ATTRIBUTES_MAX {
                return Err(format!("more than {ATTRIBUTES_MAX} attributes in one element"));
            }
            let attribute = attribute.map_err(|error| format!("an attribute: {error}"))?;
            let name = piece(text, attribute.key.into_inner())?;
            let value = value(piece(text, &attribute.value)?)?;
            match name.split_once(':') {
                None if name == "xmlns" => declares.push((Cow::Borrowed(""), value)),
                Some(("xmlns", prefix)) if names::is_name(prefix) => {
                    declares.push((Cow::Borrowed(prefix), value));
                }
                _ => plain.push((names::split(name)?, value)),
            }
        }
        for (n, (prefix, name)) in declares.iter().enumerate() {
            if declares[..n].iter().any(|(known, _)| known == prefix) {
                return Err(format!("the prefix {prefix:?} is declared twice in one element"));
            }
            self.scope.declare(prefix.clone(), name.clone())?;
        }
        let mut attributes: Vec<Attribute<'a>> = Vec::with_capacity(plain.len());
        for ((prefix, local), value) in plain {
            let namespace =
                if prefix.is_empty() { Cow::Borrowed("") } else { self.scope.of(prefix)? };
            if attributes.iter().any(|a| a.local == local && a.namespace == namespace) {
                return Err(format!("the attribute {local:?} stands twice in one element"));
            }
            let (prefix, local) = (Cow::Borrowed(prefix), Cow::Borrowed(local));
            attributes.push(Attribute { prefix, local, namespace, value });
        }
        let namespace = self.scope.of(prefix)?;
        let (prefix, local) = (Cow::Borrowed(prefix), Cow::Borrowed(local));
        Ok(Element { prefix, local, namespace, declares, attributes, nodes: Vec::new() })
    }

    fn end(&mut self) -> Result<(), String> {
        let Some((element, mark)) = self.open.pop() else {
            return Err("an end without a beginning".into());
        };
        self.scope.back(mark);
        match self.open.last_mut() {
            Some((parent, _)) => parent.nodes.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn put(&mut self, text: Cow<'a, str>) -> Result<(), String> {
        let Some((element, _)) = self.open.last_mut() else {
            let is_space = text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
            return if is_space { Ok(()) } else { Err("text outside of the root".into()) };
        };
        match element.nodes.last_mut() {
            Some(Node::Text(before)) => before.to_mut().push_str(&text),
            _ if text.is_empty() => {}
            _ => element.nodes.push(Node::Text(text)),
        }
        Ok(())
    }

    fn instruction(&mut self, target: &'a str, content: &'a str) -> Result<(), String> {
        if !names::is_name(target) || target.eq_ignore_ascii_case("xml") {
            return Err(format!("{target:?} is no processing instruction"));
        }
        let content = Cow::Borrowed(content.trim_start_matches([' ', '\t', '\n']));
        let target = Cow::Borrowed(target);
        match self.open.last_mut() {
            Some((element, _)) => element.nodes.push(Node::Instruction(target, content)),
            None if self.root.is_some() => self.after.push((target, content)),
            None => self.before.push((target, content)),
        }
        Ok(())
    }

    fn finish(self) -> Result<Document<'a>, String> {
        if let Some((element, _)) = self.open.last() {
            return Err(format!("the element {:?} does not end", element.local));
        }
        let root = self.root.ok_or("there is no element in it")?;
        Ok(Document { before: self.before, root, after: self.after })
    }
}

fn declaration(decl: &BytesDecl<'_>) -> Result<(), String> {
    let version = decl.version().map_err(|error| format!("the XML declaration: {error}"))?;
    if &*version != b"1.0" {
        return Err("XML of another version than 1.0".into());
    }
    let Some(encoding) = decl.encoding() else { return Ok(()) };
    let encoding = encoding.map_err(|error| format!("the XML declaration: {error}"))?;
    if encoding.eq_ignore_ascii_case(b"utf-8") {
        return Ok(());
    }
    Err(format!("the encoding {:?}: only UTF-8 is read", String::from_utf8_lossy(&encoding)))
}

/// A reference's character: one of the five entities, or a number.
fn referred(name: &str) -> Result<char, String> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok();
    let code = match name.strip_prefix('#') {
        Some(rest) => match rest.strip_prefix('x') {
            Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => number(hex, 16),
            None if rest.bytes().all(|b| b.is_ascii_digit()) => number(rest, 10),
            _ => None,
        },
        None => {
            return match name {
                "amp" => Ok('&'),
                "lt" => Ok('<'),
                "gt" => Ok('>'),
                "quot" => Ok('"'),
                "apos" => Ok('\''),
                _ => Err(format!("the entity {name:?}: only the five of XML itself are known")),
            };
        }
    };
    let c = code.and_then(char::from_u32).filter(|c| names::is_char(*c));
    c.ok_or_else(|| format!("&{name}; is no character of XML"))
}

/// An attribute's value: references resolved, white space to spaces (XML 1.0, 3.3.3).
fn value(raw: &str) -> Result<Cow<'_, str>, String> {
    if raw.contains('<') {
        return Err("\"<\" in an attribute's value".into());
    }
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        value.push_str(&rest[..at]);
        if rest.as_bytes().get(at) == Some(&b'&') {
            let after = &rest[at + 1..];
            let end = after.find(';').ok_or("\"&\" in an attribute's value")?;
            value.push(referred(&after[..end])?);
            rest = &after[end + 1..];
        } else {
            value.push(' ');
            rest = &rest[at + 1..];
        }
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}
