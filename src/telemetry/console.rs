//! Writes the log to stderr as well, for whoever runs the machine without a screen: a person at a
//! terminal reads lines, a supervisor that keeps them gets JSON.

use std::io::{self, Write};

use crate::domain::text::{clean_lines, printable_json};

/// Characters of one line on a terminal; the file has the rest.
const LINE_CHARS_MAX: usize = 2_000;

/// How the log is shown on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// Not at all: the terminal belongs to something else.
    Silent,
    /// A line for a person.
    Lines,
    /// The same JSON as in the file.
    Json,
}

/// Writes one record for each write, free of what would act on a terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stderr {
    pub(super) is_json: bool,
}

impl Write for Stderr {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(record);
        let safe = if self.is_json {
            printable_json(&text).into_owned()
        } else {
            clean_lines(&text, LINE_CHARS_MAX)
        };
        // Whoever closed stderr does not want to know; the file is written all the same.
        let mut stderr = io::stderr().lock();
        let _unread = stderr.write_all(safe.as_bytes());
        if !safe.ends_with('\n') {
            let _unread = stderr.write_all(b"\n");
        }
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
