//! Reads a text that a person wrote, from a file or stdin, with a bound on its length.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::error::Error;

/// Bytes of a text that is read; the longest that goes out, a post, has 1,500 characters.
const TEXT_BYTES_MAX: u64 = 16 * 1024;

/// Reads the text at `path`; `-` is stdin. `fits` says how long such a text may be.
pub(super) fn read(path: &Path, fits: &str) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let unreadable = |error: std::io::Error| {
        Error::usage(format!("cannot read {}: {error}", path.display())).hint("check --text-file")
    };
    if path == Path::new("-") {
        std::io::stdin().take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        let why = format!("{} is larger than {TEXT_BYTES_MAX} bytes", path.display());
        return Err(Error::usage(why).hint(fits));
    }
    String::from_utf8(bytes).map_err(|_| {
        Error::usage(format!("{} is not UTF-8 text", path.display())).hint("save it as UTF-8")
    })
}
