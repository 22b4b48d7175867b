//! Writes a report as PDF: A4, with charts, from the same content as its Markdown and JSON.
//!
//! No clock and no draw: the same content is the same bytes, so a report that is sent again is the
//! file that was sent before.

mod chart;
mod page;
mod text;

use self::page::{
    ACCENT, Align, Frame, GREY, GROUND, MARGIN, PALE, Pages, ROOM, Style, WARN, WIDTH,
};
use self::text::{Font, cut};
use super::render::figure;
use super::{Cadence, Content, Metric, MetricName};
use crate::domain::gbp::DailyFigures;
use crate::domain::text::clean;
use crate::domain::time::Moment;

/// How much of a text from outside is set.
const TEXT_CHARS_MAX: usize = 400;

/// The height of a table's row.
const ROW: f32 = 17.0;

/// The four figures at the top.
const TILES: [MetricName; 4] =
    [MetricName::ProfileScore, MetricName::ProfileViews, MetricName::Calls, MetricName::PostsLive];

/// Returns the report as a PDF file.
pub fn pdf(content: &Content) -> Vec<u8> {
    let mut pages = Pages::new();
    let client = clean(&content.client, 120);
    let period = &content.period;
    title(&mut pages, content, &client);
    tiles(&mut pages, content);
    pages.heading("The figures");
    table(&mut pages, content);
    charts(&mut pages, content);
    months(&mut pages, content);
    findings(&mut pages, content);
    value(&mut pages, content);
    method(&mut pages, content);
    let simulated = if content.simulated { " · simulated" } else { "" };
    let frame = Frame {
        left: cut(&clean(&content.agency, 120), Font::Bold, 8.0, ROOM * 0.6),
        right: format!("Profile report {}", period.label()),
        foot: format!("{}{simulated}", cut(&client, Font::Plain, 8.0, ROOM * 0.7)),
    };
    pages.finish(&frame, &format!("Profile report {} for {client}", period.label()))
}

fn title(pages: &mut Pages, content: &Content, client: &str) {
    let (covers, noun) = (content.covers, content.period.cadence.noun());
    let kind = match content.period.cadence {
        Cadence::Weekly => "Weekly report",
        Cadence::Monthly => "Monthly report",
        Cadence::Quarterly => "Quarterly report",
    };
    let kind = format!("{kind} {}", content.period.label());
    pages.paragraph(&kind, MARGIN, ROOM, Style::bold(10.0).coloured(ACCENT));
    pages.paragraph(client, MARGIN, ROOM, Style::bold(21.0));
    pages.skip(2.0);
    let days = format!(
        "Your public profile from {} to {} ({} days, UTC)",
        covers.first_day(),
        covers.last_day(),
        covers.days()
    );
    pages.paragraph(&days, MARGIN, ROOM, Style::plain(9.5).coloured(GREY));
    if !content.is_whole() {
        let part = format!(
            "Part of a {noun}: the work went live on {}, and only the days from then on are counted.",
            covers.first_day()
        );
        pages.paragraph(&part, MARGIN, ROOM, Style::plain(9.5).coloured(WARN));
    }
    if content.simulated {
        let text = "Simulated: these figures come from a rehearsal, not from the world.";
        pages.paragraph(text, MARGIN, ROOM, Style::bold(9.5).coloured(WARN));
    }
    pages.skip(10.0);
}

/// The figures that a client looks for first.
fn tiles(pages: &mut Pages, content: &Content) {
    const GAP: f32 = 10.0;
    const HEIGHT: f32 = 58.0;
    let width = (ROOM - 3.0 * GAP) / 4.0;
    let none = Metric::default();
    for (at, name) in TILES.into_iter().enumerate() {
        let metric = content.metrics.get(&name).unwrap_or(&none);
        let x = MARGIN + [0.0, 1.0, 2.0, 3.0][at] * (width + GAP);
        let y = pages.y;
        pages.fill(x, y, width, HEIGHT, GROUND);
        pages.fill(x, y, 2.5, HEIGHT, ACCENT);
        let label = if name == MetricName::ProfileScore { "Completeness" } else { name.label() };
        pages.line(label, x + 11.0, y + 15.0, Style::plain(8.0).coloured(GREY), Align::Left);
        let value = figure(name, metric.current.as_ref());
        pages.line(&value, x + 11.0, y + 37.0, Style::bold(18.0), Align::Left);
        let change = match metric.change {
            Some(change) => format!("{change:+.*} against before", name.decimals()),
            None => "nothing to compare with".to_owned(),
        };
        pages.line(&change, x + 11.0, y + 50.0, Style::plain(7.5).coloured(GREY), Align::Left);
    }
    pages.skip(HEIGHT);
}

fn table(pages: &mut Pages, content: &Content) {
    let with_year = content.metrics.values().any(|metric| metric.year_ago.is_some());
    let mut heads = vec!["Figure", "This period", "Before", "Change"];
    if with_year {
        heads.push("A year ago");
    }
    let rows: Vec<Vec<String>> = content
        .metrics
        .iter()
        .map(|(&name, metric)| {
            let decimals = name.decimals();
            let mut row = vec![
                name.label().to_owned(),
                figure(name, metric.current.as_ref()),
                figure(name, metric.previous.as_ref()),
                metric.change.map_or_else(|| "—".to_owned(), |by| format!("{by:+.decimals$}")),
            ];
            if with_year {
                row.push(figure(name, metric.year_ago.as_ref()));
            }
            row
        })
        .collect();
    grid(pages, &heads, &rows);
    let before = content.covers.before();
    let note = format!(
        "Before is as many days: {} to {}. A dash means that not every day was measured; nothing \
         here is estimated.",
        before.first_day(),
        before.last_day()
    );
    pages.skip(3.0);
    pages.paragraph(&note, MARGIN, ROOM, Style::plain(8.0).coloured(GREY));
}

/// Draws a table whose first column is text and whose others are figures; its head is repeated on
/// each page.
fn grid(pages: &mut Pages, heads: &[&str], rows: &[Vec<String>]) {
    const FIGURE: f32 = 72.0;
    let right = WIDTH - MARGIN;
    let n_figures = heads.len().saturating_sub(1);
    let column =
        |at: usize| right - [0.0, 1.0, 2.0, 3.0, 4.0][(n_figures - at).min(4)] * FIGURE - 6.0;
    let draw = |pages: &mut Pages, cells: &[&str], style: Style| {
        pages.skip(ROW);
        let base = pages.y - 5.5;
        for (at, cell) in cells.iter().enumerate() {
            if at == 0 {
                let room = column(1) - FIGURE - MARGIN;
                let cell = cut(cell, style.font, style.size, room);
                pages.line(&cell, MARGIN + 6.0, base, style, Align::Left);
            } else {
                pages.line(cell, column(at), base, style, Align::Right);
            }
        }
    };
    let head = |pages: &mut Pages| {
        pages.fill(MARGIN, pages.y, ROOM, ROW, GROUND);
        draw(pages, heads, Style::bold(8.5));
    };
    pages.need(ROW * 3.0);
    head(pages);
    for row in rows {
        if pages.need(ROW) {
            head(pages);
        }
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        draw(pages, &cells, Style::plain(9.0));
        pages.rule((MARGIN, pages.y), (right, pages.y), 0.5, PALE);
    }
}

fn charts(pages: &mut Pages, content: &Content) {
    let is_long = content.daily.len() > 40;
    let series = |of: fn(&DailyFigures) -> u32| -> Vec<(String, f64)> {
        let days: Vec<(&String, f64)> =
            content.daily.iter().map(|(day, figures)| (day, f64::from(of(figures)))).collect();
        if !is_long {
            return days.into_iter().map(|(day, n)| (short_day(day), n)).collect();
        }
        // A quarter's days would be hairlines; its weeks are bars. Days left over are no week.
        days.chunks_exact(7)
            .map(|week| (short_day(week[0].0), week.iter().map(|(_, n)| n).sum()))
            .collect()
    };
    if !content.daily.is_empty() {
        pages.heading(if is_long { "Week by week" } else { "Day by day" });
        let each = if is_long { "each seven days" } else { "each day" };
        for name in [MetricName::ProfileViews, MetricName::Calls] {
            let Some(of) = name.daily() else { continue };
            chart::bars(pages, &format!("{}, {each}", name.label()), &series(of));
        }
    }
    scores(pages, content);
}

fn scores(pages: &mut Pages, content: &Content) {
    let (Some(first), Some(last)) = (content.scores.first(), content.scores.last()) else { return };
    if content.scores.len() < 2 {
        return;
    }
    pages.heading("The profile's completeness");
    let long = last.at.since(first.at).max(1);
    let place = |at: Moment| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "a share of a chart's width"
        )]
        let place = (at.since(first.at) as f64 / long as f64) as f32;
        place
    };
    let values: Vec<(String, f64)> = content
        .scores
        .iter()
        .map(|point| (short_day(&point.at.utc_date().to_string()), point.score))
        .collect();
    let places: Vec<f32> = content.scores.iter().map(|point| place(point.at)).collect();
    let title = "Score of 100 each time the profile was read; the weights are our own";
    chart::line(pages, title, &values, &places, 100.0);
}

/// `2026-02-05` as `02-05`: the year stands in the title.
fn short_day(day: &str) -> String {
    day.get(5..).unwrap_or(day).to_owned()
}

fn months(pages: &mut Pages, content: &Content) {
    if content.months.is_empty() {
        return;
    }
    pages.heading("Month by month");
    let mut heads = vec!["Figure"];
    heads.extend(content.months.iter().map(|part| part.label.as_str()));
    heads.push("Sum");
    let rows: Vec<Vec<String>> = content
        .metrics
        .iter()
        .filter(|(name, _)| name.is_sum())
        .map(|(&name, metric)| {
            let mut row = vec![name.label().to_owned()];
            row.extend(content.months.iter().map(|part| figure(name, part.figures.get(&name))));
            row.push(figure(name, metric.current.as_ref()));
            row
        })
        .collect();
    grid(pages, &heads, &rows);
}

fn findings(pages: &mut Pages, content: &Content) {
    pages.heading("What the figures show");
    if content.findings.is_empty() {
        let text = "Too little happened in this period to say anything about it.";
        pages.paragraph(text, MARGIN, ROOM, Style::plain(9.5));
    }
    for finding in &content.findings {
        bullet(pages, &finding.text);
    }
}

fn bullet(pages: &mut Pages, text: &str) {
    let style = Style::plain(9.5);
    pages.need(style.leading());
    let mark = pages.y + style.leading() * 0.5;
    pages.fill(MARGIN + 1.0, mark, 3.2, 3.2, ACCENT);
    pages.paragraph(&clean(text, TEXT_CHARS_MAX), MARGIN + 13.0, ROOM - 13.0, style);
    pages.skip(3.0);
}

fn value(pages: &mut Pages, content: &Content) {
    let Some(value) = &content.value else { return };
    pages.heading("What it may be worth, by your own figures");
    let mut text = format!(
        "{:.0} calls, after {:.0} in as many days before the work: {} at your own figures.",
        value.calls.value, value.baseline.value, value.value
    );
    if let Some(share) = value.return_on_fee {
        text =
            format!("{text} That is {:.0} % of our fee on top of the fee itself.", share * 100.0);
    }
    pages.paragraph(&text, MARGIN, ROOM, Style::plain(9.5));
    pages.skip(4.0);
    for line in &value.assumptions {
        bullet(pages, line);
    }
}

fn method(pages: &mut Pages, content: &Content) {
    pages.heading("How this was made");
    let mut text = "Views, calls, clicks and requests are the provider's own counts of days that are \
                    at least four days old, when they no longer change. The completeness score uses \
                    our own weights; Google publishes none. A change is called one only when chance \
                    alone would rarely make it, and nothing here says why something changed."
        .to_owned();
    if content.metrics.values().any(|metric| metric.current.is_none()) {
        text.push_str(" What could not be measured is missing, not zero.");
    }
    pages.paragraph(&text, MARGIN, ROOM, Style::plain(8.5).coloured(GREY));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::render::tests::{content, measured};
    use super::super::{
        ClientValue, Days, Known, Part, Period, Reading, ScorePoint, ValueInputs, Window,
        client_value, metrics, months,
    };
    use super::*;
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::DAY_MS;

    /// The texts that a file shows, in the order in which they are set.
    fn shown(file: &[u8]) -> String {
        let text: String = file.iter().map(|&byte| char::from(byte)).collect();
        let set = text.lines().filter_map(|line| line.strip_suffix(" Tj"));
        let texts = set.map(|set| match set.strip_prefix('<') {
            Some(digits) => {
                let bytes = hex::decode(digits.trim_end_matches('>')).unwrap();
                bytes.into_iter().map(char::from).collect()
            }
            None => set[1..set.len() - 1].replace('\\', ""),
        });
        texts.collect::<Vec<String>>().join("\n")
    }

    #[test]
    fn the_same_report_is_the_same_file_and_a_hostile_name_is_only_text() {
        let file = pdf(&content());
        assert_eq!(file, pdf(&content()));
        assert!(file.starts_with(b"%PDF-1.") && file.ends_with(b"%%EOF"));
        let text = shown(&file);
        assert!(text.contains("A | B # <script>"), "{text}");
        assert!(text.contains("Page 1 of 1"), "{text}");
    }

    #[test]
    fn a_table_that_does_not_fit_goes_on_on_the_next_page_with_its_head() {
        let mut pages = Pages::new();
        let rows: Vec<_> = (0..90).map(|n| vec![format!("row {n}"), n.to_string()]).collect();
        grid(&mut pages, &["Figure", "Count"], &rows);
        let frame = Frame { left: String::new(), right: String::new(), foot: String::new() };
        let text = shown(&pages.finish(&frame, "t"));
        assert!(text.contains("Page 3 of 3"), "{text}");
        assert_eq!(text.matches("Figure").count(), 3);
        assert!((0..90).all(|n| text.contains(&format!("row {n}"))));
    }

    #[test]
    fn what_was_not_measured_is_a_dash_and_what_is_simulated_says_so() {
        let text = shown(&pdf(&content()));
        assert!(text.contains("Simulated: these figures come from a rehearsal"), "{text}");
        assert!(text.contains("Part of a week"), "{text}");
        assert!(text.contains('\u{97}'), "an em dash in the file's own encoding");
    }

    /// A quarter of a client with figures of every kind.
    fn quarter() -> Content {
        let period = Period::read("quarterly:2026-Q1").unwrap();
        let covers = Window::of(&period, Some("2026-01-20T09:00:00Z".parse().unwrap())).unwrap();
        let day = |n: i64| {
            let share = 20 + u32::try_from(n * 7 % 13 + n / 3).unwrap();
            let figures = DailyFigures {
                impressions: share * 2,
                call_clicks: share / 16,
                website_clicks: share / 9,
                direction_requests: share / 12,
            };
            (Moment(covers.from.0 + n * DAY_MS).utc_date().to_string(), figures)
        };
        let days: Days = (-71..71).map(|n| day(n.max(0))).chain((0..71).map(day)).collect();
        let own = [
            (MetricName::ProfileScore, measured(86.4, "12", 1)),
            (MetricName::ActionsDone, measured(7.0, "4-10", 7)),
            (MetricName::PostsLive, measured(18.0, "4-21", 18)),
            (MetricName::ReviewsReceived, measured(6.0, "1-6", 6)),
            (MetricName::ReviewsReplied, measured(6.0, "1-6", 6)),
            (MetricName::MeanRating, measured(4.5, "1-6", 6)),
        ];
        let reading = Reading { own: own.to_vec(), days: days.clone() };
        let score = Reading {
            own: vec![(MetricName::ProfileScore, measured(52.0, "3", 1))],
            days: Days::new(),
        };
        let metrics = metrics(
            super::super::figures(&reading, covers),
            super::super::figures(&score, covers.before()),
            BTreeMap::new(),
        );
        let point = |id, at: &str, score| ScorePoint { id, at: at.parse().unwrap(), score };
        Content {
            client: "Zahnarztpraxis Müller & Söhne, Łódź Straße".to_owned(),
            period,
            covers,
            months: months(&period, covers)
                .iter()
                .map(|(month, days)| Part::new(month, *days, &reading))
                .collect(),
            findings: super::super::findings(&Known {
                metrics: &metrics,
                window: covers,
                days: [&[], &[]],
                fields: &["photos".to_owned(), "description".to_owned(), "phone".to_owned()],
            }),
            scores: vec![
                point(3, "2026-01-19T09:00:00Z", 52.0),
                point(7, "2026-01-23T09:00:00Z", 71.5),
                point(9, "2026-02-23T09:00:00Z", 83.0),
                point(12, "2026-03-24T09:00:00Z", 86.4),
            ],
            daily: days.range(covers.first_day()..).map(|(day, n)| (day.clone(), *n)).collect(),
            metrics,
            value: Some(sample_value(covers)),
            ..content()
        }
    }

    fn sample_value(covers: Window) -> ClientValue {
        let usd = |minor| Money::new(minor, Currency::new("USD").unwrap());
        let inputs =
            ValueInputs { job_value: usd(20_000), booking_rate: 0.25, fee: Some(usd(150_000)) };
        let (now, before) = (measured(260.0, "1-71", 71), measured(140.0, "1-71", 71));
        client_value(&inputs, &now, &before, covers.before(), 1.0).unwrap()
    }

    #[test]
    fn a_quarter_has_its_months_charts_and_value_and_german_letters() {
        let file = pdf(&quarter());
        let text = shown(&file);
        for part in [
            "Month by month",
            "Week by week",
            "2026-02",
            "Your figure: a job brings",
            "M\u{fc}ller",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(file.len() < 60_000, "{} bytes", file.len());
    }
}
