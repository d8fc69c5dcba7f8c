//! Packets that were taken and wait to be acknowledged, in the order in which they came: whichever
//! is durable first, acknowledgements leave from the head (MQTT-4.6.0-2).

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use mqtt_edge::Verdict;
use rumqttc::Publish;

use crate::mqtt::notes::Note;

/// What a packet came to.
pub(super) type Concluded = (Verdict, Option<Note>);

enum Entry {
    Waiting(Pin<Box<dyn Future<Output = Concluded> + Send>>),
    Done(Concluded),
}

/// See the module.
#[derive(Default)]
pub(super) struct Flight {
    entries: VecDeque<(Publish, Entry)>,
}

impl Flight {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// A packet whose conclusion is under way. `publish` need not carry its payload.
    pub(super) fn push(
        &mut self,
        publish: Publish,
        conclusion: impl Future<Output = Concluded> + Send + 'static,
    ) {
        self.entries.push_back((publish, Entry::Waiting(Box::pin(conclusion))));
    }

    /// The next packet in order, once it is concluded; never resolves while there is none.
    pub(super) fn next(&mut self) -> Next<'_> {
        Next(self)
    }
}

/// See [`Flight::next`].
pub(super) struct Next<'f>(&'f mut Flight);

impl Future for Next<'_> {
    type Output = (Publish, Concluded);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Only the head is asked: the journal makes them durable in this order.
        let Some((_, entry)) = self.0.entries.front_mut() else { return Poll::Pending };
        if let Entry::Waiting(conclusion) = entry {
            match conclusion.as_mut().poll(cx) {
                Poll::Ready(concluded) => *entry = Entry::Done(concluded),
                Poll::Pending => return Poll::Pending,
            }
        }
        match self.0.entries.pop_front() {
            Some((publish, Entry::Done(concluded))) => Poll::Ready((publish, concluded)),
            Some(waiting) => {
                self.0.entries.push_front(waiting);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}
