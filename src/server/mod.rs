//! Serves over HTTP what the outside world sends and what operators' machines ask: webhooks,
//! unsubscribe links, health, metrics.
//!
//! It is a face of the machine like the screen: it holds no state of the business and decides nothing
//! about it. A request is bounded in every direction (address, head, body, time) before anything of it
//! is believed.

mod address;
mod guard;
mod health;
mod listen;
mod metrics;
mod router;
mod tls;
mod unsubscribe;
mod webhooks;

#[cfg(test)]
mod tests;

pub use listen::{Listening, ServeError};
pub use router::Desk;
