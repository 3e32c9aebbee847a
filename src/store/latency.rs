//! How long requests of connections took.

use std::collections::HashMap;

use uuid::Uuid;

use super::engine::args;
use super::seats::named;
use super::{Error, Session, Tx};
use crate::latency::{Lengths, Measure};

/// Days for which counts are kept.
const DAYS_KEPT: i64 = 30;

impl Session {
    /// How long requests of each connection took since a day, by what is measured.
    pub async fn latencies(
        &mut self,
        since_day: i64,
    ) -> Result<HashMap<(Uuid, Measure), Lengths>, Error> {
        let sql = "select connection_id, measure, bucket, cast(sum(n) as bigint) as n \
                   from connection_latency where tenant_id = $1 and day >= $2 \
                   group by connection_id, measure, bucket";
        let mut all: HashMap<_, Lengths> = HashMap::new();
        for row in &self.all(sql, args![self.tenant, since_day]).await? {
            let of = (row.get("connection_id")?, named(row, "measure")?);
            all.entry(of)
                .or_default()
                .add(row.get("bucket")?, row.get("n")?);
        }
        Ok(all)
    }
}

impl Tx {
    /// Counts requests of a connection that took as long as each other.
    pub async fn count_latency(
        &mut self,
        (connection, day): (Uuid, i64),
        (measure, bucket): (Measure, i64),
        n: i64,
    ) -> Result<(), Error> {
        let sql = "insert into connection_latency (tenant_id, connection_id, day, measure, bucket, n) \
                   values ($1, $2, $3, $4, $5, $6) \
                   on conflict (tenant_id, connection_id, day, measure, bucket) \
                   do update set n = connection_latency.n + excluded.n returning n";
        let values = args![self.tenant, connection, day, measure.as_str(), bucket, n];
        let counted: i64 = self.one(sql, values).await?.get("n")?;
        if counted == n {
            // The first of the day: time to forget what is too old to be shown.
            let sql = "delete from connection_latency where tenant_id = $1 \
                       and connection_id = $2 and day < $3";
            let values = args![self.tenant, connection, day - DAYS_KEPT];
            self.run(sql, values).await?;
        }
        Ok(())
    }
}
