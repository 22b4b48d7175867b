//! `cep meetings`: lists booked calls.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::render;
use super::table::Table;
use crate::app::desk::{MeetingRow, Which};
use crate::app::query::{Answer, Query};
use crate::domain::letter::PartStat;
use crate::domain::sales::{Canceler, MeetingOutcome, MeetingState};

/// Lists booked calls with the time as the invitee's clock shows it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only calls that are still to come, the next one first
    #[arg(long, conflicts_with = "past")]
    upcoming: bool,
    /// Only calls whose time is over, the latest one first
    #[arg(long)]
    past: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let which = match (args.upcoming, args.past) {
        (true, _) => Which::Upcoming,
        (false, true) => Which::Past,
        (false, false) => Which::All,
    };
    let query = Query::Meetings { mode: context.mode(), which, limit: args.limit };
    let Answer::Meetings(meetings) = session.ask(query).await? else { return Err(misanswered()) };
    if context.json() {
        return render::json_lines(&meetings);
    }
    let mut table = Table::new(&["starts", "state", ">changes", "with", "business", "outcome"]);
    for meeting in &meetings {
        table.row(&[
            meeting.local.clone(),
            meeting.state.as_column().replace('_', " "),
            meeting.sequence.to_string(),
            format!("{} <{}>", meeting.name, meeting.email),
            meeting.business.clone().unwrap_or_else(|| "no prospect matches".to_owned()),
            outcome(meeting),
        ]);
    }
    render::table(&table, "no call fits")
}

/// What is known of how it went, in a few words.
fn outcome(meeting: &MeetingRow) -> String {
    let who = match meeting.cancelled_by {
        Some(Canceler::Host) => "by us",
        Some(Canceler::Invitee) => "by them",
        None => "",
    };
    let outcome = meeting.outcome.map_or("", MeetingOutcome::as_column);
    // What a calendar answers is of interest as long as the call is still to come.
    let reply = match meeting.state {
        MeetingState::Booked => meeting.reply.map_or("", PartStat::as_column),
        MeetingState::Cancelled | MeetingState::Held | MeetingState::NoShow => "",
    };
    let parts = [reply, outcome, meeting.plan.as_deref().unwrap_or(""), who];
    let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    match (&meeting.reason, known.join(" ")) {
        (Some(reason), known) if known.is_empty() => reason.clone(),
        (Some(reason), known) => format!("{known}: {reason}"),
        (None, known) => known,
    }
}
