//! Decides what follows from a reading of a profile: values in, values out.

use serde_json::json;

use crate::domain::event::NewEvent;
use crate::domain::gbp::{self, Intake, ProfileReading, is_visible};
use crate::domain::layer::Layer;
use crate::domain::operations::{Client, OperationsChange, ProfileAction};
use crate::domain::outcome::StepOutcome;
use crate::domain::profile::{Knowable, Signal, Source, audit};
use crate::domain::sales::SalesChange;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::{NewUnit, UnitName};

/// Days after the plan by which an edit should be visible.
const ACTION_DUE_DAYS: i64 = 14;

/// Days between two audits: most edits are visible after two.
const REAUDIT_DAYS: i64 = 4;

/// Audits in all; what is not visible then is a person's business.
const ROUNDS_MAX: u32 = 4;

/// What an audit looks at.
pub(super) struct AuditFacts<'a> {
    pub(super) client: &'a Client,
    pub(super) round: u32,
    pub(super) reading: &'a ProfileReading,
    pub(super) intake: &'a Intake,
    /// The actions planned so far.
    pub(super) known: &'a [ProfileAction],
    pub(super) now: Moment,
}

/// Scores the profile, notes which planned edits can be seen, and plans the missing ones.
pub(super) fn audited(facts: &AuditFacts<'_>) -> StepOutcome {
    let AuditFacts { client, round, reading, intake, known, now } = *facts;
    let result = audit(&reading.facts, Knowable::of(Source::Gbp));
    let version = match round {
        1 => "before".to_owned(),
        2 => "after".to_owned(),
        _ => format!("after/{round}"),
    };
    let row = result.to_row(&client.entity, Source::Gbp, &version, now, &reading.facts);
    let mut outcome = StepOutcome::done().change(SalesChange::Profile(row));
    let mut n_seen = 0;
    for action in seen(reading, known, now) {
        n_seen += 1;
        outcome = outcome.change(OperationsChange::Action(action));
    }
    let planned: Vec<_> = gbp::plan(&reading.facts, intake, client)
        .into_iter()
        .filter(|step| !reading.pending.iter().any(|field| field == step.signal.as_column()))
        .collect();
    let n_planned = planned.len();
    let is_last = round >= ROUNDS_MAX;
    for step in planned {
        if is_last {
            break;
        }
        let field = step.signal.as_column();
        outcome = outcome
            .change(OperationsChange::Action(ProfileAction {
                entity: client.entity.clone(),
                action: field.to_owned(),
                before: step.before.clone(),
                after: Some(step.after.clone()),
                due_at: now.plus_ms(ACTION_DUE_DAYS * DAY_MS),
                done_at: None,
            }))
            .unit(NewUnit::ready(
                UnitName::new(
                    Layer::GbpOptimizer,
                    &client.entity,
                    format!("action/{round}/{field}"),
                ),
                "action",
                format!("{} of {}", field.replace('_', " "), client.name),
                json!({ "round": round, "field": field, "before": step.before, "after": step.after }),
            ));
    }
    let is_open = n_planned > 0 || !reading.pending.is_empty();
    if !is_last && (is_open || round == 1) {
        outcome = outcome.unit(reaudit_unit(client, round + 1, now));
    }
    if round == 1 {
        outcome = outcome.unit(super::publish::calendar_unit(client, now));
    }
    outcome.event(told(client, result.score, round, n_seen, n_planned, is_last))
}

/// Returns the known actions that were open and can be seen now, as done.
fn seen(
    reading: &ProfileReading,
    known: &[ProfileAction],
    now: Moment,
) -> impl Iterator<Item = ProfileAction> {
    known.iter().filter(|action| action.done_at.is_none()).filter_map(move |action| {
        let signal = Signal::from_column(&action.action).ok()?;
        is_visible(&reading.facts, signal, action.after.as_deref()?)
            .then(|| ProfileAction { done_at: Some(now), ..action.clone() })
    })
}

fn told(
    client: &Client,
    score: Option<f64>,
    round: u32,
    n_seen: usize,
    n_planned: usize,
    is_last: bool,
) -> NewEvent {
    let score = score.map_or_else(|| "not known".to_owned(), |score| format!("{score:.0}"));
    let name = &client.name;
    if round == 1 {
        let text = format!("{name}: profile score {score}, {n_planned} edits planned");
        return NewEvent::info("profile_audited", text);
    }
    let text = format!("{name}: profile score {score}, {n_seen} edits seen, {n_planned} missing");
    if is_last && n_planned > 0 {
        let text = format!("{text} after {round} audits: look at the profile by hand");
        return NewEvent::warn("profile_incomplete", text);
    }
    NewEvent::info("profile_reaudited", text)
}

fn reaudit_unit(client: &Client, round: u32, now: Moment) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::GbpOptimizer, &client.entity, format!("audit/{round}")),
        "reaudit",
        format!("audit {round} of {}", client.name),
        json!({ "round": round }),
    )
    .at(now.plus_ms(REAUDIT_DAYS * DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::Change;
    use crate::domain::onboarding::tests::client;
    use crate::domain::profile::Facts;

    fn intake() -> Intake {
        Intake {
            regular_hours: Some("Mo-Fr 09:00-17:00".to_owned()),
            photos: Some(12),
            ..Intake::default()
        }
    }

    fn run(round: u32, reading: &ProfileReading, known: &[ProfileAction]) -> StepOutcome {
        audited(&AuditFacts {
            client: &client("dental", "en"),
            round,
            reading,
            intake: &intake(),
            known,
            now: Moment(1_000),
        })
    }

    fn actions(outcome: &StepOutcome) -> Vec<ProfileAction> {
        outcome
            .changes
            .iter()
            .filter_map(|change| {
                let Change::Operations(OperationsChange::Action(action)) = change else {
                    return None;
                };
                Some(action.clone())
            })
            .collect()
    }

    fn versions(outcome: &StepOutcome) -> Vec<&str> {
        outcome.units.iter().map(|unit| unit.name.version.as_str()).collect()
    }

    #[test]
    fn the_first_audit_plans_one_edit_for_each_gap_and_a_second_audit_and_the_posts() {
        let outcome = run(1, &ProfileReading::default(), &[]);
        assert_eq!(
            versions(&outcome),
            [
                "action/1/photos",
                "action/1/regular_hours",
                "action/1/category",
                "action/1/phone",
                "audit/2",
                "calendar/1970-W02"
            ]
        );
        assert!(actions(&outcome).iter().all(|action| action.done_at.is_none()));
    }

    #[test]
    fn an_edit_is_done_when_it_is_seen_and_planned_again_when_it_is_not() {
        let planned = actions(&run(1, &ProfileReading::default(), &[]));
        let facts = Facts { photos: Some(12), ..Facts::default() };
        let pending = vec!["phone".to_owned(), "category".to_owned()];
        let reading = ProfileReading { facts, pending, ..ProfileReading::default() };
        let outcome = run(2, &reading, &planned);
        let done: Vec<_> = actions(&outcome)
            .into_iter()
            .filter(|action| action.done_at.is_some())
            .map(|action| action.action)
            .collect();
        assert_eq!(done, ["photos"]);
        assert_eq!(versions(&outcome), ["action/2/regular_hours", "audit/3"]);
    }

    #[test]
    fn the_last_audit_plans_nothing_more_and_asks_for_a_person() {
        let outcome = run(ROUNDS_MAX, &ProfileReading::default(), &[]);
        assert!(outcome.units.is_empty());
        assert_eq!(outcome.events[0].kind, "profile_incomplete");
    }

    #[test]
    fn a_profile_that_shows_everything_is_not_audited_a_third_time() {
        let full = actions(&run(1, &ProfileReading::default(), &[])).into_iter().fold(
            Facts::default(),
            |facts, action| {
                let signal = Signal::from_column(&action.action).unwrap();
                gbp::apply(facts, signal, action.after.as_deref().unwrap())
            },
        );
        let reading = ProfileReading { facts: full, ..ProfileReading::default() };
        assert!(run(2, &reading, &[]).units.is_empty());
    }
}
