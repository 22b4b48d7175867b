//! Defines how a person may answer the work that was handed to them.
//!
//! One table says which words end each kind of task and what each word needs. The command line, the
//! screen and the task files show it, and the machine refuses what is not in it: a wrong word would
//! otherwise be found only when the unit runs again.

use serde::Serialize;
use serde_json::Value;

use super::effect::TaskKind;
use super::operations::Plan;
use super::text;

/// Longest note that is kept: what fits on one page.
pub const NOTE_CHARS_MAX: usize = 2_000;

/// A word that ends a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// The word.
    pub word: &'static str,
    /// What it says.
    pub means: &'static str,
    /// What it cannot do without.
    pub needs: Need,
}

/// What an answer cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Nothing more.
    Nothing,
    /// A note that says why.
    Note,
    /// The plan that was sold, as `plan`.
    Plan,
}

const fn word(word: &'static str, means: &'static str, needs: Need) -> Accepted {
    Accepted { word, means, needs }
}

const FAILED: Accepted = word("failed", "it could not be done", Need::Note);
const DECLINED: Accepted = word("declined", "they said no", Need::Nothing);
const OPTED_OUT: Accepted = word("opted_out", "they want no more contact, ever", Need::Nothing);

const LINKEDIN: &[Accepted] =
    &[word("done", "the message is sent", Need::Nothing), DECLINED, OPTED_OUT, FAILED];
const PHONE: &[Accepted] = &[
    word("done", "you talked to them", Need::Nothing),
    word("no_answer", "nobody answered", Need::Nothing),
    DECLINED,
    OPTED_OUT,
    FAILED,
];
const MEETING: &[Accepted] = &[
    word("won", "they signed", Need::Plan),
    word("lost", "they said no", Need::Nothing),
    word("undecided", "nothing is decided", Need::Nothing),
    word("no_show", "they did not come", Need::Nothing),
];
const MAIL: &[Accepted] = &[
    word("done", "you dealt with it; the sequence stays stopped", Need::Nothing),
    DECLINED,
    OPTED_OUT,
    FAILED,
];
const STEP: &[Accepted] = &[
    word("done", "the step is finished", Need::Nothing),
    word("incomplete", "something is missing; it is asked for again", Need::Nothing),
    FAILED,
];

const CONTRACT: &[Accepted] = &[
    word("signed", "the client has signed", Need::Nothing),
    word("sent", "the client has it; the task goes on waiting", Need::Nothing),
    word("declined", "the client does not want it: the onboarding ends", Need::Note),
    word("done", "the same as signed", Need::Nothing),
    word("incomplete", "something is missing; it is asked for again", Need::Nothing),
    FAILED,
];

const PAYMENT: &[Accepted] =
    &[word("done", "you talked to them; the note says what they said", Need::Nothing), FAILED];

const REVIEW_REPLY: &[Accepted] = &[
    word("done", "the draft is sent, or the text given as data", Need::Nothing),
    word("failed", "the review stays unanswered", Need::Note),
];
const PROFILE: &[Accepted] = &[word("done", "you looked at it", Need::Nothing), FAILED];

/// Returns the words that end a task of this kind, the usual one first.
pub const fn accepted(kind: TaskKind) -> &'static [Accepted] {
    match kind {
        TaskKind::Linkedin => LINKEDIN,
        TaskKind::Phone => PHONE,
        TaskKind::Mail => MAIL,
        TaskKind::Meeting => MEETING,
        TaskKind::Documents | TaskKind::Account | TaskKind::Training | TaskKind::GoLive => STEP,
        TaskKind::Contract => CONTRACT,
        TaskKind::Payment => PAYMENT,
        TaskKind::ReviewReply => REVIEW_REPLY,
        TaskKind::Profile => PROFILE,
    }
}

/// Reads a word that a person typed: `Opted out` and `opted-out` are `opted_out`.
pub fn typed(word: &str) -> String {
    word.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Returns the words of a kind in one line: `won (with plan), lost, undecided, no_show`.
pub fn list(kind: TaskKind) -> String {
    let words = accepted(kind).iter().map(|accepted| match accepted.needs {
        Need::Nothing => accepted.word.to_owned(),
        Need::Note => format!("{} (with a note)", accepted.word),
        Need::Plan => format!("{} (with plan)", accepted.word),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Checks an answer against the table and returns the word as the table spells it.
///
/// # Errors
/// Why it is not accepted, with what would be.
pub fn check(
    kind: TaskKind,
    result: &str,
    note: Option<&str>,
    data: Option<&Value>,
) -> Result<&'static str, String> {
    let result = typed(result);
    let Some(row) = accepted(kind).iter().find(|accepted| accepted.word == result) else {
        let shown = text::clean(&result, 40);
        return Err(format!("{shown:?} does not end this task; answer with {}", list(kind)));
    };
    match row.needs {
        Need::Nothing => {}
        Need::Note => {
            if note.is_none_or(|note| note.trim().is_empty()) {
                return Err(format!("{:?} needs a note that says why", row.word));
            }
        }
        Need::Plan => {
            let plan = data.and_then(|data| data.get("plan")).and_then(Value::as_str);
            if plan.is_none_or(|plan| Plan::from_column(plan).is_err()) {
                let plans = Plan::ALL.map(Plan::as_column).join(", ");
                return Err(format!("{:?} needs the plan that was sold: {plans}", row.word));
            }
        }
    }
    Ok(row.word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_word_is_refused_with_those_that_would_do() {
        let why = check(TaskKind::Meeting, "maybe", None, None).unwrap_err();
        for word in ["won (with plan)", "lost", "undecided", "no_show"] {
            assert!(why.contains(word), "{why}");
        }
        assert!(check(TaskKind::Contract, "won", None, None).is_err());
    }

    #[test]
    fn a_won_call_says_which_plan_was_sold_and_a_failure_says_why() {
        assert!(check(TaskKind::Meeting, "won", None, None).unwrap_err().contains("starter"));
        let gold = json!({ "plan": "gold" });
        assert!(check(TaskKind::Meeting, "won", None, Some(&gold)).is_err());
        let plan = json!({ "plan": "professional" });
        assert_eq!(check(TaskKind::Meeting, "Won", None, Some(&plan)), Ok("won"));
        assert!(check(TaskKind::Linkedin, "failed", Some("  "), None).is_err());
        assert_eq!(check(TaskKind::Linkedin, "failed", Some("gone"), None), Ok("failed"));
    }

    #[test]
    fn a_word_may_be_typed_as_it_is_spoken() {
        for (as_typed, word) in [("Opted out", "opted_out"), ("no-answer", "no_answer")] {
            assert_eq!(check(TaskKind::Phone, as_typed, None, None), Ok(word));
        }
    }
}
