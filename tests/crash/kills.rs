//! Kills two processes on one database at random moments, again and again: one works the dry world, the
//! other serves the live one or tries the same layers. What was acknowledged to anybody is there in the
//! end, and nothing reached a receiver twice.
//!
//! `CEP_KILLS=500` is the long form; `CEP_KILL_SEED` chooses other moments.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};

use cep_machine::domain::draw::Seed;
use cep_machine::runtime::clock::{Clock as _, SystemClock};

use crate::bench::{Bench, Start, until};
use crate::invariants;
use crate::serving::{SETTINGS, Server, promoted};

/// Kills of the short form.
const KILLS: u64 = 8;

/// The longest a pair of processes lives, in milliseconds: about as long as a small run takes.
const LIFE_MS_MAX: f64 = 900.0;

const DRY: [&str; 5] = ["run", "all", "--input", "town.json", "--json"];

#[expect(clippy::disallowed_methods, reason = "tests alone read these variables")]
fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// One of the two processes.
enum Worker {
    Dry(Child),
    Live(Server),
}

impl Worker {
    fn start(bench: &Bench, is_live: bool) -> Self {
        if is_live {
            return Self::Live(Server::start(bench, &Start::default()));
        }
        let mut command = bench.command(&DRY, &Start::default());
        Self::Dry(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    const fn child(&mut self) -> &mut Child {
        match self {
            Self::Dry(child) => child,
            Self::Live(server) => &mut server.child,
        }
    }

    fn is_gone(&mut self) -> bool {
        self.child().try_wait().unwrap().is_some()
    }

    fn kill(mut self) {
        drop(self.child().kill());
        self.child().wait().unwrap();
    }
}

/// What was acknowledged to somebody outside.
#[derive(Default)]
struct Acknowledged {
    deliveries: BTreeSet<String>,
    addresses: BTreeSet<String>,
}

impl Acknowledged {
    /// Everything is there, and every delivery was worked once.
    fn assert_kept(&self, bench: &Bench, at: &str) {
        let stored = bench.rows("SELECT delivery_id FROM inbox");
        let lost: Vec<_> = self.deliveries.difference(&stored).collect();
        assert!(lost.is_empty(), "{at}: acknowledged deliveries were lost: {lost:?}");
        let suppressed = bench.rows("SELECT address FROM suppressions");
        let lost: Vec<_> = self.addresses.difference(&suppressed).collect();
        assert!(lost.is_empty(), "{at}: acknowledged commands were lost: {lost:?}");
    }
}

/// Each confirmed message of the live world lies in the outbox once.
fn assert_outbox(bench: &Bench) -> usize {
    let mut names: Vec<String> = Vec::new();
    for folder in ["mail", "tasks"] {
        let entries = fs::read_dir(bench.disk().join("outbox").join(folder));
        let entries = entries.into_iter().flatten();
        names.extend(entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()));
    }
    // A task is a file for people and one for programs, under one name.
    let stems: BTreeSet<&str> =
        names.iter().filter_map(|name| Some(name.rsplit_once('.')?.0)).collect();
    let sent = bench.rows(
        "SELECT key FROM effects WHERE mode = 'live' AND state = 'confirmed'
         AND action IN ('send_email', 'assign_outreach')",
    );
    for key in &sent {
        let n = stems.iter().filter(|stem| stem.contains(key.as_str()) && !stem.starts_with('.'));
        assert_eq!(n.count(), 1, "message {key} lies in the outbox once");
    }
    sent.len()
}

#[test]
fn two_processes_killed_at_random_again_and_again_lose_nothing_and_send_nothing_twice() {
    let kills = number_of("CEP_KILLS").unwrap_or(KILLS);
    let seed = number_of("CEP_KILL_SEED").unwrap_or(1);
    eprintln!("{kills} kills, seed {seed}");
    let clock = SystemClock::new();
    let bench = promoted(SETTINGS);
    let mut kept = Acknowledged::default();
    let mut workers: [Option<Worker>; 2] = [None, None];
    for round in 0..kills {
        let draw = |what| Seed(seed).unit(&[what, &round.to_string()]);
        for (slot, worker) in workers.iter_mut().enumerate() {
            if worker.as_mut().is_none_or(Worker::is_gone) {
                let is_live = slot == 1 && draw("role") < 0.7;
                *worker = Some(Worker::start(&bench, is_live));
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most a second")]
        let until_ms = clock.wall().plus_ms((draw("life") * LIFE_MS_MAX) as i64);
        let mut n = 0;
        until(|| {
            n += 1;
            if let Some(Worker::Live(server)) = &workers[1] {
                let id = format!("evt_{round}_{n}");
                if n <= 5 && server.deliver(&id) {
                    kept.deliveries.insert(id);
                }
            }
            clock.wall() >= until_ms
        });
        if round % 5 == 0 {
            let address = format!("a{round}@b.example");
            let words = ["suppress", &address, "--reason", "asked"];
            if bench.run(&words, &Start::default()).0.success() {
                kept.addresses.insert(address);
            }
        }
        // One, the other, or both at the same moment.
        let which = draw("which");
        for (slot, worker) in workers.iter_mut().enumerate() {
            let spared = if slot == 0 { which > 0.8 } else { which < 0.2 };
            if !spared && let Some(worker) = worker.take() {
                worker.kill();
            }
        }
        if round % 10 == 0 {
            invariants::after_death(&bench, &format!("kill {round}, seed {seed}"));
        }
    }
    workers.into_iter().flatten().for_each(Worker::kill);
    finish(&bench, &kept);
}

/// Lets both worlds finish, and compares with what everybody outside knows.
fn finish(bench: &Bench, kept: &Acknowledged) {
    invariants::after_death(bench, "after the last kill");
    let resumed = bench.resumed_ms(&DRY, 0);
    let server = Server::start(bench, &Start::default());
    until(|| server.is_ready());
    let open = "SELECT count(*) FROM units WHERE state IN ('ready', 'leased')";
    until(|| bench.number(open) == 0);
    assert_eq!(server.stop(), Some(0));
    invariants::at_rest(bench, "in the end");
    kept.assert_kept(bench, "in the end");
    let sent = assert_outbox(bench);
    assert!(sent > 0, "nothing went out");
    let lost = bench.number("SELECT count(*) FROM attempts WHERE state = 'lost'");
    let done = bench.number("SELECT count(*) FROM units WHERE state = 'done'");
    let unknown = bench.number("SELECT count(*) FROM effects WHERE state = 'unknown'");
    assert_eq!(unknown, 0, "no adapter here is at most once");
    eprintln!(
        "{} deliveries and {} commands acknowledged and kept; {done} units done, {lost} attempts lost on \
         the way; {} effects arrived once, {sent} live messages lie in the outbox once; {}",
        kept.deliveries.len(),
        kept.addresses.len(),
        bench.arrivals().len(),
        crate::boundaries::told(resumed),
    );
}
