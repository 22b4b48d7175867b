//! Corrects many comparisons made at once, and judges rare events against a limit.

use super::real;

/// Returns which of `p_values` stand at the family-wise level `alpha`, by Holm's step-down rule.
///
/// The chance that any one of them stands although there is nothing is at most `alpha`, however they
/// depend on each other. The answers are in the order of the values.
pub fn holm(p_values: &[f64], alpha: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|left, right| p_values[*left].total_cmp(&p_values[*right]));
    let mut stands = vec![false; p_values.len()];
    for (place, index) in order.into_iter().enumerate() {
        if p_values[index] > alpha / real((p_values.len() - place) as u64) {
            break;
        }
        stands[index] = true;
    }
    stands
}

/// Returns the chance of `hits` or more among `n` when each has the chance `share`: small when so
/// many are not to be expected of something that keeps the limit `share`.
pub fn chance_of_so_many(hits: u64, n: u64, share: f64) -> f64 {
    if hits == 0 || share >= 1.0 {
        return 1.0;
    }
    if hits > n || share <= 0.0 {
        return 0.0;
    }
    // The logarithm of the first term; the terms after it follow by their ratio.
    let first: f64 = (0..hits).map(|index| (real(n - index) / real(index + 1)).ln()).sum::<f64>()
        + real(hits) * share.ln()
        + real(n - hits) * (-share).ln_1p();
    let odds = share / (1.0 - share);
    let (mut term, mut sum) = (1.0, 0.0);
    for index in hits..=n {
        sum += term;
        term *= real(n - index) / real(index + 1) * odds;
        if term < 1e-17 * sum && real(index) > real(n) * share {
            break;
        }
    }
    (first + sum.ln()).exp().min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn holm_lets_stand_what_holds_against_the_number_of_comparisons() {
        // 0.01 ≤ 0.05/4, 0.02 > 0.05/3: from there on nothing stands, not even 0.03 ≤ 0.05.
        assert_eq!(holm(&[0.03, 0.01, 0.02, 0.9], 0.05), [false, true, false, false]);
        assert_eq!(holm(&[0.01, 0.012, 0.013], 0.05), [true, true, true]);
        assert_eq!(holm(&[], 0.05), Vec::<bool>::new());
    }

    #[test]
    fn the_chance_of_so_many_is_the_binomial_tail() {
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        close(chance_of_so_many(0, 10, 0.3), 1.0);
        close(chance_of_so_many(1, 2, 0.5), 0.75);
        close(chance_of_so_many(2, 3, 0.5), 0.5);
        close(chance_of_so_many(1, 30, 0.001), 1.0 - 0.999_f64.powi(30));
        close(chance_of_so_many(10, 10, 0.5), 0.5_f64.powi(10));
        close(chance_of_so_many(3, 2, 0.5), 0.0);
    }

    proptest! {
        #[test]
        fn more_hits_are_never_more_likely_to_be_reached(
            n in 1_u64..2_000, hits in 0_u64..100, share in 0.0001_f64..0.5,
        ) {
            let hits = hits.min(n);
            let (fewer, more) =
                (chance_of_so_many(hits, n, share), chance_of_so_many(hits + 1, n, share));
            prop_assert!((0.0..=1.0).contains(&fewer) && more <= fewer + 1e-12, "{fewer} {more}");
        }

        #[test]
        fn holm_never_lets_a_value_stand_that_a_smaller_one_does_not(
            values in proptest::collection::vec(0.0_f64..0.2, 0..12),
        ) {
            let stands = holm(&values, 0.05);
            for (at, value) in values.iter().enumerate() {
                for (other, smaller) in values.iter().enumerate() {
                    prop_assert!(smaller > value || stands[other] || !stands[at]);
                }
            }
        }
    }
}
