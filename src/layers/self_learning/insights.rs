//! Finds what is worth knowing in the counts of a period: how each variant does, where most are lost,
//! who cannot be reached, what waits for its turn, which groups book more or less.
//!
//! Each finding names its n, an interval where it is a share, and the rows it rests on. Below the
//! least number of contacts it is shown and nothing is proposed.

use serde_json::{Value, json};

use super::decide::{Facts, Finding, insight, proposal, share};
use crate::domain::learning::{
    ArmOutcomes, Backlog, Comparison, Dimension, Look, Measure, Proposal, ProposedChange, Setting,
    SettingKey, Variant, VariantState, look,
};
use crate::domain::sales::Channel;
use crate::domain::stats::{Odds, wilson};

/// Days of a channel's quota in its backlog from which a larger quota is proposed: a working week.
const BACKLOG_DAYS: u64 = 5;

/// How many times the least number of contacts have come to an end before a variant without that many
/// is a reason for a higher floor.
const FLOOR_TIMES: u64 = 10;

/// Returns everything that the period shows.
pub(super) fn findings(facts: &Facts, variants: &[Variant]) -> Vec<Finding> {
    let mut found = variant_findings(facts, variants);
    found.extend(floor(facts, variants));
    found.extend(bottleneck(facts));
    found.extend(unreachable(facts));
    found.extend(facts.backlog.iter().filter_map(|backlog| waiting(facts, backlog)));
    let n_min = facts.settings.min_contacts.into();
    if let Some(look) = look(&facts.contacts, facts.earlier, n_min) {
        found.extend(patterns(facts, &look));
    }
    found
}

/// One for each variant whose windows have begun to close: before that nothing is known.
fn variant_findings(facts: &Facts, variants: &[Variant]) -> Vec<Finding> {
    let live = variants.iter().filter(|variant| variant.state == VariantState::Live);
    let odds = Odds::of(live.map(Variant::arm).collect(), facts.settings.floor);
    let closed = facts.outcomes.iter().filter(|arm| arm.successes + arm.failures > 0);
    closed.map(|arm| variant_finding(facts, arm, odds.chance_of_best(&arm.arm))).collect()
}

fn variant_finding(facts: &Facts, arm: &ArmOutcomes, chance: Option<f64>) -> Finding {
    let n = arm.successes + arm.failures;
    let interval = wilson(arm.successes, n);
    let pending = arm.contacts - n;
    let text = format!(
        "{} of {n} contacts with {:?} booked ({:.0} %, between {:.0} and {:.0} %), {pending} pending",
        arm.successes,
        arm.arm,
        100.0 * share(arm.successes, n),
        100.0 * interval.low,
        100.0 * interval.high,
    );
    let evidence = json!({
        "contacts": arm.contacts,
        "successes": arm.successes,
        "failures": arm.failures,
        "weighted_successes": arm.weighted_successes,
        "weighted_failures": arm.weighted_failures,
        "pending": pending,
        "opted_out": arm.opted_out,
        "complained": arm.complained,
        "interval": interval,
        "chance_of_best": chance,
        "rows": { "pitches_of_variant": arm.arm },
    });
    let insight = insight(facts, "variant", &arm.arm, n, text, evidence);
    Finding { insight, proposal: None, told: false }
}

/// A live variant that may be as good as the best, and gets too few contacts to find out.
fn floor(facts: &Facts, variants: &[Variant]) -> Option<Finding> {
    let n_min = u64::from(facts.settings.min_contacts);
    let is_live = |arm: &ArmOutcomes| {
        variants.iter().any(|one| one.arm == arm.arm && one.state == VariantState::Live)
    };
    let closed = |arm: &ArmOutcomes| arm.successes + arm.failures;
    let live: Vec<&ArmOutcomes> = facts.outcomes.iter().filter(|arm| is_live(arm)).collect();
    let all: u64 = live.iter().map(|arm| closed(arm)).sum();
    if live.len() < 2 || all < FLOOR_TIMES * n_min {
        return None;
    }
    let best = live
        .iter()
        .filter(|arm| closed(arm) >= n_min)
        .map(|arm| share(arm.successes, closed(arm)))
        .max_by(f64::total_cmp)?;
    let few = live.iter().filter(|arm| closed(arm) < n_min).min_by_key(|arm| closed(arm))?;
    let (n, interval) = (closed(few), wilson(few.successes, closed(few)));
    #[expect(clippy::cast_precision_loss, reason = "a handful of variants")]
    let most = 0.5 / live.len() as f64;
    let more = Setting { key: SettingKey::Floor, value: (2.0 * facts.settings.floor).min(most) };
    if interval.high < best || more.value <= facts.settings.floor || !more.key.takes(more.value) {
        return None;
    }
    let text = format!(
        "gap: after {all} contacts {} of {n} booked with {:?} (between {:.0} and {:.0} %), too few to \
         tell it from the best ({:.0} %)",
        few.successes,
        few.arm,
        100.0 * interval.low,
        100.0 * interval.high,
        100.0 * best,
    );
    let evidence = json!({
        "hits": few.successes, "n": n, "interval": interval, "contacts": all, "best": best,
        "rows": { "pitches_of_variant": few.arm },
    });
    let advised = format!("{text}: give each variant at least {:.0} %.", 100.0 * more.value);
    let change = ProposedChange::Set { settings: vec![more] };
    let entity = format!("floor/{}", more.value);
    let proposal = proposal(facts, entity, advised, change, evidence.clone());
    let insight = insight(facts, "gap", "floor", n, text, evidence);
    Some(Finding { insight, proposal: Some(proposal), told: true })
}

/// Where most are lost, of the steps that anybody has come to.
fn bottleneck(facts: &Facts) -> Option<Finding> {
    const STEPS: [(&str, Measure, &str, &str); 3] = [
        (
            "booking",
            Measure::Booking,
            "concluded contacts booked a call",
            "try another first sentence or channel",
        ),
        (
            "showing up",
            Measure::ShowingUp,
            "due calls were held",
            "confirm calls on the day before",
        ),
        ("closing", Measure::Closing, "decided calls became clients", "look at price and offer"),
    ];
    let funnel = facts.funnel;
    let counts = [
        (funnel.booked, funnel.concluded),
        (funnel.held, funnel.meetings),
        (funnel.won, funnel.decided),
    ];
    let (through, (name, measure, what, advice), (hits, n)) = STEPS
        .into_iter()
        .zip(counts)
        .filter(|(_, (_, n))| *n > 0)
        .map(|(step, (hits, n))| (share(hits, n), step, (hits, n)))
        .min_by(|left, right| left.0.total_cmp(&right.0))?;
    let text = format!("bottleneck {name}: {hits} of {n} {what} ({:.0} %)", 100.0 * through);
    let rows = if measure == Measure::Booking {
        json!({ "prospects": funnel.prospects })
    } else {
        json!({ "meetings": funnel.calls })
    };
    let evidence = json!({
        "hits": hits, "n": n, "interval": wilson(hits, n), "funnel": funnel, "rows": rows,
    });
    let advised = format!("Most are lost at {name} ({hits} of {n} come through): {advice}.");
    let proposal = enough(facts, n)
        .then(|| advice_of(facts, format!("bottleneck/{name}"), advised, measure, &evidence));
    let insight = insight(facts, "bottleneck", name, n, text, evidence);
    Some(Finding { insight, proposal, told: true })
}

/// Prospects worth a pitch whom no channel reaches.
fn unreachable(facts: &Facts) -> Option<Finding> {
    let (missed, n) = (facts.funnel.unreachable, facts.funnel.qualified);
    if missed == 0 {
        return None;
    }
    let text =
        format!("gap: {missed} of {n} qualified prospects have no channel that reaches them");
    let evidence = json!({
        "hits": missed, "n": n, "interval": wilson(missed, n),
        "rows": { "prospects": facts.funnel.prospects },
    });
    let advised = format!(
        "{missed} of {n} qualified prospects cannot be reached: read their own web sites for an \
         address, or use a source that has one."
    );
    let proposal = enough(facts, n)
        .then(|| advice_of(facts, "gap/no_channel".to_owned(), advised, Measure::Reach, &evidence));
    let insight = insight(facts, "gap", "no_channel", n, text, evidence);
    Some(Finding { insight, proposal, told: true })
}

/// Messages for which the day's quota leaves no room for more than a week.
fn waiting(facts: &Facts, backlog: &Backlog) -> Option<Finding> {
    let channel = Channel::from_column(&backlog.channel).ok()?;
    let cap = facts.caps.of(channel);
    if backlog.planned <= BACKLOG_DAYS * u64::from(cap) {
        return None;
    }
    let text = format!(
        "gap: {} messages by {} wait for a quota of {cap} a day",
        backlog.planned, backlog.channel
    );
    let evidence = json!({
        "n": backlog.planned, "cap": cap, "rows": { "messages": backlog.rows },
    });
    let key = SettingKey::DailyCap(channel);
    let more = Setting { key, value: f64::from(cap + cap.div_ceil(2)) };
    let harmless = facts.harm.complained == 0 && key.takes(more.value);
    let proposal = (cap > 0 && harmless).then(|| {
        let advised = format!(
            "{} messages by {} wait, {cap} go out a day and nobody complained: allow {}.",
            backlog.planned, backlog.channel, more.value
        );
        let change = ProposedChange::Set { settings: vec![more] };
        proposal(facts, format!("cap/{}", backlog.channel), advised, change, evidence.clone())
    });
    let subject = format!("capacity {}", backlog.channel);
    let insight = insight(facts, "gap", &subject, backlog.planned, text, evidence);
    Some(Finding { insight, proposal, told: true })
}

/// The look that was taken, whatever it showed, and each group that stands out in it.
fn patterns(facts: &Facts, look: &Look) -> Vec<Finding> {
    let standing: Vec<&Comparison> = look.comparisons.iter().filter(|one| one.stands).collect();
    let text = format!(
        "look {}: {} comparisons over {} concluded contacts, {} stand out (Holm at {:.2} %)",
        look.number,
        look.comparisons.len(),
        look.n,
        standing.len(),
        100.0 * look.level,
    );
    let taken = insight(facts, "look", &look.number.to_string(), look.n, text, json!(look));
    let mut found = vec![Finding { insight: taken, proposal: None, told: false }];
    found.extend(standing.into_iter().map(|one| pattern(facts, look, one)));
    found
}

fn pattern(facts: &Facts, look: &Look, one: &Comparison) -> Finding {
    let ((hits, n), (others, of)) = (one.group, one.others);
    let subject = format!("{} {}", one.dimension.word(), one.value);
    let text = format!(
        "{subject}: {hits} of {n} booked ({:.0} %, between {:.0} and {:.0} %), {others} of {of} of \
         the others ({:.0} %); it stands among {} comparisons",
        100.0 * share(hits, n),
        100.0 * one.interval.low,
        100.0 * one.interval.high,
        100.0 * share(others, of),
        look.comparisons.len(),
    );
    let evidence = json!({
        "hits": hits, "n": n, "interval": one.interval,
        "comparison": one, "comparisons": look.comparisons.len(), "level": look.level,
        "correction": look.correction, "rows": { "prospects": one.rows },
    });
    let better = share(hits, n) > share(others, of);
    let advised = format!("{text}.");
    let entity = format!("pattern/{subject}");
    let proposal = match (one.dimension, Channel::from_column(&one.value)) {
        (Dimension::Channel, Ok(channel)) if better => first(facts, channel).map(|settings| {
            let change = ProposedChange::Set { settings };
            proposal(facts, entity, format!("Begin with it. {advised}"), change, evidence.clone())
        }),
        (Dimension::FollowUp, _) => {
            follow_up(facts, &one.value).filter(|_| better).map(|setting| {
                let change = ProposedChange::Set { settings: vec![setting] };
                let text = format!("Follow up so. {advised}");
                proposal(facts, entity, text, change, evidence.clone())
            })
        }
        _ => Some(advice_of(facts, entity, advised, Measure::Booking, &evidence)),
    };
    let insight = insight(facts, "pattern", &subject, n, text, evidence);
    Finding { insight, proposal, told: true }
}

/// The hours that let the second message come as in the group `linkedin after 3 days`; `None` where
/// they are so already.
fn follow_up(facts: &Facts, group: &str) -> Option<Setting> {
    let (channel, days) = group.strip_suffix(" days")?.split_once(" after ")?;
    let (channel, days) = (Channel::from_column(channel).ok()?, days.parse::<u32>().ok()?);
    let first = Channel::ALL.into_iter().map(|one| facts.sequence_hours.of(one)).min()?;
    let hours = first + 24 * days;
    let setting = Setting { key: SettingKey::FollowUpHours(channel), value: f64::from(hours) };
    (hours != facts.sequence_hours.of(channel) && setting.key.takes(setting.value))
        .then_some(setting)
}

/// The hours that let a sequence begin with `channel`: it changes places with the one that does now.
fn first(facts: &Facts, channel: Channel) -> Option<Vec<Setting>> {
    let hours = |one: Channel| facts.sequence_hours.of(one);
    let now = Channel::ALL.into_iter().min_by_key(|one| hours(*one))?;
    let set = |one, value| Setting { key: SettingKey::FollowUpHours(one), value: f64::from(value) };
    (now != channel).then(|| vec![set(channel, hours(now)), set(now, hours(channel))])
}

fn enough(facts: &Facts, n: u64) -> bool {
    n >= u64::from(facts.settings.min_contacts)
}

fn advice_of(
    facts: &Facts,
    entity: String,
    text: String,
    measure: Measure,
    evidence: &Value,
) -> Proposal {
    let advice = proposal(facts, entity, text, ProposedChange::Advice, evidence.clone());
    Proposal { measure, ..advice }
}
