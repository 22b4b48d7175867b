//! Derives the meeting from everything that deliveries have told of its chain of invitees.

use rusqlite::Connection;

use super::{SettlePayload, invite_unit, meeting_unit, meeting_unit_name};
use crate::domain::booking::{self, Invitee};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::mode::Mode;
use crate::domain::outcome::StepOutcome;
use crate::domain::sales::{Conclusion, Meeting, MeetingState, Prospect, SalesChange, Stage};
use crate::domain::time::Moment;
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::outreach_engine::{self, Pending};
use crate::layers::payload;
use crate::store::error::StoreError;
use crate::store::sales::{invitees, meetings, prospects};

/// What is known of a chain before it is settled.
pub(super) struct Known {
    pub(super) chain: Vec<Invitee>,
    pub(super) before: Option<Meeting>,
    pub(super) prospect: Option<Prospect>,
}

pub(super) fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let SettlePayload { uri } = payload(unit)?;
    let Known { chain, before, prospect } = ctx.store.read(|conn| gather(conn, ctx.mode, &uri))?;
    let open = match &prospect {
        Some(prospect) => Some(outreach_engine::pending(ctx.store, ctx.mode, &prospect.entity)?),
        None => None,
    };
    Ok(decide(&chain, before.as_ref(), prospect.as_ref().zip(open), ctx.now))
}

pub(super) fn gather(conn: &Connection, mode: Mode, uri: &str) -> Result<Known, StoreError> {
    let chain = invitees::chain(conn, mode, &[uri])?;
    let mut before = None;
    for known in uris(&chain) {
        before = match before {
            None => meetings::get(conn, mode, known)?,
            found => found,
        };
    }
    let prospect = match chain.iter().find_map(|invitee| invitee.prospect.as_deref()) {
        Some(entity) => prospects::get(conn, mode, entity)?,
        None => None,
    };
    Ok(Known { chain, before, prospect })
}

/// Every URI that may name the chain's meeting.
fn uris(chain: &[Invitee]) -> impl Iterator<Item = &str> {
    chain.iter().flat_map(|invitee| {
        [Some(invitee.uri.as_str()), invitee.old_invitee.as_deref()].into_iter().flatten()
    })
}

pub(super) fn decide(
    chain: &[Invitee],
    before: Option<&Meeting>,
    prospect: Option<(&Prospect, Pending)>,
    now: Moment,
) -> StepOutcome {
    let Some(meeting) = booking::meeting(chain, before) else {
        return StepOutcome::skipped("the new time of the reschedule is still on its way");
    };
    if before == Some(&meeting) {
        return StepOutcome::done();
    }
    let known_before = before.is_some();
    let news = before.is_none_or(|old| old.sequence != meeting.sequence);
    let mut outcome = StepOutcome::done();
    // A call that was cancelled before anybody heard of it needs no invite.
    if news && (known_before || meeting.state == MeetingState::Booked) {
        outcome = outcome.unit(invite_unit(&meeting, now));
    }
    if let Some(old) = before
        && old.state == MeetingState::Booked
        && (old.starts_at != meeting.starts_at || meeting.state == MeetingState::Cancelled)
    {
        let reason = format!("the call is {}", moved_or_cancelled(&meeting));
        outcome = outcome.stop(meeting_unit_name(&old.entity, old.starts_at), reason);
    }
    if meeting.state == MeetingState::Booked {
        outcome = outcome.unit(meeting_unit(&meeting));
    }
    if let Some((prospect, open)) = prospect {
        outcome = move_prospect(outcome, prospect, open, &meeting, now);
    }
    let text = format!("{}: {} at {}", meeting.name, word(&meeting), meeting.starts_at);
    outcome.event(NewEvent::info("meeting_changed", text)).change(SalesChange::Meeting(meeting))
}

fn move_prospect(
    outcome: StepOutcome,
    prospect: &Prospect,
    open: Pending,
    meeting: &Meeting,
    now: Moment,
) -> StepOutcome {
    // Whoever booked has answered the outreach, even if the call is cancelled later.
    let outcome = open.concluded(outcome, Conclusion::Booked, now);
    if meeting.state != MeetingState::Cancelled {
        return outcome;
    }
    outcome.change(SalesChange::ProspectStage {
        entity: prospect.entity.clone(),
        stage: Stage::Lost,
        reason: Some("cancelled the call".to_owned()),
    })
}

const fn moved_or_cancelled(meeting: &Meeting) -> &'static str {
    match meeting.state {
        MeetingState::Cancelled => "cancelled",
        MeetingState::Booked | MeetingState::Held | MeetingState::NoShow => "moved",
    }
}

const fn word(meeting: &Meeting) -> &'static str {
    match (meeting.state, meeting.sequence) {
        (MeetingState::Cancelled, _) => "call cancelled",
        (_, 0) => "call booked",
        (_, _) => "call moved",
    }
}
