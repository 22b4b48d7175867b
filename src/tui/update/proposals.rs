//! Decides on proposals: one key wants one, a typed line says why one is not wanted.
//!
//! Nothing is put in force from here: an approved proposal is applied by a command that names it.

use super::super::event::Request;
use super::super::keymap::ProposalAction;
use super::super::model::Model;
use super::palette::{self, unless};
use crate::app::command::Command;
use crate::domain::ids::ProposalId;
use crate::domain::learning::ProposalEvent;

/// Takes a key on a proposal.
pub(super) fn pressed(model: &mut Model, action: ProposalAction) -> Vec<Request> {
    match (action, model.proposal().map(|one| one.id)) {
        (ProposalAction::Approve, Some(id)) => decide(id, ProposalEvent::Approve, ""),
        (ProposalAction::Reject, Some(_)) => {
            palette::prefilled(model, "reject ");
            model.say("why is it not wanted?", false);
            Vec::new()
        }
        (_, None) => Vec::new(),
    }
}

/// Reads `approve [note]` and `reject <why>`.
pub(super) fn typed(
    model: &Model,
    event: ProposalEvent,
    note: &str,
) -> Result<Vec<Request>, String> {
    unless(model, super::super::reasons::on_proposal)?;
    if event == ProposalEvent::Reject && note.is_empty() {
        return Err("reject needs a reason, for whoever reads it later".to_owned());
    }
    let selected = model.proposal().ok_or("no proposal is selected")?;
    Ok(decide(selected.id, event, note))
}

fn decide(proposal: ProposalId, event: ProposalEvent, note: &str) -> Vec<Request> {
    let note = (!note.is_empty()).then(|| note.to_owned());
    vec![Request::Submit(Command::Decide { proposal, event, note })]
}
