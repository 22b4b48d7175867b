//! `cep cancel`, `cep pause`, `cep resume`: steer a run, whichever process works it.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::{render, run, stop};
use crate::app::command::Command;
use crate::app::port::Machine;
use crate::app::query::{Answer, Query};
use crate::domain::ids::RunId;
use crate::domain::mode::Mode;

/// How far back a resumed run is looked for. Open runs are the newest: a later one of the same scope
/// takes up or supersedes those before it.
const RUNS_MAX: u32 = 100;

/// Which run.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's number, from `cep runs`
    run: i64,
}

pub(super) async fn cancel(args: Args, context: &Context) -> Result<(), Error> {
    context.tell(Command::Cancel { run: RunId(args.run) }).await
}

pub(super) async fn pause(args: Args, context: &Context) -> Result<(), Error> {
    context.tell(Command::Pause { run: RunId(args.run) }).await
}

/// Resumes a run. One that no process works is worked here, to its end.
pub(super) async fn resume(args: Args, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let stop = stop::Stop::listen()?;
    let ack = session.handle.submit(Command::Resume { run: RunId(args.run) }).await?;
    let Some(begun) = ack.run.filter(|_| ack.by.is_none()) else {
        return render::ack(&ack, context.json());
    };
    for mode in Mode::ALL {
        let Answer::Runs(runs) = session.ask(Query::Runs { mode, limit: RUNS_MAX }).await? else {
            return Err(misanswered());
        };
        if runs.iter().any(|run| run.id == begun) {
            let end = session.handle.end_here(mode, begun);
            let report = stop::to_end(stop, &session.handle, end).await?;
            return run::tell_end(&session, mode, &report, context.json()).await;
        }
    }
    render::ack(&ack, context.json())
}
