//! Takes a change of Φ_sync apart: how much of it each container, layer and ratio is behind.
//!
//! Φ = W · C, so ΔΦ = C̄ · ΔW + W̄ · ΔC, where a bar is the mean of both moments: that is exact for a
//! product, and favours neither moment. W̄ · ΔC is the part of the coupling. C̄ · ΔW falls to the
//! containers by C̄ · weight · Δhealth, and a health's change to its figures as the formula of health
//! has them; a mean over layers falls to each by its share of the mean, then and now. What the bounds
//! 0 and 1 of a health cut off is a part of its own. So all parts add up to ΔΦ
//! (`docs/adr/0022-parts-of-a-change.md`).

use super::{ContainerPhi, Phi};
use crate::domain::layer::{Container, Layer};

/// A change of Φ_sync and its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// The value after less the value before.
    pub delta: f64,
    /// The part of the coupling.
    pub coupling: f64,
    /// The parts of the containers.
    pub containers: Vec<ContainerPart>,
}

/// The part that one container is behind.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerPart {
    /// Which.
    pub container: Container,
    /// Its whole part.
    pub total: f64,
    /// Of its conversion.
    pub conversion: f64,
    /// Of each layer's efficiency.
    pub efficiency: Vec<(Layer, f64)>,
    /// Of each layer's error rate.
    pub error_rate: Vec<(Layer, f64)>,
    /// Of the bounds of a health, which is never below 0 nor above 1.
    pub bounds: f64,
}

/// What one layer holds Φ_sync down by: its failed attempts, and its units that were not clean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lost {
    /// Which layer.
    pub layer: Layer,
    /// By how much.
    pub by: f64,
}

impl Why {
    /// Takes the change from one moment to another apart; `None` when Φ_sync is unknown at either.
    pub fn between(before: &Phi, after: &Phi) -> Option<Self> {
        let (value, weighted, coupling) =
            both(before, after, |phi| Some((phi.value?, phi.weighted?, phi.coupling?)))
                .map(|(a, b)| ((a.0, b.0), (a.1, b.1), (a.2, b.2)))?;
        let mean_coupling = f64::midpoint(coupling.0, coupling.1);
        let containers = before.containers.iter().zip(&after.containers);
        Some(Self {
            delta: value.1 - value.0,
            coupling: f64::midpoint(weighted.0, weighted.1) * (coupling.1 - coupling.0),
            containers: containers
                .map(|(before, after)| part(before, after, mean_coupling))
                .collect::<Option<_>>()?,
        })
    }
}

fn both<T>(before: &Phi, after: &Phi, of: impl Fn(&Phi) -> Option<T>) -> Option<(T, T)> {
    of(before).zip(of(after))
}

fn part(before: &ContainerPhi, after: &ContainerPhi, coupling: f64) -> Option<ContainerPart> {
    let factor = coupling * after.weight;
    let raw = |one: &ContainerPhi| {
        Some(f64::midpoint(one.conversion?, one.efficiency?) - one.error_rate?)
    };
    let cut = |one: &ContainerPhi| Some(one.health? - raw(one)?);
    let shares = |pick: fn(&super::LayerInputs) -> Option<f64>, factor: f64| {
        let of = |one: &ContainerPhi| shares_of_mean(one, pick);
        of(before)
            .into_iter()
            .zip(of(after))
            .map(move |((layer, a), (_, b))| (layer, factor * (b - a)))
    };
    Some(ContainerPart {
        container: after.inputs.container,
        total: factor * (after.health? - before.health?),
        conversion: factor / 2.0 * (after.conversion? - before.conversion?),
        efficiency: shares(|layer| layer.units.share(), factor / 2.0).collect(),
        error_rate: shares(|layer| layer.attempts.share(), -factor).collect(),
        bounds: factor * (cut(after)? - cut(before)?),
    })
}

/// Returns each layer's share of the mean over the layers that have any rows; 0 without.
#[expect(clippy::cast_precision_loss, reason = "a container has at most four layers")]
fn shares_of_mean(
    one: &ContainerPhi,
    pick: fn(&super::LayerInputs) -> Option<f64>,
) -> Vec<(Layer, f64)> {
    let layers = &one.inputs.layers;
    let n = layers.iter().filter_map(pick).count().max(1) as f64;
    layers.iter().map(|layer| (layer.layer, pick(layer).unwrap_or(0.0) / n)).collect()
}

impl Phi {
    /// Returns what each container adds to Φ_sync, weight · health · coupling; these add up to it.
    pub fn parts(&self) -> Vec<(Container, f64)> {
        let Some(coupling) = self.coupling else { return Vec::new() };
        let part =
            |one: &ContainerPhi| Some((one.inputs.container, one.weight * one.health? * coupling));
        self.containers.iter().filter_map(part).collect()
    }

    /// Returns what each layer holds Φ_sync down by, the most first; layers that do not are left out.
    pub fn lost(&self) -> Vec<Lost> {
        let Some(coupling) = self.coupling else { return Vec::new() };
        let mut lost: Vec<Lost> = Vec::new();
        for one in &self.containers {
            let factor = coupling * one.weight;
            let unclean = shares_of_mean(one, |layer| layer.units.share().map(|share| 1.0 - share));
            let failed = shares_of_mean(one, |layer| layer.attempts.share());
            for ((layer, unclean), (_, failed)) in unclean.into_iter().zip(failed) {
                lost.push(Lost { layer, by: factor * (unclean / 2.0 + failed) });
            }
        }
        lost.retain(|one| one.by > 0.0);
        lost.sort_by(|a, b| b.by.total_cmp(&a.by));
        lost
    }
}

/// Rounds parts to whole steps so that they add up to `total` steps: what rounding leaves over goes to
/// the parts it took most from.
#[expect(clippy::cast_possible_truncation, reason = "parts of Φ_sync are within -1 and 1")]
pub fn in_steps(total: i64, parts: &[f64], step: f64) -> Vec<i64> {
    let exact: Vec<f64> = parts.iter().map(|part| part / step).collect();
    let mut steps: Vec<i64> = exact.iter().map(|part| part.round() as i64).collect();
    let mut left = total - steps.iter().sum::<i64>();
    #[expect(clippy::cast_precision_loss, reason = "at most ten thousand steps")]
    let short = |steps: &[i64], at: usize| exact[at] - steps[at] as f64;
    while left != 0 && !steps.is_empty() {
        let sign = left.signum();
        #[expect(clippy::cast_precision_loss, reason = "one or minus one")]
        let want = |at: &usize| short(&steps, *at) * sign as f64;
        let most = (0..steps.len()).max_by(|a, b| want(a).total_cmp(&want(b))).unwrap_or(0);
        steps[most] += sign;
        left -= sign;
    }
    steps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::phi::{ContainerInputs, LayerInputs, Tally};

    fn tally(hits: u64, n: u64) -> Tally {
        Tally { of: "hits ÷ n", table: "t", hits: hits.min(n), n, ids: None }
    }

    fn inputs() -> impl Strategy<Value = Vec<ContainerInputs>> {
        let counts = || (0_u64..40, 0_u64..40);
        let layer = (counts(), counts());
        let one = (counts(), prop::collection::vec(layer, 4));
        prop::collection::vec(one, 3).prop_map(|containers| {
            Container::ALL
                .into_iter()
                .zip(containers)
                .map(|(container, ((hits, n), layers))| ContainerInputs {
                    container,
                    window_end: None,
                    layers: container
                        .layers()
                        .zip(layers)
                        .map(|(layer, (attempts, units))| LayerInputs {
                            layer,
                            attempts: tally(attempts.0, attempts.1),
                            units: tally(units.0, units.1),
                            done: 0,
                        })
                        .collect(),
                    conversion: vec![tally(hits, n)],
                })
                .collect()
        })
    }

    fn sum(part: &ContainerPart) -> f64 {
        let layers = part.efficiency.iter().chain(&part.error_rate).map(|(_, by)| by);
        part.conversion + part.bounds + layers.sum::<f64>()
    }

    proptest! {
        #[test]
        fn the_parts_of_a_change_add_up_to_it(before in inputs(), after in inputs()) {
            let (before, after) = (Phi::of(before), Phi::of(after));
            let Some(why) = Why::between(&before, &after) else {
                prop_assert!(before.value.is_none() || after.value.is_none());
                return Ok(());
            };
            prop_assert!((why.delta - (after.value.unwrap() - before.value.unwrap())).abs() < 1e-12);
            let containers: f64 = why.containers.iter().map(|part| part.total).sum();
            prop_assert!((containers + why.coupling - why.delta).abs() < 1e-12, "{why:?}");
            for part in &why.containers {
                prop_assert!((sum(part) - part.total).abs() < 1e-12, "{part:?}");
            }
            let back = Why::between(&after, &before).unwrap();
            prop_assert!((back.coupling + why.coupling).abs() < 1e-12);
            for (there, back) in why.containers.iter().zip(&back.containers) {
                prop_assert!((there.total + back.total).abs() < 1e-12, "{there:?} {back:?}");
                prop_assert!((there.conversion + back.conversion).abs() < 1e-12);
            }
        }

        #[test]
        fn what_the_containers_add_is_the_whole_of_phi(of in inputs()) {
            let phi = Phi::of(of);
            let sum: f64 = phi.parts().iter().map(|(_, part)| part).sum();
            prop_assert!((sum - phi.value.unwrap_or(0.0)).abs() < 1e-12);
        }

        #[test]
        fn shown_parts_add_up_as_they_are_shown(
            parts in prop::collection::vec(-0.3_f64..0.3, 1..6), off in -3_i64..3,
        ) {
            #[expect(clippy::cast_possible_truncation, reason = "small")]
            let total = (parts.iter().sum::<f64>() / 1e-4).round() as i64 + off;
            let steps = in_steps(total, &parts, 1e-4);
            prop_assert_eq!(steps.iter().sum::<i64>(), total);
            for (step, part) in steps.iter().zip(&parts) {
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let away = (*step as f64 * 1e-4 - part).abs();
                prop_assert!(away <= 5e-4, "{} for {}", step, part);
            }
        }
    }

    #[test]
    fn nothing_changed_is_nothing_in_every_part() {
        let one = |container: Container| ContainerInputs {
            container,
            window_end: None,
            layers: container
                .layers()
                .map(|layer| LayerInputs {
                    layer,
                    attempts: tally(1, 10),
                    units: tally(9, 10),
                    done: 9,
                })
                .collect(),
            conversion: vec![tally(5, 10)],
        };
        let phi = Phi::of(Container::ALL.map(one).into());
        let why = Why::between(&phi, &phi).unwrap();
        assert!(why.delta == 0.0 && why.coupling == 0.0);
        assert!(why.containers.iter().all(|part| part.total == 0.0 && sum(part) == 0.0));
    }
}
