//! Moves dry time forward by hand.

use serde_json::json;

use super::record::{Outcome, refuse};
use super::{Owner, slot};
use crate::app::command::{Ack, Refusal, RefusalKind};
use crate::domain::event::NewEvent;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::{DAY_MS, Moment, SECOND_MS};
use crate::runtime::process::ProcessIdentity;
use crate::store::events::{self, About};
use crate::store::leases::{self, Acquired};
use crate::store::{board, clocks};

/// The lease under which dry time is moved, the one that runs take.
const CLOCK: &str = "clock";

/// The longest jump by hand. A longer one is a slip of the finger: nothing is planned a year ahead.
const ADVANCE_MS_MAX: i64 = 366 * DAY_MS;

impl Owner {
    pub(super) async fn advance(&self, ms: i64) -> Result<Ack, Refusal> {
        if let Some(running) = &self.running[slot(Mode::Dry)] {
            return Err(refuse(
                RefusalKind::Safeguard,
                format!("run {} moves dry time itself", running.id),
                "let it end, pause or cancel it",
            ));
        }
        if !(1..=ADVANCE_MS_MAX).contains(&ms) {
            return Err(refuse(
                RefusalKind::Usage,
                "dry time only goes forward, and by a year at most",
                "say for example `cep advance 1d` or `cep advance 90m`",
            ));
        }
        let at = self.parts.clock.now();
        let wall = at.wall;
        let owner = self.parts.owner.clone();
        self.at_once(Mode::Dry, "advance", json!({ "ms": ms }), move |tx, now| {
            let busy = board::units(tx, Mode::Dry)?
                .iter()
                .filter(|(_, state, _)| matches!(state, UnitState::Ready | UnitState::Leased))
                .map(|(_, _, n)| n)
                .sum::<u64>();
            if busy > 0 {
                return Ok(Err(refuse(
                    RefusalKind::Safeguard,
                    format!("{busy} dry units can be worked now, and time would pass them by"),
                    "work them first: `cep run all`",
                )));
            }
            let me = ProcessIdentity::current();
            match leases::acquire(tx, Mode::Dry, CLOCK, &owner, &me, at, SECOND_MS)? {
                Acquired::Busy { owner } => Ok(Err(refuse(
                    RefusalKind::Safeguard,
                    format!("{owner} moves dry time"),
                    "let its run end, or pause it there",
                ))),
                Acquired::Held { epoch, .. } => {
                    let to: Moment = now.plus_ms(ms);
                    clocks::move_dry(tx, now, to, wall)?;
                    leases::release(tx, Mode::Dry, CLOCK, epoch)?;
                    let about = About {
                        mode: Mode::Dry,
                        at: to,
                        wall_at: wall,
                        layer: None,
                        unit_id: None,
                        run_id: None,
                    };
                    let text = format!("dry time moved by hand to {to}");
                    events::append(tx, about, &NewEvent::info("clock_moved", text.clone()))?;
                    Ok(Ok(Outcome::new(text).changed(now.to_string(), to.to_string())))
                }
            }
        })
        .await
    }
}
