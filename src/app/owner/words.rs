//! Makes the words of a person's command safe before they are stored and shown.
//!
//! A note may be pasted from a mail or a web page. It loses what could act on a terminal and nothing
//! else: one that is too long, or of which nothing is left where words are needed, is refused.

use super::record::refuse;
use crate::app::command::{Command, DocumentAct, PitchEdit, PostCommand, Refusal, RefusalKind};
use crate::app::finance::FinanceCommand;
use crate::domain::mode::Mode;
use crate::domain::text;

/// Characters of a note, a reason or evidence: a paragraph.
const NOTE_CHARS_MAX: usize = 500;

/// Returns the command with clean words.
pub(super) fn cleaned(command: Command) -> Result<Command, Refusal> {
    Ok(match command {
        Command::Skip { unit, reason } => {
            Command::Skip { unit, reason: needed("reason", &reason)? }
        }
        Command::Answer { unit, result, note, data } => Command::Answer {
            unit,
            result: needed("result", &result)?,
            note: optional(note)?,
            data: data.map(text::clean_value),
        },
        Command::Resolve { key, verdict, evidence } => {
            Command::Resolve { key, verdict, evidence: needed("evidence", &evidence)? }
        }
        Command::EndDoubt { mode, evidence } => {
            Command::EndDoubt { mode, evidence: needed("evidence", &evidence)? }
        }
        Command::Decide { proposal, event, note } => {
            Command::Decide { proposal, event, note: optional(note)? }
        }
        Command::Propose { mode, change, note } => {
            Command::Propose { mode, change, note: needed("note", &note)? }
        }
        Command::EditPitch(edit) => Command::EditPitch(PitchEdit {
            text: edit.text.map(|text| text::clean_lines(&text, usize::MAX)),
            subject: edit.subject.map(|subject| text::clean(&subject, usize::MAX)),
            ..edit
        }),
        Command::Note { unit, text } => Command::Note { unit, text: needed("note", &text)? },
        Command::Acknowledge { mode, fingerprint, note } => acknowledged(mode, &fingerprint, note)?,
        Command::NoteCause { mode, fingerprint, text } => noted(mode, &fingerprint, &text)?,
        Command::Suppress { mode, address, reason } => Command::Suppress {
            mode,
            address: needed("address", &address)?,
            reason: needed("reason", &reason)?,
        },
        Command::Document { mode, client, document, act } => {
            Command::Document { mode, client, document, act: of_papers(act)? }
        }
        Command::Post(PostCommand::Edit { mode, client, slot, text }) => {
            let text = text::clean_lines(&text, usize::MAX);
            Command::Post(PostCommand::Edit { mode, client, slot, text })
        }
        Command::Finance(command) => Command::Finance(of_money(command)?),
        // These carry numbers, words that are compared, paths that are opened, and mail that is kept
        // raw and cleaned where it is read.
        other @ (Command::Run(_)
        | Command::Retry { .. }
        | Command::RetryFingerprint { .. }
        | Command::Promote { .. }
        | Command::RewritePitch { .. }
        | Command::Post(PostCommand::Hold { .. })
        | Command::ReceiveMail { .. }
        | Command::ResumeCampaign { .. }
        | Command::MapColumns { .. }
        | Command::Cancel { .. }
        | Command::Pause { .. }
        | Command::Resume { .. }
        | Command::Advance { .. }
        | Command::ArmLive { .. }
        | Command::Disarm
        | Command::View { .. }
        | Command::Demo { .. }) => other,
    })
}

fn of_papers(act: DocumentAct) -> Result<DocumentAct, Refusal> {
    Ok(match act {
        DocumentAct::Reject { reason } => {
            DocumentAct::Reject { reason: needed("reason", &reason)? }
        }
        act @ (DocumentAct::Receive { .. } | DocumentAct::Approve) => act,
    })
}

fn acknowledged(mode: Mode, cause: &str, note: Option<String>) -> Result<Command, Refusal> {
    let fingerprint = needed("fingerprint", cause)?;
    Ok(Command::Acknowledge { mode, fingerprint, note: optional(note)? })
}

fn noted(mode: Mode, cause: &str, text: &str) -> Result<Command, Refusal> {
    let fingerprint = needed("fingerprint", cause)?;
    Ok(Command::NoteCause { mode, fingerprint, text: needed("note", text)? })
}

fn of_money(command: FinanceCommand) -> Result<FinanceCommand, Refusal> {
    Ok(match command {
        FinanceCommand::Cost { mode, category, amount, at, note, reference } => {
            let (note, reference) = (optional(note)?, optional(reference)?);
            FinanceCommand::Cost { mode, category, amount, at, note, reference }
        }
        FinanceCommand::Payment { mode, invoice, amount, at, reference } => {
            let reference = needed("reference", &reference)?;
            FinanceCommand::Payment { mode, invoice, amount, at, reference }
        }
        plan @ FinanceCommand::Plan { .. } => plan,
    })
}

fn needed(what: &str, words: &str) -> Result<String, Refusal> {
    let words = bounded(what, words)?;
    if words.is_empty() {
        return Err(refuse(
            RefusalKind::Usage,
            format!("the {what} has no letter that can be read"),
            "say in a few words what another person will understand",
        ));
    }
    Ok(words)
}

fn optional(note: Option<String>) -> Result<Option<String>, Refusal> {
    let note = note.map(|note| bounded("note", &note)).transpose()?;
    Ok(note.filter(|note| !note.is_empty()))
}

fn bounded(what: &str, words: &str) -> Result<String, Refusal> {
    let chars = words.chars().count();
    let clean = text::clean(words, chars);
    if clean.chars().count() > NOTE_CHARS_MAX {
        return Err(refuse(
            RefusalKind::Usage,
            format!("the {what} has {chars} characters, {NOTE_CHARS_MAX} are kept"),
            "say it in a paragraph, and where the rest is written",
        ));
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::UnitId;

    fn skip(reason: &str) -> Result<Command, Refusal> {
        cleaned(Command::Skip { unit: UnitId(1), reason: reason.to_owned() })
    }

    #[test]
    fn a_reason_with_an_escape_sequence_is_kept_without_it() {
        let clean = Command::Skip { unit: UnitId(1), reason: "moved [2Jaway".to_owned() };
        assert_eq!(skip(" moved\n\u{1b}[2Jaway\u{202e}"), Ok(clean));
    }

    #[test]
    fn a_reason_of_nothing_or_of_a_whole_letter_is_refused_and_not_cut() {
        for (reason, word) in
            [("\u{200b}\u{1b}", "no letter"), (&"a".repeat(501), "501 characters")]
        {
            let refusal = skip(reason).unwrap_err();
            assert!(refusal.why.contains(word) && refusal.hint.is_some(), "{refusal:?}");
        }
        assert!(skip(&"a".repeat(500)).is_ok());
    }

    #[test]
    fn an_answer_is_clean_in_its_data_too() {
        let answer = Command::Answer {
            unit: UnitId(1),
            result: "done\u{7}".to_owned(),
            note: Some("\u{feff}".to_owned()),
            data: Some(serde_json::json!({ "phone": "1\u{9b}2" })),
        };
        let clean = Command::Answer {
            unit: UnitId(1),
            result: "done".to_owned(),
            note: None,
            data: Some(serde_json::json!({ "phone": "12" })),
        };
        assert_eq!(cleaned(answer), Ok(clean));
    }
}
