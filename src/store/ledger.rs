//! The ledger: what happened to seats and people, append-only. Rows are written in the transaction
//! of the change; their order and chain of hashes are rows of their own, written behind, so that
//! no change ever waits for the chain.

use std::fmt::Write as _;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::engine::{Row, args};
use super::{Error, Session, Store, TenantId, Tx};
use crate::scim::Object;

/// One line of the ledger. Identifiers and codes only, never personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Identifier.
    pub id: Uuid,
    /// When it was written.
    pub at: Timestamp,
    /// Who: `token:…`, `command` or `clock`.
    pub actor: String,
    /// The request it came from.
    pub cause: String,
    /// What: `seat.assigned`, `member.deactivated` …
    pub action: String,
    /// Whose.
    pub member: Option<Uuid>,
    /// Of which assignment.
    pub assignment: Option<Uuid>,
    /// The seats that moved, if any did.
    pub moved: Option<Move>,
    /// More, by the action.
    pub detail: Object,
}

/// Seats that moved from one account of a pool to another. Accounts are those of
/// [`crate::seats::Account`] and, for what is not a purchased seat, `unbought` and `overage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The pool.
    pub pool: Uuid,
    /// The account they left.
    pub from: &'static str,
    /// The account they came to.
    pub to: &'static str,
    /// How many.
    pub quantity: i64,
}

/// A line of the ledger with its place in the chain, if it has one yet.
#[derive(Debug, Clone)]
pub struct Line {
    /// Place in the chain, 1 for the first.
    pub seq: Option<i64>,
    /// The line.
    pub entry: Entry,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// One person's lines.
    pub member: Option<Uuid>,
    /// One pool's.
    pub pool: Option<Uuid>,
    /// One action's.
    pub action: Option<String>,
    /// One actor's.
    pub actor: Option<String>,
    /// Written at or after.
    pub from: Option<Timestamp>,
    /// Written before.
    pub to: Option<Timestamp>,
    /// Older than this line.
    pub before: Option<Uuid>,
}

/// Whether the ledger holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The chain is whole and the replayed accounts are the live ones.
    Holds {
        /// Lines.
        rows: i64,
        /// Lines in the chain; the rest follows within seconds.
        sealed: i64,
    },
    /// Something does not fit.
    Broken {
        /// The first place in the chain that does not hold.
        seq: Option<i64>,
        /// What is wrong.
        reason: String,
    },
}

macro_rules! entry_columns {
    () => {
        "l.id, l.at, l.actor, l.cause, l.action, l.member_id, l.assignment_id, l.pool_id, \
         l.from_account, l.to_account, l.quantity, l.detail"
    };
}

/// The accounts of moves, for reading back: a name of the ledger is one of these.
const ACCOUNTS: [&str; 9] = [
    "unbought",
    "overage",
    "available",
    "reserved",
    "scheduled",
    "occupied",
    "grace",
    "burned",
    "",
];

fn account(text: Option<&str>) -> &'static str {
    ACCOUNTS
        .iter()
        .find(|name| Some(**name) == text)
        .unwrap_or(&"")
}

fn entry(row: &Row) -> Result<Entry, Error> {
    let quantity: i64 = row.get("quantity")?;
    let pool: Option<Uuid> = row.get("pool_id")?;
    let moved = match pool {
        Some(pool) if quantity > 0 => Some(Move {
            pool,
            from: account(row.get("from_account")?),
            to: account(row.get("to_account")?),
            quantity,
        }),
        _ => None,
    };
    Ok(Entry {
        id: row.get("id")?,
        at: row.instant("at")?,
        actor: row.get("actor")?,
        cause: row.get("cause")?,
        action: row.get("action")?,
        member: row.get("member_id")?,
        assignment: row.get("assignment_id")?,
        moved,
        detail: row.object("detail")?,
    })
}

/// The hash of a line: SHA-256 of the hash before it and the line as canonical JSON.
fn chained(previous: &[u8], e: &Entry) -> Vec<u8> {
    let line = json!({
        "id": e.id, "at": e.at.as_millisecond(), "actor": e.actor, "cause": e.cause,
        "action": e.action, "member": e.member, "assignment": e.assignment,
        "pool": e.moved.as_ref().map(|m| m.pool), "from": e.moved.as_ref().map(|m| m.from),
        "to": e.moved.as_ref().map(|m| m.to), "quantity": e.moved.as_ref().map_or(0, |m| m.quantity),
        "detail": e.detail,
    });
    let mut text = String::new();
    canonical(&line, &mut text);
    Sha256::new()
        .chain_update(previous)
        .chain_update(text)
        .finalize()
        .to_vec()
}

/// JSON with its keys in order, since PostgreSQL keeps another order than was written.
fn canonical(value: &Json, out: &mut String) {
    match value {
        Json::Object(object) => {
            let mut keys: Vec<_> = object.iter().collect();
            keys.sort_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (at, (key, value)) in keys.into_iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let _ = write!(out, "{comma}{}:", Json::from(key.as_str()));
                canonical(value, out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

impl Store {
    /// Tenants with lines that the chain has not reached.
    pub async fn tenants_to_seal(&self) -> Result<Vec<TenantId>, Error> {
        let sql = "select distinct tenant_id from ledger_unsealed";
        let rows = self.read(TenantId(0)).await?.all(sql, args![]).await?;
        rows.iter()
            .map(|row| row.get("tenant_id").map(TenantId))
            .collect()
    }
}

impl Session {
    /// Lines of the ledger, the newest first.
    pub async fn ledger(&mut self, s: &Selection, limit: i64) -> Result<Vec<Line>, Error> {
        const SQL: &str = concat!(
            "select s.seq, ",
            entry_columns!(),
            " from ledger l left join ledger_seal s \
               on s.tenant_id = l.tenant_id and s.ledger_id = l.id \
             where l.tenant_id = $1 and ($2 is null or l.member_id = $2) \
               and ($3 is null or l.pool_id = $3) and ($4 is null or l.action = $4) \
               and ($5 is null or l.actor = $5) and ($6 is null or l.at >= $6) \
               and ($7 is null or l.at < $7) and ($8 is null or l.id < $8) \
             order by l.id desc limit $9 + 0"
        );
        let values = args![
            self.tenant,
            s.member,
            s.pool,
            s.action.as_deref(),
            s.actor.as_deref(),
            s.from,
            s.to,
            s.before,
            limit
        ];
        let rows = self.all(SQL, values).await?;
        rows.iter()
            .map(|row| {
                Ok(Line {
                    seq: row.get("seq")?,
                    entry: entry(row)?,
                })
            })
            .collect()
    }

    /// Replays the ledger against the chain and the live seats. The session must be a snapshot.
    pub async fn verify_ledger(&mut self) -> Result<Verdict, Error> {
        const PAGE: &str = concat!(
            "select s.seq, s.hash, s.ledger_id, ",
            entry_columns!(),
            " from ledger_seal s \
             join ledger l on l.tenant_id = s.tenant_id and l.id = s.ledger_id \
             where s.tenant_id = $1 and s.seq > $2 order by s.seq limit 1000"
        );
        let mut sealed = 0;
        let mut hash = Vec::new();
        loop {
            let rows = self.all(PAGE, args![self.tenant, sealed]).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let seq: i64 = row.get("seq")?;
                if seq != sealed + 1 {
                    let reason = "a line is missing from the chain".into();
                    return Ok(Verdict::Broken {
                        seq: Some(sealed + 1),
                        reason,
                    });
                }
                hash = chained(&hash, &entry(row)?);
                if row.get::<Vec<u8>>("hash")? != hash {
                    let reason = "the line is not what was sealed".into();
                    return Ok(Verdict::Broken {
                        seq: Some(seq),
                        reason,
                    });
                }
                sealed = seq;
            }
        }
        let counts = self
            .one(
                "select (select count(*) from ledger where tenant_id = $1) as ledger_rows, \
                   (select count(*) from ledger_seal where tenant_id = $1) as seals, \
                   (select count(*) from ledger_unsealed where tenant_id = $1) as unsealed",
                args![self.tenant],
            )
            .await?;
        let rows: i64 = counts.get("ledger_rows")?;
        let unsealed: i64 = counts.get("unsealed")?;
        if counts.get::<i64>("seals")? != sealed || rows != sealed + unsealed {
            let reason = format!("{rows} lines, {sealed} in the chain and {unsealed} to follow");
            return Ok(Verdict::Broken {
                seq: Some(sealed + 1),
                reason,
            });
        }
        Ok(match self.unbalanced().await? {
            Some(reason) => Verdict::Broken { seq: None, reason },
            None => Verdict::Holds { rows, sealed },
        })
    }

    /// The first account whose replayed moves are not its live count (invariant 2), or the first
    /// seat whose account its holder contradicts.
    async fn unbalanced(&mut self) -> Result<Option<String>, Error> {
        let row = self
            .optional(
                "select p.key, b.account, sum(b.n) as off from ( \
                   select pool_id, to_account as account, quantity as n from ledger \
                     where tenant_id = $1 and quantity > 0 \
                   union all select pool_id, from_account, -quantity from ledger \
                     where tenant_id = $1 and quantity > 0 \
                   union all select pool_id, state, -count(*) from seat \
                     where tenant_id = $1 group by pool_id, state) b \
                 join pool p on p.tenant_id = $1 and p.id = b.pool_id \
                 where b.account not in ('unbought', 'overage') \
                 group by p.key, b.account having sum(b.n) <> 0 order by p.key, b.account limit 1",
                args![self.tenant],
            )
            .await?;
        if let Some(row) = row {
            let (key, account): (String, String) = (row.get("key")?, row.get("account")?);
            return Ok(Some(format!(
                "pool {key}: account {account} is not what its moves add up to"
            )));
        }
        let row = self
            .optional(
                "select p.key, s.n from seat s join pool p on p.tenant_id = s.tenant_id \
                   and p.id = s.pool_id left join assignment a on a.tenant_id = s.tenant_id \
                   and a.pool_id = s.pool_id and a.seat_n = s.n \
                 where s.tenant_id = $1 and s.state <> case a.state when 'assigned' then 'occupied' \
                   when 'scheduled' then 'scheduled' when 'grace' then 'grace' else \
                   case when s.state in ('occupied', 'scheduled', 'grace') then 'held by nobody' \
                   else s.state end end order by p.key, s.n limit 1",
                args![self.tenant],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (key, n): (String, i64) = (row.get("key")?, row.get("n")?);
        Ok(Some(format!(
            "pool {key}: seat {n} and its holder disagree"
        )))
    }
}

/// The statements that append one line, two, and so on.
static APPEND: LazyLock<Vec<String>> = LazyLock::new(|| {
    let append = |lines| {
        format!(
            "insert into ledger (tenant_id, id, at, actor, cause, action, member_id, \
             assignment_id, pool_id, from_account, to_account, quantity, detail) values {}",
            rows_of(lines, 12)
        )
    };
    (1..=50).map(append).collect()
});

impl Tx {
    /// Appends lines.
    pub async fn append(&mut self, entries: &[Entry]) -> Result<(), Error> {
        for batch in entries.chunks(APPEND.len()) {
            let mut values = args![self.tenant];
            for e in batch {
                values.extend(args![
                    e.id,
                    e.at,
                    &e.actor,
                    &e.cause,
                    &e.action,
                    e.member,
                    e.assignment,
                    e.moved.as_ref().map(|m| m.pool),
                    e.moved.as_ref().map(|m| m.from),
                    e.moved.as_ref().map(|m| m.to),
                    e.moved.as_ref().map_or(0, |m| m.quantity),
                    &e.detail,
                ]);
            }
            if let Some(sql) = APPEND.get(batch.len() - 1) {
                self.run(sql, values).await?;
            }
        }
        Ok(())
    }

    /// Gives the next lines their place in the chain; answers how many.
    pub async fn seal(&mut self) -> Result<usize, Error> {
        const NEXT: &str = concat!(
            "select ",
            entry_columns!(),
            " from ledger_unsealed u join ledger l \
               on l.tenant_id = u.tenant_id and l.id = u.ledger_id \
             where u.tenant_id = $1 order by u.ledger_id limit 100"
        );
        let sql =
            "select seq, hash from ledger_seal where tenant_id = $1 order by seq desc limit 1";
        let last = self.optional(sql, args![self.tenant]).await?;
        let mut seq: i64 = last.as_ref().map_or(Ok(0), |row| row.get("seq"))?;
        let mut hash: Vec<u8> = last
            .as_ref()
            .map_or(Ok(Vec::new()), |row| row.get("hash"))?;
        let entries = self
            .all(NEXT, args![self.tenant])
            .await?
            .iter()
            .map(entry)
            .collect::<Result<Vec<_>, _>>()?;
        if entries.is_empty() {
            return Ok(0);
        }
        let mut values = args![self.tenant];
        for e in &entries {
            seq += 1;
            hash = chained(&hash, e);
            values.extend(args![seq, e.id, hash.clone()]);
        }
        let rows = rows_of(entries.len(), 3);
        let sql =
            format!("insert into ledger_seal (tenant_id, seq, ledger_id, hash) values {rows}");
        self.made(sql, values).await?;
        let ids = Json::from(entries.iter().map(|e| e.id.to_string()).collect::<Vec<_>>());
        let sql = "delete from ledger_unsealed where tenant_id = $1 \
                   and ledger_id in (select id from ({ids}($2)) i)";
        self.run(sql, args![self.tenant, ids]).await?;
        Ok(entries.len())
    }
}

/// `($1, $2, …), ($1, …)`: rows of the tenant and `columns` more parameters each.
fn rows_of(rows: usize, columns: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row == 0 { "($1" } else { ", ($1" });
        for column in 0..columns {
            let _ = write!(text, ", ${}", 2 + row * columns + column);
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_does_not_depend_on_the_order_of_keys() {
        let text = |value: Json| {
            let mut out = String::new();
            canonical(&value, &mut out);
            out
        };
        let a = text(json!({"b": [1, {"y": null, "x": "é\""}], "a": true}));
        assert_eq!(a, r#"{"a":true,"b":[1,{"x":"é\"","y":null}]}"#);
    }
}
