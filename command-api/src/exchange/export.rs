//! Writes what was accepted for a peer into a signed file: since the last one, or a stretch that is
//! named. It reads the record beside a platform that runs, or without one.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use domain::city::City;
use domain::exchange::{ExchangeAct, ExchangeFact};
use domain::ids::{AgencyId, PeerId, Seq, ZoneId};
use domain::status::{Exercise, Live, WireStatus};
use domain::time::UtcMs;
use ingest::exchange::manifest::{Encoding, Selection, Span};
use ingest::exchange::write::{Cover, Writer, Written};
use journal::Reader;
use serde_json::Value;

use super::Folder;
use super::ledger::{Last, Way};
use super::select::{Choice, Chosen};
use crate::configurations;

/// Records that are read at one time.
const PAGE: usize = 4_096;
/// A hospital's report comes after the observations that were made of it, in one append: at most so
/// many are held back until it.
const HELD_MAX: usize = 8;

/// What to write for whom.
#[derive(Debug, Clone)]
pub struct Export {
    /// The data folder.
    pub data: PathBuf,
    /// For whom.
    pub peer: String,
    /// Where the file goes.
    pub out: PathBuf,
    /// Whose items alone; empty: all that the peer is given.
    pub agencies: Vec<AgencyId>,
    /// Of which kinds alone.
    pub kinds: Vec<String>,
    /// Of which areas alone.
    pub areas: Vec<ZoneId>,
    /// Heard at this instant or later. With either of the two the sequence's place is left as it is.
    pub since: Option<UtcMs>,
    /// Heard before this instant.
    pub until: Option<UtcMs>,
    /// Records from this on, in the place of those since the last export.
    pub from_seq: Option<u64>,
    /// Records up to this.
    pub to_seq: Option<u64>,
    /// Whether it is old news; where nobody says, what `exchange.toml` says.
    pub backlog: Option<bool>,
    /// Whether it is packed.
    pub packed: bool,
    /// Who writes it.
    pub by: String,
    /// When.
    pub now: UtcMs,
}

struct Held {
    agency: AgencyId,
    kind: &'static str,
    heard: UtcMs,
    item: Value,
}

impl Export {
    fn is_named_stretch(&self) -> bool {
        self.since.is_some()
            || self.until.is_some()
            || self.from_seq.is_some()
            || self.to_seq.is_some()
            || !self.agencies.is_empty()
            || !self.kinds.is_empty()
            || !self.areas.is_empty()
    }

    /// Writes it; `told` hears which record it is at, and the last.
    ///
    /// # Errors
    /// A record, key or ledger that cannot be read, a peer that is none, a choice that the peer is not
    /// given, a file that cannot be written. Nothing has happened then: the next export has the same
    /// number.
    pub fn run(&self, told: impl FnMut(u64, u64)) -> Result<Written> {
        let folder = Folder::of(&self.data);
        let key = folder.key()?;
        let mut reader = Reader::open(&self.data)
            .with_context(|| format!("no journal could be opened in {}", self.data.display()))?;
        let epoch = configurations::newest(&self.data, &mut reader)?;
        let city = epoch.city()?;
        let Some(own) = city.exchange.own.clone() else {
            bail!("the city has no exchange.toml: nobody is given anything");
        };
        let Some(peer) = city.exchange.peer(&self.peer) else {
            bail!("{} is no peer of the city's exchange.toml", self.peer);
        };
        let choice = Choice::of(peer).narrowed(&self.agencies, &self.kinds, &self.areas);
        let choice =
            Choice { since: self.since, until: self.until, ..choice.map_err(anyhow::Error::msg)? };
        let to: PeerId = peer.id.clone();
        // One at a time: two would make one number twice.
        let lock = File::create(folder.within("exported")?.join(format!("{to}.lock")))?;
        lock.try_lock().context("another export for this peer is under way")?;
        let last = folder.last(Way::Exported, &to)?;
        let backlog = self.backlog.unwrap_or(peer.backlog);
        let cover = Cover {
            from: own,
            to: to.clone(),
            number: last.number + 1,
            previous: (last.number > 0).then(|| last.digest.clone()),
            made: self.now,
            backlog,
            selection: Selection {
                agencies: if choice.agencies.all {
                    Vec::new()
                } else {
                    choice.agencies.named.clone()
                },
                kinds: choice.kinds.clone(),
                areas: choice.areas.clone(),
            },
        };
        let encoding = if self.packed { Encoding::Zstd } else { Encoding::Identity };
        let mut writer = match reader.status()? {
            Some(WireStatus::Exercise) => Writer::begin::<Exercise>(&self.out, cover, encoding),
            _ => Writer::begin::<Live>(&self.out, cover, encoding),
        }
        .with_context(|| format!("nothing could be written in {}", self.out.display()))?;
        let default_from = if self.is_named_stretch() { 1 } else { last.to_seq + 1 };
        let from_seq = self.from_seq.unwrap_or(default_from).max(1);
        let to_seq = self.to_seq.unwrap_or(u64::MAX).min(reader.last()?.0);
        let span = Span { from_seq, to_seq };
        self.fill(&mut reader, &mut writer, (&city, &epoch.datastreams), &choice, span, told)?;
        let written = writer.finish(&key, span).context("the file could not be finished")?;
        let moved = if self.is_named_stretch() { last.to_seq } else { to_seq.max(last.to_seq) };
        self.note(&folder, &to, &written, moved)?;
        Ok(written)
    }

    fn fill(
        &self,
        reader: &mut Reader,
        writer: &mut Writer,
        (city, streams): (&City, &[(String, String)]),
        choice: &Choice,
        span: Span,
        mut told: impl FnMut(u64, u64),
    ) -> Result<()> {
        let mut held: Vec<Held> = Vec::new();
        let mut at = span.from_seq;
        while at <= span.to_seq {
            let stretch = reader.read_on(Seq(at), PAGE)?;
            for damage in &stretch.damaged {
                tracing::warn!(%damage, "damaged records are not in the file");
            }
            let Some(newest) = stretch.records.last().map(|row| row.seq.0) else { break };
            for row in stretch.records.iter().filter(|row| row.seq.0 <= span.to_seq) {
                match choice.chosen(city, streams, &row.record) {
                    Chosen::No => {}
                    Chosen::LeftOut => writer.leave_out(),
                    Chosen::Item { agency, kind, heard, item } => {
                        self.put(writer, city, &mut held, Held { agency, kind, heard, item })?;
                    }
                }
            }
            at = newest + 1;
            told(newest.min(span.to_seq), span.to_seq);
        }
        flush(writer, &mut held)
    }

    /// A hospital's report goes before the observations that admission made of it, so that they are
    /// made again by its admission there, and theirs are known.
    fn put(&self, writer: &mut Writer, city: &City, held: &mut Vec<Held>, one: Held) -> Result<()> {
        let station = one.item.get("station").and_then(Value::as_str);
        let of_hospital =
            station.is_some_and(|id| city.hospitals.iter().any(|h| h.id.as_str() == id));
        if of_hospital && held.len() < HELD_MAX {
            held.push(one);
            return Ok(());
        }
        if one.kind == "hospital" {
            writer.item(&one.agency, one.kind, one.heard, &one.item)?;
            return flush(writer, held);
        }
        flush(writer, held)?;
        writer.item(&one.agency, one.kind, one.heard, &one.item)?;
        Ok(())
    }

    /// The act first: if it breaks off here, the file's number is given again and the log says so.
    fn note(&self, folder: &Folder, to: &PeerId, written: &Written, to_seq: u64) -> Result<()> {
        let manifest = &written.manifest;
        let digest = written.digest.clone();
        let short = digest.get(..16).unwrap_or_default();
        folder.spool(&ExchangeAct {
            id: format!("exported-{to}-{:06}-{short}", manifest.number),
            at: self.now,
            peer: Some(to.clone()),
            number: manifest.number,
            digest: digest.clone(),
            by: self.by.clone(),
            what: ExchangeFact::Exported {
                items: manifest.items,
                left_out: manifest.left_out,
                from_seq: manifest.span.from_seq,
                to_seq: manifest.span.to_seq,
                backlog: manifest.backlog,
            },
        })?;
        folder.set_last(Way::Exported, to, &Last { number: manifest.number, digest, to_seq })
    }
}

fn flush(writer: &mut Writer, held: &mut Vec<Held>) -> Result<()> {
    for one in held.drain(..) {
        writer.item(&one.agency, one.kind, one.heard, &one.item)?;
    }
    Ok(())
}
