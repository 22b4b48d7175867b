//! Keeps leases: who works a layer, or moves the dry clock.
//!
//! The epoch grows with every change of holder and is never reused, so a write under an old one is
//! recognised. On one host a dead holder is noticed at once: pid, start time and boot identity name
//! a process that either lives or does not.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::words::optional;
use crate::domain::ids::Epoch;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::runtime::process::ProcessIdentity;

/// A lease as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it: `cli pid 412@host`.
    pub owner: String,
    /// Grows with every change of holder.
    pub epoch: Epoch,
    /// When it ends unless renewed, wall clock.
    pub until: Moment,
    /// The holder's process.
    pub pid: u32,
    /// Start of the holder's process.
    pub pid_start: i64,
    /// The boot in which the holder runs.
    pub boot_id: String,
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// It is ours, under this epoch; `from_dead` when it was taken from a holder that is gone.
    Held {
        /// The fencing token.
        epoch: Epoch,
        /// Whether units of the last holder have to be taken back.
        taken_over: bool,
    },
    /// Somebody else works.
    Busy {
        /// Who.
        owner: String,
    },
}

const GET: &str = "
SELECT owner, epoch, until, pid, pid_start, boot_id FROM leases WHERE mode = ?1 AND name = ?2";

/// Returns the lease called `name`.
pub fn get(conn: &Connection, mode: Mode, name: &str) -> Result<Option<Lease>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row(params![mode, name], |row| {
        Ok(Lease {
            owner: row.get(0)?,
            epoch: row.get(1)?,
            until: row.get(2)?,
            pid: row.get(3)?,
            pid_start: row.get(4)?,
            boot_id: row.get(5)?,
        })
    }))
}

const HOLDERS: &str = "
SELECT owner, epoch, until, pid, pid_start, boot_id FROM leases
WHERE mode = ?1 AND pid <> 0 AND (name = 'clock' OR name LIKE 'layer/%')";

/// Returns who works a layer of this world, or moves its clock, with a process that lives.
pub fn living_holders(
    conn: &Connection,
    mode: Mode,
    me: &ProcessIdentity,
    wall: Moment,
) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(HOLDERS)?;
    let leases = statement.query_map([mode], |row| {
        Ok(Lease {
            owner: row.get(0)?,
            epoch: row.get(1)?,
            until: row.get(2)?,
            pid: row.get(3)?,
            pid_start: row.get(4)?,
            boot_id: row.get(5)?,
        })
    })?;
    let mut living = Vec::new();
    for lease in leases {
        let lease = lease?;
        if !living.contains(&lease.owner) && !is_over(&lease, me, wall) {
            living.push(lease.owner);
        }
    }
    Ok(living)
}

const HELD: &str = "SELECT name, until FROM leases WHERE mode = ?1 AND pid <> 0 ORDER BY name";

/// Returns the leases of this world that nobody has given back, with their ends.
pub fn held(conn: &Connection, mode: Mode) -> Result<Vec<(String, Moment)>, StoreError> {
    let mut statement = conn.prepare_cached(HELD)?;
    let rows = statement.query_map([mode], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns who holds the lease `name` with a process that lives.
pub fn living_holder(
    conn: &Connection,
    mode: Mode,
    name: &str,
    me: &ProcessIdentity,
    wall: Moment,
) -> Result<Option<String>, StoreError> {
    let lease = get(conn, mode, name)?;
    let living = lease.filter(|lease| lease.pid != 0 && !is_over(lease, me, wall));
    Ok(living.map(|lease| lease.owner))
}

const PUT: &str = "
INSERT INTO leases (mode, name, owner, epoch, until, pid, pid_start, boot_id)
VALUES (:mode, :name, :owner, :epoch, :until, :pid, :pid_start, :boot_id)
ON CONFLICT (mode, name) DO UPDATE SET owner = :owner, epoch = :epoch, until = :until, pid = :pid,
  pid_start = :pid_start, boot_id = :boot_id";

/// Takes the lease `name`, unless a living process holds it.
pub fn acquire(
    tx: &Connection,
    mode: Mode,
    name: &str,
    owner: &str,
    me: &ProcessIdentity,
    wall: Moment,
    until: Moment,
) -> Result<Acquired, StoreError> {
    let current = get(tx, mode, name)?;
    let released = current.as_ref().is_none_or(|lease| lease.pid == 0);
    if let Some(lease) = &current
        && !released
        && !is_over(lease, me, wall)
    {
        return Ok(Acquired::Busy { owner: lease.owner.clone() });
    }
    let epoch = Epoch(current.map_or(0, |lease| lease.epoch.0) + 1);
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode, ":name": name, ":owner": owner, ":epoch": epoch, ":until": until,
        ":pid": me.pid, ":pid_start": me.pid_start, ":boot_id": me.boot_id,
    })?;
    Ok(Acquired::Held { epoch, taken_over: !released })
}

/// A lease is over when its time has passed, or when its process on this host is gone. A holder in
/// this very process counts as alive: two runs of one process exclude each other too.
fn is_over(lease: &Lease, me: &ProcessIdentity, wall: Moment) -> bool {
    let same_process = lease.pid == me.pid && lease.pid_start == me.pid_start;
    let same_host = lease.owner.rsplit('@').next() == Some(me.host.as_str());
    if same_process && lease.boot_id == me.boot_id {
        return false;
    }
    if same_host {
        return !ProcessIdentity::is_alive(lease.pid, lease.pid_start, &lease.boot_id);
    }
    lease.until <= wall
}

const RENEW: &str = "UPDATE leases SET until = ?4 WHERE mode = ?1 AND name = ?2 AND epoch = ?3";

/// Puts off the end of a lease.
///
/// # Errors
/// `Fenced` when somebody else has it now.
pub fn renew(
    tx: &Connection,
    mode: Mode,
    name: &str,
    epoch: Epoch,
    until: Moment,
) -> Result<(), StoreError> {
    let changed = tx.prepare_cached(RENEW)?.execute(params![mode, name, epoch, until])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Fenced { what: "the lease" }) }
}

const RELEASE: &str = "
UPDATE leases SET until = 0, pid = 0, pid_start = 0, boot_id = ''
WHERE mode = ?1 AND name = ?2 AND epoch = ?3";

/// Gives a lease back. The row stays, so that its epoch is never used again.
pub fn release(tx: &Connection, mode: Mode, name: &str, epoch: Epoch) -> Result<(), StoreError> {
    tx.prepare_cached(RELEASE)?.execute(params![mode, name, epoch])?;
    Ok(())
}

const HOLDS: &str = "
SELECT EXISTS (SELECT 1 FROM leases WHERE mode = ?1 AND name = ?2 AND epoch = ?3 AND pid <> 0)";

/// Checks that `epoch` is still the lease's.
///
/// # Errors
/// `Fenced` when it is not.
pub fn assert_held(
    tx: &Connection,
    mode: Mode,
    name: &str,
    epoch: Epoch,
) -> Result<(), StoreError> {
    let held: bool =
        tx.prepare_cached(HOLDS)?.query_row(params![mode, name, epoch], |row| row.get(0))?;
    if held { Ok(()) } else { Err(StoreError::Fenced { what: "the lease" }) }
}
