//! What a tenant has bought and decided: products, pools, tracks, policy. Every
//! change moves the tenant's catalog version, by which others know that what they hold is old.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use uuid::Uuid;

use super::engine::{Row, args};
use super::seats::named;
use super::{Error, Session, Tx};
use crate::seats::catalog::{Catalog, Policy, Pool, Product, Track, in_order};

impl Session {
    /// The version of the tenant's catalog.
    pub async fn catalog_version(&mut self) -> Result<i64, Error> {
        let sql = "select catalog_version from tenant where id = $1";
        self.one(sql, args![self.tenant])
            .await?
            .get("catalog_version")
    }

    /// The tenant's catalog.
    pub async fn catalog(&mut self) -> Result<Catalog, Error> {
        let sql = "select time_zone, policy, catalog_version from tenant where id = $1";
        let head = self.one(sql, args![self.tenant]).await?;
        let zone_name: String = head.get("time_zone")?;
        let policy = serde_json::Value::Object(head.object("policy")?);
        Ok(Catalog {
            version: head.get("catalog_version")?,
            zone: TimeZone::get(&zone_name)
                .map_err(|_| Error::Inconsistent("a time zone that no longer exists"))?,
            zone_name,
            policy: serde_json::from_value(policy)
                .map_err(|_| Error::Inconsistent("a policy that cannot be read"))?,
            products: self.products().await?,
            attributes: self
                .custom_attributes()
                .await?
                .into_iter()
                .map(|stored| stored.attribute)
                .collect(),
            pools: self.pools().await?,
            tracks: self.tracks().await?,
            rules: in_order(
                self.rules()
                    .await?
                    .into_iter()
                    .map(|s| s.rule)
                    .filter(|r| r.enabled)
                    .collect(),
            ),
            benchmarks: self.benchmarks().await?,
        })
    }

    async fn products(&mut self) -> Result<Vec<Product>, Error> {
        let sql = "select id, key from product where tenant_id = $1 order by key";
        self.all(sql, args![self.tenant])
            .await?
            .iter()
            .map(|row| {
                Ok(Product {
                    id: row.get("id")?,
                    key: row.get("key")?,
                })
            })
            .collect()
    }

    async fn pools(&mut self) -> Result<Vec<Pool>, Error> {
        let sql = "select id, product_id, key, subscription_type, term_start, term_end, full_policy, \
                     overage_limit, reuse_policy, cooldown_days, default_duration_days, \
                     fallback_pool_id, state, max_reassignments, unit_cost from pool where tenant_id = $1 order by key";
        self.all(sql, args![self.tenant])
            .await?
            .iter()
            .map(pool)
            .collect()
    }

    /// How many used seats of each pool were given on, where the contract limits that.
    pub async fn reassignments(&mut self) -> Result<HashMap<Uuid, i64>, Error> {
        let sql = "select id, reassignments from pool where tenant_id = $1";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.get("reassignments")?)))
            .collect()
    }

    async fn tracks(&mut self) -> Result<Vec<Track>, Error> {
        let sql = "select id, product_id, key, name, duration_days, is_default, state, stall_thresholds \
                   from track where tenant_id = $1 order by key";
        self.all(sql, args![self.tenant])
            .await?
            .iter()
            .map(track)
            .collect()
    }
}

fn pool(row: &Row) -> Result<Pool, Error> {
    Ok(Pool {
        id: row.get("id")?,
        product: row.get("product_id")?,
        key: row.get("key")?,
        subscription_type: row.get("subscription_type")?,
        term_start: row.instant("term_start")?,
        term_end: row.instant("term_end")?,
        full_policy: named(row, "full_policy")?,
        overage_limit: row.get("overage_limit")?,
        reuse_policy: named(row, "reuse_policy")?,
        cooldown_days: row.get("cooldown_days")?,
        default_duration_days: row.get("default_duration_days")?,
        fallback: row.get("fallback_pool_id")?,
        state: named(row, "state")?,
        max_reassignments: row.get("max_reassignments")?,
        unit_cost: row.get("unit_cost")?,
    })
}

fn track(row: &Row) -> Result<Track, Error> {
    Ok(Track {
        id: row.get("id")?,
        product: row.get("product_id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        duration_days: row.get("duration_days")?,
        is_default: row.get("is_default")?,
        live: row.get::<String>("state")? == "live",
        stall_thresholds: serde_json::from_value(Json::Object(row.object("stall_thresholds")?))
            .map_err(|_| Error::Inconsistent("thresholds that cannot be read"))?,
    })
}

impl Tx {
    /// Moves the catalog's version, so that everybody reads it anew, and answers the new one.
    pub async fn touch_catalog(&mut self) -> Result<i64, Error> {
        let sql = "update tenant set catalog_version = catalog_version + 1 where id = $1 \
                   returning catalog_version";
        self.one(sql, args![self.tenant])
            .await?
            .get("catalog_version")
    }

    /// Saves the tenant's policy.
    pub async fn save_policy(&mut self, policy: &Policy) -> Result<(), Error> {
        let policy = serde_json::to_value(policy).unwrap_or_default();
        self.run(
            "update tenant set policy = $2 where id = $1",
            args![self.tenant, policy],
        )
        .await?;
        Ok(())
    }

    /// Makes a product.
    pub async fn insert_product(&mut self, product: &Product) -> Result<(), Error> {
        let sql = "insert into product (tenant_id, id, key, name) values ($1, $2, $3, $3)";
        self.run(sql, args![self.tenant, product.id, &product.key])
            .await?;
        Ok(())
    }

    /// Makes a pool without seats. Nobody else sees it yet, so it is held.
    ///
    /// # Errors
    /// [`Error::Taken`] when the key is.
    pub async fn insert_pool(&mut self, pool: &Pool, now: Timestamp) -> Result<(), Error> {
        let mut values = self.pool_values(pool);
        values.push(now.into());
        self.run(
            "insert into pool (tenant_id, id, product_id, key, subscription_type, term_start, \
               term_end, full_policy, overage_limit, reuse_policy, cooldown_days, \
               default_duration_days, fallback_pool_id, state, max_reassignments, unit_cost, \
               created_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            values,
        )
        .await?;
        self.locked.insert(pool.id);
        Ok(())
    }

    /// Saves a pool.
    pub async fn save_pool(&mut self, pool: &Pool) -> Result<(), Error> {
        self.run(
            "update pool set product_id = $3, key = $4, subscription_type = $5, term_start = $6, \
               term_end = $7, full_policy = $8, overage_limit = $9, reuse_policy = $10, \
               cooldown_days = $11, default_duration_days = $12, fallback_pool_id = $13, \
               state = $14, max_reassignments = $15, unit_cost = $16 where tenant_id = $1 and id = $2",
            self.pool_values(pool),
        )
        .await?;
        Ok(())
    }

    fn pool_values(&self, pool: &Pool) -> Vec<super::engine::Value> {
        args![
            self.tenant,
            pool.id,
            pool.product,
            &pool.key,
            &pool.subscription_type,
            pool.term_start,
            pool.term_end,
            pool.full_policy.as_str(),
            pool.overage_limit,
            pool.reuse_policy.as_str(),
            pool.cooldown_days,
            pool.default_duration_days,
            pool.fallback,
            pool.state.as_str(),
            pool.max_reassignments,
            pool.unit_cost,
        ]
    }

    /// Counts a used seat of a pool that is held, which is to be given to somebody else; answers
    /// whether the contract lets it be.
    pub async fn reassign(&mut self, pool: Uuid) -> Result<bool, Error> {
        let sql = "update pool set reassignments = reassignments + 1 where tenant_id = $1 \
                   and id = $2 and (max_reassignments is null or reassignments < max_reassignments)";
        Ok(self.run(sql, args![self.tenant, pool]).await? > 0)
    }

    /// Adds purchased seats to a pool that is held, in one statement.
    pub async fn add_seats(&mut self, pool: Uuid, count: i64) -> Result<(), Error> {
        self.run(
            "with recursive s (n) as (select cast(1 as bigint) where $3 > 0 \
               union all select n + 1 from s where n < $3) \
             insert into seat (tenant_id, pool_id, n, state) \
             select $1, $2, s.n + coalesce((select max(n) from seat where tenant_id = $1 \
               and pool_id = $2), 0), 'available' from s",
            args![self.tenant, pool, count],
        )
        .await?;
        Ok(())
    }

    /// Turns up to `count` seats beyond the purchase into purchased ones; answers how many there
    /// were. The pool must be held.
    pub async fn absorb_overage(&mut self, pool: Uuid, count: i64) -> Result<u64, Error> {
        self.run(
            "with chosen as materialized (select n from seat where tenant_id = $1 and pool_id = $2 \
               and overage = $5 order by n limit $3 + 0 {lock}) \
             update seat set overage = $4 where tenant_id = $1 and pool_id = $2 \
             and n in (select n from chosen)",
            args![self.tenant, pool, count, false, true],
        )
        .await
    }

    /// Removes free purchased seats of a pool that is held; answers how many it found.
    pub async fn remove_seats(&mut self, pool: Uuid, count: i64) -> Result<i64, Error> {
        let mut removed = 0;
        while removed < count {
            let more = self
                .run(
                    "with chosen as materialized (select n from seat where tenant_id = $1 \
                       and pool_id = $2 and state = 'available' and overage = $4 \
                       order by n desc limit $3 + 0 {lock}) \
                     delete from seat where tenant_id = $1 and pool_id = $2 \
                     and n in (select n from chosen)",
                    args![self.tenant, pool, count - removed, false],
                )
                .await?;
            removed += i64::try_from(more).unwrap_or(0);
            // As when seats are held back: those that were taken while this waited for them are
            // gone, and others may be free.
            if removed < count && !self.has_seat_to_remove(pool).await? {
                break;
            }
        }
        Ok(removed)
    }

    async fn has_seat_to_remove(&mut self, pool: Uuid) -> Result<bool, Error> {
        let sql = "select n from seat where tenant_id = $1 and pool_id = $2 \
                   and state = 'available' and overage = $3 limit 1";
        let found = self.optional(sql, args![self.tenant, pool, false]).await?;
        Ok(found.is_some())
    }

    /// Makes a track.
    ///
    /// # Errors
    /// [`Error::Taken`] when the key is.
    pub async fn insert_track(&mut self, track: &Track, now: Timestamp) -> Result<(), Error> {
        let mut values = self.track_values(track);
        values.push(now.into());
        self.run(
            "insert into track (tenant_id, id, product_id, key, name, duration_days, is_default, \
               state, stall_thresholds, created_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            values,
        )
        .await?;
        Ok(())
    }

    /// Saves a track.
    pub async fn save_track(&mut self, track: &Track) -> Result<(), Error> {
        self.run(
            "update track set product_id = $3, key = $4, name = $5, duration_days = $6, \
               is_default = $7, state = $8, stall_thresholds = $9 where tenant_id = $1 and id = $2",
            self.track_values(track),
        )
        .await?;
        Ok(())
    }

    fn track_values(&self, track: &Track) -> Vec<super::engine::Value> {
        args![
            self.tenant,
            track.id,
            track.product,
            &track.key,
            &track.name,
            track.duration_days,
            track.is_default,
            if track.live { "live" } else { "retired" },
            serde_json::to_value(track.stall_thresholds).unwrap_or_default(),
        ]
    }

    /// Makes no track the default one, before another becomes it.
    pub async fn clear_default_track(&mut self) -> Result<(), Error> {
        let sql = "update track set is_default = $2 where tenant_id = $1 and is_default = $3";
        self.run(sql, args![self.tenant, false, true]).await?;
        Ok(())
    }
}
