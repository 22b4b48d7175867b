//! Defines what a mail server's refusal means: for the address, for the campaign, or for us.
//!
//! The same word "bounced" covers a dead mailbox, a full one, a throttled sender and a broken DNS
//! entry of our own. Suppressing an address for our own fault would lose a customer; sending on
//! into a policy block would cost the domain's reputation. The enhanced status code (RFC 3463)
//! tells them apart, and the one table below is the only place that reads it.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::time::DAY_MS;

/// An enhanced mail status code, `class.subject.detail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MailStatus {
    /// 2 success, 4 persistent transient, 5 permanent.
    pub class: u16,
    /// 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// Which of them.
    pub detail: u16,
}

/// A text that is not an enhanced status code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an enhanced status code such as 5.1.1")]
pub struct NotAStatus(String);

/// What to do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BounceVerdict {
    /// It was delivered after all; nothing follows.
    Delivered,
    /// The address does not exist: never write to it again.
    SuppressAddress,
    /// The receiver wants it later; its own server tries again.
    Defer,
    /// The receiver blocks the sender by policy: stop the campaign, keep the address.
    StopCampaign,
    /// Our set-up or our text is at fault: a person has to mend it, and the address is kept.
    AlertOperator,
}

impl MailStatus {
    /// Returns what to do; `reply` is the three-digit reply code, if one is known.
    ///
    /// The reply code matters once: 454 says that our own login failed, while the same `4.7.0`
    /// after 421 says that we send too fast.
    pub const fn verdict(self, reply: Option<u16>) -> BounceVerdict {
        match (self.class, self.subject, self.detail) {
            (2, _, _) => BounceVerdict::Delivered,
            (4, 7, 0) if matches!(reply, Some(454)) => BounceVerdict::AlertOperator,
            (4 | 5, 7, 8) => BounceVerdict::AlertOperator,
            (4, _, _) | (5, 2, 2) => BounceVerdict::Defer,
            (5, 1, _) | (5, 2, 1) => BounceVerdict::SuppressAddress,
            (5, 7, _) => BounceVerdict::StopCampaign,
            // Too big, wrong content, routing, protocol, and whatever a later RFC adds: nothing
            // here says that the address is bad, so a person looks.
            _ => BounceVerdict::AlertOperator,
        }
    }
}

/// Days in which soft bounces add up: a fault of last season says nothing of this one.
pub const SOFT_WINDOW_MS: i64 = 90 * DAY_MS;

/// How often a wait doubles: the sixth would be longer than the window.
const DOUBLINGS_MAX: u64 = 6;

/// What follows when servers give up on mail for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SoftBounceRules {
    /// So many within the window, and the address counts as undeliverable.
    pub max: u32,
    /// Days before the first further try.
    pub wait_days: u32,
}

impl SoftBounceRules {
    /// Returns how long to wait before a mail is tried again after its `n`-th soft bounce, each time
    /// twice as long; `None` when the address counts as undeliverable.
    pub fn again_after_ms(self, n: u64) -> Option<i64> {
        if n >= u64::from(self.max) {
            return None;
        }
        let doubled = 1_i64 << n.saturating_sub(1).min(DOUBLINGS_MAX);
        Some(i64::from(self.wait_days) * doubled * DAY_MS)
    }
}

impl fmt::Display for MailStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl FromStr for MailStatus {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().split('.').map(str::parse::<u16>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(class @ (2 | 4 | 5))), Some(Ok(subject)), Some(Ok(detail)), None)
                if subject <= 999 && detail <= 999 =>
            {
                Ok(Self { class, subject, detail })
            }
            _ => Err(NotAStatus(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: &str) -> BounceVerdict {
        status.parse::<MailStatus>().unwrap().verdict(None)
    }

    #[test]
    fn an_address_that_does_not_exist_is_suppressed() {
        for status in ["5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1"] {
            assert_eq!(verdict(status), BounceVerdict::SuppressAddress, "{status}");
        }
    }

    #[test]
    fn a_receiver_that_is_busy_or_full_is_tried_again_by_its_server() {
        for status in ["4.2.1", "4.2.2", "4.3.0", "4.4.1", "4.7.0", "4.7.28", "5.2.2"] {
            assert_eq!(verdict(status), BounceVerdict::Defer, "{status}");
        }
    }

    #[test]
    fn a_policy_block_stops_the_campaign_and_keeps_the_address() {
        for status in ["5.7.1", "5.7.25", "5.7.26", "5.7.28", "5.7.29", "5.7.515"] {
            assert_eq!(verdict(status), BounceVerdict::StopCampaign, "{status}");
        }
    }

    #[test]
    fn a_mail_is_tried_again_after_ever_longer_until_the_address_is_given_up() {
        let rules = SoftBounceRules { max: 4, wait_days: 2 };
        let days = |n| rules.again_after_ms(n).map(|ms| ms / DAY_MS);
        assert_eq!([1, 2, 3, 4, 5].map(days), [Some(2), Some(4), Some(8), None, None]);
        assert_eq!(SoftBounceRules { max: 1, wait_days: 2 }.again_after_ms(1), None);
        let endless = SoftBounceRules { max: u32::MAX, wait_days: 14 };
        assert!((1..70).all(|n| endless.again_after_ms(n).is_none_or(|ms| ms > 0)));
    }

    #[test]
    fn our_own_faults_go_to_a_person() {
        for status in ["5.2.3", "5.3.4", "5.6.0", "5.6.7", "5.7.8", "4.7.8"] {
            assert_eq!(verdict(status), BounceVerdict::AlertOperator, "{status}");
        }
        let throttled: MailStatus = "4.7.0".parse().unwrap();
        assert_eq!(throttled.verdict(Some(454)), BounceVerdict::AlertOperator);
        assert_eq!(throttled.verdict(Some(421)), BounceVerdict::Defer);
    }

    #[test]
    fn a_code_reads_back_as_it_prints_and_nonsense_is_refused() {
        assert_eq!("5.7.26".parse::<MailStatus>().unwrap().to_string(), "5.7.26");
        for nonsense in ["", "5", "5.1", "5.1.1.1", "3.1.1", "5.x.1", "550 5.1.1", "5.1000.1"] {
            assert!(nonsense.parse::<MailStatus>().is_err(), "{nonsense}");
        }
    }
}
