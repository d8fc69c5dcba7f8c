//! Values of a query as it is worked out, and how two of them compare.

use std::cmp::Ordering;

use domain::time::UtcMs;
use gis::{Position, Shape};
use ingest::sensorthings::entity::instant;
use serde_json::{Value, json};

use super::query::ast::{Literal, Op, date_text, time_of_day_text};
use super::query::{QueryError, invalid};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Val {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number, finite.
    Num(f64),
    /// A text.
    Text(String),
    /// An instant, Unix ms, and the offset it was written in, minutes.
    Time(i64, i32),
    /// An interval, Unix ms. It compares by its end, which is when its observation is dated.
    Interval(i64, i64),
    /// A day, counted from 1970-01-01.
    Date(i64),
    /// A time of day, ms.
    TimeOfDay(i64),
    /// A length of time, ms.
    Duration(i64),
    /// A shape.
    Shape(Box<Shape>),
    /// An object or a list.
    Json(Value),
}

impl Val {
    /// A literal's value.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] for a shape that is none.
    pub fn of(literal: &Literal) -> Result<Self, QueryError> {
        Ok(match literal {
            Literal::Null => Self::Null,
            Literal::Bool(said) => Self::Bool(*said),
            Literal::Number(n) => Self::Num(*n),
            Literal::Text(text) => Self::Text(text.clone()),
            Literal::Time(ms, offset) => Self::Time(*ms, *offset),
            Literal::Interval(from, to) => Self::Interval(*from, *to),
            Literal::Date(days) => Self::Date(*days),
            Literal::TimeOfDay(ms) => Self::TimeOfDay(*ms),
            Literal::Duration(ms) => Self::Duration(*ms),
            Literal::Shape(text) => match Shape::from_wkt(text) {
                Ok(shape) => Self::Shape(Box::new(shape)),
                Err(why) => return invalid(why.to_string()),
            },
        })
    }

    /// A value of JSON.
    pub fn of_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(said) => Self::Bool(*said),
            Value::Number(n) => n.as_f64().map_or(Self::Null, Self::Num),
            Value::String(text) => Self::Text(text.clone()),
            other => Self::Json(other.clone()),
        }
    }

    /// As it stands in an answer.
    pub fn json(&self) -> Value {
        match self {
            Self::Null | Self::Shape(_) => Value::Null,
            Self::Bool(said) => json!(said),
            Self::Num(n) => json!(n),
            Self::Text(text) => json!(text),
            Self::Time(ms, _) => json!(instant(UtcMs(*ms))),
            Self::Interval(from, to) => {
                json!(format!("{}/{}", instant(UtcMs(*from)), instant(UtcMs(*to))))
            }
            Self::Date(days) => json!(date_text(*days)),
            Self::TimeOfDay(ms) => json!(time_of_day_text(*ms)),
            Self::Duration(ms) => json!(ms),
            Self::Json(value) => value.clone(),
        }
    }

    /// The instant, or the end of the interval.
    pub fn instant(&self) -> Option<(i64, i32)> {
        match self {
            Self::Time(ms, offset) => Some((*ms, *offset)),
            Self::Interval(_, to) => Some((*to, 0)),
            _ => None,
        }
    }

    /// The shape: of a literal, or of a GeoJSON point.
    pub fn shape(&self) -> Option<Shape> {
        match self {
            Self::Shape(shape) => Some((**shape).clone()),
            Self::Json(value) if value["type"] == "Point" => {
                let of = |n: usize| value["coordinates"][n].as_f64();
                Position::new(of(0)?, of(1)?).ok().map(Shape::point)
            }
            _ => None,
        }
    }

    /// What kind of value it is, for a refusal.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Num(_) => "a number",
            Self::Text(_) => "a text",
            Self::Time(..) | Self::Interval(..) => "a time",
            Self::Date(_) => "a day",
            Self::TimeOfDay(_) => "a time of day",
            Self::Duration(_) => "a duration",
            Self::Shape(_) => "a shape",
            Self::Json(_) => "an object",
        }
    }

    /// Which comes first; `None` where the two are of kinds that do not compare.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        if let (Some((a, _)), Some((b, _))) = (self.instant(), other.instant()) {
            return Some(a.cmp(&b));
        }
        Some(match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Num(a), Self::Num(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Date(a), Self::Date(b))
            | (Self::TimeOfDay(a), Self::TimeOfDay(b))
            | (Self::Duration(a), Self::Duration(b)) => a.cmp(b),
            _ => return None,
        })
    }

    /// Where it stands in a sorted list: nothing first, then by kind.
    pub fn sort_order(&self, other: &Self) -> Ordering {
        let rank = |v: &Self| match v {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Num(_) => 2,
            Self::Text(_) => 3,
            _ => 4,
        };
        self.order(other).unwrap_or_else(|| rank(self).cmp(&rank(other)))
    }
}

/// Compares two values by an operator.
///
/// # Errors
/// [`QueryError::Invalid`] for a time beside a text, which is a slip: times have no quotes.
pub fn compare(op: Op, a: &Val, b: &Val) -> Result<bool, QueryError> {
    let Some(order) = a.order(b) else {
        let slip = |a: &Val, b: &Val| a.instant().is_some() && matches!(b, Val::Text(_));
        if slip(a, b) || slip(b, a) {
            return invalid("a time is compared with a text; times are written without quotes");
        }
        return Ok(op == Op::Ne);
    };
    let nothing = *a == Val::Null;
    // Of two equal ends the intervals may differ.
    let same = match (a, b) {
        (Val::Interval(from, _), Val::Interval(other, _)) => order.is_eq() && from == other,
        _ => order.is_eq(),
    };
    Ok(match op {
        Op::Eq => same,
        Op::Ne => !same,
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge() && !nothing,
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le() && !nothing,
        _ => false,
    })
}

/// Reckons with two values; nothing comes of nothing, and of a division by nought.
///
/// # Errors
/// [`QueryError::Invalid`] for kinds that cannot be reckoned with.
pub fn reckon(op: Op, a: &Val, b: &Val) -> Result<Val, QueryError> {
    if *a == Val::Null || *b == Val::Null {
        return Ok(Val::Null);
    }
    if let (Val::Num(a), Val::Num(b)) = (a, b) {
        let n = match op {
            Op::Add => a + b,
            Op::Sub => a - b,
            Op::Mul => a * b,
            Op::Div => a / b,
            _ => a % b,
        };
        return Ok(if n.is_finite() { Val::Num(n) } else { Val::Null });
    }
    let at = |v: &Val| v.instant();
    match (op, a, b) {
        (Op::Add, Val::Duration(d), v) | (Op::Add, v, Val::Duration(d)) if at(v).is_some() => {
            let (ms, offset) = at(v).unwrap_or_default();
            Ok(Val::Time(ms.saturating_add(*d), offset))
        }
        (Op::Sub, v, Val::Duration(d)) if at(v).is_some() => {
            let (ms, offset) = at(v).unwrap_or_default();
            Ok(Val::Time(ms.saturating_sub(*d), offset))
        }
        (Op::Add, Val::Duration(a), Val::Duration(b)) => Ok(Val::Duration(a.saturating_add(*b))),
        (Op::Sub, Val::Duration(a), Val::Duration(b)) => Ok(Val::Duration(a.saturating_sub(*b))),
        (Op::Sub, a, b) if at(a).is_some() && at(b).is_some() => {
            let (a, b) = (at(a).unwrap_or_default().0, at(b).unwrap_or_default().0);
            Ok(Val::Duration(a.saturating_sub(b)))
        }
        _ => invalid(format!("{} {} {} has no result", a.kind(), op.word(), b.kind())),
    }
}
