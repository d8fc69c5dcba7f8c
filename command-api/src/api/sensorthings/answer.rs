//! Entities as JSON: control information, properties, relations as addresses or expanded.

use serde_json::{Map, Value, json};

use super::entity::{Entity, check, within};
use super::list::{Page, Source, list, window};
use super::model::Kind;
use super::query::options::{Expand, Options};
use super::query::{QueryError, invalid};
use super::world::World;

type Object = Map<String, Value>;

/// A list as it is answered; `address` is that of the list itself, without a query.
///
/// # Errors
/// [`QueryError`].
pub fn collection<'w>(
    world: &World<'w>,
    kind: Kind,
    source: Source<'w>,
    options: &Options,
    address: &str,
) -> Result<Value, QueryError> {
    check_shape(kind, options)?;
    let page = list(world, kind, source, options)?;
    let mut whole = Object::new();
    whole.extend(page.count.map(|count| ("@iot.count".to_owned(), json!(count))));
    whole.extend(next_link(options, &page, address).map(|link| ("@iot.nextLink".to_owned(), link)));
    let value = if options.data_array {
        if kind != Kind::Observation {
            return invalid("$resultFormat=dataArray is for Observations");
        }
        data_arrays(world, &page, options)?
    } else {
        let entities = page.entities.iter().map(|e| entity(world, *e, options).map(Value::Object));
        Value::Array(entities.collect::<Result<_, _>>()?)
    };
    whole.insert("value".into(), value);
    Ok(Value::Object(whole))
}

/// The addresses of a list's entities.
///
/// # Errors
/// [`QueryError`].
pub fn references<'w>(
    world: &World<'w>,
    kind: Kind,
    source: Source<'w>,
    options: &Options,
    address: &str,
) -> Result<Value, QueryError> {
    if !options.select.is_empty() || !options.expand.is_empty() || options.data_array {
        return invalid("of references nothing can be selected or expanded");
    }
    let page = list(world, kind, source, options)?;
    let links = page.entities.iter().map(|e| json!({ "@iot.selfLink": e.self_link(world) }));
    let mut whole = json!({ "value": links.collect::<Vec<_>>() });
    if let Some(count) = page.count {
        whole["@iot.count"] = json!(count);
    }
    if let Some(link) = next_link(options, &page, address) {
        whole["@iot.nextLink"] = link;
    }
    Ok(whole)
}

fn next_link(options: &Options, page: &Page<'_>, address: &str) -> Option<Value> {
    let (top, skip) = window(options);
    // A page of none leads nowhere.
    if !page.more || top == 0 {
        return None;
    }
    let next = Options { skip: Some((skip + top) as u64), ..options.clone() };
    Some(json!(format!("{address}?{}", next.query())))
}

/// Checks what is selected and expanded, whatever entities there are.
fn check_shape(kind: Kind, options: &Options) -> Result<(), QueryError> {
    for name in &options.select {
        let path: Vec<String> = name.split('/').map(str::to_owned).collect();
        match path.as_slice() {
            [one] if kind.relation(one).is_some() => {}
            [one, ..] if kind.relation(one).is_some() => {
                return invalid(format!("{name}: select it within $expand={one}(…)"));
            }
            path => check(kind, path)?,
        }
    }
    for Expand { name, options } in &options.expand {
        match kind.relation(name) {
            Some((_, to, _)) => check_shape(to, options)?,
            None => {
                let names: Vec<&str> = kind.relations().iter().map(|(name, ..)| *name).collect();
                let (of, there) = (kind.name(), names.join(", "));
                return invalid(format!("{name} of a {of} cannot be expanded; there are {there}"));
            }
        }
    }
    Ok(())
}

/// One entity, asked for by itself.
///
/// # Errors
/// [`QueryError`].
pub fn single<'w>(
    world: &World<'w>,
    of: Entity<'w>,
    options: &Options,
) -> Result<Value, QueryError> {
    let Options { filter, orderby, top, skip, count, data_array, .. } = options;
    let of_lists = filter.is_some()
        || !orderby.is_empty()
        || top.is_some()
        || skip.is_some()
        || count.is_some()
        || *data_array;
    if of_lists {
        return invalid("of one entity there are $select and $expand alone");
    }
    check_shape(of.kind(), options)?;
    entity(world, of, options).map(Value::Object)
}

fn entity<'w>(world: &World<'w>, of: Entity<'w>, options: &Options) -> Result<Object, QueryError> {
    world.write()?;
    let mut object = Object::new();
    let (kind, link) = (of.kind(), of.self_link(world));
    let selects = |name: &str| options.select.iter().any(|selected| selected == name);
    let all = options.select.is_empty();
    if all || selects("id") || selects("@iot.id") {
        object.insert("@iot.id".into(), of.id().into());
    }
    if all || selects("@iot.selfLink") {
        object.insert("@iot.selfLink".into(), link.clone().into());
    }
    for name in kind.properties() {
        let inside = |s: &&String| s.split('/').next() == Some(name);
        if all {
            let value = of.property(world, name)?.json();
            if !value.is_null() {
                object.insert((*name).to_owned(), value);
            }
        } else {
            let wanted: Vec<&String> = options.select.iter().filter(inside).collect();
            if let Some(value) = selected(world, of, name, &wanted)? {
                object.insert((*name).to_owned(), value);
            }
        }
    }
    for (name, to, is_many) in kind.relations() {
        let expanded = options.expand.iter().find(|expand| expand.name == *name);
        if let Some(expand) = expanded {
            let address = format!("{link}/{name}");
            expand_into(&mut object, world, of, (name, *to, *is_many), &expand.options, &address)?;
        } else if all || selects(name) {
            object.insert(format!("{name}@iot.navigationLink"), format!("{link}/{name}").into());
        }
    }
    Ok(object)
}

/// A property, whole or the parts of it that are selected.
fn selected<'w>(
    world: &World<'w>,
    of: Entity<'w>,
    name: &str,
    wanted: &[&String],
) -> Result<Option<Value>, QueryError> {
    if wanted.is_empty() {
        return Ok(None);
    }
    let value = of.property(world, name)?;
    if wanted.iter().any(|selected| selected.as_str() == name) {
        return Ok(Some(value.json()));
    }
    let mut parts = Object::new();
    for path in wanted {
        let steps: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        let part = within(&value, &steps).json();
        let mut at = &mut parts;
        for (n, step) in steps.iter().enumerate() {
            if n + 1 == steps.len() {
                at.insert(step.clone(), part.clone());
                break;
            }
            let inner = at.entry(step.clone()).or_insert_with(|| json!({}));
            let Value::Object(inner) = inner else { break };
            at = inner;
        }
    }
    Ok(Some(Value::Object(parts)))
}

fn expand_into<'w>(
    object: &mut Object,
    world: &World<'w>,
    of: Entity<'w>,
    (name, to, is_many): (&str, Kind, bool),
    options: &Options,
    address: &str,
) -> Result<(), QueryError> {
    if !is_many {
        let other = of.one(world, to).map(|other| single(world, other, options)).transpose()?;
        object.insert(name.to_owned(), other.unwrap_or(Value::Null));
        return Ok(());
    }
    let mut inner = collection(world, to, Source::Of(of), options, address)?;
    for (control, key) in [("@iot.count", "count"), ("@iot.nextLink", "nextLink")] {
        if let Some(value) = inner.get_mut(control) {
            object.insert(format!("{name}@iot.{key}"), value.take());
        }
    }
    object.insert(name.to_owned(), inner["value"].take());
    Ok(())
}

/// Observations as data arrays, one for each datastream.
fn data_arrays(world: &World<'_>, page: &Page<'_>, options: &Options) -> Result<Value, QueryError> {
    if !options.expand.is_empty() {
        return invalid("data arrays are not expanded");
    }
    let names: Vec<&str> = match options.select.as_slice() {
        [] => vec!["id", "phenomenonTime", "resultTime", "result", "resultQuality"],
        select => select.iter().map(String::as_str).collect(),
    };
    let mut arrays: Vec<(String, Vec<Value>)> = Vec::new();
    for of in &page.entities {
        world.write()?;
        let Entity::Observation(stream, _) = of else { continue };
        let link = Entity::Datastream(*stream).self_link(world);
        let mut row = Vec::with_capacity(names.len());
        for name in &names {
            row.push(match *name {
                "id" | "@iot.id" => of.id().into(),
                name => of.property(world, name)?.json(),
            });
        }
        match arrays.iter_mut().find(|(known, _)| *known == link) {
            Some((_, rows)) => rows.push(row.into()),
            None => arrays.push((link, vec![row.into()])),
        }
    }
    let array = |(link, rows): (String, Vec<Value>)| {
        json!({
            "Datastream@iot.navigationLink": link,
            "components": names,
            "dataArray@iot.count": rows.len(),
            "dataArray": rows,
        })
    };
    Ok(arrays.into_iter().map(array).collect())
}
