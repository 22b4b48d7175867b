//! Reads the end of a log file, and of the one before it, within a bound.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde_json::Value;

use super::log_file::previous;

/// How many bytes are looked through at most: a quarter of a second of reading, and some ten thousand
/// lines.
pub const LOOKS_THROUGH_BYTES: u64 = 4 * 1_024 * 1_024;

/// What was found at the end of a log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tail {
    /// The records that fit, the newest first.
    pub records: Vec<Value>,
    /// How many bytes were looked through.
    pub looked_bytes: u64,
    /// Whether that was all there is.
    pub whole: bool,
}

/// Returns the newest `limit` records that contain `needle` as text and fit. A line that is no record
/// is passed over: a crash may have cut it.
///
/// # Errors
/// The file is there and cannot be read.
pub fn tail(
    path: &Path,
    needle: &str,
    fits: impl Fn(&Value) -> bool,
    limit: usize,
) -> io::Result<Tail> {
    let mut tail = Tail { whole: true, ..Tail::default() };
    for file in [path.to_path_buf(), previous(path)] {
        let budget = LOOKS_THROUGH_BYTES - tail.looked_bytes;
        if tail.records.len() >= limit || budget == 0 {
            tail.whole = tail.whole && !file.exists();
            break;
        }
        let (text, is_cut) = end_of(&file, budget)?;
        tail.looked_bytes += text.len() as u64;
        // The first line of a cut text is the rest of one.
        let lines = text.lines().skip(usize::from(is_cut)).collect::<Vec<_>>();
        let fitting = lines.iter().rev().filter(|line| line.contains(needle)).filter_map(|line| {
            let record = serde_json::from_str::<Value>(line).ok()?;
            fits(&record).then_some(record)
        });
        tail.records.extend(fitting.take(limit - tail.records.len()));
        tail.whole &= !is_cut && tail.records.len() < limit;
    }
    Ok(tail)
}

/// Returns the last `bytes` of a file, and whether there is more before them. No file is an empty one.
fn end_of(path: &Path, bytes: u64) -> io::Result<(String, bool)> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((String::new(), false)),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let skipped = length.saturating_sub(bytes);
    file.seek(SeekFrom::Start(skipped))?;
    let mut text = Vec::new();
    file.take(bytes).read_to_end(&mut text)?;
    Ok((String::from_utf8_lossy(&text).into_owned(), skipped > 0))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn line(unit: i64, message: &str) -> String {
        format!("{{\"level\":\"INFO\",\"message\":\"{message}\",\"span\":{{\"unit\":{unit}}}}}\n")
    }

    fn of_unit(path: &Path, unit: i64, limit: usize) -> Tail {
        let fits = |record: &Value| record["span"]["unit"] == unit;
        tail(path, &format!("\"unit\":{unit}"), fits, limit).unwrap()
    }

    fn messages(tail: &Tail) -> Vec<&str> {
        tail.records.iter().filter_map(|record| record["message"].as_str()).collect()
    }

    #[test]
    fn the_lines_of_a_unit_are_found_newest_first_across_both_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cep.log");
        fs::write(previous(&path), line(7, "one") + &line(70, "other")).unwrap();
        fs::write(&path, line(7, "two") + "{\"cut" + "\n" + &line(7, "three")).unwrap();
        let found = of_unit(&path, 7, 10);
        assert_eq!(messages(&found), ["three", "two", "one"]);
        assert!(found.whole);
        let some = of_unit(&path, 7, 2);
        assert_eq!((messages(&some), some.whole), (vec!["three", "two"], false));
    }

    #[test]
    fn no_more_is_looked_through_than_the_bound_and_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cep.log");
        let filler = line(1, &"x".repeat(1_000)).repeat(5_000);
        fs::write(&path, line(7, "too far back") + &filler + &line(7, "near")).unwrap();
        let found = of_unit(&path, 7, 10);
        assert_eq!((messages(&found), found.whole), (vec!["near"], false));
        assert_eq!(found.looked_bytes, LOOKS_THROUGH_BYTES);
    }

    #[test]
    fn a_log_that_is_not_there_is_an_empty_one() {
        let found = of_unit(Path::new("/nowhere/cep.log"), 7, 10);
        assert_eq!(found, Tail { whole: true, ..Tail::default() });
    }
}
