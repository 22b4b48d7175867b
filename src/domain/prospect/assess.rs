//! Defines how one business is judged: left out, not qualified, or a prospect with tier and score.

use super::leave_out::{LeftOut, Likeness, left_out};
use super::normalise::normalise;
use super::place::Place;
use super::record::Record;
use crate::domain::profile::{Audit, Facts, Opportunity, Verdict, audit, opportunities};
use crate::domain::sales::{Prospect, Stage};

/// Everything that layer 1 finds out about a business.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// The row, with stage, reason, score and tier.
    pub prospect: Prospect,
    /// What was observed.
    pub facts: Facts,
    /// How that was scored.
    pub audit: Audit,
}

/// Judges one record. `twin` is the record of the same business that stays instead of this one.
pub fn assess(record: &Record, twin: Option<&(String, Likeness)>, default: &Place) -> Assessment {
    let (mut prospect, facts) = normalise(record, default);
    let audit = audit(&facts, record.knowable);
    prospect.score = audit.score;
    prospect.coverage = Some(audit.coverage);
    let duplicate =
        twin.map(|(of, because)| LeftOut::Duplicate { of: of.clone(), because: *because });
    (prospect.stage, prospect.reason) = match (left_out(record).or(duplicate), audit.verdict()) {
        (Some(reason), _) => (Stage::LeftOut, Some(reason.to_string())),
        (None, Verdict::Qualified(tier)) => {
            prospect.tier = Some(tier);
            (Stage::Qualified, None)
        }
        (None, Verdict::Complete) => {
            (Stage::NotQualified, Some("the listing is complete enough".to_owned()))
        }
        (None, Verdict::InsufficientData) => {
            let known = audit.coverage;
            let why = format!("insufficient data: only {known:.0} of 100 points are knowable");
            (Stage::NotQualified, Some(why))
        }
    };
    Assessment { prospect, facts, audit }
}

impl Assessment {
    /// How much is known of the business; of two records of one business the richer stays.
    pub fn richness(&self) -> usize {
        let contact = [&self.prospect.email, &self.prospect.phone, &self.prospect.linkedin];
        let seen = [&self.facts.address, &self.facts.regular_hours, &self.facts.description];
        contact.into_iter().chain(seen).filter(|field| field.is_some()).count()
            + usize::from(self.facts.website.is_some())
    }

    /// What is worth doing for it, the most valuable first.
    pub fn opportunities(&self) -> Vec<Opportunity> {
        opportunities(&self.audit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::profile::{Knowable, Signal};
    use crate::domain::prospect::record::tests::element;
    use crate::domain::sales::Tier;

    fn default() -> Place {
        Place { country: "GB".into(), zone: "Europe/London".into(), language: "en".into() }
    }

    #[test]
    fn a_weak_listing_is_a_prospect_with_the_gaps_ranked() {
        let record = element(
            "osm:node/1",
            &[("amenity", "dentist"), ("name", "A"), ("phone", "+44 1632 960001")],
        );
        let found = assess(&record, None, &default());
        assert_eq!(
            (found.prospect.stage, found.prospect.tier),
            (Stage::Qualified, Some(Tier::Hot))
        );
        assert_eq!(found.prospect.score, Some(28.0));
        assert_eq!(found.opportunities()[0].code(), "add_website");
    }

    #[test]
    fn a_duplicate_is_left_out_and_names_the_record_that_stays() {
        let record = element("osm:node/1", &[("amenity", "dentist"), ("name", "A")]);
        let twin = ("osm:way/2".to_owned(), Likeness::NameNearby);
        let found = assess(&record, Some(&twin), &default());
        assert_eq!(found.prospect.stage, Stage::LeftOut);
        assert_eq!(
            found.prospect.reason.as_deref(),
            Some("duplicate of osm:way/2: same name nearby")
        );
    }

    #[test]
    fn too_little_data_is_said_and_is_no_low_score() {
        let mut record = element("csv:a", &[("category", "dental"), ("name", "A")]);
        record.knowable = Knowable::NONE.with(Signal::Category).with(Signal::Phone);
        let found = assess(&record, None, &default());
        assert_eq!((found.prospect.stage, found.prospect.score), (Stage::NotQualified, None));
        assert!(found.prospect.reason.unwrap().starts_with("insufficient data"));
    }
}
