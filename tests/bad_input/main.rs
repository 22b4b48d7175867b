//! Feeds what has broken other programs through whatever takes text, CSV, YAML or e-mail addresses:
//! no crash, a clear error, nothing lost, and no control sequence on a screen or in a file.
//!
//! The data are lists that others have collected, in `../shared/data/bad-input`; without them the
//! tests say aloud that they are skipped. Files of the outbox and signed notices have their own
//! tests beside the code that writes and takes them.

#![expect(clippy::unwrap_used, reason = "a desk that cannot be set up has failed its test")]

mod acts;
mod businesses;
mod clean;
mod desk;
mod emails;
mod people;
mod screen;
mod settings;
mod tables;
