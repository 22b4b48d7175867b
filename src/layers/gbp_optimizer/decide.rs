//! Decides what follows from a reading of a profile: values in, values out.

use serde_json::json;

use crate::domain::event::NewEvent;
use crate::domain::gbp::{self, Field, Intake, ProfileReading, Standing, is_visible};
use crate::domain::layer::Layer;
use crate::domain::operations::{ActionState, Client, OperationsChange, ProfileAction};
use crate::domain::outcome::StepOutcome;
use crate::domain::profile::{Knowable, Source, audit};
use crate::domain::sales::SalesChange;
use crate::domain::time::{DAY_MS, MINUTE_MS, Moment};
use crate::domain::unit::{NewUnit, UnitName};

/// Days after the plan by which an edit should be visible.
const ACTION_DUE_DAYS: i64 = 14;

/// Days between two audits: most edits are visible after two.
const REAUDIT_DAYS: i64 = 4;

/// Audits in a row; what is not visible then is a person's business until the next month.
const ROUNDS_MAX: u32 = 4;

/// Days from the last audit of one row to the first of the next: profiles are changed by others.
const NEXT_CYCLE_DAYS: i64 = 30;

/// Edits that the provider takes of one profile in a minute; it does not raise this.
const EDITS_PER_MINUTE: i64 = 10;

/// What an audit looks at.
pub(super) struct AuditFacts<'a> {
    pub(super) client: &'a Client,
    /// Months of audits before this one; 0 is the work after the contract.
    pub(super) cycle: u32,
    pub(super) round: u32,
    pub(super) reading: &'a ProfileReading,
    pub(super) intake: &'a Intake,
    /// The actions planned so far.
    pub(super) known: &'a [ProfileAction],
    pub(super) now: Moment,
}

/// Scores the profile, notes which planned edits can be seen, and plans the missing ones.
pub(super) fn audited(facts: &AuditFacts<'_>) -> StepOutcome {
    let AuditFacts { client, cycle, round, reading, intake, known, now } = *facts;
    let result = audit(&reading.facts, Knowable::of(Source::Gbp));
    let row =
        result.to_row(&client.entity, Source::Gbp, &version(cycle, round), now, &reading.facts);
    let mut outcome = StepOutcome::done().change(SalesChange::Profile(row));
    let reread: Vec<ProfileAction> = reread(reading, known, now);
    let n_seen = reread.iter().filter(|action| action.done_at.is_some()).count();
    outcome = reread
        .into_iter()
        .fold(outcome, |outcome, action| outcome.change(OperationsChange::Action(action)));
    let is_last = round >= ROUNDS_MAX;
    let planned: Vec<_> = gbp::assess(&reading.facts, intake, client, now.utc_date())
        .into_iter()
        .filter(|gap| gap.standing == Standing::Planned)
        .filter(|gap| !reading.pending.iter().any(|field| field == gap.field.as_column()))
        .collect();
    let n_planned = planned.len();
    for (gap, place) in planned.into_iter().zip(0_i64..).filter(|_| !is_last) {
        let (field, points) = (gap.field.as_column(), gap.points());
        let at = now.plus_ms(place / EDITS_PER_MINUTE * MINUTE_MS);
        let action = ProfileAction {
            entity: client.entity.clone(),
            action: field.to_owned(),
            before: gap.before.clone(),
            after: gap.wanted.clone(),
            due_at: now.plus_ms(ACTION_DUE_DAYS * DAY_MS),
            done_at: None,
            state: ActionState::Planned,
            points,
            reread: None,
        };
        let unit = NewUnit::ready(
            UnitName::new(Layer::GbpOptimizer, &client.entity, step("action", cycle, round, field)),
            "action",
            format!("{} of {}", field.replace('_', " "), client.name),
            json!({ "cycle": cycle, "round": round, "field": field, "before": gap.before,
                    "after": gap.wanted }),
        );
        let unit = if at > now { unit.at(at) } else { unit };
        outcome = outcome.change(OperationsChange::Action(action)).unit(unit);
    }
    let is_open = n_planned > 0 || !reading.pending.is_empty();
    outcome = if !is_last && (is_open || (cycle, round) == (0, 1)) {
        outcome.unit(reaudit_unit(client, cycle, round + 1, now.plus_ms(REAUDIT_DAYS * DAY_MS)))
    } else {
        outcome.unit(reaudit_unit(client, cycle + 1, 1, now.plus_ms(NEXT_CYCLE_DAYS * DAY_MS)))
    };
    if (cycle, round) == (0, 1) {
        outcome = outcome.unit(super::publish::calendar_unit(client, now));
    }
    outcome.event(told(facts, result.score, n_seen, n_planned))
}

/// The name of an audit among a client's audits.
fn version(cycle: u32, round: u32) -> String {
    match (cycle, round) {
        (0, 1) => "before".to_owned(),
        (0, 2) => "after".to_owned(),
        (0, _) => format!("after/{round}"),
        _ => format!("month/{cycle}/{round}"),
    }
}

/// The version of a unit of one audit; the first cycle's have no cycle in them.
pub(super) fn step(what: &str, cycle: u32, round: u32, field: &str) -> String {
    let place = if cycle == 0 { round.to_string() } else { format!("{cycle}.{round}") };
    if field.is_empty() { format!("{what}/{place}") } else { format!("{what}/{place}/{field}") }
}

/// Returns the actions that are not done, with what is there now and why it is not what was sent.
fn reread(reading: &ProfileReading, known: &[ProfileAction], now: Moment) -> Vec<ProfileAction> {
    known
        .iter()
        .filter(|action| action.done_at.is_none() && action.state != ActionState::Planned)
        .filter_map(|action| {
            let field = Field::from_column(&action.action).ok()?;
            let after = action.after.as_deref()?;
            let holds = |fields: &[String]| fields.contains(&action.action);
            let state = if is_visible(&reading.facts, field, after) {
                ActionState::Live
            } else if holds(&reading.overridden) {
                ActionState::Overridden
            } else if holds(&reading.pending) {
                ActionState::Pending
            } else {
                ActionState::NotVisible
            };
            Some(ProfileAction {
                done_at: (state == ActionState::Live).then_some(now),
                reread: gbp::current(&reading.facts, field),
                state,
                ..action.clone()
            })
        })
        .collect()
}

fn told(facts: &AuditFacts<'_>, score: Option<f64>, n_seen: usize, n_planned: usize) -> NewEvent {
    let score = score.map_or_else(|| "not known".to_owned(), |score| format!("{score:.0}"));
    let (name, round) = (&facts.client.name, facts.round);
    if (facts.cycle, round) == (0, 1) {
        let text = format!("{name}: profile score {score}, {n_planned} edits planned");
        return NewEvent::info("profile_audited", text);
    }
    let text = format!("{name}: profile score {score}, {n_seen} edits seen, {n_planned} missing");
    if round >= ROUNDS_MAX && n_planned > 0 {
        let text = format!("{text} after {round} audits: look at the profile by hand");
        return NewEvent::warn("profile_incomplete", text);
    }
    NewEvent::info("profile_reaudited", text)
}

fn reaudit_unit(client: &Client, cycle: u32, round: u32, at: Moment) -> NewUnit {
    let version = step("audit", cycle, round, "");
    let label = format!("{} of {}", version.replace('/', " "), client.name);
    NewUnit::ready(
        UnitName::new(Layer::GbpOptimizer, &client.entity, version),
        "reaudit",
        label,
        json!({ "cycle": cycle, "round": round }),
    )
    .at(at)
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
            cycle: 0,
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

    fn sent(actions: Vec<ProfileAction>) -> Vec<ProfileAction> {
        let sent = |action| ProfileAction { state: ActionState::Sent, ..action };
        actions.into_iter().map(sent).collect()
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
        let planned = sent(actions(&run(1, &ProfileReading::default(), &[])));
        let facts = Facts { photos: Some(12), ..Facts::default() };
        let pending = vec!["phone".to_owned(), "category".to_owned()];
        let overridden = vec!["regular_hours".to_owned()];
        let reading = ProfileReading { facts, pending, overridden, ..ProfileReading::default() };
        let outcome = run(2, &reading, &planned);
        let states: Vec<_> = actions(&outcome)
            .into_iter()
            .map(|action| (action.action, action.state, action.done_at.is_some()))
            .collect();
        assert_eq!(
            states,
            [
                ("photos".to_owned(), ActionState::Live, true),
                ("regular_hours".to_owned(), ActionState::Overridden, false),
                ("category".to_owned(), ActionState::Pending, false),
                ("phone".to_owned(), ActionState::Pending, false),
                ("regular_hours".to_owned(), ActionState::Planned, false),
            ]
        );
        assert_eq!(versions(&outcome), ["action/2/regular_hours", "audit/3"]);
    }

    #[test]
    fn further_categories_are_an_edit_with_before_and_after_until_they_are_seen() {
        let intake = Intake {
            additional_categories: vec!["spa".to_owned(), "sauna".to_owned()],
            ..intake()
        };
        let client = client("dental", "en");
        let audit = |round, facts, known: &[ProfileAction]| {
            let reading = ProfileReading { facts, ..ProfileReading::default() };
            let (cycle, now) = (0, Moment(1_000));
            let (reading, intake, client) = (&reading, &intake, &client);
            actions(&audited(&AuditFacts { client, cycle, round, reading, intake, known, now }))
        };
        let there =
            |values: &[&str]| values.iter().map(|&one| one.to_owned()).collect::<Vec<String>>();
        let facts = |values| Facts { additional_categories: there(values), ..Facts::default() };
        let of = |actions: Vec<ProfileAction>| {
            let mut found = actions.into_iter().filter(|one| one.action == "additional_categories");
            found.next().unwrap()
        };
        let planned = of(audit(1, facts(&["spa"]), &[]));
        assert_eq!(planned.before.as_deref(), Some("spa"));
        assert_eq!(planned.after.as_deref(), Some("spa; sauna"));
        let sent = sent(vec![planned]);
        let partly = of(audit(2, facts(&["spa"]), &sent));
        assert_eq!(partly.state, ActionState::NotVisible);
        let seen = of(audit(2, facts(&["Sauna", "Spa"]), &sent));
        assert_eq!((seen.state, seen.done_at), (ActionState::Live, Some(Moment(1_000))));
        assert_eq!(seen.reread.as_deref(), Some("Sauna; Spa"));
    }

    #[test]
    fn the_last_audit_plans_nothing_more_and_asks_for_a_person() {
        let outcome = run(ROUNDS_MAX, &ProfileReading::default(), &[]);
        assert_eq!(versions(&outcome), ["audit/1.1"], "the next one is a month away");
        assert_eq!(outcome.events[0].kind, "profile_incomplete");
    }

    #[test]
    fn a_profile_that_shows_everything_is_audited_again_a_month_later() {
        let full = actions(&run(1, &ProfileReading::default(), &[])).into_iter().fold(
            Facts::default(),
            |facts, action| {
                let field = Field::from_column(&action.action).unwrap();
                gbp::apply(facts, field, action.after.as_deref().unwrap())
            },
        );
        let reading = ProfileReading { facts: full, ..ProfileReading::default() };
        let outcome = run(2, &reading, &[]);
        assert_eq!(versions(&outcome), ["audit/1.1"]);
        assert_eq!(outcome.units[0].run_at, Some(Moment(1_000 + 30 * DAY_MS).ceil_quarter_hour()));
    }
}
