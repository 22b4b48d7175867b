//! Writes why Φ_sync changed: every part of the change, and the rows behind it.

use std::fmt::Write as _;

use crate::app::query::PhiWhy;
use crate::tui::format::full_time;
use crate::tui::parts::{Part, parts};

/// Returns the change as text of at most 100 columns.
pub(super) fn text(why: &PhiWhy) -> String {
    let value =
        |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |v| format!("{v:.4}"));
    let (before, after) = (&why.before, &why.after);
    let mut text = format!(
        "Φ_sync {} ({}) → {} ({})   {}\n",
        value(before.value),
        full_time(before.at),
        value(after.value),
        full_time(after.at),
        why.mode.badge(),
    );
    let (coupling, weighted) = (before.coupling, before.weighted);
    let _ = writeln!(
        text,
        "  weighted {} → {}   coupling {} → {}",
        value(weighted),
        value(after.weighted),
        value(coupling),
        value(after.coupling)
    );
    for flag in &why.flags_come {
        let _ = writeln!(text, "  ! came: {flag}");
    }
    for flag in &why.flags_gone {
        let _ = writeln!(text, "  ! gone: {flag}");
    }
    if why.delta.is_none() {
        let _ = writeln!(
            text,
            "  no difference: Φ_sync is unknown at one of the moments; its known parts:"
        );
    }
    for Part { depth, name, change, detail } in parts(why) {
        let indent = "  ".repeat(depth);
        let change = change.map_or_else(|| "      -".to_owned(), |change| format!("{change:>7}"));
        let _ = writeln!(text, "{change}  {}", format!("{indent}{name:<18} {detail}").trim_end());
    }
    if let Some(stored) = why.stored.filter(|stored| !stored.agrees()) {
        let _ = writeln!(
            text,
            "note: {} was stored at {}; the rows say {} of it now, because units that had ended\n      \
             by then were taken up again since",
            value(stored.value),
            full_time(stored.at),
            value(stored.recomputed)
        );
    }
    text
}
