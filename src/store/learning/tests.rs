//! Tests of what layer 9 counts and keeps.

use super::*;
use crate::domain::learning::{ArmDay, Measure, Proposal, ProposedChange};
use crate::domain::time::DAY_MS;

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let conn = crate::store::open::writer(&folder.path().join("t.db")).unwrap();
    (folder, conn)
}

/// A prospect pitched with `variant`, contacted on `contact_day`, ended as told.
fn prospect(
    conn: &Connection,
    entity: &str,
    variant: &str,
    contact_day: Option<i64>,
    ended: Option<(&str, i64)>,
) {
    conn.execute(
        "INSERT INTO prospects (mode, entity, name, category, zone, language, email, source,
           attribution, stage, first_contact_at, concluded_at, conclusion, created_at, changed_at)
         VALUES ('dry', ?1, 'n', 'dental', 'UTC', 'en', ?1 || '@example.com', 's', 'a', 'pitched',
                 ?2, ?3, ?4, 0, 0)",
        params![
            entity,
            contact_day.map(|day| day * DAY_MS),
            ended.map(|(_, day)| day * DAY_MS),
            ended.map(|(how, _)| how),
        ],
    )
    .unwrap();
    conn.execute(
        "INSERT INTO pitches (mode, entity, campaign, variant, propensity, writer, subject, email,
           linkedin, phone, sms, claims, created_at)
         VALUES ('dry', ?1, 'c', ?2, 0.5, 'template', '', '', '', '', '', '[]', 0)",
        params![entity, variant],
    )
    .unwrap();
    if let Some(day) = contact_day {
        message(conn, entity, "c", day);
    }
}

fn message(conn: &Connection, entity: &str, campaign: &str, day: i64) {
    conn.execute(
        "INSERT INTO messages (mode, entity, campaign, step, channel, planned_at, sent_at, state)
         VALUES ('dry', ?1, ?2, 1, 'email', 0, ?3, 'sent')",
        params![entity, campaign, day * DAY_MS],
    )
    .unwrap();
}

fn day(arm: &str, closed_days: Option<u32>, contacts: u64, booked: u64) -> ArmDay {
    ArmDay { arm: arm.to_owned(), closed_days, contacts, booked, opted_out: 0, complained: 0 }
}

#[test]
fn a_contact_counts_as_won_or_lost_only_when_its_window_tells() {
    let (_folder, conn) = database();
    prospect(&conn, "booked in time", "direct", Some(1), Some(("booked", 10)));
    prospect(&conn, "booked too late", "direct", Some(1), Some(("booked", 16)));
    prospect(&conn, "declined, window open", "direct", Some(15), Some(("declined", 16)));
    prospect(&conn, "silent, window closed", "direct", Some(2), None);
    prospect(&conn, "silent, window open", "direct", Some(15), None);
    prospect(&conn, "never contacted", "direct", None, None);
    prospect(&conn, "opted out", "friendly", Some(1), Some(("opted_out", 2)));
    conn.execute(
        "INSERT INTO suppressions VALUES ('dry', 'opted out@example.com', 'complained', '', ?1)",
        [2 * DAY_MS],
    )
    .unwrap();
    let found = outcomes(&conn, Mode::Dry, Moment(20 * DAY_MS), 14 * DAY_MS).unwrap();
    let friendly = ArmDay { opted_out: 1, complained: 1, ..day("friendly", Some(5), 1, 0) };
    let closed = [day("direct", Some(4), 1, 0), day("direct", Some(5), 2, 1)];
    let [four, five] = closed;
    assert_eq!(found, [day("direct", None, 2, 0), four, five, friendly]);
    assert_eq!(outcomes(&conn, Mode::Live, Moment(20 * DAY_MS), DAY_MS).unwrap(), []);
    let harm = harm(&conn, Mode::Dry, Moment(20 * DAY_MS), "c").unwrap();
    assert_eq!((harm.contacts, harm.opted_out, harm.complained), (6, 1, 1));
}

#[test]
fn a_booking_counts_once_for_the_campaign_that_reached_the_recipient_last() {
    let (_folder, conn) = database();
    prospect(&conn, "twice", "direct", Some(1), Some(("booked", 6)));
    conn.execute(
        "INSERT INTO pitches (mode, entity, campaign, variant, propensity, writer, subject, email,
           linkedin, phone, sms, claims, created_at)
         VALUES ('dry', 'twice', 'second', 'friendly', 0.5, 'template', '', '', '', '', '', '[]', 0)",
        [],
    )
    .unwrap();
    message(&conn, "twice", "second", 5);
    let found = outcomes(&conn, Mode::Dry, Moment(20 * DAY_MS), 14 * DAY_MS).unwrap();
    assert_eq!(found, [day("direct", Some(5), 1, 0), day("friendly", Some(1), 1, 1)]);
}

#[test]
fn a_pitch_whose_text_a_person_wrote_does_not_count_for_its_variant() {
    let (_folder, conn) = database();
    for name in ["as written", "rewritten"] {
        prospect(&conn, name, "direct", Some(1), Some(("booked", 2)));
    }
    conn.execute("UPDATE pitches SET by_hand = 'text' WHERE entity = 'rewritten'", []).unwrap();
    let found = outcomes(&conn, Mode::Dry, Moment(15 * DAY_MS), 14 * DAY_MS).unwrap();
    assert_eq!(found, [day("direct", Some(0), 1, 1)]);
}

#[test]
fn a_variant_that_was_brought_back_begins_its_counts_anew() {
    let (_folder, conn) = database();
    prospect(&conn, "before", "direct", Some(1), None);
    prospect(&conn, "after", "direct", Some(30), Some(("booked", 31)));
    let stopped = (VariantState::Stopped, Some("by a person"));
    set_state(&conn, Mode::Dry, Moment(DAY_MS), "direct", stopped).unwrap();
    let (state, reason) = variant_state(&conn, Mode::Dry, "direct").unwrap();
    assert_eq!((state, reason.as_deref()), (VariantState::Stopped, Some("by a person")));
    revive_variant(&conn, Mode::Dry, Moment(29 * DAY_MS), "direct").unwrap();
    assert_eq!(variant_state(&conn, Mode::Dry, "direct").unwrap(), (VariantState::Live, None));
    let found = outcomes(&conn, Mode::Dry, Moment(60 * DAY_MS), 14 * DAY_MS).unwrap();
    assert_eq!(found, [day("direct", Some(16), 1, 1)]);
}

#[test]
fn an_assignment_stays_and_is_replaced_only_by_another_variant() {
    let (_folder, conn) = database();
    let of = |arm: &str, propensity| Assignment {
        entity: "osm:node/1".to_owned(),
        campaign: "c".to_owned(),
        arm: arm.to_owned(),
        propensity,
        seed: u64::MAX,
        draw_key: "osm:node/1/c".to_owned(),
    };
    let read = || assignment(&conn, Mode::Dry, "osm:node/1", "c").unwrap();
    assert_eq!(read(), None);
    for (arm, propensity) in [("direct", 0.25), ("direct", 0.9)] {
        let change = LearningChange::Assignment(of(arm, propensity));
        apply(&conn, Mode::Dry, Moment(1), &change).unwrap();
        assert_eq!(read(), Some(of("direct", 0.25)));
    }
    let change = LearningChange::Assignment(of("friendly", 0.5));
    apply(&conn, Mode::Dry, Moment(1), &change).unwrap();
    assert_eq!(read(), Some(of("friendly", 0.5)));
    assert_eq!(assignment(&conn, Mode::Live, "osm:node/1", "c").unwrap(), None);
}

#[test]
fn groups_of_contacts_are_counted_with_their_channel_hour_and_rows() {
    let (_folder, conn) = database();
    prospect(&conn, "booked", "direct", Some(1), Some(("booked", 2)));
    prospect(&conn, "declined", "direct", Some(1), Some(("declined", 2)));
    prospect(&conn, "open", "direct", Some(1), None);
    let found = contacts(&conn, Mode::Dry).unwrap();
    let [group] = &found[..] else { panic!("{found:?}") };
    assert_eq!((group.n, group.booked, group.channel.as_str()), (2, 1, "email"));
    assert_eq!((group.sent_at, group.rows.from, group.rows.to), (Moment(DAY_MS), 1, 2));
}

#[test]
fn an_effect_is_counted_from_what_began_in_the_span() {
    let (_folder, conn) = database();
    prospect(&conn, "before", "direct", Some(1), Some(("booked", 2)));
    prospect(&conn, "after", "direct", Some(10), None);
    prospect(&conn, "too late", "direct", Some(20), None);
    let count = |from, until| {
        let span = (Moment(from * DAY_MS), Moment(until * DAY_MS));
        counted(&conn, Mode::Dry, Measure::Booking, span, 14 * DAY_MS).unwrap()
    };
    assert_eq!((count(0, 10), count(10, 20)), ((1, 1), (0, 1)));
    for measure in Measure::ALL {
        let span = (Moment(100 * DAY_MS), Moment(200 * DAY_MS));
        assert_eq!(counted(&conn, Mode::Dry, measure, span, DAY_MS).unwrap(), (0, 0));
    }
}

#[test]
fn a_proposal_that_a_person_decided_is_left_alone() {
    let (_folder, conn) = database();
    let proposal = |text: &str| {
        LearningChange::Proposal(Proposal {
            entity: "bottleneck/booking".to_owned(),
            text: text.to_owned(),
            change: ProposedChange::Advice,
            measure: Measure::Booking,
            evidence: serde_json::json!({}),
            at: Moment(1),
        })
    };
    apply(&conn, Mode::Dry, Moment(1), &proposal("first")).unwrap();
    conn.execute("UPDATE proposals SET state = 'rejected'", []).unwrap();
    apply(&conn, Mode::Dry, Moment(2), &proposal("second")).unwrap();
    let (text, state): (String, String) = conn
        .query_row("SELECT text, state FROM proposals", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((text.as_str(), state.as_str()), ("first", "rejected"));
}

#[test]
fn a_variant_is_replaced_and_read_back() {
    let (_folder, conn) = database();
    let variant = |successes| Variant {
        arm: "direct".to_owned(),
        successes,
        failures: 9,
        weighted_successes: 0.5,
        weighted_failures: 8.25,
        state: crate::domain::learning::VariantState::Live,
        reason: None,
    };
    for successes in [1, 2] {
        let change = LearningChange::Variant(variant(successes));
        apply(&conn, Mode::Dry, Moment(1), &change).unwrap();
    }
    assert_eq!(variants(&conn, Mode::Dry).unwrap(), [variant(2)]);
    assert_eq!(variants(&conn, Mode::Live).unwrap(), []);
}
