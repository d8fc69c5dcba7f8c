//! Resource paths (18-088 §9.2): an entity set, one by its id, what it leads to, a property of it.

use ingest::sensorthings::resource::unquoted;

use super::entity::{Entity, within};
use super::list::Source;
use super::model::Kind;
use super::query::options::plain;
use super::query::{QueryError, invalid};
use super::value::Val;
use super::world::World;

/// The most steps of a path.
pub const STEPS_MAX: usize = 16;

/// One step: a name, and a key in parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    name: String,
    key: Option<String>,
}

/// Reads the path below `/v1.1/`, as it was sent.
///
/// # Errors
/// [`QueryError`].
pub fn steps(path: &str) -> Result<Vec<Step>, QueryError> {
    let mut steps = Vec::new();
    for part in path.split('/') {
        if steps.len() == STEPS_MAX {
            return invalid(format!("a path has at most {STEPS_MAX} steps"));
        }
        // In a path a plus sign is one.
        let part = plain(&part.replace('+', "%2B"))?;
        let step = match part.split_once('(') {
            None => Step { name: part, key: None },
            Some((name, rest)) => {
                let key = rest.strip_suffix(')').and_then(unquoted);
                let key = key.filter(|key| !key.is_empty());
                let Some(key) = key else {
                    return invalid(format!("{part:?}: a key is written Things('JM-0012')"));
                };
                Step { name: name.to_owned(), key: Some(key.to_owned()) }
            }
        };
        steps.push(step);
    }
    Ok(steps)
}

/// What a path leads to.
#[derive(Debug)]
pub enum Target<'w> {
    /// A list of entities.
    Set(Kind, Source<'w>),
    /// The addresses of a list.
    References(Kind, Source<'w>),
    /// The address of one entity.
    Reference(Entity<'w>),
    /// An entity.
    Entity(Entity<'w>),
    /// A property, by its name.
    Property(String, Val),
    /// A property's bare value.
    Value(Val),
}

fn nothing<T>(what: &str) -> Result<T, QueryError> {
    Err(QueryError::NotFound(format!("there is no {what}")))
}

/// Goes where a path leads.
///
/// # Errors
/// [`QueryError::NotFound`] where there is nothing.
pub fn resolve<'w>(world: &World<'w>, steps: &[Step]) -> Result<Target<'w>, QueryError> {
    let Some((first, rest)) = steps.split_first() else { return nothing("such resource") };
    let Some(kind) = Kind::of_set(&first.name) else {
        let sets: Vec<&str> = Kind::ALL.iter().map(|kind| kind.set()).collect();
        return nothing(&format!("entity set {:?}; there are {}", first.name, sets.join(", ")));
    };
    let mut at = match &first.key {
        None => Target::Set(kind, Source::All),
        Some(key) => match world.find(kind, key)? {
            Some(entity) => Target::Entity(entity),
            None => return nothing(&format!("{} {key:?}", kind.name())),
        },
    };
    for step in rest {
        at = next(world, at, step)?;
    }
    Ok(at)
}

fn next<'w>(world: &World<'w>, at: Target<'w>, step: &Step) -> Result<Target<'w>, QueryError> {
    match (at, step.name.as_str()) {
        (Target::Set(kind, source), "$ref") => Ok(Target::References(kind, source)),
        (Target::Entity(entity), "$ref") if step.key.is_none() => Ok(Target::Reference(entity)),
        (Target::Set(kind, _), _) => {
            nothing(&format!("step from {} on but one with a key, or $ref", kind.set()))
        }
        (Target::Property(_, value), "$value") => Ok(Target::Value(value)),
        (Target::Property(_, value), name) if step.key.is_none() => {
            match within(&value, std::slice::from_ref(&step.name)) {
                Val::Null => nothing(&format!("part {name:?}")),
                part => Ok(Target::Property(step.name.clone(), part)),
            }
        }
        (Target::Entity(entity), _) => from_entity(world, entity, step),
        _ => nothing("step from here on"),
    }
}

fn from_entity<'w>(
    world: &World<'w>,
    entity: Entity<'w>,
    step: &Step,
) -> Result<Target<'w>, QueryError> {
    let (kind, name) = (entity.kind(), step.name.as_str());
    if step.key.is_none() && (name == "id" || name == "@iot.id") {
        return Ok(Target::Property("@iot.id".into(), Val::Text(entity.id())));
    }
    if step.key.is_none() && kind.properties().contains(&name) {
        return Ok(Target::Property(name.into(), entity.property(world, name)?));
    }
    let Some((_, to, is_many)) = kind.relation(name) else {
        return nothing(&format!("{name:?} of a {}", kind.name()));
    };
    match (&step.key, is_many) {
        (None, true) => Ok(Target::Set(to, Source::Of(entity))),
        (None, false) => match entity.one(world, to) {
            Some(other) => Ok(Target::Entity(other)),
            None => nothing(name),
        },
        (Some(key), true) => {
            let found = world.find(to, key)?.filter(|found| leads(world, entity, found));
            match found {
                Some(found) => Ok(Target::Entity(found)),
                None => nothing(&format!("{} {key:?} here", to.name())),
            }
        }
        (Some(_), false) => invalid(format!("{name} is one, and has no key")),
    }
}

/// Whether an entity leads to another.
fn leads<'w>(world: &World<'w>, from: Entity<'w>, to: &Entity<'w>) -> bool {
    match to {
        Entity::Observation(stream, _) => from.streams(world).contains(stream),
        other => from.many(world, other.kind()).iter().any(|known| known.id() == other.id()),
    }
}
