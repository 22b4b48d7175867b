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
    /// Text was pasted.
    Pasted(String),
    /// The mouse did something.
    Pointer(Pointer),
    /// What was copied went to the terminal.
    Copied {
        /// How many characters.
        chars: usize,
        /// Whether it was wrapped for tmux to pass on.
        through_tmux: bool,
        /// The file with the same text, or why there is none.
        file: Result<PathBuf, String>,
    },
    /// Every run of this process has stopped where it can be taken up again.
    Rested,
    /// The program goes on after it was suspended at that moment.
    Continued(Moment),
    /// A file was written, or why not.
    Saved(Result<PathBuf, String>),
}

/// What a mouse can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// The left button went down.
    Click {
        /// Column.
        x: u16,
        /// Row.
        y: u16,
    },
    /// The wheel was turned away.
    WheelUp,
    /// The wheel was turned near.
    WheelDown,
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
    /// Take the mouse, or give it back.
    Mouse(bool),
    /// Stop working live units and let every run of this process stop where it can be taken up again.
    Rest,
    /// Draw everything anew.
    Repaint,
    /// Give the terminal back to the shell until continued.
    Suspend,
    /// Leave.
    Quit,
}
