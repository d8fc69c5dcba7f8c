//! Appends that are submitted and not yet known to be durable. A duplicate of one of them waits
//! for it; what did not become durable is forgotten again, so that it is taken when it comes back.

use std::collections::VecDeque;

use domain::ids::{AgencyId, DatastreamIx};
use domain::refusal::Channel;
use domain::time::UtcMs;
use futures_util::FutureExt;
use futures_util::future::Shared;
use journal::{AppendError, Receipt, SeqRange};

use crate::memory::Ticket;
use crate::telemetry::Tally;

/// A wait for durability that any number may share.
pub(crate) type Wait = Shared<Receipt>;

/// The datastreams an append brought values of: most bring one, which needs no list.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    first: Option<DatastreamIx>,
    more: Vec<DatastreamIx>,
}

impl Touched {
    pub(crate) fn put(&mut self, ix: DatastreamIx) {
        match self.first {
            None => self.first = Some(ix),
            Some(first) if first == ix || self.more.last() == Some(&ix) => {}
            Some(_) => self.more.push(ix),
        }
    }
    pub(crate) fn each(&self) -> impl Iterator<Item = DatastreamIx> {
        self.first.into_iter().chain(self.more.iter().copied())
    }
}

/// Who gets the counts of an append.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) agency: AgencyId,
    pub(crate) channel: Channel,
    pub(crate) tally: Tally,
}

/// One append under way.
pub(crate) struct Append {
    pub(crate) wait: Wait,
    /// The datastreams it brought values of.
    pub(crate) touched: Touched,
    pub(crate) account: Option<Account>,
    /// The platform's now before its ticks.
    pub(crate) now_before: Option<UtcMs>,
    settled: bool,
}

/// What an append came to, for whoever has to act on it.
pub(crate) enum Settled {
    Durable(Append),
    Lost(Ticket, Append),
}

/// The appends under way, in order. Commits are in order too, so they settle from the front.
#[derive(Default)]
pub(crate) struct Inflight {
    settled_up_to: Ticket,
    appends: VecDeque<Append>,
}

impl Inflight {
    /// The number of the next append.
    pub(crate) fn next(&self) -> Ticket {
        self.settled_up_to + self.appends.len() as Ticket + 1
    }

    /// Notes an append under the number that [`Inflight::next`] gave.
    pub(crate) fn open(
        &mut self,
        wait: Wait,
        touched: Touched,
        account: Option<Account>,
        now_before: Option<UtcMs>,
    ) {
        self.appends.push_back(Append { wait, touched, account, now_before, settled: false });
    }

    /// Appends that are not settled, and some that are.
    pub(crate) fn len(&self) -> usize {
        self.appends.len()
    }

    fn at(&mut self, ticket: Ticket) -> Option<&mut Append> {
        let place = ticket.checked_sub(self.settled_up_to + 1)?;
        self.appends.get_mut(usize::try_from(place).ok()?)
    }

    /// The wait for an append that is still under way.
    pub(crate) fn wait(&mut self, ticket: Ticket) -> Option<Wait> {
        self.at(ticket).filter(|append| !append.settled).map(|append| append.wait.clone())
    }

    /// An append has come to its end.
    pub(crate) fn settle(
        &mut self,
        ticket: Ticket,
        outcome: &Result<SeqRange, AppendError>,
    ) -> Option<Settled> {
        let append = self.at(ticket).filter(|append| !append.settled)?;
        append.settled = true;
        let taken = Append {
            wait: append.wait.clone(),
            touched: std::mem::take(&mut append.touched),
            account: append.account.take(),
            now_before: append.now_before,
            settled: true,
        };
        while self.appends.front().is_some_and(|append| append.settled) {
            self.appends.pop_front();
            self.settled_up_to += 1;
        }
        Some(match outcome {
            Ok(_) => Settled::Durable(taken),
            Err(_) => Settled::Lost(ticket, taken),
        })
    }

    /// Settles what nobody waits for any more, as far as it has come to its end.
    pub(crate) fn sweep(&mut self, mut with: impl FnMut(Settled)) {
        while let Some(front) = self.appends.front() {
            let Some(outcome) = front.wait.clone().now_or_never() else { return };
            let ticket = self.settled_up_to + 1;
            match self.settle(ticket, &outcome) {
                Some(settled) => with(settled),
                None => return,
            }
        }
    }
}
