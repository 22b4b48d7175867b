//! `cep` without a subcommand: the dashboard, and the narrated demo on the same screen.

use std::sync::Arc;

use super::context::{Context, Session};
use super::error::{Error, Kind};
use super::{render, status, stop};
use crate::app::command::RunRequest;
use crate::app::{Origin, Rule, Show};
use crate::domain::mode::Mode;
use crate::engines::orchestrator::engine::RunReport;
use crate::runtime::clock::SystemClock;
use crate::tui::keymap::Keymap;
use crate::tui::theme::{Depth, Terminal};
use crate::tui::{self, Exit, Options, ScreenError};

/// Shows the dashboard until a person leaves; without a terminal, prints how the machine is.
pub(super) async fn run(read_only: bool, context: &Context) -> Result<(), Error> {
    if !render::on_terminal() {
        render::note("no terminal here, so there is no dashboard; this is `cep status`");
        return status::run(&status::Args { watch: false }, context).await;
    }
    let path = context.database();
    let session = context.start(&path, Origin::Screen, Show::Screen(Rule::Glance))?;
    let exit = show(context, &session, read_only).await;
    // Runs of this screen stop where they can be taken up again.
    leave(&session).await?;
    match exit? {
        Exit::Quit => Ok(()),
        Exit::Terminated | Exit::HungUp => Err(stop::interrupted("the dashboard was ended")),
    }
}

/// Shows a run of the demo. Leaving early stops it where it can be taken up again.
pub(super) async fn demo(
    context: &Context,
    session: &Session,
    request: RunRequest,
) -> Result<RunReport, Error> {
    let mut run = std::pin::pin!(session.handle.run_to_end(request));
    let mut screen = std::pin::pin!(show(context, session, false));
    let mut report = None;
    let exit = loop {
        tokio::select! {
            exit = &mut screen => break exit,
            ended = &mut run, if report.is_none() => report = Some(ended),
        }
    };
    let report = if let Some(report) = report {
        report
    } else {
        let (ended, left) = tokio::join!(run, leave(session));
        left?;
        ended
    };
    exit?;
    Ok(report?)
}

/// Stops what this screen has running. Asked once more, it leaves at once, which loses nothing.
async fn leave(session: &Session) -> Result<(), Error> {
    if !session.handle.works(Mode::Dry) && !session.handle.works(Mode::Live) {
        session.handle.drain().await;
        return Ok(());
    }
    let mut stop = stop::Stop::listen()?;
    tokio::select! {
        () = stop::drain(&session.handle) => Ok(()),
        () = stop.asked_again() => Err(stop::interrupted("left at once")),
    }
}

async fn show(context: &Context, session: &Session, read_only: bool) -> Result<Exit, Error> {
    let screen = &context.settings.screen;
    let keys = Keymap::new(&screen.keys).map_err(|fault| {
        Error::usage(format!("screen.keys.{}: {}", fault.action, fault.message))
    })?;
    let options = Options {
        terminal: terminal(context),
        low_bandwidth: screen.low_bandwidth || context.global.low_bandwidth,
        keys: if read_only { keys.read_only() } else { keys },
        folder: context.settings.paths.state_dir.join("kept"),
        clock: Arc::new(SystemClock::new()),
    };
    tui::show(Arc::new(session.handle.clone()), options).await.map_err(|error| match error {
        ScreenError::Terminal(_) => Error::usage(error.to_string())
            .hint("`cep status` and `cep demo --headless` need no terminal"),
        ScreenError::Panicked(_) => Error::new(Kind::Failed, error.to_string())
            .hint("no work is lost; the log has the place: report both"),
    })
}

/// What the environment says about the terminal.
fn terminal(context: &Context) -> Terminal {
    let screen = &context.settings.screen;
    let set = |name| context.environment.get(name).unwrap_or_default().to_owned();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(set).find(|name| !name.is_empty());
    Terminal {
        term: set("TERM"),
        locale: locale.unwrap_or_default(),
        no_color: context.global.no_color || !set("NO_COLOR").is_empty(),
        colorterm: set("COLORTERM"),
        depth: match screen.colors.as_str() {
            "truecolor" => Some(Depth::True),
            "256" => Some(Depth::Indexed),
            "16" => Some(Depth::Ansi),
            "none" => Some(Depth::Mono),
            _ => None,
        },
        palette: context.global.theme.or_else(|| screen.theme.parse().ok()).unwrap_or_default(),
        tmux: !set("TMUX").is_empty(),
    }
}
