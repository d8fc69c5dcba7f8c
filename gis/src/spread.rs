//! From points to places between them: two plain ways to let stations speak for a place.

/// One station's value as heard at a place: finite, and at a distance that is no less than zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    distance_m: f64,
    value: f64,
}

/// Nearer than this a place *is* the station, metres.
const SAME_PLACE_M: f64 = 1.0;

impl Sample {
    /// A value at a distance (metres); `None` where one is not finite or the distance is negative.
    pub fn new(distance_m: f64, value: f64) -> Option<Self> {
        let good = distance_m.is_finite() && distance_m >= 0.0 && value.is_finite();
        good.then_some(Self { distance_m, value })
    }

    /// Distance, metres.
    pub fn distance_m(self) -> f64 {
        self.distance_m
    }

    /// Value, in the property's unit.
    pub fn value(self) -> f64 {
        self.value
    }
}

/// Inverse distance weighting with power 2; `None` without samples. The order of the samples does
/// not matter, to the last bit.
///
/// # Units
/// The result has the unit of the values and lies between their least and greatest. A place within a
/// metre of stations has their mean.
///
/// # References
/// Shepard 1968, "A two-dimensional interpolation function for irregularly-spaced data", ACM '68,
/// doi:10.1145/800186.810616; power 2 as usual for rain (WMO-No. 168, Guide to Hydrological Practices).
pub fn inverse_distance(samples: &[Sample]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.value.total_cmp(&b.value)));
    let here = sorted.partition_point(|s| s.distance_m < SAME_PLACE_M);
    let (here, far) = sorted.split_at(here);
    let weighted = |list: &[Sample], weight: fn(f64) -> f64| {
        // Weights are taken relative to the nearest, and values relative to the least: neither the
        // square of a long way nor a sum of huge values can leave the range of a float.
        let nearest = list.first()?.distance_m.max(SAME_PLACE_M);
        let least = list.iter().map(|s| s.value).fold(f64::INFINITY, f64::min);
        let greatest = list.iter().map(|s| s.value).fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut weights) = (0.0, 0.0);
        for sample in list {
            let w = weight(sample.distance_m / nearest);
            sum += w * (sample.value / 2.0 - least / 2.0);
            weights += w;
        }
        Some((2.0 * (sum / weights) + least).clamp(least, greatest))
    };
    if here.is_empty() { weighted(far, |d| 1.0 / (d * d)) } else { weighted(here, |_| 1.0) }
}

/// The nearest station's value (Thiessen's rule); of several at one distance the greatest, since it
/// is the one to be warned of. `None` without samples.
///
/// # Units
/// That of the values.
///
/// # References
/// Thiessen 1911, "Precipitation averages for large areas", Monthly Weather Review 39(7).
pub fn nearest(samples: &[Sample]) -> Option<f64> {
    let order = |a: &&Sample, b: &&Sample| {
        a.distance_m.total_cmp(&b.distance_m).then(b.value.total_cmp(&a.value))
    };
    samples.iter().min_by(order).map(|s| s.value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(distance_m: f64, value: f64) -> Sample {
        Sample::new(distance_m, value).unwrap()
    }

    #[test]
    fn twice_as_far_weighs_a_quarter() {
        let value = inverse_distance(&[sample(1_000.0, 10.0), sample(2_000.0, 60.0)]).unwrap();
        assert!((value - 20.0).abs() < 1e-12, "{value}");
    }

    #[test]
    fn at_a_station_the_station_alone_speaks() {
        assert_eq!(inverse_distance(&[sample(0.0, 7.0), sample(500.0, 90.0)]), Some(7.0));
        assert_eq!(inverse_distance(&[sample(0.0, 6.0), sample(0.5, 8.0)]), Some(7.0));
    }

    #[test]
    fn without_stations_there_is_no_value() {
        assert_eq!(inverse_distance(&[]), None);
        assert_eq!(nearest(&[]), None);
        assert_eq!(Sample::new(f64::NAN, 1.0), None);
        assert_eq!(Sample::new(1.0, f64::INFINITY), None);
        assert_eq!(Sample::new(-1.0, 1.0), None);
    }

    #[test]
    fn the_nearest_speaks_and_a_tie_warns() {
        assert_eq!(nearest(&[sample(10.0, 1.0), sample(5.0, 2.0), sample(5.0, 3.0)]), Some(3.0));
    }

    proptest! {
        #[test]
        fn the_value_lies_between_the_samples_in_any_order(
            list in prop::collection::vec((0.0..1e7_f64, -1e300..1e300_f64), 1..20),
            turn in 0_usize..20,
        ) {
            let mut samples: Vec<Sample> = list.iter().map(|(d, v)| sample(*d, *v)).collect();
            let value = inverse_distance(&samples).unwrap();
            let least = list.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
            let greatest = list.iter().map(|s| s.1).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(value.is_finite() && least <= value && value <= greatest);
            let turn = turn % samples.len();
            samples.rotate_left(turn);
            prop_assert_eq!(inverse_distance(&samples).map(f64::to_bits), Some(value.to_bits()));
        }
    }
}
