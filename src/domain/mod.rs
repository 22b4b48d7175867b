//! Defines the pure types and maths of the machine: no I/O, no async, no clock, no randomness of
//! its own. Everything here can be tested with values alone.

pub mod booking;
pub mod bookkeeping;
pub mod bounce;
pub mod calendly;
pub mod cash;
pub mod change;
pub mod cold_mail;
pub mod column;
pub mod contact;
pub mod draw;
pub mod dunning;
pub mod effect;
pub mod error;
pub mod event;
pub mod fault;
pub mod figures;
pub mod finance;
pub mod gbp;
pub mod history;
pub mod hours;
pub mod ids;
pub mod layer;
pub mod learning;
pub mod ledger;
pub mod lifecycle;
pub mod market;
pub mod metrics;
pub mod mode;
pub mod money;
pub mod mrr;
pub mod onboarding;
pub mod operations;
pub mod outcome;
pub mod phi;
pub mod pitch;
pub mod pricing;
pub mod profile;
pub mod prospect;
pub mod quota;
pub mod reply;
pub mod report;
pub mod resilience;
pub mod sales;
pub mod sender;
pub mod sequence;
pub mod signature;
pub mod stats;
pub mod stripe;
pub mod text;
pub mod time;
pub mod unit;
pub mod unsubscribe;

#[cfg(test)]
pub(crate) mod test_data;
