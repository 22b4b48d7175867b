//! Makes concurrent work deterministic: units of one wave pass each stage together and in order.
//!
//! In dry mode the same seed has to give the same units, effects and figures on every machine.
//! Units still work at the same time, but wherever they touch shared rows (intent, result, outcome)
//! all of them arrive first and then go through one by one in the order of their claim. A unit
//! reads before its first stage, so what it sees does not depend on how fast its neighbours are.
//! The wave costs nothing in durability: its commands reach the writer together and share a commit.
//!
//! Live work takes `Turn::free()`, which never waits: a slow receiver must not slow its neighbours.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// A place where units touch shared rows, in the order in which a unit passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The gate decides on an effect and writes `sending`.
    Intent,
    /// The gate writes what the receiver answered.
    Result,
    /// The orchestrator commits what the layer returned.
    Outcome,
}

const STAGES: usize = 3;

struct Member {
    /// How many stages the unit has arrived at or skipped.
    arrived: usize,
    /// How many stages the unit has passed or skipped.
    passed: usize,
}

struct State {
    members: Vec<Member>,
    arrived: [usize; STAGES],
    cursor: [usize; STAGES],
}

struct Wave {
    state: Mutex<State>,
    wake: Vec<Notify>,
}

/// One unit's place in a wave. Dropping it lets the others pass.
pub struct Turn {
    place: Option<(Arc<Wave>, usize)>,
}

impl Turn {
    /// Makes a place that never waits.
    pub const fn free() -> Self {
        Self { place: None }
    }

    /// Makes the places of a wave of `n` units, in order.
    pub fn wave(n: usize) -> Vec<Self> {
        let members = (0..n).map(|_| Member { arrived: 0, passed: 0 }).collect();
        let wave = Arc::new(Wave {
            state: Mutex::new(State { members, arrived: [0; STAGES], cursor: [0; STAGES] }),
            wake: (0..n).map(|_| Notify::new()).collect(),
        });
        (0..n).map(|index| Self { place: Some((Arc::clone(&wave), index)) }).collect()
    }

    /// Waits until all units of the wave are here or beyond and all earlier ones have passed.
    pub async fn enter(&self, stage: Stage) {
        let Some((wave, index)) = &self.place else { return };
        let stage = stage as usize;
        wave.update(|state| state.arrive(*index, stage));
        while !wave.may_pass(*index, stage) {
            wave.wake[*index].notified().await;
        }
    }

    /// Lets the next unit through; called when this one's command is on its way to the writer.
    pub fn pass(&self, stage: Stage) {
        if let Some((wave, index)) = &self.place {
            wave.update(|state| state.pass(*index, stage as usize));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((wave, index)) = &self.place {
            wave.update(|state| {
                state.arrive(*index, STAGES - 1);
                state.pass(*index, STAGES - 1);
            });
        }
    }
}

impl Wave {
    fn update(&self, change: impl FnOnce(&mut State)) {
        let next = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut state);
            state.cursor
        };
        for index in next {
            if let Some(notify) = self.wake.get(index) {
                notify.notify_one();
            }
        }
    }

    fn may_pass(&self, index: usize, stage: usize) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.arrived[stage] == state.members.len() && state.cursor[stage] == index
    }
}

impl State {
    /// Counts `index` as arrived at `stage` and as through with all stages before it.
    fn arrive(&mut self, index: usize, stage: usize) {
        for reached in self.members[index].arrived..=stage {
            self.arrived[reached] += 1;
        }
        self.members[index].arrived = self.members[index].arrived.max(stage + 1);
        self.members[index].passed = self.members[index].passed.max(stage);
        self.advance();
    }

    fn pass(&mut self, index: usize, stage: usize) {
        self.members[index].passed = self.members[index].passed.max(stage + 1);
        self.advance();
    }

    fn advance(&mut self) {
        for stage in 0..STAGES {
            while self.members.get(self.cursor[stage]).is_some_and(|member| member.passed > stage) {
                self.cursor[stage] += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn order_of_passing(skips: &'static [usize]) -> Vec<usize> {
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (index, turn) in Turn::wave(8).into_iter().enumerate().rev() {
            let log = Arc::clone(&log);
            tasks.push(crate::runtime::spawn::task("test", async move {
                for stage in [Stage::Intent, Stage::Result, Stage::Outcome] {
                    if stage == Stage::Result && skips.contains(&index) {
                        continue;
                    }
                    turn.enter(stage).await;
                    log.lock().unwrap().push(index + 10 * stage as usize);
                    turn.pass(stage);
                    tokio::task::yield_now().await;
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        Arc::try_unwrap(log).unwrap().into_inner().unwrap()
    }

    #[tokio::test]
    async fn units_pass_each_stage_together_and_in_order() {
        let expected: Vec<_> =
            (0..3).flat_map(|stage| (0..8).map(move |index| index + 10 * stage)).collect();
        assert_eq!(order_of_passing(&[]).await, expected);
    }

    #[tokio::test]
    async fn a_unit_that_skips_a_stage_holds_nobody_up() {
        let passed = order_of_passing(&[0, 3, 7]).await;
        assert_eq!(passed.len(), 21);
        assert_eq!(&passed[8..13], [11, 12, 14, 15, 16]);
    }

    #[tokio::test]
    async fn a_unit_that_panics_holds_nobody_up() {
        let mut turns = Turn::wave(2);
        let last = turns.pop().unwrap();
        drop(turns);
        last.enter(Stage::Intent).await;
        last.enter(Stage::Outcome).await;
    }
}
