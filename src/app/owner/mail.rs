//! Takes in raw mail: stored once, with the work that it brings, in one commit.

use std::collections::BTreeMap;

use serde_json::json;

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, RawMail, Refusal, RefusalKind};
use crate::app::receive::{TakenMail, read_mail};
use crate::domain::mode::Mode;

/// Words that are shown of what came in; of a whole folder the sums are enough.
const NAMED_MAX: usize = 10;

impl Owner {
    pub(super) async fn receive_mail(
        &self,
        mode: Mode,
        mails: Vec<RawMail>,
    ) -> Result<Ack, Refusal> {
        if let Some(at) = mails.iter().position(|mail| mail.0.is_empty()) {
            let why = format!("mail {} of {} is empty", at + 1, mails.len());
            return Err(refuse(RefusalKind::Usage, why, "hand over the whole mail, headers first"));
        }
        let (now, wall) = (self.now(mode).await?, self.parts.clock.wall());
        let read = move || mails.iter().map(|mail| read_mail(&mail.0, now)).collect::<Vec<_>>();
        let taken: Vec<TakenMail> = tokio::task::spawn_blocking(read).await.map_err(|_| {
            refuse(RefusalKind::Failed, "the reading was stopped", "hand the mail over again")
        })?;
        let args = json!({ "mails": taken.len() });
        self.at_once(mode, "receive_mail", args, move |tx, now| {
            let mut new: BTreeMap<String, usize> = BTreeMap::new();
            let mut known = 0;
            for mail in taken {
                let words = mail.words.clone();
                if mail.store(tx, mode, now, wall)? {
                    *new.entry(words).or_default() += 1;
                } else {
                    known += 1;
                }
            }
            Ok(Ok(Outcome::new(told(&new, known))))
        })
        .await
    }
}

fn told(new: &BTreeMap<String, usize>, known: usize) -> String {
    let n: usize = new.values().sum();
    let named: Vec<String> = new
        .iter()
        .take(NAMED_MAX)
        .map(|(words, n)| if *n == 1 { words.clone() } else { format!("{words} ({n} times)") })
        .collect();
    let mut text = format!("{n} taken in");
    if !named.is_empty() {
        text = format!("{text}: {}", named.join("; "));
    }
    if new.len() > NAMED_MAX {
        text.push_str("; …");
    }
    match known {
        0 => text,
        known => format!("{text}; {known} known already"),
    }
}
