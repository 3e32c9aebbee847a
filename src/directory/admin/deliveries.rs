//! What webhooks were told: looking at it, and telling it again.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, required};
use super::owners::Owners;
use super::roles::Right;
use super::{Items, Query, cursor, not_found, object, webhooks, wrong};
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::store::deliveries::{Delivery, DeliveryState, Message};
use crate::store::webhooks::Webhook;
use crate::store::{Tx, transact};
use crate::webhooks::kind::Kind;

impl Directory {
    /// Deliveries to a webhook, the newest first.
    pub async fn list_deliveries(
        &self,
        caller: &Caller,
        id: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Webhooks)?;
        query.only(&["state"], None)?;
        let states = query.names::<DeliveryState>("state")?;
        let state = match states.as_deref() {
            None => None,
            Some([one]) => Some(*one),
            Some(_) => return Err(super::query::refused("state", "takes one state").into()),
        };
        let list = cursor::list(caller, &format!("deliveries {id}"), query);
        let before: Option<i64> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let webhook = webhooks::found(&mut session, id).await?;
        let rows = session
            .deliveries(webhook.id, state, before, limit + 1)
            .await?;
        let rows = rows.iter().map(|delivery| (view(delivery), delivery.n));
        self.page(list, rows.collect(), limit, now).await
    }

    /// Sends a message to a webhook once more, at once.
    pub async fn redeliver(
        &self,
        caller: &Caller,
        id: &str,
        n: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Webhooks)?;
        transact!(self.store, caller.tenant, |tx| {
            let webhook = webhooks::locked(tx, id).await?;
            let nobody = || not_found("such delivery");
            let n: i64 = n.parse().map_err(|_| nobody())?;
            let found = tx.delivery(webhook.id, n).await?;
            let mut message = found.ok_or_else(nobody)?.message;
            // It waits for nothing, and nothing for it.
            message.lane = Uuid::now_v7();
            queue(tx, webhook, message, now).await
        })
    }

    /// Sends a webhook a message that tells of nothing.
    pub async fn test_webhook(
        &self,
        caller: &Caller,
        id: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Webhooks)?;
        let message = Uuid::now_v7();
        transact!(self.store, caller.tenant, |tx| {
            let webhook = webhooks::locked(tx, id).await?;
            let message = Message {
                id: format!("{}-test", message.simple()),
                kind: Kind::WebhookTest,
                lane: message,
                seq: None,
                member: None,
                pool: None,
                occurred_at: now,
                detail: Object::new(),
            };
            queue(tx, webhook, message, now).await
        })
    }

    /// Tells a webhook again, or for the first time, what the ledger has from a place in its chain
    /// on, under the identifiers under which it was told before.
    pub async fn replay_webhook(
        &self,
        caller: &Caller,
        id: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Webhooks)?;
        let body = Body::of(body, &["from"])?;
        let from = required("from", body.whole("from", 1..=i64::MAX - 1)?)?;
        self.seal(caller.tenant).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut webhook = webhooks::locked(tx, id).await?;
            let latest = tx.ledger_end().await?;
            if from > latest + 1 {
                let detail = format!("the newest place in the ledger is {latest}");
                return Err(wrong("from", &detail).into());
            }
            webhook.position = from - 1;
            tx.save_webhook(&webhook).await?;
            self.note(tx, caller, "webhook.replayed", webhook.id, now)
                .await?;
            let owners = Owners::read(tx).await?;
            let mut object = webhooks::shown(&webhook, &owners, now);
            object.insert("latest".into(), latest.into());
            Ok(object)
        })
    }
}

async fn queue(
    tx: &mut Tx,
    mut webhook: Webhook,
    message: Message,
    now: Timestamp,
) -> Result<Object, Error> {
    let last = webhook.last_n;
    webhook.last_n = tx
        .queue_deliveries(webhook.id, last, &[message], now)
        .await?;
    tx.save_webhook(&webhook).await?;
    let made = tx.delivery(webhook.id, webhook.last_n).await?;
    let made = made.ok_or(crate::store::Error::Inconsistent("a delivery is lost"))?;
    Ok(view(&made))
}

fn view(delivery: &Delivery) -> Object {
    let message = &delivery.message;
    object([
        ("id", delivery.n.into()),
        ("message", json!(message.id)),
        ("type", message.kind.as_str().into()),
        ("seq", json!(message.seq)),
        ("member", json!(message.member)),
        ("occurredAt", json!(message.occurred_at)),
        ("state", delivery.state.as_str().into()),
        ("attempts", delivery.attempts.into()),
        ("nextAt", json!(delivery.next_at)),
        ("status", json!(delivery.status)),
        ("error", json!(delivery.error)),
        ("attemptedAt", json!(delivery.attempted_at)),
        ("finishedAt", json!(delivery.finished_at)),
    ])
}
