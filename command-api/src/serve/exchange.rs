//! What the command line laid down for the platform about exchange: acts are written into the record,
//! files in the inbox are tried and taken in, one after the other.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use domain::city::Exchange;
use domain::exchange::{ExchangeAct, ExchangeFact, NotTaken};
use domain::ids::PeerId;
use domain::record::Record;
use domain::status::Live;
use domain::time::{Clock, UtcMs};
use ingest::exchange::Opened;
use ingest::exchange::manifest::Manifest;
use ingest::exchange::read::{Signed, signed, small};
use ingest::exchange::take::{BrokenOff, take};
use ingest::exchange::{MANIFEST_MAX_BYTES, manifest::digest};
use ingest::hearing::HearingHandle;
use journal::{Appender, Journal};

use super::clock::WallClock;
use crate::exchange::Folder;
use crate::exchange::inbox::{Outcome, Waiting};
use crate::exchange::ledger::{Last, Way};
use crate::platform::Platform;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Whoever does it.
pub(super) struct Desk {
    pub(super) platform: Arc<Platform>,
    pub(super) hearing: Arc<HearingHandle>,
    pub(super) journal: Arc<Journal>,
    pub(super) data: PathBuf,
}

/// Looks at the folder again and again.
pub(super) async fn run(desk: Desk) {
    let folder = Folder::of(&desk.data);
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        if let Err(error) = desk.round(&folder).await {
            tracing::error!(%error, "exchange: tried again");
        }
    }
}

impl Desk {
    async fn round(&self, folder: &Folder) -> Result<()> {
        for (path, act) in folder.spooled()? {
            self.write(act).await?;
            std::fs::remove_file(path)?;
        }
        for waiting in folder.waiting()? {
            let outcome = match self.deal(folder, &waiting).await? {
                Ok(outcome) => outcome,
                Err(why) => {
                    tracing::warn!(file = waiting.job.name, %why, "a file is not taken in");
                    let what =
                        ExchangeFact::Refused { fault: why.fault, detail: why.detail.clone() };
                    self.write(self.about(&waiting, what)).await?;
                    Outcome::refused(&why)
                }
            };
            folder.dealt_with(&waiting, &outcome)?;
        }
        Ok(())
    }

    async fn write(&self, act: ExchangeAct) -> Result<()> {
        let appender: Appender = self.journal.appender();
        appender.append_one(&Record::Exchange(act)).await?;
        Ok(())
    }

    /// An act about a file, as far as its manifest says what it is: it may be one that is not believed.
    fn about(&self, waiting: &Waiting, what: ExchangeFact) -> ExchangeAct {
        let bytes = small(&waiting.parts.manifest, MANIFEST_MAX_BYTES).unwrap_or_default();
        let manifest = Manifest::read(&bytes).ok();
        ExchangeAct {
            id: format!("{}-{}", what.wire(), waiting.id),
            at: self.platform.now(),
            peer: manifest.as_ref().map(|m| m.from.clone()),
            number: manifest.as_ref().map_or(0, |m| m.number),
            digest: digest(&bytes),
            by: waiting.job.by.clone(),
            what,
        }
    }

    /// Tries a file and takes it in. What keeps the platform from it (a full disk) is the outer error:
    /// the file stays in the inbox.
    async fn deal(
        &self,
        folder: &Folder,
        waiting: &Waiting,
    ) -> Result<std::result::Result<Outcome, NotTaken>> {
        let exchange = self.platform.live.board().city.city().exchange.clone();
        let now = self.platform.now().max(WallClock.now());
        let parts = waiting.parts.clone();
        let tried = tokio::task::spawn_blocking(move || tried(&parts, &exchange, now)).await?;
        let (signed, opened) = match tried {
            Ok(tried) => tried,
            Err(why) => return Ok(Err(why)),
        };
        let manifest = &signed.manifest;
        let from = manifest.from.clone();
        let last = self.last(folder, &from).await?;
        let missing = match last.followed_by(manifest, waiting.job.accept_gap) {
            Ok(missing) => missing,
            Err(why) => return Ok(Err(why)),
        };
        let (items, backlog) = (manifest.items, manifest.backlog);
        let mut taking = self.about(waiting, ExchangeFact::Taking { items, backlog });
        // Taken up again after a break-off it is another act.
        taking.id = format!("{}-{}", taking.id, taking.at.0);
        self.write(taking).await?;
        let admission = self.hearing.admission();
        let counts = match take(admission, &signed.peer, &opened, |_| true).await {
            Ok(counts) => counts,
            Err(BrokenOff::Unread(why)) => return Ok(Err(why)),
            Err(error) => return Err(error.into()),
        };
        let what = ExchangeFact::Imported { counts, backlog, missing };
        self.write(self.about(waiting, what)).await?;
        let (number, digest) = (manifest.number, opened.digest().to_owned());
        folder.set_last(Way::Imported, &from, &Last { number, digest, to_seq: 0 })?;
        tracing::info!(%from, number, ?counts, "a file was taken in");
        Ok(Ok(Outcome::Imported { number, from: from.to_string(), counts, backlog, missing }))
    }

    /// The last file of a peer: as the ledger has it, or the record, where that is further.
    async fn last(&self, folder: &Folder, peer: &PeerId) -> Result<Last> {
        let noted = folder.last(Way::Imported, peer)?;
        let asked = peer.to_string();
        let found = self
            .platform
            .shelf
            .ask(move |hand| Ok(hand.history()?.exchange_newest(&asked, "imported")?));
        let kept = found.await?.map(|kept| Last {
            number: kept.act.number,
            digest: kept.act.digest,
            to_seq: 0,
        });
        Ok(kept.filter(|kept| kept.number > noted.number).unwrap_or(noted))
    }
}

fn tried(
    parts: &ingest::exchange::name::Parts,
    exchange: &Exchange,
    now: UtcMs,
) -> std::result::Result<(Signed, Opened<Live>), NotTaken> {
    let signed = signed(parts, exchange, now)?;
    let opened = Opened::<Live>::open(&signed, parts.clone())?;
    Ok((signed, opened))
}
