use std::path::Path;

use super::decide::{Facts, Step, Stored, delivered, settled, step, windows};
use super::*;
use crate::config::{self, Settings};
use crate::domain::change::Change;
use crate::domain::finance::{FinanceChange, Report};
use crate::domain::gbp::{DailyFigures, Intake};
use crate::domain::mode::Mode;
use crate::domain::operations::{ClientState, Plan};
use crate::domain::outcome::Next;
use crate::domain::report::{Content, MetricName, Reading};
use crate::domain::time::{HOUR_MS, Moment};

fn at(text: &str) -> Moment {
    text.parse().unwrap()
}

fn client() -> Client {
    Client {
        entity: "osm:node/1".to_owned(),
        name: "A Dental".to_owned(),
        category: "dental".to_owned(),
        email: "a@dental.example".to_owned(),
        phone: None,
        zone: "UTC".to_owned(),
        language: "en".to_owned(),
        plan: Plan::Starter,
        state: ClientState::Active,
        workspace: None,
        customer_id: None,
        signed_at: at("2026-01-12T09:00:00Z"),
        live_at: Some(at("2026-02-03T09:00:00Z")),
        churned_at: None,
    }
}

fn facts(settings: &Settings, report: Option<Report>) -> Facts<'_> {
    Facts {
        mode: Mode::Dry,
        settings,
        client: client(),
        period: Period::read("weekly:2026-W06").unwrap(),
        report,
    }
}

fn report_of(outcome: &StepOutcome) -> Report {
    outcome
        .changes
        .iter()
        .find_map(|change| {
            let Change::Finance(FinanceChange::Report(report)) = change else { return None };
            Some((**report).clone())
        })
        .unwrap()
}

fn scheduled(outcome: &StepOutcome) -> Moment {
    let Next::Scheduled { at, .. } = &outcome.next else { panic!("{:?}", outcome.next) };
    *at
}

fn end(step: Step) -> StepOutcome {
    let Step::End(outcome) = step else { panic!("{step:?}") };
    *outcome
}

/// Measures the report with `stored` rows and what a reading at its time says.
fn measured(facts: &Facts<'_>, stored: Stored, reading: &ProfileReading) -> StepOutcome {
    let now = facts.period.ends_at.plus_ms(3 * DAY_MS);
    let windows = windows(facts).unwrap();
    decide::measured(facts, &windows, stored, &settled(reading, now), None)
}

fn content(outcome: &StepOutcome) -> Content {
    Content::read(&report_of(outcome).metrics.unwrap()).unwrap()
}

/// A reading with `calls` on each day of the window, by the day's place in it.
fn reading(first: &str, n: i64, calls: fn(i64) -> u32) -> ProfileReading {
    let from = at(&format!("{first}T00:00:00Z"));
    let day = |n: i64| {
        let figures =
            DailyFigures { impressions: 100, call_clicks: calls(n), ..Default::default() };
        (from.plus_ms(n * DAY_MS).utc_date().to_string(), figures)
    };
    ProfileReading { daily: (0..n).map(day).collect(), ..Default::default() }
}

fn live(client: Client, at_text: &str) -> Client {
    Client { live_at: Some(at(at_text)), ..client }
}

/// The same as `facts`, of a client who has been live for long.
fn long_live<'a>(settings: &'a Settings, period: &str) -> Facts<'a> {
    Facts {
        client: live(client(), "2025-06-03T09:00:00Z"),
        period: Period::read(period).unwrap(),
        ..facts(settings, None)
    }
}

#[test]
fn a_report_is_due_and_its_follower_planned_before_anything_is_measured() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let outcome = end(step(&facts(&settings, None), at("2026-02-03T09:00:00Z")));
    let report = report_of(&outcome);
    assert_eq!(report.due_at, at("2026-02-14T00:00:00Z"));
    assert_eq!((report.delivered_at, &report.metrics), (None, &None));
    assert_eq!(scheduled(&outcome), at("2026-02-12T00:00:00Z"));
    assert_eq!(outcome.units[0].name.version, "weekly:2026-W07");
    assert_eq!(outcome.units[0].run_at, Some(at("2026-02-09T00:00:00Z")));
}

#[test]
fn a_client_who_left_gets_no_new_report() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let gone = Client { state: ClientState::Churned, ..client() };
    let outcome =
        end(step(&Facts { client: gone, ..facts(&settings, None) }, at("2026-02-03T09:00:00Z")));
    assert!(matches!(outcome.next, Next::Skipped(_)));
    assert!(outcome.units.is_empty() && outcome.changes.is_empty());
}

#[test]
fn a_report_is_measured_when_figures_settled_sent_as_stored_and_then_done() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let planned = report_of(&end(step(&facts(&settings, None), at("2026-02-03T09:00:00Z"))));
    let with_plan = facts(&settings, Some(planned.clone()));
    let early = end(step(&with_plan, at("2026-02-11T00:00:00Z")));
    assert_eq!(scheduled(&early), at("2026-02-12T00:00:00Z"));
    let measure_at = at("2026-02-12T00:00:00Z");
    assert!(matches!(step(&with_plan, measure_at), Step::Measure));

    let outcome = measured(&with_plan, Stored::default(), &ProfileReading::default());
    assert_eq!(scheduled(&outcome), measure_at.plus_ms(9 * HOUR_MS));
    let stored = report_of(&outcome);
    let with_figures = facts(&settings, Some(stored.clone()));
    let Step::Deliver(delivery) = step(&with_figures, at("2026-02-13T17:00:00Z")) else {
        panic!("it is to be sent")
    };
    assert_eq!(Some(&delivery.markdown), stored.markdown.as_ref());
    assert_eq!(Some(&delivery.json), stored.metrics.as_ref());
    assert!(delivery.markdown.contains("Simulated"));

    let sent = delivered(&with_figures, at("2026-02-13T17:00:00Z"));
    let row = report_of(&sent);
    assert_eq!(row.delivered_at, Some(at("2026-02-13T17:00:00Z")));
    let again = facts(&settings, Some(row));
    assert_eq!(end(step(&again, at("2026-02-14T00:00:00Z"))).next, Next::Done);
}

#[test]
fn the_first_report_is_of_a_part_of_the_week_and_says_so() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let first = facts(&settings, None);
    let outcome = measured(&first, Stored::default(), &reading("2026-01-01", 40, |_| 2));
    let found = content(&outcome);
    assert!(!found.is_whole());
    assert_eq!((found.covers.first_day(), found.covers.days()), ("2026-02-03".to_owned(), 6));
    assert!((found.metrics[&MetricName::Calls].current.as_ref().unwrap().value - 12.0).abs() < 0.1);
    let text = report_of(&outcome).markdown.unwrap();
    assert!(
        text.contains("**Part of a week:** the work went live on 2026-02-03, so 6 days"),
        "{text}"
    );
}

#[test]
fn a_figure_is_compared_with_as_many_days_before_or_not_at_all() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let february = long_live(&settings, "monthly:2026-02");
    let known = reading("2026-01-04", 56, |n| if n < 28 { 1 } else { 3 });
    let calls = content(&measured(&february, Stored::default(), &known)).metrics
        [&MetricName::Calls]
        .clone();
    assert_eq!((calls.change, calls.year_ago), (Some(56.0), None));
    // Without the 4th of January only 27 days before are known.
    let torn = reading("2026-01-05", 55, |n| if n < 27 { 1 } else { 3 });
    let found = content(&measured(&february, Stored::default(), &torn));
    let calls = &found.metrics[&MetricName::Calls];
    assert!(calls.current.is_some());
    assert_eq!((&calls.previous, calls.change), (&None, None));
    assert!(found.findings.iter().all(|finding| !finding.kind.contains("calls")));
}

#[test]
fn a_day_that_may_still_change_is_not_counted() {
    let now = at("2026-02-12T00:00:00Z");
    let days = settled(&reading("2026-02-01", 12, |_| 1), now);
    assert_eq!(days.keys().next_back().map(String::as_str), Some("2026-02-08"));
}

#[test]
fn days_that_the_provider_corrected_are_stored_again_and_the_others_are_not() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let week = long_live(&settings, "weekly:2026-W06");
    let read = reading("2026-01-26", 14, |_| 4);
    let mut days = read.daily.clone();
    days.get_mut("2026-02-05").unwrap().call_clicks = 3;
    days.remove("2026-02-08");
    let outcome = measured(&week, Stored { days, ..Stored::default() }, &read);
    let fresh: Vec<String> = outcome
        .changes
        .iter()
        .find_map(|change| {
            let Change::Finance(FinanceChange::Days { days, .. }) = change else { return None };
            Some(days.keys().cloned().collect())
        })
        .unwrap();
    assert_eq!(fresh, ["2026-02-05", "2026-02-08"]);
}

#[test]
fn a_quarter_shows_its_months_and_a_week_none() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let quarter = long_live(&settings, "quarterly:2026-Q1");
    let stored = Stored { months: vec![Reading::default(); 3], ..Stored::default() };
    let found = content(&measured(&quarter, stored, &reading("2026-01-01", 90, |_| 1)));
    let months: Vec<_> = found
        .months
        .iter()
        .map(|part| (part.label.as_str(), part.figures[&MetricName::Calls].value))
        .collect();
    assert_eq!(months, [("2026-01", 31.0), ("2026-02", 28.0), ("2026-03", 31.0)]);
    let week = long_live(&settings, "weekly:2026-W06");
    let found = content(&measured(&week, Stored::default(), &reading("2026-01-01", 60, |_| 1)));
    assert!(found.months.is_empty());
}

#[test]
fn calls_have_a_value_only_by_the_client_s_own_figures() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let signed = at("2026-01-12T09:00:00Z");
    let month = Facts {
        client: Client { signed_at: signed, ..live(client(), "2026-01-30T09:00:00Z") },
        ..long_live(&settings, "monthly:2026-02")
    };
    let read = reading("2025-12-01", 90, |n| if n < 60 { 1 } else { 4 });
    let without = content(&measured(&month, Stored::default(), &read));
    assert_eq!(without.value, None);
    let intake =
        Intake { job_value_minor: Some(20_000), jobs_per_100_calls: Some(25), ..Intake::default() };
    let stored = Stored { intake, ..Stored::default() };
    let found = content(&measured(&month, stored, &read)).value.unwrap();
    assert!(found.baseline_days.to <= signed, "{:?}", found.baseline_days);
    assert_eq!(found.baseline_days.days(), 28);
    // 28 days of four calls, less 28 of one; a quarter of them at 200.00.
    assert_eq!(found.value.minor, (112 - 28) * 5_000);
    assert!(found.return_on_fee.is_some(), "a whole month has a fee");
}

#[test]
fn a_profile_that_cannot_be_read_leaves_a_gap_and_a_warning() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let facts = facts(&settings, None);
    let why = Some("no_access: the provider says no".to_owned());
    let windows = windows(&facts).unwrap();
    let outcome = decide::measured(&facts, &windows, Stored::default(), &Days::new(), why);
    assert_eq!(outcome.events[0].kind, "figures_missing");
    assert!(report_of(&outcome).metrics.is_some());
}
