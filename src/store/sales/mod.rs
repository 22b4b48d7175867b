//! Keeps the rows of Sales: one file per table.

use rusqlite::Connection;

use super::error::StoreError;
use crate::domain::mode::Mode;
use crate::domain::sales::SalesChange;
use crate::domain::time::Moment;

pub mod campaigns;
pub mod invitees;
pub mod meetings;
pub mod messages;
pub mod pitches;
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
        SalesChange::Suppress(suppression) => suppressions::put(tx, mode, suppression),
        SalesChange::Meeting(meeting) => meetings::put(tx, mode, now, meeting),
        SalesChange::Invitee(invitee) => invitees::put(tx, mode, invitee),
        SalesChange::StopCampaign { campaign, reason } => {
            campaigns::stop(tx, mode, now, campaign, reason)
        }
        SalesChange::Prospect(_)
        | SalesChange::ProspectStage { .. }
        | SalesChange::FirstContact { .. }
        | SalesChange::Concluded { .. }
        | SalesChange::Profile(_) => {
            Err(StoreError::Unreadable(format!("no table takes {change:?} yet")))
        }
    }
}
