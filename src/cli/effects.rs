//! `cep effects`: lists acts on the outside world, as journalled.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::picture::layer_tag;
use super::table::Table;
use super::{parse, render};
use crate::app::query::{Answer, EffectFilter, Query};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::EffectState;
use crate::tui::format;

/// Lists acts on the outside world as the journal has them, the newest first.
///
/// In the dry world a confirmed one is called simulated. Below the list stands what helps to find out
/// what became of an unknown one: why it is unknown, and what a process that had lost its lease knew.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this layer, 1 to 9
    #[arg(long, value_name = "LAYER", value_parser = parse::layer)]
    layer: Option<Layer>,
    /// Only this state: sending, confirmed, rejected, unknown
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<EffectState>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

fn state(word: &str) -> Result<EffectState, String> {
    // What lists call simulated is stored as confirmed.
    let word = if word == "simulated" { "confirmed" } else { word };
    EffectState::from_column(word).map_err(|_| {
        let known: Vec<_> = EffectState::ALL.iter().map(|state| state.as_column()).collect();
        format!("use one of {}", known.join(", "))
    })
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let filter = EffectFilter {
        mode: context.mode(),
        layer: args.layer,
        state: args.state,
        limit: args.limit,
    };
    let Answer::Effects(effects) = session.ask(Query::Effects(filter)).await? else {
        return Err(misanswered());
    };
    let snapshot = session.handle.picture(context.mode())?;
    if let Some(notice) = snapshot.system.restore.and_then(|restore| restore.notice()) {
        render::note(&notice);
    }
    if context.json() {
        return render::json_lines(&effects);
    }
    let mut table = Table::new(&["key", "layer", "state", "sent at", ">unit", "what"]);
    for effect in &effects {
        table.row(&[
            effect.key.to_string(),
            layer_tag(effect.layer),
            effect.word().to_owned(),
            format::full_time(effect.sent_at),
            effect.unit.to_string(),
            effect.summary.clone(),
        ]);
    }
    render::table(&table, "no effect fits")?;
    let clues: Vec<_> = effects
        .iter()
        .flat_map(|effect| effect.clues().into_iter().map(|clue| format!("{}  {clue}", effect.key)))
        .collect();
    if clues.is_empty() {
        return Ok(());
    }
    render::text(&format!("\nwhat is known besides\n{}", clues.join("\n")))
}
