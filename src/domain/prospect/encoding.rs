//! Defines how the bytes of a file become text, and which bytes are none.
//!
//! UTF-8 is tried first, because it cannot be mistaken for anything else. A table that is not UTF-8
//! was saved by a spreadsheet of Windows; what cannot be that either is refused with its line.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::source::{BYTES_MAX, SourceError};

/// Files that people take for tables, by their first bytes.
const NO_TEXT: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "a zip archive or a spreadsheet (xlsx, ods)"),
    (b"\xD0\xCF\x11\xE0", "an old spreadsheet (xls)"),
    (b"%PDF", "a PDF"),
    (b"\x1F\x8B", "gzip"),
    (b"SQLite format 3\0", "a database"),
];

/// A text and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// `UTF-8`, `UTF-16LE`, `UTF-16BE` or `windows-1252`.
    pub encoding: &'static str,
}

/// Turns the bytes of a file into text.
///
/// # Errors
/// A file that is too large, or no text in an encoding that tables come in.
pub fn decode(bytes: Vec<u8>) -> Result<Decoded, SourceError> {
    let size = bytes.len() as u64;
    if size > BYTES_MAX {
        return Err(SourceError::TooLarge { bytes: size });
    }
    if let Some((_, what)) = NO_TEXT.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(SourceError::NotText { what });
    }
    if let Some(encoding) = utf_16(&bytes) {
        let (text, encoding, broken) = encoding.decode(&bytes);
        if broken {
            return Err(SourceError::NotText { what: "damaged UTF-16" });
        }
        return Ok(Decoded { text: text.into_owned(), encoding: encoding.name() });
    }
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{FEFF}') {
                text.drain(..'\u{FEFF}'.len_utf8());
            }
            Ok(Decoded { text, encoding: "UTF-8" })
        }
        Err(error) => windows_1252(error.as_bytes(), error.utf8_error().valid_up_to()),
    }
}

/// Returns the kind of UTF-16, by its mark or by the zero bytes that letters have in it.
fn utf_16(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    match bytes {
        [0xFF, 0xFE, ..] => return Some(UTF_16LE),
        [0xFE, 0xFF, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let start = &bytes[..bytes.len().min(64)];
    let zeros = |at: usize| start.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = start.len() / 2;
    if most < 4 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    match (even * 10 > most * 8, odd * 10 > most * 8) {
        (false, true) => Some(UTF_16LE),
        (true, false) => Some(UTF_16BE),
        _ => None,
    }
}

fn windows_1252(bytes: &[u8], valid_up_to: usize) -> Result<Decoded, SourceError> {
    let line = bytes[..valid_up_to].split(|&b| b == b'\n').count();
    // A map extract is always UTF-8; another byte in it is damage, not another encoding.
    let json = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let (text, broken) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let binary = text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    if json == Some(&b'{') || broken || binary {
        return Err(SourceError::NotUtf8 { line });
    }
    Ok(Decoded { text: text.into_owned(), encoding: WINDOWS_1252.name() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "name;Straße\nCafé Müller;Größe 1\n";

    fn utf_16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() })
            .collect()
    }

    #[test]
    fn a_table_is_read_in_every_encoding_that_spreadsheets_write() {
        let with_mark = format!("\u{FEFF}{TABLE}");
        let (latin, ..) = WINDOWS_1252.encode(TABLE);
        for (bytes, encoding) in [
            (TABLE.as_bytes().to_vec(), "UTF-8"),
            (with_mark.as_bytes().to_vec(), "UTF-8"),
            (utf_16(&with_mark, false), "UTF-16LE"),
            (utf_16(&with_mark, true), "UTF-16BE"),
            (utf_16(TABLE, false), "UTF-16LE"),
            (utf_16(TABLE, true), "UTF-16BE"),
            (latin.into_owned(), "windows-1252"),
        ] {
            let decoded = decode(bytes).unwrap();
            assert_eq!((decoded.text.as_str(), decoded.encoding), (TABLE, encoding));
        }
    }

    #[test]
    fn what_is_no_text_is_refused_and_named() {
        assert!(matches!(decode(b"PK\x03\x04abc".to_vec()), Err(SourceError::NotText { .. })));
        assert_eq!(decode(b"a\nb\xff\x00\n".to_vec()), Err(SourceError::NotUtf8 { line: 2 }));
        assert_eq!(decode(b"{\"a\":\"\xff\"}".to_vec()), Err(SourceError::NotUtf8 { line: 1 }));
        assert_eq!(decode(Vec::new()).unwrap().text, "");
        assert!(decode(b"\xFF\xFEa\x00\x00\xD8".to_vec()).is_err(), "half a pair");
    }
}
