//! Writes the rows of Operations.

use rusqlite::Connection;

use super::error::StoreError;
use crate::domain::mode::Mode;
use crate::domain::operations::OperationsChange;
use crate::domain::time::Moment;

/// Applies one change.
pub(super) fn apply(
    _tx: &Connection,
    _mode: Mode,
    _now: Moment,
    change: &OperationsChange,
) -> Result<(), StoreError> {
    Err(StoreError::Unreadable(format!("no table takes {change:?} yet")))
}
