//! Whose tokens are, and who looks after what they made: what goes with somebody who leaves, and
//! what stays and needs another hand.

use jiff::Timestamp;
use uuid::Uuid;

use super::credentials::Role;
use super::engine::{Row, args};
use super::seats::named;
use super::{Error, Session, Tx};
use crate::seats::named as named_enum;

named_enum! {
    /// Something that goes on when whoever looks after it has left.
    Thing {
        /// A receiver of messages.
        Webhook = "webhook",
        /// A rule that places people.
        Mapping = "mapping",
        /// An identity provider or HR system.
        Connection = "connection",
    }
}

/// Something, and who looks after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// What it is.
    pub thing: Thing,
    /// Which.
    pub id: Uuid,
    /// Who looks after it.
    pub member: Uuid,
    /// Whether they are here.
    pub active: bool,
}

/// What somebody who had tokens, or looked after something, leaves to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialReview {
    /// Who left.
    pub member: Uuid,
    /// When.
    pub opened_at: Timestamp,
    /// Whether a token of theirs was an owner's.
    pub admin: bool,
    /// When somebody had looked.
    pub closed_at: Option<Timestamp>,
    /// Who, as the ledger names them.
    pub closed_by: Option<String>,
}

fn owned(row: &Row) -> Result<Owned, Error> {
    Ok(Owned {
        thing: named(row, "kind")?,
        id: row.get("thing_id")?,
        member: row.get("member_id")?,
        active: row.get::<String>("identity_state")? == "active",
    })
}

fn review(row: &Row) -> Result<CredentialReview, Error> {
    Ok(CredentialReview {
        member: row.get("member_id")?,
        opened_at: row.instant("opened_at")?,
        admin: row.get("admin")?,
        closed_at: row.maybe_instant("closed_at")?,
        closed_by: row.get("closed_by")?,
    })
}

macro_rules! review_columns {
    () => {
        "select member_id, opened_at, admin, closed_at, closed_by from credential_review "
    };
}

impl Session {
    /// Everything that somebody looks after.
    pub async fn owned(&mut self) -> Result<Vec<Owned>, Error> {
        let sql = "select o.kind, o.thing_id, o.member_id, m.identity_state from owner o \
                   join member m on m.tenant_id = o.tenant_id and m.id = o.member_id \
                   where o.tenant_id = $1";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter().map(owned).collect()
    }

    /// What a person looks after.
    pub async fn owned_by(&mut self, member: Uuid) -> Result<Vec<Owned>, Error> {
        let sql = "select o.kind, o.thing_id, o.member_id, m.identity_state from owner o \
                   join member m on m.tenant_id = o.tenant_id and m.id = o.member_id \
                   where o.tenant_id = $1 and o.member_id = $2 order by o.kind, o.thing_id";
        let rows = self.all(sql, args![self.tenant, member]).await?;
        rows.iter().map(owned).collect()
    }

    /// The person whose token it is, if it is somebody's.
    pub async fn member_of_token(&mut self, token: &str) -> Result<Option<Uuid>, Error> {
        let sql = "select member_id from token where tenant_id = $1 and id = $2";
        let row = self.optional(sql, args![self.tenant, token]).await?;
        row.map_or(Ok(None), |row| row.get("member_id"))
    }

    /// How many tokens a person has had that work, and that were revoked.
    pub async fn tokens_of(&mut self, member: Uuid, now: Timestamp) -> Result<(i64, i64), Error> {
        let sql = "select count(case when revoked_at is null and expires_at > $3 then 1 end) as live, \
                     count(revoked_at) as revoked \
                   from token where tenant_id = $1 and member_id = $2";
        let row = self.one(sql, args![self.tenant, member, now]).await?;
        Ok((row.get("live")?, row.get("revoked")?))
    }

    /// Whether an owner's token works that is not this person's.
    pub async fn has_other_owner(&mut self, member: Uuid, now: Timestamp) -> Result<bool, Error> {
        let sql = "select 1 as one from token where tenant_id = $1 and role = 'owner' \
                   and revoked_at is null and expires_at > $3 \
                   and (member_id is null or member_id <> $2) limit 1";
        let row = self.optional(sql, args![self.tenant, member, now]).await?;
        Ok(row.is_some())
    }

    /// Whether a person has an owner's token that works.
    pub async fn has_owner_token(&mut self, member: Uuid, now: Timestamp) -> Result<bool, Error> {
        let sql = "select 1 as one from token where tenant_id = $1 and member_id = $2 \
                   and role = 'owner' and revoked_at is null and expires_at > $3 limit 1";
        let row = self.optional(sql, args![self.tenant, member, now]).await?;
        Ok(row.is_some())
    }

    /// What a person left to be looked at.
    pub async fn credential_review(
        &mut self,
        member: Uuid,
    ) -> Result<Option<CredentialReview>, Error> {
        const SQL: &str = concat!(review_columns!(), "where tenant_id = $1 and member_id = $2");
        let row = self.optional(SQL, args![self.tenant, member]).await?;
        row.as_ref().map(review).transpose()
    }

    /// What those who are gone left and nobody has looked at yet, the oldest first.
    pub async fn open_credential_reviews(&mut self) -> Result<Vec<CredentialReview>, Error> {
        let sql = "select r.member_id, r.opened_at, r.admin, r.closed_at, r.closed_by \
                   from credential_review r join member m on m.tenant_id = r.tenant_id \
                     and m.id = r.member_id \
                   where r.tenant_id = $1 and r.closed_at is null \
                     and m.identity_state <> 'active' order by r.opened_at, r.member_id";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter().map(review).collect()
    }
}

impl Tx {
    /// Revokes all tokens of a person that work; answers which, and what each could do. Those of
    /// connections stay: an identity provider must not fall silent because somebody left.
    pub async fn revoke_tokens_of(
        &mut self,
        member: Uuid,
        now: Timestamp,
    ) -> Result<Vec<(String, Role)>, Error> {
        let sql = "update token set revoked_at = $3 where tenant_id = $1 and member_id = $2 \
                   and revoked_at is null returning id, role";
        let rows = self.all(sql, args![self.tenant, member, now]).await?;
        let mut tokens = Vec::with_capacity(rows.len());
        for row in &rows {
            tokens.push((row.get("id")?, named(row, "role")?));
        }
        tokens.sort_by(|(a, _): &(String, Role), (b, _)| a.cmp(b));
        Ok(tokens)
    }

    /// Says who looks after something.
    pub async fn set_owner(
        &mut self,
        (thing, id): (Thing, Uuid),
        member: Uuid,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "insert into owner (tenant_id, kind, thing_id, member_id, since) \
                   values ($1, $2, $3, $4, $5) on conflict (tenant_id, kind, thing_id) \
                   do update set member_id = excluded.member_id, since = excluded.since";
        let values = args![self.tenant, thing.as_str(), id, member, now];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Nobody looks after something any more: it is gone.
    pub async fn disown(&mut self, thing: Thing, id: Uuid) -> Result<(), Error> {
        let sql = "delete from owner where tenant_id = $1 and kind = $2 and thing_id = $3";
        self.run(sql, args![self.tenant, thing.as_str(), id])
            .await?;
        Ok(())
    }

    /// Gives all that a person looks after to another; answers what that was.
    pub async fn give_all(
        &mut self,
        from: Uuid,
        to: Uuid,
        now: Timestamp,
    ) -> Result<Vec<(Thing, Uuid)>, Error> {
        let sql = "update owner set member_id = $3, since = $4 where tenant_id = $1 \
                   and member_id = $2 returning kind, thing_id";
        let rows = self.all(sql, args![self.tenant, from, to, now]).await?;
        let mut things = Vec::with_capacity(rows.len());
        for row in &rows {
            things.push((named(row, "kind")?, row.get("thing_id")?));
        }
        things.sort_by_key(|(thing, id): &(Thing, Uuid)| (thing.as_str(), *id));
        Ok(things)
    }

    /// Opens what is to be looked at of somebody who leaves, anew if they have left before; answers
    /// whether it was not open already.
    pub async fn open_credential_review(
        &mut self,
        member: Uuid,
        admin: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "insert into credential_review (tenant_id, member_id, opened_at, admin) \
                   values ($1, $2, $3, $4) on conflict (tenant_id, member_id) do update \
                   set opened_at = excluded.opened_at, admin = excluded.admin, \
                     closed_at = null, closed_by = null \
                   where credential_review.closed_at is not null";
        Ok(self
            .run(sql, args![self.tenant, member, now, admin])
            .await?
            > 0)
    }

    /// Notes that somebody has looked; answers whether it was open.
    pub async fn close_credential_review(
        &mut self,
        member: Uuid,
        by: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "update credential_review set closed_at = $3, closed_by = $4 \
                   where tenant_id = $1 and member_id = $2 and closed_at is null";
        Ok(self.run(sql, args![self.tenant, member, now, by]).await? > 0)
    }
}
