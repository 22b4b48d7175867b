//! Decides what is booked of the money of one invoice or one charge from everything told about it.
//!
//! The provider tells growing sums ("paid so far", "given back so far"), late, twice and in any
//! order. So nothing is booked from one message alone: the lines of an invoice or a charge are a
//! function of all facts known of it, and the store appends the difference to what is booked. The
//! same facts in another order give the same lines, each at the instant it happened.

use serde::{Deserialize, Serialize};

use super::column::{self, UnknownWord};
use super::finance::Account;
use super::ledger::split_tax;
use super::money::Money;
use super::time::Moment;

/// What kind of thing was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// Of an invoice: paid so far, a growing sum.
    PaidSoFar,
    /// Of an invoice: one payment, such as a bank transfer that a person entered.
    Received,
    /// Of a charge: given back so far, a growing sum.
    RefundedSoFar,
    /// Of a charge: a refund that did not reach the payer.
    RefundFailed,
    /// Of a charge: a dispute began.
    Disputed,
    /// Of a charge: a dispute ended and the money stays.
    DisputeWon,
    /// Of a charge: a dispute ended and the money is gone.
    DisputeLost,
    /// Of a charge: what the provider takes for a dispute.
    DisputeFee,
}

impl FactKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::PaidSoFar,
        Self::Received,
        Self::RefundedSoFar,
        Self::RefundFailed,
        Self::Disputed,
        Self::DisputeWon,
        Self::DisputeLost,
        Self::DisputeFee,
    ];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::PaidSoFar => "paid_so_far",
            Self::Received => "received",
            Self::RefundedSoFar => "refunded_so_far",
            Self::RefundFailed => "refund_failed",
            Self::Disputed => "disputed",
            Self::DisputeWon => "dispute_won",
            Self::DisputeLost => "dispute_lost",
            Self::DisputeFee => "dispute_fee",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("fact", word, &Self::ALL, Self::as_column)
    }
}

/// One thing told about an invoice's or a charge's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What kind of thing.
    pub kind: FactKind,
    /// What makes two facts of one kind different: a refund's or dispute's id, a payment's
    /// reference. A growing sum needs none, because it is known by its instant and amount.
    pub name: String,
    /// How much, tax included; not negative.
    pub amount: Money,
    /// When it happened.
    pub at: Moment,
    /// Which message said so.
    pub told_by: String,
}

/// The sums of an invoice by which a payment or refund splits into net and tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taxes {
    /// Sum with tax.
    pub total: Money,
    /// The tax in it.
    pub tax: Money,
}

/// A line to be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which side.
    pub account: Account,
    /// How much; signed.
    pub amount: Money,
    /// When.
    pub at: Moment,
    /// The message it rests on.
    pub told_by: String,
}

/// An instant's change of a growing sum, with the message that told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step<'f> {
    kind: FactKind,
    minor: i64,
    at: Moment,
    told_by: &'f str,
}

/// Turns growing sums into steps. A sum that was told late or smaller adds nothing; what came back
/// (`returned`) before a sum was told is not in it any more, and is added to it again.
fn steps<'f>(told: &[&'f Fact], returned: &[&Fact]) -> Vec<Step<'f>> {
    let mut told = told.to_vec();
    told.sort_by_key(|fact| (fact.at, fact.amount.minor, &fact.told_by));
    let mut reached = 0;
    let mut steps = Vec::new();
    for fact in told {
        let back: i64 = returned
            .iter()
            .filter(|one| one.at < fact.at)
            .map(|one| one.amount.minor)
            .fold(0, i64::saturating_add);
        let sum = fact.amount.minor.saturating_add(back);
        if sum > reached {
            steps.push(Step {
                kind: fact.kind,
                minor: sum - reached,
                at: fact.at,
                told_by: &fact.told_by,
            });
            reached = sum;
        }
    }
    steps
}

fn of_kind(facts: &[Fact], kind: FactKind) -> Vec<&Fact> {
    facts.iter().filter(|fact| fact.kind == kind).collect()
}

/// What an invoice's payments are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payments {
    /// The lines to be booked.
    pub lines: Vec<Line>,
    /// All that was paid, tax included.
    pub paid_minor: i64,
    /// When the payments reached the total, if they did.
    pub full_at: Option<Moment>,
}

/// Books the payments of an invoice: net and tax in its proportion up to its total, and what goes
/// beyond it as the client's credit. Facts in another currency are no payment of it and are left out.
///
/// The growing sum and the single payments are two accounts of the same money, so the larger one
/// counts and not both.
pub fn payments(facts: &[Fact], invoice: Taxes) -> Payments {
    let currency = invoice.total.currency;
    let own: Vec<Fact> =
        facts.iter().filter(|fact| fact.amount.currency == currency).cloned().collect();
    let mut told = steps(&of_kind(&own, FactKind::PaidSoFar), &[]);
    told.extend(of_kind(&own, FactKind::Received).into_iter().map(|fact| Step {
        kind: fact.kind,
        minor: fact.amount.minor,
        at: fact.at,
        told_by: &fact.told_by,
    }));
    told.sort_by_key(|step| (step.at, step.kind, step.told_by));
    let (mut so_far, mut received) = (0_i64, 0_i64);
    let total = invoice.total.minor.max(0);
    let net_and_tax = |minor: i64| {
        let (net, tax) =
            split_tax(Money::new(minor.min(total), currency), invoice.total, invoice.tax);
        (net.minor, tax.minor)
    };
    let mut result = Payments::default();
    for step in told {
        let sum = if step.kind == FactKind::Received { &mut received } else { &mut so_far };
        *sum = sum.saturating_add(step.minor);
        let before = result.paid_minor;
        let after = so_far.max(received);
        let ((net_before, tax_before), (net, tax)) = (net_and_tax(before), net_and_tax(after));
        let credit = (after - total).max(0) - (before - total).max(0);
        for (account, minor) in [
            (Account::Revenue, net - net_before),
            (Account::Tax, tax - tax_before),
            (Account::Credit, credit),
        ] {
            push(&mut result.lines, account, Money::new(minor, currency), &step);
        }
        result.paid_minor = after;
        if after >= total && result.full_at.is_none() {
            result.full_at = Some(step.at);
        }
    }
    result
}

/// What of a charge is not ours any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenBack {
    /// The lines to be booked.
    pub lines: Vec<Line>,
    /// All that was refunded, tax included.
    pub refunded_minor: i64,
    /// All that was lost in disputes beyond that, tax included.
    pub lost_minor: i64,
}

/// Books what was given back of a charge and what was lost of it, never more than was charged:
/// a refund told after a lost dispute of the same money is not a second loss.
///
/// The tax is the difference of the tax of both sums, so its sum does not depend on the steps in
/// which the refund was told. Without the invoice nothing is known of tax and all of it is net.
pub fn given_back(facts: &[Fact], charged: Option<Money>, invoice: Option<Taxes>) -> GivenBack {
    let failed = of_kind(facts, FactKind::RefundFailed);
    let as_step = |fact: &'_ &Fact| (fact.kind, fact.amount.minor, fact.at, fact.told_by.clone());
    let refunded = steps(&of_kind(facts, FactKind::RefundedSoFar), &failed);
    let mut told: Vec<_> = refunded
        .iter()
        .map(|step| (step.kind, step.minor, step.at, step.told_by.to_owned()))
        .chain(of_kind(facts, FactKind::DisputeLost).iter().map(as_step))
        .chain(failed.iter().map(as_step))
        .collect();
    told.sort_by_key(|(kind, _, at, _)| (*at, *kind));
    let mut result = GivenBack::default();
    let Some(currency) = facts.first().map(|fact| fact.amount.currency) else { return result };
    let tax_of = |minor: i64| {
        invoice.filter(|invoice| invoice.total.currency == currency).map_or(0, |invoice| {
            let part = minor.min(invoice.total.minor.max(0));
            split_tax(Money::new(part, currency), invoice.total, invoice.tax).1.minor
        })
    };
    let most = charged.filter(|money| money.currency == currency).map_or(i64::MAX, |m| m.minor);
    let mut out = 0_i64;
    for (kind, minor, at, told_by) in told {
        let after = if kind == FactKind::RefundFailed {
            out - minor.min(out)
        } else {
            out + minor.min(most.saturating_sub(out)).max(0)
        };
        let tax = tax_of(after) - tax_of(out);
        let account = if kind == FactKind::DisputeLost {
            result.lost_minor += after - out;
            Account::Dispute
        } else {
            result.refunded_minor += after - out;
            Account::Refund
        };
        let step = Step { kind, minor, at, told_by: &told_by };
        push(&mut result.lines, account, Money::new(tax - (after - out), currency), &step);
        push(&mut result.lines, Account::Tax, Money::new(-tax, currency), &step);
        out = after;
    }
    for fee in of_kind(facts, FactKind::DisputeFee) {
        let step =
            Step { kind: fee.kind, minor: fee.amount.minor, at: fee.at, told_by: &fee.told_by };
        let amount = Money::new(-fee.amount.minor, fee.amount.currency);
        push(&mut result.lines, Account::Cost, amount, &step);
    }
    result
}

fn push(lines: &mut Vec<Line>, account: Account, amount: Money, step: &Step<'_>) {
    if amount.minor != 0 {
        lines.push(Line { account, amount, at: step.at, told_by: step.told_by.to_owned() });
    }
}

/// How much of a charge is under a dispute that has not ended.
pub fn at_risk(facts: &[Fact]) -> i64 {
    let ended = |name: &str| {
        facts.iter().any(|fact| {
            matches!(fact.kind, FactKind::DisputeWon | FactKind::DisputeLost) && fact.name == name
        })
    };
    facts
        .iter()
        .filter(|fact| fact.kind == FactKind::Disputed && !ended(&fact.name))
        .map(|fact| fact.amount.minor)
        .sum()
}

#[cfg(test)]
mod tests;
