//! Carries out what a person tells about money: a cost, a payment past the provider, another plan.

use serde_json::json;

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, Refusal, RefusalKind};
use crate::app::finance::FinanceCommand;
use crate::domain::cash::{Fact, FactKind};
use crate::domain::effect::PlanChange;
use crate::domain::finance::{Account, CostCategory, FinanceChange, InvoiceState, LedgerEntry};
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::operations::{ClientState, Plan};
use crate::domain::time::Moment;
use crate::layers::finance_tracker;
use crate::store::finance::{invoices, ledger, subscriptions};
use crate::store::operations::clients;
use crate::store::{changes, units};

impl Owner {
    pub(super) async fn finance(&self, command: FinanceCommand) -> Result<Ack, Refusal> {
        match command {
            FinanceCommand::Cost { mode, category, amount, at, note, reference } => {
                let cost = Cost { category, amount, at, note, reference };
                self.enter_cost(mode, cost).await
            }
            FinanceCommand::Payment { mode, invoice, amount, at, reference } => {
                self.enter_payment(mode, invoice, amount, at, reference).await
            }
            FinanceCommand::Plan { mode, client, plan, yearly, from } => {
                self.change_plan(mode, client, (plan, yearly), from).await
            }
        }
    }

    async fn enter_cost(&self, mode: Mode, cost: Cost) -> Result<Ack, Refusal> {
        let args = json!({"category": cost.category, "amount": cost.amount, "at": cost.at,
            "note": cost.note, "reference": cost.reference});
        self.at_once(mode, "enter_cost", args, move |tx, _| {
            if cost.amount.minor <= 0 {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    format!("a cost of {} is none", cost.amount),
                    "name a positive amount; enter a cost that came back with another category's note",
                )));
            }
            let entry = cost.entry();
            if !ledger::enter_cost(tx, mode, &entry, cost.note.as_deref())? {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    format!("the cost {} is in the ledger already", entry.reference),
                    "if it is another one, give it its own --reference",
                )));
            }
            let text = format!(
                "{} for {} on {} is booked as {}",
                cost.amount,
                cost.category.as_column(),
                cost.at.utc_date(),
                entry.reference
            );
            Ok(Ok(Outcome::new(text).changed("no line", entry.reference)))
        })
        .await
    }

    async fn enter_payment(
        &self,
        mode: Mode,
        number: String,
        amount: Money,
        at: Moment,
        reference: String,
    ) -> Result<Ack, Refusal> {
        let args = json!({"invoice": number, "amount": amount, "at": at, "reference": reference});
        self.at_once(mode, "enter_payment", args, move |tx, now| {
            let Some(before) = invoices::by_name(tx, mode, &number)? else {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    format!("there is no invoice {number}"),
                    "`cep invoices` lists them",
                )));
            };
            if let Some(no) = payment_refusal(&before, amount) {
                return Ok(Err(no));
            }
            let fact = Fact {
                kind: FactKind::Received,
                name: reference.clone(),
                amount,
                at,
                told_by: format!("payment/{reference}"),
            };
            if crate::store::finance::facts::of_invoice(tx, mode, &before)?
                .iter()
                .any(|known| known.name == reference)
            {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    format!("the payment {reference} of invoice {number} is entered already"),
                    "if it is another one, give it its own reference",
                )));
            }
            let change = FinanceChange::Payment {
                entity: before.entity.clone(),
                period: before.period.clone(),
                provider_id: before.provider_id.clone(),
                fact,
            };
            changes::apply(tx, mode, now, &change.into())?;
            let after = invoices::by_name(tx, mode, &number)?.unwrap_or_else(|| before.clone());
            if after.state == InvoiceState::Paid
                && before.state != InvoiceState::Paid
                && let Some((name, answer)) = finance_tracker::answered_by(&after)
            {
                units::answer(tx, mode, &name, &answer)?;
            }
            let paid = Money::new(after.paid_minor, amount.currency);
            let text = format!(
                "{amount} is booked on invoice {number}: {paid} of {} paid, {}",
                after.total,
                after.state.as_column()
            );
            Ok(Ok(Outcome::new(text).changed(
                Money::new(before.paid_minor, amount.currency).to_string(),
                paid.to_string(),
            )))
        })
        .await
    }

    async fn change_plan(
        &self,
        mode: Mode,
        entity: String,
        (plan, yearly): (Plan, bool),
        from: Option<Moment>,
    ) -> Result<Ack, Refusal> {
        let args = json!({"client": entity, "plan": plan, "yearly": yearly, "from": from});
        self.at_once(mode, "change_plan", args, move |tx, now| {
            let Some(client) = clients::get(tx, mode, &entity)? else {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    format!("{entity} is no client"),
                    "clients are named as in `cep finance ledger`, such as osm:node/123",
                )));
            };
            let running = subscriptions::of_client(tx, mode, &entity)?
                .into_iter()
                .rfind(|one| one.mrr.minor > 0);
            let no = match &running {
                _ if client.plan == plan && !yearly => {
                    Some(format!("{} has this plan", client.name))
                }
                _ if client.state == ClientState::Churned => {
                    Some(format!("{} has left", client.name))
                }
                None => Some(format!("{} has no running subscription to change", client.name)),
                Some(_) => None,
            };
            let (Some(running), None) = (running, no.clone()) else {
                let why = no.unwrap_or_default();
                let hint = "the provider tells of a subscription after go-live";
                return Ok(Err(refuse(RefusalKind::Usage, why, hint)));
            };
            let at = from.unwrap_or(now);
            let change = PlanChange {
                subscription: running.provider_id,
                from: at,
                running_since: Some(running.started_at),
            };
            let unit = finance_tracker::plan_unit(&client, plan, yearly, change);
            if !units::insert(tx, mode, None, now, &unit)? {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    "this change is planned already".to_owned(),
                    "`cep units --layer 8` shows it",
                )));
            }
            let text = format!(
                "{} goes from {} to {} on {}; MRR moves when the provider tells of it",
                client.name,
                client.plan.as_column(),
                plan.as_column(),
                at.utc_date()
            );
            Ok(Ok(Outcome::new(text).changed(client.plan.as_column(), plan.as_column())))
        })
        .await
    }
}

/// A cost as a person enters it.
struct Cost {
    category: CostCategory,
    amount: Money,
    at: Moment,
    note: Option<String>,
    reference: Option<String>,
}

impl Cost {
    fn entry(&self) -> LedgerEntry {
        let reference = self.reference.clone().unwrap_or_else(|| {
            format!(
                "{}/{}/{}{}",
                self.category.as_column(),
                self.at.utc_date(),
                self.amount.minor,
                self.amount.currency
            )
        });
        LedgerEntry {
            entity: String::new(),
            account: Account::Cost,
            movement: None,
            category: Some(self.category),
            amount: Money::new(-self.amount.minor, self.amount.currency),
            at: self.at,
            reference: format!("cost/{reference}"),
        }
    }
}

/// Says why a person may not enter this payment, if so.
fn payment_refusal(invoice: &crate::domain::finance::Invoice, amount: Money) -> Option<Refusal> {
    let currency = invoice.total.currency;
    if amount.currency != currency {
        return Some(refuse(
            RefusalKind::Safeguard,
            format!("invoice {} is in {currency}, not in {}", invoice.name(), amount.currency),
            "a person decides at which rate: exchange it, then enter what came in the invoice's currency",
        ));
    }
    if amount.minor <= 0 {
        return Some(refuse(
            RefusalKind::Usage,
            format!("a payment of {amount} is none"),
            "money that goes back is a refund at the provider, which tells of it",
        ));
    }
    if invoice.state == InvoiceState::Void {
        return Some(refuse(
            RefusalKind::Usage,
            format!("invoice {} was withdrawn", invoice.name()),
            "find the invoice that stands in its place: `cep invoices`",
        ));
    }
    if invoice.provider_id.is_some() {
        return Some(refuse(
            RefusalKind::Safeguard,
            format!("the provider collects invoice {}", invoice.name()),
            "enter the payment at the provider; it tells of it, and nothing is counted twice",
        ));
    }
    None
}
