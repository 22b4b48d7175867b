//! Defines retry, rate limit and circuit breaker as values: pure functions of state and time, so
//! that they can be stored, shared by processes and shown.

pub mod backoff;
pub mod breaker;
pub mod bucket;
pub mod budget;
