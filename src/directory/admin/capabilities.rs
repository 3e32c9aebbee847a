//! What the server can do, within which limits, and how soon what is due is done: for programs, and
//! for whoever has to promise it to somebody.

use serde_json::{Value, json};

use super::roles::Right;
use super::{object, query};
use crate::directory::Caller;
use crate::directory::Directory;
use crate::scim::Object;

/// An operation of the admin API on people and seats: its name, method, path, right, and what it
/// takes away or gives, if it does.
struct Operation(
    &'static str,
    &'static str,
    &'static str,
    Option<Right>,
    Option<&'static str>,
);

const OPERATIONS: &[Operation] = &[
    Operation("list_members", "GET", "/members", Some(Right::Read), None),
    Operation(
        "read_member",
        "GET",
        "/members/{id}",
        Some(Right::Read),
        None,
    ),
    Operation(
        "explain_member",
        "GET",
        "/members/{id}/explain",
        Some(Right::Read),
        None,
    ),
    Operation(
        "member_history",
        "GET",
        "/members/{id}/ledger",
        Some(Right::ReadRules),
        None,
    ),
    Operation(
        "end_access",
        "POST",
        "/members/{id}/end",
        Some(Right::Access),
        Some("the seat is free at once and goes to the next in line; the person may still read"),
    ),
    Operation(
        "extend_access",
        "POST",
        "/members/{id}/extend",
        Some(Right::Access),
        Some("access lasts longer, or begins again if a seat is free"),
    ),
    Operation(
        "sessions_of_member",
        "GET",
        "/members/{id}/sessions",
        Some(Right::Engagement),
        None,
    ),
    Operation(
        "events_of_member",
        "GET",
        "/members/{id}/events",
        Some(Right::Engagement),
        None,
    ),
    Operation(
        "export_members",
        "GET",
        "/exports/members.csv",
        Some(Right::Read),
        None,
    ),
    Operation("list_waitlist", "GET", "/waitlist", Some(Right::Read), None),
    Operation("list_pools", "GET", "/pools", Some(Right::Read), None),
    Operation(
        "change_pool",
        "PATCH",
        "/pools/{key}",
        Some(Right::Configure),
        Some("seats are bought, given up, held back or released; people are placed anew"),
    ),
    Operation("list_tracks", "GET", "/tracks", Some(Right::Read), None),
    Operation(
        "change_mapping",
        "PATCH",
        "/mappings/{id}",
        Some(Right::Configure),
        Some("people are placed anew"),
    ),
    Operation("send_events", "POST", "/events", Some(Right::Events), None),
    Operation("list_reports", "GET", "/reports", Some(Right::Read), None),
    Operation("read_ledger", "GET", "/ledger", Some(Right::Ledger), None),
    Operation(
        "verify_ledger",
        "GET",
        "/ledger/verify",
        Some(Right::Ledger),
        None,
    ),
    Operation(
        "list_connections",
        "GET",
        "/connections",
        Some(Right::ReadRules),
        None,
    ),
    Operation(
        "read_policy",
        "GET",
        "/policy",
        Some(Right::ReadRules),
        None,
    ),
    Operation("list_roles", "GET", "/roles", None, None),
];

impl Directory {
    /// What there is, and what of it the caller may do.
    pub fn capabilities(&self, caller: &Caller) -> Object {
        let operations: Value = OPERATIONS
            .iter()
            .map(|Operation(name, method, path, right, effect)| {
                json!({
                    "operation": name,
                    "method": method,
                    "path": format!("/admin/v1{path}"),
                    "right": right.map(Right::as_str),
                    "allowed": right.is_none_or(|right| caller.has(right)),
                    "effect": effect,
                })
            })
            .collect();
        object([
            ("operations", operations),
            (
                "formats",
                json!({"lists": ["json", "csv", "table"], "reports": ["json", "csv", "table", "svg"],
                       "exports": ["csv", "jsonl"]}),
            ),
            ("limits", query::limits()),
            ("jobs", jobs()),
            ("promises", promises()),
        ])
    }
}

/// Timed work and when it is done, at the latest, while a server runs.
fn jobs() -> Value {
    json!([
        {"job": "ends, starts and grace periods", "when": "at their moment", "withinSeconds": 1},
        {"job": "seats whose cooldown is over", "when": "at their moment", "withinSeconds": 1},
        {"job": "placement after a change of pools, tracks, mappings or policy",
         "when": "at once, 500 people a step", "withinSeconds": null},
        {"job": "the ledger's chain", "when": "behind every change", "withinSeconds": 1},
        {"job": "benchmarks of stalling", "when": "once a day", "withinSeconds": 86_400},
    ])
}

/// What holds whenever a request has been answered.
fn promises() -> Value {
    json!([
        {"promise": "access_cut", "when": "in the transaction that answers the identity provider"},
        {"promise": "seat_freed", "when": "in the transaction that ends access, or when the grace period is over"},
        {"promise": "next_promoted", "when": "in the transaction that frees a seat"},
        {"promise": "reads_are_current", "when": "what the clock has changed is shown at once, whether a job has run or not"},
    ])
}
