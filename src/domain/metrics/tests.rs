use super::*;

fn close(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|value| (value - expected).abs() < 1e-9), "{found:?}");
}

fn month() -> Bridge {
    Bridge {
        start: 550_000,
        new: 50_000,
        reactivation: 50_000,
        expansion: 100_000,
        contraction: -150_000,
        churn: -150_000,
        end: 450_000,
        customers_start: 4,
        customers_lost: 1,
        customers_new: 1,
        customers_end: 5,
    }
}

#[test]
fn the_figures_of_a_month_kept_by_hand() {
    close(logo_churn(&month()), 0.25);
    close(gross_revenue_churn(&month()), 300.0 / 550.0);
    close(net_revenue_retention(&month()), 350.0 / 550.0);
    close(gross_revenue_retention(&month()), 250.0 / 550.0);
    close(revenue_per_account(450_000, 5), 90_000.0);
    close(gross_margin(400_000, 100_000), 0.75);
    close(acquisition_cost(120_000, 4), 30_000.0);
    close(payback_months(Some(30_000.0), Some(50_000.0), Some(0.75)), 0.8);
    close(return_on_investment(300, 100), 2.0);
}

#[test]
fn a_figure_without_a_denominator_is_undefined_and_not_zero() {
    let nothing = Bridge::default();
    assert_eq!(logo_churn(&nothing), None);
    assert_eq!(net_revenue_retention(&nothing), None);
    assert_eq!(gross_revenue_retention(&nothing), None);
    assert_eq!(revenue_per_account(0, 0), None);
    assert_eq!(gross_margin(0, 0), None);
    assert_eq!(acquisition_cost(1_000, 0), None);
    assert_eq!(lifetime_value(None, Some(0.7), Some(0.02)), None);
}

#[test]
fn a_value_without_churn_is_cut_at_the_horizon_and_says_so() {
    let capped = lifetime_value(Some(50_000.0), Some(0.8), Some(0.0)).unwrap();
    assert!(capped.capped && (capped.minor - 1_440_000.0).abs() < 1e-6);
    let measured = lifetime_value(Some(50_000.0), Some(0.8), Some(0.05)).unwrap();
    assert!(!measured.capped && (measured.minor - 800_000.0).abs() < 1e-6);
}
