//! Packets to clients, as bytes. An empty result means that the library refused what we asked it
//! to write; nothing is sent then.

use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet as pc;
use mqtt_protocol_core::mqtt::packet::{v3_1_1 as v3, v5_0 as v5};
use mqtt_protocol_core::mqtt::result_code as rc;

use crate::admit::Counts;
use crate::limits::REASON_TEXT_MAX_BYTES;
use crate::principal::Protocol;

const PUBACK: u8 = 0x40;
const PUBREC: u8 = 0x50;
const PUBCOMP: u8 = 0x70;

fn short(out: &mut Vec<u8>, first: u8, packet_id: u16) {
    let [high, low] = packet_id.to_be_bytes();
    out.extend_from_slice(&[first, 2, high, low]);
}

/// PUBACK or PUBREC that says yes. The same four bytes in both revisions, and there are a hundred
/// thousand of them a second: written without going through the library.
pub(crate) fn ack(out: &mut Vec<u8>, qos: u8, packet_id: u16) {
    short(out, if qos == 2 { PUBREC } else { PUBACK }, packet_id);
}

/// The most bytes of an acknowledgement with counts: three pairs of a name and a number.
pub(crate) const COUNTS_MAX_BYTES: usize = 128;

/// PUBACK or PUBREC of v5 that says yes, and what became of the items.
pub(crate) fn counted(out: &mut Vec<u8>, qos: u8, packet_id: u16, counts: Counts) {
    let Counts { accepted, duplicate, refused } = counts;
    let named = [("accepted", accepted), ("duplicate", duplicate), ("refused", refused)];
    let properties: Vec<pc::Property> = named
        .iter()
        .filter_map(|(name, count)| pc::UserProperty::new(*name, count.to_string()).ok())
        .map(Into::into)
        .collect();
    let bytes = if qos == 2 {
        let builder = v5::Pubrec::builder().packet_id(packet_id);
        let builder = builder.reason_code(rc::PubrecReasonCode::Success).props(properties);
        builder.build().map(|packet| packet.to_continuous_buffer())
    } else {
        let builder = v5::Puback::builder().packet_id(packet_id);
        let builder = builder.reason_code(rc::PubackReasonCode::Success).props(properties);
        builder.build().map(|packet| packet.to_continuous_buffer())
    };
    match bytes {
        Ok(bytes) => out.extend_from_slice(&bytes),
        Err(_) => ack(out, qos, packet_id),
    }
}

/// PUBACK or PUBREC with a v5 reason, and its text where the client wants one.
pub(crate) fn nack(out: &mut Vec<u8>, qos: u8, packet_id: u16, code: u8, text: Option<&str>) {
    let properties: Vec<pc::Property> = text
        .and_then(|text| pc::ReasonString::new(cut(text)).ok())
        .map(|text| vec![text.into()])
        .unwrap_or_default();
    let bytes = if qos == 2 {
        let code =
            rc::PubrecReasonCode::try_from(code).unwrap_or(rc::PubrecReasonCode::UnspecifiedError);
        let builder = v5::Pubrec::builder().packet_id(packet_id).reason_code(code);
        let builder = if properties.is_empty() { builder } else { builder.props(properties) };
        builder.build().map(|packet| packet.to_continuous_buffer())
    } else {
        let code =
            rc::PubackReasonCode::try_from(code).unwrap_or(rc::PubackReasonCode::UnspecifiedError);
        let builder = v5::Puback::builder().packet_id(packet_id).reason_code(code);
        let builder = if properties.is_empty() { builder } else { builder.props(properties) };
        builder.build().map(|packet| packet.to_continuous_buffer())
    };
    out.extend_from_slice(&bytes.unwrap_or_default());
}

/// PUBCOMP; `known` is whether there was a handshake to complete, which only v5 can say.
pub(crate) fn pubcomp(out: &mut Vec<u8>, protocol: Protocol, packet_id: u16, known: bool) {
    if known || protocol == Protocol::V311 {
        return short(out, PUBCOMP, packet_id);
    }
    let bytes = v5::Pubcomp::builder()
        .packet_id(packet_id)
        .reason_code(rc::PubcompReasonCode::PacketIdentifierNotFound)
        .build()
        .map(|packet| packet.to_continuous_buffer());
    out.extend_from_slice(&bytes.unwrap_or_default());
}

/// PINGRESP.
pub(crate) fn pingresp(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xD0, 0]);
}

/// SUBACK. The codes are those of v5; v3.1.1 knows only 0x80 for "no".
pub(crate) fn suback(out: &mut Vec<u8>, protocol: Protocol, packet_id: u16, codes: &[u8]) {
    let bytes = match protocol {
        Protocol::V311 => v3::Suback::builder()
            .packet_id(packet_id)
            .return_codes(
                codes
                    .iter()
                    .map(|c| {
                        rc::SubackReturnCode::try_from(*c).unwrap_or(rc::SubackReturnCode::Failure)
                    })
                    .collect(),
            )
            .build()
            .map(|packet| packet.to_continuous_buffer()),
        Protocol::V5 => v5::Suback::builder()
            .packet_id(packet_id)
            .reason_codes(
                codes
                    .iter()
                    .map(|c| {
                        rc::SubackReasonCode::try_from(*c)
                            .unwrap_or(rc::SubackReasonCode::UnspecifiedError)
                    })
                    .collect(),
            )
            .build()
            .map(|packet| packet.to_continuous_buffer()),
    };
    out.extend_from_slice(&bytes.unwrap_or_default());
}

/// UNSUBACK; `existed` says for each filter whether it was subscribed to.
pub(crate) fn unsuback(out: &mut Vec<u8>, protocol: Protocol, packet_id: u16, existed: &[bool]) {
    let bytes = match protocol {
        Protocol::V311 => v3::Unsuback::builder()
            .packet_id(packet_id)
            .build()
            .map(|packet| packet.to_continuous_buffer()),
        Protocol::V5 => v5::Unsuback::builder()
            .packet_id(packet_id)
            .reason_codes(
                existed
                    .iter()
                    .map(|existed| match existed {
                        true => rc::UnsubackReasonCode::Success,
                        false => rc::UnsubackReasonCode::NoSubscriptionExisted,
                    })
                    .collect(),
            )
            .build()
            .map(|packet| packet.to_continuous_buffer()),
    };
    out.extend_from_slice(&bytes.unwrap_or_default());
}

/// DISCONNECT with a v5 reason code.
pub(crate) fn disconnect(out: &mut Vec<u8>, code: u8) {
    let Ok(code) = rc::DisconnectReasonCode::try_from(code) else { return };
    if let Ok(packet) = v5::Disconnect::builder().reason_code(code).build() {
        out.extend_from_slice(&packet.to_continuous_buffer());
    }
}

/// PUBLISH at QoS 1 with a packet identifier, or at QoS 0 without one.
pub(crate) fn publish(
    protocol: Protocol,
    topic: &str,
    body: &Bytes,
    packet_id: Option<u16>,
    retain: bool,
) -> Vec<u8> {
    let qos = if packet_id.is_some() { pc::Qos::AtLeastOnce } else { pc::Qos::AtMostOnce };
    match protocol {
        Protocol::V311 => v3::Publish::builder()
            .topic_name(topic)
            .and_then(|b| b.qos(qos).packet_id(packet_id).retain(retain).payload(&body[..]).build())
            .map(|packet| packet.to_continuous_buffer()),
        Protocol::V5 => v5::Publish::builder()
            .topic_name(topic)
            .and_then(|b| b.qos(qos).packet_id(packet_id).retain(retain).payload(&body[..]).build())
            .map(|packet| packet.to_continuous_buffer()),
    }
    .unwrap_or_default()
}

/// Cuts a text at a character's edge.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(REASON_TEXT_MAX_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
