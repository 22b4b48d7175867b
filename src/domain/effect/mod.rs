//! Defines effects: the table of all acts on the outside world, their keys and their payloads.
//!
//! An effect's key is a digest of (mode, layer, entity, action, version), so it names the business
//! act and not the try. `version` is what makes two acts of one kind on one entity different; the
//! rule for each action stands in the one table below. Content, run and attempt are not in the key:
//! a repeated run finds the old receipt instead of sending again.

mod payload;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use payload::{
    CallToAction, CallToActionKind, CreditNoteRequest, Document, Invite, InviteMethod, InvoiceLine,
    InvoicePaper, InvoiceRequest, Mail, PersonTask, PlanChange, Post, PostEvent, ProfileEdit,
    ProfileRead, ReportDelivery, ReviewReply, SourceRead, SubscriptionRequest, TaskKind,
    TaskWithdrawal, Workspace, WorkspaceFile,
};

use super::column::{self, UnknownWord};
use super::layer::Layer;
use super::mode::Mode;

/// What is done to the outside world. Adding one breaks the build until it has a row below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Read one page of a source of businesses.
    ReadSource,
    /// Send an outreach e-mail.
    SendEmail,
    /// Ask a person to send a LinkedIn message or to make a call.
    AssignOutreach,
    /// Ask a person to read a mail that came back.
    AssignMail,
    /// Take a task back that was handed to a person; any layer does it with its own.
    WithdrawTask,
    /// Send a calendar invite, its update or its cancellation.
    SendInvite,
    /// Ask a person to hold a booked call and note how it went.
    AssignMeeting,
    /// Offer a new time after a call that did not take place.
    OfferNewTime,
    /// Create a client's workspace.
    CreateWorkspace,
    /// Send a client a service mail (welcome, request for documents).
    SendClientMail,
    /// Ask a person or the client for an onboarding step.
    AssignOnboarding,
    /// Read a client's public profile.
    ReadProfile,
    /// Change one part of a client's profile.
    EditProfile,
    /// Publish a post on a client's profile.
    PublishPost,
    /// Reply to a review.
    ReplyReview,
    /// Ask a person about a profile: to approve a reply, to do what the provider refuses.
    AssignProfile,
    /// Deliver a report.
    DeliverReport,
    /// Issue an invoice.
    IssueInvoice,
    /// Issue a credit note.
    IssueCreditNote,
    /// Start a subscription.
    StartSubscription,
    /// Put a subscription on another plan.
    ChangeSubscription,
    /// Remind a client of an unpaid invoice.
    SendReminder,
    /// Ask a person to call about an unpaid invoice.
    AssignCollection,
}

/// One row of the table of actions.
#[derive(Clone, Copy, Debug)]
pub struct ActionRow {
    /// The stored word.
    pub word: &'static str,
    /// The layer that performs it.
    pub layer: Layer,
    /// Whether it changes the outside world, and so has a row in the journal.
    pub mutates: bool,
    /// What the version in the key is made of.
    pub version: &'static str,
}

impl Action {
    /// All actions, in pipeline order.
    pub const ALL: [Self; 23] = [
        Self::ReadSource,
        Self::SendEmail,
        Self::AssignOutreach,
        Self::AssignMail,
        Self::WithdrawTask,
        Self::SendInvite,
        Self::AssignMeeting,
        Self::OfferNewTime,
        Self::CreateWorkspace,
        Self::SendClientMail,
        Self::AssignOnboarding,
        Self::ReadProfile,
        Self::EditProfile,
        Self::PublishPost,
        Self::ReplyReview,
        Self::AssignProfile,
        Self::DeliverReport,
        Self::IssueInvoice,
        Self::IssueCreditNote,
        Self::StartSubscription,
        Self::ChangeSubscription,
        Self::SendReminder,
        Self::AssignCollection,
    ];

    /// Returns the action's row: the one table that names layer, kind and version rule.
    pub const fn row(self) -> ActionRow {
        use Layer::{
            BookingHandler, FinanceTracker, GbpOptimizer, OnboardingFlow, OutreachEngine,
            ProspectResearch, ReportingEngine,
        };
        let (word, layer, mutates, version) = match self {
            Self::ReadSource => ("read_source", ProspectResearch, false, "page"),
            Self::SendEmail => ("send_email", OutreachEngine, true, "campaign / step"),
            Self::AssignOutreach => ("assign_outreach", OutreachEngine, true, "campaign / step"),
            Self::WithdrawTask => ("withdraw_task", OutreachEngine, true, "whose task"),
            Self::AssignMail => ("assign_mail", OutreachEngine, true, "which mail"),
            Self::SendInvite => ("send_invite", BookingHandler, true, "SEQUENCE"),
            Self::AssignMeeting => ("assign_meeting", BookingHandler, true, "start / asked again"),
            Self::OfferNewTime => ("offer_new_time", BookingHandler, true, "once a prospect"),
            Self::CreateWorkspace => ("create_workspace", OnboardingFlow, true, "contract, file"),
            Self::SendClientMail => ("send_client_mail", OnboardingFlow, true, "which mail"),
            Self::AssignOnboarding => ("assign_onboarding", OnboardingFlow, true, "task"),
            Self::ReadProfile => ("read_profile", GbpOptimizer, false, "instant"),
            Self::EditProfile => ("edit_profile", GbpOptimizer, true, "plan / field"),
            Self::PublishPost => ("publish_post", GbpOptimizer, true, "ISO week / slot"),
            Self::ReplyReview => ("reply_review", GbpOptimizer, true, "review / its change"),
            Self::AssignProfile => ("assign_profile", GbpOptimizer, true, "what / which"),
            Self::DeliverReport => ("deliver_report", ReportingEngine, true, "period"),
            Self::IssueInvoice => ("issue_invoice", FinanceTracker, true, "period"),
            Self::IssueCreditNote => ("issue_credit_note", FinanceTracker, true, "period / which"),
            Self::StartSubscription => ("start_subscription", FinanceTracker, true, "plan"),
            Self::ChangeSubscription => ("change_subscription", FinanceTracker, true, "plan / day"),
            Self::SendReminder => ("send_reminder", FinanceTracker, true, "period / step"),
            Self::AssignCollection => ("assign_collection", FinanceTracker, true, "period / step"),
        };
        ActionRow { word, layer, mutates, version }
    }

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        self.row().word
    }

    /// Whether what is sent carries a number that must never stand on another paper.
    pub const fn is_numbered(self) -> bool {
        matches!(self, Self::IssueInvoice | Self::IssueCreditNote)
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("action", word, &Self::ALL, Self::as_column)
    }
}

/// The name of an effect across runs, attempts, crashes and databases.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectKey(pub String);

impl EffectKey {
    /// Makes the key of `action` on `entity` in its `version` (see the table of actions).
    pub fn new(mode: Mode, layer: Layer, entity: &str, action: Action, version: &str) -> Self {
        let mut hasher = Sha256::new();
        for part in
            [mode.as_column(), &layer.number().to_string(), entity, action.as_column(), version]
        {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hex::encode(&hasher.finalize()[..16]))
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How an effect whose fate is unknown may be recovered. Every adapter declares one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// The receiver knows our key and repeats its first answer for this long.
    Idempotent {
        /// How the key travels: a header's name, or a file's.
        key_in: &'static str,
        /// How long the receiver remembers a key, in milliseconds; `None` means for ever.
        retention_ms: Option<i64>,
    },
    /// The receiver's records can be searched for the key before anything is sent again.
    Queryable,
    /// The receiver can neither be asked nor told: a person decides.
    AtMostOnce,
    /// Nothing is changed outside, so a repeat costs nothing; it has no journal row.
    ReadOnly,
}

impl Recovery {
    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Idempotent { .. } => "idempotent",
            Self::Queryable => "queryable",
            Self::AtMostOnce => "at_most_once",
            Self::ReadOnly => "read_only",
        }
    }
}

/// What the receiver answered. It is stored, and a look-up returns it instead of a second call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The receiver's name for what it did: a message id, a path, a Stripe id.
    pub reference: String,
    /// Details that later steps read; empty when there are none.
    #[serde(default)]
    pub data: serde_json::Value,
}

/// Whom an effect reaches, and so which consent applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Audience {
    /// Somebody who has not bought: opt-out, quiet hours and daily caps apply.
    Prospect {
        /// E-mail address, E.164 number or profile URL.
        address: String,
        /// IANA zone in which quiet hours are kept.
        zone: String,
        /// The name of the daily cap: `email`, `linkedin`, `sms`, `phone`.
        channel: String,
    },
    /// A client, about the service they bought.
    Client,
    /// Our own people and systems.
    Agency,
}

/// One act on the outside world, with all the receiver needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// Through the mail port.
    Mail(Mail),
    /// Through the calendar port.
    Invite(Invite),
    /// Through the people port: a task that a person does.
    Task(PersonTask),
    /// Through the people port: a task that nobody does any more.
    Withdrawal(TaskWithdrawal),
    /// Through the workspace port.
    Workspace(Workspace),
    /// Through the profile port.
    ProfileEdit(ProfileEdit),
    /// Through the profile port.
    Post(Post),
    /// Through the profile port.
    ReviewReply(ReviewReply),
    /// Through the report port.
    Report(ReportDelivery),
    /// Through the billing port.
    Invoice(InvoiceRequest),
    /// Through the billing port.
    CreditNote(CreditNoteRequest),
    /// Through the billing port.
    Subscription(SubscriptionRequest),
    /// Through the source port; read-only.
    SourceRead(SourceRead),
    /// Through the profile port; read-only.
    ProfileRead(ProfileRead),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_actions_share_a_word() {
        for action in Action::ALL {
            assert_eq!(Action::from_column(action.as_column()), Ok(action));
        }
    }

    #[test]
    fn a_rehearsal_never_has_the_key_of_the_real_thing() {
        let key = |mode| {
            EffectKey::new(mode, Layer::OutreachEngine, "osm:node/1", Action::SendEmail, "c/1")
        };
        assert_ne!(key(Mode::Dry), key(Mode::Live));
        assert_eq!(key(Mode::Dry), key(Mode::Dry));
    }
}
