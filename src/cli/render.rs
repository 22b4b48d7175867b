//! Prints: the one place that writes to stdout and stderr.
//!
//! Results go to stdout, everything else to stderr. Characters that act on a terminal are taken out
//! of a text for people here, whoever wrote it, and written as escapes in JSON.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::error::Error;
use super::table::Table;
use crate::app::command::Ack;
use crate::domain::text::{is_unsafe, printable_json};

/// Columns of a screen that nobody has measured.
pub(super) const COLUMNS: usize = 80;

/// Prints a text of one or more lines to stdout.
pub(super) fn text(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", printable(text.trim_end_matches('\n')))?;
    Ok(out.flush()?)
}

/// Prints one JSON object on one line to stdout.
pub(super) fn json<T: Serialize>(value: &T) -> Result<(), Error> {
    let line = serde_json::to_string(value).map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", printable_json(&line))?;
    Ok(out.flush()?)
}

/// Prints each value as one line of NDJSON.
pub(super) fn json_lines<T: Serialize>(values: &[T]) -> Result<(), Error> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for value in values {
        let line = serde_json::to_string(value).map_err(io::Error::other)?;
        writeln!(out, "{}", printable_json(&line))?;
    }
    Ok(out.flush()?)
}

/// Prints a table as wide as there is room, or says that there is nothing to list.
pub(super) fn table(table: &Table, nothing: &str) -> Result<(), Error> {
    if table.is_empty() {
        note(nothing);
        return Ok(());
    }
    text(&table.text(width()))
}

/// Prints what the machine says to a command it took.
pub(super) fn ack(ack: &Ack, as_json: bool) -> Result<(), Error> {
    if as_json { json(ack) } else { text(&ack.text) }
}

/// Tells a person something on stderr. If nobody can read it, nothing is lost.
pub(super) fn note(note: &str) {
    let _unread = writeln!(io::stderr().lock(), "cep: {}", printable(note));
}

/// Tells a person what was wrong with the words of a command.
pub(super) fn mistake(mistake: &str) {
    let _unread = writeln!(io::stderr().lock(), "{}", printable(mistake.trim_end()));
}

/// Whether a person looks at stdout and types on stdin.
pub(super) fn on_terminal() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// Returns how wide a line may be: a terminal's width, and no limit for a file or a pipe.
fn width() -> usize {
    if !io::stdout().is_terminal() {
        return usize::MAX;
    }
    crossterm::terminal::size().map_or(COLUMNS, |(columns, _)| usize::from(columns).max(40))
}

/// A text as it may reach a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_in_a_name_cannot_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\nc");
        assert_eq!(printable("invoice\u{202e}fdp.exe"), "invoice\u{fffd}fdp.exe");
    }
}
