//! Who may enter by which route: one table. What is not in it is closed.

use contract::openapi::{Entry, Route};
use domain::desk::Role;

/// Every role, for the table and its test.
pub const ROLES: &[Role] = &[
    Role::Officer,
    Role::Commander,
    Role::Planner,
    Role::Agency,
    Role::Auditor,
    Role::Administrator,
];

const EVERYBODY: &[Role] = ROLES;
/// Whoever watches the live picture: the duty room, planners and auditors.
const WATCH: &[Role] =
    &[Role::Officer, Role::Commander, Role::Planner, Role::Auditor, Role::Administrator];
/// A feed's own people too: they see their feeds and what of theirs was refused.
const FEEDS: &[Role] = ROLES;
/// Who gives credentials out: the administrator any, an agency's person its own.
const KEYS: &[Role] = &[Role::Agency, Role::Administrator];
/// Who sees which there are; no secret is among them.
const KEYS_SEEN: &[Role] = &[Role::Agency, Role::Auditor, Role::Administrator];
/// Who sends what was refused again: the feed's own people, for it, and administrators.
const LETTERS: &[Role] = &[Role::Agency, Role::Administrator];
/// Who changes the registry.
const REGISTRY: &[Role] = &[Role::Administrator];
const DESK: &[Role] = &[Role::Officer, Role::Commander];

/// Method, path, roles.
const DOORS: &[(&str, &str, &[Role])] = &[
    ("get", "/v1/session", EVERYBODY),
    ("delete", "/v1/session", EVERYBODY),
    ("post", "/v1/live/ticket", WATCH),
    ("get", "/v1/live", WATCH),
    ("get", "/v1/city", EVERYBODY),
    ("get", "/v1/zones.geojson", EVERYBODY),
    ("get", "/v1/map/{file}", EVERYBODY),
    ("get", "/v1/stations", WATCH),
    ("get", "/v1/stations/{id}", WATCH),
    ("get", "/v1/stations/{id}/series", WATCH),
    ("get", "/v1/stations/{id}/forecasts", WATCH),
    ("get", "/v1/zones", WATCH),
    ("get", "/v1/zones/{id}", WATCH),
    ("get", "/v1/cases", WATCH),
    ("get", "/v1/corrections", WATCH),
    ("get", "/v1/alerts", WATCH),
    ("get", "/v1/alerts/{id}", WATCH),
    ("get", "/v1/alerts/{id}/explanation", WATCH),
    ("get", "/v1/incidents", WATCH),
    ("get", "/v1/incidents/{id}", WATCH),
    ("get", "/v1/tasks", WATCH),
    ("get", "/v1/tasks/{id}", WATCH),
    ("get", "/v1/units", WATCH),
    ("get", "/v1/units/{id}", WATCH),
    ("get", "/v1/hospitals", WATCH),
    ("get", "/v1/hospitals/{id}", WATCH),
    ("get", "/v1/feeds", FEEDS),
    ("get", "/v1/feeds/health", FEEDS),
    ("get", "/v1/feeds/datastreams", FEEDS),
    ("get", "/v1/feeds/doors", FEEDS),
    ("get", "/v1/feeds/start", FEEDS),
    ("get", "/v1/feeds/{id}", FEEDS),
    ("get", "/v1/catalogue", FEEDS),
    ("get", "/v1/exchange", WATCH),
    ("get", "/v1/record", WATCH),
    ("get", "/v1/signals", WATCH),
    ("get", "/v1/earthquakes", WATCH),
    ("get", "/v1/tracks", WATCH),
    ("get", "/v1/cameras", WATCH),
    ("get", "/v1/alerts/{id}/cameras", WATCH),
    ("get", "/v1/warnings", WATCH),
    ("get", "/v1/warnings/{id}", WATCH),
    ("get", "/v1/rejections", FEEDS),
    ("get", "/v1/rejections/reasons", FEEDS),
    ("get", "/v1/rejections/{id}", FEEDS),
    ("get", "/v1/attachments/{sha256}", WATCH),
    ("get", "/v1/sl651/tests", WATCH),
    ("post", "/v1/rejections/replay", LETTERS),
    ("post", "/v1/rejections/{id}/replay", LETTERS),
    ("post", "/v1/rejections/{id}/dismiss", LETTERS),
    ("get", "/v1/situations", WATCH),
    ("get", "/v1/situations/{id}", WATCH),
    ("get", "/v1/reports/hotline/{id}", FEEDS),
    ("get", "/v1/reports/calls/{id}", FEEDS),
    ("get", "/v1/log", WATCH),
    ("get", "/v1/trace/{id}", WATCH),
    ("get", "/v1/export/alerts.csv", WATCH),
    ("get", "/v1/export/log.csv", WATCH),
    ("get", "/v1/export/series.csv", WATCH),
    ("post", "/v1/commands", DESK),
    ("get", "/v1.1", EVERYBODY),
    ("get", "/v1.1/", EVERYBODY),
    ("get", "/v1.1/{entity}", EVERYBODY),
    ("get", "/v1.1/{entity}/{*rest}", EVERYBODY),
    ("post", "/v1/registry", REGISTRY),
    ("get", "/v1/agencies/{id}/credentials", KEYS_SEEN),
    ("post", "/v1/agencies/{id}/credentials", KEYS),
    ("delete", "/v1/agencies/{id}/credentials/{credential}", KEYS),
    ("post", "/v1/agencies/{id}/credentials/{credential}/rotate", KEYS),
];

/// Whether a signed-in person of this role may enter by this route. Routes that are open, or
/// entered by a token alone, have no door here. An agency's token enters where its people do.
pub fn may_enter(route: &Route, role: Role) -> bool {
    matches!(route.entry, Entry::Session | Entry::SessionOrToken)
        && DOORS.iter().any(|(method, path, roles)| {
            *method == route.method && *path == route.path && roles.contains(&role)
        })
}

/// The role of a word, and back by [`crate::desk::decide::role_word`].
pub fn role(word: &str) -> Option<Role> {
    ROLES.iter().copied().find(|r| crate::desk::decide::role_word(*r) == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::openapi::ROUTES;

    #[test]
    fn every_session_route_has_a_door_and_every_door_a_route() {
        let closed = |r: &&Route| matches!(r.entry, Entry::Session | Entry::SessionOrToken);
        for route in ROUTES.iter().filter(closed) {
            assert!(ROLES.iter().any(|r| may_enter(route, *r)), "{} {}", route.method, route.path);
        }
        for (method, path, _) in DOORS {
            assert!(ROUTES.iter().any(|r| r.method == *method && r.path == *path), "{path}");
        }
    }

    #[test]
    fn an_auditor_changes_nothing_and_an_agency_sees_its_feeds_only() {
        let may = |method, path, role| {
            let route = ROUTES.iter().find(|r| r.method == method && r.path == path).unwrap();
            may_enter(route, role)
        };
        assert!(!may("post", "/v1/commands", Role::Auditor));
        assert!(may("get", "/v1/alerts", Role::Auditor));
        assert!(!may("get", "/v1/alerts", Role::Agency));
        assert!(may("get", "/v1/rejections", Role::Agency));
        assert!(may("post", "/v1/rejections/replay", Role::Agency));
        assert!(!may("post", "/v1/rejections/replay", Role::Officer));
    }
}
