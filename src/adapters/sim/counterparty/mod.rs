//! Provides the counterparties of the simulated world: those who answer what the machine does.
//!
//! Each is a pure function from one confirmed effect to what follows from it. Whoever reacts keeps
//! no memory; what somebody has decided follows from the seed and their own name.

mod booking;
pub mod client;
mod letter;
pub mod payer;
pub mod person;
pub mod prospect;
pub mod reviewer;

use crate::domain::draw::Seed;
use crate::effects::counterparty::{Belongs, ConfirmedEffect, Consequence, Counterparties};

pub use letter::letter;

/// Everybody who lives in the simulated world.
pub struct Society {
    seed: Seed,
    members: Vec<Box<dyn Member>>,
}

/// One kind of counterparty.
pub trait Member: Send + Sync {
    /// Returns what this kind does because of `effect`.
    fn react(&self, seed: Seed, effect: &ConfirmedEffect) -> Vec<Consequence>;

    /// Returns what this kind does not do any more because of `effect`.
    fn gives_up(&self, _effect: &ConfirmedEffect) -> Option<Belongs> {
        None
    }
}

impl Society {
    /// Joins members; `seed` decides everything they do.
    pub fn new(seed: Seed, members: Vec<Box<dyn Member>>) -> Self {
        Self { seed, members }
    }
}

impl Counterparties for Society {
    fn consequences(&self, effect: &ConfirmedEffect) -> Vec<Consequence> {
        self.members.iter().flat_map(|member| member.react(self.seed, effect)).collect()
    }

    fn takes_back(&self, effect: &ConfirmedEffect) -> Option<Belongs> {
        self.members.iter().find_map(|member| member.gives_up(effect))
    }
}
