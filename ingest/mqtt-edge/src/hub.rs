//! The small hub: who is connected under which name, who is subscribed to what, and the bounded
//! queues on which downlinks reach their connections.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

use crate::close::CloseReason;
use crate::downlink::Downlink;
use crate::principal::{Principal, Who};
use crate::topics::Filter;

type SessionId = u64;

fn name_of(principal: &Principal) -> (Who, String) {
    (principal.who.clone(), principal.client_id.clone())
}

#[derive(Debug, Default)]
pub(crate) struct Hub {
    next: AtomicU64,
    state: Mutex<State>,
    /// Counts changes of who is subscribed to what.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    draining: bool,
    sessions: BTreeMap<SessionId, Session>,
    /// Who and client identifier: whichever credential it came in by, a client is one.
    names: BTreeMap<(Who, String), SessionId>,
    per_who: BTreeMap<Who, usize>,
    /// Filters without wildcards, found by topic.
    exact: BTreeMap<Filter, BTreeSet<SessionId>>,
    wild: BTreeMap<Filter, BTreeSet<SessionId>>,
}

#[derive(Debug)]
struct Session {
    principal: Arc<Principal>,
    kick: Option<oneshot::Sender<CloseReason>>,
    queue: Option<mpsc::Sender<Arc<Downlink>>>,
    filters: BTreeSet<Filter>,
}

impl Session {
    fn kick(&mut self, reason: CloseReason) -> bool {
        self.queue = None;
        self.kick.take().is_some_and(|kick| kick.send(reason).is_ok())
    }
}

/// A connection's place in the hub; dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct Registration {
    hub: Arc<Hub>,
    id: SessionId,
    principal: Arc<Principal>,
    /// Resolves when the hub wants the connection to end.
    pub(crate) kicked: oneshot::Receiver<CloseReason>,
    /// Whether it took its name over from another connection.
    pub(crate) took_over: bool,
}

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held leaves maps that are each whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for an identifier that the edge makes for a client.
    pub(crate) fn fresh(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Enters a connection; one that holds its name already is kicked.
    pub(crate) fn register(
        self: &Arc<Self>,
        principal: Arc<Principal>,
        most: usize,
    ) -> Result<Registration, CloseReason> {
        let id = self.fresh();
        let (kick, kicked) = oneshot::channel();
        let mut guard = self.state();
        let state = &mut *guard;
        if state.draining {
            return Err(CloseReason::Draining);
        }
        let name = name_of(&principal);
        let old = state.names.get(&name).copied();
        let count = state.per_who.entry(principal.who.clone()).or_insert(0);
        if old.is_none() && *count >= most {
            return Err(CloseReason::ConnectionQuota);
        }
        *count += 1;
        if let Some(old) = old.and_then(|old| state.sessions.get_mut(&old)) {
            old.kick(CloseReason::TakenOver);
        }
        state.names.insert(name, id);
        let session = Session {
            principal: principal.clone(),
            kick: Some(kick),
            queue: None,
            filters: BTreeSet::new(),
        };
        state.sessions.insert(id, session);
        drop(guard);
        let took_over = old.is_some();
        Ok(Registration { hub: self.clone(), id, principal, kicked, took_over })
    }

    /// Queues a message for every connection subscribed to its topic; says for how many, and for how
    /// many there was no room.
    pub(crate) fn publish(&self, downlink: Downlink) -> (usize, u64) {
        self.queue(downlink, |_| true)
    }

    /// The same, for the connections of one principal alone.
    pub(crate) fn publish_to(&self, who: &Who, downlink: Downlink) -> (usize, u64) {
        self.queue(downlink, |principal| principal.who == *who)
    }

    /// Who is subscribed to which filters without wildcards that begin like this.
    pub(crate) fn subscribed(&self, prefix: &str) -> Vec<(Filter, Who)> {
        let state = self.state();
        let from = (std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded);
        let exact = state.exact.range::<str, _>(from);
        let mut found = BTreeSet::new();
        for (filter, ids) in exact.take_while(|(filter, _)| filter.as_str().starts_with(prefix)) {
            let sessions = ids.iter().filter_map(|id| state.sessions.get(id));
            found.extend(sessions.map(|s| (filter.clone(), s.principal.who.clone())));
        }
        found.into_iter().collect()
    }

    /// Changes when somebody subscribes or leaves.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn queue(&self, downlink: Downlink, to_whom: impl Fn(&Principal) -> bool) -> (usize, u64) {
        let mut guard = self.state();
        let state = &mut *guard;
        let mut to = BTreeSet::new();
        if let Some(ids) = state.exact.get(&*downlink.topic) {
            to.extend(ids);
        }
        for (_, ids) in state.wild.iter().filter(|(filter, _)| filter.matches(&downlink.topic)) {
            to.extend(ids);
        }
        let downlink = Arc::new(downlink);
        let (mut queued, mut left_out) = (0, 0);
        for id in to {
            let session = state.sessions.get_mut(&id).filter(|s| to_whom(&s.principal));
            let Some(session) = session else { continue };
            match session.queue.as_ref().map(|queue| queue.try_send(downlink.clone())) {
                Some(Ok(())) => queued += 1,
                Some(Err(mpsc::error::TrySendError::Full(_))) if !downlink.kept => left_out += 1,
                Some(Err(mpsc::error::TrySendError::Full(_))) => {
                    session.kick(CloseReason::DownlinkOverflow);
                }
                Some(Err(mpsc::error::TrySendError::Closed(_))) | None => {}
            }
        }
        (queued, left_out)
    }

    /// Kicks every connection of a principal; says how many.
    pub(crate) fn expel(&self, who: &Who) -> usize {
        let mut state = self.state();
        let of = state.sessions.values_mut().filter(|session| session.principal.who == *who);
        of.map(|session| usize::from(session.kick(CloseReason::Expelled))).sum()
    }

    /// Kicks every connection whose credential `holds` says no to; says how many. `holds` is asked
    /// once for each credential, and not while the hub is held.
    pub(crate) fn show_out(&self, holds: impl Fn(&str) -> bool) -> usize {
        let credentials: BTreeSet<Arc<str>> = {
            let state = self.state();
            let sessions = state.sessions.values().filter(|session| session.kick.is_some());
            sessions.map(|session| session.principal.credential.clone()).collect()
        };
        let ended: BTreeSet<Arc<str>> = credentials.into_iter().filter(|c| !holds(c)).collect();
        if ended.is_empty() {
            return 0;
        }
        let mut state = self.state();
        let of = state.sessions.values_mut();
        let of = of.filter(|session| ended.contains(&session.principal.credential));
        of.map(|session| usize::from(session.kick(CloseReason::Expelled))).sum()
    }

    /// Everybody who is connected.
    pub(crate) fn connected(&self) -> BTreeSet<Who> {
        self.state().per_who.keys().cloned().collect()
    }

    /// Lets nobody in any more, and kicks every connection.
    pub(crate) fn drain(&self) {
        let mut state = self.state();
        state.draining = true;
        for session in state.sessions.values_mut() {
            session.kick(CloseReason::Draining);
        }
    }
}

impl Registration {
    /// Opens the connection's queue for downlinks. Called once, at its first subscription.
    pub(crate) fn open_queue(&self, capacity: usize) -> mpsc::Receiver<Arc<Downlink>> {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        if let Some(session) = self.hub.state().sessions.get_mut(&self.id)
            && session.kick.is_some()
        {
            session.queue = Some(sender);
        }
        receiver
    }

    /// Routes what falls under the filter to this connection.
    pub(crate) fn subscribe(&self, filter: &Filter) {
        let mut guard = self.hub.state();
        let state = &mut *guard;
        if let Some(session) = state.sessions.get_mut(&self.id) {
            session.filters.insert(filter.clone());
            state.index_of(filter).entry(filter.clone()).or_default().insert(self.id);
        }
        drop(guard);
        self.hub.changed();
    }

    /// Routes it no longer.
    pub(crate) fn unsubscribe(&self, filter: &Filter) {
        let mut guard = self.hub.state();
        let state = &mut *guard;
        if let Some(session) = state.sessions.get_mut(&self.id) {
            session.filters.remove(filter);
        }
        state.forget(self.id, filter);
        drop(guard);
        self.hub.changed();
    }
}

impl State {
    fn index_of(&mut self, filter: &Filter) -> &mut BTreeMap<Filter, BTreeSet<SessionId>> {
        if filter.has_wildcard() { &mut self.wild } else { &mut self.exact }
    }

    fn forget(&mut self, id: SessionId, filter: &Filter) {
        let index = self.index_of(filter);
        if let Some(ids) = index.get_mut(filter) {
            ids.remove(&id);
            if ids.is_empty() {
                index.remove(filter);
            }
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut guard = self.hub.state();
        let state = &mut *guard;
        if let Some(session) = state.sessions.remove(&self.id) {
            for filter in &session.filters {
                state.forget(self.id, filter);
            }
        }
        let name = name_of(&self.principal);
        if state.names.get(&name) == Some(&self.id) {
            state.names.remove(&name);
        }
        if let Some(count) = state.per_who.get_mut(&self.principal.who) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.per_who.remove(&self.principal.who);
            }
        }
        drop(guard);
        self.hub.changed();
    }
}
