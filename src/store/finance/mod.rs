//! Writes the rows of Finance.

use rusqlite::Connection;

use super::error::StoreError;
use crate::domain::finance::FinanceChange;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// Applies one change.
pub(super) fn apply(
    _tx: &Connection,
    _mode: Mode,
    _now: Moment,
    change: &FinanceChange,
) -> Result<(), StoreError> {
    Err(StoreError::Unreadable(format!("no table takes {change:?} yet")))
}
