//! `docs/rules.md` names only files and tests that exist.

use std::path::{Path, PathBuf};

fn core() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<String> {
    let table = std::fs::read_to_string(core().join("../../docs/rules.md")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let heads = ["| rule |", "| mistake |"];
    let rows = rows.filter(|row| !heads.iter().any(|head| row.starts_with(head)));
    rows.map(str::to_owned).collect()
}

/// What stands between backticks in a column of a row.
fn quoted(row: &str, column: usize) -> Vec<String> {
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
    let quoted = cells[column].split('`').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

fn has_test(path: &Path, function: &str) -> bool {
    let source = std::fs::read_to_string(path).unwrap_or_default();
    let mut parts = source.split("#[test]").skip(1);
    parts.any(|part| part.trim_start().starts_with(&format!("fn {function}(")))
}

#[test]
fn every_rule_has_a_place_and_a_test_that_exist() {
    let rows = rows();
    assert!(rows.len() > 60, "only {} rules were read", rows.len());
    for row in rows {
        let places = quoted(&row, 1);
        let tests = quoted(&row, 2);
        assert!(!places.is_empty() && !tests.is_empty(), "{row}");
        for place in places {
            assert!(
                core().join("src").join(&place).exists(),
                "no {place}: {row}"
            );
        }
        for test in tests {
            let parts: Vec<&str> = test.split("::").collect();
            let [folder, module, function] = parts[..] else {
                panic!("{test} is not FOLDER::MODULE::FUNCTION");
            };
            let path = core().join(format!("tests/{folder}/{module}.rs"));
            assert!(has_test(&path, function), "no test {test}: {row}");
        }
    }
}
