//! Sets up the log: JSON lines in a file, and the same records for the screen's Logs pane.
//!
//! The file is written by a thread of its own behind a bounded queue, so that a stuck disk stops
//! neither work nor keys; what does not fit is dropped, counted, and the count is written. Secrets
//! cannot reach it, because their type has no text (`config::Secret`).

mod console;
mod log_file;
pub mod tail;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use console::Console;
use console::Stderr;
use log_file::LogFile;

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The file cannot be opened or renamed.
    #[error("cannot write the log {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// `--log` is not a filter.
    #[error("{text:?} is not a log filter: {why}")]
    Filter {
        /// What was written.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// The process has a log already.
    #[error("the log is set up already")]
    Twice,
}

/// Where the log goes and what it holds.
#[derive(Clone, Copy, Debug)]
pub struct LogTo<'a> {
    /// The file; its folder is made when it is absent.
    pub file: &'a Path,
    /// Bytes after which the file is renamed to `.1` and begun anew.
    pub bytes_max: u64,
    /// `info`, or `info,cep_machine::store=debug`.
    pub filter: &'a str,
    /// Where else it goes.
    pub console: Console,
}

/// Keeps the log open; dropping it writes what is queued.
#[must_use = "the log is flushed when this is dropped"]
#[derive(Debug)]
pub struct Telemetry {
    file: LogFile,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.file.flush();
    }
}

/// Starts the log of this process.
///
/// The screen's records stay in tui-logger's hot buffer until the screen calls
/// `tui_logger::move_events`; no thread wakes up for them.
///
/// # Errors
/// A file that cannot be written, a filter that cannot be read, or a second call.
pub fn init(to: LogTo<'_>) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::from_str(to.filter).map_err(|error| TelemetryError::Filter {
        text: to.filter.to_owned(),
        why: error.to_string(),
    })?;
    let file = LogFile::open(to.file, to.bytes_max)
        .map_err(|source| TelemetryError::File { path: to.file.to_path_buf(), source })?;
    let writer = file.writer();
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(move || writer.clone());
    let stderr = |is_json| move || Stderr { is_json };
    let lines = (to.console == Console::Lines).then(|| {
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_target(false);
        layer.compact().with_writer(stderr(false))
    });
    let records = (to.console == Console::Json).then(|| {
        let layer = tracing_subscriber::fmt::layer().json().flatten_event(true);
        layer.with_span_list(false).with_writer(stderr(true))
    });
    tui_logger::set_default_level(tui_logger::LevelFilter::Trace);
    let everything = json.and_then(lines).and_then(records);
    tracing_subscriber::registry()
        .with(everything.and_then(tui_logger::TuiTracingSubscriberLayer).with_filter(filter))
        .try_init()
        .map_err(|_| TelemetryError::Twice)?;
    Ok(Telemetry { file })
}

/// Returns how many log lines this process has dropped because the disk could not keep up.
pub fn dropped() -> u64 {
    log_file::DROPPED_IN_ALL.load(std::sync::atomic::Ordering::Relaxed)
}

/// Returns whether anything is logged at all, so that costly details are not collected in vain.
pub fn is_on() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}
