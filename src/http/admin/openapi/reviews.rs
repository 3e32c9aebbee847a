//! Whether two people are one.

use jiff::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::named::{IdentityState, ReviewState};
use super::operation::op;
use super::verbs::{DryRun, Effect, VerbDone};
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Reviews",
        about: "Somebody new who may be somebody who left.",
        operations: vec![
            op(
                "list_reviews",
                "Somebody new who may be somebody who left, the oldest first",
            )
            .one::<ReviewState>("state", "Those in this state; `open` by default")
            .lists::<Review>(),
            op("merge_review", "The two are one person")
                .may_take::<DryRun>()
                .answers::<VerbDone>()
                .conflicts(&[Code::ReviewClosed, Code::Uniqueness])
                .refuses(403, &[Code::Forbidden, Code::SeatUnavailable]),
            op("dismiss_review", "The two are two people")
                .may_take::<DryRun>()
                .answers::<ReviewDismissed>()
                .conflicts(&[Code::ReviewClosed]),
        ],
    }
}

/// Somebody new with the e-mail address of somebody who left.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Review {
    id: Uuid,
    /// Always `possible_rehire`.
    kind: String,
    state: ReviewState,
    /// Who is new.
    member: Option<ReviewPerson>,
    /// Who left.
    former: Option<ReviewPerson>,
    created_at: Timestamp,
    decided_at: Option<Timestamp>,
}

/// Somebody of whom a review asks.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReviewPerson {
    id: Uuid,
    user_name: Option<String>,
    email: Option<String>,
    identity_state: IdentityState,
    worker_id: Option<String>,
    external_id: Option<String>,
    deactivated_at: Option<Timestamp>,
}

/// What came of a dismissal.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReviewDismissed {
    review: Review,
    effects: Vec<Effect>,
    dry_run: bool,
}
