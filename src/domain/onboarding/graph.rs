//! Defines which onboarding task needs which others, when each is due, and when it is reminded of.
//!
//! One table. The order of the steps is a topological order of it, so that whoever reads the list
//! from top to bottom never meets a step before what it needs.

use crate::domain::hours::ContactHours;
use crate::domain::operations::OnboardingStep;

/// What holds for one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Days after the contract by which it should be done.
    pub due_days: i64,
    /// What has to be done first.
    pub needs: &'static [OnboardingStep],
    /// When whoever has to move is reminded, in days before (negative) or after the due day.
    pub reminders: &'static [i64],
    /// Days after the due day at which a person is asked to call, if it is still open then.
    pub call_after_days: Option<i64>,
}

/// When clients are reminded: in their own office hours, never at night or at the weekend.
pub const REMINDER_HOURS: ContactHours =
    ContactHours { open_hour: 9, close_hour: 17, weekends: false };

impl OnboardingStep {
    /// Returns what holds for the step.
    pub const fn node(self) -> Node {
        use OnboardingStep::{Account, Contract, Documents, Payment, Training};
        let (due_days, needs, reminders, call_after_days): (i64, &[Self], &[i64], Option<i64>) =
            match self {
                Self::Documents => (3, &[], &[-1, 1, 3], Some(5)),
                Self::Contract => (5, &[Documents], &[-1, 2], Some(4)),
                Self::Account => (7, &[Contract], &[-1, 2], Some(4)),
                // Whoever owes money is reminded by whoever is owed it: dunning is layer 8's.
                Self::Payment => (8, &[Contract], &[], None),
                Self::Training => (10, &[Account, Payment], &[-1, 2], Some(4)),
                // Our own last check: no client is reminded of our work.
                Self::GoLive => (14, &[Training], &[], None),
            };
        Node { due_days, needs, reminders, call_after_days }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Everything that has to be done before `step`, over any number of steps.
    fn all_before(step: OnboardingStep) -> BTreeSet<&'static str> {
        step.node().needs.iter().fold(BTreeSet::new(), |mut all, needed| {
            all.insert(needed.as_column());
            all.extend(all_before(*needed));
            all
        })
    }

    #[test]
    fn the_order_of_the_steps_never_names_one_before_what_it_needs() {
        let place = |step| OnboardingStep::ALL.iter().position(|&other| other == step).unwrap();
        for step in OnboardingStep::ALL {
            for &needed in step.node().needs {
                // An order that agrees with every arrow is a proof that there is no circle.
                assert!(place(needed) < place(step), "{needed:?} before {step:?}");
                assert!(needed.node().due_days < step.node().due_days, "{needed:?}, {step:?}");
            }
        }
    }

    #[test]
    fn going_live_needs_every_other_step() {
        let needed = all_before(OnboardingStep::GoLive);
        assert_eq!(needed.len(), OnboardingStep::ALL.len() - 1, "{needed:?}");
    }

    #[test]
    fn access_and_payment_do_not_wait_for_each_other() {
        assert!(!all_before(OnboardingStep::Account).contains("payment"));
        assert!(!all_before(OnboardingStep::Payment).contains("account"));
    }

    #[test]
    fn reminders_come_in_order_are_few_and_the_call_comes_last() {
        for step in OnboardingStep::ALL {
            let node = step.node();
            assert!(node.reminders.len() <= 3, "{step:?}");
            assert!(node.reminders.is_sorted());
            assert_eq!(node.reminders.is_empty(), node.call_after_days.is_none());
            assert!(node.call_after_days >= node.reminders.last().copied(), "{step:?}");
        }
    }
}
