//! Defines the terminal: one face of the machine, built so that a stuck terminal stops no work and
//! a stuck disk freezes no key.
//!
//! It reads keys, snapshots and answers, and turns them into frames: `update` changes the `Model`,
//! `view` draws it, `run_loop` decides when. It never names the store, and it never waits for
//! anything but the next event.
//!
//! Reading order: `screen`, `keymap`, `update`, `view`, `run_loop`, `term`.

pub mod cells;
pub mod copy;
pub mod event;
pub mod figures;
mod files;
pub mod filter;
#[cfg(test)]
pub(crate) mod fixture;
pub mod format;
mod keyboard;
pub mod keymap;
pub mod listing;
pub mod logs;
pub mod model;
pub mod pacing;
pub mod page;
pub mod painter;
pub mod panic;
pub mod parts;
pub mod reasons;
pub mod run_loop;
pub mod screen;
pub mod start;
pub mod stream;
mod suspend;
pub mod term;
pub mod text;
pub mod theme;
pub mod update;
pub mod view;
pub mod widgets;

pub use run_loop::Exit;
pub use start::{Options, ScreenError, show};
