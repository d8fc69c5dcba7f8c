//! Ticks where no clock ticks: for back-tests and replays, whose time is that of their data.

use domain::time::REPLAY_TICK_STEP_MS;

/// The longest step between two ticks that are made up: 5 min, well below
/// [`crate::driver::silence::TICK_GAP_MS`], so that a gap in the data is heard as silence and not
/// taken for a platform that was down.
pub const FILL_STEP_MS: i64 = REPLAY_TICK_STEP_MS;

/// The ticks from `before` (exclusive) to `to` (inclusive), none farther apart than
/// [`FILL_STEP_MS`]; only `to` where there is no tick before it.
pub fn fill(before: Option<i64>, to: i64) -> impl Iterator<Item = i64> {
    let mut next = before.map_or(to, |before| to.min(before.saturating_add(FILL_STEP_MS)));
    let mut done = before.is_some_and(|before| before >= to);
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let tick = next;
        done = tick >= to;
        next = to.min(tick.saturating_add(FILL_STEP_MS));
        Some(tick)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_filled_and_a_step_is_not() {
        assert_eq!(fill(None, 7).collect::<Vec<_>>(), [7]);
        assert_eq!(fill(Some(7), 7).count(), 0);
        assert_eq!(fill(Some(0), 1000).collect::<Vec<_>>(), [1000]);
        assert_eq!(fill(Some(0), 650_000).collect::<Vec<_>>(), [300_000, 600_000, 650_000]);
    }
}
