//! Lets a retry pass only while its receiver's budget has room.

use rusqlite::Connection;

use super::EffectOrder;
use super::intent::Admission;
use crate::config::Settings;
use crate::domain::effect::EffectKey;
use crate::domain::resilience::budget::Budget;
use crate::domain::time::MINUTE_MS;
use crate::store::error::StoreError;
use crate::store::limits::{self, LimitKind};

/// Retries that find no room come back within so many minutes, each at a time of its own: if all came
/// at the next free place, all but one would be put off again.
const SPREAD_MIN: u64 = 10;

/// Takes a retry out of the budget of `host`, or notes a first send; a retry that finds no room is put
/// off, which spends none of its tries. It is the last check, so that what is refused has spent nothing.
pub(super) fn spend(
    tx: &Connection,
    order: &EffectOrder,
    key: &EffectKey,
    host: &str,
    is_retry: bool,
    settings: &Settings,
) -> Result<Option<Admission>, StoreError> {
    let (policy, name) = (settings.retry.budget.policy(), format!("retries/{host}"));
    let known: Option<Budget> = limits::get(tx, order.mode, LimitKind::Slot, &name)?;
    let budget = match (known, is_retry) {
        // Nothing was ever spent, so there is nothing to earn back.
        (None, false) => return Ok(None),
        (Some(budget), false) => budget.earned(policy),
        (known, true) => {
            let budget = known.unwrap_or_else(|| Budget::full(policy, order.now));
            match budget.spend(policy, order.now) {
                Ok(budget) => budget,
                Err(next) => {
                    let why = format!(
                        "retry budget of {host}: {} % of first sends and {} a minute are sent again",
                        policy.percent, policy.free.per_minute
                    );
                    let until = next.plus_ms(spread_ms(key, order.attempt.0));
                    return Ok(Some(Admission::Deferred { until, why }));
                }
            }
        }
    };
    if known != Some(budget) {
        limits::put(tx, order.mode, LimitKind::Slot, &name, &budget, order.now)?;
    }
    Ok(None)
}

/// Returns a time within the spread that is the same for the same attempt.
fn spread_ms(key: &EffectKey, attempt: i64) -> i64 {
    let digest = key.0.get(..8).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0);
    let mixed = digest.wrapping_add(attempt.unsigned_abs().wrapping_mul(0x9e37_79b9));
    i64::try_from(mixed % (SPREAD_MIN * MINUTE_MS.unsigned_abs())).unwrap_or(0)
}
