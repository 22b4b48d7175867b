//! Walks through all lifecycles and the breaker at random, a hundred thousand times, with events that
//! fit and events that do not.

use super::attempt::AttemptState;
use super::effect::{EffectEvent, EffectState};
use super::run::{RunEvent, RunState};
use super::unit::{UnitEvent, UnitState};
use crate::domain::draw::{Dice, walks};
use crate::domain::resilience::breaker::{Breaker, BreakerPolicy};
use crate::domain::time::Moment;

/// How many walks, each with so many steps in every machine.
const WALKS: u64 = 100_000;
const STEPS: usize = 24;

const POLICY: BreakerPolicy = BreakerPolicy { failure_percent: 50, calls: 4, open_ms: 60_000 };

#[test]
fn no_walk_leaves_a_final_state_or_reaches_one_that_was_not_earned() {
    for seed in 0..walks(WALKS) {
        let mut dice = Dice(seed);
        unit(&mut dice, seed);
        effect(&mut dice, seed);
        run(&mut dice, seed);
        attempt(&mut dice, seed);
        breaker(&mut dice, seed);
    }
}

fn unit(dice: &mut Dice, seed: u64) {
    let mut state = dice.one_of(&[UnitState::Blocked, UnitState::Scheduled, UnitState::Ready]);
    let mut claims = 0;
    for _ in 0..STEPS {
        let event = dice.one_of(&UnitEvent::ALL);
        let Ok(next) = state.next(event) else { continue };
        let is_final = matches!(state, UnitState::Done | UnitState::Skipped | UnitState::Cancelled);
        assert!(!is_final, "walk {seed}: {state:?} took {event:?}");
        claims += u32::from(event == UnitEvent::Claimed);
        if matches!(
            next,
            UnitState::Done | UnitState::Dead | UnitState::Held | UnitState::RetryWait
        ) {
            assert!(claims > 0, "walk {seed}: {next:?} without a worker");
            let worked = matches!(state, UnitState::Leased | UnitState::Held);
            assert!(worked, "walk {seed}: {state:?} became {next:?} in nobody's hands");
        }
        assert!(next != UnitState::Leased || state == UnitState::Ready, "walk {seed}: {state:?}");
        state = next;
    }
}

fn effect(dice: &mut Dice, seed: u64) {
    let mut state = EffectState::Sending;
    // Whether the receiver is known to have done nothing, so that another send is harmless.
    let mut is_known_absent = false;
    for _ in 0..STEPS {
        let event = dice.one_of(&EffectEvent::ALL);
        let Ok(next) = state.next(event) else { continue };
        assert!(state != EffectState::Confirmed, "walk {seed}: a confirmed one took {event:?}");
        if next == EffectState::Sending {
            let replayed = event == EffectEvent::Replayed;
            assert!(replayed || is_known_absent, "walk {seed}: {state:?} was sent again");
        }
        is_known_absent = next == EffectState::Rejected;
        state = next;
    }
}

fn run(dice: &mut Dice, seed: u64) {
    let mut state = RunState::Planned;
    for _ in 0..STEPS {
        let event = dice.one_of(&RunEvent::ALL);
        let Ok(next) = state.next(event) else { continue };
        assert!(!state.is_ended(), "walk {seed}: {state:?} took {event:?}");
        if state == RunState::Interrupted {
            let is_taken_up = next == RunState::Running || next == RunState::Cancelled;
            assert!(is_taken_up, "walk {seed}: an interrupted run became {next:?} by itself");
        }
        state = next;
    }
}

fn attempt(dice: &mut Dice, seed: u64) {
    let mut state = AttemptState::Started;
    let mut ends = 0;
    for _ in 0..STEPS {
        if let Ok(next) = state.end(dice.one_of(&AttemptState::ALL)) {
            state = next;
            ends += 1;
        }
    }
    assert!(ends <= 1, "walk {seed}: an attempt ended {ends} times");
}

fn breaker(dice: &mut Dice, seed: u64) {
    let (mut breaker, mut now) = (Breaker::new(), Moment(0));
    for _ in 0..STEPS {
        now = now.plus_ms(i64::try_from(dice.below(40_000)).unwrap());
        match dice.below(3) {
            0 => breaker = breaker.failed(POLICY, now),
            1 => breaker = breaker.succeeded(POLICY),
            _ => match breaker.admit(POLICY, now) {
                Ok(admitted) => {
                    if let Breaker::Open { until } | Breaker::HalfOpen { until } = breaker {
                        assert!(until <= now, "walk {seed}: a call passed before {until}");
                        let next = admitted.admit(POLICY, now);
                        assert!(next.is_err(), "walk {seed}: two probes went out at {now}");
                    }
                    breaker = admitted;
                }
                Err(until) => assert!(until > now, "walk {seed}: refused until {until} at {now}"),
            },
        }
    }
}
