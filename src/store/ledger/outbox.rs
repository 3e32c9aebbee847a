//! The ledger as an outbox: what happened after a place in its chain.

use super::{Entry, Line, entry, entry_columns};
use crate::store::engine::args;
use crate::store::{Error, Session};

impl Session {
    /// The newest place in the chain; 0 while it is empty.
    pub async fn ledger_end(&mut self) -> Result<i64, Error> {
        let sql = "select coalesce(max(seq), 0) as seq from ledger_seal where tenant_id = $1";
        self.one(sql, args![self.tenant]).await?.get("seq")
    }

    /// The next lines after a place in the chain, in its order.
    pub async fn lines_after(&mut self, seq: i64, limit: i64) -> Result<Vec<Line>, Error> {
        const SQL: &str = concat!(
            "select s.seq, ",
            entry_columns!(),
            " from ledger_seal s \
             join ledger l on l.tenant_id = s.tenant_id and l.id = s.ledger_id \
             where s.tenant_id = $1 and s.seq > $2 order by s.seq limit $3 + 0"
        );
        let rows = self.all(SQL, args![self.tenant, seq, limit]).await?;
        rows.iter()
            .map(|row| {
                let entry: Entry = entry(row)?;
                Ok(Line {
                    seq: row.get("seq")?,
                    entry,
                })
            })
            .collect()
    }
}
