//! Runs `cep serve` as a supervisor does: starts it, sends it what providers send, kills it, and looks
//! at the rows.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has to fail")]
#![expect(clippy::print_stderr, reason = "a long form says what it measured")]

mod provider;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cep_machine::domain::signature;
use cep_machine::runtime::clock::{Clock as _, SystemClock};
use rusqlite::Connection;
use tempfile::TempDir;

use provider::{STRIPE_KEY, deliver, payment};

/// Every secret that a serving process is given here; none may be found in anything it writes.
const SECRETS: [(&str, &str); 6] = [
    ("CEP_STRIPE_SECRET", STRIPE_KEY),
    ("CEP_CALENDLY_SECRET", "planted_secret_of_calendly_0123456789"),
    ("CEP_MAILBOX_SECRET", "planted_secret_of_mailbox_0123456789"),
    ("CEP_PERSON_SECRET", "planted_secret_of_person_0123456789"),
    ("CEP_PROFILE_SECRET", "planted_secret_of_profile_0123456789"),
    ("CEP_METRICS_TOKEN", "planted_secret_of_metrics_0123456789"),
];

/// How often the rows are looked at while something is awaited, and how often at most.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS_MAX: usize = 6_000;

/// Requests that come as fast as they are answered must not meet the limit of one address.
const UNLIMITED: &str = "serve:\n  per_address: {per_s: 100000, burst: 100000}\n";

struct Desk(TempDir);

/// A process that serves.
struct Server {
    child: Child,
    address: String,
    said: Arc<Mutex<String>>,
}

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.path("cep.yaml"), UNLIMITED).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command.env("XDG_STATE_HOME", self.path("state")).stdin(Stdio::null());
        command.env("CEP_CONFIG", self.path("cep.yaml")).envs(SECRETS);
        command
    }

    fn start(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (address, found) = channel();
        let (stderr, kept) = (child.stderr.take().unwrap(), Arc::clone(&said));
        // Nobody must fill the pipe, or the process would wait for us.
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some((_, at)) = line.split_once(" at http://") {
                    drop(address.send(at.to_owned()));
                }
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let Ok(address) = found.recv() else {
            panic!("it does not serve: {}", said.lock().unwrap())
        };
        Server { child, address, said }
    }

    fn live(&self) -> Server {
        self.start(&["--live", "--confirm", "live"])
    }

    fn number(&self, sql: &str) -> i64 {
        let conn = Connection::open(self.path("state/cep/cep.db")).unwrap();
        conn.busy_timeout(Duration::from_secs(10)).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn words(&self, sql: &str) -> Vec<String> {
        let conn = Connection::open(self.path("state/cep/cep.db")).unwrap();
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// Waits until a query gives 0.
    fn until_none(&self, sql: &str) {
        for _ in 0..LOOKS_MAX {
            if self.number(sql) == 0 {
                return;
            }
            thread::park_timeout(LOOK);
        }
        panic!("still {} of: {sql}", self.number(sql));
    }
}

impl Server {
    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    fn get(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let mut stream = self.connect();
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        let token = token.unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n{token}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and returns its exit code and what it said.
    fn stop(mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        (code, self.said.lock().unwrap().clone())
    }
}

/// Delivers from four connections until the process is gone, and tells of each acknowledgement.
fn storm(server: &Server, round: usize, acknowledged: &Sender<String>) {
    let clock = Arc::new(SystemClock::new());
    for sender in 0..4 {
        let (mut stream, told) = (server.connect(), acknowledged.clone());
        let clock = Arc::clone(&clock);
        thread::spawn(move || {
            for n in 0.. {
                let id = format!("evt_{round}_{sender}_{n}");
                if deliver(&mut stream, &payment(&id), clock.wall()) != Some(200) {
                    return;
                }
                if told.send(id).is_err() {
                    return;
                }
            }
        });
    }
}

/// `CEP_KILLS=50` is the long form.
#[expect(clippy::disallowed_methods, reason = "tests alone read this variable")]
fn kills() -> usize {
    std::env::var("CEP_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(3)
}

#[test]
fn killed_under_a_storm_of_deliveries_it_processes_every_acknowledged_one_once() {
    let desk = Desk::new();
    let mut all = BTreeSet::new();
    let clock = SystemClock::new();
    for round in 0..kills() {
        let server = desk.live();
        let (told, acknowledged) = channel();
        let began_us = clock.monotonic_us();
        storm(&server, round, &told);
        drop(told);
        // Killed at another point of the storm each time: at once, in the middle, later.
        let until = [1, 60, 150, 25, 300][round % 5] + round;
        let mut ids: Vec<String> = acknowledged.iter().take(until).collect();
        let took_us = clock.monotonic_us() - began_us;
        server.kill();
        // What was acknowledged between the count and the kill was acknowledged too.
        ids.extend(acknowledged);
        let rate = ids.len() as u64 * 1_000_000 / took_us.max(1);
        eprintln!("round {round}: {} acknowledged, about {rate} a second", ids.len());
        all.extend(ids);
    }
    let server = desk.live();
    desk.until_none(
        "SELECT count(*) FROM units WHERE mode = 'live' AND layer = 8 AND kind = 'delivery'
         AND state IN ('ready', 'leased', 'scheduled', 'retry_wait')",
    );
    assert_eq!(server.stop().0, Some(0));
    let worked: Vec<String> = desk.words(
        "SELECT u.entity FROM units u JOIN attempts a ON a.unit_id = u.id AND a.state = 'ok'
         WHERE u.layer = 8 AND u.kind = 'delivery' AND u.state = 'done'",
    );
    let once: BTreeSet<String> = worked.iter().cloned().collect();
    assert_eq!(worked.len(), once.len(), "some delivery was processed twice");
    let lost: Vec<_> = all.difference(&once).collect();
    assert!(lost.is_empty(), "{} acknowledged and never processed: {lost:?}", lost.len());
    let booked = desk.number("SELECT count(*) FROM billing_unmatched");
    assert_eq!(usize::try_from(booked).unwrap(), once.len(), "each is kept once for a person");
}

#[test]
fn no_secret_is_found_in_anything_that_is_written_or_answered() {
    let desk = Desk::new();
    let server = desk.live();
    let clock = SystemClock::new();
    let mut stream = server.connect();
    assert_eq!(deliver(&mut stream, &payment("evt_1"), clock.wall()), Some(200));
    let forged = signature::sign("another", b"{}", clock.wall());
    let request = format!(
        "POST /webhooks/stripe HTTP/1.1\r\nhost: t\r\nstripe-signature: {forged}\r\n\
         content-length: 2\r\nconnection: close\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answered = String::new();
    stream.read_to_string(&mut answered).unwrap();
    assert!(answered.starts_with("HTTP/1.1 400"), "{answered}");
    let (status, page) = server.get("/metrics", None);
    assert_eq!(status, 401, "{page}");
    let (status, figures) = server.get("/metrics", Some(SECRETS[5].1));
    assert_eq!(status, 200);
    answered.push_str(&figures);
    answered.push_str(&server.get("/readyz?verbose", None).1);
    let mut said = String::new();
    for arguments in [
        &["config", "show"][..],
        &["config", "show", "--json"],
        &["status", "--json"],
        &["events", "--mode", "live", "--json"],
        &["serve", "--listen", "127.0.0.1:0"],
        &["healthy", "--listen", &server.address],
    ] {
        let output = desk.command(arguments).output().unwrap();
        said.push_str(&String::from_utf8_lossy(&output.stdout));
        said.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    assert!(said.contains("serves this database already"), "the second server is refused");
    assert!(said.contains(&format!("answers at {}", server.address)), "{said}");
    let (code, log) = server.stop();
    assert_eq!(code, Some(0));
    let mut written = vec![("answers".to_owned(), answered.into_bytes())];
    written.push(("output".to_owned(), said.into_bytes()));
    written.push(("stderr".to_owned(), log.into_bytes()));
    written.extend(files(&desk.path("state")));
    assert!(written.len() > 4, "database and log are among what was looked at");
    for (name, bytes) in written {
        for (variable, secret) in SECRETS {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{variable} stands in {name}");
        }
    }
}

fn files(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

#[test]
fn beyond_loopback_it_wants_tls_or_a_proxy_and_in_production_safe_values() {
    let desk = Desk::new();
    let refused = |arguments: &[&str], code: i32| {
        let output = desk.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    };
    let said = refused(&["serve", "--listen", "0.0.0.0:0"], 4);
    assert!(said.contains("without TLS") && said.contains("serve.trusted_proxies"), "{said}");
    let said = refused(&["--profile", "prod", "serve", "--listen", "127.0.0.1:0"], 2);
    assert!(said.contains("agency.postal_address") && said.contains("hint: "), "{said}");
    let said = refused(&["serve", "--live"], 4);
    assert!(said.contains("typed word"), "{said}");
    let said = refused(&["healthy"], 1);
    assert!(said.contains("no process serves"), "{said}");
}
