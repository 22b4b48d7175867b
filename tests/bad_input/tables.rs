//! Tables that are none, or not quite: each ends with a code, a place and a next step.

use super::clean::assert_database;
use super::desk::Desk;

/// Imports a table with the binary and returns its exit code and all that was told of it.
fn told(desk: &Desk, name: &str, bytes: &[u8]) -> (i32, String) {
    desk.write(name, bytes);
    let said = desk.cep(&["run", "1", "--input", name]);
    let told = [&["events"][..], &["errors"], &["units", "--layer", "1"]]
        .map(|question| desk.cep(question).out);
    let errors: String = desk
        .texts("SELECT CAST(id AS TEXT) FROM units WHERE state = 'dead'")
        .iter()
        .map(|unit| desk.cep(&["errors", unit]).out)
        .collect();
    assert_database(&desk.database());
    (said.code, format!("{}\n{}\n{}\n{errors}", said.out, said.err, told.join("\n")))
}

/// A table that is refused, or of which a line is, with the words that must be told.
fn assert_told(name: &str, bytes: impl AsRef<[u8]>, words: &[&str]) {
    let desk = Desk::new();
    let (code, told) = told(&desk, name, bytes.as_ref());
    assert!(code == 3 || code == 0, "{name}: exit {code}: {told}");
    for word in words {
        assert!(told.contains(word), "{name}: {word:?} is not told:\n{told}");
    }
    if code == 3 {
        assert!(told.contains("\ndo  "), "{name}: no next step:\n{told}");
    }
}

#[test]
fn a_table_that_cannot_be_read_names_its_line_and_the_next_step() {
    let long = "x".repeat(1_000_000);
    let wide = vec!["x"; 100_000].join(",");
    assert_told("empty.csv", "", &["empty"]);
    assert_told("blank.csv", " \r\n\r\n", &["empty"]);
    assert_told("headless.csv", "Acme,dental,030 1\nBeta,gym,030 2\n", &["line 1", "name"]);
    assert_told("nocategory.csv", "name,phone\nAcme,030 1\n", &["line 1", "category"]);
    assert_told("wide.csv", format!("{wide}\n{wide}\n"), &["line 1"]);
    assert_told("widerow.csv", format!("name,category\nA,gym\n{wide}\n"), &["100000 cells"]);
    assert_told("longname.csv", format!("{long},category\nA,gym\n"), &["line 1", "name"]);
    assert_told("short.csv", "name,category,phone\nA,gym,1\nB,gym\n", &["2 cells", "3"]);
    assert_told("nul.csv", "\0\0\0\0PNG\0\0", &["nul.csv"]);
    assert_told("binary.csv", [0x89, b'P', b'N', b'G', 0xff, 0xfe, 0, 1], &["binary.csv"]);
    assert_told("cut.json", "{\"elements\":[{\"type\":\"node\",\"id\":1", &["line 1"]);
    assert_told("deep.json", "[".repeat(200_000), &["deep.json", "line 1"]);
    assert_told("other.json", "{\"elements\": {}}", &["other.json", "line 1"]);
}

#[test]
fn a_table_with_odd_cells_is_read_and_keeps_every_row() {
    let desk = Desk::new();
    let long = "x".repeat(9_000);
    let table = format!(
        "\u{feff}name,category,description\r\n\
         \"Zero\0Byte\",gym,a\0b\r\n\
         \"Two\nLines\",gym,\"say \"\"hi\"\"\"\r\n\
         Long,gym,{long}\r\n\
         =1+1,gym,\u{1b}[2J\u{202e}x\r\n"
    );
    let (code, told) = told(&desk, "odd.csv", table.as_bytes());
    assert_eq!(code, 0, "{told}");
    let mut names = desk.texts("SELECT name FROM prospects");
    names.sort();
    assert_eq!(names, ["=1+1", "Long", "Two Lines", "ZeroByte"]);
}

#[test]
fn a_megabyte_in_one_cell_or_behind_an_open_quotation_mark_is_told_and_loses_no_row_before_it() {
    for (name, cell) in [
        ("megabyte.csv", "y".repeat(1_000_000)),
        ("unclosed.csv", format!("\"{}", "B,gym,x\n".repeat(2_000))),
    ] {
        let desk = Desk::new();
        let table = format!("name,category,description\nFirst,gym,fine\nLast,gym,{cell}\n");
        let (code, told) = told(&desk, name, table.as_bytes());
        assert_eq!(code, 0, "{name}: {told}");
        assert_eq!(desk.texts("SELECT name FROM prospects"), ["First"], "{name}");
        let last = told.contains("entry 3 Last") && told.contains("quotation mark");
        assert!(last, "{name}: the row that was left out is not told: {told}");
    }
}
