//! Every bound of the edge, named, with its default.

use std::time::Duration;

/// Connections in all.
pub const CONNECTIONS_MAX: usize = 20_000;
/// Connections that have not finished their CONNECT.
pub const HANDSHAKES_MAX: usize = 4_096;
/// Connections of one agency or unit.
pub const CONNECTIONS_PER_PRINCIPAL_MAX: usize = 5_000;
/// The largest packet, fixed header included, in bytes.
pub const PACKET_MAX_BYTES: usize = 256 * 1024;
/// The largest CONNECT, in bytes: nobody is known before it.
pub const CONNECT_PACKET_MAX_BYTES: usize = 16 * 1024;
/// The longest client identifier, in bytes.
pub const CLIENT_ID_MAX_BYTES: usize = 128;
/// Messages of one connection that wait for their verdict or their PUBREL. v5 clients are told
/// this as Receive Maximum.
pub const INFLIGHT_MAX_MESSAGES: usize = 512;
/// Bytes of one connection that wait for their verdict. Holds at least one largest packet.
pub const INFLIGHT_MAX_BYTES: usize = 1024 * 1024;
/// What a packet in flight weighs besides its body, in bytes.
pub const INFLIGHT_OVERHEAD_BYTES: usize = 128;
/// Bytes of all connections that wait for their verdict.
pub const INFLIGHT_TOTAL_MAX_BYTES: usize = 128 * 1024 * 1024;
/// The properties of one v5 packet, in bytes.
pub const PROPERTIES_MAX_BYTES: usize = 16 * 1024;
/// Filters in one SUBSCRIBE or UNSUBSCRIBE.
pub const FILTERS_PER_PACKET_MAX: usize = 64;
/// Subscriptions of one connection.
pub const SUBSCRIPTIONS_MAX: usize = 64;
/// Topic aliases of one v5 connection.
pub const TOPIC_ALIASES_MAX: u16 = 16;
/// Downlinks queued for one connection; when it is full that connection is closed, and the outbox
/// holds the rest.
pub const DOWNLINK_QUEUE: usize = 256;
/// Downlinks that wait for their PUBACK, per connection.
pub const DOWNLINK_WINDOW: usize = 32;
/// Downlinks taken from the outbox at a time after a SUBSCRIBE.
pub const RESUME_BATCH: usize = 64;
/// Bytes waiting to be written to one client before its packets are left unread.
pub const OUT_HIGH_BYTES: usize = 32 * 1024;
/// What the kernel keeps for one connection in each direction, in bytes. Its own choice grows to
/// megabytes for a client that floods, or that does not read.
pub const SOCKET_BUFFER_BYTES: usize = 128 * 1024;
/// Bytes read from a socket at a time, into a buffer shared by the connections of a thread.
pub const READ_SCRATCH_BYTES: usize = 64 * 1024;
/// How long a connection that has nothing in flight waits while all together have too much.
pub const BUDGET_RETRY: Duration = Duration::from_millis(50);
/// Buffers larger than this are given back once they are empty, in bytes.
pub const BUFFER_KEPT_BYTES: usize = 1024;
/// The longest text of a reason sent to a v5 client, in bytes.
pub const REASON_TEXT_MAX_BYTES: usize = 200;
/// Bytes of a closing connection that are read and thrown away, so that the reason arrives before
/// the reset.
pub const LINGER_MAX_BYTES: usize = 1024 * 1024;

/// The bounds a deployment may set. [`Default`] is the constants of this module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeConfig {
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// See [`HANDSHAKES_MAX`].
    pub handshakes_max: usize,
    /// See [`CONNECTIONS_PER_PRINCIPAL_MAX`].
    pub connections_per_principal_max: usize,
    /// See [`PACKET_MAX_BYTES`].
    pub packet_max_bytes: usize,
    /// See [`INFLIGHT_MAX_MESSAGES`].
    pub inflight_max_messages: usize,
    /// See [`INFLIGHT_MAX_BYTES`].
    pub inflight_max_bytes: usize,
    /// See [`INFLIGHT_TOTAL_MAX_BYTES`].
    pub inflight_total_max_bytes: usize,
    /// See [`SUBSCRIPTIONS_MAX`].
    pub subscriptions_max: usize,
    /// See [`DOWNLINK_QUEUE`].
    pub downlink_queue: usize,
    /// See [`DOWNLINK_WINDOW`].
    pub downlink_window: usize,
    /// How long a connection may take to its first byte.
    pub first_byte_timeout: Duration,
    /// How long a connection may take to a whole, authenticated CONNECT.
    pub connect_timeout: Duration,
    /// The longest keep-alive; a client that asks for none, or for more, gets this one.
    pub keep_alive_max: Duration,
    /// How long a client may leave what was written to it unread.
    pub write_stall_timeout: Duration,
    /// How long verdicts still under way are waited for when a connection ends or the edge drains.
    pub drain_timeout: Duration,
    /// How long a closing connection lingers for its reason to arrive.
    pub linger_timeout: Duration,
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_MAX,
            handshakes_max: HANDSHAKES_MAX,
            connections_per_principal_max: CONNECTIONS_PER_PRINCIPAL_MAX,
            packet_max_bytes: PACKET_MAX_BYTES,
            inflight_max_messages: INFLIGHT_MAX_MESSAGES,
            inflight_max_bytes: INFLIGHT_MAX_BYTES,
            inflight_total_max_bytes: INFLIGHT_TOTAL_MAX_BYTES,
            subscriptions_max: SUBSCRIPTIONS_MAX,
            downlink_queue: DOWNLINK_QUEUE,
            downlink_window: DOWNLINK_WINDOW,
            first_byte_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(10),
            keep_alive_max: Duration::from_secs(1_200),
            write_stall_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(8),
            linger_timeout: Duration::from_secs(1),
        }
    }
}
