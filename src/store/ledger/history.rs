//! One person's lines of the ledger, by the index of their person.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Line, entry, entry_columns};
use crate::store::filter_sql::Sql;
use crate::store::{Error, Session};

/// Which of a person's lines, and in which order.
#[derive(Debug, Clone, Default)]
pub struct OfMember {
    /// One action's.
    pub action: Option<String>,
    /// Written at or after.
    pub from: Option<Timestamp>,
    /// Written before.
    pub to: Option<Timestamp>,
    /// The newest first.
    pub newest_first: bool,
    /// Beyond this line.
    pub after: Option<Uuid>,
}

impl Session {
    /// A person's lines, in the order in which they were written or against it.
    pub async fn ledger_of(
        &mut self,
        member: Uuid,
        s: &OfMember,
        limit: i64,
    ) -> Result<Vec<Line>, Error> {
        const HEAD: &str = concat!(
            "select s.seq, ",
            entry_columns!(),
            " from ledger l left join ledger_seal s \
               on s.tenant_id = l.tenant_id and s.ledger_id = l.id \
             where l.tenant_id = $1 and l.member_id = $2"
        );
        let values = vec![self.tenant.into(), member.into()];
        let mut sql = Sql::new(self.dialect(), HEAD, values);
        if let Some(action) = &s.action {
            sql.push(" and l.action = ");
            sql.bind(action.as_str());
        }
        if let Some(from) = s.from {
            sql.push(" and l.at >= ");
            sql.bind(from);
        }
        if let Some(to) = s.to {
            sql.push(" and l.at < ");
            sql.bind(to);
        }
        let (sign, direction) = if s.newest_first {
            ("<", " desc")
        } else {
            (">", "")
        };
        if let Some(after) = s.after {
            sql.push(&format!(" and l.id {sign} "));
            sql.bind(after);
        }
        sql.push(&format!(" order by l.id{direction}"));
        sql.limit(limit);
        let rows = self.made(sql.text, sql.values).await?;
        rows.iter()
            .map(|row| {
                Ok(Line {
                    seq: row.get("seq")?,
                    entry: entry(row)?,
                })
            })
            .collect()
    }
}
