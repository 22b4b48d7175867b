use proptest::prelude::*;

use super::*;
use crate::domain::layer::Layer;

fn tally(hits: u64, n: u64) -> Tally {
    Tally { of: "hits ÷ n", table: "rows", hits, n, ids: None }
}

/// A container whose layers all look the same.
fn container(
    container: Container,
    failed: (u64, u64),
    clean: (u64, u64),
    conversion: (u64, u64),
) -> ContainerInputs {
    let layers = container
        .layers()
        .map(|layer| LayerInputs {
            layer,
            attempts: tally(failed.0, failed.1),
            units: tally(clean.0, clean.1),
            done: clean.0,
        })
        .collect();
    let conversion = vec![tally(conversion.0, conversion.1)];
    ContainerInputs { container, window_end: Some(Moment(0)), layers, conversion }
}

/// A machine whose containers have these healths exactly: conversion 1, efficiency 2·health − 1.
fn value_of(healths: [f64; 3]) -> f64 {
    let weighted: f64 =
        Container::ALL.into_iter().zip(healths).map(|(one, health)| weight(one) * health).sum();
    weighted * coupling(&healths)
}

fn perfect() -> Vec<ContainerInputs> {
    Container::ALL.into_iter().map(|one| container(one, (0, 9), (9, 9), (9, 9))).collect()
}

proptest! {
    #[test]
    fn raising_any_health_never_lowers_phi_by_what_can_be_seen(
        mut healths in prop::array::uniform3(0.0..=1.0_f64), which in 0..3_usize, by in 0.0..=1.0_f64,
    ) {
        let before = value_of(healths);
        healths[which] = (healths[which] + by).min(1.0);
        prop_assert!(value_of(healths) >= before - DIP_MAX);
    }

    #[test]
    fn coupling_is_at_least_two_thirds_and_at_most_one(
        healths in prop::array::uniform3(0.0..=1.0_f64),
    ) {
        let coupling = coupling(&healths);
        prop_assert!((2.0 / 3.0 - 1e-12..=1.0).contains(&coupling), "{coupling}");
    }

    #[test]
    fn every_known_figure_lies_between_zero_and_one(
        counts in prop::collection::vec((0..40_u64, 0..40_u64), 9),
    ) {
        let of = |index: usize| (counts[index].0.min(counts[index].1), counts[index].1);
        let phi = Phi::of(
            Container::ALL.into_iter().enumerate()
                .map(|(i, one)| container(one, of(3 * i), of(3 * i + 1), of(3 * i + 2)))
                .collect(),
        );
        for one in &phi.containers {
            for figure in [one.conversion, one.efficiency, one.error_rate, one.health] {
                prop_assert!(figure.is_none_or(|value| (0.0..=1.0).contains(&value)));
            }
        }
        prop_assert_eq!(phi.value.is_some(), phi.containers_known() == 3);
        prop_assert!(phi.value.is_none_or(|value| (0.0..=1.0).contains(&value)));
    }

    #[test]
    fn one_more_failed_attempt_never_raises_phi(failed in 0..9_u64, which in 0..3_usize) {
        let mut inputs = perfect();
        let with = |failed| container(Container::ALL[which], (failed, 9), (9, 9), (9, 9));
        inputs[which] = with(failed);
        let before = Phi::of(inputs.clone()).value;
        inputs[which] = with(failed + 1);
        prop_assert!(Phi::of(inputs).value <= before);
    }
}

#[test]
fn the_worst_dip_is_where_one_container_is_whole_and_another_flat_and_cannot_be_seen() {
    let raised = |step: i32| value_of([0.9 + f64::from(step) / 20_000.0, 0.9975, 0.0]);
    let most = (0..=2_000).map(raised).fold(0.0, f64::max);
    let dip = most - raised(2_000);
    assert!(dip > 0.0 && dip < DIP_MAX, "{dip}");
}

#[test]
fn a_factor_of_four_would_punish_an_improvement_and_ours_does_not() {
    // The healthiest container gets healthier while the others lie flat.
    let variance = |healths: [f64; 3]| (1.0 - coupling(&healths)) / VARIANCE_FACTOR;
    let with_four = |healths: [f64; 3]| (1.0 - 4.0 * variance(healths)) * healths[0];
    assert!(with_four([1.0, 0.1, 0.1]) < with_four([0.8, 0.1, 0.1]));
    assert!(value_of([1.0, 0.1, 0.1]) > value_of([0.8, 0.1, 0.1]));
}

#[test]
fn a_perfect_machine_has_one_and_is_production_ready() {
    let phi = Phi::of(perfect());
    assert!((phi.value.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(phi.band(), Some(Band::ProductionReady));
    assert_eq!(phi.red_flags(), []);
}

#[test]
fn a_container_without_a_denominator_makes_phi_unknown_and_not_zero() {
    for empty in [((0, 0), (9, 9), (9, 9)), ((0, 9), (0, 0), (9, 9)), ((0, 9), (9, 9), (0, 0))] {
        let mut inputs = perfect();
        inputs[1] = container(Container::Operations, empty.0, empty.1, empty.2);
        let phi = Phi::of(inputs);
        assert_eq!((phi.value, phi.coupling, phi.containers_known()), (None, None, 2));
        assert_eq!(phi.containers[1].health, None);
    }
}

#[test]
fn a_layer_without_attempts_is_left_out_of_the_mean_and_a_busy_one_hides_no_failing_one() {
    let mut sales = container(Container::Sales, (0, 0), (9, 9), (1, 10));
    sales.layers[0].attempts = tally(0, 1_000);
    sales.layers[2].attempts = tally(5, 10);
    assert!((sales.error_rate().unwrap() - 0.25).abs() < 1e-12);
}

#[test]
fn sales_needs_one_booking_in_ten_and_more_is_not_counted() {
    let conversion = |hits| container(Container::Sales, (0, 9), (9, 9), (hits, 100)).conversion();
    assert!((conversion(5).unwrap() - 0.5).abs() < 1e-12);
    assert!((conversion(30).unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn several_tables_are_added_before_they_are_divided() {
    let mut finance = container(Container::Finance, (0, 9), (9, 9), (1, 1));
    finance.conversion.push(tally(1, 3));
    assert!((finance.conversion().unwrap() - 0.5).abs() < 1e-12);
}

#[test]
fn finance_may_fail_half_as_often_as_the_others() {
    let failing = |one| container(one, (7, 100), (100, 100), (9, 9));
    let phi = Phi::of(Container::ALL.into_iter().map(failing).collect());
    let flags: Vec<_> = phi.red_flags().iter().map(ToString::to_string).collect();
    assert_eq!(flags, ["Finance error rate 7.0 % is above 5 %"]);
}

#[test]
fn containers_far_apart_raise_a_flag_even_when_one_is_unknown() {
    let mut inputs = perfect();
    inputs[0] = container(Container::Sales, (0, 9), (0, 9), (1, 1_000));
    inputs[2] = container(Container::Finance, (0, 0), (0, 0), (0, 0));
    let flags = Phi::of(inputs).red_flags();
    assert!(matches!(flags[..], [RedFlag::Spread { .. }]), "{flags:?}");
}

#[test]
fn throughput_is_counted_over_the_window_of_the_container() {
    let operations = container(Container::Operations, (0, 9), (12, 12), (9, 9));
    let done: u64 = operations.layers.iter().map(|layer| layer.done).sum();
    assert_eq!(done, 24);
    assert!((operations.throughput_per_h().unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn a_container_is_stale_after_two_of_its_windows() {
    let phi = Phi::of(perfect());
    let sales = &phi.containers[0];
    assert!(!sales.is_stale(Moment(14 * DAY_MS)));
    assert!(sales.is_stale(Moment(14 * DAY_MS + 1)));
}

#[test]
fn layer_nine_is_in_no_container() {
    assert!(
        perfect()
            .iter()
            .all(|one| { one.layers.iter().all(|layer| layer.layer != Layer::SelfLearning) })
    );
}
