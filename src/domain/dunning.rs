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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::money::Currency;
    use crate::domain::operations::{ClientState, Plan};

    const DAYS: [u32; STEPS] = [3, 10, 20, 30];
    const DUE: Moment = Moment(1_768_176_000_000);

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::new("EUR").unwrap())
    }

    fn invoice() -> Invoice {
        Invoice {
            entity: "osm:node/1".to_owned(),
            period: "setup".to_owned(),
            number: Some("2026-0007".to_owned()),
            provider_id: None,
            net: eur(100_000),
            tax: eur(19_000),
            total: eur(119_000),
            lines: json!([]),
            issued_at: None,
            due_at: DUE,
            paid_at: None,
            paid_minor: 19_000,
            refunded_minor: 0,
            credited_minor: 0,
            attempts: 0,
            next_attempt_at: None,
            dunned: 0,
            dunned_at: None,
            state: InvoiceState::Open,
        }
    }

    fn client(language: &str) -> Client {
        Client {
            entity: "osm:node/1".to_owned(),
            name: "A Dental".to_owned(),
            category: "dental".to_owned(),
            email: "a@dental.example".to_owned(),
            phone: None,
            zone: "UTC".to_owned(),
            language: language.to_owned(),
            plan: Plan::Starter,
            state: ClientState::Active,
            workspace: None,
            customer_id: None,
            signed_at: DUE,
            live_at: None,
            churned_at: None,
        }
    }

    fn day(n: i64) -> Moment {
        DUE.plus_ms(n * DAY_MS)
    }

    #[test]
    fn steps_come_in_order_and_never_sooner_after_each_other_than_planned() {
        assert_eq!(next_step(&invoice(), &DAYS), Some((1, day(3))));
        let late = Invoice { dunned: 1, dunned_at: Some(day(40)), ..invoice() };
        assert_eq!(next_step(&late, &DAYS), Some((2, day(47))), "seven days after the first");
        assert_eq!(next_step(&Invoice { dunned: 4, ..invoice() }, &DAYS), None);
    }

    #[test]
    fn who_has_paid_is_not_reminded_and_a_card_that_is_tried_again_is_waited_for() {
        assert_eq!(next_step(&Invoice { paid_minor: 119_000, ..invoice() }, &DAYS), None);
        assert_eq!(next_step(&Invoice { state: InvoiceState::Void, ..invoice() }, &DAYS), None);
        let tried = Invoice { next_attempt_at: Some(day(5)), ..invoice() };
        assert_eq!(next_step(&tried, &DAYS), Some((1, day(5))));
    }

    #[test]
    fn a_letter_names_what_is_open_in_the_client_s_language() {
        let from = Sender { agency: "Agency", name: "Ann", email: "ann@agency.example" };
        let english = letter(&invoice(), &client("en"), 1, &from);
        assert_eq!(english.subject, "Payment reminder: invoice 2026-0007");
        assert!(
            english.text.contains("1,000.00 EUR of invoice 2026-0007, due on 2026-01-12, is open")
        );
        let german = letter(&invoice(), &client("de"), 3, &from);
        assert_eq!(german.subject, "Letzte Mahnung: Rechnung 2026-0007");
        assert!(german.text.contains("sind 1,000.00 EUR offen"));
        let task = call(&invoice(), &client("en"), day(30));
        assert_eq!(task.title, "Call A Dental about invoice 2026-0007, or suspend services");
    }
}
