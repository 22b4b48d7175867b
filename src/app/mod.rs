//! Defines the face of the machine: what can be asked of it, told to it and seen of it.
//!
//! The terminal, the command line and the webhooks are three users of the same three verbs: submit
//! a `Command`, ask a `Query`, watch the `Snapshot`. All three are plain data and serialise as the
//! `--json` of their headless twins. Nothing here draws, and nothing above names the store.

pub mod backup;
pub mod command;
pub mod deliver;
pub mod desk;
pub mod finance;
pub mod handover;
pub mod import;
pub mod layer_state;
pub mod port;
pub mod query;
pub mod restore;
pub mod snapshot;
pub mod tasks;

mod explain;
pub mod gauges;
mod handle;
mod in_full;
mod leftovers;
mod lists;
mod log;
mod narration;
mod owner;
mod pace;
pub mod parts;
mod picture;
mod pitches;
mod projector;
mod queries;
mod receive;
mod records;
pub mod service;
pub mod serving;
mod system;
mod trouble;
pub(crate) mod why;
pub mod wiring;

#[cfg(test)]
mod tests;

pub use handle::{Handle, Show};
pub use leftovers::Leftovers;
pub use pace::Rule;
pub use parts::{Origin, Parts};
pub use wiring::{Setup, build};
