//! Defines what Sales (layers 1–4) knows: prospects, pitches, messages, meetings, and the changes
//! that its layers may write.

mod change;
mod meeting;
mod message;
mod pitch;
mod prospect;
mod returns;

pub use self::change::SalesChange;
pub use self::meeting::{Canceler, Meeting, MeetingOutcome, MeetingState};
pub use self::message::{Channel, Message, MessageState, Suppression, SuppressionReason};
pub use self::pitch::{ByHand, Pitch};
pub use self::prospect::{Conclusion, ProfileAudit, Prospect, Stage, Tier};
pub use self::returns::{InviteReply, SoftBounce};
