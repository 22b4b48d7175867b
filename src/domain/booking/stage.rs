//! Defines where a prospect stands by all of its meetings, of which it may have several.
//!
//! The answer is a function of the rows alone: whichever of them was written last, and however often
//! one was written, the prospect stands where its meetings say.

use crate::domain::sales::{Canceler, Meeting, MeetingOutcome, MeetingState, Stage};

/// Where a prospect stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The stage.
    pub stage: Stage,
    /// Why, where a person would ask.
    pub reason: Option<String>,
    /// Whether the last call came to nothing through nobody's no: a new time can be offered.
    pub may_rebook: bool,
}

/// Returns where a prospect with these meetings stands, or `None` for one without any. `lapsed` says
/// that a new time was offered, or is not going to be, and nobody took it.
pub fn standing(meetings: &[Meeting], lapsed: bool) -> Option<Standing> {
    let of = |stage, reason: Option<String>| Standing { stage, reason, may_rebook: false };
    let latest = meetings.iter().max_by_key(|meeting| (meeting.starts_at, &meeting.entity))?;
    if meetings.iter().any(|meeting| meeting.outcome == Some(MeetingOutcome::Won)) {
        return Some(of(Stage::Client, None));
    }
    if meetings.iter().any(|meeting| meeting.state == MeetingState::Booked) {
        return Some(of(Stage::Booked, None));
    }
    let open = |what: &str| Standing {
        stage: if lapsed { Stage::Lost } else { Stage::Booked },
        reason: Some(if lapsed { format!("{what}; no new time booked") } else { what.to_owned() }),
        may_rebook: !lapsed,
    };
    Some(match (latest.state, latest.outcome) {
        (MeetingState::Held, Some(MeetingOutcome::Lost)) => {
            of(Stage::Lost, Some("call: lost".to_owned()))
        }
        (MeetingState::NoShow, _) => open("did not come to the call"),
        (MeetingState::Cancelled, _) if latest.cancelled_by == Some(Canceler::Host) => {
            open("we cancelled the call")
        }
        (MeetingState::Cancelled, _) => {
            let why = latest.reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            of(Stage::Lost, Some(format!("cancelled the call{why}")))
        }
        (MeetingState::Held | MeetingState::Booked, _) => of(Stage::Booked, None),
    })
}
