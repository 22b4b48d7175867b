//! Answers queries: each in one read transaction, each from the near end of an index.

use rusqlite::Connection;

use super::command::{Refusal, RefusalKind};
use super::parts::Parts;
use super::query::{
    Answer, EffectFilter, EventFilter, LivePreview, LivePreviewRow, Query, UnitFilter,
};
use super::{
    desk, explain, finance, handover, in_full, lists, log, picture, pitches, records, service,
    system, tasks, trouble, why,
};
use crate::config::Settings;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::event_pages::{self, Page};
use crate::store::learning::proposals;
use crate::store::sales::{campaigns, suppressions};
use crate::store::{board, clocks, coherence, effect_list, phi, runs, unit_list};

/// Answers `query`.
pub(super) fn answer(parts: &Parts, query: &Query) -> Result<Answer, Refusal> {
    if let Query::Log { of, limit } = query {
        return log::answer(&parts.settings.paths.log_file, *of, *limit).map(Answer::Log);
    }
    let answered = parts.store.read(|conn| match query {
        Query::Log { .. } => Ok(None),
        Query::Run { .. } | Query::Effect { .. } => in_full::answer(conn, parts, query),
        Query::Records { mode, .. } | Query::Record { mode, .. } => {
            records::answer(conn, parts, query, now(conn, parts, *mode)?)
        }
        Query::Units(filter) => units(conn, parts, filter).map(Some),
        Query::ErrorGroups { mode, layer } => {
            Ok(Some(Answer::ErrorGroups(trouble::groups(conn, *mode, *layer)?)))
        }
        Query::ErrorDetail { unit } => {
            let detail = trouble::detail(conn, parts, *unit)?;
            Ok(detail.map(|detail| Answer::ErrorDetail(Box::new(detail))))
        }
        Query::Effects(filter) => effects(conn, filter).map(Some),
        Query::Events(filter) => events(conn, filter).map(Some),
        Query::PhiExplain { mode } => phi_explained(conn, parts, *mode).map(Some),
        Query::PhiWhy { mode, since, until } => {
            let until = until.map_or_else(|| now(conn, parts, *mode), Ok)?;
            Ok(Some(Answer::PhiWhy(Box::new(why::between(conn, *mode, *since, until)?))))
        }
        Query::System => Ok(Some(Answer::System(Box::new(system::facts(conn, parts)?)))),
        Query::Runs { mode, limit } => latest_runs(conn, parts, *mode, *limit).map(Some),
        Query::Meetings { mode, which, limit } => {
            let now = now(conn, parts, *mode)?;
            Ok(Some(Answer::Meetings(desk::meetings(conn, *mode, *which, now, *limit)?)))
        }
        Query::Clients { mode, wanted, limit } => {
            let (now, wanted) = (now(conn, parts, *mode)?, wanted.as_deref());
            Ok(Some(Answer::Clients(desk::clients(conn, *mode, wanted, now, *limit)?)))
        }
        Query::LivePreview => live_preview(conn, parts).map(Some),
        Query::Proposals { .. } | Query::Proposal { .. } | Query::Overrides { .. } => {
            learned(conn, query)
        }
        Query::Changes { since } => Ok(Some(Answer::Changes(handover::changes(conn, *since)?))),
        Query::Finance(query) => {
            let answer = finance::answer(conn, parts, query)?;
            Ok(answer.map(|answer| Answer::Finance(Box::new(answer))))
        }
        Query::Service(query) => {
            let answer = service::answer(conn, query, now(conn, parts, query.mode())?)?;
            Ok(answer.map(|answer| Answer::Service(Box::new(answer))))
        }
        Query::Pitches(filter) => pitches::list(conn, parts, filter).map(Some),
        Query::Pitch { mode, entity } => pitches::one(conn, parts, *mode, entity),
        Query::Promotion { limit, entities } => {
            pitches::promotion(conn, parts, *limit, entities).map(Some)
        }
        Query::Campaigns { mode } => {
            let lines = campaigns::list(conn, *mode)?;
            Ok(Some(Answer::Campaigns(lines.into_iter().map(lists::campaign_row).collect())))
        }
        Query::Suppressions { mode, limit } => {
            Ok(Some(Answer::Suppressions(suppressions::list(conn, *mode, *limit)?)))
        }
        Query::Tasks(filter) => Ok(Some(Answer::Tasks(tasks::list(conn, parts, *filter)?))),
        Query::Task { unit } => {
            Ok(tasks::detail(conn, parts, *unit)?.map(|task| Answer::Task(Box::new(task))))
        }
    });
    answered.map_err(|error| failed(&error))?.ok_or_else(|| nothing(query))
}

fn latest_runs(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    limit: u32,
) -> Result<Answer, StoreError> {
    let rows = runs::latest_in(conn, mode, limit)?;
    let views = rows.into_iter().map(|row| picture::run_view(conn, parts, row));
    Ok(Answer::Runs(views.collect::<Result<_, _>>()?))
}

/// Answers what layer 9 proposes, and what of it is in force.
fn learned(conn: &Connection, query: &Query) -> Result<Option<Answer>, StoreError> {
    if let Query::Proposals { mode, limit } = query {
        return Ok(Some(Answer::Proposals(proposals::list(conn, *mode, *limit)?)));
    }
    if let Query::Overrides { mode } = query {
        return Ok(Some(Answer::Overrides(proposals::overrides(conn, *mode)?)));
    }
    let Query::Proposal { id } = query else { return Ok(None) };
    let found = proposals::get(conn, *id)?;
    Ok(found.map(|(_, stored)| Answer::Proposal(Box::new(stored))))
}

/// Returns what is said when there is nothing by the number that was asked for.
fn nothing(query: &Query) -> Refusal {
    let (why, hint) = match query {
        Query::Finance(query) => finance::absent(query),
        Query::Service(query) => service::absent(query),
        Query::Proposal { id } => {
            (format!("there is no proposal {id}"), "`cep proposals` lists them")
        }
        Query::Pitch { mode, entity } => (
            format!("{entity} has no pitch in the {mode} world"),
            "`cep pitches` lists those that there are",
        ),
        Query::Task { unit } => (
            format!("unit {unit} has asked no person for anything"),
            "`cep tasks` lists what waits for a person",
        ),
        Query::ErrorDetail { unit } => {
            (format!("there is no unit {unit}"), "`cep units` lists them")
        }
        Query::Run { run } => (format!("there is no run {run}"), "`cep runs` lists them"),
        Query::Effect { mode, key } => {
            (format!("there is no effect {key} in the {mode} world"), "`cep effects` lists them")
        }
        Query::Record { kind, key, .. } => (
            format!("{key} is not among the {}", kind.word()),
            "its list on the dashboard has those that there are",
        ),
        Query::Units(_)
        | Query::Log { .. }
        | Query::Records { .. }
        | Query::ErrorGroups { .. }
        | Query::Effects(_)
        | Query::Events(_)
        | Query::PhiExplain { .. }
        | Query::PhiWhy { .. }
        | Query::System
        | Query::Runs { .. }
        | Query::Meetings { .. }
        | Query::Clients { .. }
        | Query::LivePreview
        | Query::Pitches(_)
        | Query::Promotion { .. }
        | Query::Proposals { .. }
        | Query::Tasks(_)
        | Query::Campaigns { .. }
        | Query::Suppressions { .. }
        | Query::Changes { .. }
        | Query::Overrides { .. } => {
            ("there is no answer".to_owned(), "`cep status` has an overview")
        }
    };
    Refusal { kind: RefusalKind::Usage, why, hint: Some(hint.to_owned()) }
}

/// Returns a failure of the store as a refusal with its next step.
pub(super) fn failed(error: &StoreError) -> Refusal {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        // Some libraries repeat their cause in their own message.
        let text = cause.to_string();
        if !why.contains(&text) {
            why = format!("{why}: {text}");
        }
        source = cause.source();
    }
    Refusal { kind: RefusalKind::Failed, why, hint: Some(error.hint()) }
}

fn layers(layer: Option<Layer>) -> Vec<Layer> {
    layer.map_or(Layer::ALL.to_vec(), |layer| vec![layer])
}

fn units(conn: &Connection, parts: &Parts, filter: &UnitFilter) -> Result<Answer, StoreError> {
    let every = UnitState::ALL;
    let states = if filter.states.is_empty() { &every[..] } else { &filter.states };
    let lines = unit_list::list(conn, filter.mode, &layers(filter.layer), states, filter.limit)?;
    Ok(Answer::Units(lines.into_iter().map(|line| lists::unit_row(parts, line)).collect()))
}

fn effects(conn: &Connection, filter: &EffectFilter) -> Result<Answer, StoreError> {
    let states = filter.state.map_or(EffectState::ALL.to_vec(), |state| vec![state]);
    let lines = effect_list::list(conn, filter.mode, &layers(filter.layer), &states, filter.limit)?;
    Ok(Answer::Effects(lines.into_iter().map(lists::effect_row).collect()))
}

fn events(conn: &Connection, filter: &EventFilter) -> Result<Answer, StoreError> {
    let page = Page {
        mode: filter.mode,
        since: filter.since,
        before: filter.before,
        layer: filter.layer,
        unit: filter.unit,
        run: filter.run,
        level: filter.level,
        words: filter.words.clone(),
        limit: filter.limit,
    };
    Ok(Answer::Events(event_pages::read(conn, &page)?))
}

fn phi_explained(conn: &Connection, parts: &Parts, mode: Mode) -> Result<Answer, StoreError> {
    let phi = phi::current(conn, mode)?;
    let trend = coherence::trend(conn, mode, super::snapshot::PHI_TREND_MAX)?;
    let now = now(conn, parts, mode)?;
    let view = explain::view(&phi, trend);
    Ok(Answer::PhiExplain(Box::new(explain::tree(&phi, mode, view, now))))
}

/// Returns the time of a world.
fn now(conn: &Connection, parts: &Parts, mode: Mode) -> Result<Moment, StoreError> {
    match mode {
        Mode::Dry => Ok(clocks::dry(conn)?.unwrap_or(parts.settings.orchestrator.dry_start)),
        Mode::Live => Ok(parts.clock.wall()),
    }
}

fn live_preview(conn: &Connection, parts: &Parts) -> Result<Answer, StoreError> {
    let wall = parts.clock.wall();
    let mut rows = Vec::new();
    for layer in Layer::ALL {
        let row = preview_row(conn, layer, wall)?;
        if row.due + row.planned > 0 {
            rows.push(row);
        }
    }
    Ok(Answer::LivePreview(LivePreview {
        layers: rows,
        through: parts.through.clone(),
        warnings: warnings(&parts.settings),
    }))
}

fn preview_row(
    conn: &Connection,
    layer: Layer,
    wall: Moment,
) -> Result<LivePreviewRow, StoreError> {
    let mut row = LivePreviewRow {
        layer,
        due: 0,
        planned: 0,
        does: does(layer).to_owned(),
        oldest_due: None,
    };
    for (of, state, n) in board::units(conn, Mode::Live)? {
        let timed = matches!(state, UnitState::Ready | UnitState::Scheduled | UnitState::RetryWait);
        if of != layer || !timed || n == 0 {
            continue;
        }
        let due = board::due_in(conn, Mode::Live, layer, state, wall)?;
        row.due += due.n;
        row.planned += n.saturating_sub(due.n);
        row.oldest_due = [row.oldest_due, due.oldest].into_iter().flatten().min();
    }
    Ok(row)
}

/// Returns what a layer does outside, in words.
const fn does(layer: Layer) -> &'static str {
    match layer {
        Layer::ProspectResearch => "reads sources",
        Layer::PitchGenerator | Layer::SelfLearning => "nothing outside",
        Layer::OutreachEngine => "e-mail and tasks for people",
        Layer::BookingHandler => "calendar invites and meetings",
        Layer::OnboardingFlow => "workspaces, client mail and tasks",
        Layer::GbpOptimizer => "profile edits, posts and replies",
        Layer::ReportingEngine => "reports to clients",
        Layer::FinanceTracker => "invoices and subscriptions",
    }
}

/// Returns what would be refused, and why.
fn warnings(settings: &Settings) -> Vec<String> {
    let agency = &settings.agency;
    [
        (&agency.postal_address, "agency.postal_address"),
        (&agency.unsubscribe_base_url, "agency.unsubscribe_base_url"),
        (&agency.from_email, "agency.from_email"),
    ]
    .into_iter()
    .filter(|(value, _)| value.is_empty())
    .map(|(_, key)| format!("{key} is not set: outreach mail is refused"))
    .collect()
}
