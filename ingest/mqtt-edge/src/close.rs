//! Why connections end: a closed list, each with its word in the metrics and, for v5, the reason
//! code of the DISCONNECT.

macro_rules! closes {
    ($($(#[$doc:meta])* $name:ident $word:literal $code:expr;)*) => {
        /// Why a connection ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CloseReason { $($(#[$doc])* $name),* }

        impl CloseReason {
            /// Every reason, in order.
            pub const ALL: &'static [CloseReason] = &[$(CloseReason::$name),*];
            /// The stable word in the metrics.
            pub fn word(self) -> &'static str { match self { $(CloseReason::$name => $word),* } }
            /// The reason code of a v5 DISCONNECT, where one is sent.
            pub fn v5_code(self) -> Option<u8> { match self { $(CloseReason::$name => $code),* } }
        }
    };
}

closes! {
    /// DISCONNECT from the client.
    Disconnected "disconnected" None;
    /// The client closed the connection without a DISCONNECT.
    PeerClosed "peer_closed" None;
    /// The connection broke.
    Io "io" None;
    /// The first byte was no CONNECT: a TLS hello, an HTTP request, a packet out of order.
    NotConnect "not_connect" None;
    /// The TLS handshake failed: no TLS, or a certificate that is not good.
    TlsHandshake "tls_handshake" None;
    /// No whole CONNECT in time.
    ConnectTimeout "connect_timeout" None;
    /// A protocol name or level that is not spoken here.
    UnsupportedProtocol "unsupported_protocol" None;
    /// A client identifier that cannot be taken.
    ClientId "client_id" None;
    /// Wrong credentials.
    BadCredentials "bad_credentials" None;
    /// Right credentials, no right to what was asked (a will, a client identifier, a topic).
    NotAuthorized "not_authorized" Some(0x87);
    /// Nobody could be authenticated just then.
    AuthUnavailable "auth_unavailable" None;
    /// Too many connections, in all or of this principal.
    ConnectionQuota "connection_quota" Some(0x97);
    /// Bytes that are no MQTT.
    Malformed "malformed" Some(0x81);
    /// A packet that may not come here, or breaks a rule of the protocol.
    Protocol "protocol" Some(0x82);
    /// Larger than the largest packet.
    PacketTooLarge "packet_too_large" Some(0x95);
    /// An invalid topic.
    Topic "topic" Some(0x90);
    /// An alias beyond what was offered.
    TopicAlias "topic_alias" Some(0x94);
    /// More QoS 2 handshakes open than offered.
    ReceiveMaximum "receive_maximum" Some(0x93);
    /// Too many filters.
    FilterQuota "filter_quota" Some(0x97);
    /// A subscription identifier, though none were offered.
    SubscriptionIdentifier "subscription_identifier" Some(0xA1);
    /// Silent for longer than one and a half keep-alives.
    KeepAlive "keep_alive" Some(0x8D);
    /// Another connection took over the client identifier.
    TakenOver "taken_over" Some(0x8E);
    /// It did not read what was written to it.
    SlowReader "slow_reader" Some(0x97);
    /// More downlinks than its queue holds; the outbox has them.
    DownlinkOverflow "downlink_overflow" Some(0x97);
    /// Something could not be made durable.
    Unavailable "unavailable" Some(0x89);
    /// Ended by the platform: its credential was withdrawn.
    Expelled "expelled" Some(0x98);
    /// The edge is going down.
    Draining "draining" Some(0x8B);
    /// A fault of ours ended its task.
    Fault "fault" None;
}

impl CloseReason {
    /// Whether it was closed for a frame that could not be taken.
    pub fn is_broken_frame(self) -> bool {
        use CloseReason::{Malformed, PacketTooLarge, Protocol, Topic, TopicAlias};
        matches!(self, Malformed | PacketTooLarge | Protocol | Topic | TopicAlias)
    }

    /// Whether a will that still stands is published. It is not when the platform itself goes: a
    /// whole city's stations did not fail then. (A DISCONNECT takes the will back.)
    pub fn publishes_will(self) -> bool {
        !matches!(self, CloseReason::Draining | CloseReason::Fault)
    }
}
