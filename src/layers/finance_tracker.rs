//! Works the units of layer 8, Finance Tracker: invoices, subscriptions, and what the billing
//! provider tells of them.
//!
//! | kind | version | effect | what follows |
//! |---|---|---|---|
//! | `invoice` | `invoice/setup` | issue the invoice | an open invoice |
//! | `subscription` | `subscription` | start the subscription | nothing until the provider tells |
//! | `delivery` | `delivery` | none | books; a paid set-up answers the onboarding |
//! | `close` | a month | none | the month's figures: MRR, churn, cash, cost of a new client |
//!
//! Money is booked only from what the provider tells, never from what was asked of it.

mod close;
mod decide;

use serde_json::json;

use super::unknown_kind;
use crate::domain::effect::{Action, Audience, Effect, Receipt};
use crate::domain::error::WorkError;
use crate::domain::finance::Account;
use crate::domain::layer::Layer;
use crate::domain::operations::Client;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::report::{Cadence, Period};
use crate::domain::stripe::StripeEvent;
use crate::domain::time::DAY_MS;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, EffectRequest, LayerContext};
use crate::store::error::StoreError;
use crate::store::operations::clients;
use crate::store::{finance, units};

use self::decide::Gathered;

/// What the units that close a month concern.
const BOOKS: &str = "books";

/// Days after a month until it is closed: payments of its last day are told by then.
const CLOSE_AFTER_DAYS: i64 = 1;

/// Plans the close of the last and of this month, once there was a client. Everything else comes
/// with the row it rests on: a contract brings its set-up invoice, go-live its subscription and a
/// delivery its unit.
pub fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    let month = Period::containing(Cadence::Monthly, ctx.now);
    let mut planned = Vec::new();
    for period in [month.previous(), month] {
        let name = UnitName::new(Layer::FinanceTracker, BOOKS, period.label());
        let wanted = ctx.store.read(|conn| {
            Ok::<_, StoreError>(
                units::state_of(conn, ctx.mode, &name)?.is_none()
                    && finance::has_client_before(conn, ctx.mode, period.ends_at)?,
            )
        })?;
        if wanted {
            let label = format!("close of {}", period.label());
            let at = period.ends_at.plus_ms(CLOSE_AFTER_DAYS * DAY_MS);
            planned.push(NewUnit::ready(name, "close", label, json!({})).at(at));
        }
    }
    Ok(planned)
}

/// Returns the unit that issues the invoice for setting a client up; layer 4 plans it with the
/// contract.
pub fn setup_unit(client: &Client) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::FinanceTracker, &client.entity, "invoice/setup"),
        "invoice",
        format!("set-up invoice of {}", client.name),
        json!({}),
    )
}

/// Returns the unit that starts a client's subscription; layer 5 plans it at go-live.
pub fn subscription_unit(client: &Client) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::FinanceTracker, &client.entity, "subscription"),
        "subscription",
        format!("subscription of {}", client.name),
        json!({}),
    )
}

/// Works one unit.
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    match unit.kind.as_str() {
        "invoice" => issue(ctx, unit).await,
        "subscription" => subscribe(ctx, unit).await,
        "delivery" => Ok(book(ctx, unit)?),
        "close" => Ok(close_month(ctx, unit)?),
        _ => Err(unknown_kind(unit)),
    }
}

async fn issue(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let client = client_of(ctx, &unit.name.entity)?;
    let request = decide::setup_invoice(&client, &ctx.settings.pricing);
    let effect = Effect::Invoice(request.clone());
    let receipt = perform(ctx, &client, Action::IssueInvoice, &request.period, effect).await?;
    Ok(decide::issued(&request, &receipt, ctx.now))
}

async fn subscribe(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let client = client_of(ctx, &unit.name.entity)?;
    let request = decide::subscription(&client, &ctx.settings.pricing);
    let effect = Effect::Subscription(request.clone());
    let receipt = perform(ctx, &client, Action::StartSubscription, &request.plan, effect).await?;
    Ok(decide::subscribed(&request, &receipt))
}

fn book(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let event = StripeEvent::read(&unit.payload["body"]).map_err(|error| {
        WorkError::permanent("bad_event", error.to_string())
            .hint("read the raw delivery in the inbox; skip the unit when it means nothing to us")
    })?;
    let gathered = gather(ctx, &event)?;
    Ok(decide::book(&event, &gathered, ctx.mode, ctx.settings.pricing.due_days))
}

fn close_month(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let name = format!("{}:{}", Cadence::Monthly.as_column(), unit.name.version);
    let period = Period::read(&name).ok_or_else(|| {
        WorkError::bug("bad_period", format!("{:?} names no month", unit.name.version))
    })?;
    let books = ctx.store.read(|conn| {
        let mut entries = Vec::new();
        for account in [Account::Mrr, Account::Revenue, Account::Refund, Account::Dispute] {
            entries.extend(finance::ledger::entries(conn, ctx.mode, account, period.ends_at)?);
        }
        let contacts = finance::contacts(conn, ctx.mode, period.starts_at, period.ends_at)?;
        Ok::<_, StoreError>(close::Books { period, entries, contacts })
    })?;
    Ok(close::closed(&books, &ctx.settings.pricing))
}

/// Reads what is known of the client an event concerns: by the provider's customer, by the invoice
/// or charge it names, or by our own note on it.
fn gather(ctx: &LayerContext<'_>, event: &StripeEvent) -> Result<Gathered, WorkError> {
    let mode = ctx.mode;
    Ok(ctx.store.read(|conn| {
        let invoice = match event.invoice() {
            Some(id) => finance::invoices::by_provider(conn, mode, id)?,
            None => None,
        };
        let mut entity = match event.customer() {
            Some(customer) => finance::client_of_customer(conn, mode, customer)?,
            None => None,
        };
        if entity.is_none() {
            entity = invoice.as_ref().map(|invoice| invoice.entity.clone());
        }
        if let (None, Some(charge)) = (&entity, event.charge()) {
            entity = finance::ledger::client_of_charge(conn, mode, charge)?;
        }
        let entity = entity.as_deref().or(event.noted_client());
        let Some(entity) = entity else { return Ok(Gathered { invoice, ..Gathered::default() }) };
        let client = clients::get(conn, mode, entity)?;
        // The invoice may have been told of before our own row of it was written.
        let invoice = match (invoice, event.noted_period()) {
            (None, Some(period)) => finance::invoices::get(conn, mode, entity, period)?,
            (invoice, _) => invoice,
        };
        let subscriptions = finance::subscriptions::of_client(conn, mode, entity)?;
        Ok::<_, StoreError>(Gathered { client, invoice, subscriptions })
    })?)
}

fn client_of(ctx: &LayerContext<'_>, entity: &str) -> Result<Client, WorkError> {
    ctx.store.read(|conn| clients::get(conn, ctx.mode, entity))?.ok_or_else(|| {
        WorkError::permanent("no_client", format!("{entity} is no client"))
            .hint("the contract's row is missing; skip the unit or enter the client")
    })
}

async fn perform(
    ctx: &LayerContext<'_>,
    client: &Client,
    action: Action,
    version: &str,
    effect: Effect,
) -> Result<Receipt, Stop> {
    ctx.perform(EffectRequest {
        action,
        entity: client.entity.clone(),
        version: version.to_owned(),
        audience: Audience::Client,
        effect,
    })
    .await
}

#[cfg(test)]
mod tests;
