//! Defines what is typed behind `/` on events: layers, levels, units, runs, patterns and words, all
//! of which must hold.
//!
//! A line that cannot be read says so while it is typed, and the last one that could stays in force.

use regex::{Regex, RegexBuilder};

use crate::domain::event::{Event, Level};
use crate::domain::ids::{RunId, UnitId};
use crate::domain::layer::Layer;

/// Bytes that a compiled pattern may take. A pattern typed by hand needs a few kilobytes; one that
/// needs more would slow every frame.
const PATTERN_BYTES_MAX: usize = 256 * 1_024;

/// A filter of events, read from one line: `L4 err unit:123 run:7 re:/50[34]/ token`.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    text: String,
    /// Only this level and above, toggled by a key.
    pub level: Option<Level>,
    terms: Vec<Term>,
    fault: Option<String>,
    last: String,
}

/// Filters are the same when the same was typed: a pattern has no equality of its own.
impl PartialEq for EventFilter {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.level, &self.last) == (&other.text, other.level, &other.last)
    }
}

/// One part of a filter.
#[derive(Clone, Debug)]
enum Term {
    Layer(Layer),
    Level(Level),
    AtLeast(Level),
    Unit(UnitId),
    Run(RunId),
    Matches(Regex),
    Word(String),
}

/// What of a filter the rows themselves can be asked for. It lets through at least what the filter
/// lets through, so the filter is applied to the answer as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Only this layer.
    pub layer: Option<Layer>,
    /// Only this unit.
    pub unit: Option<UnitId>,
    /// Only this run.
    pub run: Option<RunId>,
    /// Only this level and above.
    pub level: Option<Level>,
    /// Only with all these, in lower case and ASCII.
    pub words: Vec<String>,
}

impl EventFilter {
    /// The line as typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why the line cannot be read, if so.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// The line before this one, for whoever wants it back.
    pub fn last(&self) -> &str {
        &self.last
    }

    /// Takes another line. One that cannot be read leaves the filter as it was, with the fault.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        match read(text) {
            Ok(terms) => {
                self.terms = terms;
                self.fault = None;
            }
            Err(fault) => self.fault = Some(fault),
        }
    }

    /// Remembers the present line as one worth recalling.
    pub fn keep(&mut self) {
        if !self.text.is_empty() && self.fault.is_none() {
            self.last.clone_from(&self.text);
        }
    }

    /// Whether everything is shown.
    pub const fn is_open(&self) -> bool {
        self.terms.is_empty() && self.level.is_none()
    }

    /// Whether an event is shown.
    pub fn passes(&self, event: &Event) -> bool {
        self.level.is_none_or(|level| event.level >= level)
            && self.terms.iter().all(|term| term.holds(event))
    }

    /// What the rows can be asked for.
    pub fn narrow(&self) -> Narrow {
        let mut narrow = Narrow { level: self.level, ..Narrow::default() };
        for term in &self.terms {
            match term {
                Term::Layer(layer) => narrow.layer = Some(*layer),
                Term::Level(level) | Term::AtLeast(level) => {
                    narrow.level = narrow.level.max(Some(*level));
                }
                Term::Unit(unit) => narrow.unit = Some(*unit),
                Term::Run(run) => narrow.run = Some(*run),
                Term::Word(word) if word.is_ascii() => narrow.words.push(word.clone()),
                Term::Word(_) | Term::Matches(_) => {}
            }
        }
        narrow
    }

    /// Returns the filter in words for the pane's border; empty when everything is shown.
    pub fn describe(&self) -> String {
        let level = self.level.map_or("", |_| "warn+ ");
        format!("{level}{}", self.text).trim_end().to_owned()
    }
}

impl Term {
    fn holds(&self, event: &Event) -> bool {
        match self {
            Self::Layer(layer) => event.layer == Some(*layer),
            Self::Level(level) => event.level == *level,
            Self::AtLeast(level) => event.level >= *level,
            Self::Unit(unit) => event.unit_id == Some(*unit),
            Self::Run(run) => event.run_id == Some(*run),
            Self::Matches(pattern) => {
                pattern.is_match(&event.text) || pattern.is_match(&event.kind)
            }
            Self::Word(word) => {
                event.text.to_lowercase().contains(word) || event.kind.contains(word)
            }
        }
    }
}

/// Reads a line.
fn read(text: &str) -> Result<Vec<Term>, String> {
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(pattern) = rest.strip_prefix("re:/") {
            let end = pattern.find('/').ok_or("re:/ needs a closing /")?;
            terms.push(Term::Matches(compiled(&pattern[..end])?));
            rest = pattern[end + 1..].trim_start();
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        terms.push(term(&rest[..end].to_lowercase())?);
        rest = rest[end..].trim_start();
    }
    Ok(terms)
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern)
        .case_insensitive(true)
        .size_limit(PATTERN_BYTES_MAX)
        .dfa_size_limit(PATTERN_BYTES_MAX)
        .build();
    built.map_err(|error| {
        let text = error.to_string();
        // The library draws the place over several lines; its last one says what is wrong.
        let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("re:/{pattern}/: {why}")
    })
}

/// Reads one lower-case word.
fn term(word: &str) -> Result<Term, String> {
    let digits = word.strip_prefix('l').filter(|rest| !rest.is_empty());
    if let Some(digits) = digits.filter(|rest| rest.chars().all(|c| c.is_ascii_digit())) {
        let layer = digits.parse().ok().and_then(Layer::from_number);
        return layer.map(Term::Layer).ok_or_else(|| format!("{word} is no layer: L1 to L9"));
    }
    let number = |id: &str, of: &str| {
        id.parse::<i64>().map_err(|_| format!("{of}: needs a number, not {id:?}"))
    };
    if let Some(id) = word.strip_prefix("unit:") {
        return Ok(Term::Unit(UnitId(number(id, "unit")?)));
    }
    if let Some(id) = word.strip_prefix("run:") {
        return Ok(Term::Run(RunId(number(id, "run")?)));
    }
    if word.starts_with("re:") {
        return Err("a pattern stands between slashes: re:/50[34]/".to_owned());
    }
    Ok(match word {
        "err" | "error" => Term::Level(Level::Error),
        "warn" => Term::AtLeast(Level::Warn),
        "info" => Term::Level(Level::Info),
        word => Term::Word(word.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixture;

    fn filter(text: &str) -> EventFilter {
        let mut filter = EventFilter::default();
        filter.set(text);
        filter
    }

    #[test]
    fn all_words_of_a_filter_must_hold() {
        let event = fixture::event(7, Level::Error, Some(4), "401 token expired");
        for text in [
            "",
            "L4",
            "err",
            "warn",
            "TOKEN",
            "l4 err token",
            "unit:7",
            "run:418",
            "re:/40[13]/",
            "re:/token EXP/ L4",
            "note",
        ] {
            assert!(filter(text).passes(&event), "{text}");
        }
        for text in ["L3", "info", "refused", "L4 refused", "unit:8", "run:7", "re:/^token/"] {
            assert!(!filter(text).passes(&event), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_and_the_filter_before_stays_in_force() {
        let event = fixture::event(7, Level::Error, Some(4), "401 token expired");
        for (text, says) in [
            ("L12", "L1 to L9"),
            ("unit:x", "unit: needs a number"),
            ("run:", "run: needs a number"),
            ("re:/50", "closing /"),
            ("re:/(/", "unclosed group"),
            ("re:50", "between slashes"),
            ("re:/(a{999}){999}/", "size limit"),
        ] {
            let mut filter = filter("refused");
            filter.set(text);
            let fault = filter.fault().unwrap_or_else(|| panic!("{text} was taken"));
            assert!(fault.to_lowercase().contains(&says.to_lowercase()), "{text}: {fault}");
            assert!(!filter.passes(&event), "{text}: the last good line filters");
            filter.set("token");
            assert!(filter.fault().is_none() && filter.passes(&event));
        }
    }

    #[test]
    fn the_rows_are_asked_for_no_less_than_the_filter_lets_through() {
        let narrow = filter("L4 err unit:123 run:7 re:/503/ Token größe").narrow();
        let wanted = Narrow {
            layer: Layer::from_number(4),
            unit: Some(UnitId(123)),
            run: Some(RunId(7)),
            level: Some(Level::Error),
            words: vec!["token".to_owned()],
        };
        assert_eq!(narrow, wanted);
        assert_eq!(filter("info").narrow().level, Some(Level::Info));
        assert!(filter("").is_open() && !filter("re:/x/").is_open());
    }
}
