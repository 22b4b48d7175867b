//! Writes invoices, subscriptions and reports as files that a person sends or enters.

use std::fmt::Write as _;

use async_trait::async_trait;
use serde_json::json;

use super::{Attachment, BY_FILE_NAME, HOST, OutboxDir, OutboxFile, eml, file_word, line};
use crate::domain::effect::{
    InvoiceRequest, Receipt, Recovery, ReportDelivery, SubscriptionRequest,
};
use crate::domain::error::WorkError;
use crate::domain::report::{Content, pdf};
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Invoices and subscriptions as files.
#[derive(Clone, Debug)]
pub struct OutboxBilling(pub OutboxDir);

/// Reports as PDF, Markdown and JSON, and a mail that carries them.
#[derive(Clone, Debug)]
pub struct OutboxReports(pub OutboxDir);

#[async_trait]
impl Port<InvoiceRequest> for OutboxBilling {
    fn name(&self) -> &'static str {
        "outbox invoice"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        invoice: &InvoiceRequest,
    ) -> Result<Receipt, WorkError> {
        let data = json!({"key": call.key, "invoice": invoice});
        let files = [OutboxFile::json(&data), OutboxFile::text("md", &invoice_page(call, invoice))];
        self.0.put("invoices", "invoice", &call.key, call.now, &files)
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<SubscriptionRequest> for OutboxBilling {
    fn name(&self) -> &'static str {
        "outbox subscription"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        subscription: &SubscriptionRequest,
    ) -> Result<Receipt, WorkError> {
        let data = json!({"key": call.key, "subscription": subscription});
        let page = subscription_page(call, subscription);
        let files = [OutboxFile::json(&data), OutboxFile::text("md", &page)];
        self.0.put("subscriptions", "subscription", &call.key, call.now, &files)
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<ReportDelivery> for OutboxReports {
    fn name(&self) -> &'static str {
        "outbox report"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        report: &ReportDelivery,
    ) -> Result<Receipt, WorkError> {
        let name = format!("report-{}", file_word(&report.period));
        let mut files =
            vec![OutboxFile::json(&report.json), OutboxFile::text("md", &report.markdown)];
        let mut attached = vec![Attachment {
            name: format!("{name}.md"),
            kind: "text/markdown; charset=utf-8",
            bytes: files[1].bytes.clone(),
        }];
        // An older row may hold figures of another shape; its text is still worth sending.
        if let Some(content) = Content::read(&report.json) {
            let bytes = pdf(&content);
            files.push(OutboxFile::new("pdf", bytes.clone()));
            let name = format!("{name}.pdf");
            attached.insert(0, Attachment { name, kind: "application/pdf", bytes });
        }
        let mail = eml::report_bytes(&call.key, call.now, &report.mail, &attached)?;
        files.push(OutboxFile::new("eml", mail));
        self.0.put("reports", "report", &call.key, call.now, &files)
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

/// The words of an invoice in one language.
struct Words {
    invoice: &'static str,
    from: &'static str,
    to: &'static str,
    date: &'static str,
    due: &'static str,
    reference: &'static str,
    tax: &'static str,
    total: &'static str,
}

const ENGLISH: Words = Words {
    invoice: "Invoice",
    from: "From",
    to: "To",
    date: "Date",
    due: "Due",
    reference: "Payment reference",
    tax: "Tax",
    total: "Total",
};

const GERMAN: Words = Words {
    invoice: "Rechnung",
    from: "Von",
    to: "An",
    date: "Datum",
    due: "Fällig",
    reference: "Verwendungszweck",
    tax: "Umsatzsteuer",
    total: "Gesamtbetrag",
};

/// Writes an invoice as a person can send it, in the client's language.
fn invoice_page(call: &Call, invoice: &InvoiceRequest) -> String {
    let paper = &invoice.paper;
    let words = if paper.language == "de" { &GERMAN } else { &ENGLISH };
    let number = if paper.number.is_empty() { &invoice.period } else { &paper.number };
    let number = line(number);
    let mut page = format!("# {} {number}\n\n", words.invoice);
    // Writing to a String cannot fail, so the results are only there for the trait.
    for (word, value) in [
        (words.from, format!("{}, {}", line(&paper.issuer), line(&paper.issuer_address))),
        (words.to, format!("{}, {}", line(&invoice.name), line(&invoice.email))),
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
    let note = if paper.tax_note.is_empty() {
        String::new()
    } else {
        format!(" ({})", line(&paper.tax_note))
    };
    _ = writeln!(
        page,
        "- {}{note}: {}\n\n{}: {}",
        words.tax, invoice.tax, words.total, invoice.total
    );
    page
}

/// Writes what a person enters at the billing provider to start or change a subscription.
fn subscription_page(call: &Call, subscription: &SubscriptionRequest) -> String {
    let (verb, what) = match &subscription.changes {
        Some(change) => (
            "Change",
            format!(
                "Subscription: {}\nFrom: {}\n",
                line(&change.subscription),
                change.from.utc_date()
            ),
        ),
        None => ("Start", String::new()),
    };
    let price = match subscription.yearly {
        Some(yearly) => format!("Each year: {yearly}"),
        None => format!("Each month: {}", subscription.monthly),
    };
    format!(
        "# {verb} the subscription of {}\n\n{what}Plan: {}\nMail: {}\n{price} plus {}.{:02} % tax\nKey: {}\n\nEnter \
         it at the billing provider, with the client in the field `client` of the metadata.\n",
        line(&subscription.entity),
        line(&subscription.plan),
        line(&subscription.email),
        subscription.tax_bp / 100,
        subscription.tax_bp % 100,
        call.key,
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::adapters::conformance;
    use crate::domain::effect::{EffectKey, InvoiceLine, InvoicePaper};
    use crate::domain::layer::Layer;
    use crate::domain::mode::Mode;
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Moment;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::new("USD").unwrap())
    }

    fn invoice() -> InvoiceRequest {
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

    fn report() -> ReportDelivery {
        ReportDelivery {
            entity: "osm:node/1".to_owned(),
            period: "weekly:2026-W06".to_owned(),
            markdown: "# Report 2026-W06\n".to_owned(),
            json: serde_json::to_value(crate::domain::report::sample()).unwrap(),
            mail: conformance::mail(),
        }
    }

    #[tokio::test]
    async fn billing_and_reports_behave_as_every_port_must() {
        let root = tempfile::tempdir().unwrap();
        let outbox = OutboxDir::new(root.path());
        let billing = OutboxBilling(outbox.clone());
        conformance::check::<InvoiceRequest>(&billing, &invoice()).await;
        let subscription = SubscriptionRequest {
            entity: "osm:node/1".to_owned(),
            email: "a@dental.example".to_owned(),
            plan: "starter".to_owned(),
            monthly: usd(50_000),
            tax_bp: 1_900,
            yearly: None,
            changes: None,
        };
        conformance::check::<SubscriptionRequest>(&billing, &subscription).await;
        conformance::check(&OutboxReports(outbox), &report()).await;
    }

    #[test]
    fn an_invoice_reads_as_a_person_sends_it_and_a_name_adds_no_line() {
        let call = Call {
            key: EffectKey("00ff".to_owned()),
            mode: Mode::Live,
            layer: Layer::FinanceTracker,
            attempt: 1,
            now: Moment(1_767_603_600_000),
        };
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
        let call = Call {
            key: EffectKey("00ff".to_owned()),
            mode: Mode::Live,
            layer: Layer::FinanceTracker,
            attempt: 1,
            now: Moment(1_767_603_600_000),
        };
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

    #[tokio::test]
    async fn a_report_is_written_to_read_to_import_and_to_send() {
        let root = tempfile::tempdir().unwrap();
        let port = OutboxReports(OutboxDir::new(root.path()));
        let call = Call {
            key: EffectKey("00ff".to_owned()),
            mode: Mode::Live,
            layer: Layer::ReportingEngine,
            attempt: 1,
            now: Moment(1_767_603_600_000),
        };
        let receipt = port.call(&Permit::of_a_test(), &call, &report()).await.unwrap();
        assert!(receipt.reference.ends_with("reports/2026-01-05-report-00ff.eml"));
        let files = fs::read_dir(root.path().join("reports")).unwrap();
        assert_eq!(files.count(), 4, "json, md, pdf and the mail");
        let mail = fs::read_to_string(&receipt.reference).unwrap();
        assert!(mail.contains("application/pdf"), "{mail}");
        let sent = fs::read(root.path().join("reports/2026-01-05-report-00ff.pdf")).unwrap();
        assert!(sent.starts_with(b"%PDF-"));
    }
}
