//! Decides which step a report is at, what it says and what it is sent with.

use super::report_unit;
use crate::config::Settings;
use crate::domain::effect::{Mail, ReportDelivery};
use crate::domain::event::NewEvent;
use crate::domain::finance::{FinanceChange, Report};
use crate::domain::gbp::{DailyFigures, Intake, ProfileReading};
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::operations::{Client, ClientState};
use crate::domain::outcome::{Next, StepOutcome};
use crate::domain::report::{
    self, Cadence, ClientValue, Content, Days, Known, MetricName, Part, Period, Reading,
    ScorePoint, ValueInputs, Window,
};
use crate::domain::text::clean;
use crate::domain::time::{DAY_MS, HOUR_MS, Moment};

/// Days after which a day's figures are taken for final: they arrive two to three days late.
const SETTLED_DAYS: i64 = 4;

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
        self.days_after(self.settings.reporting.due_after_days.of(self.period.cadence))
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
    let next = facts.period.next();
    later(facts.measure_at(), "the period is not over and settled")
        .change(FinanceChange::Report(Box::new(unmeasured(facts))))
        .unit(report_unit(&client.entity, &client.name, next).at(next.starts_at))
}

/// The row of a report that is planned and no more.
fn unmeasured(facts: &Facts<'_>) -> Report {
    Report {
        entity: facts.client.entity.clone(),
        period: facts.period.to_string(),
        starts_at: facts.period.starts_at,
        ends_at: facts.period.ends_at,
        due_at: facts.due_at(),
        delivered_at: None,
        metrics: None,
        markdown: None,
    }
}

/// The windows that a report is made of.
pub(super) struct Windows {
    /// The days of the report.
    pub(super) covers: Window,
    /// Of a quarter, its months.
    pub(super) months: Vec<(Period, Window)>,
    /// As many days, on the same weekdays, before the contract.
    pub(super) baseline: Window,
}

/// Returns the windows of a report; `None` for a period before go-live.
pub(super) fn windows(facts: &Facts<'_>) -> Option<Windows> {
    let covers = Window::of(&facts.period, facts.client.live_at)?;
    Some(Windows {
        covers,
        months: report::months(&facts.period, covers),
        baseline: covers.ending_by(facts.client.signed_at),
    })
}

/// What our own rows know when a report is measured.
#[derive(Default)]
pub(super) struct Stored {
    /// Of the days of the report.
    pub(super) current: Reading,
    /// Of as many days before.
    pub(super) previous: Reading,
    /// Of the same weekdays a year ago.
    pub(super) year_ago: Reading,
    /// Of each month of a quarter.
    pub(super) months: Vec<Reading>,
    /// Of the days before the contract.
    pub(super) baseline: Reading,
    /// The days that are stored of those that were read now.
    pub(super) days: Days,
    /// The fields brought up to date.
    pub(super) fields: Vec<String>,
    /// The profile's audits.
    pub(super) scores: Vec<ScorePoint>,
    /// What the client says.
    pub(super) intake: Intake,
}

/// Returns the days of a reading that will not change any more.
pub(super) fn settled(reading: &ProfileReading, now: Moment) -> Days {
    let last = now.plus_ms(-SETTLED_DAYS * DAY_MS).utc_date().to_string();
    reading.daily.range(..=last).map(|(day, figures)| (day.clone(), *figures)).collect()
}

/// Stores what was measured, and the report written from it.
pub(super) fn measured(
    facts: &Facts<'_>,
    windows: &Windows,
    mut stored: Stored,
    read: &Days,
    why_not: Option<String>,
) -> StepOutcome {
    let fresh: Days = read
        .iter()
        .filter(|(day, figures)| stored.days.get(*day) != Some(*figures))
        .map(|(day, figures)| (day.clone(), *figures))
        .collect();
    for reading in
        [&mut stored.current, &mut stored.previous, &mut stored.year_ago, &mut stored.baseline]
            .into_iter()
            .chain(&mut stored.months)
    {
        reading.days.extend(read.iter().map(|(day, figures)| (day.clone(), *figures)));
    }
    let content = content(facts, windows, stored);
    let row = Report {
        metrics: serde_json::to_value(&content).ok(),
        markdown: Some(report::markdown(&content)),
        ..unmeasured(facts)
    };
    let mut outcome = later(facts.send_at(), "measured; sent in the morning")
        .change(FinanceChange::Report(Box::new(row)));
    if !fresh.is_empty() {
        let entity = facts.client.entity.clone();
        outcome = outcome.change(FinanceChange::Days { entity, days: fresh });
    }
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

fn content(facts: &Facts<'_>, windows: &Windows, stored: Stored) -> Content {
    let covers = windows.covers;
    let metrics = report::metrics(
        report::figures(&stored.current, covers),
        report::figures(&stored.previous, covers.before()),
        report::figures(&stored.year_ago, covers.a_year_ago()),
    );
    let days = stored.current.whole_days(covers).unwrap_or_default();
    let before = stored.previous.whole_days(covers.before()).unwrap_or_default();
    let known =
        Known { metrics: &metrics, window: covers, days: [&days, &before], fields: &stored.fields };
    let first_to_last = covers.first_day()..=covers.last_day();
    Content {
        client: facts.client.name.clone(),
        agency: facts.settings.agency.name.clone(),
        period: facts.period,
        covers,
        simulated: facts.mode == Mode::Dry,
        findings: report::findings(&known),
        value: value(facts, windows, &stored),
        scores: stored.scores,
        daily: if days.is_empty() {
            Days::new()
        } else {
            let days = stored.current.days.range(first_to_last);
            days.map(|(day, figures)| (day.clone(), *figures)).collect()
        },
        months: windows
            .months
            .iter()
            .zip(&stored.months)
            .map(|((month, days), reading)| Part::new(month, *days, reading))
            .collect(),
        metrics,
    }
}

/// Values the additional calls by the client's own figures: against the same weekdays a year ago,
/// or else against those before the contract.
fn value(facts: &Facts<'_>, windows: &Windows, stored: &Stored) -> Option<ClientValue> {
    let covers = windows.covers;
    let inputs = ValueInputs {
        job_value: Money::new(stored.intake.job_value_minor?, facts.settings.pricing.currency),
        booking_rate: f64::from(stored.intake.jobs_per_100_calls?) / 100.0,
        fee: fee(facts, covers),
    };
    let calls = |days: &[DailyFigures]| -> Vec<f64> {
        days.iter().map(|day| f64::from(day.call_clicks)).collect()
    };
    let now = report::figures(&stored.current, covers).remove(&MetricName::Calls)?;
    let days = calls(&stored.current.whole_days(covers)?);
    [(&stored.year_ago, covers.a_year_ago()), (&stored.baseline, windows.baseline)]
        .into_iter()
        .filter(|(_, window)| window.to <= facts.client.signed_at)
        .find_map(|(reading, window)| Some((reading.whole_days(window)?, reading, window)))
        .and_then(|(earlier, reading, window)| {
            let before = report::figures(reading, window).remove(&MetricName::Calls)?;
            let spread = report::spread([&calls(&earlier), &days]);
            report::client_value(&inputs, &now, &before, window, spread)
        })
}

/// What the client paid for the days of the report: known for whole months and quarters.
fn fee(facts: &Facts<'_>, covers: Window) -> Option<Money> {
    let months = match facts.period.cadence {
        Cadence::Weekly => return None,
        Cadence::Monthly => 1,
        Cadence::Quarterly => 3,
    };
    let monthly = facts.settings.pricing.of(facts.client.plan).monthly;
    (covers.from == facts.period.starts_at)
        .then(|| Money::new(monthly.minor * months, monthly.currency))
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
            "Hello {name},\n\nattached is the report on your public profile for {label}, as PDF \
             and as text. Every figure in it was measured; where nothing was measured it says \
             so.\n\n{}\n",
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
