//! CEP Machine: a local-marketing agency run as a machine of nine layers, shown live in a terminal.
//!
//! Modules stand in reading order, lowest rank first; a module names only modules above it in this
//! list (`tests/architecture.rs`). `docs/ARCHITECTURE.md` is the map.

#![forbid(unsafe_code)]

pub mod domain;

pub mod config;
pub mod runtime;
pub mod telemetry;

pub mod store;

pub mod effects;

pub mod adapters;
pub mod engines;

pub mod layers;

pub mod app;

pub mod server;
pub mod tui;

pub mod cli;
