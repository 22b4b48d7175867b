//! Reads the settings: `config/default.yaml` ← the profile ← the file of `--config`.
//!
//! `raw.rs` is what was written, `settings` what it means; between them `validate.rs` says which
//! value does not fit. The binary embeds its defaults and runs with no file at all. Nothing else in
//! the program reads the environment.

mod current;
mod error;
mod prod;
mod raw;
mod screen;
mod secrets;
mod serve;
mod settings;
mod source;
mod templates;
mod validate;

use std::path::Path;
use std::str::FromStr;

use serde::Serialize;

pub use current::Current;
pub use error::ConfigError;
pub use prod::unsafe_in_prod;
pub use screen::Screen;
pub use secrets::{Environment, Secret, Secrets};
pub use serve::{Serve, TlsFiles};
pub use settings::{
    Agency, Backup, Booking, Breaker, Bucket, DueAfterDays, Learning, Log, NewTimeBy, Orchestrator,
    Outreach, Paths, PerChannel, Pitch, PlanPrice, Pricing, ProfileWork, QuietHours, Rate,
    Reporting, Research, Retry, RetryBudget, Settings, Sim,
};

use raw::{Overlay, RawSettings};
use source::Source;
pub use validate::Misfit;

/// Every setting with its unit and why, as embedded in the binary.
pub const DEFAULT_YAML: &str = include_str!("../../config/default.yaml");
const DEV_YAML: &str = include_str!("../../config/dev.yaml");
const PROD_YAML: &str = include_str!("../../config/prod.yaml");

/// A set of settings that differs from the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// For work on the machine itself.
    Dev,
    /// For a real agency.
    Prod,
}

impl FromStr for Profile {
    type Err = ConfigError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "dev" => Ok(Self::Dev),
            "prod" => Ok(Self::Prod),
            _ => Err(ConfigError::new("--profile", format!("{word:?} is not a profile"))
                .hint("use dev or prod, or leave it out")),
        }
    }
}

/// Reads the settings: the embedded defaults, then the profile, then `file`.
///
/// # Errors
/// The first mistake found, with its file, line and key and what to do about it.
pub fn load(
    environment: &Environment,
    profile: Option<Profile>,
    file: Option<&Path>,
) -> Result<Settings, ConfigError> {
    load_checked(environment, profile, file, |_| Ok(()))
}

/// Reads the settings as `load` does, and lets those who know more than this module look at them.
///
/// # Errors
/// As `load`; what `check` finds is cited like any other mistake.
pub fn load_checked(
    environment: &Environment,
    profile: Option<Profile>,
    file: Option<&Path>,
    check: impl FnOnce(&Settings) -> Result<(), Misfit>,
) -> Result<Settings, ConfigError> {
    let mut sources = vec![Source::from_text("config/default.yaml", DEFAULT_YAML.to_owned())?];
    match profile {
        Some(Profile::Dev) => {
            sources.push(Source::from_text("config/dev.yaml", DEV_YAML.to_owned())?);
        }
        Some(Profile::Prod) => {
            sources.push(Source::from_text("config/prod.yaml", PROD_YAML.to_owned())?);
        }
        None => {}
    }
    if let Some(path) = file {
        sources.push(Source::read(path)?);
    }
    let mut settings = merge(&sources, environment, check)?;
    settings.environment = profile;
    if let Some(folder) = &settings.pitch.templates_dir {
        settings.pitch.book = templates::book(folder)?;
    }
    Ok(settings)
}

/// Reads the settings that need no file and no environment, with all files below `state_dir`.
///
/// # Errors
/// A mistake in the embedded defaults, which a test rules out.
pub fn embedded(state_dir: &Path) -> Result<Settings, ConfigError> {
    let mut settings = load(&Environment::of(&[("HOME", "/")]), None, None)?;
    settings.paths = Paths {
        state_dir: state_dir.to_path_buf(),
        outbox_dir: state_dir.join("outbox"),
        log_file: state_dir.join("cep.log"),
    };
    Ok(settings)
}

fn merge(
    sources: &[Source],
    environment: &Environment,
    check: impl FnOnce(&Settings) -> Result<(), Misfit>,
) -> Result<Settings, ConfigError> {
    let mut raw = RawSettings::default();
    for source in sources {
        raw.overlay(source.raw.clone());
    }
    let secrets = Secrets::from_environment(environment)?;
    let checked = validate::settings(raw, environment, secrets).and_then(|settings| {
        check(&settings)?;
        Ok(settings)
    });
    checked.map_err(|misfit| {
        // The last file that gives the value is the one to mend.
        let place = sources
            .iter()
            .rev()
            .find_map(|source| Some((source, source::place_of(&source.text, &misfit.key)?)));
        match place {
            Some((source, (line, column))) => {
                ConfigError::new(&source.name, misfit.message).at(&source.text, line, column)
            }
            None => ConfigError::new("settings", misfit.message),
        }
        .key(misfit.key)
        .hint(misfit.hint)
    })
}

#[cfg(test)]
mod tests;
