//! Defines what clients pay and what they get for it.

use serde::Serialize;

use crate::domain::dunning;
use crate::domain::money::{Currency, Money};
use crate::domain::operations::Plan;
use crate::domain::pricing::TaxRule;
use crate::domain::report::Cadence;

/// What clients pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pricing {
    /// Currency of every amount.
    pub currency: Currency,
    /// The usual tax in basis points.
    pub tax_bp: i64,
    /// Countries that are taxed otherwise.
    pub tax_rules: Vec<TaxRule>,
    /// Days after an invoice was due: two reminders, the last notice, a person's call.
    pub dunning_days: [u32; dunning::STEPS],
    /// Days until an invoice is due.
    pub due_days: u32,
    /// What it costs the agency to reach one prospect.
    pub contact_cost: Money,
    /// The smallest plan.
    pub starter: PlanPrice,
    /// The middle plan.
    pub professional: PlanPrice,
    /// The largest plan.
    pub enterprise: PlanPrice,
}

impl Pricing {
    /// Returns the price of `plan`.
    pub const fn of(&self, plan: Plan) -> PlanPrice {
        match plan {
            Plan::Starter => self.starter,
            Plan::Professional => self.professional,
            Plan::Enterprise => self.enterprise,
        }
    }
}

/// What one plan costs, net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PlanPrice {
    /// Each month.
    pub monthly: Money,
    /// Each year, when it is billed by the year.
    pub yearly: Money,
    /// Once.
    pub setup: Money,
}

/// Layer 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ProfileWork {
    /// Whether reviews with one or two stars are answered without a person's approval.
    pub machine_answers_low_ratings: bool,
}

/// Layer 7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reporting {
    /// How often a client gets a report.
    pub cadences: Vec<Cadence>,
    /// Days after the end of a period by which its report is due.
    pub due_after_days: DueAfterDays,
    /// Days that figures need to settle.
    pub settle_days: u32,
}

/// Days after the end of a period by which its report is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DueAfterDays {
    /// Of a week.
    pub weekly: u32,
    /// Of a month.
    pub monthly: u32,
    /// Of a quarter.
    pub quarterly: u32,
}

impl DueAfterDays {
    /// Returns the days of one cadence.
    pub const fn of(self, cadence: Cadence) -> u32 {
        match cadence {
            Cadence::Weekly => self.weekly,
            Cadence::Monthly => self.monthly,
            Cadence::Quarterly => self.quarterly,
        }
    }
}
