//! Chooses the port for an effect. One exhaustive match per question, so a new kind of effect does
//! not compile without its port.

use super::super::permit::Permit;
use super::super::port::{Call, Port, World};
use crate::domain::effect::{Effect, Receipt, Recovery};
use crate::domain::error::WorkError;

/// What the gate has to know about the port before it calls it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) name: &'static str,
    pub(super) host: &'static str,
    pub(super) recovery: Recovery,
}

fn of<E: Sync>(port: &dyn Port<E>) -> Route {
    Route { name: port.name(), host: port.host(), recovery: port.recovery() }
}

pub(super) fn route(world: &World, effect: &Effect) -> Route {
    match effect {
        Effect::Mail(_) => of(world.mail.as_ref()),
        Effect::Invite(_) => of(world.invite.as_ref()),
        Effect::Task(_) => of(world.task.as_ref()),
        Effect::Withdrawal(_) => of(world.withdrawal.as_ref()),
        Effect::Workspace(_) => of(world.workspace.as_ref()),
        Effect::ProfileEdit(_) => of(world.profile_edit.as_ref()),
        Effect::Post(_) => of(world.post.as_ref()),
        Effect::ReviewReply(_) => of(world.review_reply.as_ref()),
        Effect::Report(_) => of(world.report.as_ref()),
        Effect::Invoice(_) => of(world.invoice.as_ref()),
        Effect::CreditNote(_) => of(world.credit_note.as_ref()),
        Effect::Subscription(_) => of(world.subscription.as_ref()),
        Effect::SourceRead(_) => of(world.source.as_ref()),
        Effect::ProfileRead(_) => of(world.profile_read.as_ref()),
    }
}

pub(super) async fn call(
    world: &World,
    permit: &Permit,
    call: &Call,
    effect: &Effect,
) -> Result<Receipt, WorkError> {
    match effect {
        Effect::Mail(it) => world.mail.call(permit, call, it).await,
        Effect::Invite(it) => world.invite.call(permit, call, it).await,
        Effect::Task(it) => world.task.call(permit, call, it).await,
        Effect::Withdrawal(it) => world.withdrawal.call(permit, call, it).await,
        Effect::Workspace(it) => world.workspace.call(permit, call, it).await,
        Effect::ProfileEdit(it) => world.profile_edit.call(permit, call, it).await,
        Effect::Post(it) => world.post.call(permit, call, it).await,
        Effect::ReviewReply(it) => world.review_reply.call(permit, call, it).await,
        Effect::Report(it) => world.report.call(permit, call, it).await,
        Effect::Invoice(it) => world.invoice.call(permit, call, it).await,
        Effect::CreditNote(it) => world.credit_note.call(permit, call, it).await,
        Effect::Subscription(it) => world.subscription.call(permit, call, it).await,
        Effect::SourceRead(it) => world.source.call(permit, call, it).await,
        Effect::ProfileRead(it) => world.profile_read.call(permit, call, it).await,
    }
}

pub(super) async fn find(
    world: &World,
    permit: &Permit,
    call: &Call,
    effect: &Effect,
) -> Result<Option<Receipt>, WorkError> {
    match effect {
        Effect::Mail(_) => world.mail.find(permit, call).await,
        Effect::Invite(_) => world.invite.find(permit, call).await,
        Effect::Task(_) => world.task.find(permit, call).await,
        Effect::Withdrawal(_) => world.withdrawal.find(permit, call).await,
        Effect::Workspace(_) => world.workspace.find(permit, call).await,
        Effect::ProfileEdit(_) => world.profile_edit.find(permit, call).await,
        Effect::Post(_) => world.post.find(permit, call).await,
        Effect::ReviewReply(_) => world.review_reply.find(permit, call).await,
        Effect::Report(_) => world.report.find(permit, call).await,
        Effect::Invoice(_) => world.invoice.find(permit, call).await,
        Effect::CreditNote(_) => world.credit_note.find(permit, call).await,
        Effect::Subscription(_) => world.subscription.find(permit, call).await,
        Effect::SourceRead(_) => world.source.find(permit, call).await,
        Effect::ProfileRead(_) => world.profile_read.find(permit, call).await,
    }
}
