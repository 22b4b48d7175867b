//! Defines everything a person can tell the machine to do.
//!
//! Each command that changes something becomes a row of `commands` and of the audit log, with its
//! answer. Those that only steer this process (`View`, `Demo`) are not stored.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::finance::FinanceCommand;
use crate::domain::effect::EffectKey;
use crate::domain::ids::{CommandId, ProposalId, RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::learning::{ProposalEvent, ProposedChange};
use crate::domain::mode::Mode;
use crate::domain::prospect::ColumnMap;
use crate::domain::sales::Channel;

/// A request to change something. Every one names what it is about; none depends on a screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Start a run.
    Run(RunRequest),
    /// Make one dead or retrying unit ready at once.
    Retry {
        /// Which.
        unit: UnitId,
    },
    /// Make all units ready whose last error has this fingerprint.
    RetryFingerprint {
        /// The world they belong to.
        mode: Mode,
        /// The shared fingerprint.
        fingerprint: String,
    },
    /// End a unit as not worth doing.
    Skip {
        /// Which.
        unit: UnitId,
        /// The person's reason.
        reason: String,
    },
    /// Say how work that was handed to a person went; its unit goes on.
    Answer {
        /// Which waiting unit.
        unit: UnitId,
        /// The result in the task's own word: `done`, `failed`, `won`.
        result: String,
        /// What the person noted.
        note: Option<String>,
        /// Details the layer asks for, such as the plan that was sold.
        data: Option<Value>,
    },
    /// Decide on a proposal.
    Decide {
        /// Which.
        proposal: ProposalId,
        /// What is to happen with it.
        event: ProposalEvent,
        /// Why.
        note: Option<String>,
    },
    /// Make a proposal of one's own.
    Propose {
        /// For which world.
        mode: Mode,
        /// What it would change.
        change: ProposedChange,
        /// Why it is worth trying.
        note: String,
    },
    /// Add a note to work that was handed to a person; it goes on waiting.
    Note {
        /// Which waiting unit.
        unit: UnitId,
        /// The note.
        text: String,
    },
    /// Say that one looks after a cause of failures; the next failure of it takes that back.
    Acknowledge {
        /// The world of the failures.
        mode: Mode,
        /// The cause, from `cep errors`.
        fingerprint: String,
        /// What the others have to know.
        note: Option<String>,
    },
    /// Add a note to a cause of failures.
    NoteCause {
        /// The world of the failures.
        mode: Mode,
        /// The cause, from `cep errors`.
        fingerprint: String,
        /// The note.
        text: String,
    },
    /// Never write to an address again, and stop what is planned for whoever has it.
    Suppress {
        /// The world it holds in.
        mode: Mode,
        /// E-mail address, E.164 number or profile URL.
        address: String,
        /// Who asked for it, and when.
        reason: String,
    },
    /// Take in mail that came back, as it came.
    ReceiveMail {
        /// The world whose messages it answers.
        mode: Mode,
        /// The mails; each is taken in once.
        mails: Vec<RawMail>,
    },
    /// Let a campaign go on that a receiver's policy had stopped.
    ResumeCampaign {
        /// The world it belongs to.
        mode: Mode,
        /// Which.
        campaign: String,
    },
    /// Say what became of a client's document.
    Document {
        /// The world it belongs to.
        mode: Mode,
        /// The client's key or name.
        client: String,
        /// Which document.
        document: String,
        /// What became of it.
        act: DocumentAct,
    },
    /// Copy prospects and pitches of the dry world into the live one.
    Promote {
        /// At most so many prospects.
        limit: Option<u32>,
        /// Only these prospects; all when empty.
        #[serde(default)]
        entities: Vec<String>,
    },
    /// Put a person's text in the place of one that has not gone out.
    EditPitch(PitchEdit),
    /// Change a client's post before it goes out.
    Post(PostCommand),
    /// Have layer 2 write a pitch again before anything of it has gone out.
    RewritePitch {
        /// In which world.
        mode: Mode,
        /// The prospect.
        entity: String,
        /// The variant to use; drawn when `None`.
        variant: Option<String>,
    },
    /// Remember what the columns of a table are; every later reading of that file uses it.
    MapColumns {
        /// Which world.
        mode: Mode,
        /// The table's full path.
        source: String,
        /// Field → header.
        columns: ColumnMap,
    },
    /// Say what became of an unknown effect, by evidence.
    Resolve {
        /// The effect's key.
        key: EffectKey,
        /// What the evidence shows.
        verdict: Verdict,
        /// Where it was seen.
        evidence: String,
    },
    /// Say that every act which went out between a backup and its restore has been told: what is left
    /// in doubt did not happen.
    EndDoubt {
        /// In which world.
        mode: Mode,
        /// Where it was looked up.
        evidence: String,
    },
    /// Stop a run for good; its unfinished units end as cancelled.
    Cancel {
        /// Which.
        run: RunId,
    },
    /// Claim nothing new until resumed; what is in flight finishes.
    Pause {
        /// Which run.
        run: RunId,
    },
    /// Go on with a paused run.
    Resume {
        /// Which run.
        run: RunId,
    },
    /// Move dry time forward by hand.
    Advance {
        /// By how much.
        ms: i64,
    },
    /// Let this process work live units. Only a typed word leads here.
    ArmLive {
        /// The word the person typed; anything but `live` is refused.
        confirmation: String,
    },
    /// Stop working live units.
    Disarm,
    /// Tell something about money.
    Finance(FinanceCommand),
    /// Show the other world. Not stored.
    View {
        /// Which world.
        mode: Mode,
    },
    /// Steer the narrated demo. Not stored.
    Demo {
        /// How.
        control: DemoControl,
    },
}

impl Command {
    /// Whether it changes only what is looked at.
    pub const fn only_looks(&self) -> bool {
        matches!(self, Self::View { .. })
    }
}

/// One mail, as RFC 5322 writes it or as broken as it came.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawMail(pub Vec<u8>);

impl std::fmt::Debug for RawMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Other people's letters have no place in a log.
        write!(f, "RawMail({} bytes)", self.0.len())
    }
}

/// What a person does to a post that has not gone out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "post")]
pub enum PostCommand {
    /// Put a person's text in the place of the planned one.
    Edit {
        /// In which world.
        mode: Mode,
        /// The client's key or name.
        client: String,
        /// The post's slot, `2026-W06/1`.
        slot: String,
        /// The new text.
        text: String,
    },
    /// Keep it from going out, or let it go.
    Hold {
        /// In which world.
        mode: Mode,
        /// The client's key or name.
        client: String,
        /// The post's slot.
        slot: String,
        /// Whether it is held from now on.
        held: bool,
    },
}

/// A person's text for one channel of a pitch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchEdit {
    /// In which world.
    pub mode: Mode,
    /// The prospect.
    pub entity: String,
    /// Which channel.
    pub channel: Channel,
    /// The new text, without the footer of a mail; `None` leaves it.
    pub text: Option<String>,
    /// The new subject of the e-mail; `None` leaves it.
    pub subject: Option<String>,
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum DocumentAct {
    /// It is here.
    Receive {
        /// Its file; on paper when `None`.
        file: Option<PathBuf>,
    },
    /// It was checked and is good.
    Approve,
    /// It is not usable.
    Reject {
        /// Why, for the client.
        reason: String,
    },
}

/// What a run is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// In which world.
    pub mode: Mode,
    /// Which layers, in pipeline order; all nine for the whole pipeline.
    pub layers: Vec<Layer>,
    /// A file of businesses instead of the configured source.
    pub input: Option<PathBuf>,
    /// At most so many businesses.
    pub limit: Option<u32>,
}

/// What a person found out about an unknown effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It happened: the effect is confirmed, and the unit goes on with what follows from it.
    Happened,
    /// It did not: the effect is rejected and the unit runs again.
    DidNotHappen,
}

/// What the keys of the demo strip do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DemoControl {
    /// Stop before the next jump of dry time.
    Pause,
    /// Go on.
    Resume,
    /// Make one jump, then stop again.
    Step,
    /// Double the pace.
    Faster,
    /// Go through the rest without waiting.
    Skip,
    /// Make the next call of the busiest layer fail.
    InjectFault,
}

/// The machine took a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Its row, when it has one.
    pub id: Option<CommandId>,
    /// The run it started, when it started one.
    pub run: Option<RunId>,
    /// One line for a person: `run 418 started: all layers, dry`.
    pub text: String,
    /// The other process that carried it out; `None` when it was this one.
    #[serde(default)]
    pub by: Option<String>,
}

impl Ack {
    /// Answers a command that this process carried out and that started no run.
    pub fn here(id: Option<CommandId>, text: impl Into<String>) -> Self {
        Self { id, run: None, text: text.into(), by: None }
    }
}

/// The machine did not take a command, or cannot answer a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    /// What kind of refusal: it decides the exit code.
    pub kind: RefusalKind,
    /// Why, in a person's words.
    pub why: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// Who said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The request makes no sense here: no such unit, nothing to retry.
    Usage,
    /// A safeguard: not armed, caps, another owner.
    Safeguard,
    /// It was tried and failed: disk, database.
    Failed,
}
