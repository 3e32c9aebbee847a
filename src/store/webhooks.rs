//! Webhooks: who is told what, and how far they have been told.

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::engine::{Row, args};
use super::owners::Thing;
use super::{Error, Session, Store, TenantId, Tx};
use crate::seats::named;
use crate::webhooks::kind::Kind;
use crate::webhooks::secret::Secret;

named! {
    /// Why a webhook is told nothing.
    Disabled {
        /// An operator said so.
        Operator = "operator",
        /// The receiver said that it is gone (410).
        Gone = "gone",
    }
}

/// A receiver of messages.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Identifier.
    pub id: Uuid,
    /// Where messages go.
    pub url: String,
    /// What it is told; everything where there is none.
    pub types: Vec<Kind>,
    /// Whether it may be told how people use their coaching.
    pub engagement: bool,
    /// Why it is told nothing, if so.
    pub disabled: Option<Disabled>,
    /// What signs its messages.
    pub secret: Secret,
    /// What signs them too, until then.
    pub old_secret: Option<(Secret, Timestamp)>,
    /// The place in the ledger's chain up to which deliveries were made.
    pub position: i64,
    /// The number of its newest delivery.
    pub last_n: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Webhook {
    /// Whether it is told of this.
    pub fn wants(&self, kind: Kind) -> bool {
        let chosen = self.types.is_empty() || self.types.contains(&kind);
        chosen && (self.engagement || !kind.tells_engagement())
    }

    /// What signs a message now.
    pub fn secrets(&self, now: Timestamp) -> Vec<Secret> {
        let old = self.old_secret.iter().filter(|(_, until)| *until > now);
        let old = old.map(|(secret, _)| secret.clone());
        std::iter::once(self.secret.clone()).chain(old).collect()
    }

    fn types(&self) -> Json {
        self.types.iter().map(|kind| kind.as_str()).collect()
    }
}

macro_rules! webhook_columns {
    () => {
        "id, url, types, engagement, disabled_reason, secret, old_secret, old_secret_until, \
         position, last_n, created_at from webhook "
    };
}

fn webhook(row: &Row) -> Result<Webhook, Error> {
    let types: sqlx::types::Json<Vec<String>> = row.get("types")?;
    let old: Option<Vec<u8>> = row.get("old_secret")?;
    let old = old.zip(row.maybe_instant("old_secret_until")?);
    Ok(Webhook {
        id: row.get("id")?,
        url: row.get("url")?,
        // A type that this version does not know is told by none.
        types: types.0.iter().filter_map(|t| t.parse().ok()).collect(),
        engagement: row.get("engagement")?,
        disabled: row
            .get::<Option<String>>("disabled_reason")?
            .and_then(|reason| reason.parse().ok()),
        secret: Secret::from_bytes(row.get("secret")?),
        old_secret: old.map(|(secret, until)| (Secret::from_bytes(secret), until)),
        position: row.get("position")?,
        last_n: row.get("last_n")?,
        created_at: row.instant("created_at")?,
    })
}

impl Store {
    /// Tenants in which something happened that a webhook has not been told.
    pub async fn tenants_to_tell(&self) -> Result<Vec<TenantId>, Error> {
        let sql = "select distinct w.tenant_id from webhook w where w.state = 'enabled' and \
                     exists (select 1 from ledger_seal s where s.tenant_id = w.tenant_id \
                       and s.seq > w.position) \
                   union select tenant_id from webhook_signal";
        let rows = self.read(TenantId(0)).await?.all(sql, args![]).await?;
        rows.iter()
            .map(|row| row.get("tenant_id").map(TenantId))
            .collect()
    }
}

impl Session {
    /// The tenant's webhooks, the oldest first.
    pub async fn webhooks(&mut self) -> Result<Vec<Webhook>, Error> {
        const SQL: &str = concat!(
            "select ",
            webhook_columns!(),
            "where tenant_id = $1 order by id"
        );
        let rows = self.all(SQL, args![self.tenant]).await?;
        rows.iter().map(webhook).collect()
    }

    /// One webhook.
    pub async fn webhook(&mut self, id: Uuid) -> Result<Option<Webhook>, Error> {
        const SQL: &str = concat!(
            "select ",
            webhook_columns!(),
            "where tenant_id = $1 and id = $2"
        );
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(webhook).transpose()
    }
}

impl Tx {
    /// One webhook, locked: whoever numbers its deliveries holds it.
    pub async fn lock_webhook(&mut self, id: Uuid) -> Result<Option<Webhook>, Error> {
        const SQL: &str = concat!(
            "select ",
            webhook_columns!(),
            "where tenant_id = $1 and id = $2 {lock}"
        );
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(webhook).transpose()
    }

    /// Those that are told something, locked in their order.
    pub async fn lock_webhooks(&mut self) -> Result<Vec<Webhook>, Error> {
        const SQL: &str = concat!(
            "select ",
            webhook_columns!(),
            "where tenant_id = $1 and state = 'enabled' order by id {lock}"
        );
        let rows = self.all(SQL, args![self.tenant]).await?;
        rows.iter().map(webhook).collect()
    }

    /// Makes a webhook.
    pub async fn insert_webhook(&mut self, w: &Webhook) -> Result<(), Error> {
        self.run(
            "insert into webhook (tenant_id, id, url, types, engagement, state, secret, position, \
               created_at) values ($1, $2, $3, $4, $5, 'enabled', $6, $7, $8)",
            args![
                self.tenant,
                w.id,
                &w.url,
                w.types(),
                w.engagement,
                w.secret.bytes().to_vec(),
                w.position,
                w.created_at
            ],
        )
        .await?;
        self.save_webhook(w).await
    }

    /// Saves a webhook that is locked.
    pub async fn save_webhook(&mut self, w: &Webhook) -> Result<(), Error> {
        let state = if w.disabled.is_none() {
            "enabled"
        } else {
            "disabled"
        };
        self.run(
            "update webhook set url = $3, types = $4, engagement = $5, state = $6, \
               disabled_reason = $7, secret = $8, position = $9, last_n = $10 \
             where tenant_id = $1 and id = $2",
            args![
                self.tenant,
                w.id,
                &w.url,
                w.types(),
                w.engagement,
                state,
                w.disabled.map(Disabled::as_str),
                w.secret.bytes().to_vec(),
                w.position,
                w.last_n
            ],
        )
        .await?;
        if let Some((secret, until)) = &w.old_secret {
            let sql = "update webhook set old_secret = $3, old_secret_until = $4 \
                       where tenant_id = $1 and id = $2";
            let secret = secret.bytes().to_vec();
            self.run(sql, args![self.tenant, w.id, secret, *until])
                .await?;
        }
        Ok(())
    }

    /// Removes a webhook with all that it was and will be told.
    pub async fn delete_webhook(&mut self, id: Uuid) -> Result<(), Error> {
        self.disown(Thing::Webhook, id).await?;
        let sql = "delete from webhook where tenant_id = $1 and id = $2";
        self.run(sql, args![self.tenant, id]).await?;
        Ok(())
    }
}
