//! Makes backups and restores them with the real binary, as an operator does.

#![expect(clippy::print_stderr, reason = "each story says what it did and measured")]
#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has to fail")]

mod bench;
mod files;
mod load;
mod versions;
