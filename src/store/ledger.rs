//! The ledger: what happened to seats and people, append-only. Rows are written in the transaction
//! of the change; their order and chain of hashes (`chain`) are rows of their own, written behind,
//! so that no change ever waits for the chain.

mod as_of;
mod chain;
mod history;
mod outbox;
mod walk;

use std::sync::LazyLock;

use jiff::Timestamp;
use uuid::Uuid;

pub use as_of::Accounts;
pub use history::OfMember;
pub use walk::{Broken, Expected, Verdict, Walk, hex};

use super::engine::{Row, args, rows_of};
use super::{Error, Session, Tx};
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

macro_rules! entry_columns {
    () => {
        "l.id, l.at, l.actor, l.cause, l.action, l.member_id, l.assignment_id, l.pool_id, \
         l.from_account, l.to_account, l.quantity, l.detail"
    };
}
use entry_columns;

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
}

impl Session {
    /// The line at this place of the chain.
    pub async fn sealed_line(&mut self, seq: i64) -> Result<Option<Entry>, Error> {
        const SQL: &str = concat!(
            "select ",
            entry_columns!(),
            " from ledger_seal s join ledger l \
               on l.tenant_id = s.tenant_id and l.id = s.ledger_id \
             where s.tenant_id = $1 and s.seq = $2"
        );
        let row = self.optional(SQL, args![self.tenant, seq]).await?;
        row.as_ref().map(entry).transpose()
    }
}

/// The statements that append one line, two, and so on.
static APPEND: LazyLock<Vec<String>> = LazyLock::new(|| {
    let append = |lines| {
        format!(
            "insert into ledger (tenant_id, id, at, actor, cause, action, member_id, \
             assignment_id, pool_id, from_account, to_account, quantity, detail) values {}",
            rows_of(lines, 13)
        )
    };
    (1..=50).map(append).collect()
});

impl Tx {
    /// Appends lines.
    pub async fn append(&mut self, entries: &[Entry]) -> Result<(), Error> {
        for batch in entries.chunks(APPEND.len()) {
            let mut values = Vec::new();
            for e in batch {
                values.extend(args![
                    self.tenant,
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
}
