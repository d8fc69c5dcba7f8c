//! Manual corrections, as admission takes them: what is known already is said anew, as corrected
//! values of the record; what comes is corrected as it comes.

use domain::correction::Correction;
use domain::record::Record;
use domain::refusal::Channel;

use super::inflight::Touched;
use super::{Admission, Admitted, submit};

impl Admission {
    /// Puts corrections in force, in place of those before, and submits what the new ones make of
    /// the values that are known already. A correction that was taken before (by an earlier start)
    /// finds its work done. `None` where there is nothing to submit.
    ///
    /// Reads the history: to be called off the async threads. Where what was submitted does not
    /// become durable, the caller says it again after [`Admission::correct_again`].
    pub fn correct(&self, corrections: &[Correction]) -> Option<Admitted> {
        let mut inner = self.0.begin();
        let (now, ticket) = (inner.now, inner.inflight.next());
        inner.judge.correct(corrections);
        let mut new: Vec<&Correction> =
            corrections.iter().filter(|c| !inner.corrected.contains(&c.id)).collect();
        new.sort_by_key(|correction| correction.id);
        let (mut records, mut touched) = (Vec::new(), Touched::default());
        let received = now.unwrap_or_else(|| self.0.clock().now());
        for correction in new {
            inner.corrected.insert(correction.id);
            for observation in inner.judge.recorrected(correction, ticket) {
                touched.put(observation.datastream);
                let channel = Channel::Desk;
                records.push(Record::Observation { received, channel, observation });
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
