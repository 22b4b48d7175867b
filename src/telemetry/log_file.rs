//! Writes log lines from a thread of its own, bounded in memory and on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::domain::text::printable_json;

/// Lines that wait for the disk: about 2 MiB, some seconds of a debug log.
const QUEUE_LINES_MAX: usize = 8_192;

/// How long the end of the process waits for the last lines.
const FLUSH_MS_MAX: u64 = 1_000;

/// Lines that this process has dropped in all.
pub(super) static DROPPED_IN_ALL: AtomicU64 = AtomicU64::new(0);

enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// An open log file and the queue before it.
#[derive(Debug)]
pub(super) struct LogFile {
    queue: Queue,
}

impl LogFile {
    /// Opens `path` for appending, after renaming one that has more than `bytes_max`.
    pub(super) fn open(path: &Path, bytes_max: u64) -> io::Result<Self> {
        let mut sink = Sink::open(path, bytes_max)?;
        let (sender, receiver) = sync_channel(QUEUE_LINES_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        thread::Builder::new()
            .name("cep-log".to_owned())
            .spawn(move || sink.work(&receiver, &lost))?;
        Ok(Self { queue: Queue { sender, dropped } })
    }

    /// Returns the end that lines are put in.
    pub(super) fn writer(&self) -> Queue {
        self.queue.clone()
    }

    /// Waits until every line queued so far is written, or for one second.
    pub(super) fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.queue.sender.try_send(Message::Flush(done)).is_ok() {
            // A disk that does not answer must not keep the process.
            let _ = wait.recv_timeout(Duration::from_millis(FLUSH_MS_MAX));
        }
    }
}

/// Takes one line for each write, and never waits.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A log is read on a terminal too.
        let text = String::from_utf8_lossy(line);
        let safe = printable_json(&text).into_owned().into_bytes();
        if self.sender.try_send(Message::Line(safe)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            DROPPED_IN_ALL.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The thread's own half: the file, and how much may still go into it.
struct Sink {
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
}

impl Sink {
    fn open(path: &Path, bytes_max: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if fs::metadata(path).is_ok_and(|meta| meta.len() > bytes_max) {
            fs::rename(path, previous(path))?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_path_buf(), file, bytes, bytes_max })
    }

    fn work(&mut self, receiver: &Receiver<Message>, dropped: &AtomicU64) {
        while let Ok(message) = receiver.recv() {
            match message {
                Message::Line(line) => self.put(&line),
                Message::Flush(done) => {
                    let _ = done.try_send(());
                }
            }
            let lost = dropped.swap(0, Ordering::Relaxed);
            if lost > 0 {
                let line =
                    format!("{{\"level\":\"WARN\",\"message\":\"{lost} log lines dropped\"}}\n");
                self.put(line.as_bytes());
            }
        }
    }

    /// Writes a line; a full file becomes `.1` first. A disk that refuses loses the line: there is
    /// nowhere left to say so, and work goes on.
    fn put(&mut self, line: &[u8]) {
        if self.bytes > self.bytes_max
            && let Ok(fresh) = Self::open(&self.path, self.bytes_max)
        {
            *self = fresh;
        }
        if self.file.write_all(line).is_ok() {
            self.bytes += line.len() as u64;
        }
    }
}

/// The name of the file before this one.
pub(super) fn previous(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_has_grown_too_large_is_kept_once_and_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/cep.log");
        for round in ["first\n", "second\n", "third\n"] {
            let log = LogFile::open(&path, 4).unwrap();
            log.writer().write_all(round.as_bytes()).unwrap();
            log.flush();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "third\n");
        assert_eq!(fs::read_to_string(previous(&path)).unwrap(), "second\n");
    }

    #[test]
    fn a_log_grows_no_further_while_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cep.log");
        let log = LogFile::open(&path, 10).unwrap();
        for _ in 0..5 {
            log.writer().write_all(b"12345678\n").unwrap();
        }
        log.flush();
        assert_eq!(fs::metadata(&path).unwrap().len(), 9);
        assert_eq!(fs::metadata(previous(&path)).unwrap().len(), 18);
    }

    #[test]
    fn a_path_that_cannot_be_written_is_an_error_at_the_start() {
        assert!(LogFile::open(Path::new("/proc/no/such/cep.log"), 10).is_err());
    }
}
