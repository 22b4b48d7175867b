//! Plans and writes posts: a calendar four weeks ahead, from texts by group of business and season.
//!
//! A text claims nothing about the business that we do not know; it says something useful and who
//! says it. It never holds a phone number, because providers reject posts with one. An event or an
//! offer is posted only when the client gave it, in the client's words.

use jiff::ToSpan;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;

use super::topics::{Group, places, topic};
use super::{Announcement, Intake};
use crate::domain::effect::{CallToAction, CallToActionKind, PostEvent};
use crate::domain::operations::{Client, PostRow, PostState};
use crate::domain::text::clean;
use crate::domain::time::Moment;

/// Weeks that one calendar covers.
pub const POST_WEEKS: i64 = 4;

/// Characters of a post that the provider takes.
pub const POST_CHARS_MAX: usize = 1_500;

/// Characters of an event's title that the provider takes.
const TITLE_CHARS_MAX: usize = 58;

/// Digits in a row, blanks and hyphens left out, from which a number is taken for a phone number.
const PHONE_DIGITS_MIN: usize = 7;

/// Days before an event or offer begins within which it is posted: earlier is forgotten again.
const ANNOUNCE_DAYS: i64 = 14;

/// The Monday from which weeks are counted, so that calendars continue each other's texts.
const FIRST_MONDAY: Date = jiff::civil::date(2024, 1, 1);

/// How many topics further the one is that replaces a rejected post.
const OTHER_TOPIC: usize = 4;

/// Returns how many posts a week suit a type of business.
pub fn posts_per_week(category: &str) -> usize {
    match Group::of(category) {
        Group::Restaurant => 3,
        Group::Dental => 2,
        Group::Trades | Group::Salon | Group::Office | Group::Medical | Group::General => 1,
    }
}

/// Days of the week with a post, for one, two and three posts a week.
const fn days(per_week: usize) -> &'static [Weekday] {
    match per_week {
        3 => &[Weekday::Tuesday, Weekday::Thursday, Weekday::Saturday],
        2 => &[Weekday::Tuesday, Weekday::Thursday],
        _ => &[Weekday::Tuesday],
    }
}

/// The hour, in the client's zone, at which a post appears: before lunch where people decide on a
/// meal, at the start of the day where they make a call.
const fn hour(group: Group) -> i8 {
    match group {
        Group::Trades | Group::Office => 9,
        Group::Dental | Group::Medical | Group::General => 10,
        Group::Restaurant | Group::Salon => 11,
    }
}

/// Returns the ISO week after the one of `now`, in the client's zone.
fn first_week(client: &Client, now: Moment) -> ISOWeekDate {
    let zone = zone(client);
    let today = now.civil_date(&zone);
    let monday = today.iso_week_date().weekday().to_monday_zero_offset();
    let next = today.saturating_add((7 - i64::from(monday)).days());
    next.iso_week_date()
}

fn zone(client: &Client) -> TimeZone {
    TimeZone::get(&client.zone).unwrap_or(TimeZone::UTC)
}

/// Returns when a post of `client` appears on `date`; `None` beyond the calendar.
fn at(client: &Client, date: Date) -> Option<Moment> {
    let hour = hour(Group::of(&client.category));
    Some(date.at(hour, 0, 0, 0).to_zoned(zone(client)).ok()?.timestamp().into())
}

/// Returns the version of the calendar that is planned at `now`: `calendar/2026-W06`, its first
/// week.
pub fn calendar_version(client: &Client, now: Moment) -> String {
    let week = first_week(client, now);
    format!("calendar/{:04}-W{:02}", week.year(), week.week())
}

/// Returns when the calendar after the one planned at `now` is to be planned: in its last week.
pub fn next_calendar_at(client: &Client, now: Moment) -> Moment {
    let monday = first_week(client, now).date();
    let last_week = monday.saturating_add((POST_WEEKS - 1).weeks());
    at(client, last_week).unwrap_or(now)
}

/// Returns the posts of the four weeks that follow the week of `now`.
pub fn calendar(client: &Client, intake: &Intake, now: Moment) -> Vec<PostRow> {
    let days = days(posts_per_week(&client.category));
    let first = first_week(client, now).date();
    let mut posts = Vec::new();
    for week in 0..POST_WEEKS {
        let monday = first.saturating_add(week.weeks());
        for (index, day) in days.iter().enumerate() {
            let date = monday.saturating_add(i64::from(day.to_monday_zero_offset()).days());
            let iso = monday.iso_week_date();
            let slot = format!("{:04}-W{:02}/{}", iso.year(), iso.week(), index + 1);
            if let Some(at) = at(client, date) {
                posts.push(evergreen(
                    client,
                    intake,
                    slot,
                    at,
                    number(monday, index, days.len()),
                    0,
                ));
            }
        }
    }
    announce(client, intake, &mut posts);
    posts
}

/// The number of a post in the endless row of its client's posts.
fn number(monday: Date, index: usize, per_week: usize) -> usize {
    let since = monday.since(FIRST_MONDAY).map_or(0, |span| i64::from(span.get_days()).max(0));
    usize::try_from(since / 7).unwrap_or(0) * per_week + index
}

/// Writes the post with this number; `closing` 0 lets the number choose it.
fn evergreen(
    client: &Client,
    intake: &Intake,
    slot: String,
    at: Moment,
    number: usize,
    closing: usize,
) -> PostRow {
    let group = Group::of(&client.category);
    let n = places(group);
    let month = at.civil_date(&zone(client)).month();
    let (name, tip) = topic(group, number % n, month, &client.language);
    let closings = if client.language == "de" { &CLOSINGS_DE } else { &CLOSINGS_EN };
    // The last closing is kept for replacements, so that none of them repeats a planned text.
    let closing = if closing > 0 { closing } else { (number / n) % (CLOSINGS_EN.len() - 1) };
    PostRow {
        entity: client.entity.clone(),
        slot,
        planned_at: at,
        text: signed(format!("{tip} {}", closings[closing]), client),
        state: PostState::Planned,
        topic: name.to_owned(),
        call_to_action: call_to_action(client, intake),
        event: None,
        held: false,
        edited: false,
    }
}

const CLOSINGS_EN: [&str; 4] = [
    "Ask us, we are glad to help.",
    "You find our hours and the way here on this profile.",
    "Talk to us, we take the time.",
    "We are here for your questions.",
];
const CLOSINGS_DE: [&str; 4] = [
    "Fragen Sie uns, wir helfen gern.",
    "Öffnungszeiten und Weg stehen in diesem Profil.",
    "Sprechen Sie uns an, wir nehmen uns Zeit.",
    "Wir sind für Ihre Fragen da.",
];

/// Adds who says it, unless the name holds what looks like a phone number.
fn signed(text: String, client: &Client) -> String {
    let name = clean(&client.name, 80);
    if has_phone_number(&name) { text } else { format!("{text}\n{name}") }
}

/// Puts each event and offer of the client into the last slot before it begins.
fn announce(client: &Client, intake: &Intake, posts: &mut [PostRow]) {
    for announcement in &intake.announcements {
        let Some(event) = event(announcement, &zone(client)) else { continue };
        let slot = posts.iter_mut().rev().find(|post| {
            let ahead = event.starts_at.since(post.planned_at);
            post.event.is_none()
                && (0..=ANNOUNCE_DAYS * crate::domain::time::DAY_MS).contains(&ahead)
        });
        let Some(post) = slot else { continue };
        let topic = if event.is_offer { "offer" } else { "event" };
        topic.clone_into(&mut post.topic);
        post.text = signed(format!("{}\n{}", event.title, announcement.text), client);
        if event.is_offer {
            // The provider ignores a call to action on an offer.
            post.call_to_action = None;
        }
        post.event = Some(event);
    }
}

/// Reads what a client announces; `None` when it is no event that can be posted.
fn event(announcement: &Announcement, zone: &TimeZone) -> Option<PostEvent> {
    let instant = |text: &str| -> Option<Moment> {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        Some(civil.to_zoned(zone.clone()).ok()?.timestamp().into())
    };
    let (starts_at, ends_at) = (instant(&announcement.starts)?, instant(&announcement.ends)?);
    let title = clean(&announcement.title, TITLE_CHARS_MAX + 1);
    let fits = !title.is_empty()
        && title.chars().count() <= TITLE_CHARS_MAX
        && starts_at < ends_at
        && post_problem(&format!("{title} {}", announcement.text)).is_none();
    fits.then(|| PostEvent {
        title,
        starts_at,
        ends_at,
        is_offer: announcement.is_offer,
        terms: announcement.terms.clone(),
        coupon: announcement.coupon.clone(),
    })
}

/// Returns the post that replaces a rejected one: another topic, the next morning. A replacement is
/// not replaced again; a person looks at it then.
pub fn replacement(
    client: &Client,
    intake: &Intake,
    rejected: &PostRow,
    now: Moment,
) -> Option<PostRow> {
    let mut parts = rejected.slot.split('/');
    let (week, index) = (parts.next()?, parts.next()?.parse::<usize>().ok()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, week) = week.split_once("-W")?;
    let monday = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?;
    let per_week = posts_per_week(&client.category);
    let number = number(monday.date(), index.checked_sub(1)?, per_week) + OTHER_TOPIC;
    let tomorrow = now.civil_date(&zone(client)).saturating_add(1.day());
    let slot = format!("{}/b", rejected.slot);
    Some(evergreen(client, intake, slot, at(client, tomorrow)?, number, CLOSINGS_EN.len() - 1))
}

/// Returns where a post leads: what suits the group best of what the client has.
fn call_to_action(client: &Client, intake: &Intake) -> Option<CallToAction> {
    use CallToActionKind::{Book, Call, LearnMore};
    let wishes = match Group::of(&client.category) {
        Group::Dental | Group::Medical | Group::Salon | Group::Restaurant => {
            [Book, Call, LearnMore]
        }
        Group::Trades | Group::Office => [Call, Book, LearnMore],
        Group::General => [LearnMore, Call, Book],
    };
    wishes.into_iter().find_map(|kind| match kind {
        Book => Some(CallToAction { kind, url: Some(intake.booking_link.clone()?) }),
        LearnMore => Some(CallToAction { kind, url: Some(intake.website.clone()?) }),
        // The provider takes the number from the profile.
        Call => (intake.phone.is_some() || client.phone.is_some())
            .then_some(CallToAction { kind, url: None }),
    })
}

/// Says why a text cannot be posted; `None` when it can.
pub fn post_problem(text: &str) -> Option<String> {
    let n = text.chars().count();
    if text.trim().is_empty() {
        return Some("a post needs a text".to_owned());
    }
    if n > POST_CHARS_MAX {
        return Some(format!("the text has {n} characters, and {POST_CHARS_MAX} fit"));
    }
    has_phone_number(text)
        .then(|| "the text holds a phone number, and providers reject such posts".to_owned())
}

/// Makes a person's text safe, line by line.
///
/// # Errors
/// Why it cannot be posted.
pub fn post_text(raw: &str) -> Result<String, String> {
    let lines: Vec<_> = raw.trim().lines().map(|line| clean(line, line.len())).collect();
    let text = lines.join("\n").trim().to_owned();
    post_problem(&text).map_or(Ok(text), Err)
}

/// Whether a text holds what looks like a phone number.
fn has_phone_number(text: &str) -> bool {
    let mut digits = 0;
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits += 1;
        } else if !matches!(c, ' ' | '-' | '/' | '.' | '(' | ')' | '+') {
            digits = 0;
        }
        if digits >= PHONE_DIGITS_MIN {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::onboarding::tests::client;
    use crate::domain::time::DAY_MS;

    fn when(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn plan(client: &Client, now: &str) -> Vec<PostRow> {
        calendar(client, &Intake::default(), when(now))
    }

    #[test]
    fn a_persons_text_keeps_its_lines_and_is_refused_with_the_reason() {
        let text = post_text("  Open on Sunday.\r\n\r\nCome \u{1b}in!\n").unwrap();
        assert_eq!(text, "Open on Sunday.\n\nCome in!");
        assert_eq!(post_text(&"x".repeat(POST_CHARS_MAX)).unwrap().len(), POST_CHARS_MAX);
        assert!(post_text(&"x".repeat(POST_CHARS_MAX + 1)).unwrap_err().contains("1501"));
        assert!(post_text("Call (207) 555-0100").unwrap_err().contains("phone number"));
        assert!(post_text(" \n\u{200b}").unwrap_err().contains("needs a text"));
    }

    #[test]
    fn four_weeks_have_twelve_posts_for_a_restaurant_eight_for_a_practice_four_for_others() {
        for (category, n) in [("restaurant", 12), ("dental", 8), ("gym", 4), ("bakery", 4)] {
            let posts = plan(&client(category, "en"), "2026-01-14T15:00:00Z");
            assert_eq!(posts.len(), n, "{category}");
        }
    }

    #[test]
    fn no_text_comes_back_within_eight_weeks_whatever_the_season_and_not_in_a_replacement_either() {
        for category in
            ["dental", "restaurant", "plumber", "salon", "attorney", "chiropractor", "x"]
        {
            for language in ["en", "de"] {
                let client = client(category, language);
                for start in
                    (0..52).map(|week| when("2026-01-01T12:00:00Z").plus_ms(week * 7 * DAY_MS))
                {
                    let posts: Vec<_> = [start, start.plus_ms(28 * DAY_MS)]
                        .into_iter()
                        .flat_map(|now| calendar(&client, &Intake::default(), now))
                        .collect();
                    let texts: BTreeSet<_> = posts.iter().map(|post| &post.text).collect();
                    assert_eq!(
                        texts.len(),
                        8 * posts_per_week(category),
                        "{category} from {start}"
                    );
                    let other = replacement(&client, &Intake::default(), &posts[0], start).unwrap();
                    assert!(!texts.contains(&other.text), "{}", other.text);
                    assert_ne!(other.topic, posts[0].topic);
                    assert_eq!(replacement(&client, &Intake::default(), &other, start), None);
                }
            }
        }
    }

    #[test]
    fn a_calendar_begins_next_week_in_the_clients_zone_and_meets_the_one_before() {
        let client = client("dental", "en");
        let now = when("2026-01-14T15:00:00Z");
        let posts = calendar(&client, &Intake::default(), now);
        assert_eq!(calendar_version(&client, now), "calendar/2026-W04");
        assert_eq!(posts[0].slot, "2026-W04/1");
        assert_eq!(posts[0].planned_at, when("2026-01-20T15:00:00Z"), "10:00 in New York");
        assert_eq!(posts[7].slot, "2026-W07/2");
        let next = next_calendar_at(&client, now);
        assert_eq!(calendar(&client, &Intake::default(), next)[0].slot, "2026-W08/1");
    }

    #[test]
    fn a_week_that_crosses_the_year_keeps_its_iso_name() {
        let posts = plan(&client("gym", "en"), "2026-12-21T15:00:00Z");
        assert_eq!(posts[0].slot, "2026-W53/1");
        assert_eq!(posts[1].slot, "2027-W01/1");
    }

    #[test]
    fn a_post_fits_has_no_phone_number_and_is_signed_in_either_language() {
        for category in
            ["dental", "restaurant", "salon", "attorney", "plumber", "veterinarian", "x"]
        {
            for language in ["en", "de"] {
                for post in plan(&client(category, language), "2026-01-14T15:00:00Z") {
                    assert_eq!(post_problem(&post.text), None, "{}", post.text);
                    assert!(!post.text.contains(|c: char| c.is_ascii_digit()), "{}", post.text);
                    assert!(post.text.ends_with("Bright Smiles"));
                    assert_eq!(post.event, None, "nobody announced anything");
                }
            }
        }
        let named =
            Client { name: "Call 207 555 0100 Plumbing".to_owned(), ..client("plumber", "en") };
        assert_eq!(post_problem(&plan(&named, "2026-01-14T15:00:00Z")[0].text), None);
    }

    #[test]
    fn an_offer_is_posted_only_as_the_client_gave_it_and_before_it_begins() {
        let announcement = Announcement {
            title: "Open house".to_owned(),
            text: "Come and look behind the counter.".to_owned(),
            starts: "2026-02-07T10:00".to_owned(),
            ends: "2026-02-07T16:00".to_owned(),
            is_offer: false,
            terms: None,
            coupon: None,
        };
        let bad = Announcement { ends: "2026-02-06T10:00".to_owned(), ..announcement.clone() };
        let called = Announcement { text: "Call 207-555-0100!".to_owned(), ..announcement.clone() };
        let intake = Intake { announcements: vec![bad, called, announcement], ..Intake::default() };
        let posts = calendar(&client("gym", "en"), &intake, when("2026-01-14T15:00:00Z"));
        let announced: Vec<_> = posts.iter().filter(|post| post.event.is_some()).collect();
        let [post] = announced.as_slice() else { panic!("{announced:?}") };
        assert_eq!((post.slot.as_str(), post.topic.as_str()), ("2026-W06/1", "event"));
        assert!(post.text.starts_with("Open house\nCome and look"));
        assert!(post.event.as_ref().unwrap().starts_at > post.planned_at);
    }

    #[test]
    fn a_post_leads_where_the_client_has_something() {
        let kind = |category: &str, intake: &Intake| {
            call_to_action(&client(category, "en"), intake).map(|action| action.kind)
        };
        let with_booking =
            Intake { booking_link: Some("https://b.example/book".to_owned()), ..Intake::default() };
        assert_eq!(kind("dental", &with_booking), Some(CallToActionKind::Book));
        assert_eq!(kind("dental", &Intake::default()), Some(CallToActionKind::Call));
        assert_eq!(kind("plumber", &with_booking), Some(CallToActionKind::Call));
        let unknown = Client { phone: None, ..client("x", "en") };
        assert_eq!(call_to_action(&unknown, &Intake::default()), None);
    }
}
