//! Defines the environment as read once at start, and the secrets in it.
//!
//! Secrets come from the environment or from a file that it names, never from YAML. Their type
//! cannot be printed: `Debug`, `Display` and JSON say only whether one is set.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::error::ConfigError;
use crate::domain::mode::Mode;

/// Every variable that the program reads.
const VARIABLES: [&str; 28] = [
    "CEP_DB",
    "CEP_CONFIG",
    "CEP_PROFILE",
    "XDG_STATE_HOME",
    "HOME",
    "USER",
    "LOGNAME",
    "TERM",
    "VISUAL",
    "EDITOR",
    "NO_COLOR",
    "COLORTERM",
    "TMUX",
    "LC_ALL",
    "LC_CTYPE",
    "LANG",
    "CEP_CALENDLY_SECRET",
    "CEP_CALENDLY_SECRET_FILE",
    "CEP_STRIPE_SECRET",
    "CEP_STRIPE_SECRET_FILE",
    "CEP_MAILBOX_SECRET",
    "CEP_MAILBOX_SECRET_FILE",
    "CEP_PERSON_SECRET",
    "CEP_PERSON_SECRET_FILE",
    "CEP_PROFILE_SECRET",
    "CEP_PROFILE_SECRET_FILE",
    "CEP_METRICS_TOKEN",
    "CEP_METRICS_TOKEN_FILE",
];

/// Bytes; a larger secret file is a mistake (a key is below 1 KiB).
const SECRET_FILE_BYTES_MAX: u64 = 4_096;

/// The variables that the program knows, as they were at start.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the process's environment; this is the only place that does.
    #[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
    pub fn read() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self(VARIABLES.iter().filter_map(|&name| Some((name.to_owned(), set(name)?))).collect())
    }

    /// Makes an environment out of pairs.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Returns a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Returns the text for the one place that signs or verifies with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("set")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("set")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("set")
    }
}

/// The keys with which deliveries of live mode are signed; `None` is shown as unset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Secrets {
    /// Of Calendly's webhook.
    pub calendly: Option<Secret>,
    /// Of Stripe's webhook.
    pub stripe: Option<Secret>,
    /// Of our mail collector.
    pub mailbox: Option<Secret>,
    /// Of the task list that people answer in.
    pub person: Option<Secret>,
    /// Of the notifications about profiles.
    pub profile: Option<Secret>,
    /// Of whoever reads the metrics; a token, not a signing key.
    pub metrics: Option<Secret>,
}

impl Secrets {
    /// Returns the key that signs deliveries of `provider` in `mode`, or `None` for one that is
    /// unset or unknown.
    ///
    /// Dry mode has fixed keys of its own: the simulated world really signs, and no real secret can
    /// reach it.
    pub fn webhook_key(&self, mode: Mode, provider: &str) -> Option<&str> {
        let (live, dry) = match provider {
            "calendly" => (&self.calendly, "dry-calendly-signing-key"),
            "stripe" => (&self.stripe, "whsec_dry_stripe_signing_key"),
            "mailbox" => (&self.mailbox, "dry-mailbox-signing-key"),
            "person" => (&self.person, "dry-person-signing-key"),
            "profile" => (&self.profile, "dry-profile-signing-key"),
            _ => return None,
        };
        match mode {
            Mode::Dry => Some(dry),
            Mode::Live => live.as_ref().map(Secret::expose),
        }
    }

    pub(super) fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let secret = |name| read_secret(environment, name);
        Ok(Self {
            calendly: secret("CEP_CALENDLY_SECRET")?,
            stripe: secret("CEP_STRIPE_SECRET")?,
            mailbox: secret("CEP_MAILBOX_SECRET")?,
            person: secret("CEP_PERSON_SECRET")?,
            profile: secret("CEP_PROFILE_SECRET")?,
            metrics: secret("CEP_METRICS_TOKEN")?,
        })
    }
}

/// Reads one secret from its variable, or from the file that `{name}_FILE` names.
fn read_secret(environment: &Environment, name: &str) -> Result<Option<Secret>, ConfigError> {
    let file_name = format!("{name}_FILE");
    let text = match (environment.get(name), environment.get(&file_name)) {
        (Some(_), Some(_)) => {
            return Err(ConfigError::new(name, format!("{name} and {file_name} are both set"))
                .hint("set one of the two"));
        }
        (Some(text), None) => text.to_owned(),
        (None, Some(path)) => secret_file(&file_name, Path::new(path))?,
        (None, None) => return Ok(None),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(ConfigError::new(name, "the secret is empty").hint("unset it or fill it"));
    }
    Ok(Some(Secret(text.to_owned())))
}

fn secret_file(variable: &str, path: &Path) -> Result<String, ConfigError> {
    let unreadable = |why: String| {
        ConfigError::new(variable, format!("cannot read {}: {why}", path.display()))
            .hint("the file holds the secret alone, as one line of text")
    };
    let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size > SECRET_FILE_BYTES_MAX {
        return Err(unreadable(format!("{size} bytes are more than {SECRET_FILE_BYTES_MAX}")));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let environment = Environment::of(&[("CEP_STRIPE_SECRET", "whsec_very_private")]);
        let secrets = Secrets::from_environment(&environment).unwrap();
        let shown = format!("{secrets:?} {}", serde_json::to_string(&secrets).unwrap());
        assert!(!shown.contains("private"), "{shown}");
        assert!(shown.contains("set"), "{shown}");
        assert_eq!(secrets.webhook_key(Mode::Live, "stripe"), Some("whsec_very_private"));
    }

    #[test]
    fn dry_mode_never_signs_with_a_live_key() {
        let environment = Environment::of(&[("CEP_STRIPE_SECRET", "whsec_very_private")]);
        let secrets = Secrets::from_environment(&environment).unwrap();
        assert_ne!(secrets.webhook_key(Mode::Dry, "stripe"), Some("whsec_very_private"));
        assert_eq!(secrets.webhook_key(Mode::Live, "calendly"), None);
        assert_eq!(secrets.webhook_key(Mode::Dry, "someone-else"), None);
    }

    #[test]
    fn a_secret_is_read_from_the_file_that_its_variable_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "abc\n").unwrap();
        let environment = Environment::of(&[("CEP_PERSON_SECRET_FILE", path.to_str().unwrap())]);
        let secrets = Secrets::from_environment(&environment).unwrap();
        assert_eq!(secrets.webhook_key(Mode::Live, "person"), Some("abc"));
        let missing = Environment::of(&[("CEP_PERSON_SECRET_FILE", "/nowhere/at/all")]);
        assert!(Secrets::from_environment(&missing).unwrap_err().to_string().contains("/nowhere"));
    }
}
