//! XML from outside, part of stop 2: a small tree of elements with their names resolved, read
//! within bounds and without anything that could make a reader work for its sender: no document
//! type, no entity beyond the five, no other encoding than UTF-8, nothing fetched.
//!
//! What a format means is not here: whoever reads one checks the root's name and namespace and
//! walks the tree by hand.

pub mod c14n;
mod names;
pub mod read;

/// The deepest nesting of elements.
pub const DEPTH_MAX: usize = 32;
/// The most attributes of one element, declarations of namespaces included.
pub const ATTRIBUTES_MAX: usize = 200;
/// The most elements of one document.
pub const ELEMENTS_MAX: usize = 50_000;

/// The namespace of the prefix `xml`.
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of XML Schema's attributes in an instance.
pub const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Why a text is no XML that is read here, and in which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {said}")]
pub struct XmlFault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub said: String,
}

/// An attribute that is no declaration of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its prefix, empty where it has none.
    pub prefix: String,
    /// Its name without the prefix.
    pub local: String,
    /// Its namespace; empty without a prefix.
    pub namespace: String,
    /// Its value, with references resolved and white space as XML 1.0, 3.3.3, has it.
    pub value: String,
}

/// What stands within an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Another element.
    Element(Element),
    /// Characters, CDATA sections among them, with references resolved.
    Text(String),
    /// A comment: nothing of it is kept but that it stood there.
    Comment,
    /// A processing instruction: target and content.
    Instruction(String, String),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Its prefix, empty where it has none.
    pub prefix: String,
    /// Its name without the prefix.
    pub local: String,
    /// Its namespace, empty where it is in none.
    pub namespace: String,
    /// The namespaces it declares: (prefix, name); the prefix is empty for the default one.
    pub declares: Vec<(String, String)>,
    /// Its attributes, in the order of the text.
    pub attributes: Vec<Attribute>,
    /// What stands in it.
    pub nodes: Vec<Node>,
}

/// A document: its root, and the instructions around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Instructions before the root.
    pub before: Vec<(String, String)>,
    /// The root.
    pub root: Element,
    /// Instructions after the root.
    pub after: Vec<(String, String)>,
}

impl Element {
    /// Whether it is this one.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == namespace
    }

    /// The elements right below it.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The characters right below it, joined.
    pub fn text(&self) -> String {
        let mut whole = String::new();
        for node in &self.nodes {
            if let Node::Text(text) = node {
                whole.push_str(text);
            }
        }
        whole
    }

    /// Whether a comment or an instruction stands right below it: its text is then in pieces, and
    /// what one reader joins another might not.
    pub fn is_interrupted(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node, Node::Comment | Node::Instruction(..)))
    }

    /// An attribute without a prefix.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        let mut named = self.attributes.iter();
        named.find(|a| a.namespace.is_empty() && a.local == local).map(|a| a.value.as_str())
    }

    /// Every element of this name at any depth below it, itself included.
    pub fn all<'e>(&'e self, namespace: &'e str, local: &'e str) -> Vec<&'e Element> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(element) = open.pop() {
            if element.is(namespace, local) {
                found.push(element);
            }
            let from = open.len();
            open.extend(element.children());
            open[from..].reverse();
        }
        found
    }
}

#[cfg(test)]
mod tests;
