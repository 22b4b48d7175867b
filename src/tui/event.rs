//! Defines all that can happen to the screen, and all it can ask for in return.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::app::command::{Ack, Command, Refusal};
use crate::app::query::{Answer, Query};
use crate::app::snapshot::Snapshot;
use crate::domain::time::Moment;

/// Names one outstanding question, so that an answer that comes too late is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Something happened. The enum is closed: a new source of events breaks the build until `update`
/// handles it.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has another size.
    Resized {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The machine has a newer picture.
    Snapshot(Arc<Snapshot>),
    /// The wall clock, whenever something on screen depends on it.
    Tick(Moment),
    /// A question was answered.
    Answered(Ticket, Result<Answer, Refusal>),
    /// A command was taken or refused.
    Submitted(Command, Result<Ack, Refusal>),
    /// A file was written, or why not.
    Saved(Result<PathBuf, String>),
}

/// What the screen wants done outside itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Tell the machine.
    Submit(Command),
    /// Ask the machine.
    Ask(Ticket, Query),
    /// Write a file of this name to the folder for what people keep.
    Save {
        /// The file's name.
        name: String,
        /// What it holds.
        text: String,
    },
    /// Put this text on the clipboard of the person's own terminal.
    Copy(String),
    /// Draw everything anew.
    Repaint,
    /// Give the terminal back to the shell until continued.
    Suspend,
    /// Leave.
    Quit,
}
