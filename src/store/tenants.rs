//! Tenants.

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::{Row, args};
use super::{Error, Session, Store, TenantId};
use crate::seats::catalog::{Policy, Product};

/// A tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Number.
    pub id: TenantId,
    /// Name.
    pub name: String,
    /// IANA name of the zone its days are in.
    pub time_zone: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn tenant(row: &Row) -> Result<Tenant, Error> {
    Ok(Tenant {
        id: TenantId(row.get("id")?),
        name: row.get("name")?,
        time_zone: row.get("time_zone")?,
        created_at: row.instant("created_at")?,
    })
}

impl Store {
    /// Makes a tenant with its first product; `None` when the name is taken.
    pub async fn create_tenant(
        &self,
        name: &str,
        time_zone: &str,
        policy: &Policy,
        product: (Uuid, &str),
        now: Timestamp,
    ) -> Result<Option<Tenant>, Error> {
        // The tenant this transaction belongs to is the one it makes.
        let mut tx = self.begin(TenantId(0)).await?;
        let policy = serde_json::to_value(policy).unwrap_or_default();
        let made = tx
            .optional(
                "insert into tenant (name, time_zone, policy, created_at) values ($1, $2, $3, $4) \
                 on conflict do nothing returning id, name, time_zone, created_at",
                args![name, time_zone, policy, now],
            )
            .await?;
        let Some(made) = made else {
            tx.roll_back().await?;
            return Ok(None);
        };
        let made = tenant(&made)?;
        tx.tenant = made.id;
        tx.insert_product(&Product {
            id: product.0,
            key: product.1.to_owned(),
        })
        .await?;
        tx.commit().await?;
        Ok(Some(made))
    }

    /// The tenant with this name.
    pub async fn tenant_named(&self, name: &str) -> Result<Option<Tenant>, Error> {
        let sql = "select id, name, time_zone, created_at from tenant where name = $1";
        let row = self
            .read(TenantId(0))
            .await?
            .optional(sql, args![name])
            .await?;
        row.as_ref().map(tenant).transpose()
    }

    /// All tenants, by name.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        let sql = "select id, name, time_zone, created_at from tenant order by name";
        self.read(TenantId(0))
            .await?
            .all(sql, args![])
            .await?
            .iter()
            .map(tenant)
            .collect()
    }
}

impl Session {
    /// The tenant's name.
    pub async fn tenant_name(&mut self) -> Result<String, Error> {
        let sql = "select name from tenant where id = $1";
        self.one(sql, args![self.tenant]).await?.get("name")
    }
}
