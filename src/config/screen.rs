//! Defines how the dashboard behaves: its keys, and how much it may send over a slow link.

use std::collections::BTreeMap;

use serde::Serialize;

use super::raw::RawScreen;
use super::validate::{Fit, misfit, need};

/// The dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Screen {
    /// At most one frame a second for what nobody asked for.
    pub low_bandwidth: bool,
    /// Which colours: safe, dark or light.
    pub theme: String,
    /// How many: auto, truecolor, 256, 16 or none.
    pub colors: String,
    /// Action → keys, in place of its own. The screen knows actions and keys, and checks them.
    pub keys: BTreeMap<String, Vec<String>>,
}

/// The words of `screen.theme`.
const THEMES: [&str; 3] = ["safe", "dark", "light"];

/// The words of `screen.colors`.
const COLORS: [&str; 5] = ["auto", "truecolor", "256", "16", "none"];

pub(super) fn screen(raw: RawScreen) -> Fit<Screen> {
    let given = |(name, keys): (String, Option<Vec<String>>)| keys.map(|keys| (name, keys));
    Ok(Screen {
        low_bandwidth: need(raw.low_bandwidth, "screen.low_bandwidth")?,
        theme: one_of("screen.theme", raw.theme, &THEMES)?,
        colors: one_of("screen.colors", raw.colors, &COLORS)?,
        keys: raw.keys.into_iter().filter_map(given).collect(),
    })
}

/// Returns a word that is one of those that mean something.
fn one_of(key: &str, word: Option<String>, words: &[&str]) -> Fit<String> {
    let word = need(word, key)?;
    if words.contains(&word.as_str()) {
        return Ok(word);
    }
    misfit(key, format!("{word:?} means nothing here"), format!("use one of {}", words.join(", ")))
}
