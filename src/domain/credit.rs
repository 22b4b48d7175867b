//! Decides when an invoice that has gone out is taken back by a credit note, and over how much.
//!
//! An invoice is never changed once a client has it. What was given back of it, lost in a dispute, or
//! not asked for any more is said on a paper of its own that names it. A note is final as well: what
//! is told later leads to a further note or to none, and never to another text of an old one.

use serde::{Deserialize, Serialize};

use super::column::{self, UnknownWord};
use super::finance::{Invoice, InvoiceState};
use super::ledger::split_tax;
use super::money::Money;
use super::pricing::Treatment;
use super::time::Moment;

/// Why an invoice is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditReason {
    /// Money was given back.
    Refund,
    /// A dispute was lost, and its money is gone.
    Dispute,
    /// The invoice was withdrawn: what is open of it is not asked for any more.
    Withdrawn,
}

impl CreditReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Refund, Self::Dispute, Self::Withdrawn];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("reason of a credit note", word, &Self::ALL, Self::as_column)
    }
}

/// What a note is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// Why.
    pub reason: CreditReason,
    /// Without tax.
    pub net: Money,
    /// The tax that is reversed, at the invoice's own rate.
    pub tax: Money,
    /// Both.
    pub total: Money,
}

/// A credit note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNote {
    /// The client.
    pub entity: String,
    /// The period of its invoice.
    pub period: String,
    /// The how-manieth of its invoice.
    pub place: u32,
    /// Its number, of a series of its own.
    pub number: String,
    /// What it is over.
    #[serde(flatten)]
    pub credit: Credit,
    /// When it took its number.
    pub at: Moment,
    /// When it went out.
    pub issued_at: Option<Moment>,
}

/// Returns what the next note of `invoice` is over, or `None` when `notes` say all that there is to
/// say. Together they are never over more than the invoice.
pub fn next(invoice: &Invoice, notes: &[CreditNote]) -> Option<Credit> {
    // What never went out needs no paper that takes it back.
    invoice.issued_at?;
    let noted: i64 = notes.iter().map(|note| note.credit.total.minor).sum();
    let of = |reason| -> i64 {
        let same = notes.iter().filter(|note| note.credit.reason == reason);
        same.map(|note| note.credit.total.minor).sum()
    };
    let (refunds, disputes) = (of(CreditReason::Refund), of(CreditReason::Dispute));
    let rest = invoice.total.minor - noted;
    let returned = invoice.refunded_minor + invoice.lost_minor - refunds - disputes;
    let (reason, minor) = if returned > 0 {
        let refunded = invoice.refunded_minor > refunds;
        let reason = if refunded { CreditReason::Refund } else { CreditReason::Dispute };
        let own = if refunded { invoice.refunded_minor - refunds } else { returned };
        (reason, own.min(returned))
    } else if invoice.state == InvoiceState::Void {
        (CreditReason::Withdrawn, rest)
    } else {
        return None;
    };
    let minor = minor.min(rest);
    (minor > 0).then(|| {
        // The tax is the difference of the tax of both sums, so that all notes of an invoice together
        // reverse exactly its tax and not a cent of rounding more.
        let currency = invoice.total.currency;
        let tax_of = |sum| split_tax(Money::new(sum, currency), invoice.total, invoice.tax).1.minor;
        let tax = tax_of(noted + minor) - tax_of(noted);
        Credit {
            reason,
            net: Money::new(minor - tax, currency),
            tax: Money::new(tax, currency),
            total: Money::new(minor, currency),
        }
    })
}

/// How an invoice was taxed, from its own amounts; `now` says why there was no tax on it.
pub fn treatment(invoice: &Invoice, now: Treatment) -> Treatment {
    let (net, tax) = (i128::from(invoice.net.minor), i128::from(invoice.tax.minor));
    if net <= 0 || tax == 0 {
        return if now.rate_bp() == 0 { now } else { Treatment::Rate(0) };
    }
    let bp = (tax * 10_000 + net / 2) / net;
    Treatment::Rate(i64::try_from(bp).unwrap_or_default())
}

#[cfg(test)]
mod tests;
