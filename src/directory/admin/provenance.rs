//! Where every setting comes from: the default, a change of the policy, or something that says
//! otherwise for itself alone.

use serde_json::{Map, Value, json};

use super::object;
use crate::coaching::Stage;
use crate::scim::Object;
use crate::seats::catalog::{Catalog, OnUnmatch};
use crate::store::ledger::Entry;

/// The settings of a policy, one by one: thresholds by their status.
fn settings(policy: &Object) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in policy {
        match value {
            Value::Object(parts) if name == "stallThresholds" => {
                for (part, value) in parts {
                    all.insert(format!("{name}.{part}"), value.clone());
                }
            }
            value => {
                all.insert(name.clone(), value.clone());
            }
        }
    }
    all
}

/// Where each setting of an effective policy comes from, by the lines of the ledger that changed it,
/// the oldest first, and the latest that changed what things are called.
pub(super) fn sources(policy: &Object, changes: &[Entry], renamed: Option<&Entry>) -> Object {
    let mut sources: Object = settings(policy)
        .into_iter()
        .map(|(name, _)| (name, json!({"from": "default"})))
        .collect();
    for change in changes {
        let side = |key: &str| change.detail.get(key).and_then(Value::as_object);
        let (Some(from), Some(to)) = (side("from"), side("to")) else {
            continue;
        };
        let (from, to) = (settings(from), settings(to));
        for (name, source) in &mut sources {
            let (before, after) = (from.get(name), to.get(name));
            if before == after {
                continue;
            }
            *source = match after {
                // A threshold that was taken back.
                None | Some(Value::Null) => json!({"from": "default"}),
                Some(_) => decided(change),
            };
        }
    }
    if let (Some(change), Some(source)) = (renamed, sources.get_mut("displayNames")) {
        *source = decided(change);
    }
    sources
}

/// Somebody set it.
fn decided(change: &Entry) -> Value {
    json!({"from": "tenant", "at": change.at, "by": change.actor})
}

/// What says otherwise for itself alone: pools, tracks and mappings.
pub(super) fn overrides(catalog: &Catalog) -> Vec<Value> {
    let policy = &catalog.policy;
    let mut all = Vec::new();
    for pool in &catalog.pools {
        let key = &pool.key;
        if pool.full_policy != policy.full_policy.0 {
            let value = pool.full_policy.as_str();
            all.push(json!({"setting": "fullPolicy", "by": "pool", "name": key, "value": value}));
        }
        if pool.reuse_policy != policy.reuse_policy.0 {
            let value = pool.reuse_policy.as_str();
            all.push(json!({"setting": "reusePolicy", "by": "pool", "name": key, "value": value}));
        }
    }
    for track in &catalog.tracks {
        for stage in Stage::ALL {
            if let Some(days) = track.stall_thresholds.of(*stage) {
                let setting = format!("stallThresholds.{}", stage.as_str());
                all.push(
                    json!({"setting": setting, "by": "track", "name": track.key, "value": days}),
                );
            }
        }
    }
    for rule in &catalog.rules {
        if rule.on_unmatch != policy.on_unmatch.0 {
            let value = OnUnmatch::as_str(rule.on_unmatch);
            all.push(
                json!({"setting": "onUnmatch", "by": "mapping", "name": rule.id, "value": value}),
            );
        }
    }
    all
}

/// What the server itself was told when it was started.
pub(super) fn of_server(breaker: bool) -> Object {
    object([("breaker", if breaker { "on" } else { "off" }.into())])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn changed(actor: &str, from: Value, to: Value) -> Entry {
        Entry {
            id: Uuid::nil(),
            at: Timestamp::UNIX_EPOCH,
            actor: actor.to_owned(),
            cause: String::new(),
            action: "policy.changed".to_owned(),
            member: None,
            assignment: None,
            moved: None,
            detail: object([("from", from), ("to", to)]),
        }
    }

    #[test]
    fn the_latest_change_of_a_setting_is_its_source() {
        let policy = object([
            ("graceDays", json!(14)),
            ("fullPolicy", json!("reject")),
            ("stallThresholds", json!({"invited": 5, "activated": 7})),
        ]);
        let one =
            |days: i64| json!({"graceDays": days, "fullPolicy": "waitlist", "stallThresholds": {}});
        let told = |days: i64| json!({"graceDays": days, "fullPolicy": "reject", "stallThresholds": {"invited": 5, "activated": 3}});
        let back =
            json!({"graceDays": 14, "fullPolicy": "reject", "stallThresholds": {"invited": 5}});
        let sources = sources(
            &policy,
            &[
                changed("a", one(14), one(30)),
                changed("b", one(30), told(30)),
                changed("c", told(30), back),
            ],
            None,
        );
        let by = |name: &str| sources.get(name).map(|source| source["by"].clone());
        // Set back by hand to what the default is: still a decision.
        assert_eq!(by("graceDays"), Some(json!("c")));
        assert_eq!(by("fullPolicy"), Some(json!("b")));
        assert_eq!(by("stallThresholds.invited"), Some(json!("b")));
        assert_eq!(
            sources.get("stallThresholds.activated"),
            Some(&json!({"from": "default"}))
        );
    }
}
