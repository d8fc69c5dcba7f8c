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

/// In force: prefix → name.
type Names = BTreeMap<String, String>;

/// The canonical form of a whole document; `left_out` tells the elements that are not in it (an
/// enveloped signature).
pub fn document(document: &Document, form: &Form, left_out: &dyn Fn(&Element) -> bool) -> Vec<u8> {
    let mut out = String::new();
    for (target, content) in &document.before {
        instruction(&mut out, target, content);
        out.push('\n');
    }
    write(&mut out, &document.root, form, &Names::new(), &Names::new(), left_out);
    for (target, content) in &document.after {
        out.push('\n');
        instruction(&mut out, target, content);
    }
    out.into_bytes()
}

/// The canonical form of one element, with the namespaces that its `ancestors` (the outermost
/// first) put in force.
pub fn element(element: &Element, ancestors: &[&Element], form: &Form) -> Vec<u8> {
    let mut scope = Names::new();
    for ancestor in ancestors {
        declare(&mut scope, ancestor);
    }
    let mut out = String::new();
    write(&mut out, element, form, &scope, &Names::new(), &|_| false);
    out.into_bytes()
}

fn declare(scope: &mut Names, element: &Element) {
    for (prefix, name) in &element.declares {
        scope.insert(prefix.clone(), name.clone());
    }
}

/// `scope`: what is in force around the element; `written`: what the output has declared already.
fn write(
    out: &mut String,
    element: &Element,
    form: &Form,
    scope: &Names,
    written: &Names,
    left_out: &dyn Fn(&Element) -> bool,
) {
    let (mut scope, mut written) = (scope.clone(), written.clone());
    declare(&mut scope, element);
    let qualified = qualified(&element.prefix, &element.local);
    out.push('<');
    out.push_str(&qualified);
    for (prefix, name) in &scope {
        if prefix == "xml" || !is_shown(element, form, prefix) {
            continue;
        }
        let known = written.get(prefix);
        // Nothing is said where it was said, nor that there is no default where there was none.
        if known == Some(name) || (name.is_empty() && known.is_none()) {
            continue;
        }
        out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        out.push_str(prefix);
        out.push_str("=\"");
        escape(out, name, true);
        out.push('"');
        written.insert(prefix.clone(), name.clone());
    }
    let mut attributes: Vec<&Attribute> = element.attributes.iter().collect();
    attributes.sort_by_key(|a| (a.namespace.as_str(), a.local.as_str()));
    for attribute in attributes {
        out.push(' ');
        out.push_str(&self::qualified(&attribute.prefix, &attribute.local));
        out.push_str("=\"");
        escape(out, &attribute.value, true);
        out.push('"');
    }
    out.push('>');
    for node in &element.nodes {
        match node {
            Node::Element(inner) if left_out(inner) => {}
            Node::Element(inner) => write(out, inner, form, &scope, &written, left_out),
            Node::Text(text) => escape(out, text, false),
            Node::Comment => {}
            Node::Instruction(target, content) => instruction(out, target, content),
        }
    }
    out.push_str("</");
    out.push_str(&qualified);
    out.push('>');
}

fn is_shown(element: &Element, form: &Form, prefix: &str) -> bool {
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

fn qualified(prefix: &str, local: &str) -> String {
    if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
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
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' if !is_attribute => out.push_str("&gt;"),
            '"' if is_attribute => out.push_str("&quot;"),
            '\t' if is_attribute => out.push_str("&#x9;"),
            '\n' if is_attribute => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}
