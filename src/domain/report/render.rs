//! Writes a report as Markdown, from the same content that its JSON and PDF are.

use std::fmt::Write;

use super::{Content, Measured, Metric, MetricName};
use crate::domain::text::clean;

/// How much of a text from outside fits on a line of a report.
const LINE_CHARS_MAX: usize = 200;

/// Writes the report as Markdown.
pub fn markdown(content: &Content) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail, so the results are only there for the trait.
    _ = head(&mut page, content);
    _ = table(&mut page, content);
    _ = months(&mut page, content);
    _ = scores(&mut page, content);
    _ = findings(&mut page, content);
    _ = value(&mut page, content);
    page
}

fn head(page: &mut String, content: &Content) -> std::fmt::Result {
    let (covers, noun) = (content.covers, content.period.cadence.noun());
    writeln!(page, "# Report {} for {}\n", content.period.label(), escaped(&content.client))?;
    let days = format!("{} to {} (UTC)", covers.first_day(), covers.last_day());
    writeln!(page, "{days}, by {}.\n", escaped(&content.agency))?;
    if !content.is_whole() {
        writeln!(
            page,
            "**Part of a {noun}:** the work went live on {}, so {} days are counted.\n",
            covers.first_day(),
            covers.days()
        )?;
    }
    if content.simulated {
        page.push_str(SIMULATED);
    }
    Ok(())
}

const SIMULATED: &str =
    "**Simulated:** these figures come from a rehearsal, not from the world.\n\n";

fn table(page: &mut String, content: &Content) -> std::fmt::Result {
    let with_year = content.metrics.values().any(|metric| metric.year_ago.is_some());
    let (head, rule) = if with_year { (" A year ago |", "---:|") } else { ("", "") };
    writeln!(page, "| Figure | This period | Before | Change |{head}\n|---|---:|---:|---:|{rule}")?;
    for (&name, metric) in &content.metrics {
        write!(page, "{}", row(name, metric))?;
        if with_year {
            write!(page, " {} |", figure(name, metric.year_ago.as_ref()))?;
        }
        writeln!(page)?;
    }
    let before = content.covers.before();
    writeln!(
        page,
        "\n*Before* is as many days: {} to {}. — means that not every day was measured; nothing \
         here is estimated.",
        before.first_day(),
        before.last_day()
    )
}

fn months(page: &mut String, content: &Content) -> std::fmt::Result {
    if content.months.is_empty() {
        return Ok(());
    }
    let labels: Vec<&str> = content.months.iter().map(|part| part.label.as_str()).collect();
    writeln!(page, "\n## Month by month\n\n| Figure | {} | Sum |", labels.join(" | "))?;
    writeln!(page, "|---|{}", "---:|".repeat(labels.len() + 1))?;
    for (&name, metric) in content.metrics.iter().filter(|(name, _)| name.is_sum()) {
        let parts: Vec<String> =
            content.months.iter().map(|part| figure(name, part.figures.get(&name))).collect();
        let sum = figure(name, metric.current.as_ref());
        writeln!(page, "| {} | {} | {sum} |", name.label(), parts.join(" | "))?;
    }
    Ok(())
}

fn scores(page: &mut String, content: &Content) -> std::fmt::Result {
    if content.scores.len() < 2 {
        return Ok(());
    }
    writeln!(page, "\n## The profile's completeness\n\n| Read on | Score of 100 |\n|---|---:|")?;
    for point in &content.scores {
        writeln!(page, "| {} | {:.1} |", point.at.utc_date(), point.score)?;
    }
    writeln!(page, "\nThe weights are our own; Google publishes none.")
}

fn findings(page: &mut String, content: &Content) -> std::fmt::Result {
    writeln!(page, "\n## What the figures show\n")?;
    if content.findings.is_empty() {
        writeln!(page, "Too little happened in this period to say anything about it.")?;
    }
    for finding in &content.findings {
        writeln!(page, "- {} (rests on {})", escaped(&finding.text), rows(finding.n))?;
    }
    Ok(())
}

fn value(page: &mut String, content: &Content) -> std::fmt::Result {
    let Some(value) = &content.value else { return Ok(()) };
    writeln!(page, "\n## What it may be worth, by your own figures\n")?;
    writeln!(
        page,
        "{:.0} calls, after {:.0} in as many days before the work: {} at your own figures.",
        value.calls.value, value.baseline.value, value.value
    )?;
    if let Some(share) = value.return_on_fee {
        writeln!(page, "That is {:.0} % of our fee on top of the fee itself.", share * 100.0)?;
    }
    writeln!(page)?;
    value.assumptions.iter().try_for_each(|line| writeln!(page, "- {}", escaped(line)))
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

fn row(name: MetricName, metric: &Metric) -> String {
    let decimals = name.decimals();
    let change =
        metric.change.map_or_else(|| "—".to_owned(), |change| format!("{change:+.decimals$}"));
    format!(
        "| {} | {} | {} | {change} |",
        name.label(),
        figure(name, metric.current.as_ref()),
        figure(name, metric.previous.as_ref()),
    )
}

/// Writes a figure, and a dash for one that was not measured.
pub(super) fn figure(name: MetricName, measured: Option<&Measured>) -> String {
    let decimals = name.decimals();
    measured.map_or_else(|| "—".to_owned(), |measured| format!("{:.decimals$}", measured.value))
}

fn rows(n: u64) -> String {
    if n == 1 { "1 row".to_owned() } else { format!("{n} rows") }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::super::{Cadence, Evidence, Finding, Period, Window, metrics};
    use super::*;

    pub(crate) fn measured(value: f64, rows: &str, n: u64) -> Measured {
        Measured { value, from: Evidence { table: "posts".to_owned(), rows: rows.to_owned(), n } }
    }

    pub(crate) fn content() -> Content {
        let period = Period::containing(Cadence::Weekly, "2026-02-04T00:00:00Z".parse().unwrap());
        Content {
            client: "A | B\n# <script>".to_owned(),
            agency: "CEP".to_owned(),
            period,
            covers: Window::of(&period, Some("2026-02-03T15:00:00Z".parse().unwrap())).unwrap(),
            metrics: metrics(
                BTreeMap::from([
                    (MetricName::ProfileScore, measured(88.04, "9", 1)),
                    (MetricName::PostsLive, measured(3.0, "4-6", 3)),
                ]),
                BTreeMap::from([(MetricName::ProfileScore, measured(61.5, "3", 1))]),
                BTreeMap::new(),
            ),
            findings: vec![Finding {
                kind: "posts_live".to_owned(),
                text: "3 posts became visible.".to_owned(),
                figures: BTreeMap::new(),
                n: 3,
                rows: Vec::new(),
            }],
            scores: Vec::new(),
            daily: BTreeMap::new(),
            months: Vec::new(),
            value: None,
            simulated: true,
        }
    }

    #[test]
    fn a_report_reads_as_a_person_expects_and_a_name_cannot_break_it() {
        insta::assert_snapshot!(markdown(&content()), @r"
        # Report 2026-W06 for A \| B \# \<script\>

        2026-02-03 to 2026-02-08 (UTC), by CEP.

        **Part of a week:** the work went live on 2026-02-03, so 6 days are counted.

        **Simulated:** these figures come from a rehearsal, not from the world.

        | Figure | This period | Before | Change |
        |---|---:|---:|---:|
        | Profile completeness (our own weights) | 88.0 | 61.5 | +26.5 |
        | Posts published | 3 | — | — |

        *Before* is as many days: 2026-01-28 to 2026-02-02. — means that not every day was measured; nothing here is estimated.

        ## What the figures show

        - 3 posts became visible. (rests on 3 rows)
        ");
    }

    #[test]
    fn the_json_has_the_same_figures_and_null_for_what_was_not_measured() {
        let json = serde_json::to_value(content()).unwrap();
        assert_eq!(json["period"], "weekly:2026-W06");
        assert!(json["metrics"]["posts_live"]["previous"].is_null());
        assert!(json["metrics"]["posts_live"]["change"].is_null());
        assert_eq!(json["metrics"]["profile_score"]["current"]["from"]["rows"], "9");
        assert_eq!(Content::read(&json), Some(content()));
    }
}
