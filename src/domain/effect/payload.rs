//! Defines what each effect carries: plain data, complete enough to be sent from the journal alone.

use serde::{Deserialize, Serialize};

use super::EffectKey;
use crate::domain::credit::Credit;
use crate::domain::money::Money;
use crate::domain::time::Moment;

/// An e-mail. Header values are stripped of control characters by the adapters that write them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Recipient address.
    pub to: String,
    /// Recipient name, for the header only.
    pub to_name: String,
    /// Sender address.
    pub from: String,
    /// Sender name.
    pub from_name: String,
    /// Subject line.
    pub subject: String,
    /// Plain-text body.
    pub text: String,
    /// One-click unsubscribe URL (RFC 8058); set on every commercial mail.
    pub unsubscribe_url: Option<String>,
    /// Where the booking link leads, if the mail asks for a call.
    pub booking_url: Option<String>,
}

/// What an invite asks the recipient's calendar to do (RFC 5546).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteMethod {
    /// Add the meeting, or move it.
    Request,
    /// Remove it.
    Cancel,
}

/// A calendar invite with its mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Stable for the life of the meeting.
    pub uid: String,
    /// Grows with each change (RFC 5545 SEQUENCE).
    pub sequence: i64,
    /// Add, move or remove.
    pub method: InviteMethod,
    /// When the meeting starts.
    pub starts_at: Moment,
    /// When the meeting ends.
    pub ends_at: Moment,
    /// When this invite was made (DTSTAMP).
    pub stamped_at: Moment,
    /// Title.
    pub summary: String,
    /// Organizer address; equals the mail's sender.
    pub organizer: String,
    /// Attendee address.
    pub attendee: String,
    /// The mail it travels in.
    pub mail: Mail,
}

/// What kind of work a person is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Send a LinkedIn message.
    Linkedin,
    /// Make a phone call.
    Phone,
    /// Read a mail that came back, and answer it.
    Mail,
    /// Hold a booked meeting and note how it went.
    Meeting,
    /// Collect documents from a client.
    Documents,
    /// Get a contract signed.
    Contract,
    /// Get access to the client's profile.
    Account,
    /// Train the client.
    Training,
    /// Check everything and go live.
    GoLive,
    /// Call about an unpaid invoice.
    Payment,
    /// Approve a reply to a bad review.
    ReviewReply,
    /// Do by hand what the profile's provider would not take from us.
    Profile,
}

/// Work for a person: what to do, for whom, with which text, by when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonTask {
    /// Which work.
    pub kind: TaskKind,
    /// The business it concerns (prospect or client entity).
    pub entity: String,
    /// One line: what to do.
    pub title: String,
    /// Everything needed to do it: number or URL, text to use, points to note.
    pub details: String,
    /// When it should be done by.
    pub due_at: Moment,
}

/// A task that nobody needs any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskWithdrawal {
    /// The effect that handed it over.
    pub task: EffectKey,
    /// What it asked for.
    pub title: String,
    /// Why it is not to be done any more.
    pub why: String,
}

/// A client's workspace: a folder with real files, and the board of tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// The client.
    pub entity: String,
    /// The client's name.
    pub name: String,
    /// Texts to put there.
    pub documents: Vec<Document>,
    /// Files to copy there.
    #[serde(default)]
    pub files: Vec<WorkspaceFile>,
}

/// One file to copy into a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceFile {
    /// Relative path in the workspace.
    pub path: String,
    /// Where it lies now.
    pub source: String,
    /// SHA-256 of what is to be copied, hex: another content is refused.
    pub digest: String,
}

/// One file of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Relative path, `checklist.md`.
    pub path: String,
    /// Its whole text.
    pub text: String,
    /// 0: it is written once, and then it is the client's people's. Else it takes the place of what
    /// has a lower revision.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u32,
}

impl Document {
    /// Makes a file that is written once.
    pub fn once(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), text: text.into(), revision: 0 }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_zero(revision: &u32) -> bool {
    *revision == 0
}

/// A change of one field of a public profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileEdit {
    /// The client.
    pub entity: String,
    /// The field: `website`, `regular_hours`, `description`, ...
    pub field: String,
    /// Value as last read; `None` when it was absent.
    pub before: Option<String>,
    /// Value to write.
    pub after: String,
}

/// A post on a public profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The client.
    pub entity: String,
    /// ISO week and slot, `2026-W06/1`.
    pub slot: String,
    /// Text, at most 1,500 characters. The provider knows no key of ours: its list of posts is
    /// searched for this text, which no other post of the client has within eight weeks.
    pub text: String,
    /// `en` or `de`.
    #[serde(default)]
    pub language: String,
    /// Where the post leads.
    #[serde(default)]
    pub call_to_action: Option<CallToAction>,
    /// The event or offer that it is about.
    #[serde(default)]
    pub event: Option<PostEvent>,
}

/// The button of a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallToAction {
    /// What it does.
    pub kind: CallToActionKind,
    /// Where it leads; `None` for a call, which takes the profile's own number.
    pub url: Option<String>,
}

/// What the button of a post does, in the provider's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CallToActionKind {
    /// Opens a booking page.
    Book,
    /// Calls.
    Call,
    /// Opens the web site.
    LearnMore,
}

/// An event or offer of the client's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostEvent {
    /// At most 58 characters.
    pub title: String,
    /// When it begins.
    pub starts_at: Moment,
    /// When it ends.
    pub ends_at: Moment,
    /// Whether it is an offer.
    pub is_offer: bool,
    /// Terms of an offer.
    pub terms: Option<String>,
    /// Code of an offer.
    pub coupon: Option<String>,
}

/// A reply to a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewReply {
    /// The client.
    pub entity: String,
    /// The provider's name of the review.
    pub review: String,
    /// Text, at most 4,096 bytes.
    pub text: String,
}

/// A finished report on its way to a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportDelivery {
    /// The client.
    pub entity: String,
    /// `weekly:2026-W06`.
    pub period: String,
    /// The report as Markdown.
    pub markdown: String,
    /// The same as JSON.
    pub json: serde_json::Value,
    /// The mail it travels in.
    pub mail: Mail,
}

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// What is charged.
    pub text: String,
    /// Net amount.
    pub net: Money,
}

/// An invoice to issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRequest {
    /// The client.
    pub entity: String,
    /// `setup` or `2026-02`.
    pub period: String,
    /// Billing name.
    pub name: String,
    /// Billing address for mail.
    pub email: String,
    /// What is charged, net.
    pub lines: Vec<InvoiceLine>,
    /// Tax on the sum of the lines.
    pub tax: Money,
    /// Sum of lines and tax.
    pub total: Money,
    /// When it is due.
    pub due_at: Moment,
    /// What else stands on the paper.
    #[serde(default)]
    pub paper: InvoicePaper,
}

/// What an invoice shows besides its amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoicePaper {
    /// Its number, which is also the payment reference.
    pub number: String,
    /// Who issues it.
    pub issuer: String,
    /// The issuer's postal address.
    pub issuer_address: String,
    /// The language it is written in, `en` or `de`.
    pub language: String,
    /// What stands beside the tax: the rate, or why there is none.
    pub tax_note: String,
}

/// A credit note to issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNoteRequest {
    /// The client.
    pub entity: String,
    /// Billing name.
    pub name: String,
    /// Billing address for mail.
    pub email: String,
    /// What it is over.
    pub credit: Credit,
    /// The number of the invoice that it takes back, or what else a person calls it.
    pub invoice: String,
    /// The provider's id of that invoice.
    pub provider_invoice: Option<String>,
    /// When that invoice was issued.
    pub invoiced_at: Moment,
    /// What else stands on the paper.
    pub paper: InvoicePaper,
}

/// A subscription to start, or to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionRequest {
    /// The client.
    pub entity: String,
    /// Billing address for mail.
    pub email: String,
    /// `starter`, `professional` or `enterprise`.
    pub plan: String,
    /// Net amount per month.
    pub monthly: Money,
    /// Tax rate in basis points, 1900 = 19 %.
    pub tax_bp: i64,
    /// Net amount per year, when it is billed by the year instead.
    #[serde(default)]
    pub yearly: Option<Money>,
    /// The running subscription that becomes this one; `None` starts one.
    #[serde(default)]
    pub changes: Option<PlanChange>,
}

/// Which subscription changes, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanChange {
    /// The provider's id.
    pub subscription: String,
    /// From when.
    pub from: Moment,
    /// Since when it runs: its months go on from that day, whatever it costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_since: Option<Moment>,
}

/// One page of a source of businesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRead {
    /// A file's path, or `demo-town` for the embedded one.
    pub source: String,
    /// How many prospects the reader wants at least, for a source that grows with the wish.
    pub wanted: Option<u32>,
}

/// A reading of a client's public profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRead {
    /// The client.
    pub entity: String,
}
