//! `cep units`: lists units.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::picture::layer_tag;
use super::table::Table;
use super::{parse, render};
use crate::app::query::{Answer, Query, UnitFilter};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::tui::format;

/// Lists units: those with a time in front of them by that time, then the newest.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this layer, 1 to 9
    #[arg(long, value_name = "LAYER", value_parser = parse::layer)]
    layer: Option<Layer>,
    /// Only units in these states: blocked, scheduled, ready, leased, `retry_wait`, waiting, held,
    /// done, dead, skipped, cancelled
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = state)]
    state: Vec<UnitState>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

fn state(word: &str) -> Result<UnitState, String> {
    UnitState::from_column(word).map_err(|_| {
        let known: Vec<_> = UnitState::ALL.iter().map(|state| state.as_column()).collect();
        format!("use one of {}", known.join(", "))
    })
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let filter = UnitFilter {
        mode: context.mode(),
        layer: args.layer,
        states: args.state,
        limit: args.limit,
    };
    let Answer::Units(units) = session.ask(Query::Units(filter)).await? else {
        return Err(misanswered());
    };
    if context.json() {
        return render::json_lines(&units);
    }
    let mut table =
        Table::new(&[">unit", "layer", "state", ">tries", "next at", "unit's work", "why"]);
    for unit in &units {
        table.row(&[
            unit.id.to_string(),
            layer_tag(unit.layer),
            unit.state.as_column().to_owned(),
            format!("{}/{}", unit.tries, unit.tries_max),
            unit.run_at.map_or_else(String::new, format::full_time),
            unit.label.clone(),
            unit.why.clone().or_else(|| unit.last_error.clone()).unwrap_or_default(),
        ]);
    }
    render::table(&table, "no unit fits")
}
