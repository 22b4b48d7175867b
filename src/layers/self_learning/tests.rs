//! Tests of the judgements of layer 9.

use serde_json::json;

use super::decide::{Counted, Facts, learn};
use crate::domain::change::Change;
use crate::domain::ids::ProposalId;
use crate::domain::learning::{
    ArmOutcomes, Backlog, Contacts, EarlierLooks, Funnel, Insight, LearningChange, Measure,
    MeasuredEffect, Proposal, ProposalState, ProposedChange, RowRange, SettingKey, StoredProposal,
    Variant, VariantState, Verdict,
};
use crate::domain::outcome::StepOutcome;
use crate::domain::sales::Channel;
use crate::domain::time::Moment;
use crate::store::learning::Harm;

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn arm(name: &str, contacts: u64, successes: u64, failures: u64) -> ArmOutcomes {
    ArmOutcomes {
        arm: name.to_owned(),
        contacts,
        successes,
        failures,
        weighted_successes: successes as f64,
        weighted_failures: failures as f64,
        ..ArmOutcomes::default()
    }
}

fn facts(outcomes: Vec<ArmOutcomes>) -> Facts {
    let settings = crate::config::embedded(std::path::Path::new("/nowhere")).unwrap();
    Facts {
        period: "2026-W06".to_owned(),
        now: Moment(7),
        settings: settings.learning,
        campaign: "intro".to_owned(),
        harm: Harm::default(),
        caps: settings.outreach.caps,
        sequence_hours: settings.outreach.sequence_hours,
        outcomes,
        variants: Vec::new(),
        funnel: Funnel::default(),
        backlog: Vec::new(),
        contacts: Vec::new(),
        earlier: EarlierLooks::default(),
        due: Vec::new(),
    }
}

#[derive(Debug, Default)]
struct Written {
    variants: Vec<Variant>,
    insights: Vec<Insight>,
    proposals: Vec<Proposal>,
    effects: Vec<MeasuredEffect>,
}

fn written(outcome: &StepOutcome) -> Written {
    let mut written = Written::default();
    for change in &outcome.changes {
        let Change::Learning(change) = change else { panic!("{change:?}") };
        match change.clone() {
            LearningChange::Variant(variant) => written.variants.push(variant),
            LearningChange::Insight(insight) => written.insights.push(insight),
            LearningChange::Proposal(proposal) => written.proposals.push(proposal),
            LearningChange::Effect { effect, .. } => written.effects.push(effect),
            LearningChange::Assignment(assignment) => panic!("{assignment:?}"),
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
fn an_arm_whose_windows_are_all_open_has_no_insight() {
    let written = written(&learn(&facts(vec![arm("direct", 40, 0, 0)])));
    assert_eq!((written.variants.len(), written.insights.len()), (1, 0));
}

#[test]
fn an_arm_that_people_complain_of_stops_whatever_it_sells() {
    let disliked = ArmOutcomes { complained: 2, opted_out: 2, ..arm("pushy", 40, 20, 20) };
    let outcome = learn(&facts(vec![arm("direct", 40, 5, 35), disliked]));
    let written = written(&outcome);
    assert_eq!(states(&written)[1], ("pushy", VariantState::Stopped));
    assert_eq!(
        written.variants[1].reason.as_deref(),
        Some("2 of 40 contacts complained, the limit is 0.1 %")
    );
    let revive = ProposedChange::ReviveVariant { arm: "pushy".to_owned() };
    assert_eq!(written.proposals[0].change, revive);
    assert!(outcome.events.iter().any(|event| event.kind == "variant_stopped"));
}

#[test]
fn an_arm_that_people_want_no_more_of_stops_whatever_it_sells() {
    let disliked = ArmOutcomes { opted_out: 9, ..arm("pushy", 60, 30, 30) };
    let written = written(&learn(&facts(vec![arm("direct", 60, 5, 55), disliked])));
    assert_eq!(states(&written)[1], ("pushy", VariantState::Stopped));
}

#[test]
fn one_stray_complaint_stops_nothing() {
    let one = ArmOutcomes { complained: 1, opted_out: 2, ..arm("direct", 40, 5, 35) };
    let written = written(&learn(&facts(vec![one, arm("friendly", 40, 5, 35)])));
    assert_eq!(states(&written)[0], ("direct", VariantState::Live));
}

#[test]
fn a_campaign_that_people_complain_of_is_warned_of_and_a_person_is_asked_to_stop_it() {
    let rows = Some(RowRange { from: 1, to: 300 });
    let harm = Harm { contacts: 300, opted_out: 4, complained: 4, rows };
    let spread = ["a", "b", "c", "d"];
    let one = |name: &&str| ArmOutcomes { complained: 1, ..arm(name, 75, 5, 70) };
    let outcome = learn(&Facts { harm, ..facts(spread.iter().map(one).collect()) });
    assert!(outcome.events.iter().any(|event| event.kind == "campaign_guard"));
    let written = written(&outcome);
    assert!(written.variants.iter().all(|variant| variant.state == VariantState::Live));
    let stop = ProposedChange::StopCampaign { campaign: "intro".to_owned() };
    assert_eq!(written.proposals[0].change, stop);
    assert_eq!(written.proposals[0].evidence["rows"]["pitches"]["to"], 300);
}

#[test]
fn what_only_this_weeks_odds_say_is_a_proposal_and_not_a_stop() {
    let arms = vec![arm("good", 100, 15, 85), arm("doubtful", 60, 2, 58)];
    let written = written(&learn(&facts(arms)));
    assert_eq!(states(&written)[1], ("doubtful", VariantState::Live));
    let stop = ProposedChange::StopVariant { arm: "doubtful".to_owned() };
    assert_eq!(written.proposals[0].change, stop);
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
    let stops = |one: &Proposal| matches!(one.change, ProposedChange::StopCampaign { .. });
    assert!(all.proposals.iter().any(stops), "a person is asked: {:?}", all.proposals);
}

#[test]
fn a_stopped_variant_stays_stopped_and_is_proposed_once() {
    let known = Variant {
        arm: "old".to_owned(),
        successes: 0,
        failures: 40,
        weighted_successes: 0.0,
        weighted_failures: 40.0,
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
        prospects: Some(RowRange { from: 3, to: 90 }),
        calls: None,
    };
    let written = written(&learn(&Facts { funnel, ..facts(Vec::new()) }));
    let [bottleneck, gap] = &written.insights[..] else { panic!("{:?}", written.insights) };
    assert_eq!((bottleneck.subject.as_str(), bottleneck.n), ("booking", 50));
    assert_eq!(
        bottleneck.text,
        "bottleneck booking: 14 of 50 concluded contacts booked a call (28 %)"
    );
    assert_eq!(bottleneck.evidence["rows"]["prospects"], json!({"from": 3, "to": 90}));
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

#[test]
fn a_week_of_waiting_messages_is_a_gap_and_a_larger_quota_is_proposed_unless_somebody_complained() {
    let waiting = |planned| {
        vec![Backlog { channel: "email".to_owned(), planned, rows: RowRange { from: 1, to: 400 } }]
    };
    let proposed = |planned, complained| {
        let harm = Harm { complained, ..Harm::default() };
        let facts = Facts { backlog: waiting(planned), harm, ..facts(Vec::new()) };
        written(&learn(&facts))
    };
    assert_eq!(proposed(250, 0).insights.len(), 0);
    let long = proposed(251, 0);
    assert_eq!(long.insights[0].text, "gap: 251 messages by email wait for a quota of 50 a day");
    let ProposedChange::Set { settings } = &long.proposals[0].change else { panic!("{long:?}") };
    assert_eq!(settings[0].key, SettingKey::DailyCap(Channel::Email));
    assert!((settings[0].value - 75.0).abs() < 1e-9);
    let disliked = proposed(251, 1);
    assert_eq!((disliked.insights.len(), disliked.proposals.len()), (1, 0));
}

#[test]
fn a_channel_that_books_far_more_is_a_pattern_and_is_proposed_to_begin_with() {
    let group = |channel: &str, booked, from| Contacts {
        category: "dental".to_owned(),
        tier: None,
        channel: channel.to_owned(),
        zone: "UTC".to_owned(),
        sent_at: Moment(0),
        follow_up: None,
        n: 200,
        booked,
        rows: RowRange { from, to: from + 199 },
    };
    let contacts = vec![group("email", 10, 1), group("phone", 60, 201)];
    let written = written(&learn(&Facts { contacts, ..facts(Vec::new()) }));
    let kinds: Vec<_> = written.insights.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["look", "pattern", "pattern"]);
    let phone = &written.insights[2];
    assert_eq!(phone.subject, "channel phone");
    assert_eq!(phone.evidence["rows"]["prospects"], json!({"from": 201, "to": 400}));
    let told: Vec<_> = written.proposals.iter().map(|one| one.change.told()).collect();
    assert_eq!(
        told[1],
        "set outreach.sequence_hours.phone = 0, outreach.sequence_hours.email = 72"
    );
    assert_eq!(told[0], "advice for a person: the machine changes nothing");
}

#[test]
fn a_follow_up_day_that_books_more_is_proposed_with_counts_and_interval_and_chance_is_not() {
    let group = |days, booked, from| Contacts {
        category: "dental".to_owned(),
        tier: None,
        channel: "email".to_owned(),
        zone: "UTC".to_owned(),
        sent_at: Moment(0),
        follow_up: Some(("linkedin".to_owned(), days)),
        n: 200,
        booked,
        rows: RowRange { from, to: from + 199 },
    };
    let judged = |early, late| {
        let contacts = vec![group(1, early, 1), group(3, late, 201)];
        written(&learn(&Facts { contacts, ..facts(Vec::new()) })).proposals
    };
    let better = judged(10, 60);
    let set = better.iter().find(|one| one.change.told().starts_with("set ")).unwrap();
    assert_eq!(set.change.told(), "set outreach.sequence_hours.linkedin = 72");
    assert!(set.text.contains("60 of 200 booked (30 %, between "), "{}", set.text);
    assert_eq!(set.evidence["n"], 200);
    assert!(set.evidence["interval"]["low"].as_f64().unwrap() > 0.2);
    assert_eq!(judged(10, 12), [], "chance proposes nothing");
    let as_it_is = judged(60, 10);
    assert!(as_it_is.iter().all(|one| !one.change.told().starts_with("set ")), "{as_it_is:?}");
}

#[test]
fn a_variant_that_gets_too_few_contacts_to_be_told_apart_is_a_reason_for_a_higher_floor() {
    let proposed = |outcomes| {
        let all = written(&learn(&facts(outcomes))).proposals;
        all.into_iter().find(|one| one.entity.starts_with("floor/"))
    };
    let set = proposed(vec![arm("direct", 400, 40, 360), arm("numbers", 20, 1, 19)]).unwrap();
    assert_eq!(set.change.told(), "set learning.floor = 0.1");
    assert!(set.text.contains("1 of 20 booked") && set.text.contains("between"), "{}", set.text);
    assert_eq!(set.evidence["n"], 20);
    assert!(set.evidence["interval"]["high"].as_f64().unwrap() > 0.1);
    let told_apart = vec![arm("direct", 400, 40, 360), arm("numbers", 100, 10, 90)];
    assert_eq!(proposed(told_apart), None, "it has contacts enough");
    let young = vec![arm("direct", 60, 6, 54), arm("numbers", 20, 1, 19)];
    assert_eq!(proposed(young), None, "there is time yet");
    assert_eq!(proposed(vec![arm("direct", 400, 40, 360)]), None, "there is nothing to compare");
}

#[test]
fn an_applied_proposal_that_made_things_worse_is_proposed_to_be_rolled_back() {
    let stored = StoredProposal {
        id: ProposalId(7),
        proposal: Proposal {
            entity: "cap/email".to_owned(),
            text: "why".to_owned(),
            change: ProposedChange::Advice,
            measure: Measure::Booking,
            evidence: json!({}),
            at: Moment(1),
        },
        state: ProposalState::Applied,
        decided_by: None,
        decided_at: None,
        note: None,
        applied_at: Some(Moment(2)),
        measure_at: Some(Moment(3)),
        previous: None,
        effect: None,
    };
    let judged = |before, after| {
        let due = vec![Counted { stored: stored.clone(), before, after }];
        written(&learn(&Facts { due, ..facts(Vec::new()) }))
    };
    let worse = judged((60, 200), (20, 200));
    assert_eq!(worse.effects[0].verdict, Verdict::Worse);
    let roll_back = ProposedChange::RollBack { proposal: ProposalId(7) };
    assert_eq!(worse.proposals[0].change, roll_back);
    let few = judged((6, 20), (2, 20));
    assert_eq!(few.effects[0].verdict, Verdict::NoMeasurableEffect);
    assert_eq!(few.proposals, []);
}
