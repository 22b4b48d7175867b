//! Holds the keys in force: the table's own, or what the settings name instead.
//!
//! A key never means two things in one place. Whatever the settings say that would make it so is
//! refused by name, and so is a key that another action would hide.

use std::collections::BTreeMap;

use crossterm::event::{KeyEvent, KeyEventKind, KeyModifiers};

use super::action::{Action, Ctx};
use super::key::Key;
use super::table::{ACTIONS, ActionSpec, Danger};

/// The contexts that lie over `Everywhere`, but for the demo's, which shares keys on purpose.
const SPECIAL: [Ctx; 12] = [
    Ctx::Overview,
    Ctx::Layer,
    Ctx::List,
    Ctx::Events,
    Ctx::Records,
    Ctx::Logs,
    Ctx::Page,
    Ctx::Phi,
    Ctx::Errors,
    Ctx::Card,
    Ctx::Tasks,
    Ctx::Proposals,
];

/// The keys of every action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// In the order of the table; none for an action that this screen does not have.
    keys: Vec<Vec<Key>>,
    read_only: bool,
}

/// What is wrong with a line of `screen.keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFault {
    /// The action whose line it is.
    pub action: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl KeyFault {
    fn new(action: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { action: action.to_owned(), message: message.into(), hint: hint.into() }
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Self { keys: ACTIONS.iter().map(|spec| spec.keys.to_vec()).collect(), read_only: false }
    }
}

impl Keymap {
    /// Reads the keys that the settings name; every other action keeps its own.
    ///
    /// # Errors
    /// An action or a key that there is not, or a key that would mean two things.
    pub fn new(changes: &BTreeMap<String, Vec<String>>) -> Result<Self, KeyFault> {
        let mut map = Self::default();
        for (name, wanted) in changes {
            let index = ACTIONS.iter().position(|spec| spec.name == name).ok_or_else(|| {
                KeyFault::new(
                    name,
                    "there is no such action",
                    "`?` and the README name all of them",
                )
            })?;
            let keys = wanted.iter().map(|text| {
                text.parse().map_err(|why| {
                    let hint = "write a character, Enter, Esc, Tab, Space, PgDn …, or Ctrl-x";
                    KeyFault::new(name, format!("{text:?}: {why}"), hint)
                })
            });
            map.keys[index] = keys.collect::<Result<_, _>>()?;
            if map.keys[index].is_empty() {
                let hint = "name a key, or leave the line out";
                return Err(KeyFault::new(name, "an action needs a key", hint));
            }
        }
        map.assert_clear(changes)?;
        Ok(map)
    }

    /// Refuses a key that means two things, naming a line that the settings have.
    fn assert_clear(&self, changes: &BTreeMap<String, Vec<String>>) -> Result<(), KeyFault> {
        let own = Self::default().shadows();
        let fault = |one: &ActionSpec, other: &ActionSpec, key: Key, place: Ctx| {
            let (said, meant) =
                if changes.contains_key(one.name) { (one, other) } else { (other, one) };
            let key = key.name();
            KeyFault::new(
                said.name,
                format!("{key} already means `{}` {}", meant.name, place.place()),
                format!("choose another key, or give `{}` another one too", meant.name),
            )
        };
        for ctx in SPECIAL.into_iter().chain([Ctx::Demo, Ctx::Everywhere]) {
            let mut taken: Vec<(Key, &ActionSpec)> = Vec::new();
            for (spec, key) in self.pairs().filter(|(spec, _)| spec.ctx.contains(&ctx)) {
                if let Some((_, other)) = taken.iter().find(|(other, _)| *other == key) {
                    return Err(fault(spec, other, key, ctx));
                }
                taken.push((key, spec));
            }
        }
        match self.shadows().into_iter().find(|shadow| !own.contains(shadow)) {
            Some((ctx, upper, lower, key)) => {
                Err(fault(&ACTIONS[lower], &ACTIONS[upper], key, ctx))
            }
            None => Ok(()),
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static ActionSpec, Key)> {
        ACTIONS
            .iter()
            .zip(&self.keys)
            .flat_map(|(spec, keys)| keys.iter().map(move |key| (spec, *key)))
    }

    /// Returns the keys of `Everywhere` that mean something else in a special place.
    fn shadows(&self) -> Vec<(Ctx, usize, usize, Key)> {
        let indexed = |place: Ctx| {
            ACTIONS
                .iter()
                .zip(&self.keys)
                .enumerate()
                .filter(move |(_, (spec, _))| spec.ctx.contains(&place))
                .flat_map(|(index, (_, keys))| keys.iter().map(move |key| (index, *key)))
        };
        let mut found = Vec::new();
        for ctx in SPECIAL {
            for (upper, key) in indexed(ctx) {
                for (lower, _) in indexed(Ctx::Everywhere).filter(|(_, other)| *other == key) {
                    found.push((ctx, upper, lower, key));
                }
            }
        }
        found
    }

    /// Takes out everything that changes a row or the world outside.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        for (spec, keys) in ACTIONS.iter().zip(&mut self.keys) {
            if spec.danger != Danger::Safe {
                keys.clear();
            }
        }
        self
    }

    /// Whether this screen only reads.
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Whether this screen has the action.
    pub fn has(&self, spec: &ActionSpec) -> bool {
        !self.read_only || spec.danger == Danger::Safe
    }

    /// Returns what `event` means where `contexts` hold, the most special first.
    pub fn find(&self, contexts: &[Ctx], event: &KeyEvent) -> Option<&'static ActionSpec> {
        contexts.iter().find_map(|ctx| {
            let found =
                self.pairs().find(|(spec, key)| spec.ctx.contains(ctx) && key.matches(event));
            found.map(|(spec, _)| spec)
        })
    }

    /// Returns the actions whose first key works where `contexts` hold: what footer and help show.
    pub fn reachable(&self, contexts: &[Ctx]) -> impl Iterator<Item = &'static ActionSpec> {
        ACTIONS.iter().zip(&self.keys).filter_map(move |(spec, keys)| {
            let event = keys.first()?.event();
            self.find(contexts, &event).filter(|found| found.action == spec.action)
        })
    }

    /// Returns the keys of an action, the one to show first.
    pub fn keys_of(&self, action: Action) -> &[Key] {
        let index = ACTIONS.iter().position(|spec| spec.action == action);
        index.map_or(&[], |index| &self.keys[index])
    }

    /// Returns the name of the key to show for an action.
    pub fn key_of(&self, action: Action) -> String {
        self.keys_of(action).first().map_or_else(String::new, |key| key.name())
    }

    /// Puts keys in the places of `{action}` in a hint.
    pub fn spell(&self, hint: &str) -> String {
        let mut spelt = String::with_capacity(hint.len());
        let mut rest = hint;
        while let Some((before, behind)) = rest.split_once('{') {
            let Some((name, after)) = behind.split_once('}') else { break };
            spelt.push_str(before);
            let spec = ACTIONS.iter().find(|spec| spec.name == name);
            debug_assert!(spec.is_some(), "a hint names the action {name}");
            match spec.map(|spec| self.key_of(spec.action)).filter(|key| !key.is_empty()) {
                Some(key) => spelt.push_str(&key),
                None => spelt.push_str("(not in --read-only)"),
            }
            rest = after;
        }
        spelt + rest
    }
}

impl Key {
    /// Returns the event of this key being pressed.
    fn event(self) -> KeyEvent {
        let modifiers = if self.ctrl() { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
        KeyEvent::new_with_kind(self.code(), modifiers, KeyEventKind::Press)
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;

    fn changed(changes: &[(&str, &[&str])]) -> Result<Keymap, KeyFault> {
        let changes = changes.iter().map(|(name, keys)| {
            ((*name).to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())
        });
        Keymap::new(&changes.collect())
    }

    fn meaning(map: &Keymap, ctx: Ctx, c: char) -> Option<&'static str> {
        let event = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        map.find(&[ctx, Ctx::Everywhere], &event).map(|spec| spec.name)
    }

    #[test]
    fn a_key_of_the_settings_takes_the_place_of_the_tables_own() {
        let map = changed(&[("errors", &["z", "Ctrl-e"])]).unwrap();
        assert_eq!(meaning(&map, Ctx::Overview, 'z'), Some("errors"));
        assert_eq!(meaning(&map, Ctx::Overview, 'e'), None);
        assert_eq!(map.spell("press {errors}, then {retry}"), "press z, then r");
        assert_eq!(changed(&[]).unwrap(), Keymap::default());
    }

    #[test]
    fn two_keys_may_change_places() {
        let map = changed(&[("errors", &["m"]), ("mode", &["e"])]).unwrap();
        assert_eq!(meaning(&map, Ctx::List, 'm'), Some("errors"));
        assert_eq!(meaning(&map, Ctx::List, 'e'), Some("mode"));
    }

    #[test]
    fn a_key_that_would_mean_two_things_is_refused_at_the_line_that_says_so() {
        let fault = changed(&[("errors", &["m"])]).unwrap_err();
        assert_eq!(
            (fault.action.as_str(), fault.message.as_str()),
            ("errors", "m already means `mode` on every screen")
        );
        let hidden = changed(&[("errors", &["r"])]).unwrap_err();
        assert_eq!(hidden.action, "errors");
        assert!(hidden.message.starts_with("r already means `"), "{}", hidden.message);
        let special = changed(&[("run", &["e"])]).unwrap_err();
        assert_eq!(
            (special.action.as_str(), special.message.as_str()),
            ("run", "e already means `errors` on the overview")
        );
    }

    #[test]
    fn what_is_no_action_and_no_key_is_refused_with_the_next_step() {
        assert_eq!(changed(&[("fly", &["z"])]).unwrap_err().action, "fly");
        assert!(changed(&[("errors", &["F5"])]).unwrap_err().message.contains("function keys"));
        assert!(changed(&[("errors", &[])]).unwrap_err().message.contains("needs a key"));
    }

    #[test]
    fn a_screen_that_only_reads_has_no_action_that_changes_anything() {
        let map = Keymap::default().read_only();
        for ctx in SPECIAL.into_iter().chain([Ctx::Demo, Ctx::Everywhere]) {
            for spec in map.reachable(&[ctx, Ctx::Everywhere]) {
                assert_eq!(spec.danger, Danger::Safe, "{}", spec.name);
            }
        }
        assert_eq!(map.spell("{run} runs it"), "(not in --read-only) runs it");
    }
}
