//! Defines the book of templates: which variants there are, for whom, and the texts of each.
//!
//! Our own book is part of the program; an operator's folder is laid over it, section by section, so
//! that a file names only what it changes. A text is looked up from the narrow to the wide: what the
//! category's group says, then what the variant says, then what all share. A book never guesses: a
//! section that nothing uses, a tag it does not know or a value it does not have is a fault that
//! cites file, section and line.

mod read;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use self::read::{Section, Table};
pub use self::read::{TemplateFault, TemplateFile};
use super::PART_NAMES;
use super::claims::Claim;
use super::sentence::{Kind, Names};
use super::trace::Piece;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

/// Steps that one section may take: a hundred times what ours need, and an end for a broken one.
const FUEL: u64 = 50_000;
/// Where our own files stand in the source, for messages.
const OWN_FOLDER: &str = "config/templates";
/// The name of the table of variants.
const TABLE: &str = "variants.yaml";
/// The languages that pitches are written in.
pub const LANGUAGES: [&str; 2] = ["en", "de"];

macro_rules! own {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../../config/templates/", $name)))),+]
    };
}

const OWN_FILES: [(&str, &str); 23] = own![
    "variants.yaml",
    "en/shared.txt",
    "en/direct.txt",
    "en/friendly.txt",
    "en/question.txt",
    "en/dental.txt",
    "en/medical.txt",
    "en/veterinary.txt",
    "en/restaurant.txt",
    "en/trades.txt",
    "en/beauty.txt",
    "en/office.txt",
    "de/shared.txt",
    "de/direct.txt",
    "de/friendly.txt",
    "de/question.txt",
    "de/dental.txt",
    "de/medical.txt",
    "de/veterinary.txt",
    "de/restaurant.txt",
    "de/trades.txt",
    "de/beauty.txt",
    "de/office.txt",
];

/// All sections that one language and group uses, by the name by which they are included.
type Sections = BTreeMap<String, Section>;

/// The book.
#[derive(Debug)]
pub struct Book {
    table: Table,
    pages: BTreeMap<(String, String), (Environment<'static>, Sections)>,
}

/// The group of categories that no group names.
const GENERAL: &str = "general";

/// What a template may name.
pub(super) struct Values<'a> {
    pub(super) names: Names<'a>,
    pub(super) claims: &'a [Claim],
    pub(super) joined: &'a str,
    pub(super) on_map: bool,
}

impl Values<'_> {
    fn to_value(&self) -> Value {
        let place = self.claims.first().map_or("", |claim| claim.place.as_str());
        let Names { business, town, sender, agency, booking_url } = self.names;
        Value::from_pairs([
            ("name", Value::from(business)),
            ("city", Value::from(town)),
            ("sender", Value::from(sender)),
            ("agency", Value::from(agency)),
            ("booking_url", Value::from(booking_url)),
            ("claims", self.claims.iter().map(claim).collect()),
            ("claims_joined", Value::from(self.joined)),
            ("place_first", Value::from(capitalised(place))),
            ("on_map", Value::from(self.on_map)),
        ])
    }
}

fn claim(claim: &Claim) -> Value {
    Value::from_pairs([
        ("sentence", Value::from(claim.sentence.as_str())),
        ("item", Value::from(claim.item.as_str())),
    ])
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Compiled once: our own templates are part of the program and do not change while it runs.
static OWN: LazyLock<Result<Arc<Book>, TemplateFault>> =
    LazyLock::new(|| Book::with(&[]).map(Arc::new));

impl Book {
    /// Returns our own book.
    ///
    /// # Errors
    /// A fault of our own templates, which a test rules out.
    pub fn own() -> Result<Arc<Self>, TemplateFault> {
        OWN.clone()
    }

    /// Returns our own book with an operator's files laid over it.
    ///
    /// # Errors
    /// The first file that cannot be used.
    pub fn with(own: &[TemplateFile]) -> Result<Self, TemplateFault> {
        let ours = OWN_FILES.map(|(name, text)| TemplateFile {
            name: name.to_owned(),
            label: format!("{OWN_FOLDER}/{name}"),
            text: text.to_owned(),
        });
        let files: Vec<&TemplateFile> = ours.iter().chain(own).collect();
        let mut table = Table::default();
        for file in files.iter().filter(|file| file.name == TABLE) {
            let read = read::read_table(file)?;
            table.variants.extend(read.variants);
            table.groups.extend(read.groups);
        }
        let mut sections: BTreeMap<(String, String), Sections> = BTreeMap::new();
        for file in files.iter().filter(|file| file.name != TABLE) {
            let (language, stem) = read::known_name(file, &table)?;
            let key = (language.to_owned(), stem.to_owned());
            sections.entry(key).or_default().extend(read::read_sections(file)?);
        }
        let mut pages = BTreeMap::new();
        for language in LANGUAGES {
            for group in std::iter::once(GENERAL).chain(table.groups.keys().map(String::as_str)) {
                let page = page(&table, &sections, language, group)?;
                pages.insert((language.to_owned(), group.to_owned()), page);
            }
        }
        Ok(Self { table, pages })
    }

    /// The variants that may be used in `language` for `category`, by name; a language that we do
    /// not write gets English.
    pub fn variants(&self, language: &str, category: &str) -> Vec<&str> {
        let language = written(language);
        self.table
            .variants
            .iter()
            .filter(|(_, row)| row.languages.iter().any(|one| one == language))
            .filter(|(_, row)| {
                row.categories.is_empty() || row.categories.iter().any(|one| one == category)
            })
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// How a variant sounds.
    pub fn tone(&self, variant: &str) -> Option<&str> {
        self.table.variants.get(variant).map(|row| row.tone.as_str())
    }

    /// One category of each group, and one that no group names: all the wordings there are.
    pub fn sample_categories(&self) -> Vec<&str> {
        let of_groups = self.table.groups.values().filter_map(|group| group.first());
        of_groups.map(String::as_str).chain(["gym"]).collect()
    }

    fn group(&self, category: &str) -> &str {
        let holds = |group: &&String| self.table.groups[*group].iter().any(|one| one == category);
        self.table.groups.keys().find(holds).map_or(GENERAL, String::as_str)
    }

    /// Renders one part of a variant, as pieces of which each has its kind.
    pub(super) fn render(
        &self,
        (language, category, variant): (&str, &str, &str),
        part: &str,
        values: &Values<'_>,
    ) -> Result<Vec<Piece>, TemplateFault> {
        if !self.variants(language, category).contains(&variant) {
            return Err(TemplateFault {
                file: String::new(),
                section: None,
                line: None,
                why: format!("there is no pitch variant {variant:?} for {category} in {language}"),
                hint: format!("use one of {}", self.variants(language, category).join(", ")),
            });
        }
        let key = (written(language).to_owned(), self.group(category).to_owned());
        let name = format!("{variant}.{part}");
        let (environment, sections) = &self.pages[&key];
        let rendered = environment
            .get_template(&name)
            .and_then(|template| template.render(values.to_value()))
            .map_err(|error| broken(&error, &name, sections))?;
        pieces(&one_full_stop(rendered, values.names)).ok_or_else(|| {
            let section = &sections[&name];
            TemplateFault {
                file: section.file.clone(),
                section: Some(part.to_owned()),
                line: Some(section.line),
                why: "it begins with a text that has no tag".to_owned(),
                hint: format!("begin it with one of {}", read::tags()),
            }
        })
    }

    /// Says where a part of a variant stands, for faults of its text.
    pub(super) fn place_of(
        &self,
        (language, category, variant): (&str, &str, &str),
        part: &str,
    ) -> Option<(String, usize)> {
        let key = (written(language).to_owned(), self.group(category).to_owned());
        let section = self.pages.get(&key)?.1.get(&format!("{variant}.{part}"))?;
        Some((section.file.clone(), section.line))
    }
}

/// The language in which somebody of `language` is written to.
pub(super) fn written(language: &str) -> &'static str {
    if language == "de" { "de" } else { "en" }
}

/// Lays together what one language says to one group.
fn page(
    table: &Table,
    files: &BTreeMap<(String, String), Sections>,
    language: &str,
    group: &str,
) -> Result<(Environment<'static>, Sections), TemplateFault> {
    let of = |stem: &str| files.get(&(language.to_owned(), stem.to_owned()));
    let mut sections = of("shared").cloned().unwrap_or_default();
    for (variant, row) in &table.variants {
        if !row.languages.iter().any(|one| one == language) {
            continue;
        }
        let texts = of(variant).cloned().unwrap_or_default();
        for part in PART_NAMES {
            if !texts.contains_key(part) {
                return Err(TemplateFault {
                    file: format!("{language}/{variant}.txt"),
                    section: Some(part.to_owned()),
                    line: None,
                    why: "is missing".to_owned(),
                    hint: "every variant has subject, email, linkedin, phone and sms".to_owned(),
                });
            }
        }
        sections.extend(texts.into_iter().map(|(name, text)| (format!("{variant}.{name}"), text)));
    }
    for (name, section) in of(group).into_iter().flatten() {
        if sections.insert(name.clone(), section.clone()).is_none() {
            return Err(TemplateFault {
                file: section.file.clone(),
                section: Some(name.clone()),
                line: Some(section.line),
                why: "stands in the place of nothing".to_owned(),
                hint: "name a block of shared.txt, or <variant>.<section>".to_owned(),
            });
        }
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // The texts are no HTML: a name with an ampersand stays as it is.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    for (name, section) in &sections {
        environment
            .add_template_owned(name.clone(), section.text.clone())
            .map_err(|error| broken(&error, name, &sections))?;
    }
    Ok((environment, sections))
}

/// Says where the renderer met its error.
fn broken(error: &minijinja::Error, name: &str, sections: &Sections) -> TemplateFault {
    // An error in a block that a section includes is told as the section's, with its cause inside.
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let innermost = cause.downcast_ref::<minijinja::Error>().unwrap_or(error);
    let name = innermost.name().unwrap_or(name);
    let section = sections.get(name);
    TemplateFault {
        file: section.map_or_else(String::new, |section| section.file.clone()),
        section: Some(name.to_owned()),
        line: section.map(|section| section.line + innermost.line().unwrap_or(0)),
        why: innermost.detail().map_or_else(|| innermost.kind().to_string(), str::to_owned),
        hint: "values: name, city, claims, claims_joined, place_first, on_map, sender, agency, \
               booking_url; blocks: those of shared.txt"
            .to_owned(),
    }
}

/// A name that ends in a dot, at the end of a sentence, needs no second one.
fn one_full_stop(mut text: String, names: Names<'_>) -> String {
    for name in [names.business, names.town, names.sender, names.agency] {
        if name.ends_with(['.', '!', '?']) {
            text = text.replace(&format!("{name}."), name);
        }
    }
    text
}

/// Cuts a rendered section at its marks; `None` when a text stands before the first.
fn pieces(rendered: &str) -> Option<Vec<Piece>> {
    let mut found: Vec<Piece> = Vec::new();
    for c in rendered.chars() {
        match (Kind::of_mark(c), found.last_mut()) {
            (Some(kind), _) => found.push((kind, String::new())),
            (None, Some((_, text))) => text.push(c),
            (None, None) if c.is_whitespace() => {}
            (None, None) => return None,
        }
    }
    Some(found)
}
