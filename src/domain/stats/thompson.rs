//! Chooses a variant by Beta-Bernoulli Thompson sampling with a floor.
//!
//! Every live arm gets at least `floor` of the choices; the rest goes to the arm whose drawn share is
//! largest. The draw depends on the seed and the key alone, so the same prospect gets the same
//! variant from the same counts after any crash. The choice carries the probability with which it was
//! made, so that outcomes can later be weighed by it.

use rand_distr::{Beta as BetaSampler, Distribution};

use super::beta::{Beta, chances};
use super::real;
use crate::domain::draw::Seed;

/// What is known of one live arm. Pending contacts are in neither count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmCounts {
    /// Its name.
    pub arm: String,
    /// Contacts that led to the goal.
    pub successes: u64,
    /// Contacts whose window closed without it.
    pub failures: u64,
}

impl ArmCounts {
    /// The posterior from a flat prior.
    fn posterior(&self) -> Beta {
        Beta { a: 1.0 + real(self.successes), b: 1.0 + real(self.failures) }
    }
}

/// The arm chosen, and how likely that was.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its name.
    pub arm: String,
    /// The probability of this choice before it was drawn.
    pub propensity: f64,
}

/// Chooses among `arms` for the question `key`; `None` when there is none to choose from.
///
/// `floor` is the least share of choices for each arm; it is lowered when there are so many arms
/// that they could not all have it.
pub fn choose_variant(seed: Seed, key: &str, arms: &[ArmCounts], floor: f64) -> Option<Choice> {
    let count = real(arms.len() as u64);
    let floor = floor.clamp(0.0, if arms.is_empty() { 0.0 } else { 1.0 / count });
    let explored = floor * count;
    let draw = seed.unit(&["variant", "explore", key]);
    let index = if draw < explored {
        // The draw is uniform below `explored`, so it also says which arm is explored.
        arms.iter()
            .enumerate()
            .map(|(index, _)| index)
            .take_while(|index| real(*index as u64) * floor <= draw)
            .last()?
    } else {
        largest_sample(seed, key, arms)?
    };
    let best = chances_of_being_best(arms);
    Some(Choice {
        arm: arms.get(index)?.arm.clone(),
        propensity: floor + (1.0 - explored) * best.get(index)?,
    })
}

/// Returns, for each arm, the chance that it is the best of them.
pub fn chances_of_being_best(arms: &[ArmCounts]) -> Vec<f64> {
    chances(&arms.iter().map(ArmCounts::posterior).collect::<Vec<_>>())
}

/// Draws a share for each arm and returns the arm with the largest.
///
/// Each arm's draw is keyed by its name, so that adding or stopping an arm changes no other's.
fn largest_sample(seed: Seed, key: &str, arms: &[ArmCounts]) -> Option<usize> {
    arms.iter()
        .enumerate()
        .map(|(index, arm)| {
            let posterior = arm.posterior();
            // The parameters are at least 1, which the distribution accepts; an arm it would refuse
            // is never the best.
            let sample = BetaSampler::new(posterior.a, posterior.b).map_or(0.0, |beta| {
                beta.sample(&mut seed.generator(&["variant", "sample", key, &arm.arm]))
            });
            (index, sample)
        })
        .max_by(|(_, left), (_, right)| left.total_cmp(right))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(counts: &[(u64, u64)]) -> Vec<ArmCounts> {
        counts
            .iter()
            .zip(["direct", "friendly", "question", "numbers"])
            .map(|(&(successes, failures), arm)| ArmCounts {
                arm: arm.to_owned(),
                successes,
                failures,
            })
            .collect()
    }

    #[test]
    fn the_better_of_two_arms_gets_most_of_five_thousand_contacts() {
        let mut counts = arms(&[(0, 0), (0, 0)]);
        let mut better = 0;
        for contact in 0..5_000 {
            let key = contact.to_string();
            let choice = choose_variant(Seed(1), &key, &counts, 0.05).unwrap();
            let (index, rate) = if choice.arm == "direct" { (0, 0.10) } else { (1, 0.02) };
            if Seed(1).unit(&["booked", &key]) < rate {
                counts[index].successes += 1;
            } else {
                counts[index].failures += 1;
            }
            better += u32::from(index == 0);
        }
        assert!(better > 4_000, "the 10 % arm got {better} of 5,000");
    }

    #[test]
    fn the_same_key_and_counts_give_the_same_choice_and_other_keys_others() {
        let counts = arms(&[(3, 20), (2, 25), (0, 0)]);
        let choose = |key: &str| choose_variant(Seed(7), key, &counts, 0.05);
        assert_eq!(choose("osm:node/1"), choose("osm:node/1"));
        let chosen: std::collections::BTreeSet<_> =
            (0..100).map(|key| choose(&key.to_string()).unwrap().arm).collect();
        assert_eq!(chosen.len(), 3, "with so little evidence every arm is tried: {chosen:?}");
    }

    #[test]
    fn a_hopeless_arm_still_gets_its_floor() {
        let counts = arms(&[(500, 500), (1, 999)]);
        let hopeless = (0..2_000)
            .filter(|key| {
                choose_variant(Seed(1), &key.to_string(), &counts, 0.05).unwrap().arm == "friendly"
            })
            .count();
        assert!((65..=135).contains(&hopeless), "{hopeless} of 2,000 at a floor of 5 %");
    }

    #[test]
    fn propensities_sum_to_one_and_match_how_often_an_arm_is_chosen() {
        let counts = arms(&[(4, 30), (6, 28), (5, 40), (0, 2)]);
        let mut chosen = std::collections::BTreeMap::new();
        for key in 0..2_000 {
            let choice = choose_variant(Seed(3), &key.to_string(), &counts, 0.05).unwrap();
            chosen.entry(choice.arm).or_insert((0_u32, choice.propensity)).0 += 1;
        }
        let total: f64 = chosen.values().map(|(_, propensity)| propensity).sum();
        assert!((total - 1.0).abs() < 1e-9, "{chosen:?}");
        for (arm, (times, propensity)) in &chosen {
            let share = f64::from(*times) / 2_000.0;
            assert!((share - propensity).abs() < 0.03, "{arm}: {share} against {propensity}");
        }
    }

    #[test]
    fn no_arm_no_choice_and_one_arm_is_certain() {
        assert_eq!(choose_variant(Seed(1), "k", &[], 0.05), None);
        let only = choose_variant(Seed(1), "k", &arms(&[(0, 9)]), 0.05).unwrap();
        assert!((only.propensity - 1.0).abs() < 1e-12, "{only:?}");
        let crowded = choose_variant(Seed(1), "k", &arms(&[(0, 0), (0, 0)]), 0.9).unwrap();
        assert!((crowded.propensity - 0.5).abs() < 1e-6, "{crowded:?}");
    }
}
