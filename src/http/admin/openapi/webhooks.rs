//! Webhooks and what they were told.

use jiff::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::members::Brief;
use super::named::{ChosenWebhookType, DeliveryState, DisabledReason, WebhookType};
use super::operation::op;
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Webhooks",
        about: "Who is told what happens, by the Standard Webhooks specification.",
        operations: vec![
            op("list_webhooks", "Webhooks").lists::<Webhook>(),
            op(
                "create_webhook",
                "Makes a webhook; its secret is shown this once",
            )
            .takes::<NewWebhook>()
            .makes::<WebhookSecret>()
            .conflicts(&[Code::TooMany]),
            op("read_webhook", "One webhook, and how far the ledger is").answers::<WebhookAt>(),
            op("change_webhook", "Changes a webhook")
                .takes::<WebhookChange>()
                .answers::<Webhook>(),
            op("delete_webhook", "Removes a webhook").answers::<WebhookDeleted>(),
            op(
                "rotate_webhook",
                "Gives a webhook a new secret; both sign for a day",
            )
            .answers::<WebhookSecret>(),
            op("test_webhook", "Sends a message to try it out").answers::<Delivery>(),
            op(
                "replay_webhook",
                "Tells everything again from a place in the ledger on",
            )
            .takes::<Replay>()
            .answers::<WebhookAt>(),
            op(
                "list_deliveries",
                "What a webhook was told, the newest first",
            )
            .one::<DeliveryState>("state", "Of these, those")
            .lists::<Delivery>(),
            op("redeliver", "Sends a message again").answers::<Delivery>(),
        ],
    }
}

/// Another system that is told what happens.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    id: Uuid,
    url: String,
    /// What it is told; all, where there are none.
    types: Vec<WebhookType>,
    /// Whether it is told how people use their coaching.
    engagement: bool,
    /// `enabled` or `disabled`.
    state: String,
    disabled_reason: Option<DisabledReason>,
    /// Up to where in the ledger it has been told.
    position: i64,
    /// Until when the old secret signs too.
    old_secret_until: Option<Timestamp>,
    created_at: Timestamp,
    /// Who looks after it.
    owner: Option<Brief>,
    /// Whether they have left.
    owner_inactive: bool,
}

#[derive(ToSchema)]
struct WebhookSecret {
    #[serde(flatten)]
    webhook: Webhook,
    secret: String,
}

#[derive(ToSchema)]
struct WebhookAt {
    #[serde(flatten)]
    webhook: Webhook,
    /// The newest place in the ledger.
    latest: i64,
}

#[derive(ToSchema)]
struct WebhookDeleted {
    id: Uuid,
}

#[derive(ToSchema)]
struct NewWebhook {
    /// HTTPS, at a public address.
    #[schema(
        min_length = 1,
        max_length = 2000,
        example = "https://hooks.example.com/seats"
    )]
    url: String,
    types: Option<Vec<ChosenWebhookType>>,
    engagement: Option<bool>,
    state: Option<WebhookState>,
}

#[derive(ToSchema)]
struct WebhookChange {
    #[schema(min_length = 1, max_length = 2000)]
    url: Option<String>,
    types: Option<Vec<ChosenWebhookType>>,
    engagement: Option<bool>,
    state: Option<WebhookState>,
}

/// Whether a webhook is told anything.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
enum WebhookState {
    Enabled,
    Disabled,
}

#[derive(ToSchema)]
struct Replay {
    /// A `seq` of the ledger.
    #[schema(minimum = 1)]
    from: i64,
}

/// A message to a webhook.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    id: i64,
    /// The message's `webhook-id`, the same in a replay.
    message: String,
    r#type: WebhookType,
    seq: Option<i64>,
    member: Option<Uuid>,
    occurred_at: Timestamp,
    state: DeliveryState,
    attempts: i64,
    next_at: Option<Timestamp>,
    /// What the receiver answered last.
    status: Option<i64>,
    error: Option<String>,
    attempted_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}
