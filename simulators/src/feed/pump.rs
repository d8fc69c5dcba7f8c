//! The one task that polls the MQTT client, and alone hands it messages.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::time::Duration;

use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Packet, PubAck, PubAckReason};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop};
use tokio::sync::{mpsc, watch};

use super::mqtt::{Answered, Message, Progress, Received};

/// First and longest pause between attempts to connect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The one task that polls.
pub(super) struct Pump {
    client: AsyncClient,
    subscribe: Vec<String>,
    in_flight: usize,
    /// Given to the library, not yet written; in order.
    handed: VecDeque<(u64, Message)>,
    /// Written, not yet acknowledged, by packet id.
    written: BTreeMap<u16, (u64, Message)>,
    order: u64,
    /// What a lost connection left without acknowledgement.
    lost: Vec<(u64, Message)>,
    connected: bool,
    progress: watch::Sender<Progress>,
    inbox: mpsc::Sender<Received>,
}

impl Pump {
    /// A pump for a client whose channel holds a whole flight and the subscriptions.
    pub(super) fn new(
        client: AsyncClient,
        subscribe: Vec<String>,
        in_flight: usize,
        progress: watch::Sender<Progress>,
        inbox: mpsc::Sender<Received>,
    ) -> Self {
        Self {
            client,
            subscribe,
            in_flight,
            handed: VecDeque::new(),
            written: BTreeMap::new(),
            order: 0,
            lost: Vec::new(),
            connected: false,
            progress,
            inbox,
        }
    }

    pub(super) async fn run(&mut self, mut events: EventLoop, mut outbox: mpsc::Receiver<Message>) {
        let mut pause = BACKOFF.0;
        loop {
            let polled = self.poll(&mut events, &mut outbox).await;
            match polled {
                Ok(event) => {
                    pause = BACKOFF.0;
                    self.note(event);
                }
                Err(error) => {
                    // Everything open is in `handed` and `written` and goes out again from there;
                    // what the library keeps would go out twice, and a message it holds back for
                    // an id in use would block the next connection for ever.
                    events.state.collision = None;
                    events.pending.clear();
                    events.state.events.clear();
                    if self.broken(&error) {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(BACKOFF.1);
                }
            }
        }
    }

    /// Polls to the next event; meanwhile hands over messages as the flight has room. The poll is
    /// never dropped half-way.
    async fn poll(
        &mut self,
        events: &mut EventLoop,
        outbox: &mut mpsc::Receiver<Message>,
    ) -> Result<Event, ConnectionError> {
        let mut poll = pin!(events.poll());
        loop {
            let open = self.handed.len() + self.written.len();
            let room = self.connected && open < self.in_flight;
            tokio::select! {
                biased;
                event = &mut poll => return event,
                Some(message) = outbox.recv(), if room => {
                    self.order += 1;
                    self.progress.send_modify(|p| p.packets_given += 1);
                    self.hand(self.order, message);
                }
            }
        }
    }

    fn hand(&mut self, order: u64, message: Message) {
        let topic = message.topic.to_string();
        let given =
            self.client.try_publish(topic, QoS::AtLeastOnce, false, message.payload.clone());
        match given {
            Ok(()) => self.handed.push_back((order, message)),
            Err(error) => {
                // The channel holds a whole flight, so this is a topic that cannot be published.
                tracing::error!(%error, topic = %message.topic, "message dropped");
                self.acknowledged(&message, Answered::all_refused(message.items));
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Outgoing(Outgoing::Publish(id)) => {
                if let Some(message) = self.handed.pop_front() {
                    self.written.insert(id, message);
                }
            }
            Event::Incoming(Packet::PubAck(ack)) => {
                if let Some((_, message)) = self.written.remove(&ack.pkid) {
                    self.acknowledged(&message, answered(&ack, message.items));
                }
            }
            Event::Incoming(Packet::ConnAck(_)) => self.connect(),
            Event::Incoming(Packet::Publish(publish)) => {
                let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                let received = Received { topic, payload: publish.payload };
                if let Err(error) = self.inbox.try_send(received) {
                    tracing::warn!(%error, "a received message has no room and is dropped");
                }
            }
            _ => {}
        }
    }

    fn acknowledged(&mut self, message: &Message, answered: Answered) {
        let took = message.given.elapsed();
        self.progress.send_modify(|p| {
            p.packets_acked += 1;
            p.items_acked += message.items;
            p.answered.add(answered);
            p.latencies.add(took);
        });
    }

    fn connect(&mut self) {
        self.connected = true;
        for topic in &self.subscribe {
            if let Err(error) = self.client.try_subscribe(topic, QoS::AtLeastOnce) {
                tracing::error!(%error, topic, "not subscribed");
            }
        }
        let lost = std::mem::take(&mut self.lost);
        if !lost.is_empty() {
            tracing::info!(messages = lost.len(), "connected again, sending what was open");
        }
        for (order, message) in lost {
            self.hand(order, message);
        }
        self.progress.send_modify(|p| {
            p.connected = true;
            p.last_error = None;
        });
    }

    /// Notes a broken connection; true where it makes no sense to try again.
    fn broken(&mut self, error: &ConnectionError) -> bool {
        self.connected = false;
        self.lost.extend(std::mem::take(&mut self.handed));
        self.lost.extend(std::mem::take(&mut self.written).into_values());
        self.lost.sort_by_key(|(order, _)| *order);
        tracing::debug!(%error, "connection lost");
        let refused = match error {
            ConnectionError::ConnectionRefused(
                ConnectReturnCode::BadUserNamePassword
                | ConnectReturnCode::NotAuthorized
                | ConnectReturnCode::Banned,
            ) => Some(format!("{error}")),
            _ => None,
        };
        let end = refused.is_some();
        self.progress.send_modify(|p| {
            p.connected = false;
            p.refused = refused;
            p.last_error = Some(error.to_string());
        });
        end
    }
}

/// What an acknowledgement says of the message's items: a reason of 0x80 or more refuses them all;
/// counts stand in its user properties where not all were new.
fn answered(ack: &PubAck, items: u64) -> Answered {
    if !matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers) {
        return Answered::all_refused(items);
    }
    let properties = ack.properties.as_ref().map(|p| p.user_properties.as_slice());
    let count = |name: &str| {
        let mut pairs = properties.unwrap_or_default().iter();
        pairs.find(|(n, _)| n == name).and_then(|(_, v)| v.parse().ok()).unwrap_or(0)
    };
    let (duplicate, refused) = (count("duplicate"), count("refused"));
    let accepted = match properties {
        Some(pairs) if pairs.iter().any(|(n, _)| n == "accepted") => count("accepted"),
        _ => items.saturating_sub(duplicate + refused),
    };
    Answered { accepted, duplicate, refused }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::v5::mqttbytes::v5::PubAckProperties;

    #[test]
    fn an_acknowledgement_says_what_became_of_each_item() {
        let with = |pairs: &[(&str, &str)]| {
            let user_properties =
                pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            PubAck::new(1, Some(PubAckProperties { reason_string: None, user_properties }))
        };
        let counts = |ack: &PubAck| {
            let Answered { accepted, duplicate, refused } = answered(ack, 5);
            (accepted, duplicate, refused)
        };
        assert_eq!(counts(&PubAck::new(1, None)), (5, 0, 0));
        let mixed = with(&[("accepted", "2"), ("duplicate", "1"), ("refused", "2")]);
        assert_eq!(counts(&mixed), (2, 1, 2));
        let mut refused = PubAck::new(1, None);
        refused.reason = PubAckReason::PayloadFormatInvalid;
        assert_eq!(counts(&refused), (0, 0, 5));
    }
}
