//! The room: the one task that writes the board. It decides, journals, and only then evolves and
//! shows; nothing else changes the picture.

use std::collections::VecDeque;
use std::sync::Arc;

use contract::views::LogEntry;
use domain::desk::{Actor, DeskEvent, DeskFact};
use domain::ids::Seq;
use domain::record::{Record, Sequenced};
use domain::refusal::{Reason, Refusal as Kept};
use domain::report::{Report, UnitReport};
use domain::time::{Clock, UtcMs};
use journal::{AppendError, Appender};

use super::evolve::{Happening, actor_word, evolve};
use super::ledger::Ledger;
use super::seat::{Asked, Brought, Entering, NotDone, Openings, Seat};
use super::{Asker, Touched, decide, field, heard, situations, timers};
use crate::live::Live;
use crate::outlets::Orders;

/// Units' reports that may wait for the disk.
pub const UNSETTLED_MAX: usize = 1_024;

/// Why the room closed.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// The journal has stopped: what was durable is read back at the next start.
    #[error("the desk cannot write: {0}")]
    Journal(AppendError),
}

/// See the module.
pub struct Room {
    live: Arc<Live>,
    appender: Appender,
    clock: Arc<dyn Clock>,
    orders: Arc<dyn Orders>,
    ledger: Ledger,
    /// Units' reports whose facts could not be journaled yet.
    unsettled: VecDeque<Sequenced>,
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

impl Room {
    /// A room over a board that stands where `ledger` says.
    pub fn new(
        live: Arc<Live>,
        appender: Appender,
        clock: Arc<dyn Clock>,
        orders: Arc<dyn Orders>,
        mut ledger: Ledger,
    ) -> Self {
        let unsettled = ledger.take_unsettled().into();
        Self { live, appender, clock, orders, ledger, unsettled }
    }

    /// A seat, and the openings that are to be given to [`Room::run`].
    pub fn door() -> (Seat, Openings) {
        Seat::before()
    }

    /// Works until it is closed.
    ///
    /// # Errors
    /// [`RoomError`]: the journal has stopped.
    pub async fn run(mut self, mut openings: Openings) -> Result<(), RoomError> {
        self.settle_reports().await?;
        loop {
            tokio::select! {
                biased;
                entered = openings.door.recv() => match entered {
                    None => break,
                    Some(Entering::Close(done)) => {
                        while let Ok(brought) = openings.hatch.try_recv() {
                            self.brought(brought).await?;
                        }
                        self.write_down().await;
                        let _ = done.send(());
                        return Ok(());
                    }
                    Some(entered) => self.entered(entered).await?,
                },
                Some(brought) = openings.hatch.recv() => {
                    self.brought(brought).await?;
                    // Whoever waits to read the board goes before the next delivery.
                    tokio::task::yield_now().await;
                }
            }
        }
        self.write_down().await;
        Ok(())
    }

    async fn entered(&mut self, entered: Entering) -> Result<(), RoomError> {
        match entered {
            Entering::Command(asked, answer) => {
                let done = self.command(*asked).await;
                let stopped = matches!(&done, Err(Failed::Stopped(_)));
                let told = done.map_err(|failed| match failed {
                    Failed::NotDone(why) => why,
                    Failed::Stopped(error) => NotDone::NotDurable(error.to_string()),
                });
                // Whoever asked may have gone; it happened all the same.
                let _ = answer.send(told);
                if stopped { Err(RoomError::Journal(AppendError::Closed)) } else { Ok(()) }
            }
            Entering::Delivered(order) => self.delivered(order).await,
            Entering::Close(_) => Ok(()),
        }
    }

    async fn brought(&mut self, brought: Brought) -> Result<(), RoomError> {
        match brought {
            Brought::Decided(decisions) => {
                let decided = self.now(self.live.board().picture.now);
                let touched = self.take_all(decisions.iter().map(Happening::Decided));
                if !touched.alerts.is_empty() {
                    let shown = self.now(decided);
                    self.live.change(|board| {
                        board.picture.note_taken(&touched.alerts, decided, shown);
                        (Vec::new(), ())
                    });
                }
                self.ledger.decided(&decisions);
                // Only an alert that stepped or ended can end a shelving; tasks wait for a tick.
                if touched.alerts.is_empty() { Ok(()) } else { self.timers().await }
            }
            Brought::Heard(records) => self.heard(records).await,
            Brought::Configured(city, seq) => {
                self.live.change(|board| (board.configure(city, seq), ()));
                Ok(())
            }
        }
    }

    /// Writes the picture down and waits until it is.
    async fn write_down(&mut self) {
        let picture = self.live.board().picture.clone();
        self.ledger.write(picture).await;
        self.ledger.written_down().await;
    }

    /// Takes happenings that came together, and shows what they changed in one delta.
    fn take_all<'h>(&self, happenings: impl Iterator<Item = Happening<'h>>) -> Touched {
        self.live.change(|board| {
            let mut touched = Touched::default();
            for happening in happenings {
                touched.join(evolve(&mut board.picture, happening));
            }
            let mut changes = board.changes(&touched);
            changes.extend(board.believe(&touched.places));
            board.heed(&touched.beliefs);
            (changes, touched)
        })
    }

    async fn command(&mut self, asked: Asked) -> Result<Vec<LogEntry>, Failed> {
        let facts = {
            let board = self.live.board();
            if let Some(earlier) = board.picture.answered(asked.who.as_str(), &asked.id) {
                return Ok(earlier.events.clone());
            }
            let asker = Asker { who: asked.who.as_str(), role: asked.role };
            let now = self.now(board.picture.now);
            decide(&board.picture, &asked.command, asker, now, &board.city)
                .map_err(|refusal| Failed::NotDone(refusal.into()))?
        };
        self.journal(facts, &Actor::User(asked.who), Some(asked.id)).await
    }

    /// The platform's now: never behind the newest tick.
    fn now(&self, newest_tick: UtcMs) -> UtcMs {
        self.clock.now().max(newest_tick)
    }

    /// Journals facts as one append, and takes them onto the board once they are durable.
    async fn journal(
        &mut self,
        facts: Vec<DeskFact>,
        by: &Actor,
        command_id: Option<String>,
    ) -> Result<Vec<LogEntry>, Failed> {
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        let at = self.now(self.live.board().picture.now);
        let events: Vec<DeskEvent> = facts
            .into_iter()
            .map(|what| DeskEvent { at, by: by.clone(), command_id: command_id.clone(), what })
            .collect();
        let records: Vec<Record> = events.iter().cloned().map(Record::Desk).collect();
        let placed = self.appender.append(&records).await.map_err(Failed::from)?;
        let placed = (placed.first.0..).map(Seq).zip(&events);
        let touched = self.take_all(placed.map(|(seq, event)| Happening::Desk(seq, event)));
        events.iter().for_each(|event| self.order(event));
        Ok(touched.log)
    }

    /// What the platform's own rules do now.
    async fn timers(&mut self) -> Result<(), RoomError> {
        let due = timers::due(&self.live.board().picture);
        self.own(due, &Actor::Platform, None).await
    }

    /// Facts that nobody waits for: where the disk is full they come with the next tick.
    async fn own(
        &mut self,
        facts: Vec<DeskFact>,
        by: &Actor,
        command_id: Option<String>,
    ) -> Result<(), RoomError> {
        match self.journal(facts, by, command_id).await {
            Ok(_) => Ok(()),
            Err(Failed::NotDone(why)) => {
                tracing::warn!(%why, by = actor_word(by), "the desk could not write");
                Ok(())
            }
            Err(Failed::Stopped(error)) => Err(RoomError::Journal(error)),
        }
    }

    async fn heard(&mut self, records: Vec<Sequenced>) -> Result<(), RoomError> {
        let ticked = records.iter().any(|row| matches!(row.record, Record::Tick { .. }));
        // In one change of the board, however many they are. The desk's own events are on it since
        // they became durable, and are not taken twice.
        self.take_all(records.iter().filter_map(Happening::of));
        for row in &records {
            if let Record::Report { report: Report::Unit(said), .. } = &row.record
                && self.asks_desk(said)
            {
                self.remember(row.clone());
            }
        }
        self.settle_reports().await?;
        if let Some(last) = records.last() {
            self.ledger.heard(last.seq);
        }
        if ticked {
            self.timers().await?;
            if self.unsettled.is_empty() && self.ledger.is_due() {
                let picture = self.live.board().picture.clone();
                self.ledger.write(picture).await;
            }
        }
        Ok(())
    }

    fn asks_desk(&self, said: &UnitReport) -> bool {
        let of_unit = |row: &Sequenced| match &row.record {
            Record::Report { report: Report::Unit(other), .. } => other.unit == said.unit,
            _ => false,
        };
        let waiting = said.status.is_some() && self.unsettled.iter().any(of_unit);
        field::asks_desk(&self.live.board().picture, said, waiting)
    }

    /// A report waits until the desk has dealt with it. Beyond the bound the oldest is given up:
    /// the disk has then been full for a thousand reports.
    fn remember(&mut self, report: Sequenced) {
        if self.unsettled.len() >= UNSETTLED_MAX {
            tracing::error!(seq = ?self.unsettled.front().map(|r| r.seq), "a unit's report is given up");
            self.unsettled.pop_front();
        }
        self.unsettled.push_back(report);
    }

    async fn settle_reports(&mut self) -> Result<(), RoomError> {
        while let Some(report) = self.unsettled.pop_front() {
            if !self.report(&report).await? {
                self.unsettled.push_front(report);
                return Ok(());
            }
        }
        Ok(())
    }

    /// A unit's report becomes the desk's fact, or is refused, kept, and told. False where it could
    /// not be journaled now.
    async fn report(&mut self, row: &Sequenced) -> Result<bool, RoomError> {
        let Record::Report { agency, channel, received, report: Report::Unit(said) } = &row.record
        else {
            return Ok(true);
        };
        let by = Actor::Unit(said.unit.clone());
        // A cry for help counts, whatever is wrong with the rest of the report.
        let status = heard::decide_status(&self.live.board().picture, said);
        match self.journal(status.into_iter().collect(), &by, None).await {
            Ok(_) => {}
            Err(Failed::NotDone(_)) => return Ok(false),
            Err(Failed::Stopped(error)) => return Err(RoomError::Journal(error)),
        }
        let decided = field::decide_report(&self.live.board().picture, said);
        let refusal = match decided {
            Ok(facts) => {
                let id = format!("report:{}", row.seq);
                return match self.journal(facts, &by, Some(id)).await {
                    Ok(_) => Ok(true),
                    Err(Failed::NotDone(_)) => Ok(false),
                    Err(Failed::Stopped(error)) => Err(RoomError::Journal(error)),
                };
            }
            Err(refusal) => refusal,
        };
        let kept = Kept {
            agency: agency.clone(),
            channel: *channel,
            source: format!("fh/v1/units/{}/report", said.unit),
            received: *received,
            reason: Reason::ImpossibleReport,
            detail: refusal.to_string(),
            raw: serde_json::to_vec(said).unwrap_or_default(),
            quarantined: false,
        };
        let told = kept.clone();
        match self.appender.append_one(&Record::Refused(kept)).await.map_err(Failed::from) {
            Ok(_) => {
                self.orders.refused(&said.unit, &told);
                Ok(true)
            }
            Err(Failed::NotDone(_)) => Ok(false),
            Err(Failed::Stopped(error)) => Err(RoomError::Journal(error)),
        }
    }

    async fn delivered(&mut self, number: u64) -> Result<(), RoomError> {
        let order = self.live.board().picture.orders.get(&number).cloned();
        let Some(order) = order else { return Ok(()) };
        let fact = DeskFact::TaskDelivered { task: order.task };
        self.own(vec![fact], &Actor::Unit(order.unit), None).await
    }

    /// Sends what an event orders to its unit, and what became of a report to its senders.
    fn order(&self, event: &DeskEvent) {
        if matches!(event.what, DeskFact::TaskSent { .. } | DeskFact::TaskCancelled { .. }) {
            self.orders.changed();
        }
        if let DeskFact::SituationVerified { situation, .. }
        | DeskFact::SituationAssigned { situation, .. }
        | DeskFact::SituationConcluded { situation, .. }
        | DeskFact::SituationFedBack { situation, .. } = &event.what
        {
            let told = situations::views::told(&self.live.board().picture.situations, situation);
            for (agency, status) in told.into_values() {
                self.orders.fed_back(&agency, &status);
            }
        }
    }
}

/// Why something was not journaled.
enum Failed {
    NotDone(NotDone),
    Stopped(AppendError),
}

impl From<AppendError> for Failed {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Stopped(_) | AppendError::Closed => Failed::Stopped(error),
            other => Failed::NotDone(NotDone::NotDurable(other.to_string())),
        }
    }
}
