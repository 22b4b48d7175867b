//! Reads the files of a book: the table of variants, and texts cut into sections.
//!
//! Tags become marks here, before any value is put in, so no value from outside can carry a tag.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{LANGUAGES, Sections};
use crate::domain::pitch::sentence::{Kind, is_ours};

/// A file of an operator's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFile {
    /// Its path below the folder, with `/`: `en/dental.txt`.
    pub name: String,
    /// How messages call it.
    pub label: String,
    /// What it says.
    pub text: String,
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", place(.file, .section.as_deref(), *.line))]
pub struct TemplateFault {
    /// Which file; empty when no file is to blame.
    pub file: String,
    /// Which section.
    pub section: Option<String>,
    /// Line, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: String,
    /// What to do next.
    pub hint: String,
}

fn place(file: &str, section: Option<&str>, line: Option<usize>) -> String {
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    let section = section.map_or_else(String::new, |name| format!(" section {name}:"));
    if file.is_empty() { String::new() } else { format!("{file}{line}:{section} ") }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Table {
    pub(super) variants: BTreeMap<String, VariantRow>,
    pub(super) groups: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantRow {
    pub(super) tone: String,
    pub(super) languages: Vec<String>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
}

/// A section of a file: its text with marks for tags, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) text: String,
    pub(super) file: String,
    pub(super) line: usize,
}

fn fault(file: &TemplateFile, line: usize, why: impl Into<String>, hint: &str) -> TemplateFault {
    TemplateFault {
        file: file.label.clone(),
        section: None,
        line: Some(line),
        why: why.into(),
        hint: hint.to_owned(),
    }
}

pub(super) fn read_table(file: &TemplateFile) -> Result<Table, TemplateFault> {
    let table: Table = serde_yaml::from_str(&file.text).map_err(|error| {
        let line = error.location().map_or(1, |place| place.line());
        let hint = "config/templates/variants.yaml shows the form";
        fault(file, line, error.to_string(), hint)
    })?;
    for (name, row) in &table.variants {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let languages = row.languages.iter().all(|one| LANGUAGES.contains(&one.as_str()));
        if name.is_empty() || !name.chars().all(plain) || row.tone.trim().is_empty() || !languages {
            let why = format!("variant {name:?} needs a plain name, a tone and known languages");
            return Err(fault(file, 1, why, "small letters, digits and _; languages en, de"));
        }
    }
    Ok(table)
}

/// Reads a file's name: its language, and the variant or group that it is about.
pub(super) fn known_name<'f>(
    file: &'f TemplateFile,
    table: &Table,
) -> Result<(&'f str, &'f str), TemplateFault> {
    let stem = file.name.split_once('/').and_then(|(language, rest)| {
        Some((language, rest.strip_suffix(".txt")?)).filter(|_| LANGUAGES.contains(&language))
    });
    stem.filter(|(_, stem)| {
        *stem == "shared" || table.variants.contains_key(*stem) || table.groups.contains_key(*stem)
    })
    .ok_or_else(|| {
        let why = "belongs to no variant and to no group of categories";
        let hint = "name it en/ or de/ and shared.txt, a variant or a group of variants.yaml";
        fault(file, 1, why, hint)
    })
}

/// Cuts a file into its sections, `== name ==`, and puts marks in the place of tags.
pub(super) fn read_sections(file: &TemplateFile) -> Result<Sections, TemplateFault> {
    let mut found: Sections = BTreeMap::new();
    let mut open: Option<String> = None;
    for (index, line) in file.text.lines().enumerate() {
        let head = line.strip_prefix("== ").and_then(|rest| rest.strip_suffix(" =="));
        if let Some(name) = head {
            let section =
                Section { text: String::new(), file: file.label.clone(), line: index + 1 };
            if found.insert(name.to_owned(), section).is_some() {
                let why = format!("section {name} stands twice");
                return Err(fault(file, index + 1, why, "keep one of the two"));
            }
            open = Some(name.to_owned());
        } else if let Some(section) = open.as_ref().and_then(|name| found.get_mut(name)) {
            section.text.push_str(&marked(file, index + 1, line)?);
            section.text.push('\n');
        } else if !line.trim().is_empty() {
            let why = "there is a text before the first section";
            return Err(fault(file, index + 1, why, "begin with a line like == email =="));
        }
    }
    for section in found.values_mut() {
        // One line end belongs to the file, not to the text; blank lines within are kept.
        section.text.truncate(section.text.trim_end_matches('\n').len());
    }
    Ok(found)
}

/// Puts a mark in the place of each `[tag]` of a line, with the blank after it.
fn marked(file: &TemplateFile, number: usize, line: &str) -> Result<String, TemplateFault> {
    if line.chars().any(is_ours) {
        return Err(fault(file, number, "it has a character for private use", "take it out"));
    }
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('[') {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let word = from[1..].split(']').next().unwrap_or_default();
        let is_tag = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        if !is_tag || from.len() == word.len() + 1 {
            text.push('[');
            rest = &from[1..];
            continue;
        }
        let Some((_, kind)) = Kind::TAGS.into_iter().find(|(tag, _)| *tag == word) else {
            let hint = format!("use one of {}", tags());
            return Err(fault(file, number, format!("[{word}] is no tag"), &hint));
        };
        text.push(kind.mark());
        rest = &from[word.len() + 2..];
        rest = rest.strip_prefix(' ').unwrap_or(rest);
    }
    text.push_str(rest);
    Ok(text)
}

pub(super) fn tags() -> String {
    Kind::TAGS.map(|(tag, _)| format!("[{tag}]")).join(" ")
}
