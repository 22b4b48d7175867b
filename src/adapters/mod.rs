//! Provides the adapters: everything that talks to the outside, or stands in for it.

pub mod mail_reader;
pub mod outbox;
pub mod sim;
pub mod unconnected;

#[cfg(test)]
mod conformance;
pub mod source_file;
