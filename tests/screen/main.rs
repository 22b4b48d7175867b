//! Runs the dashboard as people do: the real binary in a pseudo-terminal, keys in, screens out. Each
//! test is one story, in the words of `session`.

#![expect(clippy::unwrap_used, reason = "a terminal that cannot be set up has failed its test")]
#![expect(clippy::disallowed_methods, reason = "a pseudo-terminal lives in real time")]

#[path = "../pty/mod.rs"]
mod pty;

mod drill;
mod errors;
mod live;
mod manners;
mod overview;
mod runs;
mod session;
mod sizes;
