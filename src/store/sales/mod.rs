//! Keeps the rows of Sales: one file per table.

use rusqlite::Connection;

use super::error::StoreError;
use crate::domain::booking;
use crate::domain::mode::Mode;
use crate::domain::sales::SalesChange;
use crate::domain::time::Moment;

pub mod campaigns;
pub mod invitees;
pub mod listings;
pub mod meetings;
pub mod messages;
pub mod pitches;
pub mod profiles;
pub mod prospects;
pub mod returns;
pub mod suppressions;

/// Applies one change.
pub(super) fn apply(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    change: &SalesChange,
) -> Result<(), StoreError> {
    match change {
        SalesChange::Pitch(pitch) => pitches::put(tx, mode, now, pitch),
        SalesChange::Message(message) => messages::put(tx, mode, message),
        SalesChange::StopMessages { entity, reason } => messages::stop(tx, mode, entity, reason),
        SalesChange::Pause { entity, until, why } => {
            returns::pause(tx, mode, now, entity, *until, why)
        }
        SalesChange::SoftBounce(bounce) => returns::soft_bounce(tx, mode, bounce),
        SalesChange::InviteReply(reply) => returns::invite_reply(tx, mode, reply),
        SalesChange::Suppress(suppression) => suppressions::put(tx, mode, suppression),
        SalesChange::Meeting(meeting) => meetings::put(tx, mode, now, meeting),
        SalesChange::Invitee(invitee) => invitees::put(tx, mode, invitee),
        SalesChange::StopCampaign { campaign, reason } => {
            campaigns::stop(tx, mode, now, campaign, reason)
        }
        SalesChange::Prospect(prospect) => prospects::put(tx, mode, now, prospect),
        SalesChange::ProspectStage { entity, stage, reason } => {
            prospects::set_stage(tx, mode, now, entity, *stage, reason.as_deref())
        }
        SalesChange::StageByMeetings { entity, lapsed } => {
            let meetings = meetings::of_prospect(tx, mode, entity)?;
            let standing = booking::standing(&meetings, *lapsed);
            standing.map_or(Ok(()), |it| prospects::set_standing(tx, mode, now, entity, &it))
        }
        SalesChange::FirstContact { entity, at } => {
            prospects::set_first_contact(tx, mode, now, entity, *at)
        }
        SalesChange::Concluded { entity, conclusion, at } => {
            prospects::conclude(tx, mode, now, entity, *conclusion, *at)
        }
        SalesChange::Profile(audit) => profiles::put(tx, mode, audit),
        SalesChange::Listing(listed) => listings::put(tx, mode, listed),
        SalesChange::ListingGone { entity } => listings::set_gone(tx, mode, entity, now),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    /// Makes an empty database of this version.
    pub(crate) fn database() -> rusqlite::Connection {
        crate::store::open::in_memory()
    }
}
