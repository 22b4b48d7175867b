//! Reads sources of businesses: a file, or the embedded fictional town. Nothing leaves the machine.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use async_trait::async_trait;
use serde_json::json;

use super::sim::town;
use crate::domain::effect::{Receipt, Recovery, SourceRead};
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::prospect::source::{BYTES_MAX, DEMO_TOWN};
use crate::domain::prospect::{Decoded, SourceError, decode};
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Files as they are; the same in both modes, because reading one changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile;

#[async_trait]
impl Port<SourceRead> for SourceFile {
    fn name(&self) -> &'static str {
        "file"
    }

    fn host(&self) -> &'static str {
        "local files"
    }

    fn recovery(&self) -> Recovery {
        Recovery::ReadOnly
    }

    async fn call(&self, _: &Permit, _: &Call, read: &SourceRead) -> Result<Receipt, WorkError> {
        receipt(read).await
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

/// Reads a source as one text, on a thread of its own: a stuck disk holds up nobody else.
pub(super) async fn receipt(read: &SourceRead) -> Result<Receipt, WorkError> {
    let order = read.clone();
    let decoded = tokio::task::spawn_blocking(move || text_of(&order))
        .await
        .map_err(|error| WorkError::bug("source_reader", error.to_string()))??;
    let data = json!({ "text": decoded.text, "encoding": decoded.encoding });
    Ok(Receipt { reference: read.source.clone(), data })
}

fn text_of(order: &SourceRead) -> Result<Decoded, WorkError> {
    if order.source == DEMO_TOWN {
        return Ok(Decoded { text: town::answer(order.wanted), encoding: "UTF-8" });
    }
    read(&order.source)
}

/// Reads a file as one text.
///
/// # Errors
/// A path that leads to no readable file, and a file that is no text; each with the next step.
pub fn read(source: &str) -> Result<Decoded, WorkError> {
    let path = Path::new(source);
    let refused = |error: &SourceError| error.in_source(source);
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let about = file.metadata().map_err(|error| unreadable(path, &error))?;
    if !about.is_file() {
        let what = format!("{} is not a file", path.display());
        return Err(WorkError::permanent("source_no_file", what)
            .hint("name one Overpass JSON or CSV file after --input"));
    }
    if about.len() > BYTES_MAX {
        return Err(refused(&SourceError::TooLarge { bytes: about.len() }));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    // It may grow while it is read; what is checked above is not yet what is read here.
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    decode(bytes).map_err(|error| refused(&error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> WorkError {
    let what = format!("{} cannot be read", path.display());
    let (class, code, hint) = if error.kind() == ErrorKind::NotFound {
        (ErrorClass::Permanent, "source_missing", "check the path after --input")
    } else if error.kind() == ErrorKind::PermissionDenied {
        let hint = "make the file readable for the user who runs cep";
        (ErrorClass::Permanent, "source_forbidden", hint)
    } else {
        (ErrorClass::Transient, "source_io", "check the disk that holds the file")
    };
    WorkError::new(class, code, what).caused_by(error).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &Path) -> Result<String, WorkError> {
        super::read(&source.display().to_string()).map(|decoded| decoded.text)
    }

    #[test]
    fn a_file_is_read_without_its_byte_order_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shops.csv");
        std::fs::write(&path, "\u{FEFF}name,category\n").unwrap();
        assert_eq!(read(&path).unwrap(), "name,category\n");
    }

    #[test]
    fn a_path_that_is_no_readable_text_is_refused_for_good_with_the_next_step() {
        let folder = tempfile::tempdir().unwrap();
        let sheet = folder.path().join("shops.xlsx");
        std::fs::write(&sheet, b"PK\x03\x04 and so on").unwrap();
        let huge = folder.path().join("huge.json");
        File::create(&huge).unwrap().set_len(BYTES_MAX + 1).unwrap();
        for (path, code) in [
            (folder.path().join("absent.json"), "source_missing"),
            (folder.path().to_owned(), "source_no_file"),
            (sheet, "source_not_text"),
            (huge, "source_too_large"),
        ] {
            let error = read(&path).unwrap_err();
            assert_eq!((error.code.as_str(), error.class), (code, ErrorClass::Permanent));
            assert!(error.message.contains(&path.display().to_string()), "{error}");
            assert!(error.hint.is_some(), "{error}");
        }
    }

    #[test]
    fn the_demo_town_needs_no_file() {
        let read = SourceRead { source: DEMO_TOWN.to_owned(), wanted: Some(500) };
        assert!(text_of(&read).unwrap().text.contains("Eastmarsh"));
    }
}
