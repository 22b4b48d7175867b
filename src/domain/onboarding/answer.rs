//! Reads what a person or counterparty answered to a handed-over task.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::error::WorkError;
use crate::domain::gbp::Intake;
use crate::domain::operations::OnboardingStep;
use crate::domain::text;

/// Characters of a note that are kept: a paragraph.
const NOTE_CHARS_MAX: usize = 500;

/// Documents that one answer may call missing; more is not an answer to our list.
const MISSING_MAX: usize = 20;

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The task is done.
    Done {
        /// What the person noted.
        note: Option<String>,
        /// What belongs on the profile, when the client said so.
        intake: Option<Box<Intake>>,
    },
    /// Something is missing; the task is still open.
    Incomplete {
        /// Names of the missing documents, if the answer names any.
        missing: Vec<String>,
        /// What the person noted.
        note: Option<String>,
        /// What the client is told about it.
        reason: Option<String>,
    },
    /// The client has the contract; the task is still open.
    Sent {
        /// What the person noted.
        note: Option<String>,
    },
    /// The client does not want the contract: the onboarding ends.
    Declined {
        /// Why, if it said so.
        reason: Option<String>,
    },
}

#[derive(Deserialize)]
struct Written {
    result: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    intake: Option<Box<Intake>>,
    missing: Vec<String>,
    reason: Option<String>,
}

/// Reads an answer to `step`; everything in it comes from outside and is cleaned.
///
/// # Errors
/// An answer of another shape, or a result that does not fit the step.
pub fn read_answer(step: OnboardingStep, answer: &Value) -> Result<Answer, WorkError> {
    let written = Written::deserialize(answer).map_err(|error| {
        WorkError::permanent("bad_answer", "the answer to an onboarding task cannot be read")
            .caused_by(&error)
            .hint("answer again with {\"result\": \"done\", \"note\": …}, then retry the unit")
    })?;
    let note = written.note.and_then(|note| text::clean_or_none(&note, NOTE_CHARS_MAX));
    let data = written.data.unwrap_or_default();
    let contract = step == OnboardingStep::Contract;
    match written.result.as_str() {
        "sent" if contract => Ok(Answer::Sent { note }),
        "declined" if contract => Ok(Answer::Declined { reason: note }),
        "signed" if contract => Ok(Answer::Done { note, intake: None }),
        "done" | "paid" => {
            Ok(Answer::Done { note, intake: data.intake.map(|form| Box::new(form.cleaned())) })
        }
        "incomplete" | "failed" => {
            let missing =
                data.missing.iter().take(MISSING_MAX).map(|name| text::clean(name, 80)).collect();
            let reason = data.reason.and_then(|it| text::clean_or_none(&it, NOTE_CHARS_MAX));
            Ok(Answer::Incomplete { missing, note, reason })
        }
        other => Err(WorkError::permanent(
            "unknown_result",
            format!("an onboarding task was answered with {:?}", text::clean(other, 40)),
        )
        .hint("answer with done or incomplete, then retry the unit")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DOCUMENTS: OnboardingStep = OnboardingStep::Documents;

    #[test]
    fn a_contract_is_sent_signed_or_declined_and_no_other_step_is() {
        let read = |step, word: &str| read_answer(step, &json!({ "result": word, "note": "n" }));
        let note = || Some("n".to_owned());
        let contract = OnboardingStep::Contract;
        assert_eq!(read(contract, "sent"), Ok(Answer::Sent { note: note() }));
        assert_eq!(read(contract, "signed"), Ok(Answer::Done { note: note(), intake: None }));
        assert_eq!(read(contract, "declined"), Ok(Answer::Declined { reason: note() }));
        for word in ["sent", "signed", "declined"] {
            assert_eq!(read(DOCUMENTS, word).unwrap_err().code, "unknown_result");
        }
    }

    #[test]
    fn an_answer_is_done_incomplete_or_an_error_that_says_what_to_do() {
        assert_eq!(
            read_answer(
                DOCUMENTS,
                &json!({"result": "done", "note": " all\u{1b}[31m here ", "unit": {}})
            ),
            Ok(Answer::Done { note: Some("all[31m here".to_owned()), intake: None })
        );
        assert_eq!(
            read_answer(DOCUMENTS, &json!({"result": "incomplete", "data": {"missing": ["logo"]}})),
            Ok(Answer::Incomplete { missing: vec!["logo".to_owned()], note: None, reason: None })
        );
        for wrong in [json!({"result": "maybe"}), json!("done"), json!({"result": 3})] {
            assert!(read_answer(DOCUMENTS, &wrong).unwrap_err().hint.is_some(), "{wrong}");
        }
    }
}
