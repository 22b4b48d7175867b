//! Defines the outreach sequence: which channels a prospect is reached by, when, and never when.
//!
//! The plan is made once, from the channels the prospect has. Hours are kept in the prospect's own
//! zone, across changes of the clock, because a call at 06:30 in the morning is not undone by the
//! fact that it was 09:30 where the machine runs.

use jiff::ToSpan;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::sales::{Channel, Prospect};
use super::time::{DAY_MS, HOUR_MS, Moment};
use super::unit::SlotRequest;

/// The hours in which a prospect may be written to or called, in its own zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactHours {
    /// First hour in which it may.
    pub open_hour: i8,
    /// First hour in which it may not any more.
    pub close_hour: i8,
    /// Whether Saturday and Sunday are days like others.
    pub weekends: bool,
}

/// How a sequence runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceRules {
    /// Hours after the start for e-mail, LinkedIn, SMS and phone, before the first is moved to 0.
    pub after_hours: [i64; 4],
    /// Most per day for e-mail, LinkedIn, SMS and phone.
    pub per_day: [u32; 4],
    /// Whether SMS is used at all: in most places it needs consent first.
    pub sms: bool,
    /// When prospects may be reached.
    pub hours: ContactHours,
    /// How long after the last step a silence is an answer.
    pub concluded_after_days: i64,
}

impl Default for SequenceRules {
    fn default() -> Self {
        Self {
            after_hours: [0, 24, 48, 72],
            per_day: [50, 25, 30, 20],
            sms: false,
            hours: ContactHours { open_hour: 9, close_hour: 17, weekends: false },
            concluded_after_days: 7,
        }
    }
}

/// One step of a prospect's sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStep {
    /// 1, 2, 3 ...
    pub step: u32,
    /// How.
    pub channel: Channel,
    /// E-mail address, E.164 number or profile URL.
    pub address: String,
    /// How long after the start.
    pub after_ms: i64,
}

impl SequenceRules {
    const fn index(channel: Channel) -> usize {
        match channel {
            Channel::Email => 0,
            Channel::Linkedin => 1,
            Channel::Sms => 2,
            Channel::Phone => 3,
        }
    }

    /// Returns the steps for `prospect`, the first at once; empty when no channel reaches it.
    pub fn plan(&self, prospect: &Prospect) -> Vec<PlannedStep> {
        let reach = |channel| match channel {
            Channel::Email => prospect.email.as_ref(),
            Channel::Linkedin => prospect.linkedin.as_ref(),
            Channel::Sms => prospect.phone.as_ref().filter(|_| self.sms),
            Channel::Phone => prospect.phone.as_ref(),
        };
        let mut steps: Vec<PlannedStep> = Channel::ALL
            .into_iter()
            .filter_map(|channel| {
                let address = reach(channel)?.trim();
                let after_ms = self.after_hours[Self::index(channel)] * HOUR_MS;
                let address = (!address.is_empty()).then(|| address.to_owned())?;
                Some(PlannedStep { step: 0, channel, address, after_ms })
            })
            .collect();
        // A stable sort keeps the order of the channels where two share an hour.
        steps.sort_by_key(|step| step.after_ms);
        let first_ms = steps.first().map_or(0, |step| step.after_ms);
        for (number, step) in (1..).zip(&mut steps) {
            step.step = number;
            step.after_ms -= first_ms;
        }
        steps
    }

    /// Returns the place in the daily quota that a message on `channel` takes.
    pub fn slot(&self, channel: Channel, zone: &str) -> SlotRequest {
        SlotRequest {
            quota: channel.as_column().to_owned(),
            per_day: self.per_day[Self::index(channel)],
            zone: zone.to_owned(),
            open_hour: self.hours.open_hour,
            close_hour: self.hours.close_hour,
        }
    }

    /// Returns when a sequence whose last step is at `last_step` counts as answered by silence.
    pub fn concluded_at(&self, last_step: Moment) -> Moment {
        last_step.plus_ms(self.concluded_after_days * DAY_MS)
    }
}

impl ContactHours {
    /// Whether a prospect in `zone` may be reached at `at`.
    pub fn is_open(&self, at: Moment, zone: &TimeZone) -> bool {
        let local = at.to_timestamp().to_zoned(zone.clone());
        let weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
        (self.weekends || !weekend) && (self.open_hour..self.close_hour).contains(&local.hour())
    }

    /// Returns the first instant at or after `at` at which a prospect in `zone` may be reached.
    ///
    /// Hours that leave no time at all (open at or after close) give `at` plus ten days, so that
    /// a wrong setting shows as a late plan and not as an endless search.
    pub fn next_open(&self, at: Moment, zone: &TimeZone) -> Moment {
        if self.is_open(at, zone) {
            return at;
        }
        let local = at.to_timestamp().to_zoned(zone.clone());
        (0..=SEARCH_DAYS_MAX)
            .filter_map(|days| {
                let day = local.date().checked_add(days.days()).ok()?;
                // A clock that jumps over the opening hour opens when the jump is over.
                let opening = day.at(self.open_hour, 0, 0, 0).to_zoned(zone.clone()).ok()?;
                Some(Moment::from(opening.timestamp()))
            })
            .find(|&opening| opening >= at && self.is_open(opening, zone))
            .unwrap_or_else(|| at.plus_ms(SEARCH_DAYS_MAX * DAY_MS))
    }
}

/// Days searched for an opening: more than any weekend, with a clock change in it.
const SEARCH_DAYS_MAX: i64 = 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::sales::Stage;

    fn prospect(email: bool, linkedin: bool, phone: bool) -> Prospect {
        Prospect {
            entity: "osm:node/1".to_owned(),
            name: "A Dental".to_owned(),
            category: "dental".to_owned(),
            address: None,
            city: None,
            postcode: None,
            country: None,
            zone: "Europe/Berlin".to_owned(),
            language: "en".to_owned(),
            lat: None,
            lon: None,
            phone: phone.then(|| "+49301234567".to_owned()),
            email: email.then(|| "a@dental.example".to_owned()),
            website: None,
            linkedin: linkedin.then(|| "https://linkedin.com/company/a".to_owned()),
            source: "csv".to_owned(),
            attribution: String::new(),
            stage: Stage::Pitched,
            reason: None,
            score: None,
            coverage: None,
            tier: None,
        }
    }

    fn plan(email: bool, linkedin: bool, phone: bool) -> Vec<(u32, Channel, i64)> {
        SequenceRules::default()
            .plan(&prospect(email, linkedin, phone))
            .into_iter()
            .map(|step| (step.step, step.channel, step.after_ms / HOUR_MS))
            .collect()
    }

    #[test]
    fn every_channel_the_prospect_has_gets_its_step_and_the_first_comes_at_once() {
        use Channel::{Email, Linkedin, Phone};
        assert_eq!(plan(true, true, true), [(1, Email, 0), (2, Linkedin, 24), (3, Phone, 72)]);
        assert_eq!(plan(false, true, true), [(1, Linkedin, 0), (2, Phone, 48)]);
        assert_eq!(plan(false, false, true), [(1, Phone, 0)]);
        assert_eq!(plan(true, false, true), [(1, Email, 0), (2, Phone, 72)]);
        assert!(plan(false, false, false).is_empty());
    }

    #[test]
    fn a_text_message_is_planned_only_where_it_is_switched_on() {
        let rules = SequenceRules { sms: true, ..SequenceRules::default() };
        let channels: Vec<Channel> =
            rules.plan(&prospect(true, false, true)).iter().map(|step| step.channel).collect();
        assert_eq!(channels, [Channel::Email, Channel::Sms, Channel::Phone]);
    }

    #[test]
    fn an_empty_address_is_no_channel() {
        let mut nobody = prospect(true, false, false);
        nobody.email = Some("  ".to_owned());
        assert!(SequenceRules::default().plan(&nobody).is_empty());
    }

    #[test]
    fn friday_evening_waits_for_monday_morning() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let hours = SequenceRules::default().hours;
        let friday: Moment = "2026-01-09T16:30:00Z".parse().unwrap();
        assert_eq!(hours.next_open(friday, &zone).to_string(), "2026-01-12T08:00:00Z");
    }

    #[test]
    fn nine_in_the_morning_stays_nine_when_the_clocks_change() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let hours = SequenceRules::default().hours;
        // The clocks go forward on Sunday 2026-03-29, and back on 2026-10-25.
        let before: Moment = "2026-03-27T17:00:00Z".parse().unwrap();
        assert_eq!(hours.next_open(before, &zone).to_string(), "2026-03-30T07:00:00Z");
        let before: Moment = "2026-10-23T17:00:00Z".parse().unwrap();
        assert_eq!(hours.next_open(before, &zone).to_string(), "2026-10-26T08:00:00Z");
    }

    #[test]
    fn an_opening_hour_that_the_clock_jumps_over_opens_after_the_jump() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let hours = ContactHours { open_hour: 2, close_hour: 5, weekends: true };
        let midnight: Moment = "2026-03-28T23:30:00Z".parse().unwrap();
        // 02:00 does not exist on that Sunday; 03:00 summer time does.
        assert_eq!(hours.next_open(midnight, &zone).to_string(), "2026-03-29T01:00:00Z");
    }

    #[test]
    fn hours_without_any_time_end_the_search() {
        let hours = ContactHours { open_hour: 17, close_hour: 9, weekends: false };
        let at = Moment(0);
        assert_eq!(hours.next_open(at, &TimeZone::UTC), at.plus_ms(SEARCH_DAYS_MAX * DAY_MS));
    }

    proptest! {
        #[test]
        fn a_planned_contact_is_never_early_and_never_in_quiet_hours(
            minutes in 0_i64..60 * 24 * 800,
            zone in prop::sample::select(vec![
                "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
            ]),
            open in 0_i8..12,
            width in 1_i8..12,
            weekends: bool,
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let hours = ContactHours { open_hour: open, close_hour: open + width, weekends };
            let at = "2026-01-01T00:00:00Z".parse::<Moment>().unwrap().plus_ms(minutes * 60_000);
            let open_at = hours.next_open(at, &zone);
            prop_assert!(open_at >= at);
            prop_assert!(hours.is_open(open_at, &zone), "{open_at} is closed");
            prop_assert_eq!(hours.next_open(open_at, &zone), open_at);
        }
    }
}
