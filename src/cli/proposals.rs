//! `cep proposals`: what the machine proposes, and what people make of it.

use std::fmt::Write as _;

use clap::Subcommand;
use serde_json::json;

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::render;
use super::table::Table;
use crate::app::command::Command;
use crate::app::query::{Answer, Query};
use crate::domain::ids::ProposalId;
use crate::domain::learning::{
    MeasuredEffect, ProposalEvent, ProposedChange, Setting, SettingKey, StoredProposal,
};
use crate::tui::format::full_time;

/// Lists proposals, shows one, and decides on it: approve, then apply, perhaps roll back.
///
/// Nothing of a proposal happens by itself. Its effect is measured once, at a time that is fixed when
/// it is applied.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Shows one proposal with its figures, its rows and its effect.
    Show {
        /// The proposal's number
        id: i64,
    },
    /// Says that it is wanted; nothing changes yet.
    Approve(Decision),
    /// Says that it is not wanted.
    Reject(Decision),
    /// Puts an approved proposal in force; of advice it notes that a person has done it.
    Apply(Decision),
    /// Restores what was before it was applied.
    RollBack(Decision),
    /// Makes a proposal of your own, to be approved, applied and measured like the others.
    Make(Make),
}

#[derive(Debug, clap::Args)]
struct Decision {
    /// The proposal's number
    id: i64,
    /// Why, for whoever reads it later
    #[arg(long)]
    note: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Make {
    /// Settings to change: learning.floor=0.1, outreach.caps.email=60 or, in hours,
    /// `outreach.sequence_hours.phone=48`
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = setting)]
    set: Vec<Setting>,
    /// A pitch variant to stop
    #[arg(long, value_name = "VARIANT", conflicts_with_all = ["set", "revive_variant"])]
    stop_variant: Option<String>,
    /// A stopped pitch variant to bring back
    #[arg(long, value_name = "VARIANT", conflicts_with = "set")]
    revive_variant: Option<String>,
    /// Why it is worth trying
    #[arg(long)]
    note: String,
}

fn setting(text: &str) -> Result<Setting, String> {
    let (key, value) = text.split_once('=').ok_or("use KEY=VALUE")?;
    let key: SettingKey = key.trim().parse().map_err(|_| {
        "use learning.floor, outreach.caps.CHANNEL or outreach.sequence_hours.CHANNEL".to_owned()
    })?;
    let value = value.trim().parse().map_err(|_| format!("{value:?} is not a number"))?;
    Ok(Setting { key, value })
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let decide = |decision: Decision, event| Command::Decide {
        proposal: ProposalId(decision.id),
        event,
        note: decision.note,
    };
    match args.act {
        None => list(args.limit, context).await,
        Some(Act::Show { id }) => show(ProposalId(id), context).await,
        Some(Act::Approve(one)) => context.tell(decide(one, ProposalEvent::Approve)).await,
        Some(Act::Reject(one)) => context.tell(decide(one, ProposalEvent::Reject)).await,
        Some(Act::Apply(one)) => context.tell(decide(one, ProposalEvent::Apply)).await,
        Some(Act::RollBack(one)) => context.tell(decide(one, ProposalEvent::RollBack)).await,
        Some(Act::Make(make)) => {
            let note = make.note.clone();
            let change = change(make)?;
            context.tell(Command::Propose { mode: context.mode(), change, note }).await
        }
    }
}

fn change(make: Make) -> Result<ProposedChange, Error> {
    if let Some(arm) = make.stop_variant {
        return Ok(ProposedChange::StopVariant { arm });
    }
    if let Some(arm) = make.revive_variant {
        return Ok(ProposedChange::ReviveVariant { arm });
    }
    if make.set.is_empty() {
        return Err(Error::usage("a proposal has to change something")
            .hint("name --set KEY=VALUE, --stop-variant or --revive-variant"));
    }
    Ok(ProposedChange::Set { settings: make.set })
}

async fn list(limit: u32, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let query = Query::Proposals { mode: context.mode(), limit };
    let Answer::Proposals(found) = session.ask(query).await? else { return Err(misanswered()) };
    if context.json() {
        return render::json_lines(&found);
    }
    let mut table = Table::new(&[">id", "state", "effect", "changes", "why"]);
    for one in &found {
        table.row(&[
            one.id.to_string(),
            one.state.as_column().replace('_', " "),
            one.effect_words().unwrap_or_default(),
            one.proposal.change.told(),
            one.proposal.text.clone(),
        ]);
    }
    render::table(&table, "nothing has been proposed yet")
}

async fn show(id: ProposalId, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let Answer::Proposal(one) = session.ask(Query::Proposal { id }).await? else {
        return Err(misanswered());
    };
    if context.json() { render::json(&one) } else { render::text(&card(&one)) }
}

/// A proposal with everything it rests on.
fn card(one: &StoredProposal) -> String {
    let proposal = &one.proposal;
    let mut text = format!("proposal {}  {}\n{}\n", one.id, one.state.as_column(), proposal.text);
    let _ = writeln!(text, "  changes   {}", proposal.change.told());
    let _ = writeln!(text, "  made      {}", full_time(proposal.at));
    if let Some((by, at)) = one.decided_by.as_ref().zip(one.decided_at) {
        let _ = writeln!(text, "  decided   {} by {by}", full_time(at));
    }
    if let Some(note) = &one.note {
        let _ = writeln!(text, "  note      {note}");
    }
    if let Some(at) = one.applied_at {
        let _ = writeln!(text, "  applied   {}", full_time(at));
    }
    match (&one.effect, one.measure_at) {
        (Some(effect), _) => text.push_str(&effect_lines(effect)),
        (None, Some(at)) => {
            let words = proposal.measure.words();
            let _ =
                writeln!(text, "  effect    too early: {words}, counted once on {}", full_time(at));
        }
        (None, None) => {}
    }
    let _ = writeln!(text, "  evidence  {}", json!(proposal.evidence));
    text
}

fn effect_lines(effect: &MeasuredEffect) -> String {
    let side = |(hits, n): (u64, u64), low: f64, high: f64| {
        format!("{hits} of {n} ({:.1} to {:.1} %)", 100.0 * low, 100.0 * high)
    };
    let (before, after) = (effect.before_interval, effect.after_interval);
    let mut text = format!(
        "  effect    {}: {}\n            before {}\n            after  {}\n",
        effect.verdict.as_column().replace('_', " "),
        effect.measure.words(),
        side(effect.before, before.low, before.high),
        side(effect.after, after.low, after.high),
    );
    if let Some(test) = effect.test {
        let _ = writeln!(text, "            z {:.2}, p {:.4}", test.z, test.p);
    }
    if let Some(n) = effect.n_for_a_half_more {
        let _ = writeln!(text, "            a rise by half would show with {n} on each side");
    }
    text
}
