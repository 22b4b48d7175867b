//! Takes the picture of the machine: one consistent reading of the rows of one world.
//!
//! Every part of it is read from an aggregate or from the near end of an index, so a picture costs
//! the same however long the history is. It is taken in one read transaction and never half old.

use rusqlite::Connection;

use super::explain;
use super::parts::Parts;
use super::snapshot::{
    AttemptCounts, Backup, ContainerRow, DryClock, EffectCounts, Jump, LayerRow, LiveStatus,
    NextDue, PHI_TREND_MAX, RECENT_EVENTS_MAX, Restore, RunView, Snapshot, SystemHealth,
    UnitCounts, WorldCounts, Worlds,
};
use super::tasks;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::run::RunState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::phi::Phi;
use crate::domain::resilience::breaker::Breaker;
use crate::domain::time::{DAY_MS, Moment};
use crate::engines::orchestrator::hold::SERVE;
use crate::store::board::Timed;
use crate::store::error::StoreError;
use crate::store::event_pages::{self, Page};
use crate::store::limits::{self, LimitKind};
use crate::store::runs::{self, RunRow};
use crate::store::{board, clocks, coherence, copies, leases, phi, restores};

/// What a picture shows that no row says.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// Whether this process works live units.
    pub(super) armed: bool,
    /// The jump of dry time that waits to be seen.
    pub(super) jump: Option<Jump>,
    /// Φ_sync as computed a moment ago; computed anew when absent.
    pub(super) phi: Option<Phi>,
    /// Deliveries whose signature was refused since the start of this process.
    pub(super) forged: u64,
    /// What the database last failed with.
    pub(super) db_error: Option<String>,
}

/// Returns the picture of `mode` and the Φ_sync in it.
pub(super) fn take(
    parts: &Parts,
    mode: Mode,
    beside: Beside,
) -> Result<(Snapshot, Phi), StoreError> {
    let wall = parts.clock.wall();
    parts.store.read(|conn| {
        let clock = dry_clock(conn, parts, beside.jump)?;
        let now = if mode == Mode::Dry { clock.now } else { wall };
        let phi = match beside.phi {
            Some(phi) => phi,
            None => phi::current(conn, mode)?,
        };
        let run = latest_run(conn, parts, mode)?;
        let trend = coherence::trend(conn, mode, PHI_TREND_MAX)?;
        let worlds = Worlds {
            dry: world(conn, Mode::Dry, clock.now, plans_until(conn, parts, clock.now)?)?,
            live: world(conn, Mode::Live, wall, wall)?,
        };
        let snapshot = Snapshot {
            mode,
            wall_at: wall,
            dry_clock: clock,
            worlds,
            live: LiveStatus {
                armed: beside.armed,
                other_owner: other_owner(conn, parts)?,
                through: parts.through.clone(),
            },
            layers: layers(conn, parts, mode, run.as_ref())?,
            tasks: tasks::counts(conn, mode, now)?,
            run,
            containers: containers(&phi, now),
            phi: explain::view(&phi, trend),
            events: recent_events(conn, mode)?,
            system: system(conn, parts, mode, now, beside.db_error.as_ref(), beside.forged)?,
            demo: None,
        };
        Ok((snapshot, phi))
    })
}

fn containers(phi: &Phi, now: Moment) -> Vec<ContainerRow> {
    phi.containers.iter().map(|one| explain::container_row(one, now)).collect()
}

fn recent_events(
    conn: &Connection,
    mode: Mode,
) -> Result<Vec<crate::domain::event::Event>, StoreError> {
    let limit = u32::try_from(RECENT_EVENTS_MAX).unwrap_or(u32::MAX);
    event_pages::read(conn, &Page { mode: Some(mode), limit, ..Page::default() })
}

fn dry_clock(conn: &Connection, parts: &Parts, jump: Option<Jump>) -> Result<DryClock, StoreError> {
    let start = clocks::dry_start(conn)?.unwrap_or(parts.settings.orchestrator.dry_start);
    Ok(DryClock { start, now: clocks::dry(conn)?.unwrap_or(start), jump })
}

/// Returns up to when what is planned in the dry world is due: the horizon of its latest whole run, as
/// long as the clock stands where that run left it. Whoever moves the clock on makes plans due.
fn plans_until(conn: &Connection, parts: &Parts, now: Moment) -> Result<Moment, StoreError> {
    let Some(run) = runs::latest_whole(conn, Mode::Dry)? else { return Ok(now) };
    let moved_on = run.ended_at.is_some_and(|ended_at| now > ended_at);
    let days = i64::from(parts.settings.orchestrator.horizon_days);
    Ok(if moved_on { now } else { now.min(run.started_at.plus_ms(days * DAY_MS)) })
}

/// Returns what wants attention in a world whose clock says `now` and whose plans are due up to
/// `plans_until`.
fn world(
    conn: &Connection,
    mode: Mode,
    now: Moment,
    plans_until: Moment,
) -> Result<WorldCounts, StoreError> {
    let mut counts = WorldCounts::default();
    for (layer, state, n) in board::units(conn, mode)? {
        match state {
            UnitState::Dead => counts.failed += n,
            UnitState::Held => counts.held += n,
            UnitState::Waiting => counts.waiting += n,
            UnitState::RetryWait => counts.retrying += n,
            UnitState::Blocked
            | UnitState::Scheduled
            | UnitState::Ready
            | UnitState::Leased
            | UnitState::Done
            | UnitState::Skipped
            | UnitState::Cancelled => {}
        }
        let timed = matches!(state, UnitState::Ready | UnitState::Scheduled | UnitState::RetryWait);
        if timed && n > 0 {
            let until = if state == UnitState::Scheduled { plans_until } else { now };
            let due = board::due_in(conn, mode, layer, state, until)?;
            counts.due += due.n;
            if state == UnitState::Scheduled {
                counts.planned += n.saturating_sub(due.n);
            }
            counts.oldest_due = [counts.oldest_due, due.oldest].into_iter().flatten().min();
        }
    }
    for (_, state, n) in board::effects(conn, mode)? {
        counts.unknown += if state == EffectState::Unknown { n } else { 0 };
    }
    Ok(counts)
}

fn other_owner(conn: &Connection, parts: &Parts) -> Result<Option<String>, StoreError> {
    let now = parts.clock.now();
    let holders = leases::living_holders(conn, Mode::Live, &parts.process, now)?;
    Ok(holders.into_iter().find(|owner| *owner != parts.owner))
}

fn latest_run(conn: &Connection, parts: &Parts, mode: Mode) -> Result<Option<RunView>, StoreError> {
    let open = runs::open(conn, mode)?.into_iter().next_back();
    let row = match open {
        Some(row) => Some(row),
        None => runs::latest_in(conn, mode, 1)?.into_iter().next(),
    };
    row.map(|row| run_view(conn, parts, row)).transpose()
}

/// Returns a run as screens show it. One whose process is gone is interrupted, whatever the row of
/// the dead still says.
pub(super) fn run_view(
    conn: &Connection,
    parts: &Parts,
    row: RunRow,
) -> Result<RunView, StoreError> {
    let is_ours = row.owner == parts.owner && row.wall_ended_at.is_none();
    let is_worked = matches!(row.state, RunState::Running | RunState::Paused | RunState::Draining);
    let is_orphan = is_worked && !is_ours && {
        let now = parts.clock.now();
        !leases::living_holders(conn, row.mode, &parts.process, now)?.contains(&row.owner)
    };
    Ok(RunView {
        id: row.id,
        mode: row.mode,
        state: if is_orphan { RunState::Interrupted } else { row.state },
        layers: layers_of(&row.scope),
        started_wall: row.wall_started_at,
        ended_wall: row.wall_ended_at,
        owner: Some(row.owner),
        is_ours,
    })
}

/// Reads a stored scope: `all`, or layers' numbers.
pub(super) fn layers_of(scope: &str) -> Vec<Layer> {
    if scope == "all" {
        return Layer::ALL.to_vec();
    }
    scope.split(',').filter_map(|word| Layer::from_number(word.parse().ok()?)).collect()
}

fn layers(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    run: Option<&RunView>,
) -> Result<Vec<LayerRow>, StoreError> {
    let mut rows = Vec::with_capacity(Layer::ALL.len());
    for layer in Layer::ALL {
        rows.push(layer_row(conn, parts, mode, layer, run)?);
    }
    for (layer, state, n) in board::units(conn, mode)? {
        *row_of(&mut rows, layer).units.of_mut(state) += n;
    }
    for (layer, state, n) in board::attempts(conn, mode)? {
        let counts = &mut row_of(&mut rows, layer).attempts;
        match state.counts_as_error() {
            Some(true) => counts.failed += n,
            Some(false) => counts.ok += n,
            None => debug_assert!(!matches!(state, AttemptState::Ok)),
        }
    }
    for (layer, state, n) in board::effects(conn, mode)? {
        let counts = &mut row_of(&mut rows, layer).effects;
        match (mode, state) {
            (Mode::Dry, EffectState::Confirmed) => counts.simulated += n,
            (Mode::Live, EffectState::Confirmed) => counts.confirmed += n,
            (_, EffectState::Unknown) => counts.unknown += n,
            (_, EffectState::Sending | EffectState::Rejected) => {}
        }
    }
    for (layer, ms) in run.map_or(Ok(Vec::new()), |run| board::run_work_ms(conn, run.id))? {
        row_of(&mut rows, layer).duration_ms = ms;
    }
    Ok(rows)
}

fn row_of(rows: &mut [LayerRow], layer: Layer) -> &mut LayerRow {
    &mut rows[usize::from(layer.number()) - 1]
}

fn layer_row(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    layer: Layer,
    run: Option<&RunView>,
) -> Result<LayerRow, StoreError> {
    let next = |state| -> Result<Option<NextDue>, StoreError> {
        Ok(board::next_of(conn, mode, layer, state)?.map(|timed| next_due(parts, timed)))
    };
    let paused = run.filter(|run| run.layers.contains(&layer)).and_then(paused_why);
    Ok(LayerRow {
        layer,
        units: UnitCounts::default(),
        attempts: AttemptCounts::default(),
        effects: EffectCounts::default(),
        paused,
        in_run: run.is_some_and(|run| run.is_active() && run.layers.contains(&layer)),
        next_retry: next(UnitState::RetryWait)?,
        next_planned: next(UnitState::Scheduled)?,
        last_error: board::last_error(conn, mode, layer)?,
        last_ended_wall: board::last_ended_wall(conn, mode, layer)?,
        duration_ms: 0,
    })
}

fn paused_why(run: &RunView) -> Option<String> {
    match run.state {
        RunState::Paused => Some(format!("run {} is paused by a person", run.id)),
        RunState::Interrupted => Some(format!("run {} was interrupted", run.id)),
        RunState::Planned
        | RunState::Running
        | RunState::Draining
        | RunState::Succeeded
        | RunState::PartiallyFailed
        | RunState::Failed
        | RunState::Cancelled => None,
    }
}

/// Returns a unit's next time as screens show it.
pub(super) fn next_due(parts: &Parts, timed: Timed) -> NextDue {
    NextDue {
        unit: timed.unit,
        run_at: timed.run_at,
        why: timed.why.unwrap_or_else(|| "planned".to_owned()),
        tries: timed.tries,
        tries_max: parts.settings.retry.max_tries,
    }
}

fn system(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    now: Moment,
    db_error: Option<&String>,
    forged: u64,
) -> Result<SystemHealth, StoreError> {
    let restore = restore(conn, mode)?;
    let mut notices: Vec<String> = restore.iter().filter_map(Restore::notice).collect();
    for (host, breaker) in limits::of_kind::<Breaker>(conn, mode, LimitKind::Breaker)? {
        if let Breaker::Open { until } | Breaker::HalfOpen { until } = breaker
            && until > now
        {
            notices.push(format!("circuit to {host} is open until {until}"));
        }
    }
    if forged > 0 {
        notices.push(format!("{forged} deliveries with a bad signature were refused"));
    }
    let path = parts.store.path();
    let wal = path.with_file_name(format!(
        "{}-wal",
        path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default()
    ));
    let now = parts.clock.now();
    let server = leases::living_holder(conn, Mode::Live, SERVE, &parts.process, now)?;
    Ok(SystemHealth {
        server: server.filter(|owner| *owner != parts.owner),
        db_error: db_error.cloned(),
        db_path: path.display().to_string(),
        wal_bytes: std::fs::metadata(wal).map_or(0, |data| data.len()),
        commit_us: parts.store.commit_us(),
        dropped: crate::telemetry::dropped(),
        notices,
        backup: copies::latest(conn)?.map(|latest| Backup {
            at: latest.at,
            file: latest.file.display().to_string(),
            bytes: latest.bytes,
            why: latest.why,
        }),
        restore,
    })
}

fn restore(conn: &Connection, mode: Mode) -> Result<Option<Restore>, StoreError> {
    Ok(restores::standing(conn, mode)?.map(|standing| Restore {
        generation: standing.generation,
        backup_at: standing.backup_at,
        restored_at: standing.restored_at,
        is_in_doubt: standing.is_in_doubt,
        carried: standing.carried,
        held: standing.held,
    }))
}
