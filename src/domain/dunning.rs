//! Decides when a client is reminded of an unpaid invoice, and what the reminder says.
//!
//! Three letters and then a person: a machine sends no fourth. No step is skipped and none follows
//! another sooner than planned, even when the machine stood still for a month. Who disputes a charge,
//! and whose card the provider will still try, is not reminded.

use super::effect::{Mail, PersonTask, TaskKind};
use super::finance::{Invoice, InvoiceState};
use super::money::Money;
use super::onboarding::Sender;
use super::operations::Client;
use super::time::{DAY_MS, Moment};

/// How many steps there are: a reminder, a second one, a last notice, a person.
pub const STEPS: usize = 4;

/// The step that is a person's.
pub const PERSON: u32 = 4;

/// Days a person has to call before the task is late.
const CALL_DAYS: i64 = 3;

/// Returns when the next step of an invoice falls due and its number (1 to 4), or `None` when there
/// is nothing to remind of or no step left. `days` counts each step from the day the invoice was due.
pub fn next_step(invoice: &Invoice, days: &[u32; STEPS]) -> Option<(u32, Moment)> {
    let unpaid = matches!(invoice.state, InvoiceState::Open | InvoiceState::Failed);
    if !unpaid || invoice.open_minor() == 0 {
        return None;
    }
    let step = invoice.dunned + 1;
    let index = usize::try_from(invoice.dunned).ok()?;
    let after = i64::from(*days.get(index)?);
    let mut at = invoice.due_at.plus_ms(after * DAY_MS);
    if let (Some(last), Some(before)) = (invoice.dunned_at, index.checked_sub(1)) {
        at = at.max(last.plus_ms((after - i64::from(days[before])) * DAY_MS));
    }
    // While the provider will try again, the client has nothing to do.
    Some((step, at.max(invoice.next_attempt_at.unwrap_or(at))))
}

/// Writes the letter of a step in the client's language.
pub fn letter(invoice: &Invoice, client: &Client, step: u32, from: &Sender<'_>) -> Mail {
    let open = Money::new(invoice.open_minor(), invoice.total.currency);
    let due = invoice.due_at.utc_date();
    let number = invoice.name();
    let (subject, text) = if client.language == "de" {
        let (subject, opening) = match step {
            1 => ("Zahlungserinnerung", "vielleicht ist es untergegangen:"),
            2 => ("Zweite Zahlungserinnerung", "auf unsere Erinnerung haben wir nichts gehört:"),
            _ => (
                "Letzte Mahnung",
                "dies ist unsere letzte Mahnung, bevor wir Leistungen aussetzen:",
            ),
        };
        (
            format!("{subject}: Rechnung {number}"),
            format!(
                "Guten Tag,\n\n{opening} Von Rechnung {number}, fällig am {due}, sind {open} offen.\n\n\
                 Bitte überweisen Sie mit dem Verwendungszweck {number}. Wenn Sie gezahlt haben oder etwas \
                 nicht stimmt, antworten Sie einfach auf diese E-Mail.\n\n{}\n{}\n",
                from.name, from.agency
            ),
        )
    } else {
        let (subject, opening) = match step {
            1 => ("Payment reminder", "this may have slipped by:"),
            2 => ("Second payment reminder", "we have not heard from you since our reminder:"),
            _ => ("Last notice", "this is our last notice before we put services on hold:"),
        };
        (
            format!("{subject}: invoice {number}"),
            format!(
                "Hello,\n\n{opening} {open} of invoice {number}, due on {due}, is open.\n\nPlease pay with the \
                 reference {number}. If you have paid, or if something is wrong with it, just reply to this \
                 mail.\n\n{}\n{}\n",
                from.name, from.agency
            ),
        )
    };
    Mail {
        to: client.email.clone(),
        to_name: client.name.clone(),
        from: from.email.to_owned(),
        from_name: from.name.to_owned(),
        subject,
        text,
        unsubscribe_url: None,
        booking_url: None,
    }
}

/// Writes the task that follows the last letter.
pub fn call(invoice: &Invoice, client: &Client, now: Moment) -> PersonTask {
    let open = Money::new(invoice.open_minor(), invoice.total.currency);
    let phone = client.phone.as_deref().unwrap_or("no phone number is known");
    PersonTask {
        kind: TaskKind::Payment,
        entity: client.entity.clone(),
        title: format!(
            "Call {} about invoice {}, or suspend services",
            client.name,
            invoice.name()
        ),
        details: format!(
            "{open} is open, due since {}, after three letters.\nPhone: {phone}\nMail: {}\n\nAnswer `done` when \
             it is settled what happens: paid, put off, services suspended, written off.",
            invoice.due_at.utc_date(),
            client.email
        ),
        due_at: now.plus_ms(CALL_DAYS * DAY_MS),
    }
}

#[cfg(test)]
mod tests;
