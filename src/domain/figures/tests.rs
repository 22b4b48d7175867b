use super::*;
use crate::domain::finance::{Account, CostCategory};
use crate::domain::ledger::movement;
use crate::domain::report::Cadence;
use crate::domain::time::{DAY_MS, Moment};

fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

fn month(text: &str) -> Period {
    let at: Moment = format!("{text}-15T00:00:00Z").parse().unwrap();
    Period::containing(Cadence::Monthly, at)
}

struct Books(Vec<LedgerRow>);

impl Books {
    fn line(&mut self, entity: &str, account: Account, minor: i64, at: Moment) -> &mut LedgerEntry {
        let id = i64::try_from(self.0.len()).unwrap() + 1;
        let entry = LedgerEntry {
            entity: entity.to_owned(),
            account,
            movement: None,
            category: None,
            amount: Money::new(minor, usd()),
            at,
            reference: format!("r{id}"),
        };
        self.0.push(LedgerRow { id, entry, note: None });
        &mut self.0.last_mut().unwrap().entry
    }

    fn mrr(&mut self, client: &str, minor: i64, at: Moment) {
        let booked = || self.0.iter().filter(|row| row.entry.entity == client);
        let before: i64 = booked().map(|row| row.entry.amount.minor).sum();
        let (kind, change) = movement(before, minor, booked().next().is_some()).unwrap();
        self.line(client, Account::Mrr, change, at).movement = Some(kind);
    }
}

fn day(month: Period, day: i64) -> Moment {
    month.starts_at.plus_ms(day * DAY_MS)
}

/// Ten clients at 500 in January; in February one leaves, one doubles, two come at 500. February's
/// cash is 5,000, selling cost 600, delivery 2,000.
fn february() -> (Books, Period) {
    let (january, february) = (month("2026-01"), month("2026-02"));
    let mut books = Books(Vec::new());
    for client in 0..10 {
        books.mrr(&format!("c{client}"), 50_000, day(january, 3));
    }
    books.mrr("c0", 0, day(february, 3));
    books.mrr("c1", 100_000, day(february, 4));
    books.mrr("d0", 50_000, day(february, 5));
    books.mrr("d1", 50_000, day(february, 6));
    books.line("c1", Account::Revenue, 520_000, day(february, 7));
    books.line("c1", Account::Refund, -20_000, day(february, 8));
    books.line("", Account::Cost, -60_000, day(february, 9)).category =
        Some(CostCategory::Marketing);
    books.line("", Account::Cost, -200_000, day(february, 9)).category =
        Some(CostCategory::Delivery);
    (books, february)
}

#[test]
fn a_month_reckoned_by_hand_comes_out_the_same() {
    let (books, february) = february();
    let figures = reckon(&books.0, usd(), february, &["c1".to_owned()]);
    for (name, expected) in [
        ("mrr_start", 500_000.0),
        ("mrr_new", 100_000.0),
        ("mrr_expansion", 50_000.0),
        ("mrr_churn", -50_000.0),
        ("mrr_end", 600_000.0),
        ("arr", 7_200_000.0),
        ("clients_end", 11.0),
        ("logo_churn", 0.1),
        ("net_revenue_retention", 1.0),
        ("gross_revenue_retention", 0.9),
        ("cash", 500_000.0),
        // 600.00 for two clients.
        ("acquisition_cost", 30_000.0),
        // (5,000 − 2,000) ÷ 5,000.
        ("gross_margin", 0.6),
        // 6,000 ÷ 11 × 0.6 ÷ 0.1.
        ("lifetime_value", 600_000.0 / 11.0 * 0.6 / 0.1),
        ("payback_months", 30_000.0 / (600_000.0 / 11.0 * 0.6)),
        // 5,000 ÷ 2,600 − 1.
        ("return_on_investment", 500_000.0 / 260_000.0 - 1.0),
        ("mrr_at_risk", 100_000.0),
    ] {
        let value = figures.value(name).unwrap_or_else(|| panic!("{name} is undefined"));
        assert!((value - expected).abs() < 1e-6, "{name}: {value}, expected {expected}");
    }
}

#[test]
fn every_figure_names_the_rows_it_rests_on_and_the_bridge_adds_up() {
    let (books, february) = february();
    let figures = reckon(&books.0, usd(), february, &[]);
    let rows =
        |name: &str| figures.figures.iter().find(|one| one.name == name).unwrap().rows.clone();
    assert_eq!(rows("mrr_churn"), [11, 12, 13, 14], "the movements of the month");
    assert_eq!(rows("cash"), [15, 16]);
    assert_eq!((rows("sales_cost"), rows("delivery_cost")), (vec![17], vec![18]));
    let value = |name: &str| figures.value(name).unwrap();
    let moved: f64 = ["new", "reactivation", "expansion", "contraction", "churn"]
        .iter()
        .map(|kind| value(&format!("mrr_{kind}")))
        .sum();
    assert!((value("mrr_end") - value("mrr_start") - moved).abs() < 1e-9);
}

#[test]
fn a_month_without_costs_or_clients_knows_no_margin_no_value_and_no_forecast() {
    let figures = reckon(&[], usd(), month("2026-01"), &[]);
    for name in ["logo_churn", "gross_margin", "lifetime_value", "delivery_cost", "mrr_forecast"] {
        assert_eq!(figures.value(name), None, "{name}");
    }
    let all = figures.as_json();
    assert_eq!((&all["logo_churn"], &all["mrr_end"]), (&Value::Null, &json!(0)));
    assert_eq!(written(Unit::Share, None, usd()), "unknown");
}

/// Ten clients at 500 for three months, and one more each month: 500 new on average, nothing lost.
#[test]
fn a_forecast_needs_three_months_and_ten_clients_and_says_what_it_assumes() {
    let mut books = Books(Vec::new());
    let december = month("2025-12");
    for client in 0..10 {
        books.mrr(&format!("c{client}"), 50_000, day(december, 3));
    }
    for (index, name) in ["2026-01", "2026-02", "2026-03"].iter().enumerate() {
        books.mrr(&format!("d{index}"), 50_000, day(month(name), 3));
    }
    let of = |name: &str| reckon(&books.0, usd(), month(name), &[]);
    assert_eq!(of("2026-03").value("mrr_forecast"), Some(650_000.0 + 3.0 * 50_000.0));
    let early = of("2026-01");
    assert_eq!(early.value("mrr_forecast"), None);
    let note = &early.figures.iter().find(|one| one.name == "mrr_forecast").unwrap().note;
    assert_eq!(
        note.as_deref(),
        Some("refused: 1 months with clients at their start, 3 are needed")
    );
}

#[test]
fn what_a_second_close_changes_is_named() {
    let before = json!({"cash": 100, "mrr_end": 5});
    let after = json!({"cash": 90, "mrr_end": 5});
    assert_eq!(changes(&before, &after), [("cash".to_owned(), json!(100), json!(90))]);
}

#[test]
fn no_two_figures_share_a_name_and_each_says_how_it_is_reckoned() {
    let names: std::collections::BTreeSet<_> = DEFINITIONS.iter().map(|one| one.name).collect();
    assert_eq!(names.len(), DEFINITIONS.len());
    assert!(DEFINITIONS.iter().all(|one| !one.formula.is_empty() && !one.undefined.is_empty()));
}
