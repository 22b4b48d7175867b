//! Provides the simulated world: adapters that keep no state and answer by keyed draws.
//!
//! Each answer is a pure function of (seed, effect key, number of the send, dry time). A call fails
//! iff its draw lies below the fault rate, so a higher rate fails a superset of calls. Everything
//! here says `sim` in its name, and every receipt starts with `sim:`.

pub mod billing;
pub mod calendar;
pub mod counterparty;
pub mod mail;
pub mod market;
pub mod people;
pub mod profile;
pub mod receiver;
pub mod reports;
pub mod source;
pub mod town;
pub mod workspace;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use self::receiver::Receiver;
use crate::domain::draw::Seed;
use crate::domain::effect::Receipt;
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::fault::{FaultKind, FaultPlan};
use crate::domain::time::MINUTE_MS;
use crate::effects::port::Call;

/// The part that all simulated adapters share.
#[derive(Clone)]
pub struct Sim {
    seed: Seed,
    plan: Arc<FaultPlan>,
    injected: Arc<AtomicU32>,
    receiver: Option<Arc<Receiver>>,
}

impl Sim {
    /// Makes a world. With a receiver, every call that arrives is noted in its file.
    pub fn new(seed: Seed, plan: FaultPlan, receiver: Option<Arc<Receiver>>) -> Self {
        Self { seed, plan: Arc::new(plan), injected: Arc::default(), receiver }
    }

    /// The seed that everything here follows from.
    pub const fn seed(&self) -> Seed {
        self.seed
    }

    /// Makes the next `n` calls be refused, whatever the plan says: the demo's fault key.
    pub fn inject(&self, n: u32) {
        self.injected.fetch_add(n, Ordering::SeqCst);
    }

    /// Answers a call that changes something: the receipt, or the fault that the plan has for it.
    ///
    /// # Errors
    /// The planned fault, classified as a real client would classify it. One that is silent never
    /// answers.
    pub async fn answer(&self, call: &Call, receipt: Receipt) -> Result<Receipt, WorkError> {
        self.answer_with(call, receipt, Receiver::note).await
    }

    /// Answers a call whose receiver cannot tell a repeat from another one: each takes effect.
    ///
    /// # Errors
    /// As `answer`.
    pub async fn answer_keyless(
        &self,
        call: &Call,
        receipt: Receipt,
    ) -> Result<Receipt, WorkError> {
        self.answer_with(call, receipt, Receiver::note_keyless).await
    }

    async fn answer_with(
        &self,
        call: &Call,
        receipt: Receipt,
        note: fn(&Receiver, &Call) -> Result<(), WorkError>,
    ) -> Result<Receipt, WorkError> {
        let fault = self.fault(call);
        let arrives = match fault {
            None => true,
            Some(FaultKind::TimedOut | FaultKind::Silent) => self.arrived_before_timeout(call),
            Some(FaultKind::Refused | FaultKind::RateLimited | FaultKind::Rejected) => false,
        };
        if arrives && let Some(receiver) = &self.receiver {
            note(receiver, call)?;
        }
        if fault == Some(FaultKind::Silent) {
            std::future::pending::<()>().await;
        }
        fault.map_or(Ok(receipt), |kind| Err(error_of(kind, call)))
    }

    /// Answers a call that changes nothing.
    ///
    /// # Errors
    /// The planned fault; a time-out is harmless here and worth another try.
    pub fn answer_read(&self, call: &Call, receipt: Receipt) -> Result<Receipt, WorkError> {
        self.fault(call).map_or(Ok(receipt), |kind| {
            let mut error = error_of(kind, call);
            if error.class == ErrorClass::Indeterminate {
                error.class = ErrorClass::Transient;
            }
            Err(error)
        })
    }

    /// Answers whether any of the sends so far arrived.
    ///
    /// Without a receiver's file a send counts as arrived unless its own draw says otherwise: the
    /// simulated world has no memory but the journal, and the journal says that it was sent.
    ///
    /// # Errors
    /// The receiver's file cannot be read.
    pub fn has_arrived(&self, call: &Call) -> Result<bool, WorkError> {
        if let Some(receiver) = &self.receiver {
            return receiver.has(&call.key);
        }
        Ok((1..=call.attempt).any(|attempt| {
            let send = Call { attempt, ..call.clone() };
            match self.planned_fault(&send) {
                None => true,
                Some(FaultKind::TimedOut | FaultKind::Silent) => self.arrived_before_timeout(&send),
                Some(_) => false,
            }
        }))
    }

    fn fault(&self, call: &Call) -> Option<FaultKind> {
        let take = |n: u32| n.checked_sub(1);
        if self.injected.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
            return Some(FaultKind::Refused);
        }
        self.planned_fault(call)
    }

    fn planned_fault(&self, call: &Call) -> Option<FaultKind> {
        let layer = call.layer.number();
        let scripted = self
            .plan
            .script
            .iter()
            .find(|fault| fault.layer == layer && call.attempt <= fault.sends);
        if let Some(fault) = scripted {
            return Some(fault.kind);
        }
        let rate = self.plan.by_layer.get(&layer).copied().unwrap_or(self.plan.rate);
        if self.draw("fault", call) >= rate {
            return None;
        }
        let kind = self.draw("fault kind", call);
        Some(if kind < 0.5 {
            FaultKind::Refused
        } else if kind < 0.75 {
            FaultKind::RateLimited
        } else {
            FaultKind::TimedOut
        })
    }

    fn arrived_before_timeout(&self, call: &Call) -> bool {
        self.draw("arrived", call) < 0.5
    }

    fn draw(&self, question: &str, call: &Call) -> f64 {
        self.seed.unit(&[question, &call.key.0, &call.attempt.to_string()])
    }
}

fn error_of(kind: FaultKind, call: &Call) -> WorkError {
    match kind {
        FaultKind::Refused => {
            WorkError::new(ErrorClass::Transient, "connection_refused", "sim: connection refused")
        }
        FaultKind::RateLimited => {
            let mut error =
                WorkError::new(ErrorClass::RateLimited, "http_429", "sim: too many requests");
            error.retry_after = Some(call.now.plus_ms(MINUTE_MS));
            error
        }
        FaultKind::TimedOut | FaultKind::Silent => WorkError::new(
            ErrorClass::Indeterminate,
            "timeout",
            "sim: no answer; the call may have arrived",
        ),
        FaultKind::Rejected => WorkError::permanent("http_400", "sim: the receiver says no"),
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::domain::effect::EffectKey;
    use crate::domain::fault::ScriptedFault;
    use crate::domain::layer::Layer;
    use crate::domain::mode::Mode;
    use crate::domain::time::Moment;

    fn call(key: u32, attempt: u32) -> Call {
        Call {
            key: EffectKey(key.to_string()),
            mode: Mode::Dry,
            layer: Layer::OutreachEngine,
            attempt,
            now: Moment(0),
        }
    }

    fn failing(rate: f64) -> Vec<u32> {
        let sim = Sim::new(Seed(1), FaultPlan { rate, ..FaultPlan::default() }, None);
        let receipt = Receipt { reference: "sim:1".to_owned(), data: serde_json::Value::Null };
        let answer = |key| sim.answer(&call(key, 1), receipt.clone()).now_or_never().unwrap();
        (0..1_000).filter(|&key| answer(key).is_err()).collect()
    }

    #[test]
    fn a_higher_fault_rate_fails_a_superset_of_calls() {
        let (few, many) = (failing(0.1), failing(0.4));
        assert!(few.iter().all(|key| many.contains(key)));
        assert!((60..140).contains(&few.len()), "{}", few.len());
        assert!((330..470).contains(&many.len()), "{}", many.len());
        assert!(failing(0.0).is_empty());
    }

    #[test]
    fn a_scripted_fault_meets_the_first_sends_of_its_layer() {
        let script = vec![ScriptedFault { layer: 3, sends: 2, kind: FaultKind::Refused }];
        let sim = Sim::new(Seed(1), FaultPlan { script, ..FaultPlan::default() }, None);
        let receipt = Receipt { reference: "sim:1".to_owned(), data: serde_json::Value::Null };
        let answer = |n| sim.answer(&call(1, n), receipt.clone()).now_or_never().unwrap();
        assert!(answer(1).is_err());
        assert!(answer(2).is_err());
        assert!(answer(3).is_ok());
    }

    #[test]
    fn a_silent_receiver_keeps_the_line_open() {
        let script = vec![ScriptedFault { layer: 3, sends: 1, kind: FaultKind::Silent }];
        let sim = Sim::new(Seed(1), FaultPlan { script, ..FaultPlan::default() }, None);
        let receipt = Receipt { reference: "sim:1".to_owned(), data: serde_json::Value::Null };
        assert!(sim.answer(&call(1, 1), receipt.clone()).now_or_never().is_none());
        assert!(sim.answer(&call(1, 2), receipt).now_or_never().is_some());
    }
}
