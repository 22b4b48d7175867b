//! Holds the one table of actions and the keys in force. Footer, `?`, the `:` palette, the settings and
//! dispatch all read it.
//!
//! An action that is not in the table does not exist; one that is cannot lack a key, a name and a
//! sentence of help. No action with danger `External` acts on its key alone: it opens a dialog, and
//! the dialog asks for more.

mod action;
mod bindings;
mod key;
mod table;

pub use action::{
    Action, CardAction, Ctx, DemoKey, Destination, LogAction, Motion, ProposalAction, TaskAction,
};
pub use bindings::{KeyFault, Keymap};
pub use key::Key;
pub use table::{ACTIONS, ActionSpec, Danger};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_actions_share_a_key_in_one_context() {
        let mut taken = HashSet::new();
        for spec in ACTIONS {
            for ctx in spec.ctx {
                for key in spec.keys {
                    assert!(taken.insert((*ctx, *key)), "{:?} in {ctx:?}", spec.action);
                }
            }
        }
    }

    #[test]
    fn every_action_can_be_reached_and_says_what_it_does() {
        let mut names = HashSet::new();
        for spec in ACTIONS {
            assert!(!spec.keys.is_empty(), "{:?} has no key", spec.action);
            assert!(spec.help.len() > 5, "{:?} has no help", spec.action);
            assert!(!spec.ctx.is_empty(), "{:?} works nowhere", spec.action);
            assert!(names.insert(spec.name), "{} twice", spec.name);
        }
    }

    #[test]
    fn every_named_action_stands_in_the_readme() {
        let readme = include_str!("../../../README.md");
        for spec in ACTIONS.iter().filter(|spec| spec.is_typed()) {
            let key = spec.keys.first().map_or_else(String::new, |key| Key::name(*key));
            assert!(readme.contains(&format!("`{key}`")), "{key} ({})", spec.name);
        }
    }

    #[test]
    fn every_key_of_the_table_could_be_written_in_the_settings() {
        for key in ACTIONS.iter().flat_map(|spec| spec.keys) {
            assert_eq!(key.name().parse(), Ok(*key));
        }
    }
}
