//! What a row would do to somebody, found out by the rules without doing it.

use jiff::Timestamp;

use super::groups::Named;
use super::step::Kind;
use crate::directory::rules::Rules;
use crate::directory::{person, users};
use crate::roster::row::{Fault, Problem, Row};
use crate::scim::Object;
use crate::seats::Assignment;
use crate::seats::decision::{Decision, Trigger, decide};
use crate::store::import_plans::{Does, KeptRow};
use crate::store::members::Member;

/// What a row would do.
#[derive(Debug)]
pub(super) struct Foreseen {
    pub(super) row: KeptRow,
    /// The resource that it would make.
    pub(super) doc: Object,
    /// The groups that the person would join.
    pub(super) groups: Vec<Named>,
    /// Who they are; nobody where it makes somebody.
    pub(super) member: Option<Member>,
}

impl Foreseen {
    pub(super) fn of(
        row: &Row,
        does: Does,
        (doc, groups): (Object, Vec<Named>),
        member: Option<&Member>,
    ) -> Self {
        Self {
            row: KeptRow {
                line: i64::try_from(row.line).unwrap_or(i64::MAX),
                does,
                member: member.map(|member| member.id),
                given: serde_json::json!(row.given),
            },
            doc,
            groups,
            member: member.cloned(),
        }
    }

    /// Whether the person would leave by it, or lose what they have.
    pub(super) fn takes_away(&self, rules: &Rules, now: Timestamp) -> bool {
        self.member.as_ref().is_some_and(|member| {
            let next = (&self.doc, &self.groups[..]);
            loses(rules, member, next, self.row.does, now)
        })
    }

    /// The same of somebody as they are once they are locked.
    pub(super) fn leaves(
        rules: &Rules,
        member: &Member,
        (doc, groups): (&Object, &[Named]),
        kind: Kind,
        now: Timestamp,
    ) -> bool {
        loses(rules, member, (doc, groups), kind.does(), now)
    }
}

fn loses(
    rules: &Rules,
    member: &Member,
    (doc, groups): (&Object, &[Named]),
    does: Does,
    now: Timestamp,
) -> bool {
    if matches!(does, Does::Deactivate | Does::Schedule) {
        return true;
    }
    let next = after(member, doc.clone(), groups, now);
    let holds = member.assignment.as_ref().is_some_and(Assignment::is_open);
    holds && ends(&decision(rules, &next, now))
}

/// Somebody as a resource would make them, before the rules have looked at them.
pub(super) fn after(member: &Member, doc: Object, groups: &[Named], now: Timestamp) -> Member {
    let mut next = member.clone();
    next.groups.extend_from_slice(groups);
    // What an operator set of the identity holds until the file says something new of it.
    let decides = member.drift.is_none() || doc.get("active") != member.doc.get("active");
    users::write(&mut next, doc, decides, now);
    next
}

/// What the rules decide about somebody who was written.
pub(in crate::directory) fn decision<'r>(
    rules: &'r Rules,
    member: &Member,
    now: Timestamp,
) -> Decision<'r> {
    let person = person::person(rules, member);
    let current = member.assignment.as_ref();
    decide(&rules.catalog, &person, current, Trigger::Person, now)
}

/// Whether a decision takes access away.
pub(in crate::directory) fn ends(decision: &Decision<'_>) -> bool {
    matches!(decision, Decision::Grace(..) | Decision::End(_))
}

/// Somebody would leave by a row, and the plan does not say so.
pub(super) fn unplanned() -> Fault {
    let detail = "by this row somebody would leave, or lose a seat, who would not when the plan was \
                  made, or who has changed since";
    Fault::of_row(Problem::ChangedSince, detail)
}

/// Somebody would leave by a row whom no plan touches.
pub(super) fn excluded(by: &str) -> Fault {
    let detail = format!("by this row somebody would leave whom an exclusion keeps ({by})");
    Fault::of_row(Problem::Excluded, detail)
}
