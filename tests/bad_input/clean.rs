//! Says which characters may reach a screen or a file, independently of the code that takes them
//! out, and looks through a database for others.

use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

/// Whether a character acts on a terminal, or changes in which order or how a line is read.
pub(crate) fn acts(c: char) -> bool {
    let code = u32::from(c);
    let is_control = code < 0x20 || (0x7f..0xa0).contains(&code);
    let is_direction = (0x202a..=0x202e).contains(&code) || (0x2066..=0x2069).contains(&code);
    is_control || is_direction || matches!(code, 0x200e | 0x200f | 0x2028 | 0x2029 | 0xfeff)
}

/// Fails when `text` holds a character that acts; line ends may stand in a text of lines.
pub(crate) fn assert_clean(text: &str, whose: &str) {
    let found = text.find(|c| acts(c) && c != '\n');
    if let Some(at) = found {
        let from = text[..at].char_indices().rev().nth(60).map_or(0, |(start, _)| start);
        let near: String = text[from..].chars().take(120).collect();
        panic!("{whose}: {near:?}");
    }
}

/// Looks through every text of every table, in JSON through every string as it reads.
pub(crate) fn assert_database(path: &Path) {
    let conn = Connection::open(path).unwrap();
    let mut names = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables: Vec<String> =
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(tables.len() > 30, "{tables:?}");
    let mut n_cells = 0_u64;
    // The inbox keeps raw what was signed, as its proof.
    for table in tables.iter().filter(|table| *table != "inbox") {
        let mut select = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = select.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (at, column) in columns.iter().enumerate() {
                let Ok(cell) = row.get::<_, String>(at) else { continue };
                n_cells += 1;
                assert_cell(&cell, &format!("{table}.{column}"));
            }
        }
    }
    assert!(n_cells > 0);
}

fn assert_cell(cell: &str, whose: &str) {
    assert_clean(cell, whose);
    if cell.starts_with(['{', '[', '"'])
        && let Ok(value) = serde_json::from_str::<Value>(cell)
    {
        assert_value(&value, whose);
    }
}

/// Fails when a string inside a document holds a character that acts.
pub(crate) fn assert_value(value: &Value, whose: &str) {
    match value {
        Value::String(text) => assert_clean(text, whose),
        Value::Array(items) => items.iter().for_each(|item| assert_value(item, whose)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            assert_clean(name, whose);
            assert_value(value, whose);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn the_product_calls_every_character_unsafe_that_acts() {
    let missed: Vec<char> = ('\0'..=char::MAX)
        .filter(|&c| acts(c) && !cep_machine::domain::text::is_unsafe(c))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}
