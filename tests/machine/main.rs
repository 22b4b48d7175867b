//! Tests the orchestrator and the gate as one machine, with layers and receivers made for the test.

#![expect(clippy::unwrap_used, reason = "a stage that cannot be set up has failed its test")]

mod gate;
mod money;
mod peers;
mod research;
mod restored;
mod retries;
mod runs;
mod shutdown;
mod stage;
