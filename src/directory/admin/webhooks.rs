//! Webhooks: who is told what.

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, required};
use super::owners::{self, Owners};
use super::roles::Right;
use super::{Items, Query, cursor, invalid, not_found, object, signals, wrong};
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::store::owners::Thing;
use crate::store::webhooks::{Disabled, Webhook};
use crate::store::{Session, Tx, transact};
use crate::webhooks::address::{self, Wrong};
use crate::webhooks::kind::Choice;
use crate::webhooks::secret::Secret;

const FIELDS: [&str; 4] = ["url", "types", "engagement", "state"];
/// Webhooks of a tenant at most.
const MOST: usize = 50;
/// For how many hours both secrets sign after one was replaced.
const ROTATION: i64 = 24;

impl Directory {
    /// The tenant's webhooks, the oldest first.
    pub async fn list_webhooks(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Webhooks)?;
        query.only(&[], None)?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rows = session.webhooks().await?;
        let owners = Owners::read(&mut session).await?;
        let rows = rows.iter().map(|w| (w.id, shown(w, &owners, now)));
        let rows = rows.collect();
        let list = cursor::list(caller, "webhooks", query);
        self.page_by_key(list, query, rows, now).await
    }

    /// One webhook, and how far it has been told.
    pub async fn read_webhook(
        &self,
        caller: &Caller,
        id: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Webhooks)?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let w = found(&mut session, id).await?;
        let owners = Owners::read(&mut session).await?;
        let mut object = shown(&w, &owners, now);
        object.insert("latest".into(), session.ledger_end().await?.into());
        Ok(object)
    }

    /// Makes a webhook, which is told what happens from now on. Its secret is shown this once.
    pub async fn create_webhook(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Webhooks)?;
        let body = Body::of(body, &FIELDS)?;
        let mut made = Webhook {
            id: Uuid::now_v7(),
            url: required("url", body.text("url", 2_000)?)?,
            types: Vec::new(),
            engagement: false,
            disabled: None,
            secret: Secret::random(),
            old_secret: None,
            position: 0,
            last_n: 0,
            created_at: now,
        };
        self.put(&body, &mut made, caller)?;
        // What has happened before is in the chain then, and so before the position.
        self.seal(caller.tenant).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut webhook = made.clone();
            if tx.webhooks().await?.len() >= MOST {
                let detail = format!("a tenant has at most {MOST} webhooks");
                return Err(Refusal::new(409, Code::TooMany, detail).into());
            }
            webhook.position = tx.ledger_end().await?;
            tx.insert_webhook(&webhook).await?;
            owners::claim(tx, caller, (Thing::Webhook, webhook.id), now).await?;
            signals::watch(tx, now).await?;
            self.note(tx, caller, "webhook.created", webhook.id, now)
                .await?;
            let owners = Owners::read(tx).await?;
            Ok(with_secret(&webhook, &owners, now))
        })
    }

    /// Changes a webhook. One that is enabled again goes on where it stopped.
    pub async fn change_webhook(
        &self,
        caller: &Caller,
        id: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Webhooks)?;
        let body = Body::of(body, &FIELDS)?;
        transact!(self.store, caller.tenant, |tx| {
            let mut webhook = locked(tx, id).await?;
            let before = view(&webhook, now);
            if let Some(url) = body.text("url", 2_000)? {
                webhook.url = url;
            }
            self.put(&body, &mut webhook, caller)?;
            let after = view(&webhook, now);
            if after != before {
                tx.save_webhook(&webhook).await?;
                signals::watch(tx, now).await?;
                self.note(tx, caller, "webhook.changed", webhook.id, now)
                    .await?;
            }
            Ok(shown(&webhook, &Owners::read(tx).await?, now))
        })
    }

    /// Removes a webhook, and what it was yet to be told.
    pub async fn delete_webhook(
        &self,
        caller: &Caller,
        id: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Webhooks)?;
        transact!(self.store, caller.tenant, |tx| {
            let webhook = locked(tx, id).await?;
            tx.delete_webhook(webhook.id).await?;
            self.note(tx, caller, "webhook.deleted", webhook.id, now)
                .await?;
            Ok(object([("id", json!(webhook.id))]))
        })
    }

    /// Gives a webhook a new secret, shown this once; for a day the old one signs beside it.
    pub async fn rotate_webhook(
        &self,
        caller: &Caller,
        id: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Webhooks)?;
        let secret = Secret::random();
        let until = now.checked_add(ROTATION.hours()).unwrap_or(now);
        transact!(self.store, caller.tenant, |tx| {
            let mut webhook = locked(tx, id).await?;
            let old = std::mem::replace(&mut webhook.secret, secret.clone());
            webhook.old_secret = Some((old, until));
            tx.save_webhook(&webhook).await?;
            self.note(tx, caller, "webhook.rotated", webhook.id, now)
                .await?;
            let owners = Owners::read(tx).await?;
            Ok(with_secret(&webhook, &owners, now))
        })
    }

    /// Puts what was sent into a webhook, and refuses what it then could not be.
    fn put(&self, body: &Body, webhook: &mut Webhook, caller: &Caller) -> Result<(), Refusal> {
        address::read(&webhook.url, self.private_webhooks).map_err(|why| match why {
            Wrong::Url(detail) => wrong("url", detail),
            Wrong::Private => {
                let detail = "names an address that is not public";
                invalid(Code::PrivateAddress, "url", detail)
            }
        })?;
        if let Some(types) = body.names::<Choice>("types")? {
            webhook.types = types.into_iter().map(|Choice(kind)| kind).collect();
        }
        if let Some(engagement) = body.flag("engagement")? {
            if engagement {
                caller.may(Right::Engagement)?;
            }
            webhook.engagement = engagement;
        }
        let telling = webhook.types.iter().find(|kind| kind.tells_engagement());
        if let Some(kind) = telling.filter(|_| !webhook.engagement) {
            let detail = format!("{kind} tells how people use their coaching: set engagement");
            return Err(wrong("types", &detail));
        }
        match body.text("state", 60)?.as_deref() {
            None => {}
            Some("enabled") => webhook.disabled = None,
            Some("disabled") => {
                webhook.disabled = webhook.disabled.or(Some(Disabled::Operator));
            }
            Some(_) => return Err(wrong("state", "must be one of enabled, disabled")),
        }
        Ok(())
    }

    /// Writes a line of the ledger about a webhook.
    pub(super) async fn note(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        action: &str,
        webhook: Uuid,
        now: Timestamp,
    ) -> Result<(), Error> {
        let rules = self.current_rules(tx).await?;
        let mut change = Change::new(tx, rules, caller.by(), now);
        change.log(action, None, object([("webhook", json!(webhook))]));
        change.finish().await
    }
}

/// The webhook with this identifier.
pub(super) async fn found(session: &mut Session, id: &str) -> Result<Webhook, Error> {
    let nobody = || not_found("such webhook");
    let id = Uuid::try_parse(id).map_err(|_| nobody())?;
    let found = session.webhook(id).await?;
    Ok(found.ok_or_else(nobody)?)
}

/// The same, locked.
pub(super) async fn locked(tx: &mut Tx, id: &str) -> Result<Webhook, Error> {
    let nobody = || not_found("such webhook");
    let id = Uuid::try_parse(id).map_err(|_| nobody())?;
    let found = tx.lock_webhook(id).await?;
    Ok(found.ok_or_else(nobody)?)
}

fn with_secret(webhook: &Webhook, owners: &Owners, now: Timestamp) -> Object {
    let mut object = shown(webhook, owners, now);
    object.insert("secret".into(), webhook.secret.reveal().into());
    object
}

/// A webhook with who looks after it.
pub(super) fn shown(webhook: &Webhook, owners: &Owners, now: Timestamp) -> Object {
    let mut object = view(webhook, now);
    owners.show(&mut object, Thing::Webhook, webhook.id);
    object
}

/// A webhook without its secrets.
fn view(webhook: &Webhook, now: Timestamp) -> Object {
    let types: Value = webhook.types.iter().map(|kind| kind.as_str()).collect();
    let state = match webhook.disabled {
        None => "enabled",
        Some(_) => "disabled",
    };
    let old_until = webhook.old_secret.as_ref().map(|(_, until)| *until);
    object([
        ("id", json!(webhook.id)),
        ("url", json!(webhook.url)),
        ("types", types),
        ("engagement", webhook.engagement.into()),
        ("state", state.into()),
        (
            "disabledReason",
            json!(webhook.disabled.map(Disabled::as_str)),
        ),
        ("position", webhook.position.into()),
        (
            "oldSecretUntil",
            json!(old_until.filter(|until| *until > now)),
        ),
        ("createdAt", json!(webhook.created_at)),
    ])
}
