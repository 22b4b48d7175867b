//! Stands where no account is connected: it does nothing and says so.
//!
//! Live mode never pretends. What neither an account nor the outbox can do is refused with the next
//! step, and its unit is dead where a person sees it.

use async_trait::async_trait;

use crate::domain::effect::{Receipt, Recovery};
use crate::domain::error::WorkError;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// A port without anybody behind it.
#[derive(Clone, Copy, Debug)]
pub struct Unconnected {
    /// What would be needed: `a profile account`.
    pub needs: &'static str,
}

#[async_trait]
impl<E: Sync + Send> Port<E> for Unconnected {
    fn name(&self) -> &'static str {
        "unconnected"
    }

    fn host(&self) -> &'static str {
        "nobody"
    }

    fn recovery(&self) -> Recovery {
        Recovery::AtMostOnce
    }

    async fn call(&self, _: &Permit, _: &Call, _: &E) -> Result<Receipt, WorkError> {
        Err(WorkError::permanent(
            "unconnected",
            format!("{} is needed and not connected", self.needs),
        )
        .hint("do it by hand and skip the unit, or rehearse it in dry mode"))
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}
