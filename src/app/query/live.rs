//! Defines what would go out if live were armed.

use serde::{Deserialize, Serialize};

use crate::domain::layer::Layer;
use crate::domain::time::Moment;

/// What arming live would set in motion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePreview {
    /// Layers with live units due or planned.
    pub layers: Vec<LivePreviewRow>,
    /// Where effects would go: `outbox /srv/cep/outbox`.
    pub through: String,
    /// What would be refused, and why: `no postal address: outreach mail is refused`.
    pub warnings: Vec<String>,
}

/// One layer's part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePreviewRow {
    /// Which layer.
    pub layer: Layer,
    /// Units that would run at once.
    pub due: u64,
    /// Units planned for later.
    pub planned: u64,
    /// What they would do outside, in words: `e-mail`, `tasks for people`.
    pub does: String,
    /// Due time of the oldest.
    pub oldest_due: Option<Moment>,
}
