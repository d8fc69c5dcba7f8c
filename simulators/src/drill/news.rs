//! What a drill says of itself while it runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::time::UtcMs;
use tokio::time::{Duration, Instant};

use super::{Feeds, Timeline, Told};
use crate::feed::Tally;
use crate::scenario::Scenario;

/// How often it is looked at what became of the messages.
const LOOK: Duration = Duration::from_secs(2);
/// How often the counts are told.
const COUNTS: Duration = Duration::from_secs(10);

/// The teller: injects as they begin, refusals as they come, and the counts now and then.
pub struct News {
    scenario: Arc<Scenario>,
    counts: bool,
    /// Injects that were told, by place in the scenario.
    begun: Vec<bool>,
    /// Refusals that were told, by reason.
    refused: BTreeMap<String, u64>,
    looked: Instant,
    counted: Instant,
}

impl News {
    /// Of a scenario; with `counts` the counts are told too.
    pub fn new(scenario: Arc<Scenario>, counts: bool) -> Self {
        let (begun, now) = (vec![false; scenario.injects.len()], Instant::now());
        Self { scenario, counts, begun, refused: BTreeMap::new(), looked: now, counted: now }
    }

    /// Tells what is new.
    pub(super) async fn tell(&mut self, feeds: &Feeds, told: Told, run: &Timeline, now: UtcMs) {
        for line in self.injects(run.hour(now)) {
            println!("{} {line}", run.told(now));
        }
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        let mut sum = Tally::default();
        for feed in feeds.values() {
            sum.add(&feed.so_far().await);
        }
        for line in self.refusals(&sum) {
            println!("{} {line}", run.told(now));
        }
        if self.counts && self.counted.elapsed() >= COUNTS {
            self.counted = Instant::now();
            let Told { observations, signals, hospitals } = told;
            let Tally { accepted, duplicate, refused, .. } = sum;
            println!(
                "{} sent={observations} hospitals={hospitals} signals={signals} \
                 accepted={accepted} duplicate={duplicate} refused={refused}",
                run.told(now)
            );
        }
    }

    /// A line for each inject that has begun and was not told.
    fn injects(&mut self, h: f64) -> Vec<String> {
        let injects = self.scenario.injects.iter().zip(&mut self.begun);
        injects
            .filter(|(inject, told)| !**told && inject.from_h <= h && h < inject.to_h)
            .map(|(inject, told)| {
                *told = true;
                format!("inject {} {}", inject.id, inject.note)
            })
            .collect()
    }

    /// A line for each reason that has more refusals than were told.
    fn refusals(&mut self, sum: &Tally) -> Vec<String> {
        let mut lines = Vec::new();
        for (reason, count) in &sum.reasons {
            let before = self.refused.insert(reason.clone(), *count).unwrap_or(0);
            if *count > before {
                let example = sum.examples.iter().rev().find(|e| e.starts_with(reason.as_str()));
                let example = example.map_or("", String::as_str);
                lines.push(format!("refused reason={reason} count={count} ({example})"));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Refusal;

    #[test]
    fn injects_are_told_once_and_refusals_when_there_are_more() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/typhoon-ronglan.toml");
        let scenario = Arc::new(Scenario::read(std::path::Path::new(path)).unwrap());
        let mut news = News::new(scenario, false);
        assert_eq!(news.injects(-4.0), Vec::<String>::new());
        assert!(news.injects(-0.9).iter().any(|line| line.starts_with("inject I4 ")));
        assert_eq!(news.injects(-0.8), Vec::<String>::new());
        let mut sum = Tally::default();
        let (reason, detail) = ("future_dated".to_owned(), "a day".to_owned());
        sum.refuse(&Refusal { reason, detail, more: 0 });
        assert_eq!(
            news.refusals(&sum),
            ["refused reason=future_dated count=1 (future_dated: a day)"]
        );
        assert_eq!(news.refusals(&sum), Vec::<String>::new());
    }
}
