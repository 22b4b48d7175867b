//! Writes changes of public profiles, posts and review replies as tasks for a person.

use std::fmt::Write as _;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::json;

use super::{BY_FILE_NAME, HOST, OutboxDir, OutboxFile, line};
use crate::domain::effect::{Post, ProfileEdit, Receipt, Recovery, ReviewReply};
use crate::domain::error::WorkError;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Work on public profiles as files.
#[derive(Clone, Debug)]
pub struct OutboxProfile(pub OutboxDir);

impl OutboxProfile {
    fn write(
        &self,
        call: &Call,
        kind: &str,
        text: &str,
        work: &(impl Serialize + Sync),
    ) -> Result<Receipt, WorkError> {
        let data = json!({ "key": call.key, "layer": call.layer.number(), kind: work });
        let files = [OutboxFile::json(&data), OutboxFile::text("md", text)];
        self.0.put("profiles", kind, &call.key, call.now, &files)
    }
}

#[async_trait]
impl Port<ProfileEdit> for OutboxProfile {
    fn name(&self) -> &'static str {
        "outbox profile edit"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        edit: &ProfileEdit,
    ) -> Result<Receipt, WorkError> {
        let before = edit.before.as_deref().unwrap_or("(nothing)");
        let text = format!(
            "# Change {} of {}\n\nWas:\n{before}\n\nShall be:\n{}\n",
            line(&edit.field),
            line(&edit.entity),
            edit.after
        );
        self.write(call, "edit", &text, edit)
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<Post> for OutboxProfile {
    fn name(&self) -> &'static str {
        "outbox post"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(&self, _: &Permit, call: &Call, post: &Post) -> Result<Receipt, WorkError> {
        // Writing to a String cannot fail, so the results are only there for the trait.
        let (entity, slot) = (line(&post.entity), line(&post.slot));
        let mut text = format!("# Post for {entity} ({slot})\n\n{}\n", post.text);
        if let Some(action) = &post.call_to_action {
            let url = line(action.url.as_deref().unwrap_or("(the profile's own number)"));
            _ = write!(text, "\nButton: {:?} {url}\n", action.kind);
        }
        if let Some(event) = &post.event {
            let kind = if event.is_offer { "Offer" } else { "Event" };
            let (from, to) = (event.starts_at, event.ends_at);
            _ = write!(text, "\n{kind}: {}, {from} to {to}\n", line(&event.title));
        }
        self.write(call, "post", &text, post)
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<ReviewReply> for OutboxProfile {
    fn name(&self) -> &'static str {
        "outbox review reply"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        BY_FILE_NAME
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        reply: &ReviewReply,
    ) -> Result<Receipt, WorkError> {
        let (entity, review) = (line(&reply.entity), line(&reply.review));
        let text = format!("# Reply for {entity} to review {review}\n\n{}\n", reply.text);
        self.write(call, "reply", &text, reply)
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}
