//! Writes a report as Markdown for people and as JSON for machines, from the same figures.

use std::fmt::Write;

use serde_json::{Value, json as object};

use super::{Content, Metric};
use crate::domain::text::clean;

/// How much of a text from outside fits on a line of a report.
const LINE_CHARS_MAX: usize = 200;

/// Writes the report as Markdown.
pub fn markdown(content: &Content) -> String {
    let period = &content.period;
    let mut page = String::new();
    // Writing to a String cannot fail, so the results are only there for the trait.
    _ = writeln!(page, "# Report {} for {}\n", period.label(), escaped(&content.client));
    _ = writeln!(
        page,
        "{} to {} (UTC), by {}.\n",
        period.starts_at.utc_date(),
        period.ends_at.plus_ms(-1).utc_date(),
        escaped(&content.agency)
    );
    if content.simulated {
        page.push_str(
            "**Simulated:** these figures come from a rehearsal, not from the world.\n\n",
        );
    }
    page.push_str("| Figure | This period | Previous | Change |\n|---|---:|---:|---:|\n");
    for metric in &content.metrics {
        _ = writeln!(page, "{}", row(metric));
    }
    if content.metrics.iter().any(|metric| metric.current.is_none() || metric.previous.is_none()) {
        page.push_str("\n— means that nothing was measured; nothing here is estimated.\n");
    }
    page.push_str("\n## What the figures show\n\n");
    if content.findings.is_empty() {
        page.push_str("Too little happened in this period to say anything about it.\n");
    }
    for finding in &content.findings {
        _ = writeln!(page, "- {} (rests on {})", escaped(&finding.text), rows(finding.rows));
    }
    page
}

/// Writes the report as JSON.
pub fn json(content: &Content) -> Value {
    let metrics: serde_json::Map<String, Value> = content
        .metrics
        .iter()
        .map(|metric| {
            let figures = object!({
                "current": metric.current,
                "previous": metric.previous,
                "change": metric.change(),
            });
            (metric.name.as_column().to_owned(), figures)
        })
        .collect();
    object!({
        "client": clean(&content.client, LINE_CHARS_MAX),
        "period": content.period.to_string(),
        "starts_at": content.period.starts_at,
        "ends_at": content.period.ends_at,
        "simulated": content.simulated,
        "metrics": metrics,
        "findings": content.findings,
    })
}

/// Returns `text` clean and with everything escaped that Markdown or HTML would act on.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in clean(text, LINE_CHARS_MAX).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

fn row(metric: &Metric) -> String {
    let decimals = metric.name.decimals();
    let figure = |value: Option<f64>| {
        value.map_or_else(|| "—".to_owned(), |value| format!("{value:.decimals$}"))
    };
    let change =
        metric.change().map_or_else(|| "—".to_owned(), |change| format!("{change:+.decimals$}"));
    format!(
        "| {} | {} | {} | {change} |",
        metric.name.label(),
        figure(metric.current.map(|measured| measured.value)),
        figure(metric.previous.map(|measured| measured.value)),
    )
}

fn rows(n: u64) -> String {
    if n == 1 { "1 row".to_owned() } else { format!("{n} rows") }
}

#[cfg(test)]
mod tests {
    use super::super::{Cadence, Finding, Measured, MetricName, Period, compare};
    use super::*;

    fn content() -> Content {
        let measured = |value, rows| Measured { value, rows };
        Content {
            client: "A | B\n# <script>".to_owned(),
            agency: "CEP".to_owned(),
            period: Period::containing(Cadence::Weekly, "2026-02-04T00:00:00Z".parse().unwrap()),
            metrics: compare(
                &[
                    (MetricName::ProfileScore, measured(88.04, 1)),
                    (MetricName::PostsLive, measured(3.0, 3)),
                ],
                Some(&[(MetricName::ProfileScore, measured(61.5, 1))]),
            ),
            findings: vec![Finding { text: "3 posts became visible.".to_owned(), rows: 3 }],
            simulated: true,
        }
    }

    #[test]
    fn a_report_reads_as_a_person_expects_and_a_name_cannot_break_it() {
        insta::assert_snapshot!(markdown(&content()), @r"
        # Report 2026-W06 for A \| B \# \<script\>

        2026-02-02 to 2026-02-08 (UTC), by CEP.

        **Simulated:** these figures come from a rehearsal, not from the world.

        | Figure | This period | Previous | Change |
        |---|---:|---:|---:|
        | Profile completeness (our own weights) | 88.0 | 61.5 | +26.5 |
        | Posts published | 3 | — | — |

        — means that nothing was measured; nothing here is estimated.

        ## What the figures show

        - 3 posts became visible. (rests on 3 rows)
        ");
    }

    #[test]
    fn the_json_has_the_same_figures_and_null_for_what_was_not_measured() {
        let json = json(&content());
        assert_eq!(json["period"], "weekly:2026-W06");
        assert_eq!(json["metrics"]["posts_live"]["previous"], Value::Null);
        assert_eq!(json["metrics"]["posts_live"]["change"], Value::Null);
        assert_eq!(json["metrics"]["profile_score"]["current"]["rows"], 1);
        assert_eq!(json["client"], "A | B # <script>");
    }
}
