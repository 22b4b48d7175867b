//! Notes what an invitee's calendar answered to an invite.
//!
//! The answer comes by mail, and a mail is unsigned: it books nothing, moves nothing and cancels
//! nothing. A call that is declined becomes a task for a person, who asks.

use serde::Deserialize;

use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::letter::{InviteAnswer, PartStat};
use crate::domain::outcome::StepOutcome;
use crate::domain::sales::{InviteReply, Meeting, MeetingState, SalesChange};
use crate::domain::time::Moment;
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::outreach_engine::Reading;
use crate::layers::payload;
use crate::store::sales::{meetings, returns};

#[derive(Deserialize)]
struct Payload {
    body: InviteAnswer,
}

pub(super) fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let Payload { body: answer } = payload(unit)?;
    let meeting = ctx.store.read(|conn| {
        let entity = returns::meeting_of(conn, ctx.mode, &answer.uid)?;
        entity.map_or(Ok(None), |entity| meetings::get(conn, ctx.mode, &entity))
    })?;
    Ok(decide(&answer, meeting.as_ref(), &unit.name.entity, ctx.now))
}

pub(super) fn decide(
    answer: &InviteAnswer,
    meeting: Option<&Meeting>,
    delivery: &str,
    now: Moment,
) -> StepOutcome {
    let word = answer.answer;
    let Some(meeting) = meeting else {
        return read(answer, None, delivery, "no invite of ours has this UID", now);
    };
    if ![&answer.attendee, &answer.from].contains(&&meeting.email) {
        return read(
            answer,
            Some(meeting),
            delivery,
            "somebody else answers than was invited",
            now,
        );
    }
    let reply = InviteReply {
        meeting: meeting.entity.clone(),
        sequence: answer.sequence,
        answer: word,
        at: answer.at,
    };
    let current = answer.sequence == meeting.sequence;
    let of = if current { "" } else { ", but another edition of the invite" };
    let text = format!("{} has {word} the call at {}{of}", meeting.name, meeting.starts_at);
    let declined = word == PartStat::Declined
        && current
        && meeting.state == MeetingState::Booked
        && meeting.starts_at > now;
    let outcome = if declined {
        read(answer, Some(meeting), delivery, "the call still stands where it was booked", now)
    } else {
        StepOutcome::done()
    };
    outcome.change(SalesChange::InviteReply(reply)).event(NewEvent::info("invite_answered", text))
}

/// Has a person read an answer.
fn read(
    answer: &InviteAnswer,
    meeting: Option<&Meeting>,
    delivery: &str,
    why: &str,
    now: Moment,
) -> StepOutcome {
    let who = meeting.map_or(answer.attendee.as_str(), |meeting| meeting.name.as_str());
    let what = match answer.answer {
        PartStat::Accepted => "accepts",
        PartStat::Declined => "declines",
        PartStat::Tentative => "perhaps comes to",
    };
    let call = match meeting {
        Some(meeting) => format!("the call on {}", meeting.starts_at.in_zone(&meeting.zone)),
        None => "a call that we do not know".to_owned(),
    };
    let reading = Reading {
        prospect: meeting.and_then(|meeting| meeting.prospect.clone()),
        title: format!("{who} {what} {call}: ask and settle it where it was booked"),
        why: why.to_owned(),
        address: answer.attendee.clone(),
        subject: format!("{}: {}", answer.answer, answer.uid),
        text: answer.comment.clone().unwrap_or_else(|| "(nothing was written with it)".to_owned()),
        at: now,
    };
    StepOutcome::done().unit(reading.unit(delivery, "read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::Change;

    const NOW: Moment = Moment(1_767_603_600_000);

    fn meeting() -> Meeting {
        Meeting {
            entity: "https://api.calendly.example/invitees/I1".to_owned(),
            prospect: Some("osm:node/1".to_owned()),
            invitee_uri: "https://api.calendly.example/invitees/I1".to_owned(),
            email: "ann@dental.example".to_owned(),
            name: "Ann Lee".to_owned(),
            starts_at: NOW.plus_ms(86_400_000),
            ends_at: NOW.plus_ms(88_200_000),
            zone: "Europe/London".to_owned(),
            sequence: 1,
            state: MeetingState::Booked,
            outcome: None,
            plan: None,
            noted_at: None,
            asked_again_at: None,
            cancelled_by: None,
            reason: None,
        }
    }

    fn answer(answer: PartStat, sequence: i64, attendee: &str) -> InviteAnswer {
        InviteAnswer {
            uid: "u@agency.example".to_owned(),
            sequence,
            attendee: attendee.to_owned(),
            from: attendee.to_owned(),
            answer,
            at: NOW,
            comment: None,
        }
    }

    #[test]
    fn a_declined_call_is_noted_and_asked_about_and_never_cancelled_by_a_mail() {
        let told = answer(PartStat::Declined, 1, "ann@dental.example");
        let outcome = decide(&told, Some(&meeting()), "m1", NOW);
        assert_eq!(outcome.units.len(), 1);
        assert!(outcome.units[0].label.contains("Ann Lee declines the call on"));
        let [Change::Sales(SalesChange::InviteReply(reply))] = &outcome.changes[..] else {
            panic!("{:?}", outcome.changes)
        };
        assert_eq!(reply.answer, PartStat::Declined);
        assert!(outcome.stops.is_empty() && outcome.answers.is_empty());
    }

    #[test]
    fn an_accepted_call_and_an_answer_to_an_earlier_invite_ask_nobody() {
        for told in [
            answer(PartStat::Accepted, 1, "ann@dental.example"),
            answer(PartStat::Tentative, 1, "ann@dental.example"),
            answer(PartStat::Declined, 0, "ann@dental.example"),
        ] {
            let outcome = decide(&told, Some(&meeting()), "m1", NOW);
            assert_eq!((outcome.units.len(), outcome.changes.len()), (0, 1), "{told:?}");
        }
        let over = Meeting { state: MeetingState::Held, ..meeting() };
        let told = answer(PartStat::Declined, 1, "ann@dental.example");
        assert!(decide(&told, Some(&over), "m1", NOW).units.is_empty());
    }

    #[test]
    fn an_answer_of_somebody_else_or_to_an_unknown_call_is_a_persons() {
        let other = answer(PartStat::Declined, 1, "bob@other.example");
        for known in [Some(&meeting()), None] {
            let outcome = decide(&other, known, "m1", NOW);
            assert_eq!((outcome.units.len(), outcome.changes.len()), (1, 0));
        }
    }
}
