//! Knows what the simulated counterparties will do next.
//!
//! It keeps no truth: the heap is derived from the journal, effect by effect, and can be thrown away
//! at any time. After a crash it is derived again; deliveries that had arrived are then duplicates,
//! which the inbox ignores.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::effects::counterparty::{
    Belongs, ConfirmedEffect, Consequence, Counterparties, RawDelivery,
};
use crate::store::error::StoreError;
use crate::store::{Store, effects};

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    due: Moment,
    provider: &'static str,
    delivery_id: String,
    settles: bool,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    belongs: Option<Belongs>,
    /// The place of the effect it follows from, in the order of confirmations.
    number: i64,
}

/// Deliveries that are on their way, the next one first.
#[derive(Default)]
pub(super) struct Upcoming {
    heap: BinaryHeap<Reverse<Pending>>,
    /// From which instant on, and up to which effect, what belongs to a name does not come any more.
    taken_back: BTreeMap<String, Vec<(Moment, i64)>>,
    /// Every effect up to this place in the order of confirmations has been taken in.
    seen_until: i64,
}

impl Upcoming {
    /// Takes in what follows from effects confirmed since the last time.
    ///
    /// An effect can be confirmed after younger ones, when it was rejected or unknown for a while,
    /// so what counts is the order of confirmations and not that of the journal.
    pub(super) fn extend(
        &mut self,
        store: &Store,
        mode: Mode,
        counterparties: &dyn Counterparties,
    ) -> Result<(), StoreError> {
        let after = self.seen_until;
        let confirmed = store.read(|conn| effects::confirmed_after(conn, mode, after))?;
        for effects::Confirmed { number, row, unit } in confirmed {
            self.seen_until = number;
            let (Some(receipt), Some(settled_at)) = (row.receipt, row.settled_at) else { continue };
            let effect = ConfirmedEffect {
                id: row.id,
                key: row.key,
                unit,
                action: row.action,
                entity: row.entity,
                version: row.version,
                effect: row.payload,
                receipt,
                settled_at,
            };
            if let Some(Belongs { to, at }) = counterparties.takes_back(&effect) {
                self.taken_back.entry(to).or_default().push((at, number));
            }
            for Consequence { due, settles, delivery, belongs } in
                counterparties.consequences(&effect)
            {
                let RawDelivery { provider, delivery_id, headers, body } = delivery;
                self.heap.push(Reverse(Pending {
                    due: due.ceil_quarter_hour(),
                    provider,
                    delivery_id,
                    settles,
                    headers,
                    body,
                    belongs,
                    number,
                }));
            }
        }
        Ok(())
    }

    /// Whether a later effect than the one it follows from has taken it back.
    fn is_taken_back(&self, pending: &Pending) -> bool {
        pending.belongs.as_ref().is_some_and(|Belongs { to, at }| {
            let mut cuts = self.taken_back.get(to).into_iter().flatten();
            cuts.any(|(from, number)| *number > pending.number && at >= from)
        })
    }

    /// Returns when the next delivery comes: any up to `horizon`, then only those that settle
    /// something that is waited for.
    pub(super) fn next_due(&mut self, horizon: Moment) -> Option<Moment> {
        while let Some(Reverse(next)) = self.heap.peek() {
            let comes = next.due <= horizon || next.settles;
            if comes && !self.is_taken_back(next) {
                return Some(next.due);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes out what is due at `now`, in a fixed order.
    pub(super) fn due(&mut self, now: Moment, horizon: Moment) -> Vec<RawDelivery> {
        let mut due = Vec::new();
        while self.next_due(horizon).is_some_and(|at| at <= now) {
            if let Some(Reverse(next)) = self.heap.pop() {
                due.push(RawDelivery {
                    provider: next.provider,
                    delivery_id: next.delivery_id,
                    headers: next.headers,
                    body: next.body,
                });
            }
        }
        due
    }
}
