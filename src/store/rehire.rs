//! Somebody new who may be somebody who left: reviews, and what it takes to make two people one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::{Row, args};
use super::seats::named as read_named;
use super::{Error, Session, Tx};
use crate::seats::named;

named! {
    /// What became of a review.
    ReviewState {
        /// Nobody has decided.
        Open = "open",
        /// They are one person.
        Merged = "merged",
        /// They are two.
        Dismissed = "dismissed",
    }
}

/// Two people who may be one.
#[derive(Debug, Clone)]
pub struct Review {
    /// Identifier.
    pub id: Uuid,
    /// Whoever is new.
    pub member: Uuid,
    /// Whoever left.
    pub former: Uuid,
    /// What became of it.
    pub state: ReviewState,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

/// The place of a review in the list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    /// When it was made.
    pub at: Timestamp,
    /// Its identifier.
    pub id: Uuid,
}

fn review(row: &Row) -> Result<Review, Error> {
    Ok(Review {
        id: row.get("id")?,
        member: row.get("member_id")?,
        former: row.get("former_id")?,
        state: read_named(row, "state")?,
        created_at: row.instant("created_at")?,
        decided_at: row.maybe_instant("decided_at")?,
    })
}

impl Session {
    /// A page of the reviews in a state, the oldest first.
    pub async fn reviews(
        &mut self,
        state: ReviewState,
        after: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<Review>, Error> {
        let rows = self
            .all(
                "select id, member_id, former_id, state, created_at, decided_at from rehire_review \
                 where tenant_id = $1 and state = $2 \
                   and ($3 or created_at > $4 or (created_at = $4 and id > $5)) \
                 order by created_at, id limit $6 + 0",
                args![
                    self.tenant,
                    state.as_str(),
                    after.is_none(),
                    after.map(|place| place.at),
                    after.map(|place| place.id),
                    limit,
                ],
            )
            .await?;
        rows.iter().map(review).collect()
    }

    /// The review with this identifier.
    pub async fn review(&mut self, id: Uuid) -> Result<Option<Review>, Error> {
        let sql = "select id, member_id, former_id, state, created_at, decided_at \
                   from rehire_review where tenant_id = $1 and id = $2";
        let row = self.optional(sql, args![self.tenant, id]).await?;
        row.as_ref().map(review).transpose()
    }
}

impl Tx {
    /// Decides a review; answers false where somebody has already.
    pub async fn decide_review(
        &mut self,
        id: Uuid,
        state: ReviewState,
        by: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "update rehire_review set state = $3, decided_at = $4, decided_by = $5 \
                   where tenant_id = $1 and id = $2 and state = 'open'";
        let done = self
            .run(sql, args![self.tenant, id, state.as_str(), now, by])
            .await?;
        Ok(done > 0)
    }

    /// Takes the open reviews about a person away.
    pub async fn drop_reviews(&mut self, member: Uuid) -> Result<(), Error> {
        for sql in [
            "delete from rehire_review where tenant_id = $1 and member_id = $2 and state = 'open'",
            "delete from rehire_review where tenant_id = $1 and former_id = $2 and state = 'open'",
        ] {
            self.run(sql, args![self.tenant, member]).await?;
        }
        Ok(())
    }

    /// Gives what happened to one person to another: assignments, after the other's own, events and
    /// memberships. Sessions and Reflection Points are folded of the events anew.
    pub async fn hand_over(&mut self, from: Uuid, to: Uuid, episodes: i64) -> Result<(), Error> {
        self.run(
            "update assignment set member_id = $3, episode = episode + $4 \
             where tenant_id = $1 and member_id = $2",
            args![self.tenant, from, to, episodes],
        )
        .await?;
        for sql in [
            "delete from session where tenant_id = $1 and member_id = $2",
            "delete from reflection where tenant_id = $1 and member_id = $2",
        ] {
            self.run(sql, args![self.tenant, from]).await?;
        }
        for sql in [
            "update event set member_id = $3 where tenant_id = $1 and member_id = $2",
            "update group_user set member_id = $3 where tenant_id = $1 and member_id = $2",
        ] {
            self.run(sql, args![self.tenant, from, to]).await?;
        }
        Ok(())
    }
}
