//! Whether nudges help, by what they were for and why.

use jiff::Timestamp;

use crate::coaching::nudge::{Kind, Outcome};
use crate::coaching::stalled::Reason;
use crate::store::engine::args;
use crate::store::nudges::{came_to, nudge_tables};
use crate::store::seats::named;
use crate::store::{Error, Session};

/// How many nudges came to the same.
#[derive(Debug, Clone, Copy)]
pub struct Count {
    /// What they were for.
    pub kind: Kind,
    /// Why they were sent.
    pub reason: Reason,
    /// What came of them.
    pub outcome: Outcome,
    /// How many.
    pub n: i64,
}

impl Session {
    /// Nudges that were sent from one instant until another.
    pub async fn count_nudges(
        &mut self,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<Count>, Error> {
        const SQL: &str = concat!(
            "select kind, reason, outcome, count(*) as n from (select n.reason, case \
               when q.nudge_id is null then 'remind' else 'keep_or_release' end as kind, ",
            came_to!(),
            " as outcome ",
            nudge_tables!(),
            "where n.tenant_id = $1 and ($2 is null or n.sent_at >= $2) \
             and ($3 is null or n.sent_at < $3)) sent group by kind, reason, outcome"
        );
        let rows = self.all(SQL, args![self.tenant, from, to]).await?;
        rows.iter()
            .map(|row| {
                Ok(Count {
                    kind: named(row, "kind")?,
                    reason: named(row, "reason")?,
                    outcome: named(row, "outcome")?,
                    n: row.get("n")?,
                })
            })
            .collect()
    }
}
