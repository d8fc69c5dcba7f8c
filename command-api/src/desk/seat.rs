//! A seat at the desk: how anybody reaches the room. Commands in, what the record and the engine
//! brought in; all through one bounded door.

use contract::views::LogEntry;
use domain::decision::Decision;
use domain::desk::{Command, Role};
use domain::ids::{Seq, UserName};
use domain::record::Sequenced;
use tokio::sync::{mpsc, oneshot};

use super::Refusal;

/// What may wait at the door of the room.
pub const DOOR: usize = 1_024;

/// Why a command is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// The desk refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be made durable: nothing happened.
    #[error("the command could not be made durable: {0}")]
    NotDurable(String),
    /// The room is full or has closed: nothing happened.
    #[error("the desk does not take commands at this moment")]
    Unavailable,
}

/// A command as it is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The sender's own id of it.
    pub id: String,
    /// The command.
    pub command: Command,
    /// Who asks.
    pub who: UserName,
    /// In which role.
    pub role: Role,
}

/// What comes through the door.
#[derive(Debug)]
pub enum Entering {
    /// A command, and where the answer goes.
    Command(Box<Asked>, oneshot::Sender<Result<Vec<LogEntry>, NotDone>>),
    /// Decisions of the engine, in order; the engine waits until they are on the picture.
    Decided(Vec<Decision>),
    /// Records that are durable, in order, but observations.
    Heard(Vec<Sequenced>),
    /// A unit's session has taken the order with this number.
    Delivered(u64),
    /// Write the picture down, say when it is done, and close.
    Close(oneshot::Sender<()>),
}

/// A seat. Clones are seats at the same desk.
#[derive(Debug, Clone)]
pub struct Seat {
    door: mpsc::Sender<Entering>,
}

impl Seat {
    /// A seat at the end of a door.
    pub(super) fn new(door: mpsc::Sender<Entering>) -> Self {
        Self { door }
    }

    /// Asks for a command and waits until it is done, durable and on the picture.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn ask(&self, asked: Asked) -> Result<Vec<LogEntry>, NotDone> {
        let (answer, answered) = oneshot::channel();
        let entering = Entering::Command(Box::new(asked), answer);
        self.door.try_send(entering).map_err(|_| NotDone::Unavailable)?;
        answered.await.map_err(|_| NotDone::Unavailable)?
    }

    /// Hands decisions over, from the engine's thread. False where the room has closed.
    pub fn decided(&self, decisions: Vec<Decision>) -> bool {
        self.door.blocking_send(Entering::Decided(decisions)).is_ok()
    }

    /// Hands records over, from the follower's thread. False where the room has closed.
    pub fn heard(&self, records: Vec<Sequenced>) -> bool {
        self.door.blocking_send(Entering::Heard(records)).is_ok()
    }

    /// Says that an order was taken. Where the door is full the order is sent again later: better
    /// twice than never.
    pub fn delivered(&self, order: Seq) {
        let _ = self.door.try_send(Entering::Delivered(order.0));
    }

    /// Has the picture written down, and closes the room.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.door.send(Entering::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
}
