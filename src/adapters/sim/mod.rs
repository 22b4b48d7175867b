//! Provides the simulated world: adapters that keep no state and answer by keyed draws.

pub mod town;
