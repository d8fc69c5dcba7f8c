//! A unit's or an agency's MQTT client: 3.1.1, quality of service 1, acknowledging by hand.

use std::net::SocketAddr;
use std::time::Duration;

use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS};
use serde_json::Value;
use tokio::time::timeout;

use super::WITHIN;

/// A client that has connected.
pub struct Mqtt {
    client: AsyncClient,
    events: EventLoop,
}

impl Mqtt {
    /// Connects, or gives the return code.
    pub async fn connect(at: SocketAddr, user: &str, password: &str) -> Result<Self, u8> {
        Self::connect_as(&format!("{user}-1"), at, user, password).await
    }

    /// The same by a client identifier of its own.
    pub async fn connect_as(
        id: &str,
        at: SocketAddr,
        user: &str,
        password: &str,
    ) -> Result<Self, u8> {
        let mut options = MqttOptions::new(id, at.ip().to_string(), at.port());
        options.set_credentials(user, password).set_manual_acks(true);
        let (client, mut events) = AsyncClient::new(options, 16);
        loop {
            match timeout(WITHIN, events.poll()).await.expect("an answer in time") {
                Ok(Event::Incoming(Packet::ConnAck(_))) => return Ok(Self { client, events }),
                Ok(_) => {}
                Err(ConnectionError::ConnectionRefused(code)) => return Err(code as u8),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The first packet that `found` knows.
    async fn until<T>(&mut self, found: impl Fn(Packet) -> Option<T>) -> T {
        self.see(|event| match event {
            Event::Incoming(packet) => found(packet),
            Event::Outgoing(_) => None,
        })
        .await
    }

    /// The first event that `found` knows. Nothing goes out or comes in but here.
    async fn see<T>(&mut self, found: impl Fn(Event) -> Option<T>) -> T {
        timeout(WITHIN, async {
            loop {
                if let Some(found) = found(self.events.poll().await.unwrap()) {
                    return found;
                }
            }
        })
        .await
        .expect("an event in time")
    }

    /// Subscribes at QoS 1.
    pub async fn subscribe(&mut self, filter: &str) {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
        let granted = self.until(|packet| match packet {
            Packet::SubAck(granted) => Some(granted.return_codes),
            _ => None,
        });
        let wanted = rumqttc::SubscribeReasonCode::Success(QoS::AtLeastOnce);
        assert_eq!(granted.await, [wanted], "the subscription is granted");
    }

    /// Publishes at QoS 1, and waits until it is acknowledged.
    pub async fn publish(&mut self, topic: &str, body: &Value) {
        self.publish_raw(topic, body.to_string().as_bytes()).await;
    }

    /// The same of any bytes.
    pub async fn publish_raw(&mut self, topic: &str, body: &[u8]) {
        self.client.publish(topic, QoS::AtLeastOnce, false, body).await.unwrap();
        self.until(|packet| matches!(packet, Packet::PubAck(_)).then_some(())).await;
    }

    /// The next message for it: topic and body. `take` says whether it is acknowledged.
    pub async fn message(&mut self, take: bool) -> (String, Value) {
        let message = self.until(|packet| match packet {
            Packet::Publish(message) => Some(message),
            _ => None,
        });
        let message = message.await;
        if take {
            self.client.ack(&message).await.unwrap();
            let gone = |event| matches!(event, Event::Outgoing(Outgoing::PubAck(_))).then_some(());
            self.see(gone).await;
        }
        (message.topic, serde_json::from_slice(&message.payload).unwrap())
    }

    /// Whether what it publishes is acknowledged; `false` where the connection has ended.
    pub async fn still_heard(&mut self, topic: &str) -> bool {
        if self.client.publish(topic, QoS::AtLeastOnce, false, "[]").await.is_err() {
            return false;
        }
        timeout(WITHIN, async {
            loop {
                match self.events.poll().await {
                    Ok(Event::Incoming(Packet::PubAck(_))) => return true,
                    Ok(_) => {}
                    Err(_) => return false,
                }
            }
        })
        .await
        .expect("an answer in time")
    }

    /// Waits for the end of the connection; `false` where it has not come within this time.
    pub async fn ended(mut self, within: Duration) -> bool {
        timeout(within, async { while self.events.poll().await.is_ok() {} }).await.is_ok()
    }
}
