//! The wait for what was submitted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use domain::observation::Observation;
use futures_util::FutureExt;
use tokio::time::Sleep;

use super::inflight::{self, Wait};
use super::{Core, Outcome, Unavailable};
use crate::memory::Ticket;

/// What was submitted; a future that resolves to the outcomes, in the order of the items, when all
/// of them are durable. Dropping it takes nothing back.
#[must_use = "nothing may be acknowledged before it is durable"]
pub struct Admitted {
    core: Arc<Core>,
    pub(super) outcomes: Vec<Outcome>,
    /// As what each item is taken; empty where nobody asked.
    pub(super) named: Vec<Option<Observation>>,
    /// Appends of others that brought what this one only repeats. They settle earlier.
    pub(super) firsts: Vec<(Ticket, Wait)>,
    pub(super) own: Option<(Ticket, Wait)>,
    /// Counted when the waits are over; an append has its own account.
    uncounted: Option<inflight::Account>,
    /// It resolves no sooner than this.
    rest: Option<Pin<Box<Sleep>>>,
}

impl Admitted {
    pub(super) fn of(core: &Arc<Core>, uncounted: Option<inflight::Account>) -> Self {
        let (outcomes, firsts) = (Vec::new(), Vec::new());
        let named = Vec::new();
        Self { core: core.clone(), outcomes, named, firsts, own: None, uncounted, rest: None }
    }

    /// What would become of items that are not sent.
    pub(super) fn foreseen(core: &Arc<Core>, outcomes: Vec<Outcome>) -> Self {
        Self { outcomes, ..Self::of(core, None) }
    }

    /// The outcomes, once all of them are durable.
    ///
    /// # Errors
    /// [`Unavailable`]: at least one is not, so none may be acknowledged.
    pub async fn durable(self) -> Result<Vec<Outcome>, Unavailable> {
        self.await
    }

    /// The same, resolving no sooner than this.
    pub(super) fn not_before(self, at: std::time::Instant) -> Self {
        let due = at > std::time::Instant::now();
        let rest = due.then(|| Box::pin(tokio::time::sleep_until(at.into())));
        Self { rest, ..self }
    }

    /// As what each item is taken, of [`Admission::admit_named`]: the observation that is new or was
    /// there already. Tell nobody before [`Admitted::durable`].
    pub fn take_named(&mut self) -> Vec<Option<Observation>> {
        std::mem::take(&mut self.named)
    }
}

impl Future for Admitted {
    type Output = Result<Vec<Outcome>, Unavailable>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let admitted = &mut *self;
        while let Some((ticket, wait)) = admitted.firsts.last_mut().or(admitted.own.as_mut()) {
            let outcome = ready!(wait.poll_unpin(cx));
            admitted.core.settle(*ticket, &outcome);
            if admitted.firsts.pop().is_none() {
                admitted.own = None;
            }
            if let Err(error) = outcome {
                admitted.core.telemetry.not_durable();
                return Poll::Ready(Err(Unavailable(error)));
            }
        }
        if let Some(account) = admitted.uncounted.take() {
            admitted.core.count(&account);
        }
        if let Some(rest) = &mut admitted.rest {
            ready!(rest.as_mut().poll(cx));
        }
        Poll::Ready(Ok(std::mem::take(&mut admitted.outcomes)))
    }
}
