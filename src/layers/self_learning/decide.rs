//! Decides what counted outcomes mean: which variants stop, what is worth knowing, what a person
//! should consider.

use serde_json::json;

use crate::config::Learning;
use crate::domain::event::NewEvent;
use crate::domain::learning::{
    ArmOutcomes, Funnel, Insight, LearningChange, Proposal, ProposalState, Variant, VariantState,
};
use crate::domain::outcome::StepOutcome;
use crate::domain::stats::{ArmCounts, chances_of_being_best, wilson};
use crate::domain::time::Moment;

/// All that a period is judged from.
pub(super) struct Facts {
    /// `2026-W06`.
    pub(super) period: String,
    pub(super) now: Moment,
    pub(super) settings: Learning,
    /// What became of each variant's contacts.
    pub(super) outcomes: Vec<ArmOutcomes>,
    /// The variants as they stand.
    pub(super) variants: Vec<Variant>,
    pub(super) funnel: Funnel,
}

/// Judges a period.
pub(super) fn learn(facts: &Facts) -> StepOutcome {
    let variants = judged(facts);
    let mut outcome = StepOutcome::done();
    for variant in &variants {
        if let Some(reason) = newly_stopped(facts, variant) {
            let text = format!("variant {} stopped: {reason}", variant.arm);
            outcome = outcome
                .event(NewEvent::warn("variant_stopped", text))
                .change(LearningChange::Proposal(rewrite(facts, variant, reason)));
        }
        outcome = outcome.change(LearningChange::Variant(variant.clone()));
    }
    for insight in variant_insights(facts, &variants) {
        outcome = outcome.change(LearningChange::Insight(insight));
    }
    let mut found = Vec::new();
    found.extend(bottleneck(facts));
    found.extend(unreachable(facts));
    for (insight, proposal) in found {
        outcome = outcome
            .event(NewEvent::info("insight", insight.text.clone()))
            .change(LearningChange::Insight(insight));
        if let Some(proposal) = proposal {
            outcome = outcome.change(LearningChange::Proposal(proposal));
        }
    }
    let contacts: u64 = facts.outcomes.iter().map(|arm| arm.contacts).sum();
    let text = format!("{}: {contacts} contacts in {} variants", facts.period, variants.len());
    outcome.event(NewEvent::info("period_learned", text))
}

/// Brings every variant's counts up to date and stops those that a guard forbids. A variant once
/// stopped stays so until a person brings it back, and the last live one is never stopped.
fn judged(facts: &Facts) -> Vec<Variant> {
    let mut variants: Vec<Variant> = facts
        .outcomes
        .iter()
        .map(|arm| {
            let known = facts.variants.iter().find(|variant| variant.arm == arm.arm);
            Variant {
                arm: arm.arm.clone(),
                successes: arm.successes,
                failures: arm.failures,
                state: known.map_or(VariantState::Live, |variant| variant.state),
                reason: known.and_then(|variant| variant.reason.clone()),
            }
        })
        .collect();
    // Complaints go first: a disliked variant must not look like the best one to the other guard.
    for arm in &facts.outcomes {
        stop(&mut variants, arm, complained(facts, arm));
    }
    for arm in &facts.outcomes {
        let reason = hopeless(facts, arm, &variants);
        stop(&mut variants, arm, reason);
    }
    variants
}

fn stop(variants: &mut [Variant], arm: &ArmOutcomes, reason: Option<String>) {
    let live = variants.iter().filter(|one| one.state == VariantState::Live).count();
    let variant = variants.iter_mut().find(|variant| variant.arm == arm.arm);
    if let (Some(variant), Some(reason), 2..) = (variant, reason, live)
        && variant.state == VariantState::Live
    {
        variant.state = VariantState::Stopped;
        variant.reason = Some(reason);
    }
}

/// The guard that no success outweighs: too many want no more of it.
fn complained(facts: &Facts, arm: &ArmOutcomes) -> Option<String> {
    let against = arm.opted_out + arm.complained;
    let enough = arm.contacts >= u64::from(facts.settings.min_contacts);
    (enough && share(against, arm.contacts) >= facts.settings.complaint_max)
        .then(|| format!("{against} of {} contacts opted out or complained", arm.contacts))
}

/// The guard against wasting contacts: almost certainly not the best of the live ones.
fn hopeless(facts: &Facts, arm: &ArmOutcomes, variants: &[Variant]) -> Option<String> {
    let n = arm.successes + arm.failures;
    if n < u64::from(facts.settings.min_contacts) {
        return None;
    }
    let chance = chance_of_best(variants, &arm.arm)?;
    (chance < facts.settings.stop_below).then(|| {
        format!("{} of {n} booked; best with a chance of {:.1} %", arm.successes, 100.0 * chance)
    })
}

fn chance_of_best(variants: &[Variant], arm: &str) -> Option<f64> {
    let live: Vec<ArmCounts> = variants
        .iter()
        .filter(|variant| variant.state == VariantState::Live)
        .map(|variant| ArmCounts {
            arm: variant.arm.clone(),
            successes: variant.successes,
            failures: variant.failures,
        })
        .collect();
    let place = live.iter().position(|counts| counts.arm == arm)?;
    chances_of_being_best(&live).get(place).copied()
}

fn newly_stopped<'v>(facts: &Facts, variant: &'v Variant) -> Option<&'v str> {
    let was_live = facts
        .variants
        .iter()
        .find(|known| known.arm == variant.arm)
        .is_none_or(|known| known.state == VariantState::Live);
    let stopped = variant.state == VariantState::Stopped;
    variant.reason.as_deref().filter(|_| was_live && stopped)
}

fn rewrite(facts: &Facts, variant: &Variant, reason: &str) -> Proposal {
    proposal(
        facts,
        format!("variant/{}", variant.arm),
        format!(
            "Rewrite the template {:?} or bring it back: it was stopped, {reason}.",
            variant.arm
        ),
        json!({"successes": variant.successes, "failures": variant.failures}),
    )
}

/// One insight for each variant whose windows have begun to close: before that only bookings are
/// known, and every variant would look perfect.
fn variant_insights(facts: &Facts, variants: &[Variant]) -> Vec<Insight> {
    facts
        .outcomes
        .iter()
        .filter(|arm| arm.failures > 0)
        .map(|arm| {
            let n = arm.successes + arm.failures;
            let interval = wilson(arm.successes, n);
            let text = format!(
                "{} of {n} contacts with {:?} booked ({:.0} %, between {:.0} and {:.0} %), {} pending",
                arm.successes,
                arm.arm,
                100.0 * share(arm.successes, n),
                100.0 * interval.low,
                100.0 * interval.high,
                arm.contacts - n,
            );
            let evidence = json!({
                "contacts": arm.contacts,
                "successes": arm.successes,
                "failures": arm.failures,
                "pending": arm.contacts - n,
                "opted_out": arm.opted_out,
                "complained": arm.complained,
                "interval": interval,
                "chance_of_best": chance_of_best(variants, &arm.arm),
            });
            insight(facts, "variant", &arm.arm, n, text, evidence)
        })
        .collect()
}

/// Where most are lost, of the steps that anybody has come to.
fn bottleneck(facts: &Facts) -> Option<(Insight, Option<Proposal>)> {
    const STEPS: [(&str, &str, &str); 3] = [
        ("booking", "concluded contacts booked a call", "try another first sentence or channel"),
        ("showing up", "due calls were held", "confirm calls on the day before"),
        ("closing", "decided calls became clients", "look at price and offer"),
    ];
    let funnel = facts.funnel;
    let counts = [
        (funnel.booked, funnel.concluded),
        (funnel.held, funnel.meetings),
        (funnel.won, funnel.decided),
    ];
    let (share_through, (name, what, advice), (hits, n)) = STEPS
        .into_iter()
        .zip(counts)
        .filter(|(_, (_, n))| *n > 0)
        .map(|(step, (hits, n))| (share(hits, n), step, (hits, n)))
        .min_by(|left, right| left.0.total_cmp(&right.0))?;
    let interval = wilson(hits, n);
    let text = format!("bottleneck {name}: {hits} of {n} {what} ({:.0} %)", 100.0 * share_through);
    let evidence = json!({"hits": hits, "n": n, "interval": interval, "funnel": funnel});
    let enough = n >= u64::from(facts.settings.min_contacts);
    let proposal = enough.then(|| {
        let text = format!("Most are lost at {name} ({hits} of {n} come through): {advice}.");
        proposal(facts, format!("bottleneck/{name}"), text, evidence.clone())
    });
    Some((insight(facts, "bottleneck", name, n, text, evidence), proposal))
}

/// Prospects worth a pitch whom no channel reaches.
fn unreachable(facts: &Facts) -> Option<(Insight, Option<Proposal>)> {
    let (missed, n) = (facts.funnel.unreachable, facts.funnel.qualified);
    if missed == 0 {
        return None;
    }
    let text =
        format!("gap: {missed} of {n} qualified prospects have no channel that reaches them");
    let evidence = json!({"hits": missed, "n": n, "interval": wilson(missed, n)});
    let enough = n >= u64::from(facts.settings.min_contacts);
    let proposal = enough.then(|| {
        let text = format!(
            "{missed} of {n} qualified prospects cannot be reached: read their own web sites for an \
             address, or use a source that has one."
        );
        proposal(facts, "gap/no_channel".to_owned(), text, evidence.clone())
    });
    Some((insight(facts, "gap", "no_channel", n, text, evidence), proposal))
}

fn insight(
    facts: &Facts,
    kind: &str,
    subject: &str,
    n: u64,
    text: String,
    evidence: serde_json::Value,
) -> Insight {
    Insight {
        period: facts.period.clone(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        n,
        text,
        evidence,
    }
}

fn proposal(facts: &Facts, entity: String, text: String, evidence: serde_json::Value) -> Proposal {
    Proposal { entity, text, evidence, state: ProposalState::Open, at: facts.now }
}

#[expect(clippy::cast_precision_loss, reason = "counts of contacts are far below 2^53")]
fn share(hits: u64, n: u64) -> f64 {
    if n == 0 { 0.0 } else { hits as f64 / n as f64 }
}
