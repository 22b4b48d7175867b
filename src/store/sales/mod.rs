//! Writes the rows of Sales.

use rusqlite::Connection;

use super::error::StoreError;
use crate::domain::mode::Mode;
use crate::domain::sales::SalesChange;
use crate::domain::time::Moment;

/// Applies one change.
pub(super) fn apply(
    _tx: &Connection,
    _mode: Mode,
    _now: Moment,
    change: &SalesChange,
) -> Result<(), StoreError> {
    Err(StoreError::Unreadable(format!("no table takes {change:?} yet")))
}
