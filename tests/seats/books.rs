//! What is in the database: what no answer shows, and what no request could break.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use uuid::Uuid;

use crate::common::Engine;

/// The database of a server, of which only this reads behind its back.
#[derive(Clone)]
pub(super) enum Books {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// What must never be, each a statement that counts it in one tenant.
const NEVER: &[(&str, &str)] = &[
    (
        "1: a seat out without its one holder",
        "seat s where s.tenant_id = $1 and s.state in ('scheduled', 'occupied', 'grace')
           and 1 <> (select count(*) from assignment a
                     where a.tenant_id = s.tenant_id and a.pool_id = s.pool_id and a.seat_n = s.n)",
    ),
    (
        "1: somebody on a seat that is not out to them",
        "assignment a where a.tenant_id = $1 and a.seat_n is not null
           and not exists (select 1 from seat s
                           where s.tenant_id = a.tenant_id and s.pool_id = a.pool_id and s.n = a.seat_n
                             and s.state = case a.state when 'assigned' then 'occupied' else a.state end)",
    ),
    (
        "3: two open assignments of one person and product",
        "(select a.member_id from assignment a where a.tenant_id = $1 and a.state <> 'ended'
          group by a.member_id, a.product_id having count(*) > 1) twice",
    ),
    (
        "3: an open assignment that is not its person's",
        "assignment a where a.tenant_id = $1 and a.state <> 'ended'
           and not exists (select 1 from member m
                           where m.tenant_id = a.tenant_id and m.id = a.member_id
                             and m.assignment_id = a.id and m.seat_state = a.state)",
    ),
    (
        "4: access that ends before it starts",
        "assignment a where a.tenant_id = $1 and a.state <> 'ended' and a.starts_at >= a.ends_at",
    ),
    (
        "4: access beyond the term of its pool, or in a draft",
        "assignment a join pool p on p.tenant_id = a.tenant_id and p.id = a.pool_id
         where a.tenant_id = $1 and a.state in ('scheduled', 'waitlisted', 'assigned')
           and (a.ends_at > p.term_end or p.state = 'draft')",
    ),
    (
        "5: a seat in use of somebody who is not active",
        "assignment a join member m on m.tenant_id = a.tenant_id and m.id = a.member_id
         where a.tenant_id = $1 and a.state in ('assigned', 'scheduled', 'waitlisted')
           and m.identity_state <> 'active'",
    ),
    (
        "7: a place in line and a seat, or neither",
        "assignment a where a.tenant_id = $1
           and ((a.seat_n is null) <> (a.state in ('waitlisted', 'ended'))
                or (a.state = 'waitlisted' and a.waiting_pool_id is null)
                or (a.state = 'ended' and a.waiting_pool_id is not null))",
    ),
    (
        "7: somebody in a line who waits for nothing",
        "waiting w join assignment a on a.tenant_id = w.tenant_id and a.id = w.assignment_id
         where w.tenant_id = $1 and a.waiting_pool_id is null",
    ),
    (
        "9: a worker identifier of two who are active",
        "(select m.worker_id from member m
          where m.tenant_id = $1 and m.identity_state = 'active' and m.worker_id is not null
          group by m.worker_id having count(*) > 1) twice",
    ),
    (
        "somebody erased who can be told",
        "member m where m.tenant_id = $1 and m.identity_state = 'erased'
           and (m.worker_id is not null or m.external_id is not null or m.scim_id is not null)",
    ),
];

impl Books {
    pub(super) async fn open(engine: Engine, url: &str) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(SqlitePool::connect(url).await.unwrap()),
            Engine::Postgres => Self::Postgres(PgPool::connect(url).await.unwrap()),
        }
    }

    pub(super) async fn tenant(&self, name: &str) -> i64 {
        let sql = "select id from tenant where name = $1";
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).bind(name).fetch_one(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(sql).bind(name).fetch_one(pool).await,
        }
        .unwrap()
    }

    /// Panics where there is what must never be.
    pub(super) async fn nothing_that_must_never_be(&self, tenant: i64) {
        let counts: Vec<_> = NEVER
            .iter()
            .map(|(_, from)| format!("select count(*) from {from}"))
            .collect();
        // One statement, so that all is of one moment.
        let sql = AssertSqlSafe(counts.join(" union all "));
        let found: Vec<i64> = match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).bind(tenant).fetch_all(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(sql).bind(tenant).fetch_all(pool).await,
        }
        .unwrap();
        assert_eq!(found.len(), NEVER.len());
        for ((what, _), found) in NEVER.iter().zip(found) {
            assert_eq!(found, 0, "{what}");
        }
    }

    /// Who has had the use of a seat in an episode that is over or put off: whoever comes back within
    /// their grace for a later day keeps the seat, and it is in use no more until then.
    pub(super) async fn held_once(&self, tenant: i64) -> BTreeSet<Uuid> {
        let sql = "select distinct member_id from assignment
                   where tenant_id = $1 and state not in ('assigned', 'grace') and held";
        let found: Vec<Uuid> = match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).bind(tenant).fetch_all(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(sql).bind(tenant).fetch_all(pool).await,
        }
        .unwrap();
        found.into_iter().collect()
    }

    /// Invariant 10: whoever has the database at hand cannot change a line of the ledger either, not
    /// by an ordinary statement.
    pub(super) async fn invariant_10_lines_cannot_be_changed(&self, tenant: i64) {
        for sql in [
            "update ledger set actor = 'nobody' where tenant_id = $1",
            "delete from ledger where tenant_id = $1",
            "update ledger_seal set hash = hash where tenant_id = $1",
            "delete from ledger_seal where tenant_id = $1",
        ] {
            let done = match self {
                Self::Sqlite(pool) => {
                    let done = sqlx::query(sql).bind(tenant).execute(pool).await;
                    done.map(|_| ())
                }
                Self::Postgres(pool) => {
                    let done = sqlx::query(sql).bind(tenant).execute(pool).await;
                    done.map(|_| ())
                }
            };
            assert!(done.is_err(), "10: done was {sql}");
        }
    }
}
