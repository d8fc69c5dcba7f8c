//! XML from outside, part of stop 2: a small tree of elements with their names resolved, read
//! within bounds and without anything that could make a reader work for its sender: no document
//! type, no entity beyond the five, no other encoding than UTF-8, nothing fetched.
//!
//! What a format means is not here: whoever reads one checks the root's name and namespace and
//! walks the tree by hand.

use std::borrow::Cow;

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
pub struct Attribute<'a> {
    /// Its prefix, empty where it has none.
    pub prefix: Cow<'a, str>,
    /// Its name without the prefix.
    pub local: Cow<'a, str>,
    /// Its namespace; empty without a prefix.
    pub namespace: Cow<'a, str>,
    /// Its value, with references resolved and white space as XML 1.0, 3.3.3, has it.
    pub value: Cow<'a, str>,
}

/// What stands within an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node<'a> {
    /// Another element.
    Element(Element<'a>),
    /// Characters, CDATA sections among them, with references resolved.
    Text(Cow<'a, str>),
    /// A comment: nothing of it is kept but that it stood there.
    Comment,
    /// A processing instruction: target and content.
    Instruction(Cow<'a, str>, Cow<'a, str>),
}

/// An element. What stands in the bytes as it is meant is not copied out of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element<'a> {
    /// Its prefix, empty where it has none.
    pub prefix: Cow<'a, str>,
    /// Its name without the prefix.
    pub local: Cow<'a, str>,
    /// Its namespace, empty where it is in none.
    pub namespace: Cow<'a, str>,
    /// The namespaces it declares: (prefix, name); the prefix is empty for the default one.
    pub declares: Vec<Pair<'a>>,
    /// Its attributes, in the order of the text.
    pub attributes: Vec<Attribute<'a>>,
    /// What stands in it.
    pub nodes: Vec<Node<'a>>,
}

/// A document: its root, and the instructions around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document<'a> {
    /// Instructions before the root.
    pub before: Vec<Pair<'a>>,
    /// The root.
    pub root: Element<'a>,
    /// Instructions after the root.
    pub after: Vec<Pair<'a>>,
}

impl<'a> Element<'a> {
    /// Whether it is this one.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == namespace
    }

    /// The elements right below it.
    pub fn children(&self) -> impl Iterator<Item = &Element<'a>> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The characters right below it, joined.
    pub fn text(&self) -> Cow<'_, str> {
        let mut whole = Cow::Borrowed("");
        for node in &self.nodes {
            match node {
                Node::Text(text) if whole.is_empty() => whole = Cow::Borrowed(text),
                Node::Text(text) => whole.to_mut().push_str(text),
                _ => {}
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
        named.find(|a| a.namespace.is_empty() && a.local == local).map(|a| &*a.value)
    }

    /// Every element of this name at any depth below it, itself included.
    pub fn all<'e>(&'e self, namespace: &str, local: &str) -> Vec<&'e Element<'a>> {
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

    /// The same, of its own.
    fn owned(self) -> Element<'static> {
        let node = |node| match node {
            Node::Element(element) => Node::Element(element.owned()),
            Node::Text(text) => Node::Text(own(text)),
            Node::Comment => Node::Comment,
            Node::Instruction(target, content) => Node::Instruction(own(target), own(content)),
        };
        let attribute = |a: Attribute<'_>| Attribute {
            prefix: own(a.prefix),
            local: own(a.local),
            namespace: own(a.namespace),
            value: own(a.value),
        };
        Element {
            prefix: own(self.prefix),
            local: own(self.local),
            namespace: own(self.namespace),
            declares: pairs(self.declares),
            attributes: self.attributes.into_iter().map(attribute).collect(),
            nodes: self.nodes.into_iter().map(node).collect(),
        }
    }
}

impl Document<'_> {
    /// The same, of its own: for text that is not the bytes as they came.
    fn owned(self) -> Document<'static> {
        let (before, after) = (pairs(self.before), pairs(self.after));
        Document { before, root: self.root.owned(), after }
    }
}

fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// Two texts that belong together.
type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

fn pairs(of: Vec<Pair<'_>>) -> Vec<Pair<'static>> {
    of.into_iter().map(|(a, b)| (own(a), own(b))).collect()
}

#[cfg(test)]
mod tests;
