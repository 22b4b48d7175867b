//! Lists the parts of a change of Φ_sync as people read them: signed, to four decimals, each level
//! adding up to the one above it as shown.

use crate::app::query::{ContainerWhy, FigureWhy, PhiWhy, Ratio};
use crate::domain::phi::in_steps;

/// The last decimal shown.
const STEP: f64 = 1e-4;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// How far it is indented: a whole, its part, a part of that.
    pub depth: usize,
    /// What it is of: `Sales`, `L3 error rate`.
    pub name: String,
    /// `+0.0123`; `None` when Φ_sync is unknown at one of the moments.
    pub change: Option<String>,
    /// Then and now, with the counts and rows behind them.
    pub detail: String,
}

/// Returns all parts, the whole first; figures without rows at both moments are left out.
pub fn parts(why: &PhiWhy) -> Vec<Part> {
    let total = why
        .before
        .value
        .zip(why.after.value)
        .map(|(before, after)| steps_of(after) - steps_of(before));
    let mut list = vec![line(0, "change".to_owned(), total, String::new())];
    let mut exact: Vec<f64> = why.containers.iter().map(|one| one.part.unwrap_or(0.0)).collect();
    exact.push(why.coupling_part.unwrap_or(0.0));
    let shown = total.map(|total| in_steps(total, &exact, STEP));
    let at = |index: usize| shown.as_ref().and_then(|shown| shown.get(index).copied());
    for (index, container) in why.containers.iter().enumerate() {
        let [before, after] = container.health;
        let detail = format!("health {} -> {}", four(before), four(after));
        list.push(line(1, container.container.name().to_owned(), at(index), detail));
        figures(&mut list, container, at(index));
    }
    let detail = format!("{} -> {}", four(why.before.coupling), four(why.after.coupling));
    list.push(line(1, "coupling".to_owned(), at(why.containers.len()), detail));
    list
}

fn figures(list: &mut Vec<Part>, container: &ContainerWhy, total: Option<i64>) {
    let known: Vec<&FigureWhy> = container
        .figures
        .iter()
        .filter(|one| one.before.denominator + one.after.denominator > 0)
        .collect();
    let mut exact: Vec<f64> = known.iter().map(|one| one.part.unwrap_or(0.0)).collect();
    exact.push(container.bounds_part.unwrap_or(0.0));
    let shown = total.map(|total| in_steps(total, &exact, STEP));
    let at = |index: usize| shown.as_ref().and_then(|shown| shown.get(index).copied());
    for (index, one) in known.iter().enumerate() {
        let figure = one.figure.replace('_', " ");
        let layer = one.layer.map_or_else(String::new, |layer| format!("L{} ", layer.number()));
        let detail = format!("{} -> {}", counts(&one.before), counts(&one.after));
        let rows = one.after.rows.as_ref().map_or_else(String::new, |rows| format!("  {rows}"));
        list.push(line(2, format!("{layer}{figure}"), at(index), format!("{detail}{rows}")));
    }
    if container.bounds_part.is_some_and(|part| part != 0.0) {
        let detail = "a health is never below 0 nor above 1".to_owned();
        list.push(line(2, "bounds".to_owned(), at(known.len()), detail));
    }
}

fn line(depth: usize, name: String, steps: Option<i64>, detail: String) -> Part {
    #[expect(clippy::cast_precision_loss, reason = "at most ten thousand steps")]
    let change = steps.map(|steps| format!("{:+.4}", steps as f64 * STEP));
    // What rounds to nothing is neither up nor down.
    let change =
        change.map(|text| text.replace("-0.0000", "+0.0000").replace("+0.0000", " 0.0000"));
    Part { depth, name, change, detail }
}

#[expect(clippy::cast_possible_truncation, reason = "a value between 0 and 1")]
fn steps_of(value: f64) -> i64 {
    (value / STEP).round() as i64
}

fn four(value: Option<f64>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.4}"))
}

/// `0.9000 (36/40)`.
fn counts(ratio: &Ratio) -> String {
    match ratio.value() {
        Some(value) => format!("{value:.4} ({}/{})", ratio.numerator, ratio.denominator),
        None => "no rows".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixture;

    #[test]
    fn every_level_adds_up_to_the_one_above_it_as_it_is_shown() {
        let list = parts(&fixture::why());
        let steps = |depth: usize, from: usize| -> i64 {
            list[from..]
                .iter()
                .take_while(|part| part.depth >= depth)
                .filter(|part| part.depth == depth)
                .map(|part| {
                    let value: f64 = part.change.as_ref().unwrap().trim().parse().unwrap();
                    steps_of(value)
                })
                .sum()
        };
        let whole = steps_of(list[0].change.as_ref().unwrap().trim().parse().unwrap());
        assert_eq!(steps(1, 1), whole, "{list:?}");
        for (index, part) in list.iter().enumerate().filter(|(_, part)| part.depth == 1) {
            if part.name != "coupling" {
                let own = steps_of(part.change.as_ref().unwrap().trim().parse().unwrap());
                assert_eq!(steps(2, index + 1), own, "{part:?} in {list:?}");
            }
        }
    }

    #[test]
    fn without_a_value_at_one_moment_no_part_is_invented() {
        let mut why = fixture::why();
        why.before.value = None;
        assert!(parts(&why).iter().all(|part| part.change.is_none()));
    }
}
