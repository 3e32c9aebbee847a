//! A list as a table for people.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use super::columns::{Column, Kind};
use crate::scim::Object;

/// A table of the columns that are for people, with a line of totals where columns add up.
pub(super) fn of(items: &[Object], columns: &[Column]) -> String {
    let columns: Vec<_> = columns.iter().filter(|column| column.in_table).collect();
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header(columns.iter().map(|column| column.header.as_ref()));
    for item in items {
        table.add_row(columns.iter().map(|column| printable(column.value(item))));
    }
    if items.len() > 1 && columns.iter().any(|column| column.kind == Kind::Sum) {
        table.add_row(totals(items, &columns));
    }
    for (at, column) in columns.iter().enumerate() {
        if let (Kind::Number | Kind::Sum, Some(column)) = (column.kind, table.column_mut(at)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{table}\n")
}

fn totals(items: &[Object], columns: &[&Column]) -> Vec<String> {
    let total = |column: &Column| -> i64 {
        let values = items.iter().filter_map(|item| column.value(item).as_i64());
        values.sum()
    };
    let cells = columns
        .iter()
        .enumerate()
        .map(|(at, column)| match column.kind {
            Kind::Sum => total(column).to_string(),
            _ if at == 0 => "total".to_owned(),
            _ => String::new(),
        });
    cells.collect()
}

/// A value as text; nothing for what is null.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        value => value.to_string(),
    }
}

/// A value on a terminal, which must not take part of it for a command.
fn printable(value: &Value) -> String {
    let text = text(value);
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn items(values: &[Value]) -> Vec<Object> {
        values
            .iter()
            .filter_map(Value::as_object)
            .cloned()
            .collect()
    }

    const COLUMNS: &[Column] = &[
        Column::text("key", "/key"),
        Column::sum("seats", "/seats"),
        Column::text("secret", "/secret").only_csv(),
    ];

    #[test]
    fn numbers_are_on_the_right_and_add_up() {
        let table = of(
            &items(&[
                json!({"key": "a", "seats": 5}),
                json!({"key": "b", "seats": 120}),
            ]),
            COLUMNS,
        );
        let line = |key: &str| {
            table
                .lines()
                .find(|line| line.contains(key))
                .unwrap_or_default()
        };
        assert!(line(" a ").contains("     5 "), "{table}");
        assert!(line("total").contains(" 125 "), "{table}");
        assert!(!table.contains("secret"), "{table}");
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        let table = of(
            &items(&[json!({"key": "a\u{1b}[2Jb\nc", "seats": 1})]),
            COLUMNS,
        );
        assert!(table.contains("a [2Jb c"), "{table}");
    }
}
