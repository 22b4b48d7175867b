//! Makes a copy of a backup the next generation of a database, in one commit.
//!
//! A crash before the commit leaves a file that nobody takes for the database; after it everything
//! that the backup had in flight is taken back, and everything that may have gone out since is either
//! carried over or in doubt.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, named_params, params};
use serde::Serialize;

use super::super::copies;
use super::super::error::StoreError;
use super::super::events::{self, About};
use super::super::{clocks, commands, open, recovery, runs};
use super::{GENERATION, carried, lose_sight, mark};
use crate::domain::effect::EffectKey;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::run::{RunEvent, RunState};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// What is restored, where, and by whom.
#[derive(Clone, Debug)]
pub struct Order {
    /// The backup's file, for the record.
    pub source: String,
    /// When it was made, on the wall clock.
    pub backup_at: Moment,
    /// The database that is replaced, if it can be read.
    pub old: Option<PathBuf>,
    /// Where the replaced one is kept, for the record.
    pub kept: Option<String>,
    /// Who restores: `user@host`.
    pub actor: String,
    /// Now, on the wall clock.
    pub wall: Moment,
    /// Whether the outbox still has what it was given.
    pub remembers: bool,
    /// Where dry time starts in a database that has none.
    pub dry_start: Moment,
}

/// What the commit did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// How many times the database has been restored.
    pub generation: i64,
    /// Whether the replaced database told what went out since the backup.
    pub is_known: bool,
    /// Acts that were carried over from it.
    pub carried: usize,
    /// Opt-outs that were carried over from it.
    pub opt_outs: usize,
    /// Runs that are interrupted.
    pub runs: usize,
    /// Units that were in somebody's hands and are taken back.
    pub units: usize,
    /// Acts that were in flight at the time of the backup, and are unknown.
    pub in_flight: usize,
    /// Acts that were refused before the backup, and may have been sent again since.
    pub doubted: usize,
    /// Live units that are planned for a time after the restore, and so in no doubt.
    pub certain: usize,
}

/// Makes the file at `path`, a copy of a backup, the next generation.
///
/// # Errors
/// The file cannot be opened, migrated or written; nothing is committed then.
pub fn begin(path: &Path, order: &Order) -> Result<Restored, StoreError> {
    let mut conn = open::writer(path)?;
    let is_known = match &order.old {
        Some(old) => attach(&conn, old)?,
        None => false,
    };
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut restored = Restored { is_known, ..Restored::default() };
    write(&tx, order, &mut restored)?;
    tx.commit()?;
    // What comes after the last connection finds one file, without a log beside it.
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(restored)
}

/// Attaches the replaced database as `old`, if it can be read and has this version's schema.
fn attach(conn: &Connection, old: &Path) -> Result<bool, StoreError> {
    let version = |conn: &Connection| -> Result<i64, StoreError> {
        Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
    };
    let known = version(conn)?;
    let is_usable = || -> Result<bool, StoreError> {
        let old = open::as_it_is(old, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let quick: String = old.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok(quick == "ok" && version(&old)? == known)
    };
    if !is_usable().unwrap_or(false) {
        return Ok(false);
    }
    conn.execute("ATTACH DATABASE ?1 AS old", [old.display().to_string()])?;
    Ok(true)
}

const RECORD: &str = "
INSERT INTO restores (generation, backup_at, restored_at, source, replaced)
VALUES (:generation, :backup, :wall, :source, :kept)";
const RELEASE: &str = "
UPDATE leases SET until = 0, ends = 0, pid = 0, pid_start = 0, boot_id = '', pid_space = ''
WHERE pid <> 0";
const OLD_GENERATION: &str = "
SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM old.settings WHERE key = 'db_generation'";

fn write(tx: &Connection, order: &Order, restored: &mut Restored) -> Result<(), StoreError> {
    let wall = order.wall;
    let mut before = copies::number(tx, GENERATION)?.unwrap_or(0);
    if restored.is_known {
        before = before.max(tx.query_row(OLD_GENERATION, [], |row| row.get(0))?);
    }
    restored.generation = before + 1;
    copies::put(tx, GENERATION, &restored.generation.to_string(), wall)?;
    copies::unstamp(tx)?;
    tx.execute(
        RECORD,
        named_params! {
            ":generation": restored.generation, ":backup": order.backup_at, ":wall": wall,
            ":source": order.source, ":kept": order.kept,
        },
    )?;
    tx.execute(RELEASE, [])?;
    let dry = clocks::dry(tx)?.unwrap_or(order.dry_start);
    let clocks = Mode::ALL.map(|mode| if mode == Mode::Dry { dry } else { wall });
    for (mode, now) in Mode::ALL.into_iter().zip(clocks) {
        take_back(tx, mode, now, wall, restored)?;
        restored.in_flight += lose_sight_of(tx, mode, now, None)?;
    }
    if restored.is_known {
        let carried = carried::carry(tx, clocks)?;
        (restored.carried, restored.opt_outs) = (carried.effects, carried.opt_outs);
    } else {
        for (mode, now) in Mode::ALL.into_iter().zip(clocks) {
            doubt(tx, mode, now, order, restored)?;
        }
    }
    for (mode, now) in Mode::ALL.into_iter().zip(clocks) {
        tell(tx, mode, now, order, restored)?;
    }
    audit(tx, order, restored)
}

/// Interrupts the runs of a world and takes its leased units back.
fn take_back(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    wall: Moment,
    restored: &mut Restored,
) -> Result<(), StoreError> {
    for run in runs::open(tx, mode)? {
        if matches!(run.state, RunState::Running | RunState::Paused | RunState::Draining) {
            let why = Some("the database was restored from a backup");
            runs::step(tx, run.id, RunEvent::Interrupted, why, now, wall)?;
            restored.runs += 1;
        }
    }
    for layer in Layer::ALL {
        let back = recovery::take_back(tx, mode, layer, now)?;
        restored.units += back.ready + back.poisoned;
    }
    Ok(())
}

const SENDING: &str = "SELECT key, state FROM effects WHERE mode = ?1 AND state = 'sending'";
/// What was refused for good and whose unit has ended is not sent again by anybody.
const REFUSED: &str = "
SELECT e.key, e.state FROM effects e JOIN units u ON u.id = e.unit_id
WHERE e.mode = ?1 AND e.state = 'rejected' AND u.state NOT IN ('done', 'skipped', 'cancelled')";

/// Makes what was being sent at the time of the backup unknown, or, of a generation in doubt, what
/// was refused then.
fn lose_sight_of(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    doubt: Option<(i64, &str)>,
) -> Result<usize, StoreError> {
    let sql = if doubt.is_some() { REFUSED } else { SENDING };
    let found: Vec<(EffectKey, EffectState)> = tx
        .prepare(sql)?
        .query_map([mode], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (key, state) in &found {
        let why = doubt.map_or("it was in flight at the time of the backup", |(_, why)| why);
        lose_sight(tx, mode, key, *state, why, now)?;
        if let Some((generation, _)) = doubt {
            mark(tx, mode, key, generation)?;
        }
    }
    Ok(found.len())
}

const PUT_DOUBT: &str = "
INSERT INTO doubts (generation, mode, made_at, remembers) VALUES (?1, ?2, ?3, ?4)";
/// Nobody can hurry what is planned: at the time of the restore none of it had come due. Dry time
/// after the backup is unknown, so there nothing is certain.
const CERTAIN: &str = "
UPDATE units SET certain_in = ?1
WHERE mode = 'live' AND state IN ('scheduled', 'blocked') AND run_at > ?2";

fn doubt(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    order: &Order,
    restored: &mut Restored,
) -> Result<(), StoreError> {
    let made_at = if mode == Mode::Dry { now } else { order.backup_at };
    // The simulated world writes nothing for people.
    let remembers = mode == Mode::Dry || order.remembers;
    let generation = restored.generation;
    tx.execute(PUT_DOUBT, params![generation, mode, made_at, remembers])?;
    let why = super::Doubt { generation, made_at, backup_at: order.backup_at, remembers };
    let evidence = why.evidence();
    restored.doubted += lose_sight_of(tx, mode, now, Some((why.generation, &evidence)))?;
    if mode == Mode::Live {
        restored.certain = tx.execute(CERTAIN, params![restored.generation, order.wall])?;
    }
    Ok(())
}

fn tell(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    order: &Order,
    restored: &Restored,
) -> Result<(), StoreError> {
    let about =
        About { mode, at: now, wall_at: order.wall, layer: None, unit_id: None, run_id: None };
    let since = if restored.is_known {
        "what went out since is carried over from the replaced database"
    } else {
        "acts without a row are reconciled before they are sent"
    };
    let text = format!("restored from a backup of {}; {since}", order.backup_at);
    events::append(tx, about, &NewEvent::warn("restored", text))
}

fn audit(tx: &Connection, order: &Order, restored: &Restored) -> Result<(), StoreError> {
    let command = commands::NewCommand {
        actor: order.actor.clone(),
        origin: "cli",
        mode: Mode::Live,
        name: "restore".to_owned(),
        args: serde_json::json!({ "file": order.source, "replaced": order.kept }),
        performer: None,
    };
    let id = commands::accept(tx, &command, order.wall)?;
    let text = format!("restored from {}: generation {}", order.source, restored.generation);
    commands::end(tx, id, true, &text, order.wall)?;
    let after = restored.generation.to_string();
    commands::audit(tx, id, &text, None, Some(&after), order.wall)
}
