//! Works the credit notes: papers by which an invoice that has gone out is taken back.
//!
//! A note is due when the rows say that more was given back, lost or withdrawn than the notes of the
//! invoice say. As an invoice it takes its number in a commit of its own and then goes out.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{client_of, perform, tax_of};
use crate::domain::credit::{self, CreditNote, CreditReason};
use crate::domain::effect::{Action, CreditNoteRequest, Effect, InvoicePaper};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::finance::{FinanceChange, Invoice};
use crate::domain::layer::Layer;
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, LayerContext};
use crate::layers::payload;
use crate::store::error::StoreError;
use crate::store::finance::{credit_notes, invoices};

/// How many invoices are taken back in one round; the rest wait for the next.
const ROUND_MAX: u32 = 500;

/// Which note of which invoice.
#[derive(Debug, Serialize, Deserialize)]
struct Wanted {
    period: String,
    place: u32,
}

/// Plans the notes that the rows call for.
pub(super) fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    let due = ctx.store.read(|conn| credit_notes::due(conn, ctx.mode, ROUND_MAX))?;
    let planned = due.into_iter().map(|due| {
        let version = format!("credit/{}/{}", due.period, due.place);
        NewUnit::ready(
            UnitName::new(Layer::FinanceTracker, due.entity, version),
            "credit",
            format!("credit note {} of invoice {}", due.place, due.invoice),
            json!(Wanted { period: due.period, place: due.place }),
        )
    });
    Ok(planned.collect())
}

/// Takes the note's number, and in a second step sends it out.
pub(super) async fn issue(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let Wanted { period, place } = payload(unit)?;
    let entity = unit.name.entity.as_str();
    let (invoice, notes) = ctx
        .store
        .read(|conn| {
            Ok::<_, StoreError>((
                invoices::get(conn, ctx.mode, entity, &period)?,
                credit_notes::of_invoice(conn, ctx.mode, entity, &period)?,
            ))
        })
        .map_err(WorkError::from)?;
    let Some(invoice) = invoice else {
        return Err(WorkError::permanent("no_invoice", format!("{entity} has no {period}")).into());
    };
    let Some(note) = notes.iter().find(|note| note.place == place) else {
        return Ok(numbered(ctx, &invoice, &notes, place));
    };
    let client = client_of(ctx, entity)?;
    let taxed = credit::treatment(&invoice, tax_of(ctx, &client)?);
    let agency = &ctx.settings.agency;
    let request = CreditNoteRequest {
        entity: client.entity.clone(),
        name: client.name.clone(),
        email: client.email.clone(),
        credit: note.credit,
        invoice: called(&invoice).to_owned(),
        provider_invoice: invoice.provider_id.clone(),
        invoiced_at: invoice.issued_at.unwrap_or(note.at),
        paper: InvoicePaper {
            number: note.number.clone(),
            issuer: agency.name.clone(),
            issuer_address: agency.postal_address.clone(),
            language: client.language.clone(),
            tax_note: taxed.note(&client.language),
        },
    };
    let version = format!("{period}/{place}");
    let effect = Effect::CreditNote(request);
    perform(ctx, &client, Action::IssueCreditNote, &version, effect).await?;
    Ok(issued(ctx, &invoice, note))
}

/// What the client knows the invoice by.
fn called(invoice: &Invoice) -> &str {
    invoice.number.as_deref().or(invoice.provider_id.as_deref()).unwrap_or(&invoice.period)
}

fn numbered(
    ctx: &LayerContext<'_>,
    invoice: &Invoice,
    notes: &[CreditNote],
    place: u32,
) -> StepOutcome {
    if credit::next(invoice, notes).is_none() {
        return StepOutcome::skipped("the notes of the invoice say everything already");
    }
    let why = "its number is taken first".to_owned();
    StepOutcome::with(Next::Scheduled { at: ctx.now, why }).change(FinanceChange::Credit {
        entity: invoice.entity.clone(),
        period: invoice.period.clone(),
        place,
    })
}

fn issued(ctx: &LayerContext<'_>, invoice: &Invoice, note: &CreditNote) -> StepOutcome {
    let why = match note.credit.reason {
        CreditReason::Refund => "money was given back",
        CreditReason::Dispute => "a dispute was lost",
        CreditReason::Withdrawn if invoice.provider_id.is_some() => {
            "it was withdrawn; void it at the provider too"
        }
        CreditReason::Withdrawn => "it was withdrawn",
    };
    let text = format!(
        "credit note {} to {} over {}, tax {} in it, of invoice {}: {why}",
        note.number,
        note.entity,
        note.credit.total,
        note.credit.tax,
        called(invoice)
    );
    StepOutcome::done()
        .change(FinanceChange::Credited {
            entity: note.entity.clone(),
            period: note.period.clone(),
            place: note.place,
            at: ctx.now,
        })
        .event(NewEvent::warn("credit_note_issued", text))
}
