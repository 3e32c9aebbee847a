//! Whom no plan touches; and people who may be the same one.

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::args;
use super::{Error, Session, Tx};

/// Whom no plan touches.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// Identifier.
    pub id: Uuid,
    /// Whom it holds for.
    pub of: Excluded,
    /// What the operator noted.
    pub note: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// Whom an exclusion holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excluded {
    /// One person.
    Member(Uuid),
    /// The direct members of a group.
    Group(Uuid),
    /// Those on a track.
    Track(Uuid),
}

impl Session {
    /// All exclusions, the oldest first.
    pub async fn exclusions(&mut self) -> Result<Vec<Exclusion>, Error> {
        let sql = "select id, member_id, group_id, track_id, note, created_by, created_at \
                   from exclusion where tenant_id = $1 order by id";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| {
                let (member, group, track): (Option<Uuid>, Option<Uuid>, Option<Uuid>) = (
                    row.get("member_id")?,
                    row.get("group_id")?,
                    row.get("track_id")?,
                );
                let of = match (member, group, track) {
                    (Some(id), _, _) => Excluded::Member(id),
                    (_, Some(id), _) => Excluded::Group(id),
                    (_, _, Some(id)) => Excluded::Track(id),
                    _ => return Err(Error::Inconsistent("an exclusion of nobody")),
                };
                Ok(Exclusion {
                    id: row.get("id")?,
                    of,
                    note: row.get("note")?,
                    created_by: row.get("created_by")?,
                    created_at: row.instant("created_at")?,
                })
            })
            .collect()
    }

    /// Groups with this display name, folded: identifier and name.
    pub async fn groups_named(&mut self, key: &str) -> Result<Vec<(Uuid, String)>, Error> {
        let sql = "select id, display_name from scim_group where tenant_id = $1 \
                   and display_key = $2 order by id";
        let rows = self.all(sql, args![self.tenant, key]).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.get("display_name")?)))
            .collect()
    }

    /// People who share an address with somebody else who holds a seat too: the address and both.
    pub async fn duplicates(&mut self) -> Result<Vec<(String, Uuid)>, Error> {
        let sql = "select e.email_key, e.member_id from member_email e join member m \
                     on m.tenant_id = e.tenant_id and m.id = e.member_id \
                   where e.tenant_id = $1 and m.seat_state in ('assigned', 'scheduled', 'grace') \
                   and e.email_key in (select email_key from member_email where tenant_id = $1 \
                     group by email_key having count(*) > 1) order by e.email_key, e.member_id";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| Ok((row.get("email_key")?, row.get("member_id")?)))
            .collect()
    }
}

impl Tx {
    /// Makes an exclusion.
    ///
    /// # Errors
    /// [`Error::Taken`] when there is one already.
    pub async fn insert_exclusion(&mut self, e: &Exclusion) -> Result<(), Error> {
        let (member, group, track) = match e.of {
            Excluded::Member(id) => (Some(id), None, None),
            Excluded::Group(id) => (None, Some(id), None),
            Excluded::Track(id) => (None, None, Some(id)),
        };
        self.run(
            "insert into exclusion (tenant_id, id, member_id, group_id, track_id, note, created_by, \
               created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![
                self.tenant,
                e.id,
                member,
                group,
                track,
                e.note.as_deref(),
                &e.created_by,
                e.created_at
            ],
        )
        .await?;
        Ok(())
    }

    /// Removes an exclusion; answers whether there was one.
    pub async fn delete_exclusion(&mut self, id: Uuid) -> Result<bool, Error> {
        let sql = "delete from exclusion where tenant_id = $1 and id = $2";
        Ok(self.run(sql, args![self.tenant, id]).await? > 0)
    }
}
