//! Defines the rows that Sales layers write. A layer returns them and never writes one itself.

use super::{
    Conclusion, InviteReply, Meeting, Message, Pitch, ProfileAudit, Prospect, SoftBounce, Stage,
    Suppression,
};
use crate::domain::booking::Invitee;
use crate::domain::prospect::Listed;
use crate::domain::time::Moment;

/// A row that a Sales layer writes.
#[derive(Clone, Debug, PartialEq)]
pub enum SalesChange {
    /// Inserts a prospect, or updates the one with its entity.
    Prospect(Box<Prospect>),
    /// Moves a prospect along the pipeline.
    ProspectStage {
        /// Which prospect.
        entity: String,
        /// Where to.
        stage: Stage,
        /// Why, when it was left out or lost.
        reason: Option<String>,
    },
    /// Moves a prospect to where all of its meetings say that it stands.
    StageByMeetings {
        /// Which prospect.
        entity: String,
        /// Whether nobody took the new time that was offered.
        lapsed: bool,
    },
    /// Notes the first confirmed message; later ones change nothing.
    FirstContact {
        /// Which prospect.
        entity: String,
        /// When.
        at: Moment,
    },
    /// Ends the outreach to a prospect; the first conclusion stays.
    Concluded {
        /// Which prospect.
        entity: String,
        /// How.
        conclusion: Conclusion,
        /// When.
        at: Moment,
    },
    /// Notes what a source lists of a business.
    Listing(Box<Listed>),
    /// Notes that a source does not list a business any more.
    ListingGone {
        /// Which business.
        entity: String,
    },
    /// Inserts an audit; an audit is never overwritten.
    Profile(ProfileAudit),
    /// Inserts or replaces the pitch of a prospect in a campaign.
    Pitch(Box<Pitch>),
    /// Inserts or updates a message.
    Message(Message),
    /// Stops every planned message of a prospect.
    StopMessages {
        /// Which prospect.
        entity: String,
        /// Why.
        reason: String,
    },
    /// Lets a prospect's sequence wait; of several instants the latest counts.
    Pause {
        /// Which prospect.
        entity: String,
        /// Until when.
        until: Moment,
        /// Why.
        why: String,
    },
    /// Notes that a server gave up on a message for now.
    SoftBounce(SoftBounce),
    /// Notes what an invitee's calendar answered.
    InviteReply(InviteReply),
    /// Suppresses an address for ever; the first reason stays.
    Suppress(Suppression),
    /// Inserts or updates a meeting.
    Meeting(Meeting),
    /// Inserts or updates what is known of an invitee.
    Invitee(Invitee),
    /// Stops a campaign whose mail a receiver blocks; the first reason stays.
    StopCampaign {
        /// Which.
        campaign: String,
        /// What the receiver said.
        reason: String,
    },
}
