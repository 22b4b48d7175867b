//! Tests the orchestrator and the gate as one machine, with layers and receivers made for the test.

mod gate;
mod research;
mod runs;
mod stage;
