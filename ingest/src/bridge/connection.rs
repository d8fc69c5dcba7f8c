//! One connection to the broker, with a client of its own: nothing of an earlier one can be
//! acknowledged on it, and no left-over state of the library can wedge it. What the broker has not
//! had acknowledged it sends again, and admission knows it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::ids::{AgencyId, UnitId};
use mqtt_edge::{Verdict, Who};
use rumqttc::{
    AsyncClient, ConnAck, Event, EventLoop, Incoming, MqttOptions, Outgoing, Publish, QoS,
    SubscribeFilter, SubscribeReasonCode,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::flight::{Concluded, Flight};
use super::{Down, PACKET_MAX_BYTES, PENDING_MAX, Parts};
use crate::mqtt::decode::{Owner, ROOT, UNITS, owner};
use crate::mqtt::directory::tasks_topic;

/// Requests that wait for the library's loop; room for an acknowledgement of every packet pending,
/// for every message down, and for the subscriptions.
const REQUESTS: usize = PENDING_MAX + WINDOW + 64;
/// Messages down under way at a time.
const WINDOW: usize = 64;
/// Events between the library's loop and ours.
const EVENTS: usize = 64;
/// How long a connection may take, from the first packet to the broker's answer to it.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// How often tasks that the broker has not acknowledged are sent again.
const RESEND_EVERY: Duration = Duration::from_secs(30);
/// Open tasks of one unit that are sent at a time.
const TASKS_PER_UNIT: usize = 64;
/// How long acknowledgements under way are waited for at the end.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// Ends the library's loop with the connection.
struct Poller(JoinHandle<()>);

impl Drop for Poller {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Connection {
    parts: Arc<Parts>,
    client: AsyncClient,
    flight: Flight,
    /// Published, and not yet given a packet id, in order.
    unnumbered: VecDeque<Option<(UnitId, u64)>>,
    /// Published under this packet id.
    numbered: BTreeMap<u16, Option<(UnitId, u64)>>,
}

/// Runs until `stopped` turns true (`Ok`) or the connection ends.
pub(super) async fn run(
    parts: Arc<Parts>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), String> {
    let (client, eventloop) = AsyncClient::new(options(&parts), REQUESTS);
    let (to, mut events) = mpsc::channel(EVENTS);
    let _poller = Poller(tokio::spawn(poll(eventloop, to)));
    let first = tokio::time::timeout(CONNECT_WITHIN, events.recv()).await;
    let connack = match first {
        Ok(Some(Ok(Event::Incoming(Incoming::ConnAck(connack))))) => connack,
        Ok(Some(Err(why))) => return Err(why),
        Ok(_) => return Err("the broker did not begin with a CONNACK".into()),
        Err(_) => return Err("the broker did not answer in time".into()),
    };
    let mut connection = Connection {
        parts: parts.clone(),
        client,
        flight: Flight::default(),
        unnumbered: VecDeque::new(),
        numbered: BTreeMap::new(),
    };
    connection.begin(connack)?;
    let mut resend = tokio::time::interval(RESEND_EVERY);
    let mut queue = parts.down.lock().await;
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            (publish, concluded) = connection.flight.next() => {
                connection.conclude(&publish, concluded)?;
            }
            event = events.recv(), if connection.flight.len() < PENDING_MAX => match event {
                Some(Ok(event)) => connection.event(event)?,
                Some(Err(why)) => return Err(why),
                None => return Err("the client's loop ended".into()),
            },
            Some(down) = queue.recv(), if connection.may_publish() => connection.publish(down)?,
            _ = resend.tick() => connection.open_tasks(),
        }
        connection.publish_held()?;
    }
    drop(queue);
    connection.drain(&mut events).await;
    Ok(())
}

fn options(parts: &Parts) -> MqttOptions {
    let config = &parts.config;
    let mut options = MqttOptions::new(&config.client_id, &config.host, config.port);
    options
        .set_clean_session(false)
        .set_manual_acks(true)
        .set_keep_alive(config.keep_alive)
        .set_max_packet_size(PACKET_MAX_BYTES, PACKET_MAX_BYTES)
        .set_inflight(WINDOW as u16);
    if let Some(user) = &config.user {
        options.set_credentials(user, config.password.clone().unwrap_or_default());
    }
    options
}

/// Only polls. What it reads waits in a bounded channel, and with it the broker.
async fn poll(mut eventloop: EventLoop, to: mpsc::Sender<Result<Event, String>>) {
    loop {
        let polled = eventloop.poll().await.map_err(|error| error.to_string());
        let ended = polled.is_err();
        if to.send(polled).await.is_err() || ended {
            return;
        }
    }
}

impl Connection {
    fn begin(&mut self, connack: ConnAck) -> Result<(), String> {
        {
            let mut state = self.parts.shared.state();
            state.connects += 1;
            state.session_present = connack.session_present;
        }
        tracing::info!(session_present = connack.session_present, "the broker has accepted us");
        // Subscribed again even in a kept session: the city's agencies may have changed.
        let register = self.parts.intake.admission().register();
        let mut filters = vec![format!("{ROOT}/{UNITS}/+/report")];
        for agency in register.agencies() {
            let below = ["obs", "hospital", "signals", "+/+"];
            filters.extend(below.map(|leaf| format!("{ROOT}/{agency}/{leaf}")));
        }
        for some in filters.chunks(32) {
            let some = some.iter().map(|f| SubscribeFilter::new(f.clone(), QoS::AtLeastOnce));
            self.client.try_subscribe_many(some).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Incoming(Incoming::Publish(publish)) => self.take(publish),
            Event::Incoming(Incoming::SubAck(ack)) => {
                if ack.return_codes.contains(&SubscribeReasonCode::Failure) {
                    return Err("the broker refused a subscription".into());
                }
                self.parts.shared.state().connected = true;
                Ok(())
            }
            Event::Outgoing(Outgoing::Publish(id)) => {
                if let Some(task) = self.unnumbered.pop_front() {
                    self.numbered.insert(id, task);
                }
                Ok(())
            }
            Event::Incoming(Incoming::PubAck(ack)) => {
                if let Some(task) = self.numbered.remove(&ack.pkid) {
                    self.parts.shared.state().delivered += 1;
                    if let Some((unit, key)) = task {
                        self.parts.tasks.delivered(&unit, key);
                    }
                }
                Ok(())
            }
            Event::Incoming(Incoming::Disconnect) => Err("the broker disconnected".into()),
            _ => Ok(()),
        }
    }

    fn take(&mut self, mut publish: Publish) -> Result<(), String> {
        self.parts.shared.state().packets += 1;
        let payload = std::mem::take(&mut publish.payload);
        let topic: Arc<str> = publish.topic.as_str().into();
        let who = match owner(&topic) {
            Some(Owner::Agency(name)) => AgencyId::new(name).ok().map(Who::Agency),
            Some(Owner::Unit(name)) => UnitId::new(name).ok().map(Who::Unit),
            None => None,
        };
        match who.and_then(|who| self.parts.intake.take(&who, &topic, &payload)) {
            Some(taken) => self.flight.push(publish, taken),
            None => {
                // Nobody of the city's: acknowledged, or it would come for ever.
                tracing::warn!(%topic, "a packet of nobody in the city's register");
                let nobody = (Verdict::AccessRefused, None);
                self.flight.push(publish, std::future::ready(nobody));
            }
        }
        Ok(())
    }

    fn conclude(&mut self, publish: &Publish, (verdict, note): Concluded) -> Result<(), String> {
        if verdict == Verdict::Unavailable {
            return Err("the journal takes nothing; the broker keeps it".into());
        }
        // Room for it is kept in the queue of requests.
        self.client.try_ack(publish).map_err(|error| error.to_string())?;
        self.parts.shared.state().acknowledged += 1;
        let mut held = self.parts.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(note) = note else { return Ok(()) };
        for topic in note.topics() {
            if held.len() >= super::DOWNLINKS_MAX {
                self.parts.shared.state().dropped_notes += 1;
                return Ok(());
            }
            held.push_back(Down { topic, body: note.body.clone(), task: None });
        }
        Ok(())
    }

    fn may_publish(&self) -> bool {
        self.unnumbered.len() + self.numbered.len() < WINDOW
    }

    fn publish(&mut self, down: Down) -> Result<(), String> {
        let body: Bytes = down.body;
        let sent = self.client.try_publish(down.topic, QoS::AtLeastOnce, false, body);
        sent.map_err(|error| error.to_string())?;
        self.unnumbered.push_back(down.task);
        Ok(())
    }

    fn publish_held(&mut self) -> Result<(), String> {
        while self.may_publish() {
            let next = self.parts.held.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(down) = next else { return Ok(()) };
            self.publish(down)?;
        }
        Ok(())
    }

    /// Puts the desk's open tasks in line that are not on their way already.
    fn open_tasks(&mut self) {
        let register = self.parts.intake.admission().register();
        let under_way = |task: &Option<(UnitId, u64)>| {
            self.numbered.values().chain(&self.unnumbered).any(|held| held == task)
        };
        let mut held = self.parts.held.lock().unwrap_or_else(PoisonError::into_inner);
        for unit in register.units() {
            for task in self.parts.tasks.open_tasks(unit, None, TASKS_PER_UNIT) {
                let name = Some((unit.clone(), task.key));
                let waits = held.iter().any(|down| down.task == name);
                if !waits && !under_way(&name) && held.len() < super::DOWNLINKS_MAX {
                    held.push_back(Down { topic: tasks_topic(unit), body: task.body, task: name });
                }
            }
        }
    }

    /// Finishes the acknowledgements under way and says goodbye.
    async fn drain(mut self, events: &mut mpsc::Receiver<Result<Event, String>>) {
        let deadline = tokio::time::Instant::now() + DRAIN_WITHIN;
        while self.flight.len() > 0 {
            let next = tokio::time::timeout_at(deadline, self.flight.next()).await;
            let Ok((publish, concluded)) = next else { break };
            if self.conclude(&publish, concluded).is_err() {
                break;
            }
        }
        if self.client.try_disconnect().is_ok() {
            // The acknowledgements go out before it.
            while let Ok(Some(Ok(event))) = tokio::time::timeout_at(deadline, events.recv()).await {
                if event == Event::Outgoing(Outgoing::Disconnect) {
                    break;
                }
            }
        }
        self.parts.shared.state().connected = false;
    }
}
