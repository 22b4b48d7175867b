//! Says which rows of a long list are shown.

/// Returns the first row to show so that `cursor` is in view among `height` of `rows` rows. A third
/// of the room stays ahead of the cursor, so that one sees what comes.
pub fn first_row(cursor: usize, rows: usize, height: usize) -> usize {
    let most = rows.saturating_sub(height);
    cursor.saturating_sub(height.saturating_sub(1).saturating_sub(height / 3)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_is_in_view_whatever_the_size() {
        for height in 1..30 {
            for rows in 0..60_usize {
                for cursor in 0..rows {
                    let first = first_row(cursor, rows, height);
                    assert!(
                        first <= cursor && cursor < first + height,
                        "{cursor} of {rows} in {height}"
                    );
                    assert!(first + height <= rows.max(height), "no empty room at the end");
                }
            }
        }
    }
}
