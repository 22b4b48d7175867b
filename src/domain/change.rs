//! Defines changes: what a unit's outcome writes besides the unit itself.
//!
//! Each part of the business has its own enum beside the types it writes; this one only joins them,
//! so that the store has one door, `store::changes::apply`, and nothing is written around it.

use super::finance::FinanceChange;
use super::learning::LearningChange;
use super::operations::OperationsChange;
use super::sales::SalesChange;

/// A row to write in the transaction that commits the unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Layers 1–4.
    Sales(SalesChange),
    /// Layers 5–6.
    Operations(OperationsChange),
    /// Layers 7–8.
    Finance(FinanceChange),
    /// Layer 9.
    Learning(LearningChange),
}

impl From<SalesChange> for Change {
    fn from(change: SalesChange) -> Self {
        Self::Sales(change)
    }
}

impl From<OperationsChange> for Change {
    fn from(change: OperationsChange) -> Self {
        Self::Operations(change)
    }
}

impl From<FinanceChange> for Change {
    fn from(change: FinanceChange) -> Self {
        Self::Finance(change)
    }
}

impl From<LearningChange> for Change {
    fn from(change: LearningChange) -> Self {
        Self::Learning(change)
    }
}
