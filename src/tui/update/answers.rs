//! Takes what the machine says: answers to questions, and what became of commands.

use super::super::event::{Request, Ticket};
use super::super::listing::Loaded;
use super::super::model::{ASK_AGAIN_MS, Model};
use super::super::screen::{Card, Overlay, Screen, Straight};
use super::{movement, pages, stream};
use crate::app::command::{Ack, Command, Refusal};
use crate::app::handover::{Change, Changes};
use crate::app::query::{Answer, Query};
use crate::domain::learning::{ProposalState, StoredProposal};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// Asks for what the top screen or the open dialog lacks or has outdated.
pub(super) fn refresh(model: &mut Model) -> Vec<Request> {
    let (now, look, mode) = (model.now, model.look(), model.viewed());
    // The answer would be about a world that is about to go.
    if model.awaited().is_some() && model.overlay.is_none() {
        return Vec::new();
    }
    let ticket = model.ticket();
    let query = if let Some(Overlay::Mode(dialog)) = &mut model.overlay {
        due(&mut dialog.preview, now, look, ticket).then_some(Query::LivePreview)
    } else {
        let query = model.screen().query(mode);
        let asks = on_loaded(model.screen_mut(), now, look, ticket);
        query.filter(|_| asks)
    };
    let asked = query.map(|query| Request::Ask(ticket, query));
    asked.into_iter().chain(stream::due(model)).collect()
}

/// Whether the top screen has a question to ask now; if so it is marked as asked.
fn on_loaded(screen: &mut Screen, now: Moment, look: u64, ticket: Ticket) -> bool {
    match screen {
        Screen::Layer { units, .. } | Screen::Queue(units) => {
            due(&mut units.rows, now, look, ticket)
        }
        Screen::Errors { groups, .. } => due(&mut groups.rows, now, look, ticket),
        Screen::Card(card) => due(&mut card.detail, now, look, ticket),
        Screen::Explain { tree, .. } => due(tree, now, look, ticket),
        Screen::Why(page) => due(&mut page.why, now, look, ticket),
        Screen::Page(page) => pages::due(page, now, look, ticket),
        Screen::Runs(runs) => due(&mut runs.rows, now, look, ticket),
        Screen::Changes { rows, .. } => due(&mut rows.rows, now, look, ticket),
        Screen::Tasks(tasks) => due(&mut tasks.rows, now, look, ticket),
        Screen::Proposals(proposals) => due(&mut proposals.rows, now, look, ticket),
        Screen::Task(page) => due(&mut page.detail, now, look, ticket),
        Screen::System(page) => due(&mut page.facts, now, look, ticket),
        Screen::Overview { .. } | Screen::Events => false,
    }
}

pub(super) fn due<T>(loaded: &mut Loaded<T>, now: Moment, look: u64, ticket: Ticket) -> bool {
    let rested = loaded.asked_at.is_none_or(|at| now.since(at) >= ASK_AGAIN_MS);
    let asks = loaded.ticket.is_none() && loaded.seen != look && rested;
    if asks {
        *loaded = Loaded {
            value: loaded.value.take(),
            error: loaded.error.take(),
            ticket: Some(ticket),
            asked_at: Some(now),
            seen: look,
        };
    }
    asks
}

/// Puts an answer where its question came from; one nobody waits for is dropped.
pub(super) fn answered(
    model: &mut Model,
    ticket: Ticket,
    answer: Result<Answer, Refusal>,
) -> Vec<Request> {
    if let Some(Overlay::Mode(dialog)) = &mut model.overlay
        && dialog.preview.ticket == Some(ticket)
    {
        let found = |a| if let Answer::LivePreview(found) = a { Some(found) } else { None };
        fill(&mut dialog.preview, answer.map(found));
        return refresh(model);
    }
    if stream::answered(model, ticket, &answer) {
        return refresh(model);
    }
    let selected = if let Screen::Errors { groups, .. } = model.screen() {
        groups.selected().map(|group| group.fingerprint.clone())
    } else {
        None
    };
    place(model.screen_mut(), ticket, answer);
    if let (Some(fingerprint), Screen::Errors { groups, .. }) = (selected, model.screen_mut()) {
        movement::keep_on(groups, &fingerprint);
    }
    open_sole_error(model);
    refresh(model)
}

/// A list is read from its top, so the latest change comes first.
fn latest_first(answer: Answer) -> Option<Vec<Change>> {
    let Answer::Changes(Changes { mut changes, .. }) = answer else { return None };
    changes.reverse();
    Some(changes)
}

/// Fills the screen that asked, if it is still on top.
fn place(screen: &mut Screen, ticket: Ticket, answer: Result<Answer, Refusal>) {
    match screen {
        Screen::Layer { units, .. } | Screen::Queue(units) => {
            let found = |a| if let Answer::Units(found) = a { Some(found) } else { None };
            take(&mut units.rows, ticket, answer, found);
        }
        Screen::Errors { groups, .. } => {
            let found = |a| if let Answer::ErrorGroups(found) = a { Some(found) } else { None };
            take(&mut groups.rows, ticket, answer, found);
        }
        Screen::Page(page) => pages::place(page, ticket, answer),
        Screen::Changes { rows, .. } => take(&mut rows.rows, ticket, answer, latest_first),
        Screen::Runs(runs) => {
            let found = |a| if let Answer::Runs(found) = a { Some(found) } else { None };
            take(&mut runs.rows, ticket, answer, found);
        }
        Screen::Tasks(tasks) => {
            let found = |a| if let Answer::Tasks(found) = a { Some(found) } else { None };
            take(&mut tasks.rows, ticket, answer, found);
        }
        Screen::Proposals(proposals) => take(&mut proposals.rows, ticket, answer, open_proposals),
        Screen::Task(page) => {
            let found = |a| if let Answer::Task(found) = a { Some(found) } else { None };
            take(&mut page.detail, ticket, answer, found);
        }
        Screen::Card(card) => {
            let found = |a| if let Answer::ErrorDetail(found) = a { Some(found) } else { None };
            take(&mut card.detail, ticket, answer, found);
        }
        Screen::Explain { tree, .. } => {
            let found = |a| if let Answer::PhiExplain(found) = a { Some(*found) } else { None };
            take(tree, ticket, answer, found);
        }
        Screen::Why(page) => {
            let found = |a| if let Answer::PhiWhy(found) = a { Some(*found) } else { None };
            take(&mut page.why, ticket, answer, found);
        }
        Screen::System(page) => {
            let found = |a| if let Answer::System(found) = a { Some(*found) } else { None };
            take(&mut page.facts, ticket, answer, found);
        }
        Screen::Overview { .. } | Screen::Events => {}
    }
}

/// The proposals that still wait for a person; what was decided has its place in `cep proposals`.
fn open_proposals(answer: Answer) -> Option<Vec<StoredProposal>> {
    let Answer::Proposals(mut found) = answer else { return None };
    found.retain(|one| one.state == ProposalState::Open);
    Some(found)
}

/// Stores an answer if it is the awaited one.
pub(super) fn take<T>(
    loaded: &mut Loaded<T>,
    ticket: Ticket,
    answer: Result<Answer, Refusal>,
    found: impl Fn(Answer) -> Option<T>,
) {
    if loaded.ticket == Some(ticket) {
        fill(loaded, answer.map(found));
    }
}

/// Stores an answer. One of another kind than the question means the machine's side is wrong; it is
/// shown as such, never as an empty list.
fn fill<T>(loaded: &mut Loaded<T>, answer: Result<Option<T>, Refusal>) {
    loaded.ticket = None;
    match answer {
        Ok(Some(value)) => {
            loaded.value = Some(value);
            loaded.error = None;
        }
        Ok(None) => loaded.error = Some("the answer is not of the question's kind".to_owned()),
        Err(refusal) => loaded.error = Some(refusal.why),
    }
}

/// A single failing unit needs no list: its card opens at once, and Esc leads back to the list. So
/// does the first one when Enter was pressed before there was a list.
fn open_sole_error(model: &mut Model) {
    let Screen::Errors { groups, straight, .. } = model.screen_mut() else {
        return;
    };
    if groups.rows.value.is_none() {
        return;
    }
    let units = match (std::mem::take(straight), groups.shown().as_slice()) {
        (Straight::Sole, [group]) if group.units.len() == 1 => group.units.clone(),
        (Straight::First, [group, ..]) => group.units.clone(),
        (Straight::No | Straight::Sole | Straight::First, _) => return,
    };
    if !units.is_empty() {
        model.push(Screen::Card(Card::new(units, 0)));
    }
}

/// Says what became of a command, on the card it came from as well.
pub(super) fn submitted(
    model: &mut Model,
    command: &Command,
    result: Result<Ack, Refusal>,
) -> Vec<Request> {
    let ack = match result {
        Ok(ack) => ack,
        Err(refusal) => {
            if matches!(command, Command::View { .. }) {
                model.awaits_no_world();
            }
            let hint = refusal.hint.map_or_else(String::new, |hint| format!(": {hint}"));
            model.say(format!("refused: {}{hint}", refusal.why), true);
            return Vec::new();
        }
    };
    let note = ack.text.clone();
    // The header itself shows which world is viewed and how the demo goes.
    let is_told = matches!(command, Command::View { .. } | Command::Demo { .. });
    if !ack.text.is_empty() && !is_told {
        model.say(ack.text, false);
    }
    match command {
        Command::Retry { .. }
        | Command::RetryFingerprint { .. }
        | Command::Skip { .. }
        | Command::Answer { .. }
        | Command::Note { .. }
        | Command::Acknowledge { .. }
        | Command::NoteCause { .. }
        | Command::Decide { .. }
        | Command::EndDoubt { .. }
        | Command::Resolve { .. } => {
            let at = super::super::format::time_of_day(model.now);
            note_on_screen(model.screen_mut(), format!("{at} by you: {note}"));
            refresh(model)
        }
        Command::ArmLive { .. } => {
            vec![Request::Submit(Command::View { mode: Mode::Live })]
        }
        Command::Disarm => vec![Request::Submit(Command::View { mode: Mode::Dry })],
        Command::Run(_)
        | Command::Cancel { .. }
        | Command::Pause { .. }
        | Command::Resume { .. }
        | Command::Advance { .. }
        | Command::Propose { .. }
        | Command::Document { .. }
        | Command::Promote { .. }
        | Command::Finance(_)
        | Command::Post(_)
        | Command::EditPitch(_)
        | Command::RewritePitch { .. }
        | Command::MapColumns { .. }
        | Command::ReceiveMail { .. }
        | Command::Suppress { .. }
        | Command::ResumeCampaign { .. }
        | Command::View { .. }
        | Command::Demo { .. } => Vec::new(),
    }
}

/// Shows on the screen what was done there, and has its facts read anew.
fn note_on_screen(screen: &mut Screen, note: String) {
    if let Screen::Card(card) = screen {
        card.done = Some(note);
        card.detail.seen = 0;
        card.detail.asked_at = None;
    } else if let Screen::Task(page) = screen {
        page.done = Some(note);
        page.detail.seen = 0;
    } else if let Screen::Errors { groups, .. } = screen {
        groups.rows.seen = 0;
        groups.rows.asked_at = None;
    } else if let Screen::Tasks(tasks) = screen {
        tasks.rows.seen = 0;
    } else if let Screen::Proposals(proposals) = screen {
        proposals.rows.seen = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_once_and_again_only_when_the_machine_has_moved() {
        let mut loaded: Loaded<()> = Loaded::default();
        let at = Moment(10_000);
        assert!(due(&mut loaded, at, 7, Ticket(1)));
        assert!(!due(&mut loaded, at.plus_ms(5_000), 8, Ticket(2)), "the first is under way");
        fill(&mut loaded, Ok(Some(())));
        assert!(!due(&mut loaded, at.plus_ms(5_000), 7, Ticket(3)), "nothing has changed");
        assert!(!due(&mut loaded, at.plus_ms(500), 8, Ticket(4)), "too soon");
        assert!(due(&mut loaded, at.plus_ms(1_000), 8, Ticket(5)));
    }
}
