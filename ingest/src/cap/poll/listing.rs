//! An Atom or RSS feed: which messages it lists. Pure and total.

use crate::cap::decode::MESSAGE_MAX_BYTES;
use crate::cap::schema::{CAP_1_1, CAP_1_2};
use crate::xml::Element;
use crate::xml::read::document;

const ATOM: &str = "http://www.w3.org/2005/Atom";
/// The most entries of one feed that are read.
pub const ENTRIES_MAX: usize = 4_096;

/// An entry: one message to fetch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// When it was last changed, as it says.
    pub updated: String,
    /// Where its message is.
    pub link: String,
}

/// What a feed's body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// A list of messages.
    Entries(Vec<Entry>),
    /// A message itself.
    Message,
}

/// Reads a feed.
///
/// # Errors
/// Why it is none.
pub fn read(body: &[u8]) -> Result<Listing, String> {
    let read = document(body, MESSAGE_MAX_BYTES).map_err(|fault| fault.to_string())?;
    let root = &read.root;
    let entries: Vec<Entry> = if root.is(ATOM, "feed") {
        let entries = root.children().filter(|e| e.is(ATOM, "entry"));
        entries.filter_map(atom).take(ENTRIES_MAX).collect()
    } else if root.is("", "rss") {
        let channels = root.children().filter(|e| e.is("", "channel"));
        let items = channels.flat_map(|channel| channel.children()).filter(|e| e.is("", "item"));
        items.filter_map(rss).take(ENTRIES_MAX).collect()
    } else if root.is(CAP_1_2, "alert") || root.is(CAP_1_1, "alert") {
        return Ok(Listing::Message);
    } else {
        return Err(format!("the root is {:?}: neither Atom, RSS 2.0 nor CAP", root.local));
    };
    Ok(Listing::Entries(entries))
}

fn text(of: &Element<'_>, namespace: &str, name: &str) -> String {
    let found = of.children().find(|e| e.is(namespace, name));
    found.map(|e| e.text().trim().to_owned()).unwrap_or_default()
}

/// The link to the message: the one that says it is CAP, else the entry's own.
fn atom(entry: &Element<'_>) -> Option<Entry> {
    let links: Vec<&Element<'_>> = entry.children().filter(|e| e.is(ATOM, "link")).collect();
    let is_cap = |e: &&&Element<'_>| e.attribute("type") == Some("application/cap+xml");
    let is_own = |e: &&&Element<'_>| matches!(e.attribute("rel"), None | Some("alternate"));
    let link = links.iter().find(is_cap).or_else(|| links.iter().find(is_own))?;
    let link = link.attribute("href").filter(|href| !href.is_empty())?.to_owned();
    Some(Entry { id: text(entry, ATOM, "id"), updated: text(entry, ATOM, "updated"), link })
}

fn rss(item: &Element<'_>) -> Option<Entry> {
    let link = Some(text(item, "", "link")).filter(|link| !link.is_empty())?;
    Some(Entry { id: text(item, "", "guid"), updated: text(item, "", "pubDate"), link })
}
