//! Defines the gate, the one place through which effects pass.
//!
//! The order never changes: look up the key · consent · caps · rate · breaker · `sending` · call ·
//! result. Everything from consent to `sending` is one transaction (`intent`), so a refusal has
//! reserved nothing. The gate never sleeps: what has to wait is `Deferred` with its reason, and the
//! orchestrator waits. Dry and live differ in the `World` alone.

mod budget;
mod dispatch;
mod intent;
mod result;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use self::intent::{Admission, Sending};
use super::port::{Call, World};
use crate::config::Current;
use crate::domain::effect::{Action, Audience, Effect, EffectKey, Receipt, Recovery};
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::ids::{AttemptId, Epoch, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::mode::Mode;
use crate::domain::outcome::Stop;
use crate::domain::time::Moment;
use crate::effects::permit::Permit;
use crate::runtime::clock::Clock;
use crate::runtime::failpoint;
use crate::store::effects::NewEffect;
use crate::store::error::StoreError;
use crate::store::late_writes::{self, Fate, LateWrite};
use crate::store::term::Term;
use crate::store::wave::{Stage, Turn};
use crate::store::{Store, effects as journal, restores};

/// The gate of one mode.
pub struct Gate {
    world: World,
    store: Store,
    clock: Arc<dyn Clock>,
    settings: Current,
    owner: String,
    in_flight: AtomicUsize,
}

/// An effect with everything the gate has to know about who wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectOrder {
    /// The world.
    pub mode: Mode,
    /// The layer that wants it.
    pub layer: Layer,
    /// The unit that wants it.
    pub unit: UnitId,
    /// The epoch of the unit's claim.
    pub epoch: Epoch,
    /// The attempt that wants it.
    pub attempt: AttemptId,
    /// To what: a natural key.
    pub entity: String,
    /// What is done.
    pub action: Action,
    /// Which of several on that entity.
    pub version: String,
    /// Whom it reaches.
    pub audience: Audience,
    /// Everything the receiver needs.
    pub effect: Effect,
    /// The mode's time.
    pub now: Moment,
}

impl Gate {
    /// Puts a gate in front of `world`. `owner` names this process in the journal.
    pub fn new(
        world: World,
        store: Store,
        clock: Arc<dyn Clock>,
        settings: impl Into<Current>,
        owner: String,
    ) -> Self {
        let (settings, in_flight) = (settings.into(), AtomicUsize::new(0));
        Self { world, store, clock, settings, owner, in_flight }
    }

    /// Performs an effect, or returns the receipt that it already has.
    ///
    /// # Errors
    /// `Deferred` and `Refused` before anything is sent, `Failed` when the receiver said no,
    /// `Unknown` when nobody can say. `term` says how long the caller's leases run: no call is made
    /// that could end after them.
    pub async fn perform(
        &self,
        order: EffectOrder,
        turn: &Turn,
        term: &Term,
    ) -> Result<Receipt, Stop> {
        let permit = Permit::new();
        let route = dispatch::route(&self.world, &order.effect);
        let key =
            EffectKey::new(order.mode, order.layer, &order.entity, order.action, &order.version);
        let row = self.journal_row(&order, &key, route.recovery)?;
        self.assert_covered(&order, term)?;
        let asked = self.reconcile(&permit, &order, &row, &route, term).await?;
        failpoint::hit("effect.before_intent");
        self.assert_covered(&order, term)?;
        let admission = turn.write(
            &self.store,
            Stage::Intent,
            "effect intent",
            intent::admit(
                order.clone(),
                row,
                route.recovery,
                asked,
                self.settings.get(),
                self.clock.wall(),
            ),
        );
        let admission = self.kept(&order, "effect intent", admission.await, None).await;
        let sending = match admission.map_err(WorkError::from)? {
            Admission::Replay(receipt) => return Ok(receipt),
            Admission::Deferred { until, why } => return Err(Stop::Deferred { until, why }),
            Admission::Refused { why } => return Err(Stop::Refused { why }),
            Admission::Hold(error) => {
                return Err(Stop::Unknown { key, error: Box::new(error) });
            }
            Admission::Bug(error) => return Err(Stop::Failed(error)),
            Admission::Send(sending) => sending,
        };
        failpoint::hit("effect.intended");
        // This process may have stood still since the commit.
        if let Err(short) = self.assert_covered(&order, term) {
            self.take_back(&order, &key, &route, sending).await?;
            return Err(short);
        }
        let call = Call {
            key: key.clone(),
            mode: order.mode,
            layer: order.layer,
            attempt: sending.sends,
            now: order.now,
        };
        let asked = dispatch::call(&self.world, &permit, &call, &sending.payload);
        let answer = self.in_time(asked, term).await;
        failpoint::hit("effect.sent");
        self.note(&order, &key, &route, answer, turn).await
    }

    /// Puts the effect off when its call could end after the leases do, because another process may
    /// then have sent it again. A process that is about to end begins no call either.
    fn assert_covered(&self, order: &EffectOrder, term: &Term) -> Result<(), Stop> {
        if term.is_cut() {
            return Err(Stop::Failed(cut("this process stops: the call was not made")));
        }
        let call_ms = self.settings.get().orchestrator.call_timeout_ms();
        if term.covers(self.clock.uptime(), call_ms) {
            return Ok(());
        }
        Err(Stop::Deferred {
            until: order.now,
            why: "the lease could end during the call".to_owned(),
        })
    }

    /// Journals that an admitted call was not made.
    async fn take_back(
        &self,
        order: &EffectOrder,
        key: &EffectKey,
        route: &dispatch::Route,
        sending: Sending,
    ) -> Result<(), Stop> {
        let why = "not sent: the lease could have ended during the call".to_owned();
        let take_back = result::take_back(order, key.clone(), route, sending, why);
        // Not with the wave: whoever had to wait for it could lose its own lease meanwhile.
        let taken = self.store.write("effect not sent", take_back).await;
        let effect = (route.recovery != Recovery::ReadOnly).then(|| (key.clone(), Fate::NotSent));
        let taken = self.kept(order, "effect not sent", taken, effect).await;
        Ok(taken.map_err(WorkError::from)?)
    }

    /// Keeps a write about an effect that was refused because its unit has another holder, with what
    /// is known of the effect here.
    async fn kept<T>(
        &self,
        order: &EffectOrder,
        command: &'static str,
        result: Result<T, StoreError>,
        effect: Option<(EffectKey, Fate)>,
    ) -> Result<T, StoreError> {
        late_writes::kept(&self.store, result, None, || {
            let act = format!("{} to {}", order.action.as_column(), order.entity);
            let knew = match effect.as_ref().map(|(_, fate)| fate) {
                None => format!("{act} was not sent"),
                Some(Fate::NotSent) => format!("{act} was intended and not sent"),
                Some(Fate::Confirmed(receipt)) => {
                    format!("{act} was confirmed as {}", receipt.reference)
                }
                Some(Fate::Rejected(error)) => format!("{act} was refused: {error}"),
                Some(Fate::Unknown(error)) => format!("{act} may have happened: {error}"),
            };
            LateWrite {
                mode: order.mode,
                at: order.now,
                wall_at: self.clock.wall(),
                owner: self.owner.clone(),
                command,
                layer: Some(order.layer),
                run: None,
                unit: Some(order.unit),
                attempt: Some(order.attempt),
                effect,
                knew,
            }
        })
        .await
    }

    /// How many calls wait for their answer at this moment.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// The name of this process in the journal.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Makes the journal row that an effect would get. Read-only effects get none: asking twice
    /// changes nothing outside.
    fn journal_row(
        &self,
        order: &EffectOrder,
        key: &EffectKey,
        recovery: Recovery,
    ) -> Result<NewEffect, Stop> {
        let payload = serde_json::to_string(&order.effect)
            .map_err(|error| WorkError::bug("payload", error.to_string()))?;
        Ok(NewEffect {
            mode: order.mode,
            key: key.clone(),
            layer: order.layer,
            unit: order.unit,
            attempt: order.attempt,
            action: order.action,
            entity: order.entity.clone(),
            version: order.version.clone(),
            recovery: recovery.as_column(),
            host: dispatch::route(&self.world, &order.effect).host,
            digest: hex::encode(&Sha256::digest(payload.as_bytes())[..16]),
            payload,
            owner: self.owner.clone(),
        })
    }

    /// Settles an effect whose fate is unknown by asking the receiver, where it can be asked, and
    /// returns whether it was. In a restored database one without a row may be unknown too.
    ///
    /// The unit is ours, so whoever sent it before us is dead or done: a row in `sending` is
    /// unknown by now.
    async fn reconcile(
        &self,
        permit: &Permit,
        order: &EffectOrder,
        new: &NewEffect,
        route: &dispatch::Route,
        term: &Term,
    ) -> Result<bool, Stop> {
        if route.recovery != Recovery::Queryable {
            return Ok(false);
        }
        let (mode, key) = (order.mode, &new.key);
        let sends = self.store.read(|conn| match journal::get(conn, mode, key)? {
            Some(row) => {
                let open = matches!(row.state, EffectState::Sending | EffectState::Unknown);
                Ok(open.then_some(row.sends))
            }
            None => match restores::carried(conn, mode, key)? {
                Some(sends) => Ok(Some(sends)),
                None => Ok(restores::doubt(conn, mode, order.unit)?.map(|_| 0)),
            },
        });
        let Some(attempt) = sends.map_err(WorkError::from)? else { return Ok(false) };
        let call = Call { key: key.clone(), mode, layer: order.layer, attempt, now: order.now };
        let asked = dispatch::find(&self.world, permit, &call, &order.effect);
        let found = self.in_time(asked, term).await?;
        let evidence = match &found {
            Some(receipt) => format!("found at {} as {}", route.host, receipt.reference),
            None => format!("no trace of it at {}", route.host),
        };
        let fate = found.clone().map_or(Fate::NotSent, Fate::Confirmed);
        let wall = self.clock.wall();
        let settings = self.settings.get();
        let reconciled = result::reconciled(order, new.clone(), found, evidence, settings, wall);
        let noted = self.store.write("effect reconcile", reconciled).await;
        let noted = self.kept(order, "effect reconcile", noted, Some((key.clone(), fate))).await;
        noted.map_err(WorkError::from)?;
        Ok(true)
    }

    /// Waits for a receiver's answer as long as a call may take, and no longer than this process may.
    /// What may have had an effect by then is `Indeterminate`, or `Cancelled` when it was us who left.
    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, WorkError>>,
        term: &Term,
    ) -> Result<T, WorkError> {
        let limit_s = self.settings.get().orchestrator.call_timeout_s;
        let limit = Duration::from_secs(u64::from(limit_s));
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let answered = tokio::select! {
            answer = tokio::time::timeout(limit, answer) => answer.unwrap_or_else(|_| {
                let what = format!("no answer within {limit_s} s");
                Err(WorkError::new(ErrorClass::Indeterminate, "timeout", what))
            }),
            () = term.until_cut() => Err(cut("this process stopped before an answer came")),
        };
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        answered
    }

    /// Journals what the receiver answered and feeds the breaker: the second commit.
    async fn note(
        &self,
        order: &EffectOrder,
        key: &EffectKey,
        route: &dispatch::Route,
        answer: Result<Receipt, WorkError>,
        turn: &Turn,
    ) -> Result<Receipt, Stop> {
        failpoint::hit("effect.before_result");
        let noted = turn.write(
            &self.store,
            Stage::Result,
            "effect result",
            result::settle(result::Settlement {
                order: order.clone(),
                key: key.clone(),
                journaled: route.recovery != Recovery::ReadOnly,
                host: route.host,
                adapter: route.name,
                answer: answer.clone(),
                settings: self.settings.get(),
                wall: self.clock.wall(),
            }),
        );
        let effect = (route.recovery != Recovery::ReadOnly).then(|| {
            let fate = match &answer {
                Ok(receipt) => Fate::Confirmed(receipt.clone()),
                Err(error) if result::is_unclear(error) => Fate::Unknown(error.to_string()),
                Err(error) => Fate::Rejected(error.to_string()),
            };
            (key.clone(), fate)
        });
        let noted = self.kept(order, "effect result", noted.await, effect).await;
        noted.map_err(WorkError::from)?;
        failpoint::hit("effect.settled");
        match answer {
            Ok(receipt) => Ok(receipt),
            Err(error) if error.class == ErrorClass::Indeterminate => {
                if route.recovery == Recovery::AtMostOnce {
                    Err(Stop::Unknown { key: key.clone(), error: Box::new(error) })
                } else {
                    // The next attempt asks the receiver, or repeats under the same key.
                    Err(Stop::Failed(error))
                }
            }
            Err(error) => Err(Stop::Failed(error)),
        }
    }
}

/// The error of what ends because this process does: no try is spent on it.
fn cut(what: &str) -> WorkError {
    WorkError::new(ErrorClass::Cancelled, "shutdown", what)
}
