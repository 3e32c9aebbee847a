//! The lines for seats, as operators read them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::args;
use super::members::{Member, member, member_columns, member_tables};
use super::seats::assignment_columns;
use super::{Error, Session};

/// A place in line as a list is ordered by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The pool's key.
    pub pool: String,
    /// Lower goes first.
    pub priority_class: i64,
    /// Milliseconds since 1970.
    pub since: i64,
    /// The assignment.
    pub id: Uuid,
}

/// Somebody in line.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Who.
    pub member: Member,
    /// 1 for whoever is next.
    pub position: i64,
    /// Since when.
    pub since: Timestamp,
    /// Where in the list.
    pub place: Place,
}

impl Session {
    /// Who waits, for all pools or for one: pools by key, in each whoever is next first.
    pub async fn waitlist(
        &mut self,
        pool: Option<Uuid>,
        after: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<Waiting>, Error> {
        const SQL: &str = concat!(
            "select p.key as line, w.position, w.waiting_since as since, ",
            member_columns!(),
            member_tables!(),
            "join (select id, waiting_pool_id, priority_class, waiting_since, row_number() over ( \
               partition by waiting_pool_id order by priority_class, waiting_since, id) as position \
               from assignment where tenant_id = $1 and waiting_pool_id is not null \
               and ($2 is null or waiting_pool_id = $2)) w on w.id = a.id \
             join pool p on p.tenant_id = m.tenant_id and p.id = w.waiting_pool_id \
             where m.tenant_id = $1 and ($3 is null \
               or (p.key, w.priority_class, w.waiting_since, w.id) > ($3, $4, $5, $6)) \
             order by p.key, w.priority_class, w.waiting_since, w.id limit $7 + 0"
        );
        let since = after.and_then(|place| Timestamp::from_millisecond(place.since).ok());
        let values = args![
            self.tenant,
            pool,
            after.map(|place| place.pool.as_str()),
            after.map(|place| place.priority_class),
            since,
            after.map(|place| place.id),
            limit
        ];
        let rows = self.all(SQL, values).await?;
        let mut line = Vec::with_capacity(rows.len());
        for row in &rows {
            let member = member(row)?;
            let since = row.instant("since")?;
            let Some(a) = &member.assignment else {
                return Err(Error::Inconsistent("a line without an assignment"));
            };
            let place = Place {
                pool: row.get("line")?,
                priority_class: a.priority_class,
                since: since.as_millisecond(),
                id: a.id,
            };
            line.push(Waiting {
                position: row.get("position")?,
                since,
                place,
                member,
            });
        }
        Ok(line)
    }
}
