use super::decide::{Facts, learn};
use super::*;
use crate::config::Learning;
use crate::domain::change::Change;
use crate::domain::learning::{
    ArmOutcomes, Funnel, Insight, LearningChange, Proposal, Variant, VariantState,
};
use crate::domain::time::Moment;

fn arm(name: &str, contacts: u64, successes: u64, failures: u64) -> ArmOutcomes {
    ArmOutcomes { arm: name.to_owned(), contacts, successes, failures, opted_out: 0, complained: 0 }
}

fn facts(outcomes: Vec<ArmOutcomes>) -> Facts {
    Facts {
        period: "2026-W06".to_owned(),
        now: Moment(7),
        settings: Learning {
            floor: 0.05,
            window_days: 14,
            stop_below: 0.01,
            complaint_max: 0.1,
            min_contacts: 30,
        },
        outcomes,
        variants: Vec::new(),
        funnel: Funnel::default(),
    }
}

#[derive(Default)]
struct Written {
    variants: Vec<Variant>,
    insights: Vec<Insight>,
    proposals: Vec<Proposal>,
}

fn written(outcome: &StepOutcome) -> Written {
    let mut written = Written::default();
    for change in &outcome.changes {
        let Change::Learning(change) = change else { panic!("{change:?}") };
        match change.clone() {
            LearningChange::Variant(variant) => written.variants.push(variant),
            LearningChange::Insight(insight) => written.insights.push(insight),
            LearningChange::Proposal(proposal) => written.proposals.push(proposal),
        }
    }
    written
}

fn states(written: &Written) -> Vec<(&str, VariantState)> {
    written.variants.iter().map(|variant| (variant.arm.as_str(), variant.state)).collect()
}

#[test]
fn counts_are_written_as_they_were_counted_and_pending_contacts_are_in_neither() {
    let written = written(&learn(&facts(vec![arm("direct", 40, 5, 20)])));
    assert_eq!((written.variants[0].successes, written.variants[0].failures), (5, 20));
    let insight = &written.insights[0];
    assert_eq!((insight.n, insight.evidence["pending"].as_u64()), (25, Some(15)));
    assert_eq!(
        insight.text,
        "5 of 25 contacts with \"direct\" booked (20 %, between 9 and 39 %), 15 pending"
    );
}

#[test]
fn an_arm_of_which_only_bookings_are_known_yet_has_no_insight() {
    let written = written(&learn(&facts(vec![arm("direct", 40, 7, 0)])));
    assert_eq!((written.variants.len(), written.insights.len()), (1, 0));
}

#[test]
fn an_arm_that_people_complain_of_stops_whatever_it_sells() {
    let disliked = ArmOutcomes { opted_out: 3, complained: 1, ..arm("pushy", 40, 20, 20) };
    let outcome = learn(&facts(vec![arm("direct", 40, 5, 35), disliked]));
    let written = written(&outcome);
    assert_eq!(states(&written)[1], ("pushy", VariantState::Stopped));
    assert_eq!(
        written.variants[1].reason.as_deref(),
        Some("4 of 40 contacts opted out or complained")
    );
    assert_eq!(written.proposals[0].entity, "variant/pushy");
    assert!(outcome.events.iter().any(|event| event.kind == "variant_stopped"));
}

#[test]
fn an_arm_that_is_almost_surely_not_the_best_stops_and_a_close_one_does_not() {
    let written = written(&learn(&facts(vec![
        arm("good", 400, 120, 280),
        arm("hopeless", 400, 8, 392),
        arm("close", 400, 110, 290),
    ])));
    assert_eq!(
        states(&written),
        [
            ("good", VariantState::Live),
            ("hopeless", VariantState::Stopped),
            ("close", VariantState::Live)
        ]
    );
}

#[test]
fn too_few_contacts_stop_nothing() {
    let few = ArmOutcomes { opted_out: 9, ..arm("young", 20, 0, 20) };
    let written = written(&learn(&facts(vec![arm("good", 400, 200, 200), few])));
    assert_eq!(states(&written)[1], ("young", VariantState::Live));
}

#[test]
fn the_last_live_variant_is_never_stopped() {
    let disliked = |name| ArmOutcomes { opted_out: 30, ..arm(name, 40, 0, 40) };
    let all = written(&learn(&facts(vec![disliked("a"), disliked("b"), disliked("c")])));
    let live = all.variants.iter().filter(|variant| variant.state == VariantState::Live).count();
    assert_eq!(live, 1);
}

#[test]
fn a_stopped_variant_stays_stopped_and_is_proposed_once() {
    let known = Variant {
        arm: "old".to_owned(),
        successes: 0,
        failures: 40,
        state: VariantState::Stopped,
        reason: Some("why".to_owned()),
    };
    let facts = Facts {
        variants: vec![known],
        ..facts(vec![arm("old", 50, 9, 41), arm("new", 50, 9, 41)])
    };
    let written = written(&learn(&facts));
    assert_eq!(states(&written)[0], ("old", VariantState::Stopped));
    assert_eq!(written.variants[0].reason.as_deref(), Some("why"));
    assert_eq!(written.proposals, []);
}

#[test]
fn the_bottleneck_is_the_step_that_loses_most_and_rests_on_its_count() {
    let funnel = Funnel {
        qualified: 60,
        unreachable: 6,
        concluded: 50,
        booked: 14,
        meetings: 12,
        held: 10,
        decided: 10,
        won: 6,
    };
    let written = written(&learn(&Facts { funnel, ..facts(Vec::new()) }));
    let [bottleneck, gap] = &written.insights[..] else { panic!("{:?}", written.insights) };
    assert_eq!((bottleneck.subject.as_str(), bottleneck.n), ("booking", 50));
    assert_eq!(
        bottleneck.text,
        "bottleneck booking: 14 of 50 concluded contacts booked a call (28 %)"
    );
    assert_eq!((gap.kind.as_str(), gap.n), ("gap", 60));
    let entities: Vec<_> = written.proposals.iter().map(|one| one.entity.as_str()).collect();
    assert_eq!(entities, ["bottleneck/booking", "gap/no_channel"]);
}

#[test]
fn small_counts_show_a_bottleneck_but_propose_nothing() {
    let funnel = Funnel { concluded: 5, booked: 1, ..Funnel::default() };
    let written = written(&learn(&Facts { funnel, ..facts(Vec::new()) }));
    assert_eq!((written.insights.len(), written.proposals.len()), (1, 0));
}
