//! Makes this process the one that serves a database, and says whether it can.

use std::sync::Arc;

use super::Handle;
use super::command::{Refusal, RefusalKind};
use super::parts::Parts;
use super::queries;
use crate::config::{self, Profile, Settings};
use crate::domain::mode::Mode;
use crate::engines::orchestrator::hold::{self, Denied, Hold};
use crate::store::clocks;
use crate::store::error::StoreError;

/// The right to serve, as long as it is held.
pub struct Serving {
    hold: Hold,
}

/// One thing that has to be well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Why it is not; `None` when it is.
    pub why: Option<String>,
}

impl Serving {
    /// Takes the right to serve. Others hand their commands to us from here on.
    ///
    /// # Errors
    /// Another process serves this database, or it cannot be written.
    pub async fn begin(parts: &Parts) -> Result<Self, Refusal> {
        let lease_ms = parts.settings.orchestrator.lease_ms();
        let held = hold::serve(&parts.store, &parts.clock, &parts.owner, lease_ms).await;
        match held {
            Ok(hold) => {
                settings::tell(parts).await.map_err(|error| queries::failed(&error))?;
                Ok(Self { hold })
            }
            Err(Denied::Busy { owner, .. }) => Err(Refusal {
                kind: RefusalKind::Safeguard,
                why: format!("{owner} serves this database already"),
                hint: Some("stop that process first, or name another --db".to_owned()),
            }),
            Err(Denied::Store(error)) => Err(queries::failed(&error)),
        }
    }

    /// Whether the right was lost: another process has taken it, or the database fails.
    pub fn is_lost(&self) -> bool {
        self.hold.is_lost()
    }
}

/// Refuses to serve with what the profile prod must not run with.
///
/// # Errors
/// Every unsafe setting, with its key and the reason.
pub fn assert_safe_to_serve(settings: &Settings) -> Result<(), Refusal> {
    assert_safe(settings, true)
}

/// Refuses what the profile prod must not run with; other profiles may.
pub(super) fn assert_safe(settings: &Settings, serves: bool) -> Result<(), Refusal> {
    if settings.environment != Some(Profile::Prod) {
        return Ok(());
    }
    let found = config::unsafe_in_prod(settings, serves);
    if found.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    Err(Refusal {
        kind: RefusalKind::Usage,
        why: format!("the profile prod is not safe yet\n{}", lines.join("\n")),
        hint: Some("`cep --profile prod config check` names what is left".to_owned()),
    })
}

impl Handle {
    /// Returns what has to be well for this process to be sent work.
    pub async fn checks(&self, serving: &Serving) -> Vec<Check> {
        let parts = Arc::clone(self.shared_parts());
        let read = tokio::task::spawn_blocking(move || parts.store.read(clocks::dry).map(drop));
        let database = match read.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(queries::failed(&error).why),
            Err(_) => Some("it was not read".to_owned()),
        };
        let wrote = self.parts().store.write("readiness", |_tx| Ok::<_, StoreError>(())).await;
        let failed = |error: &StoreError| {
            let why = queries::failed(error).why;
            format!("{why}; nothing is claimed until it can be written again")
        };
        // What could not be committed the last time stands, until a commit reaches the disk.
        let trouble = self.parts().store.trouble();
        let standing = || trouble.borrow().as_deref().map(failed);
        let writer = wrote.err().as_ref().map(failed).or_else(standing);
        let lost = serving.is_lost().then(|| "another process serves".to_owned());
        let mut checks = vec![
            Check { name: "database", why: database },
            Check { name: "writer", why: writer },
            Check { name: "lease", why: lost },
        ];
        if self.is_armed() {
            let stands = self.works(Mode::Live);
            let why = (!stands).then(|| "no run works the live world; the log says why".to_owned());
            checks.push(Check { name: "live", why });
        }
        checks
    }
}

mod settings;
#[cfg(test)]
mod tests;
