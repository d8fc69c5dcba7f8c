//! Stop 1 of 9 for SL 651-2014, **heard**: a connection's bytes in, answers out. It needs a stream
//! of bytes and no more, so that encryption may stand before it. After it: [`super::decode`]
//! (decoded), by way of [`super::scan`].

use std::sync::Arc;
use std::time::Duration;

use domain::ids::AgencyId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::intake::{Closed, Intake, Talk};
use super::scan::{Found, READ_MAX_BYTES, Scanner};
use crate::port::told;

/// A frame that has begun is given up when so long nothing more came of it.
pub const FRAME_WAIT: Duration = Duration::from_secs(10);
/// A connection that has sent no frame after so long is closed.
pub const FIRST_FRAME_WAIT: Duration = Duration::from_secs(60);
/// An answer that is not taken within this time closes the connection.
pub const WRITE_WAIT: Duration = Duration::from_secs(10);
/// So many pieces in a row that are no frame close the connection.
pub const BROKEN_MAX: u32 = 32;

/// Why a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The station left.
    Left,
    /// The line broke.
    Broke,
    /// Nothing came for too long.
    Idle,
    /// Too much came that was no frame.
    Noise,
    /// An answer was not taken.
    Stuck,
    /// The journal took nothing.
    Unavailable,
    /// The platform is ending, or the certificate by which the connection came in.
    Ending,
    /// It showed no certificate that is let in.
    TurnedAway,
}

/// Talks with one station, or a relay of several, until either side ends it. `stop` turning true
/// ends it after the frame under way. `only` is whom a certificate names: it may speak for the
/// stations of no other agency.
pub async fn converse<S>(
    mut stream: S,
    peer: String,
    intake: Arc<Intake>,
    only: Option<AgencyId>,
    mut stop: watch::Receiver<bool>,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let talk = Talk::new(Arc::clone(&intake), peer, only, stop.clone());
    let mut line = Line { talk, scanner: Scanner::default(), broken: 0, said: Vec::new() };
    let mut read = vec![0; READ_MAX_BYTES];
    let began = Instant::now();
    let (mut heard, mut last_frame) = (began, None::<Instant>);
    loop {
        let idle = last_frame.map_or(began + FIRST_FRAME_WAIT, |at| at + intake.idle());
        let cut = (!line.scanner.is_empty()).then(|| heard + FRAME_WAIT);
        let due = line.talk.next_due().map(Instant::from_std);
        let until = [Some(idle), cut, due].into_iter().flatten().min().unwrap_or(idle);
        let came = tokio::select! {
            biased;
            () = told(&mut stop) => return Ended::Ending,
            came = timeout_at(until, stream.read(&mut read)) => came,
        };
        let now = Instant::now();
        let went_on = match came {
            Ok(Ok(0)) => return line.end(Ended::Left).await,
            Ok(Err(_)) => return line.end(Ended::Broke).await,
            Ok(Ok(count)) => {
                heard = now;
                line.take(read.get(..count).unwrap_or_default()).await
            }
            Err(_) if now >= idle => return line.end(Ended::Idle).await,
            Err(_) => line.late(cut.is_some_and(|cut| now >= cut), now).await,
        };
        match went_on {
            Ok(frames) if frames > 0 => last_frame = Some(now),
            Ok(_) => {}
            Err(Closed::Unavailable) => return Ended::Unavailable,
            Err(Closed::Ending) => return Ended::Ending,
        }
        for said in std::mem::take(&mut line.said) {
            match timeout(WRITE_WAIT, stream.write_all(&said)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return line.end(Ended::Broke).await,
                Err(_) => return line.end(Ended::Stuck).await,
            }
        }
        if line.broken >= BROKEN_MAX {
            return line.end(Ended::Noise).await;
        }
    }
}

/// A connection's bytes and what becomes of them.
struct Line {
    talk: Talk,
    scanner: Scanner,
    /// Pieces in a row that were no frame.
    broken: u32,
    /// What is to be said back.
    said: Vec<Vec<u8>>,
}

impl Line {
    /// Takes bytes; gives the number of frames that were whole.
    async fn take(&mut self, bytes: &[u8]) -> Result<u32, Closed> {
        self.scanner.feed(bytes);
        self.found().await
    }

    async fn found(&mut self) -> Result<u32, Closed> {
        let mut frames = 0;
        while let Some(found) = self.scanner.next_found() {
            frames += u32::from(matches!(found, Found::Frame { .. }));
            self.one(found).await?;
        }
        Ok(frames)
    }

    async fn one(&mut self, found: Found) -> Result<(), Closed> {
        match found {
            Found::Frame { .. } => self.broken = 0,
            Found::Broken { .. } | Found::Stray(_) => self.broken += 1,
        }
        let said = self.talk.take(found, Instant::now().into_std()).await?;
        self.said.extend(said);
        Ok(())
    }

    /// Nothing came in time: what has begun is given up (`is_cut`), what is missing asked for.
    async fn late(&mut self, is_cut: bool, now: Instant) -> Result<u32, Closed> {
        let frames = if is_cut { self.give_up().await? } else { 0 };
        let said = self.talk.overdue(now.into_std()).await?;
        self.said.extend(said);
        Ok(frames)
    }

    async fn give_up(&mut self) -> Result<u32, Closed> {
        let mut frames = 0;
        while let Some(found) = self.scanner.give_up() {
            frames += u32::from(matches!(found, Found::Frame { .. }));
            self.one(found).await?;
            frames += self.found().await?;
        }
        Ok(frames)
    }

    /// The connection has ended: what was not whole is refused.
    async fn end(mut self, why: Ended) -> Ended {
        let refused = match self.give_up().await {
            Ok(_) => self.talk.end().await,
            Err(closed) => Err(closed),
        };
        match refused {
            Err(Closed::Unavailable) => Ended::Unavailable,
            Err(Closed::Ending) | Ok(()) => why,
        }
    }
}
