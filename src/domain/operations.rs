//! Defines what Operations (layers 5–6) knows: clients, their tasks, documents, profile work and
//! reviews, and the changes that its layers may write.

use serde::{Deserialize, Serialize};

use super::column::{self, UnknownWord};
use super::effect::{CallToAction, PostEvent};
use super::onboarding::Contract;
use super::time::Moment;

/// What a client has bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// The smallest plan.
    Starter,
    /// The middle plan.
    Professional,
    /// The largest plan.
    Enterprise,
}

impl Plan {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Starter, Self::Professional, Self::Enterprise];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("plan", word, &Self::ALL, Self::as_column)
    }
}

/// Where a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientState {
    /// Between contract and go-live.
    Onboarding,
    /// Live.
    Active,
    /// Gone.
    Churned,
}

impl ClientState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Onboarding, Self::Active, Self::Churned];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Onboarding => "onboarding",
            Self::Active => "active",
            Self::Churned => "churned",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("client state", word, &Self::ALL, Self::as_column)
    }
}

/// One of the six onboarding tasks, in dependency order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnboardingStep {
    /// The client's documents are in and approved.
    Documents,
    /// The contract is signed.
    Contract,
    /// We have access to the profile.
    Account,
    /// The set-up fee is paid.
    Payment,
    /// The client knows how to work with us.
    Training,
    /// Everything is checked and live.
    GoLive,
}

impl OnboardingStep {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Documents,
        Self::Contract,
        Self::Account,
        Self::Payment,
        Self::Training,
        Self::GoLive,
    ];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Contract => "contract",
            Self::Account => "account",
            Self::Payment => "payment",
            Self::Training => "training",
            Self::GoLive => "go_live",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("onboarding task", word, &Self::ALL, Self::as_column)
    }
}

/// Where a client's document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentState {
    /// Asked for.
    Requested,
    /// Here, not checked.
    Received,
    /// Checked.
    Approved,
    /// Not usable; asked for again.
    Rejected,
}

impl DocumentState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Requested, Self::Received, Self::Approved, Self::Rejected];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Received => "received",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("document state", word, &Self::ALL, Self::as_column)
    }
}

/// Where a post is. Processing is not live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostState {
    /// Has a slot.
    Planned,
    /// Accepted by the provider, not yet visible.
    Processing,
    /// Seen on the profile.
    Live,
    /// Refused by the provider.
    Rejected,
}

impl PostState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Planned, Self::Processing, Self::Live, Self::Rejected];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Processing => "processing",
            Self::Live => "live",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("post state", word, &Self::ALL, Self::as_column)
    }
}

/// A business that has signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// The prospect's entity: one business, one key.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: String,
    /// Its address.
    pub email: String,
    /// E.164.
    pub phone: Option<String>,
    /// IANA time zone.
    pub zone: String,
    /// `en` or `de`.
    pub language: String,
    /// What it bought.
    pub plan: Plan,
    /// Where it is.
    pub state: ClientState,
    /// Reference of its workspace.
    pub workspace: Option<String>,
    /// The billing provider's customer.
    pub customer_id: Option<String>,
    /// When it signed.
    pub signed_at: Moment,
    /// When it went live.
    pub live_at: Option<Moment>,
    /// When it left.
    pub churned_at: Option<Moment>,
}

/// One of a client's six tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnboardingTask {
    /// The client.
    pub entity: String,
    /// Which.
    pub task: OnboardingStep,
    /// When it should be done by.
    pub due_at: Moment,
    /// When it was.
    pub done_at: Option<Moment>,
    /// What the person noted.
    pub note: Option<String>,
}

/// A document asked of a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientDocument {
    /// The client.
    pub entity: String,
    /// Which: `business-licence`.
    pub document: String,
    /// Where it is.
    pub state: DocumentState,
    /// What it says, for a form; `None` keeps what is stored.
    pub content: Option<serde_json::Value>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Its file; `None` keeps what is stored.
    pub file: Option<StoredFile>,
}

/// A file that a client handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Where it lies below the client's workspace.
    pub path: String,
    /// SHA-256, hex.
    pub digest: String,
    /// How long it is.
    pub bytes: i64,
}

/// One planned improvement of a client's profile, with before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileAction {
    /// The client.
    pub entity: String,
    /// Which field: `website`, `regular_hours`, ...
    pub action: String,
    /// Value as last read.
    pub before: Option<String>,
    /// Value to write, or as read again afterwards.
    pub after: Option<String>,
    /// When it should be done by.
    pub due_at: Moment,
    /// When it was.
    pub done_at: Option<Moment>,
    /// Where it is.
    pub state: ActionState,
    /// Points of 100 that it would add.
    pub points: f64,
    /// Value as read again after it was sent.
    pub reread: Option<String>,
}

/// Where an edit of a profile is. Accepted is not visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// To be sent.
    Planned,
    /// Accepted by the provider, not seen since.
    Sent,
    /// The provider says it is being reviewed.
    Pending,
    /// The provider knows of no review, and yet it cannot be seen.
    NotVisible,
    /// The provider's own update stands in its place.
    Overridden,
    /// Seen on the profile.
    Live,
}

impl ActionState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Planned, Self::Sent, Self::Pending, Self::NotVisible, Self::Overridden, Self::Live];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Pending => "pending",
            Self::NotVisible => "not_visible",
            Self::Overridden => "overridden",
            Self::Live => "live",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("action state", word, &Self::ALL, Self::as_column)
    }
}

/// A post in a client's calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PostRow {
    /// The client.
    pub entity: String,
    /// `2026-W06/1`.
    pub slot: String,
    /// When it is due.
    pub planned_at: Moment,
    /// Its text.
    pub text: String,
    /// Where it is.
    pub state: PostState,
    /// The topic's name; `event` or `offer` for the client's own.
    pub topic: String,
    /// Where it leads.
    pub call_to_action: Option<CallToAction>,
    /// The event or offer that it is about.
    pub event: Option<PostEvent>,
    /// Whether a person holds it back.
    pub held: bool,
    /// Whether its text is a person's; planned again, it stays so.
    #[serde(default)]
    pub edited: bool,
}

/// A review of a client, and our reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// The client.
    pub entity: String,
    /// The provider's name of it.
    pub review: String,
    /// 1 to 5.
    pub rating: u8,
    /// What the reviewer wrote.
    pub text: String,
    /// When.
    pub at: Moment,
    /// What we replied.
    pub reply: Option<String>,
    /// When we did.
    pub replied_at: Option<Moment>,
}

/// A row that an Operations layer writes.
#[derive(Clone, Debug, PartialEq)]
pub enum OperationsChange {
    /// Inserts or updates a client.
    Client(Box<Client>),
    /// Notes go-live.
    ClientLive {
        /// Which client.
        entity: String,
        /// When.
        at: Moment,
    },
    /// Notes where the client's workspace is.
    ClientWorkspace {
        /// Which client.
        entity: String,
        /// Its reference.
        reference: String,
    },
    /// Inserts or updates a task.
    Task(OnboardingTask),
    /// Inserts or updates a document.
    Document(ClientDocument),
    /// Inserts or updates a contract.
    Contract(Contract),
    /// Ends the work for a client: it has left, and what Operations and Finance planned is stopped.
    ClientLeft {
        /// Which client.
        entity: String,
        /// When.
        at: Moment,
        /// Why, for each unit that is stopped.
        why: String,
    },
    /// Inserts or updates a profile action.
    Action(ProfileAction),
    /// Inserts or updates a post.
    Post(PostRow),
    /// Inserts or updates a review.
    Review(Review),
}
