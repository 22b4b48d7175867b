//! `cep clients`: shows where each client stands.

use super::context::{Context, Database, misanswered};
use super::error::{Error, Kind};
use super::render;
use super::table::Table;
use crate::app::desk::{ClientRow, StepRow};
use crate::app::query::{Answer, Query};
use crate::domain::finance::InvoiceState;
use crate::domain::onboarding::ContractState;
use crate::domain::operations::{DocumentState, OnboardingStep};
use crate::domain::time::Moment;

/// Lists clients, or shows one: steps with their days, documents, payment, workspace.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Shows all that is known of one client's onboarding.
    Show {
        /// The client's key, such as osm:node/123, or its name
        client: String,
    },
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let wanted = args.command.map(|Command::Show { client }| client);
    let rows = ask(context, wanted.clone(), args.limit).await?;
    let Some(wanted) = wanted else { return list(&rows, context) };
    let [client] = rows.as_slice() else {
        let why = match rows.len() {
            0 => format!("no client is called {wanted:?}"),
            n => format!("{n} clients are called {wanted:?}"),
        };
        return Err(Error::new(Kind::Usage, why).hint("`cep clients --json` has their keys"));
    };
    if context.json() { render::json(client) } else { show(client) }
}

/// Asks for clients; the documents' list is made of them too.
pub(super) async fn ask(
    context: &Context,
    wanted: Option<String>,
    limit: u32,
) -> Result<Vec<ClientRow>, Error> {
    let session = context.open(Database::MustExist)?;
    let query = Query::Clients { mode: context.mode(), wanted, limit };
    let Answer::Clients(rows) = session.ask(query).await? else { return Err(misanswered()) };
    Ok(rows)
}

fn list(rows: &[ClientRow], context: &Context) -> Result<(), Error> {
    if context.json() {
        return render::json_lines(rows);
    }
    let heads = ["client", "plan", "state", "signed", ">steps", "next", ">documents", "payment"];
    let mut table = Table::new(&heads);
    for client in rows {
        let done = client.steps.iter().filter(|step| step.done_at.is_some()).count();
        let approved =
            client.documents.iter().filter(|it| it.state == DocumentState::Approved).count();
        table.row(&[
            client.name.clone(),
            client.plan.as_column().to_owned(),
            client.state.as_column().to_owned(),
            date(client.signed_at),
            format!("{done}/{}", client.steps.len()),
            client.next_step().map_or_else(String::new, next),
            format!("{approved}/{}", client.documents.len()),
            payment(client).to_owned(),
        ]);
    }
    render::table(&table, "no client yet")
}

fn next(step: &StepRow) -> String {
    format!("{} {}, due {}", word(step.step), step.standing.word(), date(step.due_at))
}

fn show(client: &ClientRow) -> Result<(), Error> {
    let live = client.live_at.map_or_else(|| "not yet".to_owned(), date);
    render::text(&format!(
        "{} ({})\nplan {}, {}, signed {}, live {live}\n{}\ncontract: {}\nset-up invoice: {}\nworkspace: {}\n",
        client.name,
        client.entity,
        client.plan.as_column(),
        client.state.as_column(),
        date(client.signed_at),
        client.email,
        contract(client),
        payment(client),
        client.workspace.as_deref().unwrap_or("none yet"),
    ))?;
    let mut steps = Table::new(&["step", "state", "due", "done", "waits for", "note"]);
    for step in &client.steps {
        let needed: Vec<String> = step.waits_for.iter().map(|&it| word(it)).collect();
        steps.row(&[
            word(step.step),
            step.standing.word().to_owned(),
            date(step.due_at),
            step.done_at.map_or_else(String::new, date),
            needed.join(", "),
            step.note.clone().unwrap_or_default(),
        ]);
    }
    render::table(&steps, "no step is planned yet")?;
    let mut documents = Table::new(&["document", "state"]);
    for document in &client.documents {
        documents.row(&[document.document.clone(), document.state.as_column().to_owned()]);
    }
    render::table(&documents, "no document is asked for yet")
}

fn word(step: OnboardingStep) -> String {
    step.as_column().replace('_', "-")
}

fn date(at: Moment) -> String {
    at.utc_date().to_string()
}

fn contract(client: &ClientRow) -> String {
    let state = client.contract.map_or("not drafted yet", ContractState::as_column);
    client
        .declined_because
        .as_ref()
        .map_or_else(|| state.to_owned(), |reason| format!("{state}: {reason}"))
}

fn payment(client: &ClientRow) -> &'static str {
    client.setup_invoice.map_or("no invoice", InvoiceState::as_column)
}
