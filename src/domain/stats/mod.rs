//! Judges shares of small counts, and chooses between ways of working by them.
//!
//! A share always comes with its interval, so that 1 of 2 is never shown as better than 80 of 200.
//! Pending observations are no failures: callers leave them out of both counts.

mod beta;
mod many;
mod sequential;
mod thompson;

pub use many::{chance_of_so_many, holm};
pub use sequential::evidence_of_difference;
pub use thompson::{Arm, Choice, Odds};

/// The normal quantile of a two-sided 95 % interval.
pub const Z_95: f64 = 1.959_964;

/// A share with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// Lower end, 0–1.
    pub low: f64,
    /// Upper end, 0–1.
    pub high: f64,
}

/// Returns the Wilson interval of `successes` of `n`; without observations it is all of 0–1.
pub fn wilson(successes: u64, n: u64) -> Interval {
    if n == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (successes, n) = (real(successes.min(n)), real(n));
    let share = successes / n;
    let z2 = Z_95 * Z_95;
    let centre = share + z2 / (2.0 * n);
    let half = Z_95 * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    Interval {
        low: ((centre - half) / scale).clamp(0.0, 1.0),
        high: ((centre + half) / scale).clamp(0.0, 1.0),
    }
}

/// The outcome of a comparison of two shares.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TwoProportions {
    /// How many standard errors the second share is above the first.
    pub z: f64,
    /// Chance of so large a difference, either way, if there were none.
    pub p: f64,
}

/// Compares `successes` of `n` in two groups by the pooled z test.
///
/// Fixed horizon only: looking again after each observation makes `p` too small. `None` when a group
/// is empty, or when all or none succeeded, where the test says nothing.
pub fn two_proportions(first: (u64, u64), second: (u64, u64)) -> Option<TwoProportions> {
    let ((s1, n1), (s2, n2)) = (first, second);
    if n1 == 0 || n2 == 0 || s1 + s2 == 0 || s1 + s2 == n1 + n2 {
        return None;
    }
    let pooled = real(s1 + s2) / real(n1 + n2);
    let error = (pooled * (1.0 - pooled) * (1.0 / real(n1) + 1.0 / real(n2))).sqrt();
    let z = (real(s2) / real(n2) - real(s1) / real(n1)) / error;
    Some(TwoProportions { z, p: erfc(z.abs() / std::f64::consts::SQRT_2) })
}

/// Returns how many observations each of two groups needs so that a test at 5 % sees the difference
/// of `first` and `second` in four of five cases; `None` where there is no difference to see.
pub fn sample_size(first: f64, second: f64) -> Option<u64> {
    /// Quantiles of 2.5 % and of 20 %, as usually rounded.
    const Z_ALPHA_AND_BETA: f64 = 1.96 + 0.84;
    let spread = first * (1.0 - first) + second * (1.0 - second);
    let n = (Z_ALPHA_AND_BETA / (first - second)).powi(2) * spread;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and a number beyond 2^64 saturates"
    )]
    let whole = n.ceil() as u64;
    let fits = [first, second].iter().all(|share| (0.0..=1.0).contains(share));
    (fits && n.is_finite()).then_some(whole)
}

/// The complementary error function for `x ≥ 0`, to about 1e-12: a series near zero, a continued
/// fraction further out.
fn erfc(x: f64) -> f64 {
    const SERIES_BELOW: f64 = 2.5;
    let square = x * x;
    if x < SERIES_BELOW {
        let (mut term, mut sum, mut k) = (x, x, 0.0);
        while term.abs() > 1e-17 * sum.abs() && k < 200.0 {
            k += 1.0;
            term *= -square / k;
            sum += term / (2.0 * k + 1.0);
        }
        return 1.0 - sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let fraction = (1..=60_u8).rev().fold(x, |below, k| x + f64::from(k) / 2.0 / below);
    (-square).exp() / (fraction * std::f64::consts::PI.sqrt())
}

#[expect(clippy::cast_precision_loss, reason = "counts of contacts are far below 2^53")]
const fn real(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() < tolerance, "{found} instead of {expected}");
    }

    #[test]
    fn the_wilson_interval_has_the_published_values() {
        for (successes, n, low, high) in [
            (0, 10, 0.0, 0.277_533),
            (1, 10, 0.017_876, 0.404_150),
            (5, 10, 0.236_593, 0.763_407),
            (10, 10, 0.722_467, 1.0),
            (30, 1_000, 0.021_094, 0.042_503),
        ] {
            let interval = wilson(successes, n);
            close(interval.low, low, 1e-6);
            close(interval.high, high, 1e-6);
        }
        assert_eq!(wilson(0, 0), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn two_shares_compare_as_published() {
        let test = two_proportions((20, 1_000), (36, 1_000)).unwrap();
        close(test.z, 2.1687, 1e-4);
        close(test.p, 0.0301, 1e-4);
        let swapped = two_proportions((36, 1_000), (20, 1_000)).unwrap();
        close(swapped.z, -test.z, 1e-12);
        close(swapped.p, test.p, 1e-12);
    }

    #[test]
    fn the_sample_size_is_the_one_of_the_formula() {
        // 2.8² · (0.02·0.98 + 0.036·0.964) / 0.016² = 1663.06
        assert_eq!(sample_size(0.02, 0.036), Some(1_664));
        assert_eq!(sample_size(0.036, 0.02), Some(1_664));
        assert_eq!(sample_size(0.5, 0.6), Some(385));
        assert_eq!(sample_size(0.1, 0.1), None);
        assert_eq!(sample_size(0.1, 1.1), None);
    }

    #[test]
    fn a_comparison_that_says_nothing_is_none() {
        assert_eq!(two_proportions((0, 0), (1, 2)), None);
        assert_eq!(two_proportions((0, 5), (0, 7)), None);
        assert_eq!(two_proportions((5, 5), (7, 7)), None);
    }

    #[test]
    fn the_error_function_is_right_on_both_sides_of_its_seam() {
        close(erfc(0.0), 1.0, 1e-15);
        close(erfc(1.0), 0.157_299_207_050_285_13, 1e-12);
        close(erfc(2.499_999_999), 0.000_406_952_017_5, 1e-11);
        close(erfc(2.5), 0.000_406_952_017_444_958_9, 1e-13);
        close(erfc(5.0), 1.537_459_794_428_035e-12, 1e-20);
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_share_and_stays_within_nought_and_one(
            n in 1_u64..100_000, part in 0.0_f64..=1.0,
        ) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=n")]
            let successes = (part * real(n)) as u64;
            let interval = wilson(successes, n);
            let share = real(successes) / real(n);
            prop_assert!(interval.low - 1e-12 <= share && share <= interval.high + 1e-12);
            prop_assert!(0.0 <= interval.low && interval.high <= 1.0);
        }
    }
}
