//! The way up within one connection: the rules for a PUBLISH before it is handed over, and the
//! QoS 2 handshake.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::refusal::Reason;

use crate::admit::{Packet, Qos, Verdict};
use crate::close::CloseReason;
use crate::limits::TOPIC_ALIASES_MAX;
use crate::packets::Publish;
use crate::principal::{Directory, Principal, Protocol};
use crate::stats::Tally;
use crate::topics::{TopicError, check_topic};

/// What is to be done with a PUBLISH.
pub(crate) enum Judged {
    /// Hand it over.
    Admit(Packet),
    /// The answer is known.
    Known(Verdict),
    /// Its first copy is under way and will be answered.
    UnderWay,
}

/// Where a QoS 2 handshake stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handshake {
    /// The verdict is awaited.
    Awaiting,
    /// PUBREC is sent, PUBREL awaited.
    Received,
}

/// The publishing side of one connection.
pub(crate) struct Upstream {
    protocol: Protocol,
    principal: Arc<Principal>,
    /// v5 aliases, the first at 0.
    aliases: Vec<Option<Arc<str>>>,
    /// Most clients publish to one topic: its text is kept, and its form is checked once.
    last_topic: Option<Arc<str>>,
    handshakes: BTreeMap<u16, Handshake>,
    handshakes_max: usize,
}

impl Upstream {
    pub(crate) fn new(
        protocol: Protocol,
        principal: Arc<Principal>,
        handshakes_max: usize,
    ) -> Self {
        Self {
            protocol,
            principal,
            aliases: Vec::new(),
            last_topic: None,
            handshakes: BTreeMap::new(),
            handshakes_max,
        }
    }

    /// Whom the connection belongs to.
    pub(crate) fn principal(&self) -> Arc<Principal> {
        self.principal.clone()
    }

    /// The topic that was last of a good form; empty before the first.
    pub(crate) fn last_topic(&self) -> &str {
        self.last_topic.as_deref().unwrap_or_default()
    }

    /// Judges a PUBLISH by its topic, its sender and its handshake.
    ///
    /// # Errors
    /// The reason for which the connection is to be closed.
    pub(crate) fn judge<D: Directory>(
        &mut self,
        publish: Publish,
        directory: &D,
        tally: &mut Tally,
    ) -> Result<Judged, CloseReason> {
        tally.publishes_dup += u64::from(publish.dup);
        tally.retain_ignored += u64::from(publish.retain);
        let topic = match self.topic(&publish)? {
            Ok(topic) => topic,
            Err(TopicError::Reserved) => return self.refuse_access(CloseReason::NotAuthorized),
            Err(error) if self.protocol == Protocol::V5 => {
                let detail = error.to_string();
                return Ok(Judged::Known(Verdict::Refused {
                    reason: Reason::UnknownChannel,
                    detail,
                }));
            }
            Err(_) => return Err(CloseReason::Topic),
        };
        if publish.qos == 2
            && let Some(handshake) = self.handshakes.get(&publish.packet_id)
        {
            tally.qos2_repeats += 1;
            return Ok(match handshake {
                Handshake::Awaiting => Judged::UnderWay,
                Handshake::Received => Judged::Known(Verdict::Duplicate),
            });
        }
        if !directory.may_publish(&self.principal, &topic) {
            return self.refuse_access(CloseReason::NotAuthorized);
        }
        let qos = match publish.qos {
            0 => {
                tally.publishes_qos0 += 1;
                Qos::AtMostOnce
            }
            1 => {
                tally.publishes_qos1 += 1;
                Qos::AtLeastOnce
            }
            _ => {
                if self.handshakes.len() >= self.handshakes_max {
                    return Err(CloseReason::ReceiveMaximum);
                }
                self.handshakes.insert(publish.packet_id, Handshake::Awaiting);
                tally.publishes_qos2 += 1;
                Qos::ExactlyOnce
            }
        };
        Ok(Judged::Admit(Packet {
            who: self.principal.clone(),
            topic,
            body: publish.body,
            qos,
            dup: publish.dup,
            retain: publish.retain,
            will: false,
        }))
    }

    /// v3.1.1 has no negative acknowledgement: there, the connection is closed.
    fn refuse_access(&self, reason: CloseReason) -> Result<Judged, CloseReason> {
        match self.protocol {
            Protocol::V5 => Ok(Judged::Known(Verdict::AccessRefused)),
            Protocol::V311 => Err(reason),
        }
    }

    /// The topic, with its alias resolved or entered; the inner error is one that may be answered.
    fn topic(&mut self, publish: &Publish) -> Result<Result<Arc<str>, TopicError>, CloseReason> {
        let slot = match publish.alias {
            Some(alias) if alias == 0 || alias > TOPIC_ALIASES_MAX => {
                return Err(CloseReason::TopicAlias);
            }
            alias => alias.map(|alias| usize::from(alias) - 1),
        };
        let text = publish.topic.as_str();
        if let (Some(slot), "") = (slot, text) {
            let known = self.aliases.get(slot).cloned().flatten();
            return known.map(Ok).ok_or(CloseReason::Protocol);
        }
        let topic = match &self.last_topic {
            Some(last) if **last == *text => last.clone(),
            _ => {
                match check_topic(text) {
                    Ok(()) => {}
                    Err(error) if error.is_protocol_violation() => return Err(CloseReason::Topic),
                    Err(error) => return Ok(Err(error)),
                }
                let topic: Arc<str> = text.into();
                self.last_topic = Some(topic.clone());
                topic
            }
        };
        if let Some(slot) = slot {
            if self.aliases.len() <= slot {
                self.aliases.resize(slot + 1, None);
            }
            self.aliases[slot] = Some(topic.clone());
        }
        Ok(Ok(topic))
    }

    /// The PUBREC of a handshake was written; `accepted` is whether it said yes.
    pub(crate) fn received(&mut self, packet_id: u16, accepted: bool) {
        if accepted {
            if let Some(handshake) = self.handshakes.get_mut(&packet_id) {
                *handshake = Handshake::Received;
            }
        } else {
            self.handshakes.remove(&packet_id);
        }
    }

    /// Takes a PUBREL; whether there was a handshake to complete.
    pub(crate) fn released(&mut self, packet_id: u16) -> bool {
        self.handshakes.remove(&packet_id).is_some()
    }
}

/// The v5 reason code of a verdict, and its text; `None` is "yes".
pub(crate) fn v5_refusal(verdict: &Verdict) -> Option<(u8, String)> {
    match verdict {
        Verdict::Stored | Verdict::Duplicate | Verdict::Quarantined => None,
        Verdict::Counted(_) | Verdict::Unavailable => None,
        Verdict::AccessRefused => Some((0x87, String::new())),
        Verdict::Refused { reason, detail } => {
            let code = match reason {
                Reason::UnknownChannel => 0x90,
                Reason::RateLimited | Reason::TooLarge => 0x97,
                _ => 0x99,
            };
            Some((code, format!("{}: {detail}", reason.wire())))
        }
    }
}
