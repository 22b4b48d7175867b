//! The disk under a machine: what `tests/vfs/shim.c` noted, and what is left of it after a power cut.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cep_machine::domain::draw::Seed;

use crate::bench::Bench;

/// Bytes that a disk writes at once, or not at all.
const SECTOR: usize = 512;

/// The shim as a library, compiled once; `None` where there is no C compiler.
pub(crate) fn shim() -> Option<&'static Path> {
    static SHIM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compiled = SHIM.get_or_init(|| {
        let library =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("vfs-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vfs/shim.c");
        let mut cc = Command::new("cc");
        cc.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).args([
            source,
            "-ldl",
            "-lpthread",
        ]);
        match cc.output() {
            Ok(output) if output.status.success() => Some(library),
            Ok(output) => panic!("{source}: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => {
                eprintln!("skipped: no C compiler for tests/vfs/shim.c: {error}");
                None
            }
        }
    });
    compiled.as_deref()
}

/// Puts the shim between `command` and the disk of `bench`.
pub(crate) fn preload(command: &mut Command, bench: &Bench) {
    if let Some(shim) = shim() {
        let root = fs::canonicalize(bench.disk()).unwrap();
        command.env("LD_PRELOAD", shim).env("CEP_VFS_ROOT", root);
        command.env("CEP_VFS_LOG", bench.undo_log()).env("CEP_VFS_FAULT", bench.path("fault"));
    }
}

/// What a power cut leaves of what was never synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaves {
    /// Nothing.
    Nothing,
    /// Some of the writes, in part torn, as the disk happened to reorder them.
    Some(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Write,
    Truncate,
    Sync,
    Create,
    Unlink,
    Rename,
    SyncFolder,
}

struct Record {
    kind: Kind,
    offset: u64,
    size: u64,
    path: PathBuf,
    old: Vec<u8>,
    new: Vec<u8>,
}

fn records(log: &Path) -> Vec<Record> {
    let bytes = fs::read(log).unwrap_or_default();
    let mut rest = bytes.as_slice();
    let mut records = Vec::new();
    // A record that the death cut short tells of a write that did not begin.
    while let Some((head, more)) = rest.split_at_checked(64) {
        let word = |at: usize| u64::from_ne_bytes(head[8 * at..8 * at + 8].try_into().unwrap());
        let length = |at: usize| usize::try_from(word(at)).unwrap();
        let Some((parts, more)) = more.split_at_checked(length(3) + length(4) + length(5)) else {
            break;
        };
        rest = more;
        let (path, parts) = parts.split_at(length(3));
        let (old, new) = parts.split_at(length(4));
        let kind = match word(0) {
            1 => Kind::Write,
            2 => Kind::Truncate,
            3 => Kind::Sync,
            4 => Kind::Create,
            5 => Kind::Unlink,
            6 => Kind::Rename,
            7 => Kind::SyncFolder,
            other => panic!("a record of kind {other}"),
        };
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(path));
        let (old, new) = (old.to_vec(), new.to_vec());
        records.push(Record { kind, offset: word(1), size: word(2), path, old, new });
    }
    records
}

fn as_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// Cuts the power of a dead machine's disk. Returns how many writes and names were lost.
pub(crate) fn cut_power(bench: &Bench, leaves: Leaves) -> usize {
    let records = records(&bench.undo_log());
    let lost = take_back(&records);
    if let Leaves::Some(seed) = leaves {
        for &index in lost.iter().rev() {
            let question = format!("{index}");
            let draw = |what| Seed(seed).unit(&[what, &question]);
            let record = &records[index];
            if record.kind == Kind::Write && draw("reached the disk") < 0.5 {
                let sectors = record.new.len().div_ceil(SECTOR);
                let torn = draw("torn") < 0.25;
                let n = if torn { sectors / 2 * SECTOR } else { record.new.len() };
                put(&record.path, record.offset, &record.new[..n]);
            }
        }
    }
    drop(fs::remove_file(format!("{}-shm", bench.database().display())));
    start_over(bench);
    lost.len()
}

/// Forgets what the disk noted: from here on all that is there counts as synced.
pub(crate) fn start_over(bench: &Bench) {
    drop(fs::remove_file(bench.undo_log()));
    for entry in fs::read_dir(bench.path("")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("undo.log.") {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Takes back, the latest first, whatever no later sync made last; returns what it was.
fn take_back(records: &[Record]) -> Vec<usize> {
    let (mut files, mut folders, mut gone) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut lost = Vec::new();
    for (index, record) in records.iter().enumerate().rev() {
        let path = &record.path;
        let named_for_good = path.parent().is_some_and(|folder| folders.contains(folder));
        match record.kind {
            Kind::Sync => _ = files.insert(path.clone()),
            Kind::SyncFolder => _ = folders.insert(path.clone()),
            Kind::Unlink if named_for_good => _ = gone.insert(path.clone()),
            Kind::Unlink => {
                lost.push(index);
                drop(fs::rename(as_path(&record.old), path));
            }
            Kind::Rename if named_for_good => {}
            Kind::Rename => {
                lost.push(index);
                drop(fs::rename(path, as_path(&record.old)));
                if !record.new.is_empty() {
                    drop(fs::rename(as_path(&record.new), path));
                }
            }
            Kind::Create => {
                let removed_later = gone.remove(path);
                files.remove(path);
                if !named_for_good && !removed_later {
                    lost.push(index);
                    drop(fs::remove_file(path).or_else(|_| fs::remove_dir_all(path)));
                }
            }
            Kind::Write | Kind::Truncate => {
                if !files.contains(path) && !gone.contains(path) && path.exists() {
                    lost.push(index);
                    put(path, record.offset, &record.old);
                    open(path).set_len(record.size).unwrap();
                }
            }
        }
    }
    lost
}

fn open(path: &Path) -> File {
    OpenOptions::new().write(true).open(path).unwrap()
}

fn put(path: &Path, offset: u64, bytes: &[u8]) {
    if path.exists() {
        open(path).write_all_at(bytes, offset).unwrap();
    }
}

/// Makes calls below the bench's disk fail from the next start on, until `cure`.
pub(crate) fn fail(bench: &Bench, operation: &str, errno: i32, after: u32, part: &str) {
    // In one step: a half-written order would be read by a process that runs.
    let unfinished = bench.path("fault.unfinished");
    fs::write(&unfinished, format!("{operation} {errno} {after} {part}\n")).unwrap();
    fs::rename(unfinished, bench.path("fault")).unwrap();
}

/// Ends what `fail` began.
pub(crate) fn cure(bench: &Bench) {
    drop(fs::remove_file(bench.path("fault")));
}
