//! The options of a request, or of one expansion.

use std::fmt;

use super::ast::{Expr, Literal};
use super::lex::Token;
use super::parse::Parser;
use super::{QUERY_MAX_BYTES, QueryError, invalid};

/// The most keys of one `$orderby`, names of one `$select`, entries of one `$expand`.
pub const LIST_MAX: usize = 64;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// `$filter`.
    pub filter: Option<Expr>,
    /// `$orderby`: keys, and whether each is from the greatest down.
    pub orderby: Vec<(Expr, bool)>,
    /// `$top`.
    pub top: Option<u64>,
    /// `$skip`.
    pub skip: Option<u64>,
    /// `$count`.
    pub count: Option<bool>,
    /// `$select`: names, joined with slashes.
    pub select: Vec<String>,
    /// `$expand`.
    pub expand: Vec<Expand>,
    /// `$resultFormat=dataArray`.
    pub data_array: bool,
}

/// One expansion.
#[derive(Debug, Clone, PartialEq)]
pub struct Expand {
    /// The relation.
    pub name: String,
    /// The options of what it leads to.
    pub options: Options,
}

/// The options there are, for who asks for others.
const KNOWN: &str = "$filter, $orderby, $top, $skip, $count, $select, $expand, $resultFormat";

impl Options {
    /// Reads the query of an address, as it was sent.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn of_query(query: &str) -> Result<Self, QueryError> {
        let mut options = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let pair = plain(pair)?;
            let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
            let Some(name) = name.strip_prefix('$') else {
                return invalid(format!("there is no option {name:?}; there are {KNOWN}"));
            };
            let mut parser = Parser::new(value)?;
            options.read(name, &mut parser)?;
            parser.end()?;
        }
        Ok(options)
    }

    /// Reads the value of one option.
    fn read(&mut self, name: &str, parser: &mut Parser) -> Result<(), QueryError> {
        let twice = match name {
            "filter" => self.filter.replace(parser.expression()?).is_some(),
            "top" => self.top.replace(number(name, parser)?).is_some(),
            "skip" => self.skip.replace(number(name, parser)?).is_some(),
            "count" => match parser.take() {
                Some(Token::Literal(Literal::Bool(said))) => self.count.replace(said).is_some(),
                _ => return invalid("$count is true or false"),
            },
            "orderby" => {
                let had = !self.orderby.is_empty();
                list(parser, |parser| {
                    self.orderby.push(key(parser)?);
                    Ok(())
                })?;
                had
            }
            "select" => {
                let had = !self.select.is_empty();
                list(parser, |parser| {
                    let first = name_of(parser)?;
                    self.select.push(parser.path(first)?.join("/"));
                    Ok(())
                })?;
                had
            }
            "expand" => {
                let had = !self.expand.is_empty();
                list(parser, |parser| self.expansion(parser))?;
                had
            }
            "resultFormat" => match parser.take() {
                Some(Token::Name(form)) if form == "dataArray" => {
                    std::mem::replace(&mut self.data_array, true)
                }
                _ => return invalid("$resultFormat is dataArray, or left out"),
            },
            other => return invalid(format!("there is no option \"${other}\"; there are {KNOWN}")),
        };
        if twice { invalid(format!("${name} stands there twice")) } else { Ok(()) }
    }

    /// One entry of `$expand`: `Thing`, `Thing/Locations`, `Observations($top=1)`.
    fn expansion(&mut self, parser: &mut Parser) -> Result<(), QueryError> {
        let first = name_of(parser)?;
        let path = parser.path(first)?;
        parser.deeper()?;
        let mut options = Self::default();
        if parser.takes('(') {
            loop {
                match parser.take() {
                    Some(Token::Option(name)) => {
                        parser.needs('=')?;
                        options.read(&name, parser)?;
                    }
                    _ => return invalid("an option ($top, $filter, …) is wanted in the expansion"),
                }
                if !parser.takes(';') {
                    break;
                }
            }
            parser.needs(')')?;
        }
        parser.shallower();
        self.put(&path, options)
    }

    /// A path of several relations is one expansion in another; what begins alike is one.
    fn put(&mut self, path: &[String], options: Self) -> Result<(), QueryError> {
        let Some((first, rest)) = path.split_first() else { return Ok(()) };
        let at = self.expand.iter().position(|known| known.name == *first);
        let at = at.unwrap_or_else(|| {
            self.expand.push(Expand { name: first.clone(), options: Self::default() });
            self.expand.len() - 1
        });
        let Some(entry) = self.expand.get_mut(at) else { return Ok(()) };
        if !rest.is_empty() {
            return entry.options.put(rest, options);
        }
        if options != Self::default() {
            if entry.options != Self::default() {
                return invalid(format!("{first} is expanded twice, with options each time"));
            }
            entry.options = options;
        }
        Ok(())
    }

    /// Each option as text: name with its dollar, value.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let mut parts = Vec::new();
        let joined = |list: Vec<String>| list.join(",");
        if let Some(filter) = &self.filter {
            parts.push(("$filter", filter.to_string()));
        }
        if !self.orderby.is_empty() {
            let key = |(key, down): &(Expr, bool)| {
                format!("{key} {}", if *down { "desc" } else { "asc" })
            };
            parts.push(("$orderby", joined(self.orderby.iter().map(key).collect())));
        }
        parts.extend(self.top.map(|top| ("$top", top.to_string())));
        parts.extend(self.skip.map(|skip| ("$skip", skip.to_string())));
        parts.extend(self.count.map(|count| ("$count", count.to_string())));
        if !self.select.is_empty() {
            parts.push(("$select", joined(self.select.clone())));
        }
        if !self.expand.is_empty() {
            parts.push(("$expand", joined(self.expand.iter().map(ToString::to_string).collect())));
        }
        if self.data_array {
            parts.push(("$resultFormat", "dataArray".into()));
        }
        parts
    }

    /// The query of an address, escaped.
    pub fn query(&self) -> String {
        let parts = self.parts();
        let pairs: Vec<String> = parts.iter().map(|(n, v)| format!("{n}={}", escaped(v))).collect();
        pairs.join("&")
    }
}

impl fmt::Display for Expand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.options.parts();
        if parts.is_empty() {
            return f.write_str(&self.name);
        }
        let parts: Vec<String> = parts.iter().map(|(n, v)| format!("{n}={v}")).collect();
        write!(f, "{}({})", self.name, parts.join(";"))
    }
}

fn list(
    parser: &mut Parser,
    mut each: impl FnMut(&mut Parser) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    for _ in 0..LIST_MAX {
        each(parser)?;
        if !parser.takes(',') {
            return Ok(());
        }
    }
    invalid(format!("a list has at most {LIST_MAX} entries"))
}

fn name_of(parser: &mut Parser) -> Result<String, QueryError> {
    match parser.take() {
        Some(Token::Name(name)) => Ok(name),
        _ => invalid("a name is wanted"),
    }
}

fn key(parser: &mut Parser) -> Result<(Expr, bool), QueryError> {
    let key = parser.expression()?;
    let down = match parser.peek() {
        Some(Token::Name(word)) if word == "desc" => true,
        Some(Token::Name(word)) if word == "asc" => false,
        _ => return Ok((key, false)),
    };
    parser.take();
    Ok((key, down))
}

fn number(name: &str, parser: &mut Parser) -> Result<u64, QueryError> {
    match parser.take() {
        // Far fewer than there are whole numbers.
        Some(Token::Literal(Literal::Number(n))) if n >= 0.0 && n.fract() == 0.0 && n < 1e15 => {
            Ok(n as u64)
        }
        _ => invalid(format!("${name} is a whole number, not below nought")),
    }
}

/// Resolves the escapes of an address; a plus sign stands for a space.
pub(in crate::api::sensorthings) fn plain(text: &str) -> Result<String, QueryError> {
    if text.len() > 3 * QUERY_MAX_BYTES {
        return invalid(format!("a query has at most {QUERY_MAX_BYTES} bytes"));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (digit(rest.next()), digit(rest.next())) {
                (Some(high), Some(low)) => (high * 16 + low) as u8,
                _ => return invalid("a percent sign is followed by two hexadecimal digits"),
            },
            other => other,
        });
    }
    String::from_utf8(bytes).or_else(|_| invalid("the address is no UTF-8"))
}

/// Escapes a value for an address.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~'(),/:$=;@!*".contains(&byte);
        if plain { out.push(char::from(byte)) } else { out.push_str(&format!("%{byte:02X}")) }
    }
    out
}
