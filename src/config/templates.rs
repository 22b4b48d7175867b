//! Reads an operator's folder of pitch templates and has it proof-read before anything uses it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::error::ConfigError;
use crate::domain::pitch::{Book, TemplateFault, TemplateFile, proof};

/// Bytes of one file; the longest of ours has 3 KiB.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Files of one folder; ours are 23.
const FILES_MAX: usize = 256;

/// Returns our own book with the files of `folder` laid over it, read through with awkward values.
///
/// # Errors
/// The first file that cannot be read, and the first text that does not hold.
pub(super) fn book(folder: &Path) -> Result<Arc<Book>, ConfigError> {
    let mut files = Vec::new();
    collect(folder, "", &mut files)?;
    if files.is_empty() {
        return Err(ConfigError::new(folder.display().to_string(), "holds no template")
            .key("pitch.templates_dir")
            .hint("copy what you want to change from config/templates, with its en or de folder"));
    }
    let cited = |fault: &TemplateFault| cite(&files, fault);
    let book = Book::with(&files).map_err(|fault| cited(&fault))?;
    proof(&book).map_err(|fault| cited(&fault))?;
    Ok(Arc::new(book))
}

/// Reads every file below `folder`; hidden ones and notes (`*.md`) are left alone.
fn collect(folder: &Path, below: &str, files: &mut Vec<TemplateFile>) -> Result<(), ConfigError> {
    let unreadable = |path: &Path, error: &io::Error| {
        ConfigError::new(path.display().to_string(), format!("cannot be read: {error}"))
            .key("pitch.templates_dir")
            .hint("check the folder and its rights, or leave the setting empty")
    };
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(folder, &error))?;
    paths.sort();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let is_note = path.extension().is_some_and(|extension| extension == "md");
        if name.starts_with('.') || is_note {
            continue;
        }
        if path.is_dir() && below.is_empty() {
            collect(&path, &format!("{name}/"), files)?;
            continue;
        }
        if files.len() == FILES_MAX {
            return Err(ConfigError::new(
                folder.display().to_string(),
                format!("holds more than {FILES_MAX} files"),
            )
            .hint("is it another folder?"));
        }
        let text = text_of(&path).map_err(|error| unreadable(&path, &error))?;
        let label = path.display().to_string();
        files.push(TemplateFile { name: format!("{below}{name}"), label, text });
    }
    Ok(())
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

/// Cites the line of the file that is to be mended.
fn cite(files: &[TemplateFile], fault: &TemplateFault) -> ConfigError {
    let section =
        fault.section.as_ref().map_or_else(String::new, |name| format!("section {name}: "));
    let problem = ConfigError::new(&fault.file, format!("{section}{}", fault.why));
    let text = files.iter().find(|file| file.label == fault.file).map(|file| &file.text);
    match (text, fault.line) {
        (Some(text), Some(line)) => problem.at(text, line, 1),
        _ => problem,
    }
    .hint(&fault.hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn refused(files: &[(&str, &str)]) -> String {
        book(folder(files).path()).unwrap_err().to_string()
    }

    #[test]
    fn a_file_of_ones_own_changes_only_what_it_names() {
        let own = folder(&[
            ("en/dental.txt", "== extra ==\n[offer] We like teeth.\n"),
            ("README.md", "notes are left alone"),
        ]);
        let book = book(own.path()).unwrap();
        assert_eq!(book.variants("en", "dental"), ["direct", "friendly", "question"]);
        assert_eq!(book.tone("friendly"), Some("friendly"));
    }

    #[test]
    fn a_variant_of_ones_own_needs_a_row_of_the_table_and_all_its_sections() {
        let row = "variants:\n  brief: {tone: short, languages: [en], categories: [gym]}\n";
        let error = refused(&[("variants.yaml", row)]);
        assert!(error.contains("en/brief.txt: section subject: is missing"), "{error}");
        let texts = "== subject ==\n[about] About {{ name }}\n== email ==\n[greeting] Hello,\n\n\
                     {% include \"claims\" %}\n{% include \"signature\" %}\n\
                     == linkedin ==\n{% include \"short_claims\" %}\n\
                     == phone ==\n{% include \"claims\" %}\n== sms ==\n{% include \"stop\" %}\n";
        let own = folder(&[("variants.yaml", row), ("en/brief.txt", texts)]);
        let book = book(own.path()).unwrap();
        assert_eq!(book.variants("en", "gym"), ["brief", "direct", "friendly", "question"]);
        assert_eq!(book.variants("en", "dental"), ["direct", "friendly", "question"]);
        assert_eq!(book.variants("de", "gym"), ["direct", "friendly", "question"]);
    }

    #[test]
    fn every_mistake_cites_file_section_and_line_and_the_next_step() {
        let cases: [(&str, &str, &[&str]); 9] = [
            (
                "en/dental.txt",
                "== extra ==\n[ofer] Hello.\n",
                &["dental.txt:2", "[ofer]", "[offer]"],
            ),
            ("en/dental.txt", "== extr ==\n[offer] Hello.\n", &["dental.txt:1", "extr", "shared"]),
            ("en/dentl.txt", "== extra ==\n", &["dentl.txt:1", "no variant", "hint"]),
            ("en/shared.txt", "hello\n", &["shared.txt:1", "before the first section"]),
            (
                "en/direct.txt",
                "== email ==\n[greeting] Hello {{ nam }}\n",
                &["direct.txt:2", "email", "nam"],
            ),
            (
                "en/direct.txt",
                "== email ==\n[greeting] Hello,\n\n[offer] You have no website.\n",
                &["direct.txt:1", "email", "You have no website", "hint"],
            ),
            (
                "en/direct.txt",
                "== sms ==\n[offer] We keep {{ name }}  complete.\n",
                &["direct.txt:1", "sms", "\"  \""],
            ),
            ("en/direct.txt", "== sms ==\nHello\n", &["direct.txt:1", "sms", "no tag"]),
            ("variants.yaml", "variants:\n  loud: {tone: x}\n", &["variants.yaml:2", "languages"]),
        ];
        for (name, text, parts) in cases {
            let error = refused(&[(name, text)]);
            for part in parts {
                assert!(error.contains(part), "{part:?} is not in: {error}");
            }
            assert!(error.contains("hint: "), "{error}");
        }
        let long = format!("== sms ==\n[offer] We {}.\n", "go on ".repeat(60));
        assert!(refused(&[("de/direct.txt", &long)]).contains("more than 50"));
    }

    #[test]
    fn a_folder_that_is_not_there_or_empty_is_named() {
        let error = book(Path::new("/nowhere/templates")).unwrap_err().to_string();
        assert!(error.contains("/nowhere/templates") && error.contains("pitch.templates_dir"));
        assert!(refused(&[]).contains("holds no template"));
    }
}
