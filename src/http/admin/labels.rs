//! Puts what a tenant calls things in the place of their names, where people read them.

use serde_json::Value;

use super::columns::Column;
use crate::scim::Object;

/// Columns whose values have labels too.
const VALUED: [&str; 3] = ["displayStatus", "seatState", "accessLevel"];

/// Labels the columns and the values of a list of people. `labels` is what
/// `Directory::display_names` answers.
pub(super) fn put(labels: &Object, columns: &mut [Column], items: &mut [Object]) {
    let Some(labels) = labels.get("displayNames").and_then(Value::as_object) else {
        return;
    };
    if labels.is_empty() {
        return;
    }
    let label = |name: &str| labels.get(name).and_then(Value::as_str);
    for item in items {
        for column in VALUED {
            let value = item.get(column).and_then(Value::as_str);
            let named = value.and_then(|value| label(&format!("{column}.{value}")));
            if let Some(named) = named {
                item.insert(column.into(), named.into());
            }
        }
    }
    for column in columns {
        if let Some(named) = label(&column.header) {
            column.header = named.to_owned().into();
        }
    }
}
