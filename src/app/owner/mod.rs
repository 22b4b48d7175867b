//! Owns what only one may do at a time: carrying out commands and working runs.
//!
//! A command is a row before it is carried out, and the row gets its answer in the end; what it
//! changed stands in the audit log, before → after. What another process has to do, because it works
//! the run or serves the database, is handed to it (`hand_over`).

mod causes;
mod clock;
mod copy;
mod documents;
mod doubt;
mod finance;
mod hand_over;
mod live;
mod mail;
mod pitches;
mod posts;
mod proposals;
mod received;
mod record;
mod runs;
mod sales;
mod trend;
mod units;
mod words;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::command::{Ack, Command, DemoControl, Refusal};
use super::handle::Shared;
use super::parts::Parts;
use crate::domain::ids::{CommandId, RunId};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::engines::orchestrator::engine::{RunReport, Steer};

/// How often commands of other processes and due live work are looked for.
const ROUND: Duration = Duration::from_millis(250);

/// The same in a process that serves: whoever handed a command over waits for its answer.
const ROUND_SERVING: Duration = Duration::from_millis(50);

/// What is asked of the owner.
pub(super) enum Request {
    /// Carry out a command.
    Submit(Command, oneshot::Sender<Result<Ack, Refusal>>),
    /// Stop every run so that it can be taken up again; answered when all have stopped.
    Drain(oneshot::Sender<()>),
}

/// A run of this process has ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    /// Its world.
    pub(super) mode: Mode,
    /// Which, when it had started.
    pub(super) run: Option<RunId>,
    /// How.
    pub(super) result: Result<RunReport, Refusal>,
}

/// A run under way in this process.
struct Running {
    id: RunId,
    steer: watch::Sender<Steer>,
}

impl Running {
    /// Tells the run what to do, unless what it was told before stands against it.
    fn tell(&self, steer: Steer) {
        self.steer.send_if_modified(|told| {
            let heeded = !told.stands_against(steer);
            if heeded {
                *told = steer;
            }
            heeded
        });
    }
}

/// The owner's state.
pub(super) struct Owner {
    parts: Arc<Parts>,
    shared: Arc<Shared>,
    requests: mpsc::Receiver<Request>,
    ends: mpsc::Receiver<Ended>,
    end: mpsc::Sender<Ended>,
    ended: watch::Sender<Option<Ended>>,
    /// The run under way in each world.
    running: [Option<Running>; 2],
    /// Before this (monotonic, microseconds) due live work is not looked for again.
    live_again_us: u64,
    /// When Φ_sync of each world was last stored while watched, on the mode's clock.
    trend_at: [Option<Moment>; 2],
    /// Who waits for all runs to stop.
    drains: Vec<oneshot::Sender<()>>,
    /// The command of another process that is being carried out.
    handed: Option<CommandId>,
}

impl Owner {
    pub(super) fn new(
        parts: Arc<Parts>,
        shared: Arc<Shared>,
        requests: mpsc::Receiver<Request>,
        ended: watch::Sender<Option<Ended>>,
    ) -> Self {
        // One end for each world at most is under way.
        let (end, ends) = mpsc::channel(2);
        Self {
            parts,
            shared,
            requests,
            ends,
            end,
            ended,
            running: [None, None],
            live_again_us: 0,
            trend_at: [None, None],
            drains: Vec::new(),
            handed: None,
        }
    }

    /// Serves requests until every handle is gone.
    pub(super) async fn serve(mut self) {
        self.give_up_abandoned().await;
        loop {
            let serving = self.shared.serving;
            let watching =
                serving || self.running.iter().any(Option::is_some) || *self.shared.armed.borrow();
            let round = async {
                if watching {
                    self.parts.clock.pause(if serving { ROUND_SERVING } else { ROUND }).await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                Some(ended) = self.ends.recv() => self.note_end(ended),
                request = self.requests.recv() => match request {
                    Some(Request::Submit(command, reply)) => {
                        let answer = self.carry_out(command).await;
                        // Whoever asked may be gone; the command is carried out all the same.
                        drop(reply.send(answer));
                    }
                    Some(Request::Drain(reply)) => self.drain(reply),
                    None => return,
                },
                () = round => self.look_around().await,
            }
        }
    }

    async fn carry_out(&mut self, command: Command) -> Result<Ack, Refusal> {
        let command = words::cleaned(command)?;
        match self.performer_of(&command)? {
            Some(other) => self.hand_over(&command, &other).await,
            None => self.perform(command).await,
        }
    }

    /// Carries out a command in this process.
    async fn perform(&mut self, command: Command) -> Result<Ack, Refusal> {
        match command {
            Command::Run(request) => self.run(request).await,
            Command::Pause { run } => self.steer_run("pause", run, Steer::Pause).await,
            Command::Resume { run } => self.resume(run).await,
            Command::Cancel { run } => self.cancel(run).await,
            Command::Retry { unit } => self.retry(unit).await,
            Command::RetryFingerprint { mode, fingerprint } => {
                self.retry_fingerprint(mode, fingerprint).await
            }
            Command::Skip { unit, reason } => self.skip(unit, reason).await,
            Command::Answer { unit, result, note, data } => {
                self.answer(unit, result, note, data).await
            }
            Command::Note { unit, text } => self.note(unit, text).await,
            Command::Acknowledge { mode, fingerprint, note } => {
                self.acknowledge(mode, fingerprint, note).await
            }
            Command::NoteCause { mode, fingerprint, text } => {
                self.note_cause(mode, fingerprint, text).await
            }
            Command::Resolve { key, verdict, evidence } => {
                self.resolve(key, verdict, evidence).await
            }
            Command::EndDoubt { mode, evidence } => self.end_doubt(mode, evidence).await,
            Command::Decide { proposal, event, note } => self.decide(proposal, event, note).await,
            Command::Propose { mode, change, note } => self.propose(mode, change, note).await,
            Command::MapColumns { mode, source, columns } => {
                self.map_columns(mode, source, columns).await
            }
            Command::Finance(command) => self.finance(command).await,
            Command::Promote { limit, entities } => self.promote(limit, entities).await,
            Command::Post(command) => self.change_post(command).await,
            Command::EditPitch(edit) => self.edit_pitch(edit).await,
            Command::RewritePitch { mode, entity, variant } => {
                self.rewrite_pitch(mode, entity, variant).await
            }
            Command::Suppress { mode, address, reason } => {
                self.suppress(mode, address, reason).await
            }
            Command::ReceiveMail { mode, mails } => self.receive_mail(mode, mails).await,
            Command::ResumeCampaign { mode, campaign } => {
                self.resume_campaign(mode, campaign).await
            }
            Command::Document { mode, client, document, act } => {
                self.document(mode, client, document, act).await
            }
            Command::Advance { ms } => self.advance(ms).await,
            Command::ArmLive { confirmation } => self.arm(confirmation).await,
            Command::Disarm => self.disarm().await,
            Command::View { mode } => {
                self.shared.view.send_replace(mode);
                Ok(Ack::here(None, format!("showing {mode}")))
            }
            Command::Demo { control } => Ok(self.steer_demo(control)),
        }
    }

    fn steer_demo(&self, control: DemoControl) -> Ack {
        if control == DemoControl::InjectFault {
            self.parts.sim.inject(1);
        }
        self.shared.pace.steer(control);
        let text = match control {
            DemoControl::Pause => "the demo stands still",
            DemoControl::Resume => "the demo goes on",
            DemoControl::Step => "one jump",
            DemoControl::Faster => "twice the pace",
            DemoControl::Skip => "through the rest without waiting",
            DemoControl::InjectFault => "the next simulated call is refused",
        };
        Ack::here(None, text)
    }

    /// Looks for what others have asked of our runs and for live work that has come due, and keeps
    /// the trend.
    async fn look_around(&mut self) {
        self.obey_others().await;
        self.work_due_live().await;
        self.keep_trend().await;
    }
}

const fn slot(mode: Mode) -> usize {
    match mode {
        Mode::Dry => 0,
        Mode::Live => 1,
    }
}
