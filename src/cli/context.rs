//! Finds what every command needs: settings, database, log, machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::error::{Error, Kind};
use super::{parse, render};
use crate::app::command::Command;
use crate::app::port::Machine;
use crate::app::query::{Answer, Query};
use crate::app::serving::Serving;
use crate::app::{self, Handle, Origin, Parts, Setup, Show};
use crate::config::{self, Environment, Misfit, Profile, Settings};
use crate::domain::market::MarketName;
use crate::domain::mode::Mode;
use crate::runtime::durable;
use crate::telemetry::{self, Console, LogTo, Telemetry};
use crate::tui::keymap::Keymap;
use crate::tui::theme::Palette;

/// The file of the database in the state directory.
const DATABASE: &str = "cep.db";

/// The options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// The database file, or `CEP_DB` [default: cep.db in the state directory]
    #[arg(long, global = true, value_name = "PATH")]
    pub(super) db: Option<PathBuf>,
    /// A settings file, laid over the defaults and the profile, or `CEP_CONFIG`
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Which set of settings: dev or prod, or `CEP_PROFILE`
    #[arg(long, global = true, value_name = "dev|prod")]
    profile: Option<String>,
    /// Which world: dry or live
    #[arg(long, global = true, value_name = "dry|live", default_value = "dry", hide_default_value = true, value_parser = parse::mode)]
    mode: Mode,
    /// No colour on the dashboard, as with `NO_COLOR`
    #[arg(long, global = true)]
    pub(super) no_color: bool,
    /// The colours of the dashboard: safe, dark or light [default: safe]
    #[arg(long, global = true, value_name = "THEME")]
    pub(super) theme: Option<Palette>,
    /// At most one frame a second on the dashboard for what nobody asked for, for slow links
    #[arg(long, global = true)]
    pub(super) low_bandwidth: bool,
    /// What the log holds: error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<String>,
    /// What the simulated world follows from [default: 1]
    #[arg(long, global = true, value_name = "SEED")]
    pub(super) seed: Option<u64>,
    /// Share of simulated calls that fail, 0 to 1 [default: 0]
    #[arg(long, global = true, value_name = "RATE", value_parser = parse::rate)]
    pub(super) faults: Option<f64>,
    /// How the people of the simulated world behave: warm or realistic [default: warm]
    #[arg(long, global = true, value_name = "MARKET", value_parser = parse::market)]
    pub(super) market: Option<MarketName>,
    /// JSON on stdout: one object, or one line for each row
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Whether a command may begin a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Database {
    /// It makes work, so it makes the file too.
    MayBegin,
    /// It speaks of what is there: a named file that is not there is a slip of the finger.
    MustExist,
}

/// What was asked for, and what it means here.
pub(super) struct Context {
    /// What was typed.
    pub(super) global: Global,
    /// What the environment says.
    pub(super) environment: Environment,
    /// The settings, with what was typed laid over them.
    pub(super) settings: Settings,
    /// The database that was named, by option or environment.
    pub(super) named_db: Option<PathBuf>,
}

/// The machine as one command holds it.
pub(super) struct Session {
    /// The machine.
    pub(super) handle: Handle,
    _log: Telemetry,
}

impl Session {
    /// Asks the machine.
    pub(super) async fn ask(&self, query: Query) -> Result<Answer, Error> {
        Ok(self.handle.ask(query).await?)
    }
}

/// The screen knows what its actions are called and which keys a terminal can send.
fn keys_are_clear(settings: &Settings) -> Result<(), Misfit> {
    Keymap::new(&settings.screen.keys).map(drop).map_err(|fault| Misfit {
        key: format!("screen.keys.{}", fault.action),
        message: fault.message,
        hint: fault.hint,
    })
}

impl Context {
    /// Reads the settings.
    pub(super) fn new(global: Global) -> Result<Self, Error> {
        let environment = Environment::read();
        let profile: Option<Profile> = match &global.profile {
            Some(word) => Some(word.parse()?),
            None => environment.get("CEP_PROFILE").map(str::parse).transpose()?,
        };
        let file = global.config.clone().or_else(|| environment.get("CEP_CONFIG").map(Into::into));
        let mut settings =
            config::load_checked(&environment, profile, file.as_deref(), keys_are_clear)?;
        if let Some(seed) = global.seed {
            settings.sim.seed = seed;
        }
        if let Some(market) = global.market {
            settings.sim.market = market;
        }
        if let Some(rate) = global.faults {
            settings.sim.faults.rate = rate;
        }
        if let Some(level) = &global.log {
            settings.log.level.clone_from(level);
        }
        let named_db = global.db.clone().or_else(|| environment.get("CEP_DB").map(Into::into));
        Ok(Self { global, environment, settings, named_db })
    }

    /// Returns the world that was asked for.
    pub(super) const fn mode(&self) -> Mode {
        self.global.mode
    }

    /// Whether stdout is to carry JSON.
    pub(super) const fn json(&self) -> bool {
        self.global.json
    }

    /// Returns the database of everyday work.
    pub(super) fn database(&self) -> PathBuf {
        let usual = || self.settings.paths.state_dir.join(DATABASE);
        self.named_db.clone().unwrap_or_else(usual)
    }

    /// Opens the everyday database and starts the machine on it, without a screen.
    pub(super) fn open(&self, database: Database) -> Result<Session, Error> {
        let path = self.database();
        if database == Database::MustExist && self.named_db.is_some() {
            self.existing()?;
        }
        self.start(&path, Origin::Cli, Show::Headless)
    }

    /// Returns the everyday database, which has to be there.
    pub(super) fn existing(&self) -> Result<PathBuf, Error> {
        let path = self.database();
        if path.exists() {
            return Ok(path);
        }
        Err(Error::usage(format!("there is no database {}", path.display()))
            .hint("check --db or CEP_DB; `cep run` and `cep demo` begin a new one"))
    }

    /// Opens a database and starts the machine on it.
    pub(super) fn start(&self, path: &Path, origin: Origin, show: Show) -> Result<Session, Error> {
        let log = self.log(Console::Silent)?;
        let parts = self.build(path, origin, self.settings.clone())?;
        let handle = Handle::start(Arc::new(parts), show, self.mode())?;
        Ok(Session { handle, _log: log })
    }

    /// Opens the everyday database for the process that serves it. It has to be the only one, and it
    /// starts nothing before it is.
    pub(super) async fn serve(&self, settings: Settings) -> Result<(Session, Serving), Error> {
        let console = if render::on_terminal() { Console::Lines } else { Console::Json };
        let log = self.log(console)?;
        let parts = self.build(&self.database(), Origin::Server, settings)?;
        let serving = Serving::begin(&parts).await?;
        let handle = Handle::start(Arc::new(parts), Show::Serving, self.mode())?;
        Ok((Session { handle, _log: log }, serving))
    }

    fn build(&self, path: &Path, origin: Origin, settings: Settings) -> Result<Parts, Error> {
        tracing::info!(database = %path.display(), "started");
        let parts =
            app::build(Setup { database: path.to_owned(), settings, origin, user: self.user() })?;
        Ok(parts)
    }

    /// Opens the everyday database, tells the machine one thing and prints what it says.
    pub(super) async fn tell(&self, command: Command) -> Result<(), Error> {
        let session = self.open(Database::MustExist)?;
        let ack = session.handle.submit(command).await?;
        super::render::ack(&ack, self.json())
    }

    fn log(&self, console: Console) -> Result<Telemetry, Error> {
        let log = &self.settings.log;
        Ok(telemetry::init(LogTo {
            file: &self.settings.paths.log_file,
            bytes_max: u64::from(log.max_mib) * 1024 * 1024,
            filter: &log.level,
            console,
        })?)
    }

    /// Who gives the commands, for the audit log: services and containers often name nobody, but
    /// everybody has a number.
    pub(super) fn user(&self) -> String {
        let named = ["USER", "LOGNAME"].into_iter().find_map(|name| self.environment.get(name));
        named.map_or_else(|| format!("uid{}", rustix::process::getuid().as_raw()), str::to_owned)
    }
}

/// Makes the folder in which a file is to stand.
pub(super) fn make_folder(folder: &Path) -> Result<(), Error> {
    durable::make_folder(folder).map_err(|error| {
        Error::new(Kind::Usage, format!("cannot make the folder {}: {error}", folder.display()))
            .hint("make its parent writable, or name another place: --db, XDG_STATE_HOME")
    })
}

/// The machine answered a question with another question's answer.
pub(super) fn misanswered() -> Error {
    Error::new(Kind::Failed, "the machine gave another question's answer")
        .hint("this is a bug: report it with what you typed")
}
