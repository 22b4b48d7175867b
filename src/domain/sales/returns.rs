//! Defines what is kept of mail that came back.

use crate::domain::letter::PartStat;
use crate::domain::time::Moment;

/// A server's word that it gave up on a message to an address for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftBounce {
    /// Lower-case e-mail address.
    pub address: String,
    /// Which delivery told it.
    pub delivery: String,
    /// Enhanced status code.
    pub status: String,
    /// When it was told.
    pub at: Moment,
}

/// What an invitee's calendar answered to an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteReply {
    /// The meeting's entity.
    pub meeting: String,
    /// SEQUENCE of the invite that it answers.
    pub sequence: i64,
    /// What.
    pub answer: PartStat,
    /// When it was given.
    pub at: Moment,
}
