//! `cep config`: shows the settings as they are used.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Subcommand;
use serde_json::json;

use super::context::{Context, Database, misanswered};
use super::error::{Error, Kind};
use super::render;
use crate::app::query::{Answer, Query};
use crate::app::serving::assert_safe_to_serve;
use crate::domain::learning::SettingOverride;
use crate::domain::pitch::{LANGUAGES, proof};
use crate::tui::format::full_time;

/// Shows the settings.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Command {
    /// Prints every setting as it is used: defaults, profile, file and options laid over each other, and
    /// over them what people have put in force by proposals.
    ///
    /// Secrets are shown as set or null.
    Show,
    /// Reads settings and pitch templates through and says what is wrong, or that all is in order.
    ///
    /// With the profile prod it also names every value that is unsafe in production.
    Check,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<(), Error> {
    match command {
        Command::Show => show(context).await,
        Command::Check => check(context),
    }
}

async fn show(context: &Context) -> Result<(), Error> {
    let overrides = overrides(context).await?;
    let settings = context.settings.with(&overrides);
    if context.json() {
        let mut object = json!(settings);
        object["set_by_proposals"] = json!(overrides);
        return render::json(&object);
    }
    let yaml = serde_yaml::to_string(&settings).map_err(|error| {
        Error::new(Kind::Failed, format!("the settings cannot be written: {error}"))
    })?;
    let mut text = String::new();
    for one in &overrides {
        let _ = writeln!(
            text,
            "# {} = {} by proposal {} ({}, {}), in {} mode",
            one.setting.key,
            one.setting.value,
            one.proposal,
            one.by,
            full_time(one.at),
            context.mode(),
        );
    }
    render::text(&(text + &yaml))
}

/// Returns what proposals have put in force, if there is a database that says so.
async fn overrides(context: &Context) -> Result<Vec<SettingOverride>, Error> {
    if !context.database().exists() {
        return Ok(Vec::new());
    }
    let session = context.open(Database::MustExist)?;
    let query = Query::Overrides { mode: context.mode() };
    let Answer::Overrides(found) = session.ask(query).await? else { return Err(misanswered()) };
    Ok(found)
}

/// Whoever comes here has readable settings; our own templates are read through as a folder's are.
fn check(context: &Context) -> Result<(), Error> {
    assert_safe_to_serve(&context.settings)?;
    let book = &context.settings.pitch.book;
    proof(book).map_err(|fault| Error::usage(fault.to_string()).hint(fault.hint))?;
    let variants: BTreeSet<&str> = LANGUAGES
        .into_iter()
        .flat_map(|language| {
            book.sample_categories().into_iter().flat_map(move |one| book.variants(language, one))
        })
        .collect();
    let folder = context.settings.pitch.templates_dir.as_deref();
    if context.json() {
        return render::json(&json!({ "ok": true, "templates_dir": folder, "variants": variants }));
    }
    let from = folder.map_or_else(|| "our own".to_owned(), |folder| folder.display().to_string());
    let variants = variants.into_iter().collect::<Vec<_>>().join(", ");
    render::text(&format!("settings are in order\ntemplates ({from}) are in order: {variants}"))
}
