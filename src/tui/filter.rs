//! Defines what is typed behind `/` on events: words, layers and levels, all of which must hold.

use crate::domain::event::{Event, Level};

/// A filter of events, read from one line: `L4 err token`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// The line as typed, so that `/` can recall it.
    pub text: String,
    /// Only this level and above, toggled by a key.
    pub level: Option<Level>,
}

impl EventFilter {
    /// Whether an event is shown.
    pub fn passes(&self, event: &Event) -> bool {
        self.level.is_none_or(|level| event.level >= level)
            && self.text.split_whitespace().all(|word| holds(&word.to_lowercase(), event))
    }

    /// Returns the filter in words for the pane's border; empty when everything is shown.
    pub fn describe(&self) -> String {
        let level = self.level.map_or("", |_| "warn+ ");
        format!("{level}{}", self.text).trim_end().to_owned()
    }
}

/// Whether one lower-case word holds for an event.
fn holds(word: &str, event: &Event) -> bool {
    if let Some(number) = word.strip_prefix('l').and_then(|rest| rest.parse::<u8>().ok()) {
        return event.layer.is_some_and(|layer| layer.number() == number);
    }
    if let Some(id) = word.strip_prefix("unit:") {
        return event.unit_id.is_some_and(|unit| unit.to_string() == id);
    }
    match word {
        "err" | "error" => event.level == Level::Error,
        "warn" => event.level >= Level::Warn,
        "info" => event.level == Level::Info,
        word => event.text.to_lowercase().contains(word) || event.kind.contains(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixture;

    #[test]
    fn all_words_of_a_filter_must_hold() {
        let event = fixture::event(7, Level::Error, Some(4), "401 token expired");
        let passes = |text: &str| EventFilter { text: text.into(), level: None }.passes(&event);
        for text in ["", "L4", "err", "warn", "TOKEN", "l4 err token", "unit:7"] {
            assert!(passes(text), "{text}");
        }
        for text in ["L3", "info", "refused", "L4 refused", "unit:8"] {
            assert!(!passes(text), "{text}");
        }
    }
}
