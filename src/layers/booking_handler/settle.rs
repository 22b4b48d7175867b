//! Derives the meeting from everything that deliveries have told of its chain of invitees.

use rusqlite::Connection;
use serde_json::json;

use super::{SettlePayload, invite_unit, meeting_unit, meeting_unit_name, new_time};
use crate::config::Settings;
use crate::domain::booking::{self, Invitee};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::mode::Mode;
use crate::domain::outcome::{Next, StepOutcome};
use crate::domain::sales::{Conclusion, Meeting, MeetingState, Prospect, SalesChange};
use crate::domain::time::Moment;
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::outreach_engine::{self, Pending};
use crate::layers::payload;
use crate::store::error::StoreError;
use crate::store::sales::{invitees, meetings, prospects};

/// What is known of a chain before it is settled.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    pub(super) chain: Vec<Invitee>,
    /// The meeting that the chain has already.
    pub(super) before: Option<Meeting>,
    /// Further meetings that turn out to be the same one: a link between them came late.
    pub(super) strays: Vec<Meeting>,
    pub(super) prospect: Option<Prospect>,
}

pub(super) fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let SettlePayload { uri, until } = payload(unit)?;
    let known = ctx.store.read(|conn| gather(conn, ctx.mode, &uri))?;
    if ctx.now < until && !booking::is_whole(&known.chain) {
        let why = "the booking that it replaces is still on its way".to_owned();
        return Ok(StepOutcome::with(Next::Scheduled { at: until.ceil_quarter_hour(), why }));
    }
    let open = match &known.prospect {
        Some(prospect) => Some(outreach_engine::pending(ctx.store, ctx.mode, &prospect.entity)?),
        None => None,
    };
    Ok(decide(&known, open, ctx.settings, ctx.now))
}

pub(super) fn gather(conn: &Connection, mode: Mode, uri: &str) -> Result<Known, StoreError> {
    let chain = invitees::chain(conn, mode, &[uri])?;
    let mut rows: Vec<Meeting> = Vec::new();
    for known in uris(&chain) {
        let found = meetings::get(conn, mode, known)?;
        rows.extend(found.filter(|row| rows.iter().all(|known| known.entity != row.entity)));
    }
    // The one whose invite names the last time keeps its place in the calendar.
    let last = booking::meeting(&chain, None).map(|meeting| meeting.invitee_uri);
    rows.sort_by_key(|row| {
        (row.state == MeetingState::Cancelled, Some(&row.invitee_uri) != last.as_ref())
    });
    let mut rows = rows.into_iter();
    let prospect = match chain.iter().filter_map(|invitee| invitee.prospect.as_deref()).min() {
        Some(entity) => prospects::get(conn, mode, entity)?,
        None => None,
    };
    Ok(Known { before: rows.next(), strays: rows.collect(), chain, prospect })
}

/// Every URI that may name the chain's meeting.
fn uris(chain: &[Invitee]) -> impl Iterator<Item = &str> {
    chain.iter().flat_map(|invitee| {
        [Some(invitee.uri.as_str()), invitee.old_invitee.as_deref()].into_iter().flatten()
    })
}

pub(super) fn decide(
    known: &Known,
    open: Option<Pending>,
    settings: &Settings,
    now: Moment,
) -> StepOutcome {
    let before = known.before.as_ref();
    let Some(meeting) = booking::meeting(&known.chain, before) else {
        return StepOutcome::skipped("the new time of the reschedule is still on its way");
    };
    let outcome = known
        .strays
        .iter()
        .fold(StepOutcome::done(), |outcome, stray| withdrawn(outcome, stray, &meeting, now));
    if before == Some(&meeting) {
        return outcome;
    }
    let outcome = invited(outcome, before, &meeting, known.prospect.as_ref(), now);
    let mut outcome = asked(outcome, before, &meeting, now);
    if let (Some(prospect), Some(open)) = (&known.prospect, open) {
        // Whoever booked has answered the outreach, even if the call is cancelled later.
        outcome = open.concluded(outcome, Conclusion::Booked, now);
        outcome = new_time::after(outcome, &meeting, prospect, settings, now);
    }
    let text = format!("{}: {} at {}", meeting.name, word(&meeting), meeting.starts_at);
    let outcome = outcome.event(NewEvent::info("meeting_changed", text));
    let prospect = meeting.prospect.clone();
    standing(outcome.change(SalesChange::Meeting(meeting)), prospect, settings)
}

/// Moves the prospect to where its meetings say, after the one that was just written.
pub(super) fn standing(
    outcome: StepOutcome,
    prospect: Option<String>,
    settings: &Settings,
) -> StepOutcome {
    let lapsed = !new_time::is_offered(settings);
    match prospect {
        Some(entity) => outcome.change(SalesChange::StageByMeetings { entity, lapsed }),
        None => outcome,
    }
}

/// What a calendar has been told of a meeting.
fn told(meeting: &Meeting) -> (bool, Moment, Moment) {
    (meeting.state == MeetingState::Cancelled, meeting.starts_at, meeting.ends_at)
}

/// Plans the invite, its update or its cancellation, where there is news and it is not too late.
fn invited(
    outcome: StepOutcome,
    before: Option<&Meeting>,
    meeting: &Meeting,
    prospect: Option<&Prospect>,
    now: Moment,
) -> StepOutcome {
    let Some(old) = before else {
        // A call that was cancelled before anybody heard of it needs no invite.
        let wanted = meeting.state == MeetingState::Booked && meeting.ends_at > now;
        let unit = invite_unit(meeting, prospect, now);
        return if wanted { outcome.unit(unit) } else { outcome };
    };
    let news = told(old) != told(meeting);
    if news && old.starts_at.max(meeting.starts_at) > now {
        return outcome.unit(invite_unit(meeting, prospect, now));
    }
    outcome
}

/// Asks how the call went, or answers the question, or withdraws it.
fn asked(
    outcome: StepOutcome,
    before: Option<&Meeting>,
    meeting: &Meeting,
    now: Moment,
) -> StepOutcome {
    let question = meeting_unit_name(meeting);
    let mut outcome = outcome;
    if let Some(old) = before
        && meeting_unit_name(old) != question
    {
        let reason = format!("the call is {}", word(meeting));
        outcome = outcome.stop(meeting_unit_name(old), reason);
    }
    match meeting.state {
        MeetingState::Booked => outcome.unit(meeting_unit(meeting, now)),
        MeetingState::NoShow => {
            outcome.answer(question, json!({ "result": "no_show", "note": "noted in Calendly" }))
        }
        MeetingState::Cancelled => outcome.stop(question, "the call is cancelled"),
        MeetingState::Held => outcome,
    }
}

/// Takes back a meeting that was another name of one that is known.
fn withdrawn(outcome: StepOutcome, stray: &Meeting, meeting: &Meeting, now: Moment) -> StepOutcome {
    if stray.state != MeetingState::Booked {
        return outcome;
    }
    let row = Meeting {
        state: MeetingState::Cancelled,
        sequence: stray.sequence + 1,
        reason: Some("the same call under another name".to_owned()),
        // It gives way: what becomes of the prospect is the other row's matter.
        prospect: None,
        ..stray.clone()
    };
    let text = format!("{}: two invites are one call, at {}", stray.name, meeting.starts_at);
    outcome
        .stop(meeting_unit_name(stray), "the same call under another name")
        .unit(invite_unit(&row, None, now))
        .change(SalesChange::Meeting(row))
        .event(NewEvent::warn("meetings_joined", text))
}

const fn word(meeting: &Meeting) -> &'static str {
    match (meeting.state, meeting.sequence) {
        (MeetingState::Cancelled, _) => "cancelled",
        (MeetingState::NoShow, _) => "missed",
        (MeetingState::Held, _) => "held",
        (MeetingState::Booked, _) if meeting.asked_again_at.is_some() => "asked about again",
        (MeetingState::Booked, 0) => "booked",
        (MeetingState::Booked, _) => "moved",
    }
}
