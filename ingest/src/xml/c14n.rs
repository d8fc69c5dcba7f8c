//! Canonical XML without comments, of a whole document or of an element in it: what is signed.
//!
//! Three algorithms: Canonical XML 1.0 (<https://www.w3.org/TR/2001/REC-xml-c14n-20010315>) and 1.1
//! (<https://www.w3.org/TR/2008/REC-xml-c14n11-20080502/>), which differ in nothing that can stand
//! in a document here (attributes of the namespace `xml` on a part's ancestors: refused by the
//! reader of signatures), and Exclusive XML Canonicalization 1.0
//! (<https://www.w3.org/TR/2002/REC-xml-exc-c14n-20020718/>).

use std::collections::BTreeMap;

use super::{Attribute, Document, Element, Node};

/// Which namespaces an element's canonical form declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// All that are in force.
    Inclusive,
    /// Those that are visibly used, and these prefixes (`#default` is the empty one).
    Exclusive(Vec<String>),
}

/// What stands for what, by prefix: the innermost last.
type Names<'e> = BTreeMap<&'e str, Vec<&'e str>>;

/// The canonical form of a whole document; `left_out` tells the elements that are not in it (an
/// enveloped signature).
pub fn document(
    document: &Document<'_>,
    form: &Form,
    left_out: &dyn Fn(&Element<'_>) -> bool,
) -> Vec<u8> {
    let mut writer = Writer::new(form, left_out);
    for (target, content) in &document.before {
        instruction(&mut writer.out, target, content);
        writer.out.push('\n');
    }
    writer.element(&document.root, true);
    for (target, content) in &document.after {
        writer.out.push('\n');
        instruction(&mut writer.out, target, content);
    }
    writer.out.into_bytes()
}

/// The canonical form of one element, with the namespaces that its `ancestors` (the outermost
/// first) put in force.
pub fn element(element: &Element<'_>, ancestors: &[&Element<'_>], form: &Form) -> Vec<u8> {
    let mut writer = Writer::new(form, &|_| false);
    for ancestor in ancestors {
        declare(&mut writer.scope, ancestor);
    }
    writer.element(element, true);
    writer.out.into_bytes()
}

fn declare<'e>(scope: &mut Names<'e>, element: &'e Element<'_>) {
    for (prefix, name) in &element.declares {
        scope.entry(prefix).or_default().push(name);
    }
}

fn innermost<'e>(names: &Names<'e>, prefix: &str) -> Option<&'e str> {
    names.get(prefix).and_then(|names| names.last()).copied()
}

fn forget(names: &mut Names<'_>, prefix: &str) {
    if let Some(names) = names.get_mut(prefix) {
        names.pop();
    }
}

struct Writer<'e, 'f> {
    out: String,
    form: &'f Form,
    left_out: &'f dyn Fn(&Element<'_>) -> bool,
    /// What is in force.
    scope: Names<'e>,
    /// What the output has declared already.
    written: Names<'e>,
}

impl<'e, 'f> Writer<'e, 'f> {
    fn new(form: &'f Form, left_out: &'f dyn Fn(&Element<'_>) -> bool) -> Self {
        let (scope, written) = (Names::new(), Names::new());
        Self { out: String::new(), form, left_out, scope, written }
    }

    /// `outermost` where it is the first that is written.
    fn element(&mut self, element: &'e Element<'_>, outermost: bool) {
        declare(&mut self.scope, element);
        self.out.push('<');
        qualified(&mut self.out, &element.prefix, &element.local);
        let shown = self.shown(element, outermost);
        for prefix in &shown {
            let name = innermost(&self.scope, prefix).unwrap_or_default();
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.out.push_str("=\"");
            escape(&mut self.out, name, true);
            self.out.push('"');
            self.written.entry(prefix).or_default().push(name);
        }
        let mut attributes: Vec<&Attribute<'_>> = element.attributes.iter().collect();
        attributes.sort_by_key(|a| (&*a.namespace, &*a.local));
        for attribute in attributes {
            self.out.push(' ');
            qualified(&mut self.out, &attribute.prefix, &attribute.local);
            self.out.push_str("=\"");
            escape(&mut self.out, &attribute.value, true);
            self.out.push('"');
        }
        self.out.push('>');
        for node in &element.nodes {
            match node {
                Node::Element(inner) if (self.left_out)(inner) => {}
                Node::Element(inner) => self.element(inner, false),
                Node::Text(text) => escape(&mut self.out, text, false),
                Node::Comment => {}
                Node::Instruction(target, content) => {
                    instruction(&mut self.out, target, content);
                }
            }
        }
        self.out.push_str("</");
        qualified(&mut self.out, &element.prefix, &element.local);
        self.out.push('>');
        for (prefix, _) in &element.declares {
            forget(&mut self.scope, prefix);
        }
        for prefix in shown {
            forget(&mut self.written, prefix);
        }
    }

    /// The prefixes that an element declares in the output, in their order. Whatever its parent was
    /// asked for is written already, so that within the outermost one only those can be new that it
    /// declares or uses itself.
    fn shown(&self, element: &'e Element<'_>, outermost: bool) -> Vec<&'e str> {
        let mut prefixes: Vec<&'e str> = if outermost {
            self.scope.keys().copied().collect()
        } else {
            let declared = element.declares.iter().map(|(prefix, _)| &**prefix);
            let used = element.attributes.iter().map(|a| &*a.prefix);
            declared.chain(used).chain([&*element.prefix]).collect()
        };
        prefixes.retain(|prefix| {
            let (Some(name), known) =
                (innermost(&self.scope, prefix), innermost(&self.written, prefix))
            else {
                return false;
            };
            // Nothing is said where it was said, nor that there is no default where there was none.
            let is_said = known == Some(name) || (name.is_empty() && known.is_none());
            *prefix != "xml" && !is_said && is_shown(element, self.form, prefix)
        });
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes
    }
}

fn is_shown(element: &Element<'_>, form: &Form, prefix: &str) -> bool {
    match form {
        Form::Inclusive => true,
        Form::Exclusive(besides) => {
            let is_used = element.prefix == prefix
                || (!prefix.is_empty() && element.attributes.iter().any(|a| a.prefix == prefix));
            let named = if prefix.is_empty() { "#default" } else { prefix };
            is_used || besides.iter().any(|p| p == named)
        }
    }
}

fn qualified(out: &mut String, prefix: &str, local: &str) {
    if !prefix.is_empty() {
        out.push_str(prefix);
        out.push(':');
    }
    out.push_str(local);
}

fn instruction(out: &mut String, target: &str, content: &str) {
    out.push_str("<?");
    out.push_str(target);
    if !content.is_empty() {
        out.push(' ');
        // No reference is known within an instruction; a carriage return cannot be in it any more.
        out.push_str(content);
    }
    out.push_str("?>");
}

fn escape(out: &mut String, text: &str, is_attribute: bool) {
    let mut rest = text;
    // What is escaped is ASCII; most texts have none of it.
    while let Some(at) = rest.bytes().position(|b| instead(b, is_attribute).is_some()) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        out.push_str(
            after.bytes().next().and_then(|b| instead(b, is_attribute)).unwrap_or_default(),
        );
        rest = after.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

fn instead(byte: u8, is_attribute: bool) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' if !is_attribute => Some("&gt;"),
        b'"' if is_attribute => Some("&quot;"),
        b'\t' if is_attribute => Some("&#x9;"),
        b'\n' if is_attribute => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}
