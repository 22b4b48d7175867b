//! Tests the server as a sender sees it: bytes over a socket, and what is in the database after.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Desk, Listening};
use crate::app::serving::Serving;
use crate::app::{Handle, Origin, Setup, Show, wiring};
use crate::config::{Environment, Settings};
use crate::domain::mode::Mode;
use crate::domain::sales::{Prospect, SalesChange};
use crate::domain::signature;
use crate::domain::test_data;
use crate::domain::time::{Moment, SECOND_MS, Uptime};
use crate::layers::outreach_engine;
use crate::runtime::clock::{Clock, SystemClock};
use crate::store::changes;

const STRIPE_KEY: &str = "whsec_test_shared_secret";
const CALENDLY_KEY: &str = "calendly-test-signing-key";

/// A clock whose wall time is set by the test, and which really waits.
struct SetClock {
    wall: AtomicI64,
    real: SystemClock,
}

#[async_trait]
impl Clock for SetClock {
    fn wall(&self) -> Moment {
        Moment(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic_us(&self) -> u64 {
        self.real.monotonic_us()
    }

    fn uptime(&self) -> Uptime {
        self.real.uptime()
    }

    async fn pause(&self, duration: Duration) {
        self.real.pause(duration).await;
    }
}

/// A machine that serves on a port of its own.
struct Bench {
    _folder: tempfile::TempDir,
    clock: Arc<SetClock>,
    handle: Handle,
    desk: Arc<Desk>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

async fn bench(change: impl FnOnce(&mut Settings)) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::of(&[
        ("HOME", folder.path().to_str().unwrap()),
        ("CEP_STRIPE_SECRET", STRIPE_KEY),
        ("CEP_CALENDLY_SECRET", CALENDLY_KEY),
        ("CEP_MAILBOX_SECRET", "mailbox-key"),
    ]);
    let mut settings = crate::config::load(&environment, None, None).unwrap();
    settings.serve.listen = "127.0.0.1:0".parse().unwrap();
    change(&mut settings);
    let clock =
        Arc::new(SetClock { wall: AtomicI64::new(1_767_225_605_000), real: SystemClock::new() });
    let database = folder.path().join("t.db");
    let setup = Setup { database, settings, origin: Origin::Server, user: "tester".to_owned() };
    let parts = wiring::build_with(setup, clock.clone()).unwrap();
    let serving = Serving::begin(&parts).await.unwrap();
    let handle = Handle::start(Arc::new(parts), Show::Serving, Mode::Live).unwrap();
    let desk = Desk::new(handle.clone(), serving);
    let listening = Listening::bind(Arc::clone(&desk)).await.unwrap();
    let address = listening.address().unwrap();
    let (stop, stopped) = watch::channel(false);
    let server = crate::runtime::spawn::task("server", listening.serve(stopped));
    Bench { _folder: folder, clock, handle, desk, address, stop, server }
}

impl Bench {
    /// Sends bytes and reads until the server closes.
    async fn raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that refuses early may close before all is written; its answer counts.
        drop(stream.write_all(bytes).await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    async fn get(&self, path: &str) -> Reply {
        self.raw(format!("GET {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").as_bytes())
            .await
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut head = format!(
            "POST {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head += &[name, ": ", value, "\r\n"].concat();
        }
        let bytes = [head.as_bytes(), b"\r\n", body].concat();
        self.raw(&bytes).await
    }

    async fn stripe(&self, body: &Value) -> Reply {
        let body = body.to_string();
        let header = signature::sign(STRIPE_KEY, body.as_bytes(), self.clock.wall());
        self.post("/webhooks/stripe", &[("stripe-signature", &header)], body.as_bytes()).await
    }

    fn count(&self, sql: &str) -> i64 {
        let read =
            self.handle.parts().store().read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?));
        read.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_signature_case_of_stripe_and_calendly_is_decided_right_over_http() {
    for (provider, header) in
        [("stripe", "Stripe-Signature"), ("calendly", "Calendly-Webhook-Signature")]
    {
        let Some(text) = test_data::read(&format!("webhooks-{provider}/signatures.json")) else {
            return;
        };
        let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert!(cases.len() >= 12);
        for case in cases {
            let secret = case["secret"].as_str().unwrap();
            // Each case has a machine of its own, so that none is a duplicate of another.
            let bench = bench(|settings| {
                let pair = (format!("CEP_{}_SECRET", provider.to_uppercase()), secret);
                let environment = Environment::of(&[("HOME", "/"), (&pair.0, pair.1)]);
                settings.secrets = crate::config::load(&environment, None, None).unwrap().secrets;
                let tolerance = case["tolerance_seconds"].as_u64().unwrap();
                settings.serve.calendly_tolerance_s = u32::try_from(tolerance).unwrap();
                settings.serve.stripe_tolerance_s = u32::try_from(tolerance).unwrap();
            })
            .await;
            let now = case["now"].as_i64().unwrap() * SECOND_MS;
            bench.clock.wall.store(now, Ordering::SeqCst);
            let body = case["body"].as_str().unwrap().as_bytes();
            let signed = case["header"].as_str().unwrap();
            let path = format!("/webhooks/{provider}");
            let reply = bench.post(&path, &[(header, signed)], body).await;
            let valid = case["valid"].as_bool().unwrap();
            assert_eq!(reply.status, if valid { 200 } else { 400 }, "{provider} {case}");
            let stored = bench.count("SELECT count(*) FROM inbox WHERE mode = 'live'");
            assert_eq!(stored, i64::from(valid), "{provider} {}", case["name"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flipped_bit_anywhere_is_refused_and_the_sender_is_told_nothing() {
    let bench = bench(|settings| settings.serve.per_address.burst = 100_000).await;
    let body = json!({"id": "evt_1", "object": "event", "type": "invoice.paid"}).to_string();
    let header = signature::sign(STRIPE_KEY, body.as_bytes(), bench.clock.wall());
    for bit in 0..body.len() * 8 {
        let mut flipped = body.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let reply =
            bench.post("/webhooks/stripe", &[("stripe-signature", &header)], &flipped).await;
        assert_eq!(reply.status, 400, "bit {bit} of the body");
        assert_eq!(reply.body, "not signed as it has to be\n");
    }
    for at in 0..header.len() {
        let mut flipped = header.clone().into_bytes();
        flipped[at] ^= 1;
        let Ok(flipped) = String::from_utf8(flipped) else { continue };
        let reply = bench
            .post("/webhooks/stripe", &[("stripe-signature", &flipped)], body.as_bytes())
            .await;
        assert_eq!(reply.status, 400, "byte {at} of the header: {flipped}");
    }
    assert_eq!(bench.count("SELECT count(*) FROM inbox"), 0);
    assert_eq!(bench.count("SELECT count(*) FROM units"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_duplicate_is_answered_200_and_has_one_piece_of_work() {
    let bench = bench(|_| {}).await;
    let event = json!({"id": "evt_7", "object": "event", "type": "invoice.paid"});
    for _ in 0..3 {
        assert_eq!(bench.stripe(&event).await.status, 200);
    }
    assert_eq!(bench.count("SELECT count(*) FROM inbox WHERE delivery_id = 'evt_7'"), 1);
    assert_eq!(bench.count("SELECT count(*) FROM units WHERE mode = 'live' AND layer = 8"), 1);
    let metrics = bench.get("/metrics").await.body;
    assert!(
        metrics.contains(r#"cep_webhooks_received_total{provider="stripe",result="accepted"} 1"#)
    );
    assert!(
        metrics.contains(r#"cep_webhooks_received_total{provider="stripe",result="duplicate"} 2"#)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_replayed_later_too_large_or_for_nobody_is_refused_with_its_own_status() {
    let bench = bench(|settings| settings.serve.body_kib_max = 4).await;
    let body = json!({"id": "evt_1"}).to_string();
    let header = signature::sign(STRIPE_KEY, body.as_bytes(), bench.clock.wall());
    let signed = [("stripe-signature", header.as_str())];
    bench.clock.wall.fetch_add(301 * SECOND_MS, Ordering::SeqCst);
    assert_eq!(bench.post("/webhooks/stripe", &signed, body.as_bytes()).await.status, 400);
    let large = vec![b'a'; 5 * 1024];
    assert_eq!(bench.post("/webhooks/stripe", &signed, &large).await.status, 413);
    assert_eq!(bench.post("/webhooks/nobody", &signed, b"{}").await.status, 404);
    assert_eq!(bench.post("/webhooks/person", &signed, b"{}").await.status, 503, "no key is set");
    assert_eq!(bench.get("/webhooks/stripe").await.status, 405);
    assert_eq!(bench.get("/etc/passwd").await.status, 404);
    let long = format!("GET /livez HTTP/1.1\r\nhost: t\r\nx: {}\r\n\r\n", "a".repeat(20 * 1024));
    assert_eq!(bench.raw(long.as_bytes()).await.status, 431);
    assert_eq!(bench.raw(b"nonsense\r\n\r\n").await.status, 400);
    assert_eq!(bench.count("SELECT count(*) FROM inbox"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_asks_too_often_is_told_when_to_come_again() {
    let bench = bench(|settings| {
        settings.serve.per_address.burst = 2;
        settings.serve.per_address.per_s = 1.0;
    })
    .await;
    assert_eq!(bench.get("/livez").await.status, 200);
    assert_eq!(bench.get("/livez").await.status, 200);
    let refused = bench.get("/livez").await;
    assert_eq!(refused.status, 429);
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    bench.clock.wall.fetch_add(2 * SECOND_MS, Ordering::SeqCst);
    assert_eq!(bench.get("/livez").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_names_its_reasons_and_ends_when_the_process_is_stopped() {
    let bench = bench(|_| {}).await;
    assert_eq!(bench.get("/livez").await.body, "ok\n");
    let ready = bench.get("/readyz?verbose").await;
    assert_eq!(ready.status, 200);
    assert!(ready.body.contains("[+]database ok") && ready.body.contains("[+]lease ok"));
    bench.desk.drain();
    let draining = bench.get("/readyz").await;
    assert_eq!(draining.status, 503);
    assert!(draining.body.contains("[-]accepting failed: the process is being stopped"));
    assert_eq!(bench.get("/livez").await.status, 200);
    bench.stop.send_replace(true);
    bench.server.await.unwrap();
    assert!(TcpStream::connect(bench.address).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_of_a_delivery_is_kept_with_its_work_and_a_broken_one_costs_nothing() {
    let bench = bench(|_| {}).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (id, traceparent) in [("evt_1", trace), ("evt_2", "broken")] {
        let body = json!({ "id": id }).to_string();
        let header = signature::sign(STRIPE_KEY, body.as_bytes(), bench.clock.wall());
        let headers = [("stripe-signature", header.as_str()), ("traceparent", traceparent)];
        assert_eq!(bench.post("/webhooks/stripe", &headers, body.as_bytes()).await.status, 200);
    }
    let kept = format!("SELECT count(*) FROM units WHERE traceparent = '{trace}'");
    assert_eq!(bench.count(&kept), 1);
    assert_eq!(bench.count("SELECT count(*) FROM units WHERE traceparent IS NULL"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_cannot_serve_the_same_database() {
    let bench = bench(|_| {}).await;
    let second = Serving::begin(bench.handle.parts()).await;
    let Err(refusal) = second else { panic!("two serve") };
    assert!(refusal.why.contains("serves this database already"), "{}", refusal.why);
}

/// A prospect that was written to at an address which it has no more.
async fn written_to(bench: &Bench) {
    let prospect: Prospect = serde_json::from_value(json!({
        "entity": "osm:node/1", "name": "A Dental", "category": "dental", "zone": "UTC",
        "language": "en", "source": "csv", "attribution": "", "stage": "contacted",
        "email": "new@dental.example",
    }))
    .unwrap();
    let written = bench.handle.parts().store().write("test", move |tx| {
        changes::apply(tx, Mode::Live, Moment(0), &SalesChange::Prospect(Box::new(prospect)).into())?;
        tx.execute_batch(
            "INSERT INTO units (id, mode, layer, kind, entity, version, label, state, created_at)
             VALUES (1, 'live', 3, 'message', 'osm:node/1', 'message/intro/1', 'e-mail 1', 'ready', 0);
             INSERT INTO effects (mode, key, layer, unit_id, action, entity, version, state, recovery,
               host, payload, digest, owner, attempt_id, sent_at, wall_at)
             VALUES ('live', 'k', 3, 1, 'send_email', 'osm:node/1', 'intro/1', 'sending',
               'idempotent', 'local files', '{\"to\": \"old@dental.example\"}', '', 'test', 1, 0, 0);",
        )?;
        Ok(())
    });
    written.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unsubscribe_link_shows_a_page_and_its_button_holds_at_once_for_the_address_it_was_sent_to()
 {
    let bench = bench(|_| {}).await;
    written_to(&bench).await;
    let key = outreach_engine::sender(bench.handle.parts().settings(), Mode::Live).unsubscribe_key;
    let path = |address: &str| {
        format!("/unsubscribe/u/{}?p=osm%3Anode%2F1&c=intro", key.token(address, "intro"))
    };
    let suppressed = "SELECT count(*) FROM suppressions WHERE mode = 'live'";
    for address in ["old@dental.example", "new@dental.example"] {
        let page = bench.get(&path(address)).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains("<form method=\"post\">"), "{}", page.body);
    }
    assert_eq!(bench.count(suppressed), 0, "scanners open every link");
    let stranger = path("stranger@dental.example");
    assert_eq!(bench.get(&stranger).await.status, 404);
    assert_eq!(bench.post(&stranger, &[], b"").await.status, 404);
    for _ in 0..2 {
        let one_click = b"List-Unsubscribe=One-Click";
        let done = bench.post(&path("old@dental.example"), &[], one_click).await;
        assert_eq!(done.status, 200, "{done:?}");
    }
    assert_eq!(bench.count(suppressed), 1);
    let work = "SELECT count(*) FROM units WHERE mode = 'live' AND kind = 'mailbox'";
    assert_eq!(bench.count(work), 1, "what was planned is stopped by one piece of work");
}
