//! Inviting people by their addresses.

use jiff::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::named::{InvitationResult, InvitationState, PoolKey, SeatState, TrackKey, When};
use super::operation::op;
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Invitations",
        about: "Inviting people by their addresses, now or later.",
        operations: vec![
            op("list_invitations", "Invitations, the newest first")
                .one::<InvitationState>("state", "Those in this state")
                .lists::<Invitation>(),
            op("invite", "Invites people, at most 500")
                .takes::<Invite>()
                .answers::<Invited>(),
            op("read_invitation", "One invitation").answers::<Invitation>(),
            op(
                "change_invitation",
                "Changes an invitation that was not sent",
            )
            .takes::<InvitationChange>()
            .answers::<Invitation>()
            .conflicts(&[Code::AlreadySent]),
            op(
                "cancel_invitation",
                "Calls an invitation off that was not sent",
            )
            .answers::<Invitation>()
            .conflicts(&[Code::AlreadySent]),
            op("resend_invitation", "Sends an invitation again")
                .answers::<Invitation>()
                .conflicts(&[Code::NotSent, Code::NotActive, Code::Ambiguous]),
        ],
    }
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Invite {
    emails: Addresses,
    track: Option<TrackKey>,
    pool: Option<PoolKey>,
    starts_at: Option<When>,
    ends_at: Option<When>,
    /// Days from `startsAt`, else from when it is sent; not with `endsAt`.
    #[schema(minimum = 1, maximum = 36500)]
    duration_days: Option<i64>,
    #[schema(min_length = 1, max_length = 35)]
    language: Option<String>,
    /// An instant, a day, or a time in `timezone`.
    send_at: Option<String>,
    /// An IANA time zone; else the tenant's.
    timezone: Option<String>,
    #[schema(min_length = 1, max_length = 5000)]
    message: Option<String>,
    dry_run: Option<bool>,
}

/// A list of addresses, or one text with any separators between them.
#[derive(ToSchema)]
#[serde(untagged)]
enum Addresses {
    Text(String),
    List(Vec<String>),
}

/// What was sent changes; a null takes it away.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct InvitationChange {
    track: Option<TrackKey>,
    pool: Option<PoolKey>,
    starts_at: Option<When>,
    ends_at: Option<When>,
    #[schema(minimum = 1, maximum = 36500)]
    duration_days: Option<i64>,
    #[schema(min_length = 1, max_length = 35)]
    language: Option<String>,
    /// An instant, a day, or a time in `timezone`.
    send_at: Option<String>,
    timezone: Option<String>,
    #[schema(min_length = 1, max_length = 5000)]
    message: Option<String>,
}

/// What came of each address.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Invited {
    dry_run: bool,
    invited: i64,
    scheduled: i64,
    refused: i64,
    /// `not_in_idp`, where the tenant has a connection that will not know them.
    warnings: Vec<String>,
    items: Vec<InvitedOne>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct InvitedOne {
    email: String,
    result: InvitationResult,
    /// The invitation.
    #[serde(default)]
    id: Uuid,
    /// Whom it made.
    #[serde(default)]
    member: Uuid,
    #[serde(default)]
    seat_state: SeatState,
}

/// An invitation.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Invitation {
    id: Uuid,
    email: String,
    state: InvitationState,
    result: Option<InvitationResult>,
    /// Whom it made.
    member: Option<Uuid>,
    track: Option<String>,
    pool: Option<String>,
    /// As it was sent.
    starts_at: Option<String>,
    /// As it was sent.
    ends_at: Option<String>,
    duration_days: Option<i64>,
    language: Option<String>,
    timezone: Option<String>,
    message: Option<String>,
    send_at: Timestamp,
    invited_at: Option<Timestamp>,
    resent_at: Option<Timestamp>,
    created_at: Timestamp,
}
