//! Defines how the dashboard behaves: its keys, and how much it may send over a slow link.

use std::collections::BTreeMap;

use serde::Serialize;

use super::raw::RawScreen;
use super::validate::{Fit, need};

/// The dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Screen {
    /// At most one frame a second for what nobody asked for.
    pub low_bandwidth: bool,
    /// Action → keys, in place of its own. The screen knows actions and keys, and checks them.
    pub keys: BTreeMap<String, Vec<String>>,
}

pub(super) fn screen(raw: RawScreen) -> Fit<Screen> {
    let given = |(name, keys): (String, Option<Vec<String>>)| keys.map(|keys| (name, keys));
    Ok(Screen {
        low_bandwidth: need(raw.low_bandwidth, "screen.low_bandwidth")?,
        keys: raw.keys.into_iter().filter_map(given).collect(),
    })
}
