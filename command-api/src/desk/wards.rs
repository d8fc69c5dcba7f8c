//! What a hospital has said, figure by figure: the value, when it was last *changed* and when it was
//! last said. Stop 7, evolved: a pure fold of reports, and nothing else.
//!
//! Reports may come in any order: the latest are kept by the time they were true, and the figures
//! are folded again from them. What is older than all that are kept cannot change what is shown.

use std::collections::BTreeMap;

use domain::facility::{Doubt, FigureValue, HospitalReport};
use domain::ids::Seq;
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

/// The reports of one hospital that are kept, so that one that comes late finds its place.
pub const REPORTS_KEPT: usize = 16;
/// Figures that are said with how the emergency department takes patients, or not at all.
const OF_TRAFFIC: [&str; 3] = ["traffic_reason", "traffic_until", "traffic_approved_by"];
/// The figure that is of its report only.
const NOTE: &str = "note";

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// What was last said.
    pub value: FigureValue,
    /// Since when it has been so, as far as was said: a report that repeats it changes nothing.
    pub changed: UtcMs,
    /// When it was last said.
    pub said: UtcMs,
}

/// A hospital's figures by their names ([`HospitalReport::figures`]).
pub type Figures = BTreeMap<String, Figure>;

/// A hospital.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ward {
    /// The figures.
    pub figures: Figures,
    /// Those of the reports that are no longer kept.
    settled: Figures,
    /// The newest of these reports.
    settled_to: Option<(UtcMs, Seq)>,
    kept: BTreeMap<(UtcMs, Seq), HospitalReport>,
}

impl Ward {
    /// Takes a report; says whether it is of any use still.
    pub fn take(&mut self, seq: Seq, said: HospitalReport) -> bool {
        let place = (said.t, seq);
        if self.settled_to.is_some_and(|to| place <= to) {
            return false;
        }
        self.kept.insert(place, said);
        while self.kept.len() > REPORTS_KEPT {
            let Some((place, oldest)) = self.kept.pop_first() else { break };
            fold(&mut self.settled, &oldest);
            self.settled_to = Some(place);
        }
        self.figures = self.settled.clone();
        for report in self.kept.values() {
            fold(&mut self.figures, report);
        }
        true
    }

    /// The reports that are kept, oldest first.
    pub fn reports(&self) -> impl Iterator<Item = &HospitalReport> {
        self.kept.values()
    }

    /// When the newest report was true.
    pub fn t(&self) -> Option<UtcMs> {
        self.kept.last_key_value().map(|((t, _), _)| *t)
    }

    /// What about the newest report cannot all be true.
    pub fn doubts(&self) -> Vec<Doubt> {
        self.kept.last_key_value().map_or_else(Vec::new, |(_, report)| report.doubts())
    }

    /// The count of a figure.
    pub fn count(&self, figure: &str) -> Option<u32> {
        match self.figures.get(figure)?.value {
            FigureValue::Count(n) => Some(n),
            _ => None,
        }
    }

    /// The words of a figure.
    pub fn words(&self, figure: &str) -> Option<&str> {
        match &self.figures.get(figure)?.value {
            FigureValue::Word(words) | FigureValue::Text(words) => Some(words),
            _ => None,
        }
    }

    /// The instant that a figure is.
    pub fn instant(&self, figure: &str) -> Option<UtcMs> {
        match self.figures.get(figure)?.value {
            FigureValue::At(t) => Some(t),
            _ => None,
        }
    }

    /// The last change among figures.
    pub fn changed(&self, figures: &[&str]) -> Option<UtcMs> {
        figures.iter().filter_map(|f| self.figures.get(*f)).map(|f| f.changed).max()
    }
}

fn fold(figures: &mut Figures, report: &HospitalReport) {
    let said = report.figures();
    let is_said = |key: &str| said.iter().any(|(k, _)| k == key);
    if report.traffic.is_some() {
        figures.retain(|key, _| !OF_TRAFFIC.contains(&key.as_str()) || is_said(key));
    }
    if !is_said(NOTE) {
        figures.remove(NOTE);
    }
    for (key, value) in said {
        match figures.get_mut(&key) {
            Some(figure) if figure.value == value => figure.said = report.t,
            _ => {
                let figure = Figure { value, changed: report.t, said: report.t };
                figures.insert(key, figure);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::HospitalId;
    use domain::report::EmergencyTraffic;
    use proptest::prelude::*;

    fn report(t: i64, beds_occupied: u32) -> HospitalReport {
        let mut said = HospitalReport::new(HospitalId::new("H-1").unwrap(), UtcMs(t));
        (said.beds, said.beds_occupied) = (Some(400), Some(beds_occupied));
        said
    }

    fn changed(ward: &Ward, figure: &str) -> i64 {
        ward.figures[figure].changed.0
    }

    #[test]
    fn a_figure_repeated_keeps_the_time_it_was_changed() {
        let mut ward = Ward::default();
        for (seq, (t, taken)) in [(10, 380), (20, 380), (30, 380)].into_iter().enumerate() {
            assert!(ward.take(Seq(seq as u64 + 1), report(t, taken)));
        }
        assert_eq!((changed(&ward, "beds_occupied"), ward.figures["beds"].said.0), (10, 30));
        ward.take(Seq(4), report(40, 381));
        assert_eq!((changed(&ward, "beds_occupied"), changed(&ward, "beds")), (40, 10));
        // It was otherwise between: heard late, and told.
        ward.take(Seq(5), report(15, 300));
        assert_eq!((ward.count("beds_occupied"), changed(&ward, "beds_occupied")), (Some(381), 40));
        ward.take(Seq(6), report(35, 381));
        assert_eq!(changed(&ward, "beds_occupied"), 35);
        ward.take(Seq(7), report(5, 380));
        assert_eq!(changed(&ward, "beds"), 5);
    }

    #[test]
    fn what_is_not_said_again_stays_with_its_age_but_for_the_reason_of_a_traffic_that_is_over() {
        let mut ward = Ward::default();
        let mut closed = report(10, 380);
        closed.traffic = Some(EmergencyTraffic::Suspended);
        closed.traffic_approved_by = Some("市卫健局".into());
        closed.traffic_until = Some(UtcMs(99));
        closed.note = Some("CT 停机".into());
        ward.take(Seq(1), closed);
        ward.take(Seq(2), report(20, 370));
        assert_eq!(ward.words("traffic_approved_by"), Some("市卫健局"));
        assert_eq!((changed(&ward, "traffic"), ward.figures["traffic"].said.0), (10, 10));
        assert_eq!(ward.words("note"), None);
        let mut open = report(30, 370);
        open.traffic = Some(EmergencyTraffic::Normal);
        ward.take(Seq(3), open);
        assert_eq!((ward.words("traffic"), ward.instant("traffic_until")), (Some("normal"), None));
    }

    #[test]
    fn only_the_latest_reports_are_kept_and_an_older_one_is_of_no_use() {
        let mut ward = Ward::default();
        for n in 0..100 {
            ward.take(Seq(n + 1), report(n as i64, 7));
        }
        assert_eq!(ward.kept.len(), REPORTS_KEPT);
        assert_eq!(changed(&ward, "beds_occupied"), 0, "through what is settled");
        assert!(!ward.take(Seq(200), report(50, 9)));
        assert_eq!(ward.count("beds_occupied"), Some(7));
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_leaves_no_trace(
            values in proptest::collection::vec(0u32..3, 1..REPORTS_KEPT),
            order in Just((0..REPORTS_KEPT).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let (mut straight, mut shuffled) = (Ward::default(), Ward::default());
            let of = |n: usize| report(n as i64 * 10, values[n]);
            for n in 0..values.len() {
                straight.take(Seq(n as u64), of(n));
            }
            for n in order.into_iter().filter(|n| *n < values.len()) {
                shuffled.take(Seq(n as u64), of(n));
            }
            prop_assert_eq!(straight, shuffled);
        }
    }
}
