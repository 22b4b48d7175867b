//! Defines the command line: one face of the machine, one file per subcommand.
//!
//! The derive structs below are the only list of commands; help, documents and completion read
//! them. `context` finds settings and database, `render` alone prints, `error` decides the exit code.

mod acknowledge;
mod advance;
mod backup;
mod campaigns;
mod changes;
mod clients;
mod config;
mod context;
mod dashboard;
mod demo;
mod documents;
mod effects;
mod error;
mod errors;
mod events;
mod explain;
mod finance;
mod healthy;
mod import;
mod invoices;
mod meetings;
mod parse;
mod phi;
mod picture;
mod pitches;
mod posts;
mod profile;
mod promote;
mod proposals;
mod receive;
mod render;
mod reports;
mod resolve;
mod restore;
mod retry;
mod run;
mod runs;
mod serve;
mod skip;
mod status;
mod steer;
mod stop;
mod suppress;
mod table;
mod tasks;
mod text_file;
mod units;
mod verdict;
mod watch;
mod why;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use context::{Context, Global};
pub use error::{Error, Kind};

/// A local-marketing agency as a machine of nine layers, shown live in a terminal.
///
/// Without a subcommand it shows the dashboard. It starts in dry-run, against a simulated world;
/// nothing leaves this computer unless live is armed with the typed word.
#[derive(Debug, Parser)]
#[command(name = "cep", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    /// A dashboard without the keys that change anything
    #[arg(long)]
    read_only: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Run(run::Args),
    Import(import::Args),
    Status(status::Args),
    Phi(phi::Args),
    Runs(runs::Args),
    Units(units::Args),
    Errors(errors::Args),
    Effects(effects::Args),
    Events(events::Args),
    Changes(changes::Args),
    Meetings(meetings::Args),
    Clients(clients::Args),
    Documents(documents::Args),
    Acknowledge(acknowledge::Args),
    Note(acknowledge::NoteArgs),
    Retry(retry::Args),
    Skip(skip::Args),
    Resolve(resolve::Args),
    Receive(receive::Args),
    Tasks(tasks::Args),
    Campaigns(campaigns::Args),
    Suppress(suppress::Args),
    /// Stops a run for good; what it had not finished ends as cancelled.
    Cancel(steer::Args),
    /// Lets a run claim nothing new; what is in flight finishes.
    Pause(steer::Args),
    /// Goes on with a paused run, or takes an interrupted one up again.
    Resume(steer::Args),
    Advance(advance::Args),
    Promote(promote::Args),
    Proposals(proposals::Args),
    Finance(finance::Args),
    Invoices(invoices::Args),
    Pitches(pitches::Args),
    Profile(profile::Args),
    Posts(posts::Args),
    Reports(reports::Args),
    Serve(serve::Args),
    Healthy(healthy::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    #[command(subcommand)]
    Config(config::Command),
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help_or_mistake) => return answered_by_clap(&help_or_mistake),
    };
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if error.kind != Kind::BrokenPipe {
                render::note(&error.to_string());
            }
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// Help and version are answers; everything else clap says is about wrong usage.
fn answered_by_clap(answer: &clap::Error) -> ExitCode {
    let code = u8::try_from(answer.exit_code()).unwrap_or(Kind::Usage.exit_code());
    if answer.use_stderr() {
        // It quotes what was typed, which may have come from anywhere.
        render::mistake(&answer.to_string());
    } else {
        // A reader that has gone away is no reason to fail.
        let _unread = answer.print();
    }
    ExitCode::from(code)
}

fn start(cli: Cli) -> Result<(), Error> {
    let context = Context::new(cli.global)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Failed, format!("no thread for the work: {error}")))?;
    let ended = runtime.block_on(dispatch(cli.command, cli.read_only, &context));
    // A thread that is stuck in a read must not keep the process; what counts is committed.
    runtime.shutdown_background();
    ended
}

async fn dispatch(
    command: Option<Command>,
    read_only: bool,
    context: &Context,
) -> Result<(), Error> {
    if read_only && command.is_some() {
        return Err(Error::usage("--read-only is for the dashboard alone")
            .hint("`cep status`, `cep errors` and their like only read anyway"));
    }
    match command {
        None => dashboard::run(read_only, context).await,
        Some(Command::Demo(args)) => demo::run(args, context).await,
        Some(Command::Run(args)) => run::run(args, context).await,
        Some(Command::Import(args)) => import::run(args, context).await,
        Some(Command::Status(args)) => status::run(&args, context).await,
        Some(Command::Phi(args)) => phi::run(&args, context).await,
        Some(Command::Runs(args)) => runs::run(&args, context).await,
        Some(Command::Units(args)) => units::run(args, context).await,
        Some(Command::Errors(args)) => errors::run(args, context).await,
        Some(Command::Effects(args)) => effects::run(&args, context).await,
        Some(Command::Events(args)) => events::run(&args, context).await,
        Some(Command::Changes(args)) => changes::run(args, context).await,
        Some(Command::Meetings(args)) => meetings::run(&args, context).await,
        Some(Command::Clients(args)) => clients::run(args, context).await,
        Some(Command::Documents(args)) => documents::run(args, context).await,
        Some(Command::Acknowledge(args)) => acknowledge::run(args, context).await,
        Some(Command::Note(args)) => acknowledge::note(args, context).await,
        Some(Command::Retry(args)) => retry::run(args, context).await,
        Some(Command::Skip(args)) => skip::run(args, context).await,
        Some(Command::Resolve(args)) => resolve::run(args, context).await,
        Some(Command::Receive(args)) => receive::run(args, context).await,
        Some(Command::Tasks(args)) => tasks::run(args, context).await,
        Some(Command::Campaigns(args)) => campaigns::run(args, context).await,
        Some(Command::Suppress(args)) => suppress::run(args, context).await,
        Some(Command::Cancel(args)) => steer::cancel(args, context).await,
        Some(Command::Pause(args)) => steer::pause(args, context).await,
        Some(Command::Resume(args)) => steer::resume(args, context).await,
        Some(Command::Advance(args)) => advance::run(args, context).await,
        Some(Command::Promote(args)) => promote::run(args, context).await,
        Some(Command::Pitches(args)) => pitches::run(args, context).await,
        Some(Command::Profile(args)) => profile::run(args, context).await,
        Some(Command::Posts(args)) => posts::run(args, context).await,
        Some(Command::Reports(args)) => reports::run(args, context).await,
        Some(Command::Proposals(args)) => proposals::run(args, context).await,
        Some(Command::Healthy(args)) => healthy::run(args, context).await,
        Some(Command::Serve(args)) => serve::run(args, context).await,
        Some(Command::Backup(args)) => backup::run(args, context).await,
        Some(Command::Restore(args)) => restore::run(args, context).await,
        Some(Command::Config(command)) => config::run(command, context).await,
        Some(Command::Finance(args)) => finance::run(args, context).await,
        Some(Command::Invoices(args)) => invoices::run(args, context).await,
    }
}

/// Does what reads and writes whole files on a thread for blocking work.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::new(Kind::Failed, format!("it ended badly: {error}")))
}

/// Returns the definition of the command line, for documents and tests.
pub fn definition() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        definition().debug_assert();
    }

    #[test]
    fn every_command_and_argument_has_a_help_text() {
        fn look(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} has no help", command.get_name());
            for argument in command.get_arguments() {
                let (name, id) = (command.get_name(), argument.get_id());
                assert!(argument.get_help().is_some(), "{name}: {id} has no help");
            }
            command.get_subcommands().for_each(look);
        }
        look(&definition());
    }
}
