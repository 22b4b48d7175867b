//! Decides which step a report is at, what it says and what it is sent with.

use serde::Deserialize;

use super::report_unit;
use crate::config::Settings;
use crate::domain::effect::{Mail, ReportDelivery};
use crate::domain::event::NewEvent;
use crate::domain::finance::{FinanceChange, Report};
use crate::domain::gbp::{DailyFigures, ProfileReading};
use crate::domain::mode::Mode;
use crate::domain::operations::{Client, ClientState};
use crate::domain::outcome::{Next, StepOutcome};
use crate::domain::report::{self, Content, Measured, MetricName, Period};
use crate::domain::text::clean;
use crate::domain::time::{DAY_MS, HOUR_MS, Moment};

/// The hour (UTC) at which a report is sent: a client's working day in the zones we serve.
const SEND_HOUR: i64 = 9;

/// How much of a client's name fits into a subject.
const NAME_CHARS_MAX: usize = 80;

/// All that a step is decided from.
pub(super) struct Facts<'a> {
    pub(super) mode: Mode,
    pub(super) settings: &'a Settings,
    pub(super) client: Client,
    pub(super) period: Period,
    /// This period's row, once planned.
    pub(super) report: Option<Report>,
    /// The row of the period before.
    pub(super) previous: Option<Report>,
}

impl Facts<'_> {
    fn days_after(&self, days: u32) -> Moment {
        self.period.ends_at.plus_ms(i64::from(days) * DAY_MS)
    }

    /// When figures have settled.
    fn measure_at(&self) -> Moment {
        self.days_after(self.settings.reporting.settle_days)
    }

    /// When the report is sent.
    fn send_at(&self) -> Moment {
        self.measure_at().plus_ms(SEND_HOUR * HOUR_MS)
    }

    /// When it should be with the client.
    fn due_at(&self) -> Moment {
        self.days_after(self.settings.reporting.due_after_days)
    }
}

/// What a report needs next.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing outside: this is the outcome.
    End(Box<StepOutcome>),
    /// Its figures.
    Measure,
    /// To be sent, as stored.
    Deliver(Box<ReportDelivery>),
}

/// Decides the next step.
pub(super) fn step(facts: &Facts<'_>, now: Moment) -> Step {
    let Some(report) = &facts.report else {
        return Step::End(Box::new(planned(facts)));
    };
    if report.delivered_at.is_some() {
        return Step::End(Box::new(StepOutcome::done()));
    }
    match (&report.metrics, &report.markdown) {
        (Some(metrics), Some(markdown)) if now >= facts.send_at() => {
            Step::Deliver(Box::new(ReportDelivery {
                entity: facts.client.entity.clone(),
                period: report.period.clone(),
                markdown: markdown.clone(),
                json: metrics.clone(),
                mail: mail(facts),
            }))
        }
        (Some(_), Some(_)) => Step::End(Box::new(later(facts.send_at(), "sent in the morning"))),
        (_, _) if now >= facts.measure_at() => Step::Measure,
        (_, _) => Step::End(Box::new(later(facts.measure_at(), "figures settle first"))),
    }
}

fn later(at: Moment, why: &str) -> StepOutcome {
    StepOutcome::with(Next::Scheduled { at: at.ceil_quarter_hour(), why: why.to_owned() })
}

/// Plans a report: its row, so that it counts as due, and the unit of the next period.
fn planned(facts: &Facts<'_>) -> StepOutcome {
    let client = &facts.client;
    if client.state == ClientState::Churned {
        return StepOutcome::skipped("the client has left");
    }
    let report = Report {
        entity: client.entity.clone(),
        period: facts.period.to_string(),
        starts_at: facts.period.starts_at,
        ends_at: facts.period.ends_at,
        due_at: facts.due_at(),
        delivered_at: None,
        metrics: None,
        markdown: None,
    };
    let next = facts.period.next();
    later(facts.measure_at(), "the period is not over and settled")
        .change(FinanceChange::Report(Box::new(report)))
        .unit(report_unit(&client.entity, &client.name, next).at(next.starts_at))
}

/// Stores what was measured, and the report written from it.
pub(super) fn measured(
    facts: &Facts<'_>,
    mut figures: Vec<(MetricName, Measured)>,
    reading: Option<&ProfileReading>,
    why_not: Option<String>,
) -> StepOutcome {
    figures.extend(reading.iter().flat_map(|reading| performance(reading, facts.period)));
    let previous = facts.previous.as_ref().and_then(stored_figures);
    let metrics = report::compare(&figures, previous.as_deref());
    let content = Content {
        client: facts.client.name.clone(),
        agency: facts.settings.agency.name.clone(),
        period: facts.period,
        findings: report::findings(&metrics),
        metrics,
        simulated: facts.mode == Mode::Dry,
    };
    let row = Report {
        entity: facts.client.entity.clone(),
        period: facts.period.to_string(),
        starts_at: facts.period.starts_at,
        ends_at: facts.period.ends_at,
        due_at: facts.due_at(),
        delivered_at: None,
        metrics: Some(report::json(&content)),
        markdown: Some(report::markdown(&content)),
    };
    let outcome = later(facts.send_at(), "measured; sent in the morning")
        .change(FinanceChange::Report(Box::new(row)));
    match why_not {
        Some(why) => {
            let text = format!(
                "report {} of {}: the profile's figures are missing: {why}",
                facts.period.label(),
                facts.client.name
            );
            outcome.event(NewEvent::warn("figures_missing", text))
        }
        None => outcome,
    }
}

/// Sums the provider's figures over the period; a period with a missing day was not measured.
fn performance(reading: &ProfileReading, period: Period) -> Vec<(MetricName, Measured)> {
    let first = period.starts_at.utc_date().to_string();
    let end = period.ends_at.utc_date().to_string();
    let days: Vec<&DailyFigures> =
        reading.daily.range(first..end).map(|(_, figures)| figures).collect();
    let wanted = period.ends_at.since(period.starts_at) / DAY_MS;
    if i64::try_from(days.len()).ok() != Some(wanted) {
        return Vec::new();
    }
    let sum = |of: fn(&DailyFigures) -> u32| Measured {
        value: days.iter().map(|figures| f64::from(of(figures))).sum(),
        rows: days.len() as u64,
    };
    vec![
        (MetricName::ProfileViews, sum(|day| day.impressions)),
        (MetricName::Calls, sum(|day| day.call_clicks)),
        (MetricName::WebsiteClicks, sum(|day| day.website_clicks)),
        (MetricName::DirectionRequests, sum(|day| day.direction_requests)),
    ]
}

/// Reads the figures that a report stored; `None` when it was never measured.
fn stored_figures(report: &Report) -> Option<Vec<(MetricName, Measured)>> {
    let metrics = report.metrics.as_ref()?.get("metrics")?;
    let figures = MetricName::ALL
        .into_iter()
        .filter_map(|name| {
            let current = metrics.get(name.as_column())?.get("current")?;
            Some((name, Measured::deserialize(current).ok()?))
        })
        .collect();
    Some(figures)
}

/// The mail that carries the report.
fn mail(facts: &Facts<'_>) -> Mail {
    let agency = &facts.settings.agency;
    let name = clean(&facts.client.name, NAME_CHARS_MAX);
    let label = facts.period.label();
    Mail {
        to: facts.client.email.clone(),
        to_name: name.clone(),
        from: agency.from_email.clone(),
        from_name: agency.from_name.clone(),
        subject: format!("Your profile report {label}"),
        text: format!(
            "Hello {name},\n\nattached is the report on your public profile for {label}. Every \
             figure in it was measured; where nothing was measured it says so.\n\n{}\n",
            agency.from_name
        ),
        unsubscribe_url: None,
        booking_url: None,
    }
}

/// The outcome of a delivered report.
pub(super) fn delivered(facts: &Facts<'_>, now: Moment) -> StepOutcome {
    let Some(report) = facts.report.clone() else { return StepOutcome::done() };
    let text = format!("report {} went to {}", facts.period.label(), facts.client.name);
    StepOutcome::done()
        .change(FinanceChange::Report(Box::new(Report { delivered_at: Some(now), ..report })))
        .event(NewEvent::info("report_delivered", text))
}
