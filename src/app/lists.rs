//! Turns stored units and effects into the rows of lists.

use super::parts::Parts;
use super::query::{CampaignRow, EffectRow, LateWriteRow, UnitRow};
use crate::domain::effect::Effect;
use crate::store::effect_list::EffectLine;
use crate::store::late_writes::LateLine;
use crate::store::sales::campaigns::CampaignLine;
use crate::store::unit_list::UnitLine;

/// Returns a unit's row.
pub(super) fn unit_row(parts: &Parts, line: UnitLine) -> UnitRow {
    UnitRow {
        id: line.id,
        mode: line.mode,
        layer: line.name.layer,
        entity: line.name.entity,
        version: line.name.version,
        kind: line.kind,
        label: line.label,
        state: line.state,
        tries: line.tries,
        tries_max: parts.settings.retry.max_tries,
        run_at: line.run_at,
        worker: line.worker,
        why: line.why,
        blocked_on: line.blocked_on,
        last_error: line.last_error,
        changed_wall: line.changed_wall,
    }
}

/// Returns an effect's row.
pub(super) fn effect_row(line: EffectLine) -> EffectRow {
    let row = line.row;
    EffectRow {
        key: row.key,
        mode: line.mode,
        action: row.action,
        layer: row.layer,
        entity: row.entity,
        version: row.version,
        state: row.state,
        unit: row.unit_id,
        summary: summary(&row.payload),
        reference: row.receipt.map(|receipt| receipt.reference),
        evidence: row.evidence,
        late_writes: line.late.into_iter().map(late_write_row).collect(),
        sent_at: row.sent_at,
        sent_wall: line.wall_at,
    }
}

fn late_write_row(line: LateLine) -> LateWriteRow {
    LateWriteRow {
        refused_wall: line.wall_at,
        owner: line.owner,
        command: line.command,
        held_by: line.held_by,
        fate: line.fate,
        reference: line.receipt.map(|receipt| receipt.reference),
        knew: line.knew,
    }
}

/// Returns a campaign's row.
pub(super) fn campaign_row(line: CampaignLine) -> CampaignRow {
    let [planned, sent, stopped, failed] = line.messages;
    let (stopped_at, stopped_because) = line.stopped.unzip();
    CampaignRow {
        name: line.name,
        prospects: line.prospects,
        planned,
        sent,
        stopped,
        failed,
        last_sent: line.last_sent,
        stopped_because,
        stopped_at,
    }
}

/// Returns what was sent, in one line.
fn summary(effect: &Effect) -> String {
    match effect {
        Effect::Mail(mail) => format!("mail to {}: {}", mail.to, mail.subject),
        Effect::Invite(invite) => {
            format!("invite {} to {}: {}", invite.sequence, invite.attendee, invite.summary)
        }
        Effect::Task(task) => format!("task: {}", task.title),
        Effect::Withdrawal(task) => format!("taken back: {}", task.title),
        Effect::Workspace(space) => {
            format!("workspace of {} with {} files", space.name, space.documents.len())
        }
        Effect::ProfileEdit(edit) => format!("profile: {} = {}", edit.field, edit.after),
        Effect::Post(post) => format!("post {}: {}", post.slot, post.text),
        Effect::ReviewReply(reply) => format!("reply to {}: {}", reply.review, reply.text),
        Effect::Report(report) => format!("report {} to {}", report.period, report.mail.to),
        Effect::Invoice(invoice) => format!("invoice {} of {}", invoice.period, invoice.entity),
        Effect::CreditNote(note) => format!("credit note {} of {}", note.paper.number, note.entity),
        Effect::Subscription(subscription) => format!("subscription of {}", subscription.entity),
        Effect::SourceRead(_) => "read a source".to_owned(),
        Effect::ProfileRead(_) => "read a profile".to_owned(),
    }
}
