//! Writes invoices and credit notes as pages that a person can send, in the client's language.

use std::fmt::Write as _;

use super::line;
use crate::domain::credit::CreditReason;
use crate::domain::effect::{CreditNoteRequest, InvoicePaper, InvoiceRequest};
use crate::effects::port::Call;

/// The words of a paper in one language.
struct Words {
    invoice: &'static str,
    credit_note: &'static str,
    from: &'static str,
    to: &'static str,
    date: &'static str,
    due: &'static str,
    reference: &'static str,
    takes_back: &'static str,
    of: &'static str,
    net: &'static str,
    tax: &'static str,
    total: &'static str,
}

const ENGLISH: Words = Words {
    invoice: "Invoice",
    credit_note: "Credit note",
    from: "From",
    to: "To",
    date: "Date",
    due: "Due",
    reference: "Payment reference",
    takes_back: "Takes back",
    of: "of",
    net: "Net",
    tax: "Tax",
    total: "Total",
};

/// A *Gutschrift* is another thing to a German tax office; this paper is a correction.
const GERMAN: Words = Words {
    invoice: "Rechnung",
    credit_note: "Rechnungskorrektur",
    from: "Von",
    to: "An",
    date: "Datum",
    due: "Fällig",
    reference: "Verwendungszweck",
    takes_back: "Korrigiert",
    of: "vom",
    net: "Netto",
    tax: "Umsatzsteuer",
    total: "Gesamtbetrag",
};

fn words(paper: &InvoicePaper) -> &'static Words {
    if paper.language == "de" { &GERMAN } else { &ENGLISH }
}

/// Begins a page: what it is, from whom, to whom. Writing to a String cannot fail, here and below.
fn head(what: &str, number: &str, paper: &InvoicePaper, (name, email): (&str, &str)) -> String {
    let words = words(paper);
    let (issuer, address) = (line(&paper.issuer), line(&paper.issuer_address));
    format!(
        "# {what} {number}\n\n{}: {issuer}, {address}\n{}: {}, {}\n",
        words.from,
        words.to,
        line(name),
        line(email)
    )
}

fn tax_note(paper: &InvoicePaper) -> String {
    if paper.tax_note.is_empty() { String::new() } else { format!(" ({})", line(&paper.tax_note)) }
}

/// Writes an invoice.
pub(super) fn invoice_page(call: &Call, invoice: &InvoiceRequest) -> String {
    let paper = &invoice.paper;
    let words = words(paper);
    let number = if paper.number.is_empty() { &invoice.period } else { &paper.number };
    let number = line(number);
    let mut page = head(words.invoice, &number, paper, (&invoice.name, &invoice.email));
    for (word, value) in [
        (words.date, call.now.utc_date().to_string()),
        (words.due, invoice.due_at.utc_date().to_string()),
        (words.reference, number.clone()),
    ] {
        _ = writeln!(page, "{word}: {value}");
    }
    page.push('\n');
    for item in &invoice.lines {
        _ = writeln!(page, "- {}: {}", line(&item.text), item.net);
    }
    let note = tax_note(paper);
    _ = writeln!(
        page,
        "- {}{note}: {}\n\n{}: {}",
        words.tax, invoice.tax, words.total, invoice.total
    );
    page
}

/// Writes a credit note: which invoice it takes back, over how much, and why.
pub(super) fn credit_note_page(call: &Call, note: &CreditNoteRequest) -> String {
    let (paper, credit) = (&note.paper, &note.credit);
    let words = words(paper);
    let number = line(&paper.number);
    let mut page = head(words.credit_note, &number, paper, (&note.name, &note.email));
    let why = match (credit.reason, paper.language.as_str()) {
        (CreditReason::Refund, "de") => "Der Betrag wurde zurückgezahlt.",
        (CreditReason::Dispute, "de") => {
            "Der Betrag wurde nach einer Rückbuchung nicht eingezogen."
        }
        (CreditReason::Withdrawn, "de") => "Der Betrag wird nicht mehr gefordert.",
        (CreditReason::Refund, _) => "The amount was given back.",
        (CreditReason::Dispute, _) => "The amount was taken back by the payer's bank.",
        (CreditReason::Withdrawn, _) => "The amount is not asked for any more.",
    };
    _ = writeln!(
        page,
        "{}: {}\n{}: {} {} {} {}\n\n- {}: {}\n- {}{}: {}\n\n{}: {}\n\n{why}",
        words.date,
        call.now.utc_date(),
        words.takes_back,
        words.invoice,
        line(&note.invoice),
        words.of,
        note.invoiced_at.utc_date(),
        words.net,
        credit.net,
        words.tax,
        tax_note(paper),
        credit.tax,
        words.total,
        credit.total,
    );
    page
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::adapters::conformance;
    use crate::domain::effect::{EffectKey, InvoiceLine};
    use crate::domain::layer::Layer;
    use crate::domain::mode::Mode;
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Moment;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::new("USD").unwrap())
    }

    fn call() -> Call {
        Call {
            key: EffectKey("00ff".to_owned()),
            mode: Mode::Live,
            layer: Layer::FinanceTracker,
            attempt: 1,
            now: Moment(1_767_603_600_000),
        }
    }

    /// The invoice of these tests and of the port that writes it.
    pub(in super::super) fn invoice() -> InvoiceRequest {
        InvoiceRequest {
            entity: "osm:node/1".to_owned(),
            period: "setup".to_owned(),
            name: "A Dental\n# Due: never".to_owned(),
            email: "a@dental.example".to_owned(),
            lines: vec![InvoiceLine { text: "Set-up, plan starter".to_owned(), net: usd(100_000) }],
            tax: usd(19_000),
            total: usd(119_000),
            due_at: Moment(1_768_208_400_000),
            paper: InvoicePaper {
                number: "2026-0007".to_owned(),
                issuer: "Agency".to_owned(),
                issuer_address: "1 Main St, Portland".to_owned(),
                language: "en".to_owned(),
                tax_note: "19.00 %".to_owned(),
            },
        }
    }

    #[test]
    fn an_invoice_reads_as_a_person_sends_it_and_a_name_adds_no_line() {
        let call = call();
        insta::assert_snapshot!(invoice_page(&call, &invoice()), @r"
        # Invoice 2026-0007

        From: Agency, 1 Main St, Portland
        To: A Dental # Due: never, a@dental.example
        Date: 2026-01-05
        Due: 2026-01-12
        Payment reference: 2026-0007

        - Set-up, plan starter: 1,000.00 USD
        - Tax (19.00 %): 190.00 USD

        Total: 1,190.00 USD
        ");
    }

    #[test]
    fn a_german_client_gets_a_german_invoice_that_says_why_there_is_no_tax() {
        let call = call();
        let mut german = invoice();
        german.paper.language = "de".to_owned();
        german.paper.tax_note = "Steuerschuldnerschaft des Leistungsempfängers".to_owned();
        german.tax = usd(0);
        let page = invoice_page(&call, &german);
        assert!(page.starts_with("# Rechnung 2026-0007\n"), "{page}");
        assert!(
            page.contains(
                "- Umsatzsteuer (Steuerschuldnerschaft des Leistungsempfängers): 0.00 USD"
            )
        );
    }

    #[test]
    fn a_credit_note_names_its_invoice_the_tax_it_reverses_and_why() {
        insta::assert_snapshot!(credit_note_page(&call(), &conformance::credit_note()), @r"
        # Credit note CN-2026-0001

        From: Agency, 1 Main St, Portland
        To: A Dental # Total: never, a@dental.example
        Date: 2026-01-05
        Takes back: Invoice 2026-0007 of 2026-01-05

        - Net: 20.00 USD
        - Tax (19.00 %): 3.80 USD

        Total: 23.80 USD

        The amount was given back.
        ");
    }

    #[test]
    fn a_german_client_gets_a_correction_and_no_gutschrift() {
        let mut note = conformance::credit_note();
        note.paper.language = "de".to_owned();
        note.credit.reason = CreditReason::Withdrawn;
        let page = credit_note_page(&call(), &note);
        assert!(page.starts_with("# Rechnungskorrektur CN-2026-0001\n"), "{page}");
        assert!(page.contains("Korrigiert: Rechnung 2026-0007 vom 2026-01-05\n"), "{page}");
        assert!(page.ends_with("Der Betrag wird nicht mehr gefordert.\n"), "{page}");
    }
}
