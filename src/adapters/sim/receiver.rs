//! Keeps a receiver's own record of the calls that arrived, outside the database.
//!
//! It is the oracle of crash tests: a file that the machine appends to, with an fsync, at the moment
//! a call arrives. A receiver that knows idempotency keys applies a key once and notes every repeat as
//! a repeat; one without applies whatever arrives.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
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
    applied: HashSet<EffectKey>,
}

impl Receiver {
    /// Opens the record at `path`, creating it when absent.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut applied = HashSet::new();
        for line in BufReader::new(&file).lines() {
            // A line that a crash cut short was not acknowledged to anybody.
            if let Ok(arrival) = serde_json::from_str::<Arrival>(&line?) {
                applied.insert(arrival.key);
            }
        }
        Ok(Self { path: path.to_owned(), state: Mutex::new(State { file, applied }) })
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
        let first = state.applied.insert(call.key.clone()) || !knows_keys;
        let arrival = Arrival {
            key: call.key.clone(),
            layer: call.layer.number(),
            attempt: call.attempt,
            at: call.now,
            what: if first { "applied" } else { "repeated" }.to_owned(),
        };
        let mut line = serde_json::to_string(&arrival)
            .map_err(|error| WorkError::bug("receiver_record", error.to_string()))?;
        line.push('\n');
        let written = state.file.write_all(line.as_bytes()).and_then(|()| state.file.sync_data());
        written.map_err(|error| {
            let text = format!("the receiver's record {} cannot be written", self.path.display());
            WorkError::new(ErrorClass::Indeterminate, "receiver_record", text).caused_by(&error)
        })
    }

    /// Whether a call with this key has arrived.
    pub(super) fn has(&self, key: &EffectKey) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).applied.contains(key)
    }
}
