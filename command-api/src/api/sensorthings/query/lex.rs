//! Text → words of a query. Times are written without quotes (`2026-06-11T03:05:00+08:00`), so they
//! are words of their own.

use jiff::Timestamp;

use super::ast::Literal;
use super::{QUERY_MAX_BYTES, QueryError, invalid};

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A name or an operator's word: `phenomenonTime`, `eq`, `geo.distance`, `@iot.id`.
    Name(String),
    /// A query option's name, without its dollar.
    Option(String),
    /// A value.
    Literal(Literal),
    /// `( ) , ; = /`
    Mark(char),
}

/// Reads a text into words.
///
/// # Errors
/// [`QueryError::Invalid`].
pub fn lex(text: &str) -> Result<Vec<Token>, QueryError> {
    if text.len() > QUERY_MAX_BYTES {
        return invalid(format!("a query has at most {QUERY_MAX_BYTES} bytes"));
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            ' ' | '\t' => (None, &rest[1..]),
            '(' | ')' | ',' | ';' | '=' | '/' => (Some(Token::Mark(first)), &rest[1..]),
            '\'' => {
                let (text, after) = quoted(rest)?;
                (Some(Token::Literal(Literal::Text(text))), after)
            }
            '$' => {
                let (name, after) = name(&rest[1..]);
                (Some(Token::Option(name.to_owned())), after)
            }
            '0'..='9' | '-' | '+' => {
                let (literal, after) = numeric(rest)?;
                (Some(Token::Literal(literal)), after)
            }
            'A'..='Z' | 'a'..='z' | '_' | '@' => {
                let (token, after) = worded(rest)?;
                (Some(token), after)
            }
            other => return invalid(format!("{other:?} has no meaning here")),
        };
        tokens.extend(token);
        rest = after;
    }
    Ok(tokens)
}

fn name(text: &str) -> (&str, &str) {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '@' | '-');
    text.split_at(text.find(|c| !inside(c)).unwrap_or(text.len()))
}

/// A name, or a value that begins with a word: `geography'…'`, `duration'…'`, `true`.
fn worded(text: &str) -> Result<(Token, &str), QueryError> {
    let (word, after) = name(text);
    if after.starts_with('\'') {
        let (inner, after) = quoted(after)?;
        let literal = match word {
            "geography" | "geometry" => Literal::Shape(inner),
            "duration" => Literal::Duration(duration(&inner)?),
            other => {
                return invalid(format!(
                    "{other}'…' is no value; geography'…' and duration'…' are"
                ));
            }
        };
        return Ok((Token::Literal(literal), after));
    }
    let literal = match word {
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "null" => Literal::Null,
        name => return Ok((Token::Name(name.to_owned()), after)),
    };
    Ok((Token::Literal(literal), after))
}

fn quoted(text: &str) -> Result<(String, &str), QueryError> {
    let mut inner = String::new();
    let mut rest = text.strip_prefix('\'').unwrap_or(text);
    loop {
        let Some((piece, after)) = rest.split_once('\'') else {
            return invalid("a text does not end: its closing quote is missing");
        };
        inner.push_str(piece);
        match after.strip_prefix('\'') {
            Some(more) => {
                inner.push('\'');
                rest = more;
            }
            None => return Ok((inner, after)),
        }
    }
}

fn digits(text: &str, count: usize) -> bool {
    text.len() >= count && text.as_bytes()[..count].iter().all(u8::is_ascii_digit)
}

fn numeric(text: &str) -> Result<(Literal, &str), QueryError> {
    if looks_like_date(text) {
        return dated(text);
    }
    if digits(text, 2) && text.as_bytes().get(2) == Some(&b':') {
        let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.')));
        let (word, after) = text.split_at(end.unwrap_or(text.len()));
        return Ok((Literal::TimeOfDay(time_of_day(word)?), after));
    }
    let mut end = 0;
    let bytes = text.as_bytes();
    while let Some(b) = bytes.get(end) {
        let sign_of_exponent = matches!(b, b'-' | b'+')
            && (end == 0 || matches!(bytes.get(end - 1), Some(b'e' | b'E')));
        if b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E') || sign_of_exponent {
            end += 1;
        } else {
            break;
        }
    }
    let (word, after) = text.split_at(end);
    match word.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Literal::Number(number), after)),
        _ => invalid(format!("{word:?} is no number")),
    }
}

fn looks_like_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    digits(text, 4) && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-')
}

/// A day, an instant, or an interval of two instants.
fn dated(text: &str) -> Result<(Literal, &str), QueryError> {
    let (first, after) = one_date(text)?;
    let more = after.strip_prefix('/').filter(|more| looks_like_date(more));
    let (Literal::Time(from, _), Some(more)) = (&first, more) else { return Ok((first, after)) };
    match one_date(more)? {
        (Literal::Time(to, _), after) if *from <= to => Ok((Literal::Interval(*from, to), after)),
        _ => invalid("an interval is two instants, the earlier one first"),
    }
}

fn one_date(text: &str) -> Result<(Literal, &str), QueryError> {
    let bytes = text.as_bytes();
    let inside = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'+' | b'-');
    let mut end = bytes.iter().position(|b| !inside(b)).unwrap_or(bytes.len());
    let mut word = text[..end].to_owned();
    // A plus sign of an address that was not escaped has become a space.
    let offset = text.get(end..).and_then(|rest| rest.strip_prefix(' ')).unwrap_or_default();
    let spaced = word.contains('T')
        && !word.ends_with('Z')
        && digits(offset, 2)
        && offset.as_bytes().get(2) == Some(&b':')
        && offset.get(3..).is_some_and(|rest| digits(rest, 2));
    if spaced && let Some(offset) = offset.get(..5) {
        word = format!("{word}+{offset}");
        end += 6;
    }
    let after = text.get(end..).unwrap_or_default();
    if word.len() == 10 {
        let midnight = instant(&format!("{word}T00:00:00Z"), &word)?;
        return Ok((Literal::Date(midnight.div_euclid(86_400_000)), after));
    }
    Ok((Literal::Time(instant(&word, &word)?, offset_of(&word)), after))
}

fn instant(text: &str, shown: &str) -> Result<i64, QueryError> {
    match text.parse::<Timestamp>() {
        Ok(stamp) if text.len() <= 40 => Ok(stamp.as_millisecond()),
        _ => invalid(format!(
            "{shown:?} is no time; one is written 2026-06-11T03:05:00+08:00, without quotes"
        )),
    }
}

/// The offset that an instant is written in, minutes.
fn offset_of(text: &str) -> i32 {
    let Some(tail) = text.len().checked_sub(6).and_then(|at| text.get(at..)) else { return 0 };
    let sign = match tail.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return 0,
    };
    let number = |range| tail.get(range).and_then(|n: &str| n.parse::<i32>().ok());
    match (number(1..3), number(4..6)) {
        (Some(hours), Some(minutes)) => sign * (hours * 60 + minutes),
        _ => 0,
    }
}

fn time_of_day(word: &str) -> Result<i64, QueryError> {
    let parts: Vec<&str> = word.splitn(3, ':').collect();
    let whole = |text: &str, below: i64| {
        text.parse::<i64>().ok().filter(|n| text.len() == 2 && (0..below).contains(n))
    };
    let (Some(hour), Some(minute)) =
        (parts.first().and_then(|h| whole(h, 24)), parts.get(1).and_then(|m| whole(m, 60)))
    else {
        return invalid(format!("{word:?} is no time of day"));
    };
    let seconds = parts.get(2).map_or(Some(0.0), |s| s.parse::<f64>().ok());
    match seconds.filter(|s| (0.0..60.0).contains(s)) {
        Some(seconds) => Ok((hour * 60 + minute) * 60_000 + (seconds * 1000.0).round() as i64),
        None => invalid(format!("{word:?} is no time of day")),
    }
}

/// `P1DT2H3M4.5S`, by days at most: a month is no length.
fn duration(text: &str) -> Result<i64, QueryError> {
    let wrong =
        || QueryError::Invalid(format!("{text:?} is no duration; one is written P1DT2H3M4S"));
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => (-1.0, body),
        None => (1.0, text),
    };
    let body = body.strip_prefix('P').ok_or_else(wrong)?;
    let (days, clock) = body.split_once('T').unwrap_or((body, ""));
    let mut ms = 0.0;
    for (part, units) in [
        (days, &[('D', 86_400_000.0)][..]),
        (clock, &[('H', 3_600_000.0), ('M', 60_000.0), ('S', 1_000.0)][..]),
    ] {
        let mut rest = part;
        while let Some(end) = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')) {
            let unit = rest[end..].chars().next();
            let factor = units.iter().find(|(name, _)| Some(*name) == unit).ok_or_else(wrong)?.1;
            ms += rest[..end].parse::<f64>().map_err(|_| wrong())? * factor;
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            return Err(wrong());
        }
    }
    let ms = (sign * ms).round();
    // Far beyond any history, and far from where whole numbers end.
    if body.is_empty() || ms.abs() > 1e15 { Err(wrong()) } else { Ok(ms as i64) }
}
