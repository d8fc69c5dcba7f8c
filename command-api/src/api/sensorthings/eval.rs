//! Working out an expression for one entity. A path that leads to many (a thing's datastreams) has
//! many values, and a comparison is true where it is true of any of them.

use super::functions::apply;
use super::query::ast::{Expr, Op};
use super::query::{QueryError, invalid};
use super::value::{Val, compare, reckon};

/// The most values that one part of an expression may have.
pub const ALTERNATIVES_MAX: usize = 10_000;

/// What an expression is about.
pub trait Subject {
    /// The values of a path; empty where it leads to nothing.
    ///
    /// # Errors
    /// [`QueryError`]: there is no such property, or too much would be read.
    fn values(&self, path: &[String]) -> Result<Vec<Val>, QueryError>;
    /// The platform's now, Unix ms.
    fn now(&self) -> i64;
}

/// Whether a filter holds.
///
/// # Errors
/// [`QueryError`].
pub fn holds(filter: &Expr, subject: &dyn Subject) -> Result<bool, QueryError> {
    let values = eval(filter, subject)?;
    truth(&values)
}

fn truth(values: &[Val]) -> Result<bool, QueryError> {
    let mut any = false;
    for value in values {
        match value {
            Val::Bool(said) => any |= said,
            Val::Null => {}
            other => {
                return invalid(format!("a condition is wanted, and this is {}", other.kind()));
            }
        }
    }
    Ok(any)
}

/// The value to sort by: the first.
///
/// # Errors
/// [`QueryError`].
pub fn first(of: &Expr, subject: &dyn Subject) -> Result<Val, QueryError> {
    Ok(eval(of, subject)?.into_iter().next().unwrap_or(Val::Null))
}

/// The values of an expression.
///
/// # Errors
/// [`QueryError`].
pub fn eval(of: &Expr, subject: &dyn Subject) -> Result<Vec<Val>, QueryError> {
    Ok(match of {
        Expr::Literal(literal) => vec![Val::of(literal)?],
        Expr::Path(path) => {
            let values = subject.values(path)?;
            // What is not there compares as nothing.
            if values.is_empty() { vec![Val::Null] } else { values }
        }
        Expr::Not(inner) => vec![Val::Bool(!truth(&eval(inner, subject)?)?)],
        Expr::Binary(Op::And, a, b) => {
            vec![Val::Bool(holds(a, subject)? && holds(b, subject)?)]
        }
        Expr::Binary(Op::Or, a, b) => vec![Val::Bool(holds(a, subject)? || holds(b, subject)?)],
        Expr::Binary(op, a, b) => {
            let (left, right) = (eval(a, subject)?, eval(b, subject)?);
            let is_sum = matches!(op, Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Mod);
            if is_sum {
                return each(&[left, right], |of| match of {
                    [a, b] => reckon(*op, a, b),
                    _ => Ok(Val::Null),
                });
            }
            for a in &left {
                for b in &right {
                    if compare(*op, a, b)? {
                        return Ok(vec![Val::Bool(true)]);
                    }
                }
            }
            vec![Val::Bool(false)]
        }
        Expr::Call(function, of) => {
            let of = of.iter().map(|argument| eval(argument, subject));
            let of: Vec<Vec<Val>> = of.collect::<Result<_, _>>()?;
            return each(&of, |of| apply(*function, of, subject.now()));
        }
    })
}

/// A function of every combination of its arguments' values.
fn each(
    of: &[Vec<Val>],
    mut value: impl FnMut(&[Val]) -> Result<Val, QueryError>,
) -> Result<Vec<Val>, QueryError> {
    let count = of.iter().fold(1usize, |count, values| count.saturating_mul(values.len()));
    if count > ALTERNATIVES_MAX {
        let said = format!("more than {ALTERNATIVES_MAX} values; narrow the filter");
        return Err(QueryError::TooMuch(said));
    }
    let mut results = Vec::with_capacity(count);
    for n in 0..count {
        let mut rest = n;
        let mut arguments = Vec::with_capacity(of.len());
        for values in of {
            arguments.push(values[rest % values.len()].clone());
            rest /= values.len();
        }
        results.push(value(&arguments)?);
    }
    Ok(results)
}
