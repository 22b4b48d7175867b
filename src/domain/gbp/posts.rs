//! Plans and writes posts: a calendar four weeks ahead, from templates by type of business.
//!
//! A text claims nothing about the business that we do not know; it says something useful and who
//! says it. It contains no digits, because providers reject posts with phone numbers.

use jiff::ToSpan;
use jiff::civil::{ISOWeekDate, Weekday};
use jiff::tz::TimeZone;

use crate::domain::operations::{Client, PostRow, PostState};
use crate::domain::time::Moment;

/// Weeks that one calendar covers.
pub const POST_WEEKS: i64 = 4;

/// The hour, in the client's zone, at which a post appears: people plan their day then.
const POST_HOUR: i8 = 10;

/// Days of the week with a post, for one, two and three posts a week.
const DAYS: [&[Weekday]; 3] = [
    &[Weekday::Tuesday],
    &[Weekday::Tuesday, Weekday::Thursday],
    &[Weekday::Tuesday, Weekday::Thursday, Weekday::Saturday],
];

/// Returns how many posts a week suit a type of business.
pub fn posts_per_week(category: &str) -> usize {
    match category {
        "restaurant" => 3,
        "dental" => 2,
        _ => 1,
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
    last_week.at(POST_HOUR, 0, 0, 0).to_zoned(zone(client)).map_or(now, |at| at.timestamp().into())
}

/// Returns the posts of the four weeks that follow the week of `now`.
pub fn calendar(client: &Client, now: Moment) -> Vec<PostRow> {
    let days = DAYS[posts_per_week(&client.category) - 1];
    let first = first_week(client, now).date();
    let mut posts = Vec::new();
    for week in 0..POST_WEEKS {
        let monday = first.saturating_add(week.weeks());
        let iso = monday.iso_week_date();
        for (index, day) in days.iter().enumerate() {
            let date = monday.saturating_add(i64::from(day.to_monday_zero_offset()).days());
            let at = date.at(POST_HOUR, 0, 0, 0).to_zoned(zone(client));
            let Ok(at) = at else { continue };
            let number = posts.len();
            posts.push(PostRow {
                entity: client.entity.clone(),
                slot: format!("{:04}-W{:02}/{}", iso.year(), iso.week(), index + 1),
                planned_at: at.timestamp().into(),
                text: text(client, number),
                state: PostState::Planned,
            });
        }
    }
    posts
}

/// Texts of one group of businesses: what to say, in English and German.
type Tips = [(&'static str, &'static str); 4];

const HEALTH: Tips = [
    (
        "A regular check finds small things while they are small.",
        "Regelmäßige Kontrolle findet Kleines, solange es klein ist.",
    ),
    (
        "Write your questions down before you come: nothing is forgotten then.",
        "Schreiben Sie Ihre Fragen vorher auf, dann wird nichts vergessen.",
    ),
    (
        "Bring a list of what you take; it helps us to help you.",
        "Bringen Sie eine Liste Ihrer Mittel mit; das hilft uns, Ihnen zu helfen.",
    ),
    (
        "New here? Come a little earlier, the first form takes a moment.",
        "Neu bei uns? Kommen Sie etwas früher, das erste Formular braucht einen Moment.",
    ),
];
const TRADE: Tips = [
    (
        "Have it looked at before the season starts: it is calmer then and cheaper.",
        "Lassen Sie vor der Saison nachsehen: Dann ist es ruhiger und günstiger.",
    ),
    (
        "Know where the main switch and the main valve are. Everyone at home should.",
        "Wissen Sie, wo Hauptschalter und Haupthahn sind? Alle im Haus sollten es wissen.",
    ),
    (
        "A photo of the problem and of the type plate saves a trip.",
        "Ein Foto vom Schaden und vom Typenschild spart eine Fahrt.",
    ),
    (
        "A small drip or a strange noise is the cheapest moment to ask.",
        "Ein kleines Tropfen oder ein Geräusch: Jetzt fragen ist am günstigsten.",
    ),
];
const FOOD: Tips = [
    (
        "The week has a table for you. Which evening is yours?",
        "Die Woche hat einen Tisch für Sie. Welcher Abend ist Ihrer?",
    ),
    (
        "Tell us about allergies when you book, and the kitchen plans with you.",
        "Sagen Sie uns Allergien bei der Reservierung, dann plant die Küche mit.",
    ),
    (
        "A party to plan? Ask early, good dates go first.",
        "Eine Feier geplant? Fragen Sie früh, gute Tage sind zuerst vergeben.",
    ),
    (
        "Ask what is in season; it is usually the best answer.",
        "Fragen Sie, was gerade Saison hat; das ist meist die beste Antwort.",
    ),
];
const CARE: Tips = [
    (
        "A little time for yourself is better planned than found.",
        "Etwas Zeit für sich plant man besser, als sie zu suchen.",
    ),
    (
        "Bring a picture of what you have in mind; it says more than words.",
        "Bringen Sie ein Bild Ihrer Idee mit; es sagt mehr als Worte.",
    ),
    (
        "A voucher is a present that fits everyone.",
        "Ein Gutschein ist ein Geschenk, das allen passt.",
    ),
    (
        "First time? Tell us, and we take a moment more.",
        "Zum ersten Mal da? Sagen Sie es uns, dann nehmen wir uns einen Moment mehr.",
    ),
];
const ADVICE: Tips = [
    (
        "Bring all papers to the first talk, even those that seem unimportant.",
        "Bringen Sie zum ersten Gespräch alle Unterlagen mit, auch scheinbar unwichtige.",
    ),
    (
        "A deadline is easiest to keep while it is far away. Ask early.",
        "Eine Frist hält man am leichtesten, solange sie fern ist. Fragen Sie früh.",
    ),
    (
        "A good question beats a quick answer. Note yours down.",
        "Eine gute Frage ist mehr wert als eine schnelle Antwort. Notieren Sie Ihre.",
    ),
    (
        "Ask about the cost before the work begins; we answer plainly.",
        "Fragen Sie vorher nach den Kosten; wir antworten klar.",
    ),
];

const CLOSINGS: [(&str, &str); 3] = [
    ("Ask us, we are glad to help.", "Fragen Sie uns, wir helfen gern."),
    (
        "You find our hours and the way here on this profile.",
        "Öffnungszeiten und Weg stehen in diesem Profil.",
    ),
    ("Talk to us, we take the time.", "Sprechen Sie uns an, wir nehmen uns Zeit."),
];

fn tips(category: &str) -> &'static Tips {
    match category {
        "dental" | "chiropractor" | "veterinarian" => &HEALTH,
        "restaurant" => &FOOD,
        "salon" | "spa" | "gym" => &CARE,
        "real_estate" | "attorney" | "accountant" => &ADVICE,
        _ => &TRADE,
    }
}

/// Returns the text of the post with this number in its calendar; twelve in a row differ.
fn text(client: &Client, number: usize) -> String {
    let (tip, closing) = (tips(&client.category)[number % 4], CLOSINGS[(number / 4) % 3]);
    let (tip, closing) =
        if client.language == "de" { (tip.1, closing.1) } else { (tip.0, closing.0) };
    format!("{tip} {closing}\n{}", client.name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::onboarding::tests::client;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn four_weeks_have_twelve_posts_for_a_restaurant_eight_for_a_practice_four_for_others() {
        for (category, n) in [("restaurant", 12), ("dental", 8), ("gym", 4)] {
            let posts = calendar(&client(category, "en"), at("2026-01-14T15:00:00Z"));
            assert_eq!(posts.len(), n, "{category}");
            let texts: BTreeSet<_> = posts.iter().map(|post| &post.text).collect();
            assert_eq!(texts.len(), n, "{category}: no text twice");
        }
    }

    #[test]
    fn a_calendar_begins_next_week_in_the_clients_zone_and_meets_the_one_before() {
        let client = client("dental", "en");
        let now = at("2026-01-14T15:00:00Z");
        let posts = calendar(&client, now);
        assert_eq!(calendar_version(&client, now), "calendar/2026-W04");
        assert_eq!(posts[0].slot, "2026-W04/1");
        assert_eq!(posts[0].planned_at, at("2026-01-20T15:00:00Z"), "10:00 in New York");
        assert_eq!(posts[7].slot, "2026-W07/2");
        let next = next_calendar_at(&client, now);
        assert_eq!(calendar(&client, next)[0].slot, "2026-W08/1");
    }

    #[test]
    fn a_week_that_crosses_the_year_keeps_its_iso_name() {
        let posts = calendar(&client("gym", "en"), at("2026-12-21T15:00:00Z"));
        assert_eq!(posts[0].slot, "2026-W53/1");
        assert_eq!(posts[1].slot, "2027-W01/1");
    }

    #[test]
    fn a_post_has_no_digits_and_is_signed_in_either_language() {
        for category in ["dental", "restaurant", "salon", "attorney", "plumber"] {
            for language in ["en", "de"] {
                for post in calendar(&client(category, language), at("2026-01-14T15:00:00Z")) {
                    assert!(!post.text.contains(|c: char| c.is_ascii_digit()), "{}", post.text);
                    assert!(post.text.ends_with("Bright Smiles"));
                    assert!(post.text.chars().count() <= 1_500);
                }
            }
        }
    }
}
