//! Writes mail, invites and reports as files that a person sends.

use async_trait::async_trait;

use super::{BY_FILE_NAME, HOST, OutboxDir, OutboxFile, eml, ics};
use crate::domain::effect::{Invite, Mail, Receipt, Recovery};
use crate::domain::error::WorkError;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Mail as `.eml` files.
#[derive(Clone, Debug)]
pub struct OutboxMail(pub OutboxDir);

/// Invites as `.eml` files with the calendar beside them as `.ics`.
#[derive(Clone, Debug)]
pub struct OutboxInvite(pub OutboxDir);

#[async_trait]
impl Port<Mail> for OutboxMail {
    fn name(&self) -> &'static str {
        "outbox mail"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(&self, _: &Permit, call: &Call, mail: &Mail) -> Result<Receipt, WorkError> {
        let bytes = eml::mail_bytes(&call.key, call.now, mail)?;
        self.0.put("mail", "email", &call.key, call.now, &[OutboxFile::new("eml", bytes)])
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<Invite> for OutboxInvite {
    fn name(&self) -> &'static str {
        "outbox invite"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(&self, _: &Permit, call: &Call, invite: &Invite) -> Result<Receipt, WorkError> {
        let calendar = ics::calendar_text(invite)?;
        let mail = eml::invite_bytes(&call.key, call.now, invite)?;
        let files = [OutboxFile::new("ics", calendar), OutboxFile::new("eml", mail)];
        self.0.put("invites", "invite", &call.key, call.now, &files)
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}
