//! Who waits for a seat.

use jiff::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::members::{Brief, Member};
use super::named::PoolKey;
use super::operation::op;
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Waitlist",
        about: "Who waits for a seat.",
        operations: vec![
            op(
                "list_waitlist",
                "The lines, pool by pool, whoever is next first",
            )
            .text("pool", "The line of this pool, by key")
            .lists::<Waiting>(),
            op("promote_waiting", "Gives what is free to those in line")
                .takes::<Promote>()
                .answers::<Promoted>(),
            op(
                "prioritise_waiting",
                "Gives somebody in line another priority",
            )
            .takes::<Priority>()
            .answers::<Prioritised>()
            .conflicts(&[Code::NotWaiting]),
        ],
    }
}

/// Somebody in line.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    id: Uuid,
    /// 1 for who is next.
    position: i64,
    member: Brief,
    pool: String,
    since: Timestamp,
    /// Lower goes first.
    priority_class: i64,
    /// When a seat is due, where that can be told.
    expected_at: Option<Timestamp>,
}

#[derive(ToSchema)]
struct Promote {
    /// Only in this pool.
    pool: Option<PoolKey>,
}

#[derive(ToSchema)]
struct Promoted {
    promoted: Vec<Brief>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Priority {
    /// Lower goes first; 100 unless set.
    #[schema(minimum = 0, maximum = 1000)]
    priority_class: i64,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Prioritised {
    id: Uuid,
    priority_class: i64,
    member: Member,
}
