//! Defines what people ask about meetings and clients, and answers it from the rows.
//!
//! What is not known is absent here too: nothing is filled in for the sake of a full table.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::domain::finance::InvoiceState;
use crate::domain::letter::PartStat;
use crate::domain::mode::Mode;
use crate::domain::onboarding::ContractState;
use crate::domain::operations::{
    Client, ClientDocument, ClientState, DocumentState, OnboardingStep, OnboardingTask, Plan,
};
use crate::domain::sales::{Canceler, Meeting, MeetingOutcome, MeetingState};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::finance::invoices;
use crate::store::operations::{clients, contracts, documents, onboarding};
use crate::store::sales::{meetings, prospects, returns};

/// Which meetings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Those that start from now on, the next one first.
    Upcoming,
    /// Those that have started, the latest one first.
    Past,
    /// All, the latest one first.
    All,
}

/// A booked call in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingRow {
    /// The first invitee of its chain.
    pub entity: String,
    /// The prospect it is with, if one matches.
    pub prospect: Option<String>,
    /// That prospect's name.
    pub business: Option<String>,
    /// Who comes.
    pub name: String,
    /// Their address.
    pub email: String,
    /// When it starts.
    pub starts_at: Moment,
    /// When it ends.
    pub ends_at: Moment,
    /// The start as the invitee's clock shows it.
    pub local: String,
    /// Where it is.
    pub state: MeetingState,
    /// SEQUENCE of the calendar entry: how often it was changed.
    pub sequence: i64,
    /// What the invitee's calendar answered to that edition of the invite.
    pub reply: Option<PartStat>,
    /// What it led to.
    pub outcome: Option<MeetingOutcome>,
    /// The plan that was sold.
    pub plan: Option<String>,
    /// When a person noted how it went.
    pub noted_at: Option<Moment>,
    /// Which side cancelled it.
    pub cancelled_by: Option<Canceler>,
    /// Why it was cancelled.
    pub reason: Option<String>,
}

/// Returns meetings as people want to see them.
pub(super) fn meetings(
    conn: &Connection,
    mode: Mode,
    which: Which,
    now: Moment,
    limit: u32,
) -> Result<Vec<MeetingRow>, StoreError> {
    let rows = match which {
        Which::Upcoming => meetings::upcoming(conn, mode, now, limit)?,
        Which::Past => meetings::latest_before(conn, mode, now, limit)?,
        Which::All => meetings::latest_before(conn, mode, Moment(i64::MAX), limit)?,
    };
    rows.into_iter().map(|meeting| meeting_row(conn, mode, meeting)).collect()
}

fn meeting_row(conn: &Connection, mode: Mode, meeting: Meeting) -> Result<MeetingRow, StoreError> {
    let business = match &meeting.prospect {
        Some(entity) => prospects::get(conn, mode, entity)?.map(|prospect| prospect.name),
        None => None,
    };
    Ok(MeetingRow {
        reply: returns::reply_of(conn, mode, &meeting.entity, meeting.sequence)?,
        business,
        local: meeting.starts_at.in_zone(&meeting.zone),
        entity: meeting.entity,
        prospect: meeting.prospect,
        name: meeting.name,
        email: meeting.email,
        starts_at: meeting.starts_at,
        ends_at: meeting.ends_at,
        state: meeting.state,
        sequence: meeting.sequence,
        outcome: meeting.outcome,
        plan: meeting.plan,
        noted_at: meeting.noted_at,
        cancelled_by: meeting.cancelled_by,
        reason: meeting.reason,
    })
}

/// Where a client stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientRow {
    /// Its key.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// What it bought.
    pub plan: Plan,
    /// Where it is.
    pub state: ClientState,
    /// Its address.
    pub email: String,
    /// When it signed.
    pub signed_at: Moment,
    /// When it went live.
    pub live_at: Option<Moment>,
    /// Its steps, in the order of the graph.
    pub steps: Vec<StepRow>,
    /// Its documents.
    pub documents: Vec<DocumentRow>,
    /// Where its set-up invoice is; `None` while there is none.
    pub setup_invoice: Option<InvoiceState>,
    /// Where its contract is; `None` before it is drafted.
    pub contract: Option<ContractState>,
    /// Why it declined the contract.
    pub declined_because: Option<String>,
    /// Where its workspace is.
    pub workspace: Option<String>,
}

impl ClientRow {
    /// Returns the first step that is not done, the late ones before the others.
    pub fn next_step(&self) -> Option<&StepRow> {
        let open = |standing| self.steps.iter().find(move |step| step.standing == standing);
        open(StepStanding::Late).or_else(|| open(StepStanding::Open))
    }
}

/// One step of a client's onboarding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRow {
    /// Which.
    pub step: OnboardingStep,
    /// When it should be done by.
    pub due_at: Moment,
    /// When it was.
    pub done_at: Option<Moment>,
    /// How it stands.
    pub standing: StepStanding,
    /// What it needs that is not done.
    pub waits_for: Vec<OnboardingStep>,
    /// What a person noted.
    pub note: Option<String>,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStanding {
    /// Done, in time or not.
    Done,
    /// Not done, and its day is over.
    Late,
    /// Not done, and others have to be first.
    Blocked,
    /// Under way.
    Open,
}

impl StepStanding {
    /// The word on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Late => "late",
            Self::Blocked => "blocked",
            Self::Open => "open",
        }
    }
}

/// One document of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRow {
    /// Which: `business-licence`.
    pub document: String,
    /// Where it is.
    pub state: DocumentState,
    /// The client it is asked of.
    pub client: String,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Where its file lies below the workspace.
    pub file: Option<String>,
    /// SHA-256 of the file, hex.
    pub digest: Option<String>,
    /// How long the file is.
    pub bytes: Option<i64>,
    /// Each step of its way, the first one first.
    pub history: Vec<DocumentStep>,
}

/// One step of a document's way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentStep {
    /// Where it went.
    pub state: DocumentState,
    /// Why, when it was rejected.
    pub reason: Option<String>,
    /// Who moved it.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// Returns clients, the newest first; only the one called `wanted` (its key or its name) if given.
pub(super) fn clients(
    conn: &Connection,
    mode: Mode,
    wanted: Option<&str>,
    now: Moment,
    limit: u32,
) -> Result<Vec<ClientRow>, StoreError> {
    let rows = match wanted {
        Some(wanted) => clients::called(conn, mode, wanted)?,
        None => clients::newest(conn, mode, limit)?,
    };
    rows.into_iter().map(|client| client_row(conn, mode, client, now)).collect()
}

fn client_row(
    conn: &Connection,
    mode: Mode,
    client: Client,
    now: Moment,
) -> Result<ClientRow, StoreError> {
    let tasks = onboarding::tasks(conn, mode, &client.entity)?;
    let rows = documents::of_client(conn, mode, &client.entity)?;
    let history = documents::history(conn, mode, &client.entity)?;
    let invoice = invoices::get(conn, mode, &client.entity, "setup")?;
    let contract = contracts::get(conn, mode, &client.entity)?;
    Ok(ClientRow {
        steps: steps(&tasks, now),
        documents: rows.into_iter().map(|row| document_row(row, &history)).collect(),
        setup_invoice: invoice.map(|invoice| invoice.state),
        contract: contract.as_ref().map(|contract| contract.state),
        declined_because: contract.and_then(|contract| contract.reason),
        entity: client.entity,
        name: client.name,
        plan: client.plan,
        state: client.state,
        email: client.email,
        signed_at: client.signed_at,
        live_at: client.live_at,
        workspace: client.workspace,
    })
}

fn document_row(row: ClientDocument, history: &[documents::Step]) -> DocumentRow {
    let steps = history.iter().filter(|step| step.document == row.document);
    let history = steps
        .map(|step| DocumentStep {
            state: step.state,
            reason: step.reason.clone(),
            by: step.by.clone(),
            at: step.at,
        })
        .collect();
    let (file, digest, bytes) = match row.file {
        Some(file) => (Some(file.path), Some(file.digest), Some(file.bytes)),
        None => (None, None, None),
    };
    DocumentRow {
        document: row.document,
        state: row.state,
        client: row.entity,
        reason: row.reason,
        file,
        digest,
        bytes,
        history,
    }
}

fn steps(tasks: &[OnboardingTask], now: Moment) -> Vec<StepRow> {
    let done =
        |step: OnboardingStep| tasks.iter().any(|it| it.task == step && it.done_at.is_some());
    let row = |task: &OnboardingTask| {
        let waits_for: Vec<_> =
            task.task.node().needs.iter().copied().filter(|&needed| !done(needed)).collect();
        let standing = match task.done_at {
            Some(_) => StepStanding::Done,
            None if now > task.due_at => StepStanding::Late,
            None if !waits_for.is_empty() => StepStanding::Blocked,
            None => StepStanding::Open,
        };
        StepRow {
            step: task.task,
            due_at: task.due_at,
            done_at: task.done_at,
            standing,
            waits_for,
            note: task.note.clone(),
        }
    };
    let in_order = |step: OnboardingStep| tasks.iter().find(move |task| task.task == step);
    OnboardingStep::ALL.into_iter().filter_map(in_order).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY_MS;

    fn task(step: OnboardingStep, done: bool) -> OnboardingTask {
        let due_at = Moment(step.node().due_days * DAY_MS);
        let done_at = done.then_some(Moment(1));
        OnboardingTask { entity: "c".to_owned(), task: step, due_at, done_at, note: None }
    }

    #[test]
    fn a_step_is_done_late_blocked_or_open() {
        use OnboardingStep::{Account, Contract, Documents, Payment, Training};
        use StepStanding::{Blocked, Done, Late, Open};
        let tasks = [
            (Documents, true),
            (Contract, true),
            (Account, true),
            (Payment, false),
            (Training, false),
        ]
        .map(|(step, done)| task(step, done));
        let standing = |days: i64| -> Vec<StepStanding> {
            steps(&tasks, Moment(days * DAY_MS)).iter().map(|step| step.standing).collect()
        };
        assert_eq!(standing(6), [Done, Done, Done, Open, Blocked]);
        assert_eq!(standing(9), [Done, Done, Done, Late, Blocked]);
        assert_eq!(standing(11), [Done, Done, Done, Late, Late]);
        assert_eq!(steps(&tasks, Moment(0))[4].waits_for, [Payment]);
    }
}
