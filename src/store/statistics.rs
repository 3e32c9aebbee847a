//! What PostgreSQL's planner knows of the tables.

use super::engine::{Dialect, args};
use super::{Error, Store};

impl Store {
    /// Has PostgreSQL analyse the tables that have filled and that nobody ever analysed; answers
    /// which. Autovacuum comes by once a minute, and a first import is faster than that: statements
    /// that were planned for empty tables would go on reading whole ones. SQLite has its figures
    /// from the migration.
    pub async fn analyse_filled(&self) -> Result<Vec<String>, Error> {
        let mut pooled = self.pooled().await?;
        if pooled.connection.dialect() == Dialect::Sqlite {
            return Ok(Vec::new());
        }
        let filled = "select quote_ident(relname) as name from pg_stat_user_tables \
                      where schemaname = current_schema() and n_live_tup >= 200 \
                      and last_analyze is null and last_autoanalyze is null";
        let rows = pooled.connection.all(filled, args![]).await;
        pooled.broken = rows.is_err();
        let names: Vec<String> = rows?
            .iter()
            .map(|row| row.get("name"))
            .collect::<Result<_, _>>()?;
        for name in &names {
            let done = pooled
                .connection
                .all_made(format!("analyze {name}"), args![]);
            let done = done.await;
            pooled.broken = done.is_err();
            done?;
        }
        Ok(names)
    }
}
