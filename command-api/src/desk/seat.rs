//! A seat at the desk: how anybody reaches the room. Commands come through the door, what the record
//! and the engine bring through a hatch; both are bounded, and the door goes first.

use std::sync::Arc;

use contract::views::LogEntry;
use domain::decision::Decision;
use domain::desk::{Command, Role};
use domain::ids::{Seq, UserName};
use domain::record::Sequenced;
use tokio::sync::{mpsc, oneshot};

use super::Refusal;
use crate::gazetteer::Gazetteer;

/// Commands and units' receipts that may wait at the door of the room.
pub const DOOR: usize = 1_024;
/// Deliveries of the record and the engine that may wait before the hatch; whoever brings more
/// waits. Small, so that what an officer does is never behind a storm's decisions, and little is
/// held in memory.
pub const HATCH: usize = 8;
/// The most decisions of one delivery: the board is held no longer than they take.
pub const DELIVERY: usize = 512;

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

/// What comes through the door: people, and units' sessions.
#[derive(Debug)]
pub enum Entering {
    /// A command, and where the answer goes.
    Command(Box<Asked>, oneshot::Sender<Result<Vec<LogEntry>, NotDone>>),
    /// A unit's session has taken the order with this number.
    Delivered(u64),
    /// Take what waits at the hatch, write the picture down, say when it is done, and close.
    Close(oneshot::Sender<()>),
}

/// What comes through the hatch: what the record and the engine bring.
#[derive(Debug)]
pub enum Brought {
    /// Decisions of the engine, in order, at most [`DELIVERY`].
    Decided(Vec<Decision>),
    /// Records that are durable, in order, but observations.
    Heard(Vec<Sequenced>),
    /// Another configuration holds from here on.
    Configured(Arc<Gazetteer>, Seq),
}

/// What a room listens to. What comes through the door goes before what the hatch holds.
#[derive(Debug)]
pub struct Openings {
    pub(super) door: mpsc::Receiver<Entering>,
    pub(super) hatch: mpsc::Receiver<Brought>,
}

/// A seat. Clones are seats at the same desk.
#[derive(Debug, Clone)]
pub struct Seat {
    door: mpsc::Sender<Entering>,
    hatch: mpsc::Sender<Brought>,
}

impl Seat {
    /// A seat, and the openings it reaches.
    pub(super) fn before() -> (Self, Openings) {
        let (door, entering) = mpsc::channel(DOOR);
        let (hatch, brought) = mpsc::channel(HATCH);
        (Self { door, hatch }, Openings { door: entering, hatch: brought })
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
    pub fn decided(&self, mut decisions: Vec<Decision>) -> bool {
        while !decisions.is_empty() {
            let rest = decisions.split_off(decisions.len().min(DELIVERY));
            if self.hatch.blocking_send(Brought::Decided(decisions)).is_err() {
                return false;
            }
            decisions = rest;
        }
        true
    }

    /// Hands records over, from the follower's thread. False where the room has closed.
    pub fn heard(&self, records: Vec<Sequenced>) -> bool {
        self.hatch.blocking_send(Brought::Heard(records)).is_ok()
    }

    /// Hands another configuration over, from the follower's thread. False where the room has closed.
    pub fn configured(&self, city: Arc<Gazetteer>, seq: Seq) -> bool {
        self.hatch.blocking_send(Brought::Configured(city, seq)).is_ok()
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
