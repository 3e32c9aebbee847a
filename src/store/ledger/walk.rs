//! Walking along the ledger's chain: whether each line is what was sealed, and what its moves add up
//! to. In memory are one page of lines and one figure for each account of a pool, however long the
//! ledger is. Lines never change, so the walk needs no transaction until its end.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::chain::chained;
use super::{entry, entry_columns};
use crate::audit::Balance;
use crate::store::engine::args;
use crate::store::{Error, Session};

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
    Broken(Broken),
}

/// Where the ledger does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The first place in the chain that does not hold, if it is one.
    pub seq: Option<i64>,
    /// The line there, if there is one.
    pub line: Option<Uuid>,
    /// What is wrong.
    pub reason: String,
}

impl Broken {
    fn at(seq: i64, reason: impl Into<String>) -> Self {
        Self {
            seq: Some(seq),
            line: None,
            reason: reason.into(),
        }
    }

    fn line(self, id: Uuid) -> Self {
        Self {
            line: Some(id),
            ..self
        }
    }
}

/// What the ledger must have come to at a place of its chain.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The place.
    pub seq: i64,
    /// The hash there, in hexadecimal digits.
    pub hash: String,
    /// What the moves until there add up to.
    pub balance: Balance,
}

/// A walk, as far as it has come.
#[derive(Debug, Default)]
pub struct Walk {
    /// The last line that was looked at.
    pub seq: i64,
    hash: Vec<u8>,
    moved: BTreeMap<(Uuid, &'static str), i64>,
    expected: Option<Expected>,
}

impl Walk {
    /// From the first line on. What is expected at a place is looked for there.
    pub fn new(expected: Option<Expected>) -> Self {
        Self {
            expected,
            ..Self::default()
        }
    }

    /// What the moves so far add up to.
    fn balance(&self) -> Balance {
        let moved = self.moved.iter().filter(|(_, n)| **n != 0);
        moved
            .map(|((pool, account), n)| ((*pool, (*account).to_owned()), *n))
            .collect()
    }

    /// Whether this is the place where something is expected, and it is not so.
    fn contradicted(&self) -> Option<Broken> {
        let expected = self.expected.as_ref().filter(|e| e.seq == self.seq)?;
        if hex(&self.hash) != expected.hash {
            let reason = "the history until here is not the one that the checkpoint was made of";
            return Some(Broken::at(self.seq, reason));
        }
        (self.balance() != expected.balance).then(|| {
            let reason = "the moves until here do not add up to the accounts of the checkpoint";
            Broken::at(self.seq, reason)
        })
    }

    /// Whether the chain ends before the place where something is expected.
    fn too_short(&self) -> Option<Broken> {
        let expected = self.expected.as_ref().filter(|e| e.seq > self.seq)?;
        let reason = format!(
            "the ledger ends here; the checkpoint was made of {} lines",
            expected.seq
        );
        Some(Broken::at(self.seq + 1, reason))
    }
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Session {
    /// The place of the last line in the chain, and its hash; nought and nothing where there is none.
    pub async fn chain_end(&mut self) -> Result<(i64, Vec<u8>), Error> {
        let sql =
            "select seq, hash from ledger_seal where tenant_id = $1 order by seq desc limit 1";
        match self.optional(sql, args![self.tenant]).await? {
            Some(row) => Ok((row.get("seq")?, row.get("hash")?)),
            None => Ok((0, Vec::new())),
        }
    }

    /// What the moves of the lines up to a place add up to.
    pub async fn balance_until(&mut self, seq: i64) -> Result<Balance, Error> {
        let rows = self
            .all(
                "select b.pool_id, b.account, cast(sum(b.n) as bigint) as n from ( \
                   select l.pool_id, l.to_account as account, l.quantity as n from ledger l \
                     join ledger_seal s on s.tenant_id = l.tenant_id and s.ledger_id = l.id \
                     where l.tenant_id = $1 and l.quantity > 0 and s.seq <= $2 \
                   union all select l.pool_id, l.from_account, -l.quantity from ledger l \
                     join ledger_seal s on s.tenant_id = l.tenant_id and s.ledger_id = l.id \
                     where l.tenant_id = $1 and l.quantity > 0 and s.seq <= $2) b \
                 group by b.pool_id, b.account having sum(b.n) <> 0",
                args![self.tenant, seq],
            )
            .await?;
        rows.iter()
            .map(|row| Ok(((row.get("pool_id")?, row.get("account")?), row.get("n")?)))
            .collect()
    }

    /// Walks a page on; answers whether there was one, or where it does not hold.
    pub async fn walk_ledger(&mut self, walk: &mut Walk) -> Result<Result<bool, Broken>, Error> {
        const PAGE: &str = concat!(
            "select s.seq, s.hash, s.ledger_id, ",
            entry_columns!(),
            " from ledger_seal s \
             join ledger l on l.tenant_id = s.tenant_id and l.id = s.ledger_id \
             where s.tenant_id = $1 and s.seq > $2 order by s.seq limit 1000"
        );
        if walk.seq == 0
            && let Some(broken) = walk.contradicted()
        {
            return Ok(Err(broken));
        }
        let rows = self.all(PAGE, args![self.tenant, walk.seq]).await?;
        for row in &rows {
            let (seq, entry) = (row.get::<i64>("seq")?, entry(row)?);
            if seq != walk.seq + 1 {
                let reason = "a line is missing from the chain";
                return Ok(Err(Broken::at(walk.seq + 1, reason)));
            }
            walk.hash = chained(&walk.hash, &entry);
            if row.get::<Vec<u8>>("hash")? != walk.hash {
                let reason = "the line is not what was sealed";
                return Ok(Err(Broken::at(seq, reason).line(entry.id)));
            }
            walk.seq = seq;
            if let Some(moved) = &entry.moved {
                *walk.moved.entry((moved.pool, moved.to)).or_default() += moved.quantity;
                *walk.moved.entry((moved.pool, moved.from)).or_default() -= moved.quantity;
            }
            if let Some(broken) = walk.contradicted() {
                return Ok(Err(broken.line(entry.id)));
            }
        }
        Ok(Ok(!rows.is_empty()))
    }

    /// Ends a walk: whether there is nothing beside the chain, and the live seats are what the moves
    /// add up to. The session must be a snapshot.
    pub async fn end_walk(&mut self, walk: &mut Walk) -> Result<Verdict, Error> {
        loop {
            match self.walk_ledger(walk).await? {
                Ok(true) => {}
                Ok(false) => break,
                Err(broken) => return Ok(Verdict::Broken(broken)),
            }
        }
        if let Some(broken) = walk.too_short() {
            return Ok(Verdict::Broken(broken));
        }
        let counts = self
            .one(
                "select (select count(*) from ledger where tenant_id = $1) as ledger_rows, \
                   (select count(*) from ledger_seal where tenant_id = $1) as seals, \
                   (select count(*) from ledger_unsealed where tenant_id = $1) as unsealed",
                args![self.tenant],
            )
            .await?;
        let (rows, sealed): (i64, i64) = (counts.get("ledger_rows")?, walk.seq);
        let unsealed: i64 = counts.get("unsealed")?;
        if counts.get::<i64>("seals")? != sealed || rows != sealed + unsealed {
            let reason = format!("{rows} lines, {sealed} in the chain and {unsealed} to follow");
            return Ok(Verdict::Broken(Broken::at(sealed + 1, reason)));
        }
        Ok(match self.unbalanced().await? {
            Some(reason) => Verdict::Broken(Broken {
                seq: None,
                line: None,
                reason,
            }),
            None => Verdict::Holds { rows, sealed },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(hex(&[]), "");
    }
}
