//! `cep reports`: lists clients' reports, and shows one as text, JSON, PDF or with its evidence.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::context::{Context, Database, misanswered};
use super::error::{Error, Kind};
use super::render;
use super::table::Table;
use crate::app::query::{Answer, Query};
use crate::app::service::{ReportRow, ReportView, ServiceAnswer, ServiceQuery};
use crate::domain::report::{Content, pdf};
use crate::tui::format;

/// Lists reports, the latest due first; `cep reports show` shows one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this client's: its key, such as osm:node/123, or its name
    client: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Shows one report.
    Show(Show),
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The client's key, such as osm:node/123, or its name
    client: String,
    /// The period, as listed: weekly:2026-W06, monthly:2026-02, quarterly:2026-Q1
    period: String,
    /// Write the report as PDF to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["markdown", "evidence"])]
    pdf: Option<PathBuf>,
    /// Print it as Markdown, which is the default
    #[arg(long, conflicts_with = "evidence")]
    markdown: bool,
    /// Print each finding with its figures and the rows it rests on
    #[arg(long)]
    evidence: bool,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let mode = context.mode();
    if args.verb.is_some() && args.client.is_some() {
        return Err(Error::usage("the client stands behind the verb")
            .hint("such as `cep reports show CLIENT weekly:2026-W06`"));
    }
    match args.verb {
        None => {
            let query = ServiceQuery::Reports { mode, client: args.client, limit: args.limit };
            let ServiceAnswer::Reports(rows) = ask(query, context).await? else {
                return Err(misanswered());
            };
            list(&rows, context)
        }
        Some(Verb::Show(show)) => {
            let (client, period) = (show.client.clone(), show.period.clone());
            let query = ServiceQuery::Report { mode, client, period };
            let ServiceAnswer::Report(view) = ask(query, context).await? else {
                return Err(misanswered());
            };
            one(&show, &view, context.json())
        }
    }
}

async fn ask(query: ServiceQuery, context: &Context) -> Result<ServiceAnswer, Error> {
    let session = context.open(Database::MustExist)?;
    let Answer::Service(answer) = session.ask(Query::Service(query)).await? else {
        return Err(misanswered());
    };
    Ok(*answer)
}

fn list(rows: &[ReportRow], context: &Context) -> Result<(), Error> {
    if context.json() {
        return render::json_lines(rows);
    }
    let mut table = Table::new(&["client", "period", "due", "delivered", "name"]);
    for report in rows {
        table.row(&[
            report.entity.clone(),
            report.period.clone(),
            format::full_time(report.due_at),
            report.delivered_at.map_or_else(|| "not yet".to_owned(), format::full_time),
            report.name.clone(),
        ]);
    }
    render::table(&table, "there is no report yet")
}

fn one(show: &Show, view: &ReportView, as_json: bool) -> Result<(), Error> {
    let stored = view.report.metrics.as_ref().and_then(Content::read);
    let Some(content) = stored else { return Err(unmeasured(view)) };
    if let Some(file) = &show.pdf {
        return write_pdf(file, &content, as_json);
    }
    match (show.evidence, as_json, &view.report.markdown) {
        (true, true, _) => render::json(&view.findings),
        (true, false, _) => render::text(&evidence(view)),
        (false, true, _) => render::json(&content),
        (false, false, Some(markdown)) => render::text(markdown),
        (false, false, None) => Err(unmeasured(view)),
    }
}

fn write_pdf(file: &Path, content: &Content, as_json: bool) -> Result<(), Error> {
    std::fs::write(file, pdf(content)).map_err(|error| {
        Error::new(Kind::Failed, format!("cannot write {}: {error}", file.display()))
            .hint("name a file in a folder that exists and can be written")
    })?;
    if as_json {
        return render::json(&json!({ "file": file }));
    }
    render::text(&format!("wrote {}", file.display()))
}

fn unmeasured(view: &ReportView) -> Error {
    let report = &view.report;
    let why = format!("report {} of {} is not measured yet", report.period, report.entity);
    Error::new(Kind::Failed, why)
        .hint("it is measured some days after its period ends; `cep run all` works what is due")
}

/// Lays the findings out, each with its figures and its rows.
fn evidence(view: &ReportView) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for one in &view.findings {
        let _ = writeln!(text, "{} ({})", one.finding.text, one.finding.kind);
        for (name, value) in &one.finding.figures {
            let _ = writeln!(text, "  {name} = {value}");
        }
        for rows in &one.rows {
            let _ = writeln!(text, "  {} {} ({} rows)", rows.table, rows.named, rows.lines.len());
            for (id, line) in &rows.lines {
                let _ = writeln!(text, "    {id}  {line}");
            }
        }
    }
    if text.is_empty() {
        text.push_str("the report has no finding\n");
    }
    text
}
