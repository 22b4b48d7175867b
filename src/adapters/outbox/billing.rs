//! Writes invoices, subscriptions and reports as files that a person sends or enters.

use async_trait::async_trait;
use serde_json::json;

use super::paper::{credit_note_page, invoice_page};
use super::{Attachment, BY_FILE_NAME, HOST, OutboxDir, OutboxFile, eml, file_word, line};
use crate::domain::effect::{
    CreditNoteRequest, InvoiceRequest, Receipt, Recovery, ReportDelivery, SubscriptionRequest,
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
impl Port<CreditNoteRequest> for OutboxBilling {
    fn name(&self) -> &'static str {
        "outbox credit note"
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
        note: &CreditNoteRequest,
    ) -> Result<Receipt, WorkError> {
        let data = json!({"key": call.key, "credit_note": note});
        let files =
            [OutboxFile::json(&data), OutboxFile::text("md", &credit_note_page(call, note))];
        self.0.put("credit-notes", "credit-note", &call.key, call.now, &files)
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
    use crate::domain::effect::EffectKey;
    use crate::domain::layer::Layer;
    use crate::domain::mode::Mode;
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Moment;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::new("USD").unwrap())
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
        conformance::check::<InvoiceRequest>(&billing, &super::super::paper::tests::invoice())
            .await;
        conformance::check::<CreditNoteRequest>(&billing, &conformance::credit_note()).await;
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
