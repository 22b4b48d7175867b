//! Keeps leases: who works a layer, or moves the dry clock.
//!
//! The epoch grows with every change of holder and is never reused, so a write under an old one is
//! recognised. A lease ends by the time since boot, whether its process lives or not: one that is
//! stopped or hangs holds nobody up for longer. The death of a process is noticed at once where its
//! pid can be looked at. Every process that opens the database shares this machine's memory with it
//! (write-ahead logging needs that), so a holder of another boot is dead.

use std::sync::Arc;

use rusqlite::{Connection, Row, named_params, params};

use super::error::StoreError;
use super::words::optional;
use crate::domain::ids::Epoch;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::{Moment, Uptime};
use crate::runtime::clock::Now;
use crate::runtime::process::ProcessIdentity;

/// Returns the name of a layer's lease.
pub fn name_of(layer: Layer) -> String {
    format!("layer/{}", layer.number())
}

/// A lease as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it: `cli pid 412@host`.
    pub owner: String,
    /// Grows with every change of holder.
    pub epoch: Epoch,
    /// When it ends unless renewed, wall clock: for people.
    pub until: Moment,
    /// When it ends unless renewed, in its boot; `None` when a version that did not know wrote it.
    pub ends: Option<Uptime>,
    /// The holder's process.
    pub pid: u32,
    /// Start of the holder's process.
    pub pid_start: i64,
    /// The boot in which the holder runs.
    pub boot_id: String,
    /// Where the pid names it.
    pub pid_space: String,
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// It is ours, under this epoch.
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

/// The leases of one holder with their epochs: what its writes compare.
#[derive(Clone, Debug)]
pub struct Fence {
    mode: Mode,
    held: Arc<[(String, Epoch)]>,
}

impl Fence {
    /// Makes the fence of a holder of these leases.
    pub fn new(mode: Mode, held: Vec<(String, Epoch)>) -> Self {
        Self { mode, held: held.into() }
    }

    /// The world of the leases.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The leases by name.
    pub fn held(&self) -> &[(String, Epoch)] {
        &self.held
    }

    /// Returns the epoch of one of the leases.
    pub fn epoch_of(&self, name: &str) -> Option<Epoch> {
        self.held.iter().find(|(held, _)| held == name).map(|(_, epoch)| *epoch)
    }

    /// Checks that every one of the leases is still the holder's.
    ///
    /// # Errors
    /// `Fenced` when one is not.
    pub fn check(&self, tx: &Connection) -> Result<(), StoreError> {
        self.held.iter().try_for_each(|(name, epoch)| assert_held(tx, self.mode, name, *epoch))
    }

    /// Puts off the end of the leases by `lease_ms` from `now`.
    ///
    /// # Errors
    /// `Fenced` when somebody else has one by now.
    pub fn renew(&self, tx: &Connection, now: Now, lease_ms: i64) -> Result<(), StoreError> {
        let (until, ends) = (now.wall.plus_ms(lease_ms), now.uptime.plus_ms(lease_ms));
        for (name, epoch) in self.held.iter() {
            let changed =
                tx.prepare_cached(RENEW)?.execute(params![self.mode, name, epoch, until, ends])?;
            if changed != 1 {
                return Err(StoreError::Fenced { what: "the lease" });
            }
        }
        Ok(())
    }

    /// Returns who has the first of the leases that is not the holder's any more.
    pub fn passed_to(&self, conn: &Connection) -> Result<Option<String>, StoreError> {
        for (name, epoch) in self.held.iter() {
            if let Some(lease) = get(conn, self.mode, name)?
                && lease.epoch != *epoch
            {
                return Ok(Some(lease.owner));
            }
        }
        Ok(None)
    }
}

const RENEW: &str = "
UPDATE leases SET until = ?4, ends = ?5
WHERE mode = ?1 AND name = ?2 AND epoch = ?3 AND pid <> 0";

const GET: &str = "SELECT * FROM leases WHERE mode = ?1 AND name = ?2";

/// Returns the lease called `name`.
pub fn get(conn: &Connection, mode: Mode, name: &str) -> Result<Option<Lease>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row(params![mode, name], from_row))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Lease> {
    Ok(Lease {
        owner: row.get("owner")?,
        epoch: row.get("epoch")?,
        until: row.get("until")?,
        ends: absent_before(row.get("ends"))?,
        pid: row.get("pid")?,
        pid_start: row.get("pid_start")?,
        boot_id: row.get("boot_id")?,
        pid_space: absent_before(row.get("pid_space"))?,
    })
}

/// Reads a column that a database of an older version, looked at as it is, does not have.
fn absent_before<T: Default>(read: rusqlite::Result<T>) -> rusqlite::Result<T> {
    match read {
        Err(rusqlite::Error::InvalidColumnName(_)) => Ok(T::default()),
        read => read,
    }
}

const HOLDERS: &str = "
SELECT * FROM leases WHERE mode = ?1 AND pid <> 0 AND (name = 'clock' OR name LIKE 'layer/%')";

/// Returns who works a layer of this world, or moves its clock, under a lease that has not ended.
pub fn living_holders(
    conn: &Connection,
    mode: Mode,
    me: &ProcessIdentity,
    now: Now,
) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(HOLDERS)?;
    let leases = statement.query_map([mode], from_row)?;
    let mut living = Vec::new();
    for lease in leases {
        let lease = lease?;
        if !living.contains(&lease.owner) && !is_over(&lease, me, now) {
            living.push(lease.owner);
        }
    }
    Ok(living)
}

/// A lease that nobody has given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it is of.
    pub name: String,
    /// The lease.
    pub lease: Lease,
    /// Whether its time has not passed and its process still runs.
    pub is_alive: bool,
}

const STANDING: &str = "SELECT * FROM leases WHERE mode = ?1 AND pid <> 0 ORDER BY name";

/// Returns the leases of this world that nobody has given back, by name.
pub fn standing(
    conn: &Connection,
    mode: Mode,
    me: &ProcessIdentity,
    now: Now,
) -> Result<Vec<Standing>, StoreError> {
    let mut statement = conn.prepare_cached(STANDING)?;
    let rows =
        statement.query_map([mode], |row| Ok((row.get::<_, String>("name")?, from_row(row)?)))?;
    rows.map(|row| {
        let (name, lease) = row?;
        let is_alive = !is_over(&lease, me, now);
        Ok(Standing { name, lease, is_alive })
    })
    .collect()
}

const HELD: &str = "SELECT name, until FROM leases WHERE mode = ?1 AND pid <> 0 ORDER BY name";

/// Returns the leases of this world that nobody has given back, with their ends.
pub fn held(conn: &Connection, mode: Mode) -> Result<Vec<(String, Moment)>, StoreError> {
    let mut statement = conn.prepare_cached(HELD)?;
    let rows = statement.query_map([mode], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns who holds the lease `name`, unless it has ended.
pub fn living_holder(
    conn: &Connection,
    mode: Mode,
    name: &str,
    me: &ProcessIdentity,
    now: Now,
) -> Result<Option<String>, StoreError> {
    let lease = get(conn, mode, name)?;
    let living = lease.filter(|lease| lease.pid != 0 && !is_over(lease, me, now));
    Ok(living.map(|lease| lease.owner))
}

const PUT: &str = "
INSERT INTO leases (mode, name, owner, epoch, until, ends, pid, pid_start, boot_id, pid_space)
VALUES (:mode, :name, :owner, :epoch, :until, :ends, :pid, :pid_start, :boot_id, :pid_space)
ON CONFLICT (mode, name) DO UPDATE SET owner = :owner, epoch = :epoch, until = :until, ends = :ends,
  pid = :pid, pid_start = :pid_start, boot_id = :boot_id, pid_space = :pid_space";

/// Takes the lease `name` for `lease_ms` from `now`, unless somebody holds it.
pub fn acquire(
    tx: &Connection,
    mode: Mode,
    name: &str,
    owner: &str,
    me: &ProcessIdentity,
    now: Now,
    lease_ms: i64,
) -> Result<Acquired, StoreError> {
    let current = get(tx, mode, name)?;
    let released = current.as_ref().is_none_or(|lease| lease.pid == 0);
    if let Some(lease) = &current
        && !released
        && !is_over(lease, me, now)
    {
        return Ok(Acquired::Busy { owner: lease.owner.clone() });
    }
    let epoch = Epoch(current.map_or(0, |lease| lease.epoch.0) + 1);
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode, ":name": name, ":owner": owner, ":epoch": epoch,
        ":until": now.wall.plus_ms(lease_ms), ":ends": now.uptime.plus_ms(lease_ms),
        ":pid": me.pid, ":pid_start": me.pid_start, ":boot_id": me.boot_id,
        ":pid_space": me.pid_space,
    })?;
    Ok(Acquired::Held { epoch, taken_over: !released })
}

/// A lease is over when its time has passed, and before that when its process is gone. Only a process
/// that we see can be found gone: another container may have given our pids to its own.
fn is_over(lease: &Lease, me: &ProcessIdentity, now: Now) -> bool {
    let is_readable = !lease.boot_id.is_empty() && !me.boot_id.is_empty();
    if is_readable && lease.boot_id != me.boot_id {
        return true;
    }
    let is_seen = if lease.pid_space.is_empty() || me.pid_space.is_empty() {
        lease.owner.rsplit('@').next() == Some(me.host.as_str())
    } else {
        lease.pid_space == me.pid_space
    };
    let has_ended = match lease.ends {
        Some(ends) if is_readable => ends <= now.uptime,
        // Nothing but the wall clock is left that both have read.
        Some(_) => lease.until <= now.wall,
        None => !is_seen && lease.until <= now.wall,
    };
    has_ended || (is_seen && !ProcessIdentity::is_alive(lease.pid, lease.pid_start, &lease.boot_id))
}

const RELEASE: &str = "
UPDATE leases SET until = 0, ends = 0, pid = 0, pid_start = 0, boot_id = '', pid_space = ''
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

#[cfg(test)]
mod tests;
