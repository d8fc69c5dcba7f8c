//! Chance without a state: a number for (seed, who, what, when) that is the same in every run,
//! whatever was asked before. The mixing function is SplitMix64's (Steele, Lea, Flood 2014).

/// A seed with its questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance(u64);

fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Chance {
    /// From the seed.
    pub fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// A chance of its own for a name.
    #[must_use]
    pub fn of(self, name: &str) -> Self {
        let hash = name.bytes().fold(self.0, |h, b| mix(h ^ u64::from(b)));
        Self(hash)
    }

    /// A chance of its own for a number (an instant, a count).
    #[must_use]
    pub fn at(self, number: i64) -> Self {
        Self(mix(self.0 ^ mix(number.cast_unsigned())))
    }

    /// 0 (included) to 1 (excluded).
    pub fn uniform(self) -> f64 {
        (mix(self.0) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Evenly between two numbers.
    pub fn between(self, low: f64, high: f64) -> f64 {
        low + self.uniform() * (high - low)
    }

    /// Whether a thing of this share happens.
    pub fn happens(self, share: f64) -> bool {
        self.uniform() < share
    }

    /// Normal with mean 0 and deviation 1, cut at ±3 (sum of twelve).
    pub fn normal(self) -> f64 {
        let sum: f64 = (0..12).map(|i| self.at(i).uniform()).sum();
        (sum - 6.0).clamp(-3.0, 3.0)
    }

    /// A smooth field over (x, y, z), −1 to 1, of unit grain.
    pub fn field(self, x: f64, y: f64, z: f64) -> f64 {
        let (fx, fy, fz) = (x.floor(), y.floor(), z.floor());
        let ease = |t: f64| t * t * (3.0 - 2.0 * t);
        let (u, v, w) = (ease(x - fx), ease(y - fy), ease(z - fz));
        let mut sum = 0.0;
        for corner in 0..8i64 {
            let (i, j, k) = (corner & 1, (corner >> 1) & 1, (corner >> 2) & 1);
            let side = |bit: i64, t: f64| if bit == 1 { t } else { 1.0 - t };
            #[allow(clippy::cast_possible_truncation)] // coordinates are small
            let value = self.at(fx as i64 + i).at(fy as i64 + j).at(fz as i64 + k).uniform();
            sum += value * side(i, u) * side(j, v) * side(k, w);
        }
        sum * 2.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_has_no_memory_and_the_right_shape() {
        let chance = Chance::new(7);
        assert_eq!(chance.of("a").at(3).uniform(), chance.of("a").at(3).uniform());
        assert_ne!(chance.of("a").uniform(), chance.of("b").uniform());
        let n = 20_000;
        let mean = (0..n).map(|i| chance.at(i).uniform()).sum::<f64>() / n as f64;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let spread = (0..n).map(|i| chance.at(i).normal().powi(2)).sum::<f64>() / n as f64;
        assert!((spread - 1.0).abs() < 0.05, "{spread}");
        assert!((0..n).all(|i| chance.field(i as f64 * 0.37, 1.5, 0.2).abs() <= 1.0));
    }
}
