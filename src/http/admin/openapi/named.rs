//! Values that have names: the schemas of the enumerations in the code, made from their values, so
//! that a new value is described as soon as there is one.

use std::borrow::Cow;

use serde_json::json;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A text that is one of these.
fn one_of(values: Vec<&'static str>, what: &'static str) -> RefOr<Schema> {
    let values = values.into_iter().map(|value| json!(value));
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values))
        .description(Some(what))
        .into()
}

macro_rules! named_schemas {
    ($($name:ident of $values:expr, $what:literal;)*) => { $(
        pub(super) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of($values.iter().map(|value| value.as_str()).collect(), $what)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )* };
}

use crate::coaching::{self, nudge, stalled};
use crate::directory::admin::{breaker, events, reports, roles, selection, simulate, tracks};
use crate::directory::{Code, credentials};
use crate::plans::{self, reclaim};
use crate::roster::{compare, row};
use crate::seats::{self, catalog, explain, invitation, outcome, pause, pin, undo};
use crate::store::{self, deliveries, imports, invitations, rehire};
use crate::webhooks::kind;

named_schemas! {
    AttributeType of seats::attribute::CustomType::ALL, "What the values of an attribute are.";
    AccessLevel of outcome::AccessLevel::ALL, "What of coaching is open to a person.";
    Bucket of compare::Bucket::ALL, "What is to be said of a person or a line of a list.";
    BreakerAction of breaker::Action::ALL, "What becomes of those whom a connection removed.";
    BreakerState of seats::breaker::State::ALL, "Where a connection's breaker stands.";
    DeliveryState of deliveries::DeliveryState::ALL, "What became of a message.";
    DisabledReason of store::webhooks::Disabled::ALL, "Why a webhook is disabled.";
    EndReason of seats::EndReason::ALL, "Why access ended.";
    EndReasonOfOperator of seats::EndReason::BY_ADMIN, "A reason that an operator may give for an end.";
    EndSource of seats::EndSource::ALL, "What set the last day of access.";
    EventResult of events::Outcome::ALL, "What came of an event.";
    EventType of coaching::Kind::ALL, "What the coaching platform tells.";
    FullPolicy of catalog::FullPolicy::ALL, "What becomes of newcomers to a pool that is full.";
    IdentityState of seats::IdentityState::ALL, "What the identity provider says of a person.";
    ImportMode of imports::Mode::ALL, "What the rows of a file are.";
    InvitationResult of invitation::Outcome::ALL, "What came of an invitation.";
    InvitationState of invitations::InvitationState::ALL, "How far an invitation is.";
    LengthOf of explain::LengthOf::ALL, "Whose duration it is.";
    ManagedBy of selection::ManagedBy::ALL, "Who last made or linked a person.";
    NudgeKind of nudge::Kind::ALL, "What a nudge is for.";
    NudgeOutcome of nudge::Outcome::ALL, "What a nudge came to.";
    OnUnmatch of catalog::OnUnmatch::ALL, "What becomes of whom a mapping no longer matches.";
    PausedBy of pause::PausedBy::ALL, "Who paused access.";
    PinField of pin::Field::ALL, "A field that can be pinned.";
    PlanApproval of plans::Approval::ALL, "Why a plan takes somebody else's approval.";
    PlanItemState of plans::ItemState::ALL, "What becomes of a person of a plan.";
    PlanKind of plans::Kind::ALL, "What a plan does.";
    PlanState of plans::State::ALL, "How far a plan is.";
    PlanWarning of plans::Warning::ALL, "What is to be known before a plan does it.";
    PoolBy of explain::PoolBy::ALL, "What decided the pool.";
    PoolState of catalog::PoolState::ALL, "Whether a pool's seats can be had.";
    ProblemCode of Code::ALL, "The stable name of a problem. docs/errors.md says when each occurs.";
    ReclaimReason of reclaim::Reason::ALL, "Why a seat is unused.";
    ReportName of reports::Name::ALL, "A report.";
    RevertReason of undo::Why::ALL, "Why something is undone.";
    ReusePolicy of catalog::ReusePolicy::ALL, "Whether a seat that was used can be given again.";
    ReviewState of rehire::ReviewState::ALL, "What was decided.";
    Right of roles::Right::ALL, "What a role may do.";
    Role of credentials::Role::ALL, "What a credential may do.";
    RowProblem of row::Problem::ALL, "What is wrong with a row of a file.";
    RuleFate of explain::Fate::ALL, "What became of a rule that matches.";
    SeatState of seats::SeatState::ALL, "What became of a person's claim to a seat.";
    SessionState of coaching::SessionState::ALL, "What became of a session.";
    SimulatedOutcome of simulate::Outcome::ALL, "What a mapping would do to a person.";
    Source of compare::Source::ALL, "Whose list it is.";
    Stage of coaching::Stage::ALL, "How far somebody with a seat has come.";
    StalledReason of stalled::Reason::ALL, "Why somebody has stalled.";
    StartBy of explain::StartBy::ALL, "What decided the start.";
    Status of selection::Status::ALL, "How far a person has come; `stalled` is a flag over it.";
    ThresholdMode of stalled::Mode::ALL, "Whether thresholds are set, or measured of the tenant's own people.";
    TrackBy of explain::TrackBy::ALL, "What decided the track.";
    TrackState of tracks::State::ALL, "Whether people may be placed on a track.";
    UnusedReason of store::reports::people::Unused::ALL, "Why the report says that a seat is unused.";
    WebhookType of kind::Kind::ALL, "What a webhook is told.";
}

/// What a webhook can be told by choice.
pub(super) struct ChosenWebhookType;

impl PartialSchema for ChosenWebhookType {
    fn schema() -> RefOr<Schema> {
        let kinds = kind::Kind::ALL.iter().filter(|kind| kind.can_be_chosen());
        one_of(
            kinds.map(|kind| kind.as_str()).collect(),
            "What a webhook can be told by choice.",
        )
    }
}

impl ToSchema for ChosenWebhookType {}

/// A day, whose beginning or end is meant as the field has it, or an instant.
pub(super) struct When;

impl PartialSchema for When {
    fn schema() -> RefOr<Schema> {
        let of = |format| {
            let format = SchemaFormat::KnownFormat(format);
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(format))
        };
        let choice = AnyOfBuilder::new()
            .item(of(KnownFormat::Date))
            .item(of(KnownFormat::DateTime))
            .description(Some(
                "A day in the tenant's time zone (`2027-05-31`), or an RFC 3339 instant.",
            ));
        Schema::AnyOf(choice.build()).into()
    }
}

impl ToSchema for When {}

macro_rules! keys {
    ($($name:ident = $what:literal;)*) => { $(
        pub(super) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($what))
                    .min_length(Some(1))
                    .max_length(Some(60))
                    .pattern(Some("^[A-Za-z0-9_-][A-Za-z0-9._-]*$"))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )* };
}

keys! {
    Key = "A new key: what scripts and addresses name a thing by, whatever its case.";
    PoolKey = "The key of a pool, whatever its case.";
    ProductKey = "The key of a product; `coaching` is made with the tenant.";
    TrackKey = "The key of a track, whatever its case.";
}

/// A text in answers that may be missing, and may be null where it is there. In the form of a choice
/// it is told apart from what is always there.
pub(super) fn missing_or_null() -> Schema {
    or_null(Type::String)
}

/// The same of a number.
pub(super) fn number_missing_or_null() -> Schema {
    or_null(Type::Integer)
}

fn or_null(kind: Type) -> Schema {
    let of = |kind| ObjectBuilder::new().schema_type(kind);
    let choice = AnyOfBuilder::new().item(of(kind)).item(of(Type::Null));
    Schema::AnyOf(choice.build())
}
