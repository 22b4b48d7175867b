//! Keeps a receiver's own record of the calls that arrived, outside the database.
//!
//! It is the oracle of crash tests: a file that the machine appends to, with an fsync, at the moment
//! a call arrives. A receiver that knows idempotency keys applies a key once and notes every repeat as
//! a repeat; one without applies whatever arrives. All processes that call it share
//! the file, so each reads under its lock what the others have added.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::domain::effect::EffectKey;
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::time::Moment;
use crate::effects::port::Call;

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The effect's key.
    pub key: EffectKey,
    /// The layer that called.
    pub layer: u8,
    /// Which send of the effect it was.
    pub attempt: u32,
    /// When it arrived, on the mode's clock: a receiver forgets a key some time after.
    #[serde(default)]
    pub at: Moment,
    /// `applied` when it took effect; `repeated` when the receiver knew its key from before.
    pub what: String,
}

/// An open record.
pub struct Receiver {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: File,
    /// How many bytes of whole lines are in `applied`.
    read: u64,
    applied: HashSet<EffectKey>,
}

impl State {
    /// Reads what was added since, and returns whether the last line is whole.
    fn catch_up(&mut self) -> io::Result<bool> {
        self.file.seek(SeekFrom::Start(self.read))?;
        let mut text = Vec::new();
        self.file.read_to_end(&mut text)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in text[..whole].split(|byte| *byte == b'\n') {
            // A line that a crash cut short was not acknowledged to anybody.
            if let Ok(arrival) = serde_json::from_slice::<Arrival>(line) {
                self.applied.insert(arrival.key);
            }
        }
        self.read += whole as u64;
        Ok(whole == text.len())
    }

    fn note(&mut self, call: &Call, knows_keys: bool) -> io::Result<()> {
        let is_whole = self.catch_up()?;
        let is_repeat = knows_keys && self.applied.contains(&call.key);
        let arrival = Arrival {
            key: call.key.clone(),
            layer: call.layer.number(),
            attempt: call.attempt,
            at: call.now,
            what: if is_repeat { "repeated" } else { "applied" }.to_owned(),
        };
        let begin = if is_whole { "" } else { "\n" };
        let line = format!("{begin}{}\n", serde_json::to_string(&arrival)?);
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()
    }
}

impl Receiver {
    /// Opens the record at `path`, creating it when absent.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut state = State { file, read: 0, applied: HashSet::new() };
        state.catch_up()?;
        Ok(Self { path: path.to_owned(), state: Mutex::new(state) })
    }

    /// Notes an arrival and makes it durable before answering.
    pub(super) fn note(&self, call: &Call) -> Result<(), WorkError> {
        self.arrived(call, true)
    }

    /// The same for a receiver without keys, which applies every arrival.
    pub(super) fn note_keyless(&self, call: &Call) -> Result<(), WorkError> {
        self.arrived(call, false)
    }

    fn arrived(&self, call: &Call, knows_keys: bool) -> Result<(), WorkError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = state.file.lock().and_then(|()| {
            let noted = state.note(call, knows_keys);
            noted.and(state.file.unlock())
        });
        noted.map_err(|error| {
            let text = format!("the receiver's record {} cannot be written", self.path.display());
            WorkError::new(ErrorClass::Indeterminate, "receiver_record", text).caused_by(&error)
        })
    }

    /// Whether a call with this key has arrived.
    ///
    /// # Errors
    /// The record cannot be read.
    pub(super) fn has(&self, key: &EffectKey) -> Result<bool, WorkError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.catch_up().map_err(|error| {
            let text = format!("the receiver's record {} cannot be read", self.path.display());
            WorkError::new(ErrorClass::Transient, "receiver_record", text).caused_by(&error)
        })?;
        Ok(state.applied.contains(key))
    }
}
