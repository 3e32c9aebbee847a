//! What the server can do, within which limits, and how soon what is due is done: for programs, and
//! for whoever has to promise it to somebody.

use serde_json::{Value, json};

use super::operations::OPERATIONS;
use super::roles::Right;
use super::{object, query};
use crate::directory::Caller;
use crate::directory::Directory;
use crate::scim::Object;

impl Directory {
    /// What there is, and what of it the caller may do.
    pub fn capabilities(&self, caller: &Caller) -> Object {
        let operations: Value = OPERATIONS
            .iter()
            .map(|operation| {
                let names = |rights: &[Right]| -> Vec<_> {
                    rights.iter().map(|right| right.as_str()).collect()
                };
                json!({
                    "operation": operation.name,
                    "method": operation.method,
                    "path": format!("/admin/v1{}", operation.path),
                    "rights": names(operation.rights),
                    "orRight": operation.or.map(Right::as_str),
                    "allowed": operation.is_open_to(caller),
                    "effect": operation.effect,
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
            ("removals", removals()),
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

/// The ways to take access away, which are never one and the same: what each does, what is kept, and
/// whether it can be undone (domain 4.6).
fn removals() -> Value {
    json!([
        {"removal": "end", "call": "POST /admin/v1/members/{id}/end", "identity": "active",
         "seat": "free at once, as the pool's contract has it", "access": "archive",
         "kept": "everything; the person may still sign in and read", "undo": "extend"},
        {"removal": "deactivate", "call": "POST /admin/v1/members/{id}/deactivate, or `active: false` over SCIM",
         "identity": "inactive", "seat": "held for the grace period, then free", "access": "none",
         "kept": "everything, memberships of groups too; tokens of the person are revoked",
         "undo": "reactivate: the same seat within the grace period, a new episode later"},
        {"removal": "delete", "call": "DELETE /scim/v2/Users/{id}", "identity": "deleted",
         "seat": "free at once, unless the policy holds it for the grace period", "access": "none",
         "kept": "history: assignments, sessions and the ledger; groups, pins and the SCIM user go",
         "undo": "created again under the same externalId or workerId it is the same person"},
        {"removal": "erase", "call": "POST /admin/v1/members/{id}/erase", "identity": "erased",
         "seat": "free at once", "access": "none",
         "kept": "history without a name: a pseudonym takes the place of all that tells who it was",
         "undo": null},
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
