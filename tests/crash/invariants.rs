//! What holds in every database that no process has open, whatever happened to the machine: one SQL
//! query for each, of which every row is a violation.

use std::collections::BTreeSet;

use crate::bench::Bench;

/// What holds after any death, before anything was started again.
pub(crate) const ALWAYS: [(&str, &str); 13] = [
    ("an attempt is under way exactly where a unit is leased", "
SELECT printf('unit %d %s, %d attempts', u.id, u.state, count(a.id)) FROM units u
  LEFT JOIN attempts a ON a.unit_id = u.id AND a.state = 'started'
  GROUP BY u.id HAVING count(a.id) <> (u.state = 'leased')"),
    ("the attempts of a unit are numbered without a gap", "
SELECT printf('unit %d', unit_id) FROM attempts
  GROUP BY unit_id HAVING count(*) <> max(number) OR min(number) <> 1"),
    ("a blocked unit waits for one that exists", "
SELECT printf('unit %d waits for %s', u.id, u.blocked_on) FROM units u WHERE u.state = 'blocked'
  AND NOT EXISTS (SELECT 1 FROM units b WHERE b.mode = u.mode
    AND b.layer || '|' || b.entity || '|' || b.version = u.blocked_on)"),
    ("nothing ends while its effect is open", "
SELECT printf('unit %d %s, effect %s %s', u.id, u.state, e.key, e.state) FROM effects e
  JOIN units u ON u.id = e.unit_id
  WHERE e.state IN ('sending', 'unknown') AND u.state IN ('done', 'cancelled')"),
    ("a unit is held for an effect that nobody knows about", "
SELECT printf('unit %d', u.id) FROM units u WHERE u.state = 'held'
  AND NOT EXISTS (SELECT 1 FROM effects e WHERE e.unit_id = u.id AND e.state IN ('unknown', 'sending'))"),
    ("confirmations are numbered without a gap", "
SELECT mode || count(*) FROM effects WHERE confirmed_no IS NOT NULL
  GROUP BY mode HAVING count(*) <> max(confirmed_no)"),
    ("every count is the count of the rows", "
SELECT printf('units L%d %s', layer, state) FROM (SELECT mode, layer, state, n FROM unit_counts WHERE n <> 0
  EXCEPT SELECT mode, layer, state, count(*) FROM units GROUP BY mode, layer, state)
UNION SELECT printf('attempts L%d %s', layer, state) FROM (SELECT mode, layer, state, n FROM attempt_counts WHERE n <> 0
  EXCEPT SELECT mode, layer, state, count(*) FROM attempts GROUP BY mode, layer, state)
UNION SELECT printf('effects L%d %s', layer, state) FROM (SELECT mode, layer, state, n FROM effect_counts WHERE n <> 0
  EXCEPT SELECT mode, layer, state, count(*) FROM effects GROUP BY mode, layer, state)"),
    ("papers are numbered without a gap, and none went out without its number", "
SELECT printf('invoices of %d: %d', serial_year, count(*)) FROM invoices WHERE serial IS NOT NULL
  GROUP BY mode, serial_year HAVING count(*) <> max(serial) OR count(DISTINCT number) <> count(*)
UNION SELECT printf('credit notes of %d: %d', serial_year, count(*)) FROM credit_notes
  GROUP BY mode, serial_year HAVING count(*) <> max(serial) OR count(DISTINCT number) <> count(*)
UNION SELECT 'without a number: ' || entity FROM invoices WHERE period = 'setup' AND number IS NULL"),
    ("every delivery has its work, or answered somebody", "
SELECT printf('%s %s', i.provider, i.delivery_id) FROM inbox i WHERE i.provider <> 'person'
  AND NOT EXISTS (SELECT 1 FROM units u WHERE u.mode = i.mode AND u.entity = i.delivery_id)"),
    ("what a command changed is told only of commands that were done", "
SELECT printf('command %d %s', c.id, c.state) FROM audit_log a JOIN commands c ON c.id = a.command_id
  WHERE c.state <> 'done'"),
    ("a run that ended has given its units an end or to another", "
SELECT printf('unit %d of run %d', u.id, r.id) FROM units u JOIN runs r ON r.id = u.run_id
  WHERE u.state = 'leased' AND r.wall_ended_at IS NOT NULL"),
    ("rows name rows that exist", "
SELECT \"table\" || ' ' || rowid FROM pragma_foreign_key_check"),
    ("every page is sound", "SELECT quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'"),
];

/// What holds besides once everything was finished.
const AT_REST: [(&str, &str); 3] = [
    ("nothing is under way", "
SELECT printf('unit %d %s', id, state) FROM units WHERE state IN ('leased', 'ready')"),
    ("no effect is on its way, and an unknown one is held for a person", "
SELECT printf('%s %s', e.key, e.state) FROM effects e JOIN units u ON u.id = e.unit_id
  WHERE e.state = 'sending' OR (e.state = 'unknown' AND (u.state <> 'held' OR e.recovery <> 'at_most_once'))"),
    ("no command waits for a process that is gone", "
SELECT printf('command %d %s', id, name) FROM commands WHERE state = 'accepted'"),
];

fn assert_none(bench: &Bench, queries: &[(&str, &str)], at: &str) {
    for (what, sql) in queries {
        let found = bench.rows(sql);
        assert_eq!(found, BTreeSet::new(), "{at}: {what}");
    }
}

/// Checks a database whose machine is dead.
pub(crate) fn after_death(bench: &Bench, at: &str) {
    if !bench.has_tables() {
        return;
    }
    assert_none(bench, &ALWAYS, at);
}

/// Checks a database whose work was finished, against what the receivers noted.
pub(crate) fn at_rest(bench: &Bench, at: &str) {
    assert_none(bench, &ALWAYS, at);
    assert_none(bench, &AT_REST, at);
    let arrivals = bench.arrivals();
    for (key, applied) in &arrivals {
        assert_eq!(*applied, 1, "{at}: {key} took effect {applied} times");
    }
    let arrived: BTreeSet<_> = arrivals.into_keys().collect();
    let confirmed =
        bench.rows("SELECT key FROM effects WHERE state = 'confirmed' AND mode = 'dry'");
    let forgotten: Vec<_> = confirmed.difference(&arrived).collect();
    assert!(forgotten.is_empty(), "{at}: confirmed and never arrived: {forgotten:?}");
    let known = bench.rows("SELECT key FROM effects WHERE mode = 'dry' AND state <> 'rejected'");
    let unknown: Vec<_> = arrived.difference(&known).collect();
    assert!(unknown.is_empty(), "{at}: arrived, and the journal has forgotten it: {unknown:?}");
}
