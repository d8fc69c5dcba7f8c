//! Manual corrections, as admission takes them: what is known already is said anew, as corrected
//! values of the record; what comes is corrected as it comes; what one changed that is taken back is
//! given back.

use domain::correction::Correction;
use domain::record::Record;
use domain::refusal::Channel;

use super::inflight::Touched;
use super::{Admission, Admitted, submit};
use crate::judge::corrected::SAID_AT_ONCE_MAX;

impl Admission {
    /// Takes over everything that the desk has said, in place of what it said before, and submits
    /// what the corrections that are new, or newly taken back, make of the values that are known. A correction that was taken before (by an earlier start)
    /// finds its work done. `None` where there is nothing to submit.
    ///
    /// Reads the history: to be called off the async threads. Where what was submitted does not
    /// become durable, the caller says it again after [`Admission::correct_again`].
    pub fn correct(&self, corrections: &[Correction]) -> Option<Admitted> {
        let mut inner = self.0.begin();
        let (now, ticket) = (inner.now, inner.inflight.next());
        inner.judge.correct(corrections);
        let done = |c: &&Correction| inner.corrected.contains(&(c.id, c.withdrawn.is_some()));
        let mut new: Vec<&Correction> = corrections.iter().filter(|c| !done(c)).collect();
        new.sort_by_key(|correction| correction.id);
        let (mut records, mut touched) = (Vec::new(), Touched::default());
        let received = now.unwrap_or_else(|| self.0.clock().now());
        for correction in new {
            let said = inner.judge.said_anew(correction, ticket);
            // Where there is more to say, the next time goes on.
            if said.len() < SAID_AT_ONCE_MAX {
                inner.corrected.insert((correction.id, correction.withdrawn.is_some()));
            }
            for observation in said {
                touched.put(observation.datastream);
                let channel = Channel::Desk;
                records.push(Record::Observation { received, channel, observation });
            }
            if records.len() >= SAID_AT_ONCE_MAX {
                break;
            }
        }
        if records.is_empty() {
            return None;
        }
        Some(submit::append(&self.0, &mut inner, &records, touched, None, now))
    }

    /// Nothing of the corrections is known to be written.
    pub fn correct_again(&self) {
        self.0.begin().corrected.clear();
    }
}
