//! Plans and their items.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::engine::{Row, args, rows_of};
use super::seats::named;
use super::{Error, Session, Store, TenantId, Tx};
use crate::plans::{Item, ItemState, Kind, State};
use crate::scim::Object;

/// A plan without its items.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Identifier.
    pub id: Uuid,
    /// What it does.
    pub kind: Kind,
    /// As stored; [`crate::plans::state_at`] says what it reads as.
    pub state: State,
    /// What was asked for.
    pub asked: Object,
    /// What the requester noted.
    pub note: Option<String>,
    /// Over its items.
    pub hash: String,
    /// How many seats it frees; less than 0 where it takes some.
    pub seats: i64,
    /// The same, by pool.
    pub seats_by_pool: Object,
    /// Why it takes approval, if it does.
    pub approval: Vec<String>,
    /// Who asked, as the ledger names them.
    pub requested_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be approved and begun.
    pub expires_at: Timestamp,
    /// Who approved or rejected it, and when.
    pub decided: Option<(String, Timestamp)>,
    /// Who applied it, and since when.
    pub applied: Option<(String, Timestamp)>,
    /// When all was done.
    pub finished_at: Option<Timestamp>,
}

/// How many items of a plan are in which state.
pub type Counts = HashMap<ItemState, i64>;

macro_rules! plan_columns {
    () => {
        "id, kind, state, asked, note, hash, seats, seats_by_pool, approval, requested_by, created_at, expires_at, \
         decided_by, decided_at, applied_by, applied_at, finished_at from plan "
    };
}

macro_rules! item_columns {
    () => {
        "n, member_id, state, problem, fingerprint, body, before, after, seat_delta, warnings \
         from plan_item "
    };
}

fn list(row: &Row, column: &str) -> Result<Vec<String>, Error> {
    let list: sqlx::types::Json<Vec<String>> = row.get(column)?;
    Ok(list.0)
}

fn plan(row: &Row) -> Result<Plan, Error> {
    let by = |who: &str, when: &str| -> Result<Option<(String, Timestamp)>, Error> {
        let who: Option<String> = row.get(who)?;
        Ok(who.zip(row.maybe_instant(when)?))
    };
    Ok(Plan {
        id: row.get("id")?,
        kind: named(row, "kind")?,
        state: named(row, "state")?,
        asked: row.object("asked")?,
        note: row.get("note")?,
        hash: row.get("hash")?,
        seats: row.get("seats")?,
        seats_by_pool: row.object("seats_by_pool")?,
        approval: list(row, "approval")?,
        requested_by: row.get("requested_by")?,
        created_at: row.instant("created_at")?,
        expires_at: row.instant("expires_at")?,
        decided: by("decided_by", "decided_at")?,
        applied: by("applied_by", "applied_at")?,
        finished_at: row.maybe_instant("finished_at")?,
    })
}

fn item(row: &Row) -> Result<(i64, Item), Error> {
    let warnings = list(row, "warnings")?;
    let item = Item {
        member: row.get("member_id")?,
        state: named(row, "state")?,
        problem: row.get("problem")?,
        fingerprint: row.get("fingerprint")?,
        body: row.object("body")?,
        before: row.object("before")?,
        after: row.object("after")?,
        seat_delta: row.get("seat_delta")?,
        warnings: warnings.iter().filter_map(|w| w.parse().ok()).collect(),
    };
    Ok((row.get("n")?, item))
}

impl Store {
    /// Tenants with a plan that is being applied, or whose time ran out by `now`.
    pub async fn tenants_planning(&self, now: Timestamp) -> Result<Vec<TenantId>, Error> {
        let sql = "select distinct tenant_id from plan where state in ('pending', 'approved', 'applying') \
                   and (state = 'applying' or expires_at <= $1) \
                   union select i.tenant_id from import_plan i \
                   join plan p on p.tenant_id = i.tenant_id and p.id = i.plan_id \
                   where i.keeps_rows and p.state in ('rejected', 'expired', 'applied')";
        let rows = self.read(TenantId(0)).await?.all(sql, args![now]).await?;
        rows.iter()
            .map(|row| row.get("tenant_id").map(TenantId))
            .collect()
    }
}

impl Session {
    /// A page of plans, the newest first, in one state as of `now` or in any.
    pub async fn plans(
        &mut self,
        (kind, state): (Option<Kind>, Option<State>),
        before: Option<Uuid>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<Plan>, Error> {
        const SQL: &str = concat!(
            "select ",
            plan_columns!(),
            "where tenant_id = $1 and ($2 is null or kind = $2) and ($3 is null or $3 = case \
               when state in ('pending', 'approved') and expires_at <= $4 then 'expired' \
               else state end) and ($5 is null or id < $5) order by id desc limit $6 + 0"
        );
        let values = args![
            self.tenant,
            kind.map(Kind::as_str),
            state.map(State::as_str),
            now,
            before,
            limit
        ];
        self.all(SQL, values).await?.iter().map(plan).collect()
    }

    /// One plan.
    pub async fn plan(&mut self, id: Uuid) -> Result<Option<Plan>, Error> {
        const SQL: &str = concat!(
            "select ",
            plan_columns!(),
            "where tenant_id = $1 and id = $2"
        );
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(plan).transpose()
    }

    /// How many items of these plans are in which state.
    pub async fn plan_counts(&mut self, plans: &[Uuid]) -> Result<HashMap<Uuid, Counts>, Error> {
        let ids: Json = plans.iter().map(Uuid::to_string).collect();
        let rows = self
            .all(
                "select plan_id, state, count(*) as n from plan_item where tenant_id = $1 \
                 and plan_id in (select id from ({ids}($2)) i) group by plan_id, state",
                args![self.tenant, ids],
            )
            .await?;
        let mut counts: HashMap<Uuid, Counts> = HashMap::new();
        for row in &rows {
            let of = counts.entry(row.get("plan_id")?).or_default();
            of.insert(named(row, "state")?, row.get("n")?);
        }
        Ok(counts)
    }

    /// Items of a plan after the one with this number, with theirs.
    pub async fn plan_items(
        &mut self,
        plan: Uuid,
        state: Option<ItemState>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Item)>, Error> {
        const SQL: &str = concat!(
            "select ",
            item_columns!(),
            "where tenant_id = $1 and plan_id = $2 and ($3 is null or state = $3) and n > $4 \
             order by n limit $5 + 0"
        );
        let values = args![
            self.tenant,
            plan,
            state.map(ItemState::as_str),
            after,
            limit
        ];
        self.all(SQL, values).await?.iter().map(item).collect()
    }
}

/// The statements that insert one item, two, and so on.
static INSERT: LazyLock<Vec<String>> = LazyLock::new(|| {
    let insert = |items| {
        format!(
            "insert into plan_item (tenant_id, plan_id, n, member_id, state, problem, fingerprint, \
             body, before, after, seat_delta, warnings) values {}",
            rows_of(items, 12)
        )
    };
    (1..=50).map(insert).collect()
});

impl Tx {
    /// Stores a new plan with its items.
    pub async fn insert_plan(&mut self, p: &Plan, items: &[Item]) -> Result<(), Error> {
        self.run(
            "insert into plan (tenant_id, id, kind, state, asked, note, hash, seats, approval, \
               requested_by, created_at, expires_at, seats_by_pool) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            args![
                self.tenant,
                p.id,
                p.kind.as_str(),
                p.state.as_str(),
                &p.asked,
                p.note.as_deref(),
                &p.hash,
                p.seats,
                json!(p.approval),
                &p.requested_by,
                p.created_at,
                p.expires_at,
                &p.seats_by_pool
            ],
        )
        .await?;
        let mut n = 0_i64;
        for batch in items.chunks(INSERT.len()) {
            let mut values = Vec::new();
            for item in batch {
                n += 1;
                let warnings: Vec<_> = item.warnings.iter().map(|w| w.as_str()).collect();
                values.extend(args![
                    self.tenant,
                    p.id,
                    n,
                    item.member,
                    item.state.as_str(),
                    item.problem.as_deref(),
                    &item.fingerprint,
                    &item.body,
                    &item.before,
                    &item.after,
                    item.seat_delta,
                    json!(warnings),
                ]);
            }
            if let Some(sql) = INSERT.get(batch.len() - 1) {
                self.run(sql, values).await?;
            }
        }
        Ok(())
    }

    /// A plan, locked until the end of the transaction.
    pub async fn lock_plan(&mut self, id: Uuid) -> Result<Option<Plan>, Error> {
        const SQL: &str = concat!(
            "select ",
            plan_columns!(),
            "where tenant_id = $1 and id = $2 {lock}"
        );
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(plan).transpose()
    }

    /// Saves how far a plan is.
    pub async fn save_plan(&mut self, p: &Plan) -> Result<(), Error> {
        self.run(
            "update plan set state = $3, decided_by = $4, decided_at = $5, applied_by = $6, \
               applied_at = $7, finished_at = $8 where tenant_id = $1 and id = $2",
            args![
                self.tenant,
                p.id,
                p.state.as_str(),
                p.decided.as_ref().map(|(who, _)| who.as_str()),
                p.decided.as_ref().map(|(_, at)| *at),
                p.applied.as_ref().map(|(who, _)| who.as_str()),
                p.applied.as_ref().map(|(_, at)| *at),
                p.finished_at
            ],
        )
        .await?;
        Ok(())
    }

    /// Saves what became of an item.
    pub async fn save_item(
        &mut self,
        plan: Uuid,
        n: i64,
        state: ItemState,
        problem: Option<&str>,
    ) -> Result<(), Error> {
        self.run(
            "update plan_item set state = $4, problem = $5 \
             where tenant_id = $1 and plan_id = $2 and n = $3",
            args![self.tenant, plan, n, state.as_str(), problem],
        )
        .await?;
        Ok(())
    }

    /// Notes that everything that was planned is done.
    pub async fn save_all_applied(&mut self, plan: Uuid) -> Result<(), Error> {
        let sql = "update plan_item set state = 'applied' \
                   where tenant_id = $1 and plan_id = $2 and state = 'planned'";
        self.run(sql, args![self.tenant, plan]).await?;
        Ok(())
    }

    /// Plans that are being applied, the oldest first, and those whose time ran out.
    pub async fn plans_to_carry_on(&mut self, now: Timestamp) -> Result<Vec<(Uuid, State)>, Error> {
        let sql = "select id, state from plan where tenant_id = $1 \
                   and state in ('pending', 'approved', 'applying') \
                   and (state = 'applying' or expires_at <= $2) order by id limit 100";
        self.all(sql, args![self.tenant, now])
            .await?
            .iter()
            .map(|row| Ok((row.get("id")?, named(row, "state")?)))
            .collect()
    }

    /// Locks people in the order of their identifiers, as everybody locks them.
    pub async fn lock_people(&mut self, people: &[Uuid]) -> Result<(), Error> {
        if self.dialect() == super::engine::Dialect::Postgres {
            let ids: Json = people.iter().map(Uuid::to_string).collect();
            self.all(
                "select id from member where tenant_id = $1 \
                 and id in (select id from ({ids}($2)) i) order by id {lock}",
                args![self.tenant, ids],
            )
            .await?;
        }
        Ok(())
    }
}
