//! Defines the engines that drive the layers.

pub mod orchestrator;
