//! Defines opportunities: what an audit found missing, ranked by what it is worth.
//!
//! The wording is bound to the source. What is not on a map may well exist, so no sentence here
//! says that a business lacks something; it says where nothing was listed.

use serde::{Deserialize, Serialize};

use super::{Audit, Signal, Source};

/// One thing worth doing for a profile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opportunity {
    /// What is missing or incomplete.
    pub signal: Signal,
    /// Points of 100 that it would add.
    pub points: f64,
    /// Whether something is there already, only not all of it.
    pub partial: bool,
}

/// Returns what `audit` found missing, the most valuable first; signals that the source does not
/// reveal are never among them.
pub fn opportunities(audit: &Audit) -> Vec<Opportunity> {
    let mut found: Vec<Opportunity> = audit
        .signals
        .iter()
        .filter_map(|line| {
            let earned = line.earned?;
            (earned < line.weight).then_some(Opportunity {
                signal: line.signal,
                points: line.weight - earned,
                partial: earned > 0.0,
            })
        })
        .collect();
    // A stable sort: equal points keep the order of the table of signals.
    found.sort_by(|a, b| b.points.total_cmp(&a.points));
    found
}

impl Opportunity {
    /// A stable word for machines: `add_website`, `improve_photos`.
    pub fn code(&self) -> String {
        let verb = if self.partial { "improve" } else { "add" };
        format!("{verb}_{}", self.signal.as_column())
    }

    /// States what was observed, as one sentence in the language of the pitch (`de`, else English).
    pub fn sentence(&self, source: Source, language: &str) -> String {
        sentence_of(&[*self], source, language)
    }

    /// States what was observed as a line of a list whose head says where it was looked for.
    pub fn item(&self, language: &str) -> String {
        let german = language == "de";
        let what = what(self.signal, self.partial, german);
        if german || self.partial { what.to_owned() } else { format!("no {what}") }
    }
}

/// States several observations of one source in one sentence.
pub fn sentence_of(found: &[Opportunity], source: Source, language: &str) -> String {
    let german = language == "de";
    let place = source.listed_in(german);
    let items: Vec<String> = found.iter().map(|one| one.item(language)).collect();
    let what = items.join(if german { " und " } else { " and " });
    let all_partial = found.iter().all(|one| one.partial);
    match (all_partial, german) {
        (false, false) => format!("We found {what} for you {place}."),
        (false, true) => format!("Wir haben {place} {what} zu Ihnen gefunden."),
        (true, false) => format!("We found {what} {place}."),
        (true, true) => format!("Wir haben {place} {what} gefunden."),
    }
}

/// Names the missing thing so that it fits into the sentence.
const fn what(signal: Signal, partial: bool, german: bool) -> &'static str {
    match (signal, partial, german) {
        (Signal::Category, _, false) => "category",
        (Signal::Category, _, true) => "keine Kategorie",
        (Signal::Address, _, false) => "street address",
        (Signal::Address, _, true) => "keine Anschrift",
        (Signal::Phone, _, false) => "phone number",
        (Signal::Phone, _, true) => "keine Telefonnummer",
        (Signal::Website, false, false) => "web site of your own",
        (Signal::Website, false, true) => "keine eigene Website",
        (Signal::Website, true, false) => "only a hosted or social page as your web site",
        (Signal::Website, true, true) => "nur eine gehostete oder soziale Seite als Website",
        (Signal::RegularHours, false, false) => "opening hours",
        (Signal::RegularHours, false, true) => "keine Öffnungszeiten",
        (Signal::RegularHours, true, false) => "opening hours that programs cannot read",
        (Signal::RegularHours, true, true) => "Öffnungszeiten, die Programme nicht lesen können,",
        (Signal::SpecialHours, _, false) => "holiday hours",
        (Signal::SpecialHours, _, true) => "keine Feiertagszeiten",
        (Signal::Description, _, false) => "description",
        (Signal::Description, _, true) => "keine Beschreibung",
        (Signal::Photos, false, false) => "photos",
        (Signal::Photos, false, true) => "keine Fotos",
        (Signal::Photos, true, false) => "fewer than ten photos",
        (Signal::Photos, true, true) => "weniger als zehn Fotos",
        (Signal::Services, false, false) => "list of services",
        (Signal::Services, false, true) => "keine Leistungen",
        (Signal::Services, true, false) => "only a few services",
        (Signal::Services, true, true) => "nur wenige Leistungen",
        (Signal::ReviewCount, false, false) => "reviews",
        (Signal::ReviewCount, false, true) => "keine Bewertungen",
        (Signal::ReviewCount, true, false) => "fewer than fifty reviews",
        (Signal::ReviewCount, true, true) => "weniger als fünfzig Bewertungen",
        (Signal::ReviewRating, false, false) => "rating above three",
        (Signal::ReviewRating, false, true) => "keine Bewertung über drei",
        (Signal::ReviewRating, true, false) => "a rating with room to grow",
        (Signal::ReviewRating, true, true) => "eine Bewertung mit Luft nach oben",
        (Signal::ReviewReplies, false, false) => "replies to reviews",
        (Signal::ReviewReplies, false, true) => "keine Antworten auf Bewertungen",
        (Signal::ReviewReplies, true, false) => "reviews without a reply",
        (Signal::ReviewReplies, true, true) => "Bewertungen ohne Antwort",
        (Signal::Posts, false, false) => "recent posts",
        (Signal::Posts, false, true) => "keine aktuellen Beiträge",
        (Signal::Posts, true, false) => "fewer than four posts in thirty days",
        (Signal::Posts, true, true) => "weniger als vier Beiträge in dreißig Tagen",
        (Signal::BookingLink, _, false) => "booking link",
        (Signal::BookingLink, _, true) => "keinen Link zur Terminbuchung",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::profile::{Facts, Knowable, audit};

    fn found(source: Source) -> Vec<Opportunity> {
        let facts = Facts { category: Some("dental".to_owned()), ..Facts::default() };
        opportunities(&audit(&facts, Knowable::of(source)))
    }

    #[test]
    fn the_most_valuable_gap_comes_first() {
        let codes: Vec<_> = found(Source::OverpassJson).iter().map(Opportunity::code).collect();
        assert_eq!(
            codes,
            [
                "add_website",
                "add_regular_hours",
                "add_description",
                "add_address",
                "add_phone",
                "add_special_hours"
            ]
        );
    }

    #[test]
    fn a_map_entry_never_leads_to_a_remark_about_photos_or_reviews() {
        assert!(found(Source::OverpassJson).iter().all(|o| {
            !matches!(o.signal, Signal::Photos | Signal::ReviewCount | Signal::Posts)
        }));
    }

    #[test]
    fn no_sentence_takes_not_listed_for_not_existing() {
        for (source, signal) in
            Source::ALL.into_iter().flat_map(|s| Signal::ALL.into_iter().map(move |g| (s, g)))
        {
            for (partial, language) in
                [(false, "en"), (false, "de"), (true, "en"), (true, "de"), (true, "fr")]
            {
                let text = Opportunity { signal, points: 1.0, partial }.sentence(source, language);
                assert!(text.contains(source.listed_in(language == "de")), "{text}");
                for claim in ["You have no", "You do not", "lack", "Sie haben kein", "fehlt"] {
                    assert!(!text.contains(claim), "{text}");
                }
            }
        }
    }
}
