//! Kills a serving process around what reaches it: deliveries, opt-outs, health checks, and what other
//! processes hand over. Whatever was acknowledged is there, and the next process takes everything up.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;

use cep_machine::domain::unsubscribe::UnsubscribeKey;
use cep_machine::runtime::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::bench::{Bench, Start, is_dead_of_abort, until};
use crate::invariants;
use crate::provider::{STRIPE_KEY, deliver, payment};

const MAILBOX_KEY: &str = "a_secret_of_the_mailbox_0123456789";

/// How many businesses there are.
const BUSINESSES: i32 = 8;

/// Open at every hour, so that the suite does not depend on when it runs; leases are renewed soon.
pub(crate) const SETTINGS: &str = "outreach:
  countries: [US]
  quiet_hours:
    open_hour: 0
    close_hour: 24
    weekdays_only: false
orchestrator:
  lease_s: 2
  call_timeout_s: 1
";

/// What makes a serving process come to the commit of a command.
#[derive(Clone, Copy, Debug)]
enum By {
    /// Its start, or its going on.
    Itself,
    Health,
    Delivery,
    OptOut,
    /// A command that another process handed over, as JSON of its fields.
    Handed(&'static str),
    /// Another process, which is the one that dies.
    Asker,
}

const POINTS: [(&str, By); 15] = [
    ("serve", By::Itself),
    ("settings of the server", By::Itself),
    ("arm_live", By::Itself),
    ("stand", By::Itself),
    ("keep the trend", By::Itself),
    ("renew leases", By::Itself),
    ("readiness", By::Health),
    ("deliver", By::Delivery),
    ("unsubscribe", By::OptOut),
    ("pause", By::Handed(r#""command":"pause","run":RUN"#)),
    ("run state", By::Handed(r#""command":"pause","run":RUN"#)),
    ("resume", By::Handed(r#""command":"resume","run":RUN"#)),
    ("disarm", By::Handed(r#""command":"disarm""#)),
    ("answer a handed command", By::Handed(r#""command":"resume","run":RUN"#)),
    ("hand over", By::Asker),
];

/// Every commit at which a scenario of this suite kills.
pub(crate) fn killed() -> BTreeSet<&'static str> {
    POINTS.iter().map(|(name, _)| *name).collect()
}

/// A process that serves, or has died while it began to.
pub(crate) struct Server {
    pub(crate) child: Child,
    address: Option<String>,
}

impl Server {
    /// Starts one, live, and returns when it serves or is dead.
    pub(crate) fn start(bench: &Bench, start: &Start<'_>) -> Self {
        let words = ["serve", "--listen", "127.0.0.1:0", "--live", "--confirm", "live"];
        let mut command: Command = bench.command(&words, start);
        command.env("CEP_STRIPE_SECRET", STRIPE_KEY).env("CEP_MAILBOX_SECRET", MAILBOX_KEY);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (told, address) = channel();
        let stderr = child.stderr.take().unwrap();
        // Nobody must fill the pipe, or the process would wait for us.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some((_, at)) = line.split_once(" at http://") {
                    drop(told.send(at.to_owned()));
                }
            }
        });
        Self { child, address: address.recv().ok() }
    }

    pub(crate) fn connect(&self) -> Option<TcpStream> {
        TcpStream::connect(self.address.as_ref()?).ok()
    }

    /// Asks for a page; `None` when nobody answers.
    pub(crate) fn ask(&self, request: &str) -> Option<String> {
        let mut stream = self.connect()?;
        let head = format!(
            "{request} HTTP/1.1\r\nhost: t\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        (!answer.is_empty()).then_some(answer)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ask("GET /readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    /// Delivers a payment; whether it was acknowledged.
    pub(crate) fn deliver(&self, id: &str) -> bool {
        let now = SystemClock::new().wall();
        let stream = self.connect();
        stream.and_then(|mut stream| deliver(&mut stream, &payment(id), now)) == Some(200)
    }

    /// Asks it to stop and returns its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

/// Businesses of a map, each with an address.
fn businesses() -> String {
    let elements = (1..=BUSINESSES).map(|n| {
        json!({
            "type": "node", "id": n, "lat": 43.65 + 0.01 * f64::from(n), "lon": -70.25,
            "tags": {
                "name": format!("Curlew {n} Dental"), "amenity": "dentist",
                "email": format!("info@curlew{n}.example"), "addr:country": "US",
            },
        })
    });
    json!({ "elements": elements.collect::<Vec<_>>() }).to_string()
}

/// A machine with prospects in both worlds, none of which was written to.
pub(crate) fn promoted(settings: &str) -> Bench {
    let bench = Bench::new(settings);
    std::fs::write(bench.path("town.json"), businesses()).unwrap();
    bench.said(&["run", "1", "--input", "town.json"], 0);
    bench.said(&["run", "2"], 0);
    bench.said(&["promote"], 0);
    bench
}

/// Writes a command as another process does that hands it over.
fn hand_over(bench: &Bench, fields: &str) {
    let run = "SELECT coalesce(max(id), 0) FROM runs WHERE mode = 'live' AND wall_ended_at IS NULL";
    until(|| bench.number(run) > 0);
    let args = format!("{{{}}}", fields.replace("RUN", &bench.number(run).to_string()));
    let row = "
INSERT INTO commands (wall_at, actor, origin, mode, name, args, state, for_owner)
SELECT 0, 'a@b', 'screen', 'live', 'handed', ?1, 'accepted', owner FROM leases WHERE name = 'serve'";
    assert_eq!(bench.connect().execute(row, [args]).unwrap(), 1);
}

/// Presses the button of an unsubscribe link of ours.
fn opt_out(bench: &Bench, server: &Server) -> bool {
    let one = |column: &str| {
        let sql = format!(
            "SELECT {column} FROM prospects WHERE mode = 'live' AND email IS NOT NULL ORDER BY id LIMIT 1"
        );
        bench.rows(&sql).pop_first().unwrap()
    };
    let key = UnsubscribeKey::new(format!("unsubscribe/{MAILBOX_KEY}"));
    let token = key.token(&one("email"), "intro");
    let path = format!("POST /unsubscribe/u/{token}?p={}&c=intro", one("entity"));
    server.ask(&path).is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Makes the process come to its end; whether what was asked was acknowledged.
fn provoke(bench: &Bench, server: &Server, by: By) -> bool {
    match by {
        By::Itself | By::Asker => false,
        By::Health => server.is_ready(),
        By::Delivery => server.deliver("evt_killed"),
        By::OptOut => opt_out(bench, server),
        By::Handed(fields) => {
            hand_over(bench, fields);
            false
        }
    }
}

fn kill_at(point: &str, by: By, base: &Bench) {
    let bench = Bench::copy_of(base);
    if matches!(by, By::Asker) {
        let server = Server::start(&bench, &Start::default());
        until(|| bench.number("SELECT count(*) FROM runs WHERE mode = 'live'") > 0);
        let run = bench.number("SELECT max(id) FROM runs WHERE mode = 'live'").to_string();
        bench.dies(&["pause", &run], &Start::dying(point));
        assert_eq!(server.stop(), Some(0), "{point}");
    } else {
        let mut server = Server::start(&bench, &Start::dying(point));
        let acknowledged = provoke(&bench, &server, by);
        let status = server.child.wait().unwrap();
        assert!(is_dead_of_abort(status), "{point} was not reached: {status}");
        assert!(!acknowledged, "{point}: it was acknowledged before it was kept");
    }
    invariants::after_death(&bench, point);
    let server = Server::start(&bench, &Start::default());
    until(|| server.is_ready());
    // Whoever got no answer asks again.
    match by {
        By::Delivery => assert!(server.deliver("evt_killed")),
        By::OptOut => assert!(opt_out(&bench, &server)),
        By::Itself | By::Health | By::Handed(_) | By::Asker => {}
    }
    until(|| {
        bench.number(
            "SELECT count(*) FROM units WHERE mode = 'live' AND state IN ('ready', 'leased')",
        ) == 0
    });
    until(|| bench.number("SELECT count(*) FROM commands WHERE state = 'accepted'") == 0);
    assert_eq!(server.stop(), Some(0), "{point}");
    invariants::after_death(&bench, point);
    let twice = bench.rows("SELECT printf('%s %d', provider, count(*)) FROM inbox GROUP BY delivery_id HAVING count(*) > 1");
    assert_eq!(twice, BTreeSet::new(), "{point}");
    let unknown = bench.rows("SELECT key FROM effects WHERE state IN ('sending', 'unknown')");
    assert_eq!(unknown, BTreeSet::new(), "{point}");
    eprintln!("{point}: taken up by the next process");
}

#[test]
fn killed_around_what_reaches_a_serving_process_the_next_one_takes_it_up() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let base = promoted(SETTINGS);
    for (name, by) in POINTS {
        for side in ["before", "after"] {
            kill_at(&format!("commit.{side}:{name}"), by, &base);
        }
    }
}
