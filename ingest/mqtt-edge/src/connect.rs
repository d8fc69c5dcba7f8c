//! CONNECT, decoded for both revisions, and the CONNACK that answers it.

use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet as pc;
use mqtt_protocol_core::mqtt::packet::Property;
use mqtt_protocol_core::mqtt::packet::{v3_1_1 as v3, v5_0 as v5};
use mqtt_protocol_core::mqtt::result_code::{ConnectReasonCode, ConnectReturnCode};

use crate::limits::{EdgeConfig, TOPIC_ALIASES_MAX};
use crate::principal::Protocol;
use crate::wire;

/// What a CONNECT says.
pub(crate) struct Connect {
    pub(crate) client_id: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Bytes>,
    pub(crate) clean: bool,
    pub(crate) keep_alive_s: u16,
    pub(crate) will: Option<Will>,
    /// The most downlinks the client takes unacknowledged.
    pub(crate) receive_max: u16,
    /// The largest packet the client takes, in bytes.
    pub(crate) packet_max_bytes: usize,
    /// It wants to be told why.
    pub(crate) wants_reasons: bool,
    /// It asks for a session that outlives the connection.
    pub(crate) wants_session: bool,
    /// It asks for an authentication exchange.
    pub(crate) extended_auth: bool,
}

/// The will of a client.
#[derive(Debug, Clone)]
pub(crate) struct Will {
    pub(crate) topic: String,
    pub(crate) body: Bytes,
    /// 0, 1 or 2.
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    /// v5: it asked for a delay. There is no session to wait in, but a client that comes back by
    /// taking its name over is spared it.
    pub(crate) delayed: bool,
}

/// Decodes a CONNECT that has passed [`crate::wire::check_connect`]; `None` when it is malformed.
pub(crate) fn decode(body: &[u8], protocol: Protocol) -> Option<Connect> {
    match protocol {
        Protocol::V311 => decode_v311(body),
        Protocol::V5 => decode_v5(body),
    }
}

fn decode_v311(body: &[u8]) -> Option<Connect> {
    let (packet, used) = v3::Connect::parse(body).ok()?;
    let will = packet.will_topic().map(|topic| Will {
        topic: topic.to_owned(),
        body: Bytes::copy_from_slice(packet.will_payload().unwrap_or_default()),
        qos: packet.will_qos() as u8,
        retain: packet.will_retain(),
        delayed: false,
    });
    (used == body.len()).then(|| Connect {
        client_id: packet.client_id().to_owned(),
        user: packet.user_name().map(str::to_owned),
        password: packet.password().map(Bytes::copy_from_slice),
        clean: packet.clean_session(),
        keep_alive_s: packet.keep_alive(),
        will,
        receive_max: u16::MAX,
        packet_max_bytes: usize::MAX,
        wants_reasons: false,
        wants_session: !packet.clean_session(),
        extended_auth: false,
    })
}

/// v5 allows a password without a user name, which the library does not: an empty user name is
/// put before the password, which is the last thing in the packet.
fn with_user_name(body: &[u8]) -> Option<Vec<u8>> {
    let flags_at = 7;
    let flags = *body.get(flags_at)?;
    let mut rest = wire::skip_properties(body.get(flags_at + 3..)?).ok()?;
    rest = wire::skip_text(rest).ok()?;
    if flags & 0x04 != 0 {
        rest = wire::skip_properties(rest).ok()?;
        rest = wire::skip_text(wire::skip_text(rest).ok()?).ok()?;
    }
    let mut named = body[..body.len() - rest.len()].to_vec();
    named[flags_at] = flags | 0x80;
    named.extend_from_slice(&[0, 0]);
    named.extend_from_slice(rest);
    Some(named)
}

fn decode_v5(body: &[u8]) -> Option<Connect> {
    let unnamed = *body.get(7)? & 0xC0 == 0x40;
    let named = if unnamed { Some(with_user_name(body)?) } else { None };
    let body = named.as_deref().unwrap_or(body);
    let (packet, used) = v5::Connect::parse(body).ok()?;
    let will = packet.will_topic().map(|topic| Will {
        topic: topic.to_owned(),
        body: Bytes::copy_from_slice(packet.will_payload().unwrap_or_default()),
        qos: packet.will_qos() as u8,
        retain: packet.will_retain(),
        delayed: packet
            .will_props()
            .iter()
            .any(|p| matches!(p, Property::WillDelayInterval(seconds) if seconds.val() > 0)),
    });
    let mut connect = Connect {
        client_id: packet.client_id().to_owned(),
        user: packet.user_name().filter(|_| !unnamed).map(str::to_owned),
        password: packet.password().map(Bytes::copy_from_slice),
        clean: packet.clean_start(),
        keep_alive_s: packet.keep_alive(),
        will,
        receive_max: u16::MAX,
        packet_max_bytes: usize::MAX,
        wants_reasons: true,
        wants_session: false,
        extended_auth: false,
    };
    for property in packet.props() {
        match property {
            Property::ReceiveMaximum(max) => connect.receive_max = max.val(),
            Property::MaximumPacketSize(max) => {
                connect.packet_max_bytes = usize::try_from(max.val()).unwrap_or(usize::MAX);
            }
            Property::RequestProblemInformation(wanted) => {
                connect.wants_reasons = wanted.val() != 0
            }
            Property::SessionExpiryInterval(seconds) => connect.wants_session = seconds.val() != 0,
            Property::AuthenticationMethod(_) => connect.extended_auth = true,
            _ => {}
        }
    }
    let in_form = used == body.len() && connect.receive_max > 0 && connect.packet_max_bytes > 0;
    in_form.then_some(connect)
}

/// What a client that is let in is told.
pub(crate) struct Welcome<'a> {
    pub(crate) config: &'a EdgeConfig,
    /// The identifier the edge made for it.
    pub(crate) assigned_id: Option<&'a str>,
    /// The keep-alive the edge holds it to, where that is not the one it asked for.
    pub(crate) keep_alive_s: Option<u16>,
    /// It asked for a session that outlives the connection: there is none.
    pub(crate) deny_session: bool,
}

/// CONNACK for a client that is let in. The v5 properties say what is not offered: sessions that
/// outlive the connection, retained messages, shared subscriptions, subscription identifiers.
pub(crate) fn welcome(protocol: Protocol, welcome: &Welcome<'_>) -> Vec<u8> {
    match protocol {
        Protocol::V311 => refusal(protocol, 0),
        Protocol::V5 => {
            let config = welcome.config;
            let receive_max =
                u16::try_from(config.inflight_max_messages).unwrap_or(u16::MAX).max(1);
            let packet_max = u32::try_from(config.packet_max_bytes).unwrap_or(u32::MAX);
            let mut properties: Vec<Option<Property>> = vec![
                pc::ReceiveMaximum::new(receive_max).ok().map(Into::into),
                pc::RetainAvailable::new(0).ok().map(Into::into),
                pc::MaximumPacketSize::new(packet_max).ok().map(Into::into),
                pc::TopicAliasMaximum::new(TOPIC_ALIASES_MAX).ok().map(Into::into),
                pc::SubscriptionIdentifierAvailable::new(0).ok().map(Into::into),
                pc::SharedSubscriptionAvailable::new(0).ok().map(Into::into),
            ];
            if welcome.deny_session {
                properties.push(pc::SessionExpiryInterval::new(0).ok().map(Into::into));
            }
            if let Some(id) = welcome.assigned_id {
                properties.push(pc::AssignedClientIdentifier::new(id).ok().map(Into::into));
            }
            if let Some(seconds) = welcome.keep_alive_s {
                properties.push(pc::ServerKeepAlive::new(seconds).ok().map(Into::into));
            }
            v5::Connack::builder()
                .session_present(false)
                .reason_code(ConnectReasonCode::Success)
                .props(properties.into_iter().flatten().collect::<Vec<_>>())
                .build()
                .map(|packet| packet.to_continuous_buffer())
                .unwrap_or_default()
        }
    }
}

/// CONNACK with a return code (v3.1.1: 0 to 5) or reason code (v5) and nothing else.
pub(crate) fn refusal(protocol: Protocol, code: u8) -> Vec<u8> {
    match protocol {
        Protocol::V311 => v3::Connack::builder()
            .session_present(false)
            .return_code(
                ConnectReturnCode::try_from(code).unwrap_or(ConnectReturnCode::NotAuthorized),
            )
            .build()
            .map(|packet| packet.to_continuous_buffer()),
        Protocol::V5 => v5::Connack::builder()
            .session_present(false)
            .reason_code(
                ConnectReasonCode::try_from(code).unwrap_or(ConnectReasonCode::UnspecifiedError),
            )
            .build()
            .map(|packet| packet.to_continuous_buffer()),
    }
    .unwrap_or_default()
}
