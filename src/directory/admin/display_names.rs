//! What a tenant calls things: labels for people. Programs go by the names of the API, which never
//! change.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::body::Body;
use super::roles::Right;
use super::{invalid, object, wrong};
use crate::coaching::Stage;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::SeatState;
use crate::seats::outcome::AccessLevel;

/// Characters of a label at most.
const LENGTH: usize = 60;

/// The columns of the list of people that can be called otherwise.
const COLUMNS: [&str; 15] = [
    "name",
    "title",
    "email",
    "track",
    "pool",
    "subscriptionType",
    "displayStatus",
    "sessionsCompleted",
    "nextSessionAt",
    "accessEndDate",
    "seatState",
    "seatReason",
    "waitlistPosition",
    "accessLevel",
    "identityState",
];

/// Everything that can be called otherwise: columns, and the values of three of them as
/// `column.value`.
fn names() -> Vec<String> {
    let status = Stage::ALL.iter().map(|stage| stage.as_str());
    let status = status.chain(["ended", "stalled"]);
    let status = status.map(|value| format!("displayStatus.{value}"));
    let seat = SeatState::ALL.iter().map(|s| format!("seatState.{s}"));
    let level = AccessLevel::ALL.iter().map(|l| format!("accessLevel.{l}"));
    let columns = COLUMNS.iter().map(ToString::to_string);
    columns.chain(status).chain(seat).chain(level).collect()
}

/// Puts the labels that were sent into those that there are; a null takes one away.
pub(super) fn put(body: &Body, into: &mut BTreeMap<String, String>) -> Result<(), Refusal> {
    const FIELD: &str = "displayNames";
    if body.has(FIELD) && body.raw(FIELD).is_none() {
        into.clear();
    }
    let Some(sent) = body.object(FIELD)? else {
        return Ok(());
    };
    let known = names();
    for (name, label) in sent {
        let at = format!("{FIELD}.{name}");
        if !known.contains(name) {
            let shown: String = at.chars().take(100).collect();
            let detail = format!("nothing of this name; there are {}", known.join(", "));
            return Err(invalid(Code::UnknownField, &shown, &detail));
        }
        match label {
            Value::Null => {
                into.remove(name);
            }
            Value::String(label) => {
                let label = label.trim();
                let fits = !label.is_empty() && label.chars().count() <= LENGTH;
                if !fits || label.chars().any(char::is_control) {
                    let detail = format!("must have between 1 and {LENGTH} characters");
                    return Err(wrong(&at, &detail));
                }
                into.insert(name.clone(), label.to_owned());
            }
            _ => return Err(wrong(&at, "must be a text")),
        }
    }
    Ok(())
}

impl Directory {
    /// What the tenant calls things, by their names in the API.
    pub async fn display_names(&self, caller: &Caller) -> Result<Object, Error> {
        caller.may(Right::Read)?;
        let mut session = self.store.read(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let labels = &rules.catalog.policy.display_names;
        Ok(object([("displayNames", json!(labels))]))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(sent: &Value) -> Result<BTreeMap<String, String>, Refusal> {
        let body = Body::of(json!({"displayNames": sent}), &["displayNames"])?;
        let mut labels = BTreeMap::from([("track".to_owned(), "Programme".to_owned())]);
        put(&body, &mut labels)?;
        Ok(labels)
    }

    #[test]
    fn labels_are_added_changed_and_taken_away() {
        let sent = json!({"displayStatus.stalled": "Needs a nudge", "track": null});
        let labels = of(&sent).unwrap();
        assert_eq!(
            json!(labels),
            json!({"displayStatus.stalled": "Needs a nudge"})
        );
        assert!(of(&Value::Null).unwrap().is_empty());
    }

    #[test]
    fn what_has_no_name_or_no_label_is_refused() {
        for sent in [
            json!({"status": "x"}),
            json!({"seatState.nonsense": "x"}),
            json!({"track": ""}),
            json!({"track": "x".repeat(61)}),
            json!({"track": "a\nb"}),
            json!({"track": 7}),
            json!(["track"]),
        ] {
            assert!(of(&sent).is_err(), "{sent}");
        }
    }
}
