//! What a tenant's own people took, as thresholds.

use uuid::Uuid;

use super::engine::args;
use super::filter_sql::Sql;
use super::seats::named;
use super::{Error, Session, Store, TenantId, Tx};
use crate::coaching::Stage;
use crate::coaching::stalled::Benchmark;

/// A benchmark of a status on a track.
pub type OfTrack = (Uuid, Stage, Benchmark);

impl Store {
    /// Tenants whose thresholds are benchmarks.
    pub async fn tenants_with_benchmarks(&self) -> Result<Vec<TenantId>, Error> {
        let sql = "select id from tenant where {threshold mode} = 'benchmark'";
        let rows = self.read(TenantId(0)).await?.all(sql, args![]).await?;
        rows.iter().map(|row| row.get("id").map(TenantId)).collect()
    }
}

impl Session {
    /// The benchmarks as last measured.
    pub async fn benchmarks(&mut self) -> Result<Vec<OfTrack>, Error> {
        let sql = "select track_id, stage, n, days from benchmark where tenant_id = $1 \
                   order by track_id, stage";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| {
                let benchmark = Benchmark {
                    n: row.get("n")?,
                    days: row.get("days")?,
                };
                Ok((row.get("track_id")?, named(row, "stage")?, benchmark))
            })
            .collect()
    }

    /// Measures the benchmarks anew: reads all assignments, once for each status.
    pub async fn measure_benchmarks(&mut self) -> Result<Vec<OfTrack>, Error> {
        let mut measured = Vec::new();
        for stage in Stage::ALL {
            let text = format!(
                "select track_id, n, took from (select track_id, took_{stage} as took, \
                   row_number() over (partition by track_id order by took_{stage}) as place, \
                   count(*) over (partition by track_id) as n from assignment \
                   where tenant_id = $1 and took_{stage} is not null) d \
                 where place = (n * 4 + 4) / 5 order by track_id"
            );
            let sql = Sql::new(self.dialect(), &text, vec![self.tenant.into()]);
            for row in &self.made(sql.text, sql.values).await? {
                if let Some(benchmark) = Benchmark::of(row.get("n")?, row.get("took")?) {
                    measured.push((row.get("track_id")?, *stage, benchmark));
                }
            }
        }
        measured.sort_by_key(|(track, stage, _)| (*track, stage.as_str()));
        Ok(measured)
    }
}

impl Tx {
    /// Replaces the benchmarks.
    pub async fn save_benchmarks(&mut self, measured: &[OfTrack]) -> Result<(), Error> {
        let sql = "delete from benchmark where tenant_id = $1";
        self.run(sql, args![self.tenant]).await?;
        for (track, stage, benchmark) in measured {
            let sql = "insert into benchmark (tenant_id, track_id, stage, n, days) \
                       values ($1, $2, $3, $4, $5)";
            let of = (benchmark.n, benchmark.days);
            let values = args![self.tenant, *track, stage.as_str(), of.0, of.1];
            self.run(sql, values).await?;
        }
        Ok(())
    }
}
