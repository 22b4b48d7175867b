//! Ledgers kept by hand, with known answers: what a bookkeeper would write, to the cent.
//!
//! Each world is a list of events as the billing provider would send them. They are signed, taken in
//! by the one entry for deliveries and booked by the engine with layer 8; nothing is called inside.
//! Every world is told four ways: in order, reversed, shuffled with each event twice, and in the
//! provider's old shape. The books must be the same each time.

#![expect(clippy::unwrap_used, reason = "a stage that cannot be set up has failed its test")]

mod credit_notes;
mod persons;
mod property;
mod recorded;
mod stage;
mod worlds;
