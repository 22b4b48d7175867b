use std::path::Path;

use super::decide::{Facts, Step, delivered, measured, step};
use super::*;
use crate::config::{self, Settings};
use crate::domain::change::Change;
use crate::domain::finance::{FinanceChange, Report};
use crate::domain::gbp::DailyFigures;
use crate::domain::mode::Mode;
use crate::domain::operations::{ClientState, Plan};
use crate::domain::outcome::Next;
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
        previous: None,
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

fn figure(name: MetricName, value: f64) -> (MetricName, Measured) {
    (name, Measured { value, rows: 1 })
}

fn reading(days: impl IntoIterator<Item = u32>) -> ProfileReading {
    let day = |day: u32| {
        let figures = DailyFigures { impressions: 100, call_clicks: day, ..Default::default() };
        (format!("2026-02-{day:02}"), figures)
    };
    ProfileReading { daily: days.into_iter().map(day).collect(), ..Default::default() }
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

    let outcome = measured(&with_plan, vec![figure(MetricName::PostsLive, 3.0)], None, None);
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
fn the_previous_period_is_what_its_own_report_measured() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let first = facts(&settings, None);
    let previous =
        report_of(&measured(&first, vec![figure(MetricName::ProfileScore, 61.5)], None, None));
    assert_eq!(
        previous.metrics.as_ref().unwrap()["metrics"]["profile_score"]["previous"],
        json!(null)
    );
    let second = Facts { previous: Some(previous), ..facts(&settings, None) };
    let outcome = measured(&second, vec![figure(MetricName::ProfileScore, 88.0)], None, None);
    let metrics = report_of(&outcome).metrics.unwrap();
    assert_eq!(metrics["metrics"]["profile_score"]["previous"]["value"], 61.5);
    assert_eq!(metrics["metrics"]["profile_score"]["change"], 26.5);
}

#[test]
fn a_previous_report_that_was_never_measured_leaves_a_gap() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let planned = report_of(&end(step(&facts(&settings, None), at("2026-02-03T09:00:00Z"))));
    let second = Facts { previous: Some(planned), ..facts(&settings, None) };
    let outcome = measured(&second, vec![figure(MetricName::PostsLive, 2.0)], None, None);
    let metrics = report_of(&outcome).metrics.unwrap();
    assert_eq!(metrics["metrics"]["posts_live"]["previous"], json!(null));
}

#[test]
fn the_provider_s_figures_count_only_when_every_day_of_the_period_is_there() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let whole = measured(&facts(&settings, None), Vec::new(), Some(&reading(1..=12)), None);
    let metrics = report_of(&whole).metrics.unwrap();
    assert_eq!(metrics["metrics"]["profile_views"]["current"]["value"], 700.0);
    // The days from Monday the 2nd to Sunday the 8th.
    assert_eq!(metrics["metrics"]["calls"]["current"]["value"], 35.0);
    let torn = measured(&facts(&settings, None), Vec::new(), Some(&reading(3..=12)), None);
    assert!(report_of(&torn).metrics.unwrap()["metrics"].get("calls").is_none());
}

#[test]
fn a_profile_that_cannot_be_read_leaves_a_gap_and_a_warning() {
    let settings = config::embedded(Path::new("/tmp/cep")).unwrap();
    let why = Some("no_access: the provider says no".to_owned());
    let outcome =
        measured(&facts(&settings, None), vec![figure(MetricName::PostsLive, 1.0)], None, why);
    assert_eq!(outcome.events[0].kind, "figures_missing");
    assert!(report_of(&outcome).metrics.is_some());
}
