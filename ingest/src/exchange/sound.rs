//! What no item of a file may hold, whatever its kind: characters that cannot be shown, instants of
//! another age, places that are none on earth. A peer is believed in what it says, not in its form.

use domain::refusal::Reason;
use domain::time::LATEST;
use serde_json::Value;

use crate::judge::Why;

/// Deepest nesting.
const DEPTH_MAX: usize = 16;

/// Looks through an item.
///
/// # Errors
/// [`Why`], naming what is wrong.
pub(super) fn sound(item: &Value) -> Result<(), Why> {
    look("item", item, 0)
}

fn look(name: &str, value: &Value, depth: usize) -> Result<(), Why> {
    if depth > DEPTH_MAX {
        return Err(Why::new(Reason::Syntax, "nested too deep"));
    }
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => {
            let most = match name {
                "lon" => 180.0,
                "lat" => 90.0,
                _ => LATEST.0 as f64,
            };
            let fits = number.as_f64().is_some_and(|n| n.abs() <= most);
            if fits {
                return Ok(());
            }
            let said = format!("field {name:?}: {number} is beyond {most}");
            Err(Why::new(Reason::OutOfRange, said))
        }
        Value::String(text) => plain(name, text),
        Value::Array(list) => {
            if let ("point", [Value::Number(lon), Value::Number(lat)]) = (name, list.as_slice()) {
                look("lon", &Value::Number(lon.clone()), depth)?;
                return look("lat", &Value::Number(lat.clone()), depth);
            }
            list.iter().try_for_each(|value| look(name, value, depth + 1))
        }
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            plain("a name", name)?;
            look(name, value, depth + 1)
        }),
    }
}

fn plain(name: &str, text: &str) -> Result<(), Why> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        let said = format!("field {name:?} has control characters");
        return Err(Why::new(Reason::Identifier, said));
    }
    Ok(())
}
