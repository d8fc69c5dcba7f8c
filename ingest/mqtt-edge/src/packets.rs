//! The one place that names the protocol library: packets as they come in, decoded, and packets
//! as they go out, encoded, for both revisions.

use std::sync::Arc;

use bytes::Bytes;
use mqtt_protocol_core::mqtt::ArcPayload;
use mqtt_protocol_core::mqtt::packet as pc;
use mqtt_protocol_core::mqtt::packet::Property;
use mqtt_protocol_core::mqtt::packet::{v3_1_1 as v3, v5_0 as v5};
use mqtt_protocol_core::mqtt::result_code::MqttError;

use crate::close::CloseReason;
use crate::principal::Protocol;
use crate::wire::{Frame, kind};

/// A decoded packet from a connected client.
#[derive(Debug)]
pub(crate) enum Incoming {
    Publish(Publish),
    /// PUBACK, and whether it says that the client took the message.
    Puback(u16, bool),
    Pubrel(u16),
    /// PUBREC and PUBCOMP: answers to QoS 2 messages, which the edge never sends.
    Unasked,
    Subscribe(Subscribe),
    Unsubscribe(u16, Vec<String>),
    Ping,
    /// DISCONNECT, and whether the will is to be published all the same.
    Disconnect(bool),
}

/// A PUBLISH.
#[derive(Debug)]
pub(crate) struct Publish {
    pub(crate) packet_id: u16,
    /// 0, 1 or 2.
    pub(crate) qos: u8,
    pub(crate) dup: bool,
    pub(crate) retain: bool,
    /// Empty when the alias stands for it.
    pub(crate) topic: Topic,
    pub(crate) alias: Option<u16>,
    pub(crate) body: Bytes,
}

/// The topic of a PUBLISH, still within the packet that brought it.
#[derive(Debug)]
pub(crate) enum Topic {
    V311(v3::Publish),
    V5(v5::Publish),
}

impl Topic {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Topic::V311(packet) => packet.topic_name(),
            Topic::V5(packet) => packet.topic_name(),
        }
    }
}

/// A SUBSCRIBE.
#[derive(Debug)]
pub(crate) struct Subscribe {
    pub(crate) packet_id: u16,
    pub(crate) entries: Vec<SubscribeEntry>,
    /// It carries a subscription identifier, which is not offered.
    pub(crate) has_identifier: bool,
}

/// One filter of a SUBSCRIBE.
#[derive(Debug)]
pub(crate) struct SubscribeEntry {
    pub(crate) filter: String,
    /// 0, 1 or 2.
    pub(crate) qos: u8,
    /// Live messages keep their RETAIN flag.
    pub(crate) retain_as_published: bool,
    /// Standing state is not wanted at SUBSCRIBE.
    pub(crate) skip_retained: bool,
}

/// The library's error as the reason of a close.
fn fault(error: MqttError) -> CloseReason {
    match error {
        MqttError::ProtocolError => CloseReason::Protocol,
        MqttError::PacketTooLarge => CloseReason::PacketTooLarge,
        _ => CloseReason::Malformed,
    }
}

/// Runs a parser that must use up the whole body.
fn exact<T>(
    body: &[u8],
    parse: impl FnOnce(&[u8]) -> Result<(T, usize), MqttError>,
) -> Result<T, CloseReason> {
    let (packet, used) = parse(body).map_err(fault)?;
    if used == body.len() { Ok(packet) } else { Err(CloseReason::Malformed) }
}

/// Decodes a packet that has passed [`crate::wire::check_first`] and [`crate::wire::check_body`].
///
/// # Errors
/// The reason for which the connection is to be closed.
pub(crate) fn decode(frame: &Frame<'_>, protocol: Protocol) -> Result<Incoming, CloseReason> {
    let body = frame.body;
    Ok(match (frame.kind(), protocol) {
        (kind::PUBLISH, _) => Incoming::Publish(decode_publish(frame, protocol)?),
        (kind::PUBACK, Protocol::V311) => {
            Incoming::Puback(exact(body, v3::Puback::parse)?.packet_id(), true)
        }
        (kind::PUBACK, Protocol::V5) => {
            let packet = exact(body, v5::Puback::parse)?;
            let taken = packet.reason_code().is_none_or(|code| !code.is_failure());
            Incoming::Puback(packet.packet_id(), taken)
        }
        (kind::PUBREL, Protocol::V311) => {
            Incoming::Pubrel(exact(body, v3::Pubrel::parse)?.packet_id())
        }
        (kind::PUBREL, Protocol::V5) => {
            Incoming::Pubrel(exact(body, v5::Pubrel::parse)?.packet_id())
        }
        (kind::PUBREC, Protocol::V5) => {
            exact(body, v5::Pubrec::parse).map(|_| Incoming::Unasked)?
        }
        (kind::PUBCOMP, Protocol::V5) => {
            exact(body, v5::Pubcomp::parse).map(|_| Incoming::Unasked)?
        }
        (kind::PUBREC | kind::PUBCOMP, Protocol::V311) => Incoming::Unasked,
        (kind::SUBSCRIBE, _) => Incoming::Subscribe(decode_subscribe(body, protocol)?),
        (kind::UNSUBSCRIBE, Protocol::V311) => {
            let packet = exact(body, v3::Unsubscribe::parse)?;
            let filters = packet.entries().iter().map(ToString::to_string).collect();
            Incoming::Unsubscribe(packet.packet_id(), filters)
        }
        (kind::UNSUBSCRIBE, Protocol::V5) => {
            let packet = exact(body, v5::Unsubscribe::parse)?;
            let filters = packet.entries().iter().map(ToString::to_string).collect();
            Incoming::Unsubscribe(packet.packet_id(), filters)
        }
        (kind::PINGREQ, _) if body.is_empty() => Incoming::Ping,
        (kind::DISCONNECT, Protocol::V311) if body.is_empty() => Incoming::Disconnect(false),
        (kind::DISCONNECT, Protocol::V5) => {
            exact(body, v5::Disconnect::parse)?;
            Incoming::Disconnect(body.first().is_some_and(|code| *code != 0))
        }
        _ => return Err(CloseReason::Malformed),
    })
}

fn decode_publish(frame: &Frame<'_>, protocol: Protocol) -> Result<Publish, CloseReason> {
    let shared: Arc<[u8]> = Arc::from(frame.body);
    let qos = frame.qos();
    let (dup, retain) = (frame.first & 8 != 0, frame.first & 1 != 0);
    match protocol {
        Protocol::V311 => {
            let (packet, _) = v3::Publish::parse(frame.flags(), shared).map_err(fault)?;
            let (packet_id, body) =
                (packet.packet_id().unwrap_or(0), payload(packet.payload().clone()));
            let topic = Topic::V311(packet);
            Ok(Publish { packet_id, qos, dup, retain, topic, alias: None, body })
        }
        Protocol::V5 => {
            let (packet, _) = v5::Publish::parse(frame.flags(), shared).map_err(fault)?;
            let mut alias = None;
            for property in packet.props() {
                match property {
                    Property::TopicAlias(number) => alias = Some(number.val()),
                    Property::SubscriptionIdentifier(_) => return Err(CloseReason::Protocol),
                    _ => {}
                }
            }
            let (packet_id, body) =
                (packet.packet_id().unwrap_or(0), payload(packet.payload().clone()));
            Ok(Publish { packet_id, qos, dup, retain, topic: Topic::V5(packet), alias, body })
        }
    }
}

/// A payload as an owner of bytes, so that it is not copied again.
struct Payload(ArcPayload);

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

fn payload(payload: ArcPayload) -> Bytes {
    if payload.is_empty() { Bytes::new() } else { Bytes::from_owner(Payload(payload)) }
}

fn decode_subscribe(body: &[u8], protocol: Protocol) -> Result<Subscribe, CloseReason> {
    let entry = |entry: &pc::SubEntry| {
        let options = entry.sub_opts();
        SubscribeEntry {
            filter: entry.topic_filter().to_owned(),
            qos: options.qos() as u8,
            retain_as_published: options.rap(),
            skip_retained: options.rh() == pc::RetainHandling::DoNotSendRetained,
        }
    };
    match protocol {
        Protocol::V311 => {
            let packet = exact(body, v3::Subscribe::parse)?;
            let reserved = |e: &pc::SubEntry| e.sub_opts().to_buffer()[0] & 0xFC != 0;
            if packet.entries().iter().any(reserved) {
                return Err(CloseReason::Malformed);
            }
            let entries = packet.entries().iter().map(entry).collect();
            Ok(Subscribe { packet_id: packet.packet_id(), entries, has_identifier: false })
        }
        Protocol::V5 => {
            let packet = exact(body, v5::Subscribe::parse)?;
            let has_identifier =
                packet.props().iter().any(|p| matches!(p, Property::SubscriptionIdentifier(_)));
            let entries = packet.entries().iter().map(entry).collect();
            Ok(Subscribe { packet_id: packet.packet_id(), entries, has_identifier })
        }
    }
}
