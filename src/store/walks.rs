//! Walks through the store at random: two workers, a receiver, losses, late writes, operators, and a
//! clock, with the functions that the machine itself uses.
//!
//! After every step the rows have to agree with each other and with what the receiver has seen; at the
//! end everything that was begun is led to an end.

mod acts;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rusqlite::Connection;

use super::effects::NewEffect;
use super::error::StoreError;
use super::{open, runs, units};
use crate::domain::draw::{Dice, walks};
use crate::domain::effect::{Action, EffectKey, Receipt};
use crate::domain::ids::{AttemptId, RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, Unit, UnitName};

/// How many walks a usual test takes, and the steps of each. `CEP_WALKS=100000` is the long form.
const WALKS: u64 = 300;
const STEPS: usize = 40;

/// How many units there are; each wants one effect, and the classes take turns.
const UNITS: usize = 3;

const LAYER: Layer = Layer::OutreachEngine;

/// How an effect is recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Idempotent,
    Queryable,
    AtMostOnce,
}

const CLASSES: [Class; UNITS] = [Class::Idempotent, Class::Queryable, Class::AtMostOnce];

/// What a receiver answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Silence,
}

/// Where a worker is with its unit.
#[derive(Clone, Debug)]
enum Stage {
    Claimed,
    Called(Answer),
    Knows(EffectState),
}

/// A unit in a worker's hands. A worker that was taken for dead still has it there.
#[derive(Clone, Debug)]
struct Hand {
    unit: Unit,
    attempt: AttemptId,
    stage: Stage,
}

struct World {
    conn: Connection,
    now: Moment,
    run: RunId,
    hands: [Option<Hand>; 2],
    /// How many times each act took effect outside.
    happened: BTreeMap<EffectKey, u32>,
    /// What was last known of each unit: its state and epoch.
    units: BTreeMap<UnitId, (UnitState, i64)>,
    /// What was last known of each effect.
    effects: BTreeMap<EffectKey, EffectState>,
}

fn name(index: usize) -> UnitName {
    UnitName::new(LAYER, index.to_string(), "v")
}

fn key(entity: &str) -> EffectKey {
    EffectKey::new(Mode::Dry, LAYER, entity, Action::SendEmail, "v")
}

fn receipt() -> Receipt {
    Receipt { reference: "seen".to_owned(), data: serde_json::Value::Null }
}

fn class_of(unit: &Unit) -> Class {
    CLASSES[unit.name.entity.parse::<usize>().unwrap_or(0)]
}

fn intent(unit: &Unit, attempt: AttemptId) -> NewEffect {
    NewEffect {
        mode: Mode::Dry,
        key: key(&unit.name.entity),
        layer: LAYER,
        unit: unit.id,
        attempt,
        action: Action::SendEmail,
        entity: unit.name.entity.clone(),
        version: "v".to_owned(),
        recovery: "idempotent",
        host: "h",
        payload: PAYLOAD.to_owned(),
        digest: "d".to_owned(),
        owner: "w".to_owned(),
    }
}

const PAYLOAD: &str = r#"{"effect":"mail","to":"a@b.example","to_name":"A","from":"u@a.example",
  "from_name":"U","subject":"S","text":"T"}"#;

impl World {
    fn begin(conn: Connection) -> Self {
        conn.execute_batch("BEGIN").unwrap();
        let now = Moment(0);
        for index in 0..UNITS {
            let unit = NewUnit::ready(name(index), "k", "l", serde_json::json!({}));
            units::insert(&conn, Mode::Dry, None, now, &unit).unwrap();
        }
        let new = runs::NewRun {
            mode: Mode::Dry,
            scope: "3".to_owned(),
            input: None,
            input_limit: None,
            owner: "w".to_owned(),
        };
        let run = runs::start(&conn, &new, now, now).unwrap();
        Self {
            conn,
            now,
            run,
            hands: [None, None],
            happened: BTreeMap::new(),
            units: BTreeMap::new(),
            effects: BTreeMap::new(),
        }
    }

    /// Does what the writer does with a command: an error undoes all of it.
    fn write<T>(
        &self,
        command: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.conn.execute_batch("SAVEPOINT command").unwrap();
        let done = command(&self.conn);
        if done.is_err() {
            self.conn.execute_batch("ROLLBACK TO command").unwrap();
        }
        self.conn.execute_batch("RELEASE command").unwrap();
        done
    }

    fn list(&self, sql: &str) -> Vec<String> {
        let mut statement = self.conn.prepare_cached(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// Checks everything that always holds, and remembers what may only grow.
    fn check(&mut self, story: &str) {
        for rule in RULES {
            assert_eq!(self.list(rule), Vec::<String>::new(), "{story}");
        }
        let mut statement = self.conn.prepare_cached("SELECT id, state, epoch FROM units").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))));
        let seen: BTreeMap<UnitId, (UnitState, i64)> =
            rows.unwrap().collect::<Result<_, _>>().unwrap();
        drop(statement);
        for (id, (state, epoch)) in &self.units {
            let (state_now, epoch_now) = seen[id];
            assert!(epoch_now >= *epoch, "{story}: an epoch went back");
            let is_final =
                matches!(state, UnitState::Done | UnitState::Skipped | UnitState::Cancelled);
            assert!(!is_final || state_now == *state, "{story}: {state:?} became {state_now:?}");
        }
        self.units = seen;
        let mut statement = self.conn.prepare_cached("SELECT key, state FROM effects").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let seen: BTreeMap<EffectKey, EffectState> = rows.collect::<Result<_, _>>().unwrap();
        drop(statement);
        for (key, state) in &self.effects {
            let state_now = seen.get(key).copied();
            assert!(state_now.is_some(), "{story}: an effect is gone");
            let moved = *state == EffectState::Confirmed && state_now != Some(*state);
            assert!(!moved, "{story}: a confirmed effect is {state_now:?}");
        }
        for (key, times) in &self.happened {
            assert!(*times <= 1, "{story}: {key} happened {times} times");
        }
        for (key, state) in &seen {
            let happened = self.happened.get(key).is_some_and(|times| *times > 0);
            assert!(*state != EffectState::Confirmed || happened, "{story}: confirmed for nothing");
            assert!(*state != EffectState::Rejected || !happened, "{story}: rejected and happened");
        }
        self.effects = seen;
    }
}

/// Each lists what must never be.
const RULES: [&str; 5] = [
    "SELECT 'attempt ' || a.id || ' of a unit that nobody has' FROM attempts a JOIN units u
       ON u.id = a.unit_id WHERE a.state = 'started' AND (u.state <> 'leased' OR u.epoch <> a.epoch)",
    "SELECT 'leased unit without an attempt ' || id FROM units u WHERE state = 'leased' AND 1 <>
       (SELECT count(*) FROM attempts WHERE unit_id = u.id AND state = 'started')",
    "SELECT 'held for nothing ' || id FROM units u WHERE state = 'held' AND NOT EXISTS
       (SELECT 1 FROM effects WHERE unit_id = u.id AND state = 'unknown')",
    "SELECT 'done without its effect ' || id FROM units u WHERE state = 'done' AND NOT EXISTS
       (SELECT 1 FROM effects WHERE unit_id = u.id AND state = 'confirmed')",
    "SELECT 'counted wrong: ' || c.state FROM unit_counts c WHERE n <>
       (SELECT count(*) FROM units WHERE mode = c.mode AND layer = c.layer AND state = c.state)",
];

#[test]
fn whatever_two_workers_a_receiver_and_operators_do_nothing_is_lost_and_nothing_happens_twice() {
    let mut conn = open::in_memory();
    let (mut refused, mut done) = (0_u64, 0_u64);
    for seed in 0..walks(WALKS) {
        let mut dice = Dice(seed);
        let mut world = World::begin(conn);
        let mut story = format!("walk {seed}:");
        for _ in 0..STEPS {
            let act = acts::Act::any(&mut dice);
            let _ = write!(story, " {act:?}");
            match world.act(act, &mut dice) {
                Ok(()) => done += 1,
                Err(StoreError::Illegal(_) | StoreError::Fenced { .. }) => refused += 1,
                Err(other) => panic!("{story}: {other}"),
            }
            world.check(&story);
        }
        world.settle(&story);
        conn = world.conn;
        conn.execute_batch("ROLLBACK").unwrap();
    }
    assert!(refused > 0 && done > refused, "{done} acts done, {refused} refused: too tame a walk");
}
