//! Defines the outreach sequence: which channels a prospect is reached by, and when.
//!
//! The plan follows from the channels the prospect has, and each step takes its place in a day's
//! quota and within the hours in which the prospect may be reached.

use super::bounce::SoftBounceRules;
use super::cold_mail::MailPolicy;
use super::hours::ContactHours;
use super::quota::{DailyCap, Quota, mail_domain};
use super::sales::{Channel, Prospect};
use super::time::{DAY_MS, HOUR_MS, Moment};
use super::unit::SlotRequest;

/// How a sequence runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceRules {
    /// Hours after the start for e-mail, LinkedIn, SMS and phone, before the first is moved to 0.
    pub after_hours: [i64; 4],
    /// Most per day for e-mail, LinkedIn, SMS and phone.
    pub per_day: [DailyCap; 4],
    /// Most e-mails per day to one mail domain.
    pub per_domain: u32,
    /// Where e-mail and SMS may go.
    pub mail_policy: MailPolicy,
    /// Whether SMS is used at all: in most places it needs consent first.
    pub sms: bool,
    /// When prospects may be reached.
    pub hours: ContactHours,
    /// How long after the last step a silence is an answer.
    pub concluded_after_days: i64,
    /// How long to wait for somebody who is away without saying until when.
    pub away_wait_days: i64,
    /// What follows when servers give up on a mail for now.
    pub soft_bounces: SoftBounceRules,
}

impl Default for SequenceRules {
    fn default() -> Self {
        Self {
            after_hours: [0, 24, 48, 72],
            per_day: [50, 25, 30, 20].map(DailyCap::flat),
            per_domain: 10,
            mail_policy: MailPolicy::Everywhere,
            sms: false,
            hours: ContactHours { open_hour: 9, close_hour: 17, weekends: false },
            concluded_after_days: 7,
            away_wait_days: 3,
            soft_bounces: SoftBounceRules { max: 3, wait_days: 2 },
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

    /// Returns why e-mail and SMS to `prospect` are refused by the law of its country.
    pub fn mail_refusal(&self, prospect: &Prospect) -> Option<String> {
        self.mail_policy.refusal(prospect.country.as_deref())
    }

    /// Returns the steps for `prospect`, the first at once; empty when no channel reaches it.
    ///
    /// A step keeps its number when one before it may not be sent, so that what was planned under
    /// other settings still finds its place.
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
        for (number, step) in (1..).zip(&mut steps) {
            step.step = number;
        }
        if self.mail_refusal(prospect).is_some() {
            steps.retain(|step| !matches!(step.channel, Channel::Email | Channel::Sms));
        }
        let first_ms = steps.first().map_or(0, |step| step.after_ms);
        for step in &mut steps {
            step.after_ms -= first_ms;
        }
        steps
    }

    /// Returns the quotas that a message on `channel` to `address` counts in.
    pub fn quotas(&self, channel: Channel, address: &str) -> Vec<Quota> {
        let name = channel.as_column().to_owned();
        let mut quotas = vec![Quota { name, cap: self.per_day[Self::index(channel)] }];
        if channel == Channel::Email
            && let Some(domain) = mail_domain(address)
        {
            let cap = DailyCap::flat(self.per_domain);
            quotas.push(Quota { name: format!("domain:{domain}"), cap });
        }
        quotas
    }

    /// Returns the place in the daily quotas that a message on `channel` to `address` takes.
    pub fn slot(&self, channel: Channel, address: &str, zone: &str) -> SlotRequest {
        SlotRequest {
            quotas: self.quotas(channel, address),
            zone: zone.to_owned(),
            hours: self.hours,
        }
    }

    /// Returns when a sequence whose last step is at `last_step` counts as answered by silence.
    pub fn concluded_at(&self, last_step: Moment) -> Moment {
        last_step.plus_ms(self.concluded_after_days * DAY_MS)
    }
}

#[cfg(test)]
mod tests {
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
    fn a_country_that_allows_no_cold_mail_is_called_and_the_steps_keep_their_numbers() {
        let rules = SequenceRules {
            mail_policy: MailPolicy::Only(vec!["US".to_owned()]),
            ..SequenceRules::default()
        };
        let german = Prospect { country: Some("DE".to_owned()), ..prospect(true, true, true) };
        let steps: Vec<_> =
            rules.plan(&german).into_iter().map(|step| (step.step, step.channel)).collect();
        assert_eq!(steps, [(2, Channel::Linkedin), (3, Channel::Phone)]);
        assert_eq!(rules.plan(&german)[0].after_ms, 0);
        assert!(rules.mail_refusal(&german).unwrap().contains("UWG"));
    }

    #[test]
    fn a_mail_counts_for_its_channel_and_its_domain_and_a_call_for_its_channel() {
        let rules = SequenceRules::default();
        let names = |channel, address| -> Vec<String> {
            rules.quotas(channel, address).into_iter().map(|quota| quota.name).collect()
        };
        assert_eq!(names(Channel::Email, "A@gmx.de"), ["email", "domain:gmx.de"]);
        assert_eq!(names(Channel::Phone, "+49301234567"), ["phone"]);
    }

    #[test]
    fn an_empty_address_is_no_channel() {
        let mut nobody = prospect(true, false, false);
        nobody.email = Some("  ".to_owned());
        assert!(SequenceRules::default().plan(&nobody).is_empty());
    }
}
