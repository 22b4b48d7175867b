//! Provides the settings as they are in force: those of the files, with what people have put in force
//! by proposals laid over them.
//!
//! The files are read once; what proposals change is read again before each round of work, so that a
//! decision made in another process holds here too.

use std::sync::{Arc, PoisonError, RwLock};

use super::Settings;
use crate::domain::learning::{SettingKey, SettingOverride};

/// The settings of one mode as they are in force. Cloning is cheap and shares them.
#[derive(Clone)]
pub struct Current {
    files: Arc<Settings>,
    held: Arc<RwLock<Held>>,
}

struct Held {
    overrides: Vec<SettingOverride>,
    settings: Arc<Settings>,
}

impl Current {
    /// Returns them.
    pub fn get(&self) -> Arc<Settings> {
        // Whoever panicked held a whole value: it is replaced, never changed in place.
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner).settings)
    }

    /// Lays `overrides` over the files, if they are not the ones already laid over.
    pub fn refresh(&self, overrides: Vec<SettingOverride>) {
        if self.held.read().unwrap_or_else(PoisonError::into_inner).overrides == overrides {
            return;
        }
        let settings = Arc::new(self.files.with(&overrides));
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Held { overrides, settings };
    }
}

impl From<Arc<Settings>> for Current {
    fn from(files: Arc<Settings>) -> Self {
        let held = Held { overrides: Vec::new(), settings: Arc::clone(&files) };
        Self { files, held: Arc::new(RwLock::new(held)) }
    }
}

impl Settings {
    /// Returns them with `overrides` laid over.
    #[must_use]
    pub fn with(&self, overrides: &[SettingOverride]) -> Self {
        let mut settings = self.clone();
        let sound = overrides.iter().map(|one| one.setting).filter(|one| one.key.takes(one.value));
        for one in sound {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number within the key's limits"
            )]
            let whole = one.value as u32;
            match one.key {
                SettingKey::Floor => settings.learning.floor = one.value,
                SettingKey::DailyCap(channel) => settings.outreach.caps.set(channel, whole),
                SettingKey::FollowUpHours(channel) => {
                    settings.outreach.sequence_hours.set(channel, whole);
                }
            }
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProposalId;
    use crate::domain::learning::Setting;
    use crate::domain::sales::Channel;
    use crate::domain::time::Moment;

    fn by_proposal(key: SettingKey, value: f64) -> SettingOverride {
        let setting = Setting { key, value };
        SettingOverride { setting, proposal: ProposalId(7), by: "mara".to_owned(), at: Moment(1) }
    }

    #[test]
    fn what_a_proposal_set_holds_until_it_is_gone_and_an_unsound_value_never_does() {
        let files = crate::config::embedded(std::path::Path::new("/nowhere")).unwrap();
        let (floor, cap) = (files.learning.floor, files.outreach.caps.email);
        let current = Current::from(Arc::new(files));
        let shared = current.clone();
        current.refresh(vec![
            by_proposal(SettingKey::Floor, 0.2),
            by_proposal(SettingKey::DailyCap(Channel::Email), 60.0),
            by_proposal(SettingKey::FollowUpHours(Channel::Phone), -3.0),
        ]);
        let held = shared.get();
        assert_eq!(
            (held.learning.floor.to_bits(), held.outreach.caps.email),
            (0.2_f64.to_bits(), 60)
        );
        assert_eq!(held.outreach.sequence_hours.phone, 72);
        current.refresh(Vec::new());
        let held = shared.get();
        assert_eq!(
            (held.learning.floor.to_bits(), held.outreach.caps.email),
            (floor.to_bits(), cap)
        );
    }
}
