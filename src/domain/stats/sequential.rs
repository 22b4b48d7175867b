//! Judges two shares that are looked at again and again.
//!
//! A test made for one look is wrong after fifty: some week, chance alone crosses any fixed level.
//! The evidence here is a likelihood ratio averaged over differences that pitches can have (a
//! normal mixture), which under equal shares is a martingale: however often it is looked at, the
//! chance that it ever reaches `1/α` is at most `α`.

use super::real;

/// Standard deviation of the differences that are averaged over, in shares of 1: pitches differ by
/// some percent points. It decides how soon differences of which size are seen, never how often
/// chance is taken for one.
const DIFFERENCE_SD: f64 = 0.05;

/// Returns how much better the data fit two different shares than one common share: 1 says nothing,
/// 20 is met by chance in at most one of twenty series of looks, 400 in one of four hundred.
///
/// Without observations in both groups it is 1.
pub fn evidence_of_difference(first: (u64, u64), second: (u64, u64)) -> f64 {
    let ((s1, n1), (s2, n2)) = (first, second);
    if n1 == 0 || n2 == 0 {
        return 1.0;
    }
    // One success and one failure more keep the variance from vanishing while nothing has happened.
    let pooled = real(s1 + s2 + 1) / real(n1 + n2 + 2);
    let variance = pooled * (1.0 - pooled) * (1.0 / real(n1) + 1.0 / real(n2));
    let difference = real(s2) / real(n2) - real(s1) / real(n1);
    let mixed = DIFFERENCE_SD * DIFFERENCE_SD;
    let fit = difference * difference * mixed / (2.0 * variance * (variance + mixed));
    (variance / (variance + mixed)).sqrt() * fit.exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::draw::Seed;

    #[test]
    fn nothing_seen_says_nothing_and_equal_counts_speak_for_one_share() {
        assert!((evidence_of_difference((0, 0), (3, 9)) - 1.0).abs() < 1e-12);
        assert!(evidence_of_difference((50, 1_000), (50, 1_000)) < 1.0);
    }

    #[test]
    fn ten_and_two_of_a_hundred_are_told_apart_after_some_hundreds() {
        assert!(evidence_of_difference((0, 30), (4, 30)) < 20.0);
        assert!(evidence_of_difference((6, 300), (100, 1_000)) > 1_000.0);
    }

    #[test]
    fn a_hundred_looks_at_equal_shares_rarely_find_a_difference() {
        let found = (0..200)
            .filter(|series| {
                let (mut first, mut second) = ((0, 0), (0, 0));
                (0..100).any(|look| {
                    for contact in 0..20 {
                        let key = format!("{series}/{look}/{contact}");
                        let (counts, who) = if contact % 2 == 0 {
                            (&mut first, "first")
                        } else {
                            (&mut second, "second")
                        };
                        counts.1 += 1;
                        counts.0 += u64::from(Seed(5).unit(&[who, &key]) < 0.1);
                    }
                    evidence_of_difference(first, second) >= 20.0
                })
            })
            .count();
        assert!(found <= 10, "{found} of 200 series at a promised share of 5 %");
    }
}
