//! Makes concurrent work deterministic: units of one wave write each stage together and in order.
//!
//! In dry mode the same seed has to give the same units, effects and figures on every machine.
//! Units still work at the same time, but what they write to shared rows (intent, result, outcome)
//! is kept until every unit of the wave has something to write or has ended. Then the commands of
//! the earliest stage go to the writer in one piece, in the order of the claim, and share a commit.
//! Nothing is committed while a unit works, so what it reads does not depend on how fast its
//! neighbours are. The wave costs nothing in durability: each command is answered after COMMIT.
//!
//! Live work takes `Turn::free()`, which never waits: a slow receiver must not slow its neighbours.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::error::StoreError;
use super::writer::{Job, Writer};
use super::{Committed, Store};

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

/// Where a unit of the wave is.
enum Seat {
    /// It works, and will write something or end.
    Working,
    /// It waits until its command is written.
    Waiting(Stage, Job),
    /// It has ended.
    Left,
}

struct State {
    seats: Vec<Seat>,
    working: usize,
    /// What is written right after the outcomes.
    then: Option<Job>,
}

struct Wave {
    state: Mutex<State>,
    writer: Writer,
}

/// One unit's place in a wave. Dropping it lets the others go on.
pub struct Turn {
    place: Option<(Arc<Wave>, usize)>,
}

impl Turn {
    /// Makes a place that never waits.
    pub const fn free() -> Self {
        Self { place: None }
    }

    /// Makes the places of a wave of `n` units, in order, and queues `then` to be written right
    /// after the outcomes of all of them. A wave that ends without an outcome never writes `then`.
    pub fn wave<T: Send + 'static>(
        store: &Store,
        n: usize,
        then: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> (Vec<Self>, Committed<T>) {
        let (then, answer) = Job::new("after a wave", then);
        let seats = (0..n).map(|_| Seat::Working).collect();
        let wave = Arc::new(Wave {
            state: Mutex::new(State { seats, working: n, then: Some(then) }),
            writer: store.inner.writer.clone(),
        });
        let turns = (0..n).map(|index| Self { place: Some((Arc::clone(&wave), index)) }).collect();
        (turns, Committed(answer))
    }

    /// Writes `command` at `stage` together with the rest of the wave; the answer comes after
    /// COMMIT. Whoever writes again before the answer takes the earlier command back.
    pub fn write<T: Send + 'static>(
        &self,
        store: &Store,
        stage: Stage,
        name: &'static str,
        command: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Committed<T> {
        let Some((wave, index)) = &self.place else { return store.write(name, command) };
        let (job, answer) = Job::new(name, command);
        wave.seat(*index, Seat::Waiting(stage, job));
        Committed(answer)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((wave, index)) = &self.place {
            wave.seat(*index, Seat::Left);
        }
    }
}

impl Wave {
    fn seat(&self, index: usize, seat: Seat) {
        let ready = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.seat(index, seat);
            state.take_ready()
        };
        self.writer.submit(ready);
    }
}

impl State {
    fn seat(&mut self, index: usize, seat: Seat) {
        let before = std::mem::replace(&mut self.seats[index], seat);
        self.working -= usize::from(matches!(before, Seat::Working));
    }

    /// Takes the commands of the earliest stage, in order, once no unit works any more.
    fn take_ready(&mut self) -> Vec<Job> {
        if self.working > 0 {
            return Vec::new();
        }
        let stage_of = |seat: &Seat| match seat {
            Seat::Waiting(stage, _) => Some(*stage),
            Seat::Working | Seat::Left => None,
        };
        let earliest = self.seats.iter().filter_map(stage_of).min();
        let mut ready = Vec::with_capacity(self.seats.len() + 1);
        for seat in &mut self.seats {
            if earliest.is_some()
                && stage_of(seat) == earliest
                && let Seat::Waiting(_, job) = std::mem::replace(seat, Seat::Working)
            {
                ready.push(job);
            }
        }
        self.working = ready.len();
        if earliest == Some(Stage::Outcome) {
            ready.extend(self.then.take());
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Moment;
    use crate::runtime::clock::ManualClock;

    type Log = Arc<Mutex<Vec<usize>>>;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        // Time stands still, so no transaction is full because the machine is busy.
        let clock = Arc::new(ManualClock::at(Moment(0)));
        let store = Store::open(&folder.path().join("t.db"), clock).unwrap();
        (folder, store)
    }

    /// Notes `what` when it is written.
    fn note(
        log: &Log,
        what: usize,
    ) -> impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static {
        let log = Arc::clone(log);
        move |_| {
            log.lock().unwrap().push(what);
            Ok(())
        }
    }

    /// Works a wave of eight, the last one first, and returns what was written in which order, with
    /// the number of commits.
    async fn written(stages_of: fn(usize) -> Vec<Stage>) -> (Vec<usize>, u64) {
        let (_folder, store) = store();
        let log = Log::default();
        let (turns, then) = Turn::wave(&store, 8, note(&log, 99));
        let mut tasks = Vec::new();
        for (index, turn) in turns.into_iter().enumerate().rev() {
            let (log, store) = (Arc::clone(&log), store.clone());
            tasks.push(crate::runtime::spawn::task("test", async move {
                for stage in stages_of(index) {
                    let write = note(&log, index + 10 * stage as usize);
                    turn.write(&store, stage, "test", write).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        then.await.unwrap();
        let written = log.lock().unwrap().clone();
        // Asked on the writer's own thread, where every earlier commit has been counted.
        let commits = store.commits();
        (written, store.write("count", move |_| Ok(*commits.borrow())).await.unwrap())
    }

    #[tokio::test]
    async fn units_write_each_stage_together_and_in_order_and_the_next_claim_rides_along() {
        let (written, commits) =
            written(|_| vec![Stage::Intent, Stage::Result, Stage::Outcome]).await;
        let expected: Vec<_> = (0..3)
            .flat_map(|stage| (0..8).map(move |index| index + 10 * stage))
            .chain([99])
            .collect();
        assert_eq!((written, commits), (expected, 3));
    }

    #[tokio::test]
    async fn a_unit_that_skips_a_stage_holds_nobody_up() {
        let (written, commits) = written(|index| match index {
            0 | 3 | 7 => vec![Stage::Outcome],
            _ => vec![Stage::Intent, Stage::Result, Stage::Outcome],
        })
        .await;
        let expected =
            [1, 2, 4, 5, 6, 11, 12, 14, 15, 16, 20, 21, 22, 23, 24, 25, 26, 27, 99].to_vec();
        assert_eq!((written, commits), (expected, 3));
    }

    #[tokio::test]
    async fn a_unit_with_two_effects_has_both_written_before_any_outcome() {
        let (written, _) = written(|index| match index {
            2 | 5 => {
                vec![Stage::Intent, Stage::Result, Stage::Intent, Stage::Result, Stage::Outcome]
            }
            _ => vec![Stage::Outcome],
        })
        .await;
        let expected = [2, 5, 12, 15, 2, 5, 12, 15, 20, 21, 22, 23, 24, 25, 26, 27, 99].to_vec();
        assert_eq!(written, expected);
    }

    #[tokio::test]
    async fn a_unit_that_panics_holds_nobody_up() {
        let (_folder, store) = store();
        let log = Log::default();
        let (mut turns, then) = Turn::wave(&store, 2, note(&log, 99));
        let last = turns.pop().unwrap();
        drop(turns);
        last.write(&store, Stage::Intent, "test", note(&log, 1)).await.unwrap();
        last.write(&store, Stage::Outcome, "test", note(&log, 2)).await.unwrap();
        then.await.unwrap();
        assert_eq!(*log.lock().unwrap(), [1, 2, 99]);
    }

    #[tokio::test]
    async fn a_command_that_timed_out_while_waiting_is_taken_back() {
        let (_folder, store) = store();
        let log = Log::default();
        let (turns, then) = Turn::wave(&store, 2, note(&log, 99));
        drop(turns[0].write(&store, Stage::Intent, "test", note(&log, 1)));
        let failed = turns[0].write(&store, Stage::Outcome, "test", note(&log, 2));
        let other = turns[1].write(&store, Stage::Outcome, "test", note(&log, 3));
        failed.await.unwrap();
        other.await.unwrap();
        then.await.unwrap();
        assert_eq!(*log.lock().unwrap(), [2, 3, 99]);
    }
}
