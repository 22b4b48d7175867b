//! Writes hostile strings into every kind of file of the outbox, and reads the files as a mail
//! program, a calendar and a person would.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::billing::{OutboxBilling, OutboxReports};
use super::eml::invite_bytes;
use super::people::OutboxPeople;
use super::profile::OutboxProfile;
use super::workspace::OutboxWorkspace;
use super::{OutboxDir, calendar_text, ics, mail_bytes};
use crate::adapters::conformance;
use crate::domain::credit::{Credit, CreditReason};
use crate::domain::effect::{
    CreditNoteRequest, Document, EffectKey, InviteMethod, InvoiceLine, InvoicePaper,
    InvoiceRequest, Mail, PersonTask, PlanChange, Post, ProfileEdit, ReportDelivery, ReviewReply,
    SubscriptionRequest, TaskKind, TaskWithdrawal, Workspace,
};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::money::{Currency, Money};
use crate::domain::test_data;
use crate::domain::text::is_unsafe;
use crate::domain::time::Moment;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

const NOW: Moment = Moment(1_767_603_600_000);

const HEADERS: [&str; 12] = [
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Date",
    "X-Unsent",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
];

fn key(n: usize) -> EffectKey {
    EffectKey(format!("{n:032x}"))
}

fn call(n: usize) -> Call {
    Call { key: key(n), mode: Mode::Live, layer: Layer::OutreachEngine, attempt: 1, now: NOW }
}

fn hostile_mail(text: &str) -> Mail {
    Mail {
        to_name: text.to_owned(),
        from_name: text.to_owned(),
        subject: text.to_owned(),
        text: format!("Hello {text},\n\n{text}\n"),
        unsubscribe_url: Some(text.to_owned()),
        booking_url: Some(text.to_owned()),
        ..conformance::mail()
    }
}

/// The names of the headers of a message, as a mail program finds them.
fn header_names(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    assert!(text.is_ascii(), "other characters are encoded");
    let head = text.split("\r\n\r\n").next().unwrap();
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect()
}

fn is_clean(text: &str) -> bool {
    !text.contains(|c| is_unsafe(c) && !matches!(c, '\n' | '\r'))
}

#[test]
fn no_hostile_name_adds_a_header_to_a_mail_or_a_property_to_an_invite() {
    let Some(hostile) = test_data::naughty_strings() else { return };
    for (n, text) in hostile.iter().enumerate() {
        let mail = mail_bytes(&key(n), NOW, &hostile_mail(text)).unwrap();
        let mut invite = ics::tests::invite(InviteMethod::Request);
        invite.summary.clone_from(text);
        invite.mail = hostile_mail(text);
        for message in [mail, invite_bytes(&key(n), NOW, &invite).unwrap()] {
            let names = header_names(&message);
            let known = names.iter().all(|name| HEADERS.contains(&name.as_str()));
            assert!(known, "{text:?}: {names:?}");
            let once: std::collections::BTreeSet<_> = names.iter().collect();
            assert_eq!(once.len(), names.len(), "{text:?}: {names:?}");
        }
        let calendar = calendar_text(&invite).unwrap();
        assert!(is_clean(&calendar) && calendar.lines().count() > 10, "{text:?}");
        let unfolded = calendar.replace("\r\n ", "");
        let lines: Vec<&str> = unfolded.lines().collect();
        let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
        let counts = ["BEGIN:VEVENT", "END:VEVENT", "ATTENDEE", "ORGANIZER", "SUMMARY"].map(count);
        assert_eq!(counts, [1; 5], "{text:?}: {calendar}");
        let shape = lines.iter().all(|line| {
            let name = line.split([':', ';']).next().unwrap();
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
        });
        assert!(shape, "{text:?}: {calendar}");
    }
}

async fn write_all(outbox: &OutboxDir, n: usize, text: &str) {
    let (permit, call, own) = (Permit::of_a_test(), call(n), || text.to_owned());
    let people = OutboxPeople(outbox.clone());
    let task = PersonTask {
        kind: TaskKind::Phone,
        entity: own(),
        title: own(),
        details: own(),
        due_at: NOW,
    };
    people.call(&permit, &call, &task).await.unwrap();
    let back = TaskWithdrawal { task: call.key.clone(), title: own(), why: own() };
    people.call(&permit, &call, &back).await.unwrap();
    let profile = OutboxProfile(outbox.clone());
    let edit = ProfileEdit { entity: own(), field: own(), before: Some(own()), after: own() };
    profile.call(&permit, &call, &edit).await.unwrap();
    let post = Post {
        entity: own(),
        slot: own(),
        text: own(),
        language: own(),
        call_to_action: None,
        event: None,
    };
    profile.call(&permit, &call, &post).await.unwrap();
    let reply = ReviewReply { entity: own(), review: own(), text: own() };
    profile.call(&permit, &call, &reply).await.unwrap();
    write_billing(outbox, n, text).await;
    let report = ReportDelivery {
        entity: own(),
        period: own(),
        markdown: own(),
        json: serde_json::json!({ "business": text }),
        mail: hostile_mail(text),
    };
    OutboxReports(outbox.clone()).call(&permit, &call, &report).await.unwrap();
}

async fn write_billing(outbox: &OutboxDir, n: usize, text: &str) {
    let (permit, call, own) = (Permit::of_a_test(), call(n), || text.to_owned());
    let usd = |minor| Money::new(minor, Currency::new("USD").unwrap());
    let billing = OutboxBilling(outbox.clone());
    let invoice = InvoiceRequest {
        entity: own(),
        period: own(),
        name: own(),
        email: own(),
        lines: vec![InvoiceLine { text: own(), net: usd(1) }],
        tax: usd(0),
        total: usd(1),
        due_at: NOW,
        paper: InvoicePaper {
            number: own(),
            issuer: own(),
            issuer_address: own(),
            language: own(),
            tax_note: own(),
        },
    };
    billing.call(&permit, &call, &invoice).await.unwrap();
    let credited = Credit { reason: CreditReason::Refund, net: usd(1), tax: usd(0), total: usd(1) };
    let note = CreditNoteRequest {
        entity: own(),
        name: own(),
        email: own(),
        credit: credited,
        invoice: own(),
        provider_invoice: Some(own()),
        invoiced_at: NOW,
        paper: invoice.paper.clone(),
    };
    billing.call(&permit, &call, &note).await.unwrap();
    let subscription = SubscriptionRequest {
        entity: own(),
        email: own(),
        plan: own(),
        monthly: usd(1),
        tax_bp: 0,
        yearly: None,
        changes: Some(PlanChange { subscription: own(), from: NOW, running_since: None }),
    };
    billing.call(&permit, &call, &subscription).await.unwrap();
}

async fn write_workspace(outbox: &OutboxDir, n: usize, text: &str) {
    let (permit, port) = (Permit::of_a_test(), OutboxWorkspace(outbox.clone()));
    let workspace = |path: &str| Workspace {
        entity: text.to_owned(),
        name: text.to_owned(),
        documents: vec![Document::once(path, text)],
        files: Vec::new(),
    };
    port.call(&permit, &call(n), &workspace("brief.md")).await.unwrap();
    let mut again = workspace("brief.md");
    again.documents[0].revision = 1;
    port.call(&permit, &call(n), &again).await.unwrap();
    // Our documents have names of our own; one from outside is refused or stays inside.
    drop(port.call(&permit, &call(n), &workspace(text)).await);
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.append(&mut files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test]
async fn no_file_of_the_outbox_holds_a_control_sequence_or_lies_outside_it() {
    let Some(hostile) = test_data::naughty_strings() else { return };
    let around = tempfile::tempdir().unwrap();
    let root = around.path().join("a/b/c/d/outbox");
    let outbox = OutboxDir::new(&root);
    let all = hostile.join("\n");
    write_all(&outbox, hostile.len(), &all).await;
    for (n, text) in hostile.iter().enumerate() {
        write_workspace(&outbox, n, text).await;
        // Those that could act on a terminal, a path or a line, each in files of its own.
        if text.contains(|c| is_unsafe(c) || c == '/' || c == '\\') {
            write_all(&outbox, n, text).await;
        }
    }
    let written = files(around.path());
    assert!(written.len() > hostile.len());
    for path in written {
        assert!(path.starts_with(&root), "{path:?}");
        assert!(!path.to_str().unwrap().contains(is_unsafe), "{path:?}");
        let text = fs::read_to_string(&path).unwrap();
        assert!(is_clean(&text), "{path:?}");
        if path.extension().is_some_and(|extension| extension == "json") {
            let parsed: Result<Value, _> = serde_json::from_str(&text);
            assert!(parsed.is_ok(), "{path:?}");
        }
    }
}
