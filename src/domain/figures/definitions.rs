//! Defines which figures there are: name, unit, formula, and when there is none.

use serde::{Deserialize, Serialize};

use crate::domain::finance::{Account, CostCategory, LedgerEntry};
use crate::domain::report::Period;

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Minor units of the currency.
    Money,
    /// Clients.
    Clients,
    /// A share of one.
    Share,
    /// Months.
    Months,
    /// A factor.
    Factor,
}

/// One row of the table of figures.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Definition {
    /// Its name, as in JSON.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// How it is reckoned.
    pub formula: &'static str,
    /// When there is none.
    pub undefined: &'static str,
    /// Which lines of the ledger it rests on.
    pub(super) rests_on: Rests,
}

/// Which lines a figure rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Rests {
    /// Movements of MRR up to the month's end.
    Mrr,
    /// Movements within the month.
    Moved,
    /// Payments, refunds and lost disputes of the month.
    Cash,
    /// Costs of winning clients in the month.
    Winning,
    /// Costs of delivery in the month.
    Delivery,
    /// All costs of the month.
    Costs,
    /// Tax lines of the month.
    Tax,
    /// Credit of clients up to the month's end.
    Credit,
}

const NEVER: &str = "never";

const fn row(
    name: &'static str,
    unit: Unit,
    rests_on: Rests,
    formula: &'static str,
    undefined: &'static str,
) -> Definition {
    Definition { name, unit, formula, undefined, rests_on }
}

/// All figures, in the order in which they are shown.
pub const DEFINITIONS: [Definition; 31] = [
    row(
        "mrr_start",
        Unit::Money,
        Rests::Mrr,
        "MRR just before the month: what subscriptions that are active or past_due bring in a month (year 1/12, week 52/12, day 365/12; recurring discounts in force taken off; no tax, metered, one-off, trial or paused)",
        NEVER,
    ),
    row(
        "mrr_new",
        Unit::Money,
        Rests::Moved,
        "from clients that never had any before the month",
        NEVER,
    ),
    row(
        "mrr_reactivation",
        Unit::Money,
        Rests::Moved,
        "from former clients that are back at the month's end",
        NEVER,
    ),
    row("mrr_expansion", Unit::Money, Rests::Moved, "more from clients of the start", NEVER),
    row(
        "mrr_contraction",
        Unit::Money,
        Rests::Moved,
        "less from clients of the start; not positive",
        NEVER,
    ),
    row(
        "mrr_churn",
        Unit::Money,
        Rests::Moved,
        "all of what lost clients paid; not positive",
        NEVER,
    ),
    row(
        "mrr_end",
        Unit::Money,
        Rests::Mrr,
        "mrr_start + new + reactivation + expansion + contraction + churn",
        NEVER,
    ),
    row("arr", Unit::Money, Rests::Mrr, "12 × mrr_end", NEVER),
    row(
        "clients_start",
        Unit::Clients,
        Rests::Mrr,
        "clients with MRR just before the month",
        NEVER,
    ),
    row(
        "clients_new",
        Unit::Clients,
        Rests::Moved,
        "clients at the end that never were before",
        NEVER,
    ),
    row(
        "clients_lost",
        Unit::Clients,
        Rests::Moved,
        "clients of the start without MRR at the end",
        NEVER,
    ),
    row("clients_end", Unit::Clients, Rests::Mrr, "clients with MRR at the month's end", NEVER),
    row(
        "logo_churn",
        Unit::Share,
        Rests::Mrr,
        "clients_lost ÷ clients_start",
        "no client at the start",
    ),
    row(
        "revenue_churn",
        Unit::Share,
        Rests::Mrr,
        "−(mrr_churn + mrr_contraction) ÷ mrr_start",
        "no MRR at the start",
    ),
    row(
        "net_revenue_retention",
        Unit::Share,
        Rests::Mrr,
        "(mrr_start + expansion + contraction + churn) ÷ mrr_start",
        "no MRR at the start",
    ),
    row(
        "gross_revenue_retention",
        Unit::Share,
        Rests::Mrr,
        "(mrr_start + contraction + churn) ÷ mrr_start, at most 1",
        "no MRR at the start",
    ),
    row(
        "revenue_per_account",
        Unit::Money,
        Rests::Mrr,
        "ARPA: mrr_end ÷ clients_end",
        "no client at the end",
    ),
    row(
        "cash",
        Unit::Money,
        Rests::Cash,
        "payments − refunds − lost disputes in the month, each without tax; not the same as MRR",
        NEVER,
    ),
    row("tax", Unit::Money, Rests::Tax, "tax collected − tax given back in the month", NEVER),
    row(
        "client_credit",
        Unit::Money,
        Rests::Credit,
        "paid beyond invoices and still the clients', at the month's end",
        NEVER,
    ),
    row(
        "sales_cost",
        Unit::Money,
        Rests::Winning,
        "booked costs of sales and marketing in the month",
        NEVER,
    ),
    row(
        "delivery_cost",
        Unit::Money,
        Rests::Delivery,
        "booked costs of delivery and payment fees in the month",
        "no cost of delivery is booked in the month",
    ),
    row("cost", Unit::Money, Rests::Costs, "all booked costs of the month", NEVER),
    row(
        "acquisition_cost",
        Unit::Money,
        Rests::Winning,
        "CAC: sales_cost ÷ clients_new",
        "no new client in the month",
    ),
    row(
        "gross_margin",
        Unit::Share,
        Rests::Delivery,
        "(cash − delivery_cost) ÷ cash",
        "no cash, or no cost of delivery is booked",
    ),
    row(
        "lifetime_value",
        Unit::Money,
        Rests::Mrr,
        "LTV: revenue_per_account × gross_margin ÷ logo_churn; with no churn summed over 36 months, and marked so",
        "ARPA, margin or churn undefined",
    ),
    row(
        "lifetime_value_to_cost",
        Unit::Factor,
        Rests::Winning,
        "lifetime_value ÷ acquisition_cost; 3 and more is the usual aim",
        "either is undefined, or CAC is 0",
    ),
    row(
        "payback_months",
        Unit::Months,
        Rests::Winning,
        "acquisition_cost ÷ (revenue_per_account × gross_margin)",
        "CAC, ARPA or margin undefined, or no margin",
    ),
    row(
        "return_on_investment",
        Unit::Factor,
        Rests::Costs,
        "gain ÷ cost − 1, the gain being the month's cash and the cost all its booked costs",
        "no cost is booked in the month",
    ),
    row(
        "mrr_forecast",
        Unit::Money,
        Rests::Mrr,
        "MRR three months on, if new, expansion and loss stay at their average of the last three whole months; an assumption and no promise",
        "fewer than three months with clients at their start, or fewer than ten clients",
    ),
    row(
        "mrr_at_risk",
        Unit::Money,
        Rests::Mrr,
        "MRR at the month's end of clients whose charge is disputed now",
        NEVER,
    ),
];

impl Rests {
    /// Whether a line is one of them.
    pub(super) fn fits(self, entry: &LedgerEntry, period: Period) -> bool {
        let within = entry.at >= period.starts_at && entry.at < period.ends_at;
        let category = entry.category;
        match self {
            Self::Mrr => entry.account == Account::Mrr,
            Self::Moved => within && entry.account == Account::Mrr,
            Self::Cash => {
                within
                    && matches!(
                        entry.account,
                        Account::Revenue | Account::Refund | Account::Dispute
                    )
            }
            Self::Winning => within && category.is_some_and(CostCategory::wins_clients),
            Self::Delivery => within && category.is_some_and(CostCategory::delivers),
            Self::Costs => within && entry.account == Account::Cost,
            Self::Tax => within && entry.account == Account::Tax,
            Self::Credit => entry.account == Account::Credit,
        }
    }
}
