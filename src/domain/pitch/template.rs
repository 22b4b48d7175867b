//! Renders the templates under `config/templates`, which are part of the program.
//!
//! Values from outside are put in as text: they are never read as templates, they bring no line
//! ends, and a template that names a value we do not have is an error instead of a gap.

use std::sync::LazyLock;

use super::PitchTexts;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

/// The ways in which a pitch can be written; layer 9 learns which of them works.
pub const VARIANTS: [&str; 3] = ["direct", "friendly", "question"];

/// Steps that one template may take: a hundred times what ours need, and an end for a broken one.
const FUEL: u64 = 50_000;

/// Every template: language, variant, text. The sections of a text become four channels.
const TEMPLATES: [(&str, &str, &str); 6] = [
    ("en", "direct", include_str!("../../../config/templates/en/direct.txt")),
    ("en", "friendly", include_str!("../../../config/templates/en/friendly.txt")),
    ("en", "question", include_str!("../../../config/templates/en/question.txt")),
    ("de", "direct", include_str!("../../../config/templates/de/direct.txt")),
    ("de", "friendly", include_str!("../../../config/templates/de/friendly.txt")),
    ("de", "question", include_str!("../../../config/templates/de/question.txt")),
];

/// The sections that each template has.
const SECTIONS: [&str; 5] = ["subject", "email", "linkedin", "phone", "sms"];

/// What a template may name.
#[derive(Clone, Debug)]
pub(super) struct Values<'a> {
    pub(super) name: &'a str,
    pub(super) city: &'a str,
    pub(super) claims: Vec<&'a str>,
    pub(super) sender: &'a str,
    pub(super) agency: &'a str,
    pub(super) booking_url: &'a str,
}

impl Values<'_> {
    fn to_value(&self) -> Value {
        Value::from_pairs([
            ("name", Value::from(self.name)),
            ("city", Value::from(self.city)),
            ("claims", self.claims.iter().map(|claim| Value::from(*claim)).collect()),
            ("sender", Value::from(self.sender)),
            ("agency", Value::from(self.agency)),
            ("booking_url", Value::from(self.booking_url)),
        ])
    }
}

/// Why a template gave no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// There is no variant of this name.
    #[error("there is no pitch variant {0:?}")]
    UnknownVariant(String),
    /// A section cannot be rendered.
    #[error("section {section} of variant {variant:?} cannot be rendered: {why}")]
    Broken {
        /// Which variant.
        variant: String,
        /// Which section.
        section: &'static str,
        /// What the renderer says.
        why: String,
    },
}

/// Compiled once: templates are part of the program and do not change while it runs.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // The texts are no HTML: a name with an ampersand stays as it is.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    for (language, variant, text) in TEMPLATES {
        for section in SECTIONS {
            let source = section_of(text, section).unwrap_or_default();
            // A template that does not parse is missing here, and its use says so; the test below
            // keeps that from being released.
            drop(environment.add_template_owned(id(language, variant, section), source.to_owned()));
        }
    }
    environment
});

fn id(language: &str, variant: &str, section: &str) -> String {
    format!("{language}/{variant}/{section}")
}

fn section_of<'a>(text: &'a str, section: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("== {section} ==\n"))?;
    Some(rest.split("\n== ").next().unwrap_or(rest))
}

/// Renders all channels of a variant; a language we have no templates for gets English.
pub(super) fn render(
    language: &str,
    variant: &str,
    values: &Values<'_>,
) -> Result<PitchTexts, TemplateFault> {
    let language = if language == "de" { "de" } else { "en" };
    if !VARIANTS.contains(&variant) {
        return Err(TemplateFault::UnknownVariant(variant.to_owned()));
    }
    let section = |section: &'static str| {
        ENVIRONMENT
            .get_template(&id(language, variant, section))
            .and_then(|template| template.render(values.to_value()))
            .map(|text| text.trim().to_owned())
            .map_err(|error| TemplateFault::Broken {
                variant: variant.to_owned(),
                section,
                why: error.to_string(),
            })
    };
    Ok(PitchTexts {
        subject: section("subject")?,
        email: section("email")?,
        linkedin: section("linkedin")?,
        phone: section("phone")?,
        sms: section("sms")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_all_its_sections_and_parses() {
        for (language, variant, text) in TEMPLATES {
            assert!(VARIANTS.contains(&variant));
            for section in SECTIONS {
                let source = section_of(text, section).unwrap_or_default();
                assert!(!source.trim().is_empty(), "{language}/{variant} lacks {section}");
                assert!(ENVIRONMENT.get_template(&id(language, variant, section)).is_ok());
            }
        }
    }
}
