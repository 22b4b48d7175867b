//! What can happen in a walk.

use super::super::attempts::{self, AttemptEnd};
use super::super::effects;
use super::super::error::StoreError;
use super::super::operate;
use super::super::units::{self, Settled};
use super::super::{recovery, runs};
use super::{
    Answer, Class, Hand, LAYER, STEPS, Stage, World, class_of, intent, key, name, receipt,
};
use crate::domain::draw::Dice;
use crate::domain::ids::Epoch;
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::effect::{EffectEvent, EffectState};
use crate::domain::lifecycle::run::RunEvent;
use crate::domain::lifecycle::unit::{UnitEvent, UnitState};
use crate::domain::mode::Mode;

/// One thing that happens: a step of a worker, a loss, a person's command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Claim(usize),
    Proceed(usize),
    /// All who hold a unit are taken for dead; they do not know it, and go on.
    TakeOver,
    /// A worker really is gone.
    Die(usize),
    TimePasses,
    Retry(usize),
    Skip(usize),
    Resolve(usize),
    Run(RunEvent),
    CancelUnits,
}

impl Act {
    pub(super) fn any(dice: &mut Dice) -> Self {
        let (worker, unit) = (dice.below(2), dice.below(super::UNITS));
        match dice.below(40) {
            0..=7 => Self::Claim(worker),
            8..=23 => Self::Proceed(worker),
            24..=26 => Self::TakeOver,
            27 => Self::Die(worker),
            28..=30 => Self::TimePasses,
            31..=32 => Self::Retry(unit),
            33 => Self::Skip(unit),
            34..=36 => Self::Resolve(unit),
            37..=38 => Self::Run(dice.one_of(&RunEvent::ALL)),
            _ if dice.below(8) == 0 => Self::CancelUnits,
            _ => Self::Proceed(worker),
        }
    }
}

impl World {
    pub(super) fn act(&mut self, act: Act, dice: &mut Dice) -> Result<(), StoreError> {
        let now = self.now;
        match act {
            Act::Claim(worker) => self.claim(worker),
            Act::Proceed(worker) => self.proceed(worker, dice),
            Act::TakeOver => {
                self.write(|tx| recovery::take_back(tx, Mode::Dry, LAYER, now).map(drop))
            }
            Act::Die(worker) => {
                self.hands[worker] = None;
                self.write(|tx| recovery::take_back(tx, Mode::Dry, LAYER, now).map(drop))
            }
            Act::TimePasses => {
                self.now = now.plus_ms(60_000);
                let now = self.now;
                self.write(|tx| units::promote_due(tx, Mode::Dry, LAYER, now, now).map(drop))
            }
            Act::Retry(unit) => self.operate(unit, |tx, seen| {
                // The command refuses a held one: its effect may have happened.
                if seen.state == UnitState::Held {
                    return Err(StoreError::Fenced { what: "a held unit" });
                }
                operate::make_ready(tx, seen)
            }),
            Act::Skip(unit) => self.operate(unit, |tx, seen| operate::skip(tx, seen, "why", now)),
            Act::Resolve(unit) => self.resolve(unit),
            Act::Run(event) => {
                let run = self.run;
                self.write(|tx| runs::step(tx, run, event, None, now, now).map(drop))
            }
            Act::CancelUnits => {
                let run = self.run;
                self.write(|tx| operate::cancel_units(tx, run, now).map(drop))
            }
        }
    }

    fn operate(
        &self,
        unit: usize,
        command: impl FnOnce(&rusqlite::Connection, &operate::Handled) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            let Some((id, _)) = units::state_of(tx, Mode::Dry, &name(unit))? else { return Ok(()) };
            let Some(seen) = operate::see(tx, id)? else { return Ok(()) };
            command(tx, &seen)
        })
    }

    /// A person looks at the receiver and says what is there.
    fn resolve(&self, unit: usize) -> Result<(), StoreError> {
        let (key, now) = (key(&unit.to_string()), self.now);
        let happened = self.happened.get(&key).is_some_and(|times| *times > 0);
        self.operate(unit, |tx, seen| {
            let Some(row) = effects::get(tx, Mode::Dry, &key)? else { return Ok(()) };
            let (event, receipt) = if happened {
                (EffectEvent::FoundDone, Some(receipt()))
            } else {
                (EffectEvent::FoundAbsent, None)
            };
            let said = Some("a person");
            effects::settle(tx, Mode::Dry, &key, row.state, event, receipt.as_ref(), said, now)?;
            if seen.state == UnitState::Held { operate::make_ready(tx, seen) } else { Ok(()) }
        })
    }

    fn claim(&mut self, worker: usize) -> Result<(), StoreError> {
        if self.hands[worker].is_some() {
            return Ok(());
        }
        let (now, run) = (self.now, self.run);
        let claimed = self.write(|tx| {
            let units = units::claim(
                tx,
                Mode::Dry,
                LAYER,
                Epoch(1),
                run,
                now,
                units::Places { all: 1, taken: 0 },
            )?
            .units;
            let Some(unit) = units.into_iter().next() else { return Ok(None) };
            let (attempt, _) = attempts::start(tx, &unit, "w", "t", now, now)?;
            Ok(Some(Hand { unit, attempt, stage: Stage::Claimed }))
        })?;
        self.hands[worker] = claimed;
        Ok(())
    }

    /// Takes a worker one commit further. Whoever is told that the unit has another holder stops.
    fn proceed(&mut self, worker: usize, dice: &mut Dice) -> Result<(), StoreError> {
        let Some(hand) = self.hands[worker].take() else { return Ok(()) };
        let (attempt, now) = (hand.attempt, self.now);
        let next = match hand.stage {
            Stage::Claimed => self.intend(hand, dice),
            Stage::Called(answer) => self.note(hand, answer),
            Stage::Knows(state) => self.conclude(&hand, state, dice).map(|()| None),
        };
        match next {
            Ok(next) => self.hands[worker] = next,
            Err(error @ StoreError::Fenced { .. }) => {
                self.write(|tx| attempts::fence(tx, attempt, now))?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The first commit of an effect and, if it allows one, the call.
    fn intend(&mut self, hand: Hand, dice: &mut Dice) -> Result<Option<Hand>, StoreError> {
        let (class, now) = (class_of(&hand.unit), self.now);
        let new = intent(&hand.unit, hand.attempt);
        let happened = self.happened.get(&new.key).is_some_and(|times| *times > 0);
        let sent = self.write(|tx| {
            units::assert_held(tx, hand.unit.id, hand.unit.epoch)?;
            let Some(row) = effects::get(tx, Mode::Dry, &new.key)? else {
                effects::intend(tx, &new, now, now)?;
                return Ok(EffectState::Sending);
            };
            let mut state = row.state;
            let settle = |from, event, receipt: Option<&_>| {
                effects::settle(tx, Mode::Dry, &new.key, from, event, receipt, Some("e"), now)
            };
            if state == EffectState::Sending {
                state = settle(state, EffectEvent::LostSight, None)?;
            }
            if state == EffectState::Unknown && class == Class::Queryable {
                state = if happened {
                    settle(state, EffectEvent::FoundDone, Some(&receipt()))?
                } else {
                    settle(state, EffectEvent::FoundAbsent, None)?
                };
            }
            let event = match (state, class) {
                (EffectState::Rejected, _) => EffectEvent::SentAgain,
                (EffectState::Unknown, Class::Idempotent) => EffectEvent::Replayed,
                (known, _) => return Ok(known),
            };
            effects::resend(tx, &new, state, event, now, now)?;
            Ok(EffectState::Sending)
        })?;
        if sent != EffectState::Sending {
            return Ok(Some(Hand { stage: Stage::Knows(sent), ..hand }));
        }
        let answer = dice.one_of(&[Answer::Yes, Answer::Yes, Answer::No, Answer::Silence]);
        let arrives = answer == Answer::Yes || (answer == Answer::Silence && dice.below(2) == 0);
        let known = class == Class::Idempotent && happened;
        // A receiver that knows the key says yes to what it has done before.
        let answer = if known && answer == Answer::No { Answer::Yes } else { answer };
        if arrives && !known {
            *self.happened.entry(new.key).or_default() += 1;
        }
        Ok(Some(Hand { stage: Stage::Called(answer), ..hand }))
    }

    /// The second commit of an effect: what the receiver answered.
    fn note(&self, hand: Hand, answer: Answer) -> Result<Option<Hand>, StoreError> {
        let (key, now) = (key(&hand.unit.name.entity), self.now);
        let known = self.write(|tx| {
            units::assert_held(tx, hand.unit.id, hand.unit.epoch)?;
            let (event, receipt) = match answer {
                Answer::Yes => (EffectEvent::Confirmed, Some(receipt())),
                Answer::No => (EffectEvent::Rejected, None),
                Answer::Silence => (EffectEvent::LostSight, None),
            };
            let from = EffectState::Sending;
            effects::settle(tx, Mode::Dry, &key, from, event, receipt.as_ref(), Some("e"), now)
        })?;
        Ok(Some(Hand { stage: Stage::Knows(known), ..hand }))
    }

    /// The commit of a unit's outcome.
    fn conclude(&self, hand: &Hand, known: EffectState, dice: &mut Dice) -> Result<(), StoreError> {
        let now = self.now;
        let held = class_of(&hand.unit) == Class::AtMostOnce;
        let (event, state) = match known {
            EffectState::Confirmed => (UnitEvent::Finished, AttemptState::Ok),
            EffectState::Unknown if held => (UnitEvent::EffectUnknown, AttemptState::TimedOut),
            EffectState::Rejected | EffectState::Unknown | EffectState::Sending => {
                let gives_up = dice.below(6) == 0;
                let event = if gives_up { UnitEvent::GaveUp } else { UnitEvent::Failed };
                (event, AttemptState::Failed)
            }
        };
        let run_at = (event == UnitEvent::Failed).then(|| now.plus_ms(30_000));
        let settled =
            Settled { run_at, spent_try: run_at.is_some(), faulted: true, ..Settled::default() };
        self.write(|tx| {
            units::settle(tx, hand.unit.id, hand.unit.epoch, event, now, &settled)?;
            if event == UnitEvent::EffectUnknown {
                units::release_if_resolved(tx, hand.unit.id)?;
            }
            let end = AttemptEnd { state, at: now, duration_us: 1, error: None, retry: None };
            attempts::end(tx, hand.attempt, hand.unit.epoch, &end)
        })
    }

    /// Leads everything to its end: nobody dies any more, and a person tells what is at the receiver.
    pub(super) fn settle(&mut self, story: &str) {
        let mut dice = Dice(0);
        self.hands = [None, None];
        for _ in 0..STEPS {
            let steps = [Act::TakeOver, Act::TimePasses, Act::Claim(0)];
            let proceed = [Act::Proceed(0); 4];
            let people = (0..super::UNITS).flat_map(|unit| [Act::Resolve(unit), Act::Retry(unit)]);
            for act in steps.into_iter().chain(proceed).chain(people) {
                // A step that does not fit is refused, which is all that is asked of it here.
                drop(self.act(act, &mut dice));
                self.check(story);
            }
        }
        let open = "SELECT 'unit ' || id || ' ' || state FROM units
          WHERE state NOT IN ('done', 'dead', 'skipped', 'cancelled')
          UNION SELECT 'effect ' || e.state FROM effects e JOIN units u ON u.id = e.unit_id
          WHERE e.state NOT IN ('confirmed', 'rejected') AND u.state = 'done'";
        assert_eq!(self.list(open), Vec::<String>::new(), "{story}: without an end");
    }
}
