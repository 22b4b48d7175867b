//! Keeps what Operations knows: clients, their tasks and documents, profile work, posts, reviews.
//!
//! Every change is an upsert by natural key: a unit that runs again after a crash writes the same
//! rows again and nothing twice. What has been done stays done, whatever a late repeat says.

pub mod clients;
pub mod contracts;
pub mod documents;
pub mod onboarding;
pub mod profile_work;
pub mod reviews;

use rusqlite::Connection;

use super::error::StoreError;
use crate::domain::mode::Mode;
use crate::domain::operations::OperationsChange;
use crate::domain::time::Moment;

/// Applies one change.
pub(super) fn apply(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    change: &OperationsChange,
) -> Result<(), StoreError> {
    match change {
        OperationsChange::Client(client) => clients::put(tx, mode, client),
        OperationsChange::ClientLive { entity, at } => clients::go_live(tx, mode, entity, *at),
        OperationsChange::ClientWorkspace { entity, reference } => {
            clients::set_workspace(tx, mode, entity, reference)
        }
        OperationsChange::Task(task) => onboarding::put_task(tx, mode, task),
        OperationsChange::Document(document) => {
            documents::put(tx, mode, now, documents::MACHINE, document)
        }
        OperationsChange::Contract(contract) => contracts::put(tx, mode, now, contract),
        OperationsChange::ClientLeft { entity, at, why } => {
            clients::leave(tx, mode, entity, *at, why)
        }
        OperationsChange::Action(action) => profile_work::put_action(tx, mode, action),
        OperationsChange::Post(post) => profile_work::put_post(tx, mode, now, post),
        OperationsChange::Review(review) => reviews::put(tx, mode, review),
    }
}

#[cfg(test)]
mod tests;
