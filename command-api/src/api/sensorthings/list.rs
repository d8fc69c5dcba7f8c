//! A page of entities: filtered, ordered, counted, cut.

use super::entity::{About, Entity, Stream, all, check};
use super::eval::{first, holds};
use super::model::Kind;
use super::observations;
use super::query::QueryError;
use super::query::ast::Expr;
use super::query::options::Options;
use super::value::Val;
use super::world::World;

/// How many entities a page has where nothing is said.
pub const TOP_DEFAULT: usize = 100;
/// How many at most; `@iot.nextLink` leads on.
pub const TOP_MAX: usize = 1_000;

/// Where a list comes from.
#[derive(Debug, Clone, Copy)]
pub enum Source<'w> {
    /// Everything of the kind.
    All,
    /// What an entity leads to.
    Of(Entity<'w>),
}

/// A page.
#[derive(Debug)]
pub struct Page<'w> {
    /// What is on it.
    pub entities: Vec<Entity<'w>>,
    /// Whether there is more behind it.
    pub more: bool,
    /// How many there are in all, where that was asked.
    pub count: Option<u64>,
}

/// How many entities to take, and how many to pass over.
pub fn window(options: &Options) -> (usize, usize) {
    let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let top = options.top.map_or(TOP_DEFAULT, whole).min(TOP_MAX);
    (top, options.skip.map_or(0, whole))
}

/// Sorts by keys; what is equal stays as it was.
pub fn sort<T>(list: &mut [(Vec<Val>, T)], orderby: &[(Expr, bool)]) {
    list.sort_by(|(a, _), (b, _)| {
        let keys = a.iter().zip(b).zip(orderby);
        let orders = keys.map(|((a, b), (_, down))| {
            let order = a.sort_order(b);
            if *down { order.reverse() } else { order }
        });
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
}

/// A page of a kind's entities.
///
/// # Errors
/// [`QueryError`].
pub fn list<'w>(
    world: &World<'w>,
    kind: Kind,
    source: Source<'w>,
    options: &Options,
) -> Result<Page<'w>, QueryError> {
    let mut wrong = Ok(());
    let keys = options.orderby.iter().map(|(key, _)| key);
    for expr in options.filter.iter().chain(keys) {
        expr.paths(&mut |path| {
            if wrong.is_ok() {
                wrong = check(kind, path);
            }
        });
    }
    wrong?;
    if kind == Kind::Observation {
        let streams: Vec<Stream<'w>> = match source {
            Source::All => world.streams().collect(),
            Source::Of(entity) => entity.streams(world),
        };
        return observations::page(world, streams, options);
    }
    let everything = match source {
        Source::All => all(world, kind),
        Source::Of(entity) => entity.many(world, kind),
    };
    let mut kept = Vec::new();
    for entity in everything {
        let about = About(world, entity);
        if let Some(filter) = &options.filter
            && !holds(filter, &about)?
        {
            continue;
        }
        let keys = options.orderby.iter().map(|(key, _)| first(key, &about));
        kept.push((keys.collect::<Result<Vec<Val>, _>>()?, entity));
    }
    sort(&mut kept, &options.orderby);
    let (top, skip) = window(options);
    let count = (options.count == Some(true)).then_some(kept.len() as u64);
    let more = kept.len() > skip.saturating_add(top);
    let entities = kept.into_iter().map(|(_, entity)| entity).skip(skip).take(top).collect();
    Ok(Page { entities, more, count })
}
