//! Defines how a document that a client hands in is named and bounded before it is kept.

/// Bytes of one document. A scanned contract or a photo has less; more would fill the disk and no
/// person would open it.
pub const FILE_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Letters of a file's ending that are kept.
const ENDING_CHARS_MAX: usize = 8;

/// Digits of the digest in a name: enough that a second version does not hide the first.
const DIGEST_DIGITS: usize = 8;

/// Returns where a document lies below the workspace: named by what it is and by its content, never
/// by what its sender called it, of which only a harmless ending stays.
pub fn stored_path(document: &str, digest: &str, original: &str) -> String {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
    };
    let ending: String = original
        .rsplit_once('.')
        .map_or("", |(_, ending)| ending)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(ENDING_CHARS_MAX)
        .collect::<String>()
        .to_ascii_lowercase();
    let ending = if ending.is_empty() { "bin" } else { &ending };
    format!("documents/{}-{:.DIGEST_DIGITS$}.{ending}", letters(document), letters(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_s_name_never_becomes_a_path() {
        let path = |original: &str| stored_path("logo", "0123456789ab", original);
        assert_eq!(path("Our Logo.PNG"), "documents/logo-01234567.png");
        for evil in
            ["../../etc/passwd", "/etc/shadow", "a.b/../../c", "x.\u{1b}[31m", "", ".", "a."]
        {
            let path = path(evil);
            assert!(path.starts_with("documents/logo-01234567."), "{path}");
            assert_eq!(path.matches('/').count(), 1, "{path}");
            assert!(!path.contains("..") && path.is_ascii(), "{path}");
        }
    }

    #[test]
    fn two_versions_of_a_document_have_two_names() {
        assert_ne!(
            stored_path("logo", "aaaaaaaaa", "l.png"),
            stored_path("logo", "bbbbbbbbb", "l.png")
        );
    }
}
