//! Applies what outcomes change: the one door through which layers' rows are written.

use rusqlite::Connection;

use super::error::StoreError;
use crate::domain::change::Change;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// Writes `change` in the transaction that commits the unit.
pub fn apply(tx: &Connection, mode: Mode, now: Moment, change: &Change) -> Result<(), StoreError> {
    match change {
        Change::Sales(change) => super::sales::apply(tx, mode, now, change),
        Change::Operations(change) => super::operations::apply(tx, mode, now, change),
        Change::Finance(change) => super::finance::apply(tx, mode, now, change),
        Change::Learning(change) => super::learning::apply(tx, mode, now, change),
    }
}
