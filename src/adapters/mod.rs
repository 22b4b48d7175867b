//! Provides the adapters: everything that talks to the outside, or stands in for it.

pub mod sim;
