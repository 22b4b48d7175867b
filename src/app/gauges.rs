//! Reads the figures that a monitoring system scrapes: one consistent reading of both worlds.

use std::sync::Arc;

use super::Handle;
use super::command::Refusal;
use super::parts::Parts;
use super::picture::{self, Beside};
use super::queries;
use super::snapshot::{ContainerRow, LayerRow, PhiView, WorldCounts};
use crate::domain::mode::Mode;
use crate::domain::resilience::breaker::Breaker;
use crate::domain::resilience::bucket::Bucket;
use crate::domain::time::Moment;
use crate::runtime::process;
use crate::store::error::StoreError;
use crate::store::leases;
use crate::store::limits::{self, LimitKind};

/// All figures.
#[derive(Clone, Debug)]
pub struct Gauges {
    /// Whether this process works the live world.
    pub armed: bool,
    /// Bytes in the write-ahead log.
    pub wal_bytes: u64,
    /// Bytes of the database file; `None` when it cannot be looked at.
    pub db_bytes: Option<u64>,
    /// Microseconds of the writer's latest commit.
    pub commit_us: u64,
    /// Log lines dropped by this process.
    pub dropped: u64,
    /// Resident memory of this process, bytes; `None` where the system does not say.
    pub resident_bytes: Option<u64>,
    /// Start of this process, seconds since the epoch.
    pub started_at_s: f64,
    /// When the latest backup was tried, seconds since the epoch, and whether there is one.
    pub backup: Option<(f64, bool)>,
    /// Dry and live.
    pub worlds: Vec<WorldGauges>,
}

/// The figures of one world.
#[derive(Clone, Debug)]
pub struct WorldGauges {
    /// Which.
    pub mode: Mode,
    /// What wants attention.
    pub counts: WorldCounts,
    /// Seconds since the oldest due unit came due.
    pub oldest_due_age_s: Option<f64>,
    /// Layer by layer.
    pub layers: Vec<LayerRow>,
    /// Container by container.
    pub containers: Vec<ContainerRow>,
    /// Φ_sync.
    pub phi: PhiView,
    /// Tokens in the bucket of each receiver.
    pub tokens: Vec<(String, f64)>,
    /// The circuit of each receiver: 0 closed, 1 half-open, 2 open.
    pub breakers: Vec<(String, u8)>,
    /// Held leases with the seconds until they end.
    pub leases: Vec<(String, f64)>,
}

impl Handle {
    /// Returns the figures as the rows are now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn gauges(&self) -> Result<Gauges, Refusal> {
        let parts = Arc::clone(self.shared_parts());
        let armed = self.is_armed();
        let read = tokio::task::spawn_blocking(move || gauges(&parts, armed));
        match read.await {
            Ok(gauges) => gauges.map_err(|error| queries::failed(&error)),
            Err(_) => Err(queries::failed(&StoreError::WriterGone)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

fn gauges(parts: &Parts, armed: bool) -> Result<Gauges, StoreError> {
    let mut worlds = Vec::new();
    let mut system = None;
    for mode in Mode::ALL {
        let (snapshot, _) = picture::take(parts, mode, Beside::default())?;
        let (now, counts) = match mode {
            Mode::Dry => (snapshot.dry_clock.now, snapshot.worlds.dry),
            Mode::Live => (snapshot.wall_at, snapshot.worlds.live),
        };
        let (tokens, breakers, leases) = limits_of(parts, mode, now, snapshot.wall_at)?;
        worlds.push(WorldGauges {
            mode,
            oldest_due_age_s: counts.oldest_due.map(|at| seconds(now.since(at)).max(0.0)),
            counts,
            layers: snapshot.layers,
            containers: snapshot.containers,
            phi: snapshot.phi,
            tokens,
            breakers,
            leases,
        });
        system = Some(snapshot.system);
    }
    let system = system.unwrap_or_default();
    Ok(Gauges {
        armed,
        wal_bytes: system.wal_bytes,
        db_bytes: std::fs::metadata(parts.store.path()).map(|data| data.len()).ok(),
        commit_us: system.commit_us,
        dropped: system.dropped,
        resident_bytes: process::resident_bytes(),
        backup: system.backup.map(|backup| (seconds(backup.at.0), backup.why.is_none())),
        started_at_s: seconds(parts.started_at.0),
        worlds,
    })
}

/// Tokens, circuits and leases by name.
type Limits = (Vec<(String, f64)>, Vec<(String, u8)>, Vec<(String, f64)>);

fn limits_of(parts: &Parts, mode: Mode, now: Moment, wall: Moment) -> Result<Limits, StoreError> {
    parts.store.read(|conn| {
        let buckets = limits::of_kind::<Bucket>(conn, mode, LimitKind::Bucket)?;
        let breakers = limits::of_kind::<Breaker>(conn, mode, LimitKind::Breaker)?;
        let state = |breaker: Breaker| match breaker {
            Breaker::Open { until } if until > now => 2,
            Breaker::Open { .. } | Breaker::HalfOpen { .. } => 1,
            Breaker::Closed { .. } => 0,
        };
        let left = |until: Moment| seconds(until.since(wall)).max(0.0);
        Ok((
            buckets.into_iter().map(|(name, bucket)| (name, seconds(bucket.millitokens))).collect(),
            breakers.into_iter().map(|(name, breaker)| (name, state(breaker))).collect(),
            leases::held(conn, mode)?
                .into_iter()
                .map(|(name, until)| (name, left(until)))
                .collect(),
        ))
    })
}
