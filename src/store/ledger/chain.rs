//! The ledger's chain: each line's place and hash, written behind, and what its moves must add up to.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{Entry, entry, entry_columns};
use crate::store::engine::{args, rows_of};
use crate::store::{Error, Session, Store, TenantId, Tx};

/// The hash of a line: SHA-256 of the hash before it and the line as canonical JSON.
pub(super) fn chained(previous: &[u8], e: &Entry) -> Vec<u8> {
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
    /// The first account whose replayed moves are not its live count (invariant 2), or the first
    /// seat whose account its holder contradicts.
    pub(super) async fn unbalanced(&mut self) -> Result<Option<String>, Error> {
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

impl Tx {
    /// Gives the next lines their place in the chain; answers how many.
    pub async fn seal(&mut self) -> Result<usize, Error> {
        const NEXT: &str = concat!(
            "select ",
            entry_columns!(),
            " from (select ledger_id from ledger_unsealed where tenant_id = $1 \
               order by ledger_id limit 100) u \
             join ledger l on l.tenant_id = $1 and l.id = u.ledger_id order by u.ledger_id"
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
        let mut values = Vec::new();
        for e in &entries {
            seq += 1;
            hash = chained(&hash, e);
            values.extend(args![self.tenant, seq, e.id, hash.clone()]);
        }
        let rows = rows_of(entries.len(), 4);
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
