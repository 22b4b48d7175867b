//! Decides what counted outcomes mean: which variants stop, what is worth knowing, what a person
//! should consider, and what came of what a person applied.

use serde_json::{Value, json};

use super::{guards, insights};
use crate::config::{Learning, PerChannel};
use crate::domain::event::NewEvent;
use crate::domain::learning::{
    ArmOutcomes, Backlog, Contacts, EarlierLooks, Funnel, Insight, LearningChange, Measure,
    MeasuredEffect, Proposal, ProposedChange, StoredProposal, Variant, Verdict, judge,
};
use crate::domain::outcome::StepOutcome;
use crate::domain::time::Moment;
use crate::store::learning::Harm;

/// All that a period is judged from.
pub(super) struct Facts {
    /// `2026-W06`.
    pub(super) period: String,
    pub(super) now: Moment,
    pub(super) settings: Learning,
    /// The campaign under way, and what it has done to those it reached.
    pub(super) campaign: String,
    pub(super) harm: Harm,
    /// Messages a day, and at which hour of a sequence each channel follows.
    pub(super) caps: PerChannel,
    pub(super) sequence_hours: PerChannel,
    /// What became of each variant's contacts.
    pub(super) outcomes: Vec<ArmOutcomes>,
    /// The variants as they stand.
    pub(super) variants: Vec<Variant>,
    pub(super) funnel: Funnel,
    pub(super) backlog: Vec<Backlog>,
    pub(super) contacts: Vec<Contacts>,
    pub(super) earlier: EarlierLooks,
    /// Applied proposals whose effect is due.
    pub(super) due: Vec<Counted>,
}

/// An applied proposal with hits and all of as long before as after.
pub(super) struct Counted {
    pub(super) stored: StoredProposal,
    pub(super) before: (u64, u64),
    pub(super) after: (u64, u64),
}

/// Something worth knowing, and perhaps worth doing.
pub(super) struct Finding {
    pub(super) insight: Insight,
    pub(super) proposal: Option<Proposal>,
    /// Whether it is news, beside the insight that is kept.
    pub(super) told: bool,
}

/// Judges a period.
pub(super) fn learn(facts: &Facts) -> StepOutcome {
    let judged = guards::judge_variants(facts);
    let mut outcome = StepOutcome::done();
    for (arm, reason) in &judged.stopped {
        let text = format!("variant {arm} stopped: {reason}");
        outcome = outcome.event(NewEvent::warn("variant_stopped", text));
    }
    for variant in &judged.variants {
        outcome = outcome.change(LearningChange::Variant(variant.clone()));
    }
    let (warnings, mut proposals) = guards::proposals(facts, &judged);
    for text in warnings {
        outcome = outcome.event(NewEvent::warn("campaign_guard", text));
    }
    let mut findings = insights::findings(facts, &judged.variants);
    for counted in &facts.due {
        let (finding, effect) = measured(facts, counted);
        findings.push(finding);
        let proposal = counted.stored.id;
        outcome = outcome.change(LearningChange::Effect { proposal, effect });
    }
    for finding in findings {
        if finding.told {
            outcome = outcome.event(NewEvent::info("insight", finding.insight.text.clone()));
        }
        proposals.extend(finding.proposal);
        outcome = outcome.change(LearningChange::Insight(finding.insight));
    }
    for proposal in proposals {
        outcome = outcome.change(LearningChange::Proposal(proposal));
    }
    let contacts: u64 = facts.outcomes.iter().map(|arm| arm.contacts).sum();
    let text =
        format!("{}: {contacts} contacts in {} variants", facts.period, judged.variants.len());
    outcome.event(NewEvent::info("period_learned", text))
}

/// Judges what came of an applied proposal; one that made things worse is proposed to be taken back.
fn measured(facts: &Facts, counted: &Counted) -> (Finding, MeasuredEffect) {
    let StoredProposal { id, proposal, .. } = &counted.stored;
    let n_min = facts.settings.min_contacts.into();
    let effect = judge(proposal.measure, counted.before, counted.after, n_min);
    let ((hits, n), (hits_after, n_after)) = (effect.before, effect.after);
    let text = format!(
        "proposal {id} ({}): {hits} of {n} {} before, {hits_after} of {n_after} after: {}",
        proposal.change.told(),
        proposal.measure.words(),
        effect.verdict.as_column().replace('_', " "),
    );
    let evidence = json!(effect);
    let roll_back = (effect.verdict == Verdict::Worse).then(|| {
        let text = format!(
            "Roll proposal {id} back: {hits} of {n} {} before it, {hits_after} of {n_after} after.",
            proposal.measure.words(),
        );
        let change = ProposedChange::RollBack { proposal: *id };
        self::proposal(facts, format!("roll_back/{id}"), text, change, evidence.clone())
    });
    let insight = insight(facts, "effect", &id.to_string(), n + n_after, text, evidence);
    (Finding { insight, proposal: roll_back, told: true }, effect)
}

pub(super) fn insight(
    facts: &Facts,
    kind: &str,
    subject: &str,
    n: u64,
    text: String,
    evidence: Value,
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

/// Makes a proposal whose effect will be measured by bookings.
pub(super) fn proposal(
    facts: &Facts,
    entity: String,
    text: String,
    change: ProposedChange,
    evidence: Value,
) -> Proposal {
    Proposal { entity, text, change, measure: Measure::Booking, evidence, at: facts.now }
}

#[expect(clippy::cast_precision_loss, reason = "counts of contacts are far below 2^53")]
pub(super) fn share(hits: u64, n: u64) -> f64 {
    if n == 0 { 0.0 } else { hits as f64 / n as f64 }
}
