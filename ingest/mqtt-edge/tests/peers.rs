//! A client library of the field, in both revisions, as the peer.

// Lints know only `#[test]` functions as tests, not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use bytes::Bytes;
use mqtt_edge::{CloseReason, Downlink, Qos};
use support::{DEADLINE, edge};
use tokio::sync::mpsc;
use tokio::time::timeout;

const TASKS: &str = "fh/v1/units/boat-1/tasks";
const REPORT: &str = "fh/v1/units/boat-1/report";
/// Messages of each quality of service.
const EACH: usize = 150;

/// The two revisions have the same calls under different paths.
macro_rules! peer {
    ($name:ident, $client:path, $options:path, $qos:path, $event:path, $packet:path) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            use $client as AsyncClient;
            use $event as Event;
            use $options as MqttOptions;
            use $packet as Packet;
            use $qos as QoS;

            let edge = edge().await;
            let task = Downlink {
                topic: TASKS.into(),
                body: Bytes::from_static(b"pump at the east gate"),
                key: 1,
                retain: false,
                kept: true,
            };
            edge.tray.held.lock().unwrap().insert(1, task);

            let mut options = MqttOptions::new("boat-1", "127.0.0.1", edge.port);
            options.set_credentials("boat-1", "boat-1-secret");
            let (client, mut events) = AsyncClient::new(options, 16);
            let (sender, mut seen) = mpsc::channel(1_000);
            let polling = tokio::spawn(async move {
                while let Ok(event) = events.poll().await {
                    if let Event::Incoming(packet) = event {
                        if sender.send(packet).await.is_err() {
                            break;
                        }
                    }
                }
            });
            client.subscribe(TASKS, QoS::AtLeastOnce).await.unwrap();
            for i in 0..EACH {
                for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
                    let body = format!("{i}:{}", qos as u8);
                    client.publish(REPORT, qos, false, body).await.unwrap();
                }
            }
            let (mut acks, mut completed, mut tasks) = (0, 0, 0);
            while (acks, completed, tasks) != (EACH, EACH, 1) {
                match timeout(DEADLINE, seen.recv()).await.expect("in time").expect("connected") {
                    Packet::PubAck(_) => acks += 1,
                    Packet::PubComp(_) => completed += 1,
                    Packet::Publish(publish) => {
                        assert_eq!(&publish.payload[..], b"pump at the east gate");
                        tasks += 1;
                    }
                    _ => {}
                }
            }
            edge.until("the task is delivered", |s| s.downlinks_delivered == 1).await;
            client.disconnect().await.unwrap();
            edge.until("goodbye", |s| s.closed(CloseReason::Disconnected) == 1).await;
            polling.abort();
            let packets = edge.desk.packets.lock().unwrap();
            for (qos, digit) in [(Qos::AtMostOnce, 0), (Qos::AtLeastOnce, 1), (Qos::ExactlyOnce, 2)]
            {
                let bodies: Vec<_> =
                    packets.iter().filter(|p| p.qos == qos).map(|p| p.body.clone()).collect();
                let expected: Vec<_> = (0..EACH).map(|i| format!("{i}:{digit}")).collect();
                assert_eq!(bodies, expected, "in order, each once");
            }
        }
    };
}

peer!(
    a_v311_client_reports_and_takes_its_task,
    rumqttc::AsyncClient,
    rumqttc::MqttOptions,
    rumqttc::QoS,
    rumqttc::Event,
    rumqttc::Packet
);
peer!(
    a_v5_client_reports_and_takes_its_task,
    rumqttc::v5::AsyncClient,
    rumqttc::v5::MqttOptions,
    rumqttc::v5::mqttbytes::QoS,
    rumqttc::v5::Event,
    rumqttc::v5::mqttbytes::v5::Packet
);
