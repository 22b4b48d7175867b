//! Tries the choice between variants as a whole: thousands of contacts through the real draw, the real
//! rows, the real counts and the real judgement, with answers that come days later.
//!
//! `cargo test` tries few; `CEP_TRIALS=20 cargo test --lib a_better_arm -- --nocapture` prints the
//! table of `docs/learning-trials.md`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::{decide, facts};
use crate::config::{Settings, embedded};
use crate::domain::change::Change;
use crate::domain::draw::Seed;
use crate::domain::learning::{LearningChange, ProposedChange, VariantState, assign};
use crate::domain::mode::Mode;
use crate::domain::sales::{
    ByHand, Channel, Conclusion, Message, MessageState, Pitch, Prospect, SalesChange, Stage,
    Suppression, SuppressionReason,
};
use crate::domain::time::{DAY_MS, HOUR_MS, Moment};
use crate::runtime::clock::SystemClock;
use crate::store::error::StoreError;
use crate::store::{Store, changes, learning};

/// How the recipients of one variant behave, in shares of 1.
struct Behaviour {
    arm: &'static str,
    books: f64,
    complains: f64,
}

const fn arm(arm: &'static str, books: f64, complains: f64) -> Behaviour {
    Behaviour { arm, books, complains }
}

/// Contacts a day: what the daily quota of mail allows.
const PER_DAY: u32 = 50;

/// Longest time to an answer, in days: within the booking window.
const ANSWER_DAYS: f64 = 10.0;

/// What one series of contacts came to.
#[derive(Debug, Default)]
struct Ended {
    sends: BTreeMap<String, u32>,
    /// Each stopped variant, and after how many contacts.
    stopped: BTreeMap<String, u32>,
    /// Whether the odds of any week alone would have stopped a variant.
    by_odds_alone: bool,
}

impl Ended {
    fn share(&self, arm: &str) -> f64 {
        let all: u32 = self.sends.values().sum();
        f64::from(self.sends.get(arm).copied().unwrap_or_default()) / f64::from(all.max(1))
    }
}

fn series(arms: &[Behaviour], seed: u64, contacts: u32) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let settings = embedded(folder.path()).unwrap();
    let path = folder.path().join("t.db");
    let store = Store::open(&path, Arc::new(SystemClock::new())).unwrap();
    let conn = Connection::open(Path::new(&path)).unwrap();
    // Nothing of a trial has to outlive a power cut.
    conn.pragma_update(None, "synchronous", "OFF").unwrap();
    let mut ended = Ended::default();
    let mut due: BTreeMap<Moment, Vec<Change>> = BTreeMap::new();
    for day in 0..=(contacts / PER_DAY) {
        let now = Moment(i64::from(day) * DAY_MS);
        conn.execute_batch("BEGIN").unwrap();
        while let Some((at, answers)) = due.first_key_value().map(|(at, some)| (*at, some.clone()))
        {
            if at > now {
                break;
            }
            due.remove(&at);
            write(&conn, at, &answers).unwrap();
        }
        if day % 7 == 0 {
            week(&conn, now, &settings, day * PER_DAY, &mut ended);
        }
        if day * PER_DAY < contacts {
            let variants = learning::variants(&conn, Mode::Dry).unwrap();
            let names: Vec<&str> = arms.iter().map(|one| one.arm).collect();
            for contact in 0..PER_DAY {
                let entity = format!("trial:{day}/{contact}");
                let of = (entity.as_str(), "intro");
                let floor = settings.learning.floor;
                let drawn = assign(of, None, &names, &variants, floor, Seed(seed)).unwrap();
                *ended.sends.entry(drawn.arm.clone()).or_default() += 1;
                let behaviour = arms.iter().find(|one| one.arm == drawn.arm).unwrap();
                if let Some((at, answer)) = answers(behaviour, &entity, Seed(seed), now) {
                    due.entry(at).or_default().extend(answer);
                }
                let sent = sent(&entity, &drawn.arm, drawn.propensity, now);
                write(&conn, now, &sent).unwrap();
                write(&conn, now, &[LearningChange::Assignment(drawn).into()]).unwrap();
            }
        }
        conn.execute_batch("COMMIT").unwrap();
    }
    drop(store);
    ended
}

fn write(conn: &Connection, now: Moment, changes: &[Change]) -> Result<(), StoreError> {
    changes.iter().try_for_each(|change| changes::apply(conn, Mode::Dry, now, change))
}

/// One learning period, as layer 9 works it.
fn week(conn: &Connection, now: Moment, settings: &Settings, sent: u32, ended: &mut Ended) {
    let period = format!("week {}", now.0 / DAY_MS / 7);
    let judged = decide::learn(&facts(conn, (Mode::Dry, now), settings, &period).unwrap());
    for change in &judged.changes {
        if let Change::Learning(LearningChange::Proposal(proposal)) = change
            && let ProposedChange::StopVariant { .. } = proposal.change
        {
            ended.by_odds_alone = true;
        }
    }
    write(conn, now, &judged.changes).unwrap();
    for variant in learning::variants(conn, Mode::Dry).unwrap() {
        if variant.state == VariantState::Stopped {
            ended.stopped.entry(variant.arm).or_insert(sent);
        }
    }
}

/// What a recipient does, and when.
fn answers(
    behaviour: &Behaviour,
    entity: &str,
    seed: Seed,
    now: Moment,
) -> Option<(Moment, Vec<Change>)> {
    let draw = seed.unit(&["trial fate", entity]);
    let delay = ANSWER_DAYS * seed.unit(&["trial delay", entity]);
    #[expect(clippy::cast_possible_truncation, reason = "some hundred hours")]
    let at = now.plus_ms((delay * 24.0) as i64 * HOUR_MS);
    let concluded =
        |conclusion| SalesChange::Concluded { entity: entity.to_owned(), conclusion, at }.into();
    if draw < behaviour.books {
        return Some((at, vec![concluded(Conclusion::Booked)]));
    }
    (draw < behaviour.books + behaviour.complains).then(|| {
        let row = Suppression {
            address: address(entity),
            reason: SuppressionReason::Complained,
            evidence: "trial".to_owned(),
            at,
        };
        (at, vec![concluded(Conclusion::OptedOut), SalesChange::Suppress(row).into()])
    })
}

fn address(entity: &str) -> String {
    format!("{}@trial.example", entity.replace([':', '/'], "-"))
}

/// The rows of a contact that was made.
fn sent(entity: &str, variant: &str, propensity: f64, now: Moment) -> Vec<Change> {
    let text = String::new;
    let prospect = Prospect {
        entity: entity.to_owned(),
        name: entity.to_owned(),
        category: "dental".to_owned(),
        address: None,
        city: None,
        postcode: None,
        country: None,
        zone: "UTC".to_owned(),
        language: "en".to_owned(),
        lat: None,
        lon: None,
        phone: None,
        email: Some(address(entity)),
        website: None,
        linkedin: None,
        source: "trial".to_owned(),
        attribution: text(),
        stage: Stage::Contacted,
        reason: None,
        score: None,
        coverage: None,
        tier: None,
    };
    let pitch = Pitch {
        entity: entity.to_owned(),
        campaign: "intro".to_owned(),
        variant: variant.to_owned(),
        propensity,
        writer: "template".to_owned(),
        subject: text(),
        email: text(),
        linkedin: text(),
        phone: text(),
        sms: text(),
        claims: serde_json::json!([]),
        by_hand: ByHand::default(),
    };
    let message = Message {
        entity: entity.to_owned(),
        campaign: "intro".to_owned(),
        step: 1,
        channel: Channel::Email,
        planned_at: now,
        sent_at: Some(now),
        state: MessageState::Sent,
        reason: None,
        effect_key: None,
    };
    vec![
        SalesChange::Prospect(Box::new(prospect)).into(),
        SalesChange::Pitch(Box::new(pitch)).into(),
        SalesChange::Message(message).into(),
        SalesChange::FirstContact { entity: entity.to_owned(), at: now }.into(),
    ]
}

/// How many seeds and contacts are tried: few, or as many as `CEP_TRIALS` says with 5,000 each.
fn size() -> (u64, u32) {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("CEP_TRIALS").ok().and_then(|seeds| seeds.parse().ok());
    asked.map_or((1, 2_000), |seeds| (seeds, 5_000))
}

#[expect(clippy::print_stdout, reason = "the table is for whoever asks for it")]
fn table(heading: &str, rows: &[(u64, Ended)]) {
    println!(
        "\n### {heading}\n\n| seed | share of contacts | stopped after | by odds alone |\n|---|---|---|---|"
    );
    for (seed, ended) in rows {
        let shares: Vec<String> = ended
            .sends
            .keys()
            .map(|arm| format!("{arm} {:.1} %", 100.0 * ended.share(arm)))
            .collect();
        let stopped: Vec<String> =
            ended.stopped.iter().map(|(arm, sent)| format!("{arm} {sent}")).collect();
        let alone = if ended.by_odds_alone { "yes" } else { "" };
        println!("| {seed} | {} | {} | {alone} |", shares.join(", "), stopped.join(", "));
    }
}

fn tried(heading: &str, arms: &[Behaviour]) -> Vec<(u64, Ended)> {
    let (seeds, contacts) = size();
    let rows: Vec<_> = (1..=seeds).map(|seed| (seed, series(arms, seed, contacts))).collect();
    table(&format!("{heading}, {contacts} contacts"), &rows);
    rows
}

#[test]
fn a_better_arm_gets_most_contacts_although_bookings_come_days_later() {
    let rows = tried("10 % against 2 %", &[arm("better", 0.10, 0.0), arm("worse", 0.02, 0.0)]);
    // Half of the first three weeks' contacts are spent before the first windows close.
    let least = if size().1 < 5_000 { 0.65 } else { 0.80 };
    for (seed, ended) in &rows {
        assert!(ended.share("better") > least, "seed {seed}: {ended:?}");
        assert!(!ended.stopped.contains_key("better"), "seed {seed}: {ended:?}");
    }
}

#[test]
fn equal_arms_have_no_winner() {
    let rows = tried("5 % against 5 %", &[arm("one", 0.05, 0.0), arm("other", 0.05, 0.0)]);
    let winners = rows.iter().filter(|(_, ended)| !ended.stopped.is_empty()).count();
    assert!(winners * 20 <= rows.len(), "{winners} false winners in {} seeds", rows.len());
}

#[test]
fn a_harmful_arm_is_stopped_although_it_books_most() {
    let rows = tried(
        "harmful: 12 % and 2 % complaints, against 4 %",
        &[arm("harmful", 0.12, 0.02), arm("harmless", 0.04, 0.0)],
    );
    for (seed, ended) in &rows {
        assert!(ended.stopped.contains_key("harmful"), "seed {seed}: {ended:?}");
        assert!(!ended.stopped.contains_key("harmless"), "seed {seed}: {ended:?}");
    }
}
