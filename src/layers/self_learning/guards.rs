//! Decides which variants stop: those that do harm, and those that almost certainly are not the best.
//!
//! Harm is judged first, so that a disliked variant cannot look like the best one. That a variant is
//! worse is looked at every week, so it has to hold against all the looks (ADR 12); what only this
//! week's odds say is a proposal for a person.

use serde_json::json;

use super::decide::{Facts, proposal, share};
use crate::domain::learning::{ArmOutcomes, Proposal, ProposedChange, Variant, VariantState};
use crate::domain::stats::{Odds, chance_of_so_many, evidence_of_difference};

/// Chance of so much harm from something that keeps the limit, below which the limit counts as
/// broken: one stray complaint stops nothing, two among a hundred do.
const HARM_LEVEL: f64 = 0.01;

/// Chance that any of several equal variants is ever stopped as the worse one.
const FALSE_STOP_LEVEL: f64 = 0.05;

/// The variants as judged.
pub(super) struct Judged {
    pub(super) variants: Vec<Variant>,
    /// Stopped now, and why.
    pub(super) stopped: Vec<(String, String)>,
    /// Harmful, but the last one left.
    pub(super) last: Option<(String, String)>,
    /// Unlikely to be the best, but not proven worse.
    pub(super) doubtful: Vec<(String, String)>,
}

/// Brings every variant's counts up to date and stops those that a guard forbids. A variant once
/// stopped stays so until a person brings it back, and the last live one is never stopped.
pub(super) fn judge_variants(facts: &Facts) -> Judged {
    let mut judged =
        Judged { variants: updated(facts), stopped: Vec::new(), last: None, doubtful: Vec::new() };
    for arm in &facts.outcomes {
        if let Some(reason) = harmful(facts, arm) {
            judged.stop(&arm.arm, reason);
        }
    }
    for arm in &facts.outcomes {
        match worse(facts, arm, &judged.variants) {
            Some((true, reason)) => judged.stop(&arm.arm, reason),
            Some((false, reason)) => judged.doubtful.push((arm.arm.clone(), reason)),
            None => {}
        }
    }
    judged
}

/// The known variants with this period's counts; one whose contacts are all gone from the counts
/// has none.
fn updated(facts: &Facts) -> Vec<Variant> {
    let known = |arm: &str| facts.variants.iter().find(|variant| variant.arm == arm);
    let mut variants: Vec<Variant> = facts
        .outcomes
        .iter()
        .map(|arm| Variant {
            arm: arm.arm.clone(),
            successes: arm.successes,
            failures: arm.failures,
            weighted_successes: arm.weighted_successes,
            weighted_failures: arm.weighted_failures,
            state: known(&arm.arm).map_or(VariantState::Live, |variant| variant.state),
            reason: known(&arm.arm).and_then(|variant| variant.reason.clone()),
        })
        .collect();
    let gone = |variant: &&Variant| facts.outcomes.iter().all(|arm| arm.arm != variant.arm);
    variants.extend(facts.variants.iter().filter(gone).map(|variant| Variant {
        successes: 0,
        failures: 0,
        weighted_successes: 0.0,
        weighted_failures: 0.0,
        ..variant.clone()
    }));
    variants
}

impl Judged {
    fn stop(&mut self, arm: &str, reason: String) {
        let live = self.variants.iter().filter(|one| one.state == VariantState::Live).count();
        let Some(variant) = self.variants.iter_mut().find(|variant| variant.arm == arm) else {
            return;
        };
        if variant.state == VariantState::Stopped {
            return;
        }
        if live < 2 {
            self.last = Some((arm.to_owned(), reason));
            return;
        }
        variant.state = VariantState::Stopped;
        variant.reason = Some(reason.clone());
        self.stopped.push((arm.to_owned(), reason));
    }
}

/// The guard that no success outweighs: more complaints or opt-outs than the limits allow for.
fn harmful(facts: &Facts, arm: &ArmOutcomes) -> Option<String> {
    let counts = [
        (arm.complained, facts.settings.complaint_max, "complained"),
        (arm.opted_out, facts.settings.opt_out_max, "opted out"),
    ];
    breached(facts, arm.contacts, counts)
}

fn breached(facts: &Facts, n: u64, counts: [(u64, f64, &str); 2]) -> Option<String> {
    if n < u64::from(facts.settings.min_contacts) {
        return None;
    }
    let (hits, limit, what) = counts.into_iter().find(|(hits, limit, _)| {
        share(*hits, n) > *limit && chance_of_so_many(*hits, n, *limit) < HARM_LEVEL
    })?;
    Some(format!("{hits} of {n} contacts {what}, the limit is {} %", 100.0 * limit))
}

/// Whether a variant is worse than another live one: `true` when that holds against every look so
/// far, `false` when only the odds of this week say so.
fn worse(facts: &Facts, arm: &ArmOutcomes, variants: &[Variant]) -> Option<(bool, String)> {
    let n = arm.successes + arm.failures;
    let n_min = u64::from(facts.settings.min_contacts);
    if n < n_min {
        return None;
    }
    let live: Vec<_> = variants.iter().filter(|one| one.state == VariantState::Live).collect();
    let odds = Odds::of(live.iter().map(|variant| variant.arm()).collect(), 0.0);
    let chance = odds.chance_of_best(&arm.arm)?;
    if chance >= facts.settings.stop_below {
        return None;
    }
    let evidence = live
        .iter()
        .map(|other| (other.successes, other.successes + other.failures))
        .filter(|(hits, n)| *n >= n_min && share(*hits, *n) > share(arm.successes, arm_n(arm)))
        .map(|other| evidence_of_difference((arm.successes, n), other))
        .fold(0.0, f64::max);
    let kinds = variants.len().max(2);
    #[expect(clippy::cast_precision_loss, reason = "a handful of variants")]
    let pairs = (kinds * (kinds - 1) / 2) as f64;
    let reason =
        format!("{} of {n} booked; best with a chance of {:.1} %", arm.successes, 100.0 * chance);
    Some((evidence >= pairs / FALSE_STOP_LEVEL, reason))
}

const fn arm_n(arm: &ArmOutcomes) -> u64 {
    arm.successes + arm.failures
}

/// Returns what a person is warned of and asked for because of the guards.
pub(super) fn proposals(facts: &Facts, judged: &Judged) -> (Vec<String>, Vec<Proposal>) {
    let figures = |arm: &str| {
        let counts = facts.outcomes.iter().find(|one| one.arm == arm);
        json!({ "counts": counts, "rows": { "pitches_of_variant": arm } })
    };
    let mut asked: Vec<Proposal> = Vec::new();
    for (arm, reason) in &judged.stopped {
        let text = format!("Rewrite the template {arm:?}, then bring it back: stopped, {reason}.");
        let change = ProposedChange::ReviveVariant { arm: arm.clone() };
        let entity = format!("revive/{arm}/{}", facts.period);
        asked.push(proposal(facts, entity, text, change, figures(arm)));
    }
    for (arm, reason) in &judged.doubtful {
        let text = format!("Stop the variant {arm:?}: {reason}. It is not yet proven worse.");
        let change = ProposedChange::StopVariant { arm: arm.clone() };
        asked.push(proposal(facts, format!("stop/{arm}"), text, change, figures(arm)));
    }
    let mut warnings = Vec::new();
    if let Some(reason) = campaign_harm(facts, judged) {
        let campaign = facts.campaign.clone();
        warnings.push(format!("campaign {campaign}: {reason}"));
        let text = format!("Stop the campaign {campaign:?}: {reason}.");
        let entity = format!("stop_campaign/{campaign}");
        let evidence = json!({
            "contacts": facts.harm.contacts,
            "opted_out": facts.harm.opted_out,
            "complained": facts.harm.complained,
            "rows": { "pitches": facts.harm.rows },
        });
        let change = ProposedChange::StopCampaign { campaign };
        asked.push(proposal(facts, entity, text, change, evidence));
    }
    (warnings, asked)
}

/// Why the whole campaign should stop: its own harm, or that of the one variant it has left.
fn campaign_harm(facts: &Facts, judged: &Judged) -> Option<String> {
    let harm = facts.harm;
    let counts = [
        (harm.complained, facts.settings.complaint_max, "complained"),
        (harm.opted_out, facts.settings.opt_out_max, "opted out"),
    ];
    breached(facts, harm.contacts, counts).or_else(|| {
        judged.last.as_ref().map(|(arm, reason)| format!("its last variant {arm}: {reason}"))
    })
}
