//! Defines keyed draws: numbers that look random and depend on nothing but their key.
//!
//! A sequential generator would make every answer depend on the order in which workers ask. A
//! keyed draw gives the same answer for the same question in any order, on any machine and after
//! any crash, which is what lets the simulated world keep no state.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// The seed of a world; everything simulated follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// Returns a uniform draw in [0, 1) for the question named by `parts`.
    pub fn unit(self, parts: &[&str]) -> f64 {
        let digest = self.digest(parts);
        let mut word = [0; 8];
        word.copy_from_slice(&digest[..8]);
        // The top 53 bits fill a double's mantissa exactly, so every value is equally likely.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double without loss")]
        let numerator = (u64::from_le_bytes(word) >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// Returns a uniform integer in `low..=high` for the question named by `parts`.
    pub fn between(self, parts: &[&str], low: i64, high: i64) -> i64 {
        #[expect(clippy::cast_precision_loss, reason = "ranges here are minutes and days")]
        let width = (high - low + 1).max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "the product is below the width")]
        let offset = (self.unit(parts) * width) as i64;
        low + offset
    }

    /// Returns a generator for draws that need many numbers, such as a Beta sample.
    pub fn generator(self, parts: &[&str]) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(self.digest(parts))
    }

    fn digest(self, parts: &[&str]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.0.to_le_bytes());
        for part in parts {
            // The length goes first, so that ["ab", "c"] and ["a", "bc"] differ.
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().into()
    }
}

/// A long row of draws for tests that walk at random; the same seed walks the same way.
#[cfg(test)]
pub(crate) struct Dice(pub(crate) u64);

#[cfg(test)]
impl Dice {
    /// Returns a number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        // SplitMix64: each state is another number, and each number is well mixed.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % n as u64).unwrap_or(0)
    }

    /// Returns one of `all`.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// Returns how many walks a test takes: the long form names more in the environment.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests alone read this variable")]
pub(crate) fn walks(usual: u64) -> u64 {
    std::env::var("CEP_WALKS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer_and_another_question_another() {
        assert_eq!(Seed(1).unit(&["a", "b"]).to_bits(), Seed(1).unit(&["a", "b"]).to_bits());
        assert_ne!(Seed(1).unit(&["ab"]).to_bits(), Seed(1).unit(&["a", "b"]).to_bits());
        assert_ne!(Seed(1).unit(&["a"]).to_bits(), Seed(2).unit(&["a"]).to_bits());
    }

    #[test]
    fn draws_spread_over_the_unit_interval() {
        let mean =
            (0..2_000).map(|i| Seed(7).unit(&["mean", &i.to_string()])).sum::<f64>() / 2_000.0;
        assert!((mean - 0.5).abs() < 0.02, "mean {mean}");
    }
}
