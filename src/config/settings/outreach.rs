//! Defines how prospects are written to: how many, when, through which channel.

use serde::Serialize;

use crate::domain::bounce::SoftBounceRules;
use crate::domain::cold_mail::MailPolicy;
use crate::domain::hours::ContactHours;
use crate::domain::mode::Mode;
use crate::domain::quota::{DailyCap, WarmUp};
use crate::domain::sales::Channel;
use crate::domain::sequence::SequenceRules;

/// How prospects are approached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outreach {
    /// Name of the campaign.
    pub campaign: String,
    /// Messages per day.
    pub caps: PerChannel,
    /// How the e-mail cap of a new sender grows.
    pub warm_up: WarmUp,
    /// E-mails per day to one mail domain.
    pub domain_per_day: u32,
    /// Countries to which live e-mail and SMS may go, ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// Hours after the start of a sequence.
    pub sequence_hours: PerChannel,
    /// When prospects may be approached.
    pub quiet_hours: QuietHours,
    /// Whether SMS is used at all.
    pub sms_enabled: bool,
    /// Days without an answer after the last step until the outreach is concluded.
    pub expire_after_days: u32,
    /// Days a sequence waits for somebody who is away without saying until when.
    pub away_wait_days: u32,
    /// What follows when servers give up on a mail for now.
    pub soft_bounces: SoftBounceRules,
}

impl Outreach {
    /// Returns the rules of sequences in `mode`. Where mail may go is asked only where it leaves.
    pub fn rules(&self, mode: Mode) -> SequenceRules {
        let (hours, caps) = (self.sequence_hours, self.caps);
        let warmed = |full| DailyCap { full, warm_up: Some(self.warm_up) };
        SequenceRules {
            after_hours: Channel::ALL.map(|channel| i64::from(hours.of(channel))),
            per_day: Channel::ALL.map(|channel| match channel {
                Channel::Email => warmed(caps.email),
                Channel::Linkedin | Channel::Sms | Channel::Phone => {
                    DailyCap::flat(caps.of(channel))
                }
            }),
            per_domain: self.domain_per_day,
            mail_policy: match mode {
                Mode::Dry => MailPolicy::Everywhere,
                Mode::Live => MailPolicy::Only(self.countries.clone()),
            },
            sms: self.sms_enabled,
            hours: self.quiet_hours.contact_hours(),
            concluded_after_days: i64::from(self.expire_after_days),
            away_wait_days: i64::from(self.away_wait_days),
            soft_bounces: self.soft_bounces,
        }
    }
}

/// One number for each channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PerChannel {
    /// For e-mail.
    pub email: u32,
    /// For LinkedIn.
    pub linkedin: u32,
    /// For SMS.
    pub sms: u32,
    /// For the phone.
    pub phone: u32,
}

impl PerChannel {
    /// Changes the number of `channel`.
    pub const fn set(&mut self, channel: Channel, number: u32) {
        match channel {
            Channel::Email => self.email = number,
            Channel::Linkedin => self.linkedin = number,
            Channel::Sms => self.sms = number,
            Channel::Phone => self.phone = number,
        }
    }

    /// Returns the number of `channel`.
    pub const fn of(self, channel: Channel) -> u32 {
        match channel {
            Channel::Email => self.email,
            Channel::Linkedin => self.linkedin,
            Channel::Sms => self.sms,
            Channel::Phone => self.phone,
        }
    }
}

/// When prospects may be approached, in their own zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QuietHours {
    /// First hour of the day, 0–23.
    pub open_hour: i8,
    /// First hour in which nothing is sent any more, 1–24.
    pub close_hour: i8,
    /// Whether Saturdays and Sundays are left out.
    pub weekdays_only: bool,
}

impl QuietHours {
    /// Returns them as the hours in which prospects may be reached.
    pub const fn contact_hours(self) -> ContactHours {
        ContactHours {
            open_hour: self.open_hour,
            close_hour: self.close_hour,
            weekends: !self.weekdays_only,
        }
    }
}
