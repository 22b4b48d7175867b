//! Decides what an attempt's end means for its unit. Pure: no I/O, no clock.

use crate::domain::draw::Seed;
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::event::NewEvent;
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::unit::UnitEvent;
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::resilience::backoff::{AfterFailure, RetryPolicy, after_failure};
use crate::domain::time::Moment;
use crate::domain::unit::Unit;
use crate::store::units::Settled;

/// Everything that the commit of an attempt's end writes.
#[derive(Clone, Debug)]
pub(super) struct Conclusion {
    /// What happens to the unit.
    pub(super) event: UnitEvent,
    /// The columns that go with it.
    pub(super) settled: Settled,
    /// How the attempt ended.
    pub(super) attempt: AttemptState,
    /// The error with its fingerprint.
    pub(super) error: Option<(WorkError, String)>,
    /// The planned retry.
    pub(super) retry: Option<(Moment, String)>,
    /// What the layer returned, when it returned.
    pub(super) outcome: Option<StepOutcome>,
    /// What the orchestrator has to tell besides.
    pub(super) event_told: Option<NewEvent>,
}

/// Decides what `result` means for `unit`.
pub(super) fn conclude(
    policy: &RetryPolicy,
    seed: Seed,
    unit: &Unit,
    now: Moment,
    result: Result<StepOutcome, Stop>,
) -> Conclusion {
    match result {
        Ok(outcome) => returned(outcome),
        Err(Stop::Deferred { until, why }) => deferred(until, why),
        Err(Stop::Refused { why }) => {
            let told = NewEvent::info("unit_refused", format!("{}: {why}", unit.label));
            Conclusion {
                settled: Settled { why: Some(why), skipped_by_rule: true, ..Settled::default() },
                event_told: Some(told),
                ..plain(UnitEvent::Skipped, AttemptState::Ok)
            }
        }
        Err(Stop::Unknown { error, .. }) => {
            let told = NewEvent::error("unit_held", format!("{} is held: {error}", unit.label));
            let why = Some(error.message.clone());
            Conclusion {
                settled: Settled { why, faulted: true, ..Settled::default() },
                error: Some(marked(unit, *error)),
                event_told: Some(told),
                ..plain(UnitEvent::EffectUnknown, AttemptState::TimedOut)
            }
        }
        Err(Stop::Failed(error)) => failed(policy, seed, unit, now, error),
    }
}

fn plain(event: UnitEvent, attempt: AttemptState) -> Conclusion {
    Conclusion {
        event,
        settled: Settled::default(),
        attempt,
        error: None,
        retry: None,
        outcome: None,
        event_told: None,
    }
}

fn marked(unit: &Unit, error: WorkError) -> (WorkError, String) {
    let fingerprint = error.fingerprint(unit.name.layer, &unit.kind);
    (error, fingerprint)
}

fn returned(outcome: StepOutcome) -> Conclusion {
    let base = match &outcome.next {
        Next::Done => plain(UnitEvent::Finished, AttemptState::Ok),
        Next::Skipped(reason) => Conclusion {
            settled: Settled {
                why: Some(reason.clone()),
                skipped_by_rule: true,
                ..Settled::default()
            },
            ..plain(UnitEvent::Skipped, AttemptState::Ok)
        },
        Next::Scheduled { at, why } => deferred(*at, why.clone()),
        Next::Waiting { why } => Conclusion {
            settled: Settled { why: Some(why.clone()), ..Settled::default() },
            ..plain(UnitEvent::HandedOver, AttemptState::Ok)
        },
    };
    Conclusion { outcome: Some(outcome), ..base }
}

fn deferred(until: Moment, why: String) -> Conclusion {
    Conclusion {
        settled: Settled { why: Some(why), run_at: Some(until), ..Settled::default() },
        ..plain(UnitEvent::Deferred, AttemptState::Deferred)
    }
}

fn failed(
    policy: &RetryPolicy,
    seed: Seed,
    unit: &Unit,
    now: Moment,
    error: WorkError,
) -> Conclusion {
    let attempt = match error.class {
        ErrorClass::Indeterminate => AttemptState::TimedOut,
        ErrorClass::Cancelled => AttemptState::Cancelled,
        ErrorClass::LeaseLost => AttemptState::Fenced,
        ErrorClass::Transient
        | ErrorClass::RateLimited
        | ErrorClass::Permanent
        | ErrorClass::Bug => AttemptState::Failed,
    };
    if attempt == AttemptState::Cancelled {
        return Conclusion {
            error: Some(marked(unit, error)),
            ..plain(UnitEvent::LeaseLost, attempt)
        };
    }
    let key = unit.name.as_column();
    let since = unit.first_failed_at.unwrap_or(now);
    let spent = Settled { spent_try: true, faulted: true, ..Settled::default() };
    match after_failure(policy, seed, &key, unit.tries + 1, since, &error, now) {
        AfterFailure::Retry { at, why } => {
            let text = format!("{} failed: {error}; again at {at} ({why})", unit.label);
            Conclusion {
                settled: Settled { why: Some(why.clone()), run_at: Some(at), ..spent },
                error: Some(marked(unit, error)),
                retry: Some((at, why)),
                event_told: Some(NewEvent::warn("attempt_failed", text)),
                ..plain(UnitEvent::Failed, attempt)
            }
        }
        AfterFailure::GiveUp { why } => {
            let text = format!("{} is dead: {error} ({why})", unit.label);
            Conclusion {
                settled: Settled { why: Some(format!("{error} ({why})")), ..spent },
                error: Some(marked(unit, error)),
                event_told: Some(NewEvent::error("unit_dead", text)),
                ..plain(UnitEvent::GaveUp, attempt)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::EffectKey;
    use crate::domain::ids::{Epoch, UnitId};
    use crate::domain::layer::Layer;
    use crate::domain::lifecycle::unit::UnitState;
    use crate::domain::mode::Mode;
    use crate::domain::unit::UnitName;

    const POLICY: RetryPolicy = RetryPolicy {
        base_ms: 30_000,
        factor: 2.0,
        cap_ms: 600_000,
        max_tries: 3,
        deadline_ms: 86_400_000,
    };

    fn unit(tries: u32) -> Unit {
        Unit {
            id: UnitId(1),
            mode: Mode::Dry,
            name: UnitName::new(Layer::OutreachEngine, "osm:node/1", "message/1"),
            kind: "message".to_owned(),
            label: "e-mail 1 to A Dental".to_owned(),
            payload: serde_json::json!({}),
            answer: None,
            state: UnitState::Leased,
            epoch: Epoch(1),
            tries,
            due_at: None,
            first_failed_at: None,
            run_id: None,
        }
    }

    fn after(tries: u32, result: Result<StepOutcome, Stop>) -> Conclusion {
        conclude(&POLICY, Seed(1), &unit(tries), Moment(0), result)
    }

    #[test]
    fn a_deferral_spends_no_try_and_counts_as_no_error() {
        let stop = Stop::Deferred { until: Moment(60_000), why: "rate limit".to_owned() };
        let end = after(0, Err(stop));
        assert_eq!(end.event, UnitEvent::Deferred);
        assert_eq!(end.attempt.counts_as_error(), None);
        assert!(!end.settled.spent_try && !end.settled.faulted);
    }

    #[test]
    fn the_last_try_makes_the_unit_dead_and_names_the_root_cause() {
        let error = WorkError::new(ErrorClass::Transient, "refused", "connection refused");
        assert_eq!(after(0, Err(error.clone().into())).event, UnitEvent::Failed);
        let last = after(2, Err(error.into()));
        assert_eq!(last.event, UnitEvent::GaveUp);
        assert!(last.settled.why.unwrap().contains("connection refused"));
    }

    #[test]
    fn an_unknown_effect_holds_the_unit() {
        let stop = Stop::Unknown {
            key: EffectKey("k".to_owned()),
            error: Box::new(WorkError::new(ErrorClass::Indeterminate, "reset", "no answer")),
        };
        assert_eq!(after(0, Err(stop)).event, UnitEvent::EffectUnknown);
    }
}
