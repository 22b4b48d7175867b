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

/// What is known of one live arm. Pending contacts are in neither count; old ones may weigh less.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// Contacts that led to the goal, each by its weight.
    pub successes: f64,
    /// Contacts whose window closed without it, each by its weight.
    pub failures: f64,
}

impl Arm {
    /// The posterior from a flat prior.
    fn posterior(&self) -> Beta {
        Beta { a: 1.0 + self.successes.max(0.0), b: 1.0 + self.failures.max(0.0) }
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

/// The arms to choose from with their odds: worked out once, asked for every contact.
#[derive(Clone, Debug)]
pub struct Odds {
    arms: Vec<Arm>,
    best: Vec<f64>,
    floor: f64,
}

impl Odds {
    /// Works out the odds of `arms`. `floor` is the least share of choices for each arm; it is
    /// lowered when there are so many arms that they could not all have it.
    pub fn of(arms: Vec<Arm>, floor: f64) -> Self {
        let most = if arms.is_empty() { 0.0 } else { 1.0 / real(arms.len() as u64) };
        let best = chances(&arms.iter().map(Arm::posterior).collect::<Vec<_>>());
        Self { arms, best, floor: floor.clamp(0.0, most) }
    }

    /// Returns the chance that the arm called `name` is the best of them.
    pub fn chance_of_best(&self, name: &str) -> Option<f64> {
        let place = self.arms.iter().position(|arm| arm.name == name)?;
        self.best.get(place).copied()
    }

    /// Chooses for the question `key`; `None` when there is nothing to choose from.
    pub fn choose(&self, seed: Seed, key: &str) -> Option<Choice> {
        let explored = self.floor * real(self.arms.len() as u64);
        let draw = seed.unit(&["variant", "explore", key]);
        let index = if draw < explored {
            // The draw is uniform below `explored`, so it also says which arm is explored.
            (0..self.arms.len())
                .take_while(|index| real(*index as u64) * self.floor <= draw)
                .last()?
        } else {
            largest_sample(seed, key, &self.arms)?
        };
        Some(Choice {
            arm: self.arms.get(index)?.name.clone(),
            propensity: self.floor + (1.0 - explored) * self.best.get(index)?,
        })
    }
}

/// Draws a share for each arm and returns the arm with the largest.
///
/// Each arm's draw is keyed by its name, so that adding or stopping an arm changes no other's.
fn largest_sample(seed: Seed, key: &str, arms: &[Arm]) -> Option<usize> {
    arms.iter()
        .enumerate()
        .map(|(index, arm)| {
            let posterior = arm.posterior();
            // The parameters are at least 1, which the distribution accepts; an arm it would refuse
            // is never the best.
            let sample = BetaSampler::new(posterior.a, posterior.b).map_or(0.0, |beta| {
                beta.sample(&mut seed.generator(&["variant", "sample", key, &arm.name]))
            });
            (index, sample)
        })
        .max_by(|(_, left), (_, right)| left.total_cmp(right))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odds(counts: &[(f64, f64)], floor: f64) -> Odds {
        let arms = counts
            .iter()
            .zip(["direct", "friendly", "question", "numbers"])
            .map(|(&(successes, failures), name)| Arm {
                name: name.to_owned(),
                successes,
                failures,
            })
            .collect();
        Odds::of(arms, floor)
    }

    #[test]
    fn the_same_key_and_counts_give_the_same_choice_and_other_keys_others() {
        let odds = odds(&[(3.0, 20.0), (2.0, 25.0), (0.0, 0.0)], 0.05);
        let choose = |key: &str| odds.choose(Seed(7), key);
        assert_eq!(choose("osm:node/1"), choose("osm:node/1"));
        let chosen: std::collections::BTreeSet<_> =
            (0..100).map(|key| choose(&key.to_string()).unwrap().arm).collect();
        assert_eq!(chosen.len(), 3, "with so little evidence every arm is tried: {chosen:?}");
    }

    #[test]
    fn a_hopeless_arm_still_gets_its_floor() {
        let odds = odds(&[(500.0, 500.0), (1.0, 999.0)], 0.05);
        let hopeless = (0..2_000)
            .filter(|key| odds.choose(Seed(1), &key.to_string()).unwrap().arm == "friendly")
            .count();
        assert!((65..=135).contains(&hopeless), "{hopeless} of 2,000 at a floor of 5 %");
    }

    #[test]
    fn propensities_sum_to_one_and_match_how_often_an_arm_is_chosen() {
        let odds = odds(&[(4.5, 30.0), (6.0, 28.25), (5.0, 40.0), (0.0, 2.0)], 0.05);
        let mut chosen = std::collections::BTreeMap::new();
        for key in 0..2_000 {
            let choice = odds.choose(Seed(3), &key.to_string()).unwrap();
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
        assert_eq!(odds(&[], 0.05).choose(Seed(1), "k"), None);
        let only = odds(&[(0.0, 9.0)], 0.05).choose(Seed(1), "k").unwrap();
        assert!((only.propensity - 1.0).abs() < 1e-12, "{only:?}");
        let crowded = odds(&[(0.0, 0.0), (0.0, 0.0)], 0.9).choose(Seed(1), "k").unwrap();
        assert!((crowded.propensity - 0.5).abs() < 1e-6, "{crowded:?}");
    }
}
