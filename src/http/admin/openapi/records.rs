//! What has happened, who writes, and who may do what.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::members::{Brief, MemberSeen};
use super::named::{AccessLevel, BreakerAction, IdentityState, RevertReason, Right, Role, When};
use super::operation::op;
use super::reports::Connection;
use super::verbs::Effect;
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Records",
        about: "The ledger, connections, roles and what the caller may do.",
        operations: vec![
            op("read_ledger", "Lines of the ledger, the newest first")
                .text("member", "About this person, named as in paths")
                .text("pool", "Of this pool, by key")
                .text("action", "Of this action")
                .text("actor", "By this actor")
                .one::<When>("from", "Since this day or instant")
                .one::<When>("to", "Until this day or instant")
                .lists::<LedgerLine>()
                .refuses(404, &[Code::NotFound])
                .conflicts(&[Code::Ambiguous]),
            op(
                "revert_entry",
                "Undoes what a line of the ledger says an operator did",
            )
            .id(
                "Its place in the chain, `seq`.",
                &json!({"type": "integer", "format": "int64", "minimum": 1}),
            )
            .takes::<Revert>()
            .answers::<RevertDone>()
            .refuses(403, &[Code::Forbidden, Code::SeatUnavailable])
            .refuses(404, &[Code::NotFound])
            .conflicts(&[
                Code::NotRevertible,
                Code::ChangedSince,
                Code::NotKnown,
                Code::NotActive,
                Code::NotPlaced,
                Code::NothingToTransfer,
                Code::AccessEndReached,
                Code::PoolFull,
                Code::PoolTermExceeded,
            ]),
            op(
                "verify_ledger",
                "Proves that the ledger and the seats add up",
            )
            .answers::<Verdict>(),
            op(
                "verify_against_checkpoint",
                "Proves that the ledger still begins as a checkpoint says",
            )
            .takes::<CheckpointSent>()
            .answers::<Verdict>()
            .refuses(400, &[Code::InvalidCheckpoint]),
            op("ledger_checkpoint", "What the ledger comes to now, signed").answers::<Checkpoint>(),
            op("ledger_keys", "The keys by which checkpoints are checked").answers::<KeySet>(),
            op("list_connections", "Identity providers and HR systems").lists::<Connection>(),
            op(
                "decide_breaker",
                "Decides what becomes of those whom a connection removed",
            )
            .id(
                "The connection's name.",
                &json!({"type": "string", "minLength": 1}),
            )
            .takes::<BreakerDecision>()
            .answers::<Connection>()
            .conflicts(&[Code::BreakerClosed]),
            op("list_roles", "Roles and their rights").lists::<RoleRights>(),
            op("capabilities", "What the caller may do, limits and times")
                .answers::<Capabilities>(),
        ],
    }
}

/// A line of the ledger. It holds identifiers and codes, and no personal data.
#[derive(ToSchema)]
pub(super) struct LedgerLine {
    /// Its place in the chain; null for the moment before it has one.
    seq: Option<i64>,
    id: Uuid,
    at: Timestamp,
    /// Who.
    actor: String,
    /// The request or the job that it came of.
    cause: String,
    action: String,
    member: Option<Uuid>,
    assignment: Option<Uuid>,
    pool: Option<String>,
    /// The account that seats left.
    from: Option<String>,
    /// The account that they went to.
    to: Option<String>,
    quantity: Option<i64>,
    detail: HashMap<String, Value>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Revert {
    reason: RevertReason,
    dry_run: Option<bool>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct RevertDone {
    member: MemberSeen,
    effects: Vec<Effect>,
    promoted: Vec<Brief>,
    dry_run: bool,
    /// What was undone.
    reverted: Reverted,
}

#[derive(ToSchema)]
struct Reverted {
    seq: i64,
    id: Uuid,
    action: String,
}

/// Whether the ledger holds.
#[derive(ToSchema)]
#[serde(untagged)]
enum Verdict {
    Holds(LedgerHolds),
    Broken(LedgerBroken),
}

#[derive(ToSchema)]
struct LedgerHolds {
    /// True.
    ok: bool,
    /// Lines.
    rows: i64,
    /// Those of them in the chain.
    sealed: i64,
    /// What it was held against.
    #[serde(default)]
    checkpoint: CheckpointAt,
}

#[derive(ToSchema)]
struct LedgerBroken {
    /// False.
    ok: bool,
    /// Where.
    seq: Option<i64>,
    /// Which line, where it is one.
    id: Option<Uuid>,
    reason: String,
    /// What it was held against.
    #[serde(default)]
    checkpoint: CheckpointAt,
}

/// A place in the ledger.
#[derive(ToSchema)]
struct CheckpointAt {
    seq: i64,
    at: Timestamp,
}

/// The ledger up to a place of its chain. What is signed is all of it; the rest is there to be read.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Checkpoint {
    tenant: String,
    /// The number of lines until there.
    seq: i64,
    /// Of the line there, in hexadecimal digits.
    hash: String,
    at: Timestamp,
    pools: Vec<CheckpointPool>,
    key_id: String,
    /// A JWS (RFC 7515) over the rest.
    signature: String,
}

/// A checkpoint as it was exported. What is there besides the signature must say what was signed.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct CheckpointSent {
    signature: String,
    tenant: Option<String>,
    seq: Option<i64>,
    hash: Option<String>,
    at: Option<Timestamp>,
    pools: Option<Vec<HashMap<String, Value>>>,
    key_id: Option<String>,
}

/// What the moves of a pool add up to.
#[derive(ToSchema)]
struct CheckpointPool {
    pool: String,
    id: Uuid,
    /// Seats by account.
    accounts: HashMap<String, i64>,
}

/// Keys as a JWK set (RFC 7517).
#[derive(ToSchema)]
struct KeySet {
    keys: Vec<Jwk>,
}

/// An Ed25519 key (RFC 8037).
#[derive(ToSchema)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    kid: String,
    r#use: String,
    alg: String,
}

#[derive(ToSchema)]
struct BreakerDecision {
    action: BreakerAction,
}

#[derive(ToSchema)]
struct RoleRights {
    role: Role,
    rights: Vec<Right>,
}

/// What the server can do, within which limits, and how soon.
#[derive(ToSchema)]
struct Capabilities {
    operations: Vec<Capability>,
    formats: HashMap<String, Vec<String>>,
    limits: HashMap<String, i64>,
    jobs: Vec<Job>,
    promises: Vec<Promise>,
    removals: Vec<Removal>,
}

/// A way to take access away.
#[derive(ToSchema)]
struct Removal {
    /// `end`, `deactivate`, `delete` or `erase`.
    removal: String,
    call: String,
    /// Who the person is afterwards.
    identity: IdentityState,
    seat: String,
    access: AccessLevel,
    kept: String,
    /// How to undo it; null where nothing does.
    undo: Option<String>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Capability {
    operation: String,
    method: String,
    path: String,
    rights: Vec<Right>,
    /// Another right that does as well.
    or_right: Option<Right>,
    /// Whether the caller may do it.
    allowed: bool,
    effect: Option<String>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Job {
    job: String,
    when: String,
    within_seconds: Option<i64>,
}

#[derive(ToSchema)]
struct Promise {
    promise: String,
    when: String,
}
