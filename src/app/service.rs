//! Defines what people ask about the work that clients pay for, and answers it from the rows: their
//! profile, their posts, their reports.
//!
//! A client is named by its key or its name. What was not read is absent: no score is made up for a
//! profile that nobody has looked at.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::domain::finance::Report;
use crate::domain::gbp::{self, Field, Standing};
use crate::domain::mode::Mode;
use crate::domain::onboarding::INTAKE_FORM;
use crate::domain::operations::{Client, PostRow, PostState, ProfileAction};
use crate::domain::profile::{Facts, Knowable, Source, audit};
use crate::domain::report::{Content, Finding};
use crate::domain::sales::ProfileAudit;
use crate::domain::time::Moment;
use crate::layers::gbp_optimizer;
use crate::store::error::StoreError;
use crate::store::finance::{facts, figures, reports};
use crate::store::operations::{clients, onboarding, profile_work};
use crate::store::sales::profiles;

/// A question about the work for clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "service")]
pub enum ServiceQuery {
    /// A client's profile, signal by signal.
    Profile {
        /// Which world.
        mode: Mode,
        /// The client's key or name.
        client: String,
    },
    /// One client's posts, or those of all clients that are still to go out, in calendar order.
    Posts {
        /// Which world.
        mode: Mode,
        /// The client's key or name.
        client: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// Reports, the latest due first.
    Reports {
        /// Which world.
        mode: Mode,
        /// Only this client's.
        client: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// One report, with the rows behind its findings.
    Report {
        /// Which world.
        mode: Mode,
        /// The client's key or name.
        client: String,
        /// `weekly:2026-W06`.
        period: String,
    },
}

impl ServiceQuery {
    /// Returns which world it is about.
    pub const fn mode(&self) -> Mode {
        match self {
            Self::Profile { mode, .. }
            | Self::Posts { mode, .. }
            | Self::Reports { mode, .. }
            | Self::Report { mode, .. } => *mode,
        }
    }
}

/// What was asked about the work for clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "service", content = "data")]
pub enum ServiceAnswer {
    /// To `ServiceQuery::Profile`.
    Profile(ProfileView),
    /// To `ServiceQuery::Posts`.
    Posts(Vec<PostView>),
    /// To `ServiceQuery::Reports`.
    Reports(Vec<ReportRow>),
    /// To `ServiceQuery::Report`.
    Report(ReportView),
}

/// A client's profile as it was, as it is, and what is done about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileView {
    /// The client.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// The first audit after the contract; `None` while there is none.
    pub before: Option<ScoreView>,
    /// The latest audit.
    pub now: Option<ScoreView>,
    /// Every signal, the one that lacks most first; empty before the first audit.
    pub signals: Vec<SignalRow>,
    /// Edits, in the order in which they were planned.
    pub actions: Vec<ProfileAction>,
    /// When the profile is read again; `None` when no audit is planned.
    pub next_audit: Option<Moment>,
    /// Why no post and no reply goes out now; `None` when they do.
    pub rests: Option<String>,
}

/// The result of one audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreView {
    /// When the profile was read.
    pub at: Moment,
    /// 0-100; `None` when too little could be seen.
    pub score: Option<f64>,
}

/// One field of a profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalRow {
    /// Which.
    #[serde(rename = "signal")]
    pub field: Field,
    /// Points of 100 that it is worth; 0 for a list beside a scored field.
    pub weight: f64,
    /// As the first audit read it; `None` when there was nothing.
    pub before: Option<String>,
    /// Points it had then.
    pub earned_before: f64,
    /// As the latest audit read it.
    pub now: Option<String>,
    /// Points it has now.
    pub earned: f64,
    /// As the client wants it; `None` when nobody said.
    pub wanted: Option<String>,
    /// What would mend it.
    pub remedy: String,
    /// Who can.
    pub by: String,
    /// Whether an edit is planned, or why not.
    pub standing: Standing,
    /// What of the client's value is not written, and why; `None` when nothing is.
    pub left_out: Option<String>,
}

impl SignalRow {
    /// Says why points are missing; `None` when none are.
    pub fn missing(&self) -> Option<String> {
        let by = format!("{} ({})", self.remedy, self.by);
        match &self.standing {
            Standing::Complete => None,
            Standing::Planned => Some("an edit with the client's value".to_owned()),
            Standing::NotGiven => Some(format!("no better value given: {by}")),
            Standing::Invalid(why) => Some(format!("{why}: {by}")),
            Standing::Elsewhere => Some(by),
        }
    }
}

/// A post with whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PostView {
    /// The client's name.
    pub name: String,
    /// The post.
    #[serde(flatten)]
    pub post: PostRow,
    /// Why it does not go out now; `None` when it does, or has.
    pub rests: Option<String>,
}

/// A report in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRow {
    /// The client.
    pub entity: String,
    /// The client's name.
    pub name: String,
    /// `weekly:2026-W06`.
    pub period: String,
    /// When it should be with the client.
    pub due_at: Moment,
    /// When it was.
    pub delivered_at: Option<Moment>,
}

/// A report with the rows behind its findings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportView {
    /// The report.
    pub report: Report,
    /// Its findings; empty before it is measured.
    pub findings: Vec<Evidenced>,
}

/// A finding with its rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidenced {
    /// The finding.
    pub finding: Finding,
    /// Its rows, by table.
    pub rows: Vec<EvidenceRows>,
}

/// The rows of one table that a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRows {
    /// The table.
    pub table: String,
    /// How the finding names them: `41-47,52`.
    pub named: String,
    /// Each row's number and one line of it.
    pub lines: Vec<(u64, String)>,
}

/// Answers a question; `None` means that there is no such client or report, or more than one.
pub(super) fn answer(
    conn: &Connection,
    query: &ServiceQuery,
    now: Moment,
) -> Result<Option<ServiceAnswer>, StoreError> {
    match query {
        ServiceQuery::Profile { mode, client } => {
            let Some(client) = one(conn, *mode, client)? else { return Ok(None) };
            profile(conn, *mode, client, now).map(|view| Some(ServiceAnswer::Profile(view)))
        }
        ServiceQuery::Posts { mode, client: None, limit } => {
            let rows = profile_work::planned_posts(conn, *mode, *limit)?;
            Ok(Some(ServiceAnswer::Posts(post_views(conn, *mode, rows)?)))
        }
        ServiceQuery::Posts { mode, client: Some(client), limit } => {
            let Some(client) = one(conn, *mode, client)? else { return Ok(None) };
            let rows = profile_work::posts(conn, *mode, &client.entity)?;
            let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
            let latest = rows.len().saturating_sub(limit);
            let named = rows.into_iter().skip(latest).map(|post| (client.name.clone(), post));
            Ok(Some(ServiceAnswer::Posts(post_views(conn, *mode, named.collect())?)))
        }
        ServiceQuery::Reports { mode, client, limit } => {
            let entity = match client {
                None => None,
                Some(client) => match one(conn, *mode, client)? {
                    Some(client) => Some(client.entity),
                    None => return Ok(None),
                },
            };
            let rows = reports::list(conn, *mode, entity.as_deref(), *limit)?;
            Ok(Some(ServiceAnswer::Reports(rows.into_iter().map(report_row).collect())))
        }
        ServiceQuery::Report { mode, client, period } => {
            let Some(client) = one(conn, *mode, client)? else { return Ok(None) };
            let Some(report) = reports::get(conn, *mode, &client.entity, period)? else {
                return Ok(None);
            };
            let findings = evidenced(conn, *mode, &report)?;
            Ok(Some(ServiceAnswer::Report(ReportView { report, findings })))
        }
    }
}

/// Puts beside each post why it does not go out: one look at the books for each client.
fn post_views(
    conn: &Connection,
    mode: Mode,
    posts: Vec<(String, PostRow)>,
) -> Result<Vec<PostView>, StoreError> {
    let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut views = Vec::with_capacity(posts.len());
    for (name, post) in posts {
        if !known.contains_key(&post.entity) {
            let at_risk = facts::at_risk(conn, mode, &post.entity)?;
            known.insert(post.entity.clone(), gbp::rests(&at_risk));
        }
        let rests = known.get(&post.entity).cloned().flatten();
        let rests = rests.filter(|_| post.state == PostState::Planned);
        views.push(PostView { name, post, rests });
    }
    Ok(views)
}

/// Says what there is none of, when a question has no answer.
pub(super) fn absent(query: &ServiceQuery) -> (String, &'static str) {
    let keys = "`cep clients --json` has their keys";
    match query {
        ServiceQuery::Profile { client, .. }
        | ServiceQuery::Posts { client: Some(client), .. }
        | ServiceQuery::Reports { client: Some(client), .. } => {
            (format!("no client, or more than one, is called {client:?}"), keys)
        }
        ServiceQuery::Report { client, period, .. } => {
            let why = format!("no one client is called {client:?} and has a report {period:?}");
            (why, "`cep reports` lists them")
        }
        ServiceQuery::Posts { client: None, .. } | ServiceQuery::Reports { client: None, .. } => {
            ("there is no answer".to_owned(), keys)
        }
    }
}

/// Returns the one client that is called so.
pub(super) fn one(
    conn: &Connection,
    mode: Mode,
    called: &str,
) -> Result<Option<Client>, StoreError> {
    let mut found = clients::called(conn, mode, called)?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

fn profile(
    conn: &Connection,
    mode: Mode,
    client: Client,
    now: Moment,
) -> Result<ProfileView, StoreError> {
    let before = profiles::version(conn, mode, &client.entity, "before")?;
    let latest = profiles::latest_of(conn, mode, &client.entity, Source::Gbp.as_column())?;
    let form = onboarding::document(conn, mode, &client.entity, INTAKE_FORM)?;
    let actions = profile_work::actions(conn, mode, &client.entity)?;
    let next_audit = profile_work::next_audit(conn, mode, &client.entity)?;
    let signals = match (&before, &latest) {
        (Some(before), Some(latest)) => {
            let gaps =
                gbp::assess(&read(latest), &gbp_optimizer::intake(form), &client, now.utc_date());
            signals(&read(before), gaps)
        }
        (None, _) | (_, None) => Vec::new(),
    };
    let rests = gbp::rests(&facts::at_risk(conn, mode, &client.entity)?);
    let score = |audit: ProfileAudit| ScoreView { at: audit.observed_at, score: audit.score };
    Ok(ProfileView {
        entity: client.entity,
        name: client.name,
        before: before.map(score),
        now: latest.map(score),
        signals,
        actions,
        next_audit,
        rests,
    })
}

/// Reads the facts of an audit. The store has them as the audit wrote them.
fn read(audit: &ProfileAudit) -> Facts {
    Facts::deserialize(&audit.facts).unwrap_or_default()
}

/// Puts what the first audit read beside what the latest one lacks.
fn signals(before: &Facts, gaps: Vec<gbp::Gap>) -> Vec<SignalRow> {
    let then = audit(before, Knowable::of(Source::Gbp));
    let earned = |field: Field| {
        let line = then.signals.iter().find(|line| Field::Scored(line.signal) == field);
        line.and_then(|line| line.earned).unwrap_or(0.0)
    };
    gaps.into_iter()
        .map(|gap| SignalRow {
            before: gbp::current(before, gap.field),
            earned_before: earned(gap.field),
            field: gap.field,
            weight: gap.weight,
            now: gap.before,
            earned: gap.earned,
            wanted: gap.wanted,
            remedy: gap.remedy,
            by: gap.by,
            standing: gap.standing,
            left_out: gap.left_out,
        })
        .collect()
}

fn report_row((name, report): (String, Report)) -> ReportRow {
    ReportRow {
        entity: report.entity,
        name,
        period: report.period,
        due_at: report.due_at,
        delivered_at: report.delivered_at,
    }
}

/// Reads the rows behind each finding of a report.
fn evidenced(conn: &Connection, mode: Mode, report: &Report) -> Result<Vec<Evidenced>, StoreError> {
    let content = report.metrics.as_ref().and_then(Content::read);
    let mut findings = Vec::new();
    for finding in content.map(|content| content.findings).unwrap_or_default() {
        let mut rows = Vec::new();
        for evidence in &finding.rows {
            rows.push(EvidenceRows {
                table: evidence.table.clone(),
                named: evidence.rows.clone(),
                lines: figures::evidence(conn, mode, &report.entity, evidence)?,
            });
        }
        findings.push(Evidenced { finding, rows });
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gbp::Intake;
    use crate::domain::onboarding::tests::client;
    use crate::domain::profile::Signal;

    #[test]
    fn every_signal_says_what_it_was_what_it_is_and_why_points_are_missing() {
        let before = Facts { photos: Some(2), ..Facts::default() };
        let now = Facts { phone: Some("+12075550100".to_owned()), ..before.clone() };
        let intake = Intake { website: Some("not a site".to_owned()), ..Intake::default() };
        let gaps =
            gbp::assess(&now, &intake, &client("dental", "en"), jiff::civil::date(2026, 1, 20));
        let rows = signals(&before, gaps);
        let row = |signal| rows.iter().find(|row| row.field == Field::Scored(signal)).unwrap();
        assert_eq!(rows.len(), Signal::ALL.len());
        let phone = row(Signal::Phone);
        assert_eq!((phone.before.as_deref(), phone.now.as_deref()), (None, Some("+12075550100")));
        assert!(phone.earned > phone.earned_before);
        assert_eq!(phone.missing(), None);
        assert!(row(Signal::Website).missing().unwrap().contains("no web address"));
        assert!(row(Signal::Photos).missing().unwrap().contains("send ten"));
        assert!(rows.iter().all(|row| (row.earned < row.weight) == row.missing().is_some()));
    }
}
