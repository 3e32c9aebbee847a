//! What `docs/console.md` promises is tested, and every row has a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Rows of a console's guide, and of the guide to offboarding.
const ROWS: [(usize, &str); 2] = [(43, ""), (32, "of_1_2_")];

fn tests_below(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let named = text.lines().filter_map(|line| {
                let name = line.trim_start().strip_prefix("async fn row_")?;
                Some(format!("row_{}", name.split('(').next()?))
            });
            into.extend(named);
        }
    }
}

fn known() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    tests_below(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"),
        &mut tests,
    );
    tests
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let text = include_str!("../../../docs/console.md");
    let named: Vec<_> = text.split('`').filter(|s| s.starts_with("row_")).collect();
    assert!(named.len() > 75, "{}", named.len());
    let known = known();
    for name in named {
        assert!(
            known.contains(name),
            "docs/console.md names a test that is not there: {name}"
        );
    }
}

/// The rows that the name of a test says it shows: `row_3_`, `row_3_and_4_`, `row_3_to_5_`.
fn rows_of(test: &str) -> Vec<usize> {
    let parts: Vec<_> = test.trim_start_matches("row_").split('_').collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<usize>().ok());
    match (number(0), parts.get(1), number(2)) {
        (Some(from), Some(&"to"), Some(to)) => (from..=to).collect(),
        (Some(one), Some(&"and"), Some(other)) => vec![one, other],
        (Some(one), _, _) => vec![one],
        _ => Vec::new(),
    }
}

#[test]
fn every_row_has_a_test() {
    let known = known();
    for (rows, of) in ROWS {
        let mine = known
            .iter()
            .filter(|test| test.contains("_of_1_2_") != of.is_empty());
        let shown: BTreeSet<_> = mine.flat_map(|test| rows_of(test)).collect();
        let missing: Vec<_> = (1..=rows).filter(|row| !shown.contains(row)).collect();
        assert!(missing.is_empty(), "rows {of} without a test: {missing:?}");
    }
}
