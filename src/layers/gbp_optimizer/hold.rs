//! Says when nothing is posted or answered for a client, and when what is late may go out.
//!
//! Services rest while a client disputes a payment: a bank reads what went on meanwhile. Nothing is
//! lost by it. Every unit looks again each day, and goes on when the dispute has ended.

use crate::domain::error::WorkError;
use crate::domain::gbp;
use crate::domain::operations::{Client, PostRow};
use crate::domain::outcome::{Next, StepOutcome};
use crate::domain::time::{DAY_MS, Moment};
use crate::engines::orchestrator::contract::LayerContext;
use crate::store::finance::facts;
use crate::store::operations::profile_work;

/// Days from which a post counts as late: posts that wait for the end of a dispute come due
/// together, and then go out one a day.
const LATE_DAYS: i64 = 1;

/// Returns what a unit comes to that may not act for `client` now; `None` when it may.
pub(super) fn disputed(
    ctx: &LayerContext<'_>,
    client: &Client,
) -> Result<Option<StepOutcome>, WorkError> {
    let at_risk = ctx.store.read(|conn| facts::at_risk(conn, ctx.mode, &client.entity))?;
    Ok(gbp::rests(&at_risk).map(|why| tomorrow(ctx.now, 1, why)))
}

/// Returns what a late post comes to while an earlier one is still to go out; `None` when it is its
/// turn.
pub(super) fn late(
    ctx: &LayerContext<'_>,
    client: &Client,
    post: &PostRow,
) -> Result<Option<StepOutcome>, WorkError> {
    if ctx.now.since(post.planned_at) < LATE_DAYS * DAY_MS {
        return Ok(None);
    }
    let earlier = ctx
        .store
        .read(|conn| profile_work::earlier_posts(conn, ctx.mode, &client.entity, &post.slot))?;
    let why = "posts that are late go out one a day".to_owned();
    Ok((earlier > 0).then(|| tomorrow(ctx.now, i64::from(earlier), why)))
}

fn tomorrow(now: Moment, days: i64, why: String) -> StepOutcome {
    StepOutcome::with(Next::Scheduled { at: now.plus_ms(days * DAY_MS).ceil_quarter_hour(), why })
}
