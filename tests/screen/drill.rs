//! The drill of a night: LIVE units fail in a serving process, and somebody opens `cep` elsewhere.
//!
//! Three keys lead to the cause, the attempts and what is planned; two more have all units of the cause
//! worked again by the process that serves. The same over a link that hardly carries a screen.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::pty::Link;
use crate::session::{Desk, WIDE};

/// Writes to prospects at any hour, so that the drill can be held at any.
const ALWAYS: &str =
    "outreach:\n  quiet_hours: {open_hour: 0, close_hour: 24, weekdays_only: false}\n";

const DEAD: &str = "SELECT count(*) FROM units WHERE mode = 'live' AND state = 'dead'";
const DUE: &str = "SELECT count(*) FROM units WHERE mode = 'live' AND state IN ('ready', 'leased')";
const CONFIRMED: &str =
    "SELECT count(*) FROM effects WHERE mode = 'live' AND layer = 3 AND state = 'confirmed'";

/// A process that serves LIVE; it ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_meanwhile = self.0.kill();
        let _status = self.0.wait();
    }
}

/// A serving process whose outbox is no folder, so that nothing can go out.
fn failing(desk: &Desk) -> Server {
    desk.runs(&["run", "1", "--limit", "12"], 0);
    desk.runs(&["run", "2"], 0);
    desk.runs(&["promote", "--limit", "12"], 0);
    std::fs::write(desk.path("state/cep/outbox"), "in the way").unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--live", "--confirm", "live"];
    let mut command = desk.command(&arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // Nobody must fill the pipe, or the process would wait for us.
    let stderr = BufReader::new(child.stderr.take().unwrap());
    thread::spawn(move || stderr.lines().for_each(drop));
    Server(child)
}

fn drill(link: Link) {
    let desk = Desk::with(ALWAYS);
    let _server = failing(&desk);
    let mut person = desk.opens_by(&[], WIDE, &[], link);
    person
        .sees("1 Layers")
        .awaits_rows(&desk, DEAD, |n| n >= 3)
        .awaits_rows(&desk, DUE, |n| n == 0);
    let failed = desk.number(DEAD);

    person.presses("v").presses("e").presses("\r");
    person.sees_all(&["outbox_unwritable", "CLASS", "ATTEMPTS", "no retry planned", "LIVE"]);
    person.sees("make ").sees_in_a_line(&["units alike"]);

    std::fs::remove_file(desk.path("state/cep/outbox")).unwrap();
    person.presses("R").presses("y");
    person.sees_in_a_line(&["DONE", &format!("{failed} units")]);
    person.awaits_rows(&desk, DEAD, |n| n == 0).awaits_rows(&desk, CONFIRMED, |n| n >= failed);
    let by_server =
        "SELECT count(*) FROM commands WHERE name = 'retry_fingerprint' AND state = 'done'
                     AND origin = 'screen' AND for_owner LIKE 'serve pid %'";
    assert_eq!(desk.number(by_server), 1);
    let armed_here = "SELECT count(*) FROM commands WHERE name = 'arm' AND origin = 'screen'";
    assert_eq!(desk.number(armed_here), 0, "the dashboard itself was never armed");
}

#[test]
fn three_keys_lead_to_the_cause_and_two_more_have_all_alike_worked_by_the_server() {
    drill(Link::default());
}

#[test]
fn the_same_keys_do_over_a_link_of_8_kb_a_second_and_300_ms() {
    drill(Link { bytes_per_s: Some(8_000), delay: Duration::from_millis(300) });
}
