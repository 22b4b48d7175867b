//! Defines a client's contract: where it is, and the draft of its text.
//!
//! The draft is filled in from what is known and says that a lawyer has to check it. Nothing here
//! may invent a clause: what is not known stays open in the text.

use serde::{Deserialize, Serialize};

use super::OnboardingStep;
use super::due_at;
use crate::domain::column::{self, UnknownWord};
use crate::domain::effect::{Document, Workspace};
use crate::domain::money::Money;
use crate::domain::operations::Client;
use crate::domain::text::clean;

const ENGLISH: &str = include_str!("../../../config/contract/en.md");
const GERMAN: &str = include_str!("../../../config/contract/de.md");

/// Characters of a name or an address in the text: what fits on a line.
const LINE_CHARS_MAX: usize = 200;

/// Where a client's contract is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractState {
    /// Written, not sent.
    Drafted,
    /// The client has it.
    Sent,
    /// Signed by the client.
    Signed,
    /// The client does not want it.
    Declined,
}

impl ContractState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Drafted, Self::Sent, Self::Signed, Self::Declined];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Sent => "sent",
            Self::Signed => "signed",
            Self::Declined => "declined",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("contract state", word, &Self::ALL, Self::as_column)
    }
}

/// A client's contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// The client.
    pub entity: String,
    /// Where it is.
    pub state: ContractState,
    /// Why it was declined.
    pub reason: Option<String>,
}

/// What the agency puts into a contract.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The agency's name.
    pub agency: &'a str,
    /// Its street address.
    pub address: &'a str,
    /// What the plan costs each month, net.
    pub monthly: Money,
    /// What it costs once, net.
    pub setup: Money,
    /// Days until the set-up invoice is due.
    pub due_days: u32,
}

/// Returns the draft for the client's workspace, in its language.
pub fn contract(client: &Client, terms: Terms<'_>) -> Workspace {
    let template = if client.language == "de" { GERMAN } else { ENGLISH };
    // What comes from outside goes in last, so that nothing in it is taken for a place to fill in.
    let text = template
        .replace("{agency}", terms.agency)
        .replace("{agency_address}", terms.address)
        .replace("{plan}", client.plan.as_column())
        .replace("{setup}", &terms.setup.to_string())
        .replace("{monthly}", &terms.monthly.to_string())
        .replace("{due_days}", &terms.due_days.to_string())
        .replace("{agreed}", &client.signed_at.utc_date().to_string())
        .replace("{go_live}", &due_at(client, OnboardingStep::GoLive).utc_date().to_string())
        .replace("{client_email}", &clean(&client.email, LINE_CHARS_MAX))
        .replace("{client}", &clean(&client.name, LINE_CHARS_MAX));
    Workspace {
        entity: client.entity.clone(),
        name: client.name.clone(),
        documents: vec![Document::once("contract.md", text)],
        files: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::client;
    use super::*;
    use crate::domain::money::Currency;

    #[test]
    fn a_contract_names_the_parties_the_fees_and_the_days_and_says_that_it_is_a_draft() {
        let usd = |minor| Money::new(minor, Currency::new("USD").unwrap());
        let terms = Terms {
            agency: "Quay",
            address: "1 Pier",
            monthly: usd(50_000),
            setup: usd(100_000),
            due_days: 7,
        };
        for (language, words) in
            [("en", ["Draft.", "a lawyer"]), ("de", ["Entwurf.", "ein Anwalt"])]
        {
            let mut client = client("gym", language);
            client.name = "{plan}\u{1b}[2J Gym".to_owned();
            let written = contract(&client, terms);
            let text = &written.documents[0].text;
            let facts = ["Quay, 1 Pier", "500.00 USD", "1,000.00 USD", "1970-01-01", "1970-01-15"];
            for word in words.iter().chain(&facts) {
                assert!(text.contains(word), "{language}: {word}");
            }
            assert!(text.contains("{plan}[2J Gym, desk@"), "a name is never filled in: {text}");
            assert_eq!(text.matches('{').count(), 1, "every place is filled in: {text}");
        }
    }
}
