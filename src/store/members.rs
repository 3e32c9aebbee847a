//! People: the `member` table with their e-mail addresses.

use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use super::engine::{Dialect, Row, args};
use super::overrides::Drift;
use super::seats::{assignment, assignment_columns};
use super::users::groups;
use super::{Error, Session, Tx};
use crate::scim::Object;
use crate::seats::pin::Pin;
use crate::seats::{Assignment, IdentityState, SeatReason, SeatState};

/// A person as stored, with the assignment that is open or else was the last.
#[derive(Debug, Clone)]
pub struct Member {
    /// Identifier that outlives the SCIM resource.
    pub id: Uuid,
    /// Identifier of the SCIM resource while there is one.
    pub scim_id: Option<Uuid>,
    /// Who they are to the identity provider.
    pub identity: IdentityState,
    /// Who last made or linked them: `scim`, `admin`, `import` or `domain`.
    pub managed_by: String,
    /// The connection that writes them.
    pub connection: Option<Uuid>,
    /// SCIM `externalId`.
    pub external_id: Option<String>,
    /// The HR system's identifier.
    pub worker_id: Option<String>,
    /// The SCIM resource, writable attributes only, as sent.
    pub doc: Object,
    /// Moves with the resource and with the stored seat state.
    pub version: i64,
    /// SCIM `meta.created`.
    pub created_at: Timestamp,
    /// SCIM `meta.lastModified`.
    pub last_modified: Timestamp,
    /// When the identity provider deactivated them.
    pub deactivated_at: Option<Timestamp>,
    /// The open assignment or else the last one.
    pub assignment: Option<Assignment>,
    /// Why the seat state is what it is, where that needs saying.
    pub seat_reason: Option<SeatReason>,
    /// What operators have pinned of their placement.
    pub pins: Vec<Pin>,
    /// That an operator has set the identity otherwise than the identity provider.
    pub drift: Option<Drift>,
    /// Direct groups: identifier and display name.
    pub groups: Vec<(Uuid, String)>,
    /// The tenant's catalog version when this was read.
    pub catalog_version: i64,
}

/// What is derived from a member for looking them up, in the forms the indexes hold.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// `userName` as sent.
    pub user_name: String,
    /// `userName` folded.
    pub user_name_key: String,
    /// Family, then given name, folded: the order of lists.
    pub name_key: String,
    /// What filters see.
    pub search: Object,
}

/// Which unique value another person already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// `userName`.
    UserName,
    /// `workerId`.
    WorkerId,
}

macro_rules! member_columns {
    () => {
        concat!(
            "m.id, m.scim_id, m.identity_state, m.managed_by, m.connection_id, m.external_id, \
             m.worker_id, m.doc, m.version, m.created_at, m.last_modified, m.deactivated_at, \
             m.seat_reason, m.pins, m.identity_drift, t.catalog_version, ",
            $crate::store::users::groups_column!(),
            ", ",
            assignment_columns!()
        )
    };
}
macro_rules! member_tables {
    () => {
        " from member m join tenant t on t.id = m.tenant_id \
          left join assignment a on a.tenant_id = m.tenant_id and a.id = m.assignment_id "
    };
}
pub(super) use {member_columns, member_tables};

pub(super) fn member(row: &Row) -> Result<Member, Error> {
    let id = row.get("id")?;
    Ok(Member {
        id,
        scim_id: row.get("scim_id")?,
        identity: super::seats::named(row, "identity_state")?,
        managed_by: row.get("managed_by")?,
        connection: row.get("connection_id")?,
        external_id: row.get("external_id")?,
        worker_id: row.get("worker_id")?,
        doc: row.object("doc")?,
        version: row.get("version")?,
        created_at: row.instant("created_at")?,
        last_modified: row.instant("last_modified")?,
        deactivated_at: row.maybe_instant("deactivated_at")?,
        assignment: assignment(row)?,
        seat_reason: row
            .get::<Option<String>>("seat_reason")?
            .and_then(|r| r.parse().ok()),
        pins: row
            .get::<Option<Json<_>>>("pins")?
            .map_or_else(Vec::new, |pins| pins.0),
        drift: row
            .get::<Option<Json<_>>>("identity_drift")?
            .map(|drift| drift.0),
        groups: groups(row)?,
        catalog_version: row.get("catalog_version")?,
    })
}

impl Member {
    /// The seat state as stored.
    pub fn seat_state(&self) -> SeatState {
        self.assignment
            .as_ref()
            .map_or(SeatState::None, |a| a.state)
    }
}

/// Whoever has an address, or has or had it as their user name.
pub(super) const BY_EMAIL: &str = concat!(
    "select ",
    member_columns!(),
    member_tables!(),
    "where m.tenant_id = $1 and m.id in ( \
       select id from member where tenant_id = $1 and user_name_key = $2 \
       union select member_id from member_email where tenant_id = $1 and email_key = $2) \
     order by case m.identity_state when 'active' then 0 when 'inactive' then 1 else 2 end, \
              m.user_name_key <> $2, m.id desc limit 2"
);

impl Session {
    /// The person behind a SCIM user.
    pub async fn member_by_scim_id(&mut self, scim_id: Uuid) -> Result<Option<Member>, Error> {
        const SQL: &str = concat!(
            "select ",
            member_columns!(),
            member_tables!(),
            "where m.tenant_id = $1 and m.scim_id = $2"
        );
        self.optional(SQL, args![self.tenant, scim_id])
            .await?
            .as_ref()
            .map(member)
            .transpose()
    }

    /// The person with this identifier, their own or their SCIM user's.
    pub async fn member_by_id(&mut self, id: Uuid) -> Result<Option<Member>, Error> {
        const SQL: &str = concat!(
            "select ",
            member_columns!(),
            member_tables!(),
            "where m.tenant_id = $1 and (m.id = $2 or m.scim_id = $2) order by m.id = $2 desc limit 1"
        );
        self.optional(SQL, args![self.tenant, id])
            .await?
            .as_ref()
            .map(member)
            .transpose()
    }

    /// People with this e-mail address or user name, those the identity provider knows first; two
    /// at most, so that a caller sees that it is not one.
    pub async fn members_by_email(&mut self, key: &str) -> Result<Vec<Member>, Error> {
        self.all(BY_EMAIL, args![self.tenant, key])
            .await?
            .iter()
            .map(member)
            .collect()
    }

    /// The person with this `externalId`, the newest the identity provider knows first.
    pub async fn member_by_external_id(&mut self, id: &str) -> Result<Option<Member>, Error> {
        const SQL: &str = concat!(
            "select ",
            member_columns!(),
            member_tables!(),
            "where m.tenant_id = $1 and m.external_id = $2 \
             order by case m.identity_state when 'active' then 0 when 'inactive' then 1 else 2 end, \
                      m.id desc limit 1"
        );
        self.optional(SQL, args![self.tenant, id])
            .await?
            .as_ref()
            .map(member)
            .transpose()
    }

    /// Who has this user name or worker identifier already, if it is not `except`.
    pub async fn taken(
        &mut self,
        user_name_key: &str,
        worker_id: Option<&str>,
        except: Uuid,
    ) -> Result<Option<Taken>, Error> {
        let row = self
            .optional(
                "select user_name_key = $2 as by_name from member where tenant_id = $1 and id <> $4 \
                 and ((user_name_key = $2 and identity_state in ('active', 'inactive')) \
                   or (worker_id = $3 and identity_state = 'active')) \
                 order by 1 desc limit 1",
                args![self.tenant, user_name_key, worker_id, except],
            )
            .await?;
        row.map(|row| {
            Ok(if row.get("by_name")? {
                Taken::UserName
            } else {
                Taken::WorkerId
            })
        })
        .transpose()
    }

    /// How many people the identity provider knows.
    pub async fn count_members(&mut self) -> Result<i64, Error> {
        let sql = "select count(*) as n from member where tenant_id = $1 and scim_id is not null";
        self.one(sql, args![self.tenant]).await?.get("n")
    }
}

impl Tx {
    /// As [`Session::member_by_scim_id`], locked until the end of the transaction.
    pub async fn lock_member_by_scim_id(&mut self, scim_id: Uuid) -> Result<Option<Member>, Error> {
        let sql = "select id from member where tenant_id = $1 and scim_id = $2 {lock}";
        self.lock_row(sql, scim_id).await?;
        self.member_by_scim_id(scim_id).await
    }

    /// The person with this identifier, locked until the end of the transaction.
    pub async fn lock_member(&mut self, id: Uuid) -> Result<Option<Member>, Error> {
        const SQL: &str = concat!(
            "select ",
            member_columns!(),
            member_tables!(),
            "where m.tenant_id = $1 and m.id = $2"
        );
        let sql = "select id from member where tenant_id = $1 and id = $2 {lock}";
        self.lock_row(sql, id).await?;
        self.optional(SQL, args![self.tenant, id])
            .await?
            .as_ref()
            .map(member)
            .transpose()
    }

    /// Waits for a row's lock by itself. A statement that waits and reads at once would have the
    /// row as it is after the wait, and assignment and groups as they were before it.
    async fn lock_row(&mut self, sql: &'static str, id: Uuid) -> Result<(), Error> {
        if self.dialect() == Dialect::Postgres {
            self.optional(sql, args![self.tenant, id]).await?;
        }
        Ok(())
    }

    /// Before somebody is created: the catalog's version, and the person they were before, if they
    /// were deleted and come back under the same `externalId` or worker identifier, or were
    /// deactivated and come back under the same worker identifier.
    pub async fn catalog_version_and_returning(
        &mut self,
        external_id: Option<&str>,
        worker_id: Option<&str>,
    ) -> Result<(i64, Option<Uuid>), Error> {
        let row = self
            .one(
                "select t.catalog_version, (select m.id from member m where m.tenant_id = t.id \
                   and (m.external_id = $2 or m.worker_id = $3) and (m.identity_state = 'deleted' \
                     or (m.identity_state = 'inactive' and m.worker_id = $3)) \
                   order by (case when m.worker_id = $3 then 0 else 1 end), \
                     (case m.identity_state when 'inactive' then 0 else 1 end), m.id desc \
                   limit 1) as was \
                 from tenant t where t.id = $1",
                args![self.tenant, external_id, worker_id],
            )
            .await?;
        Ok((row.get("catalog_version")?, row.get("was")?))
    }

    /// Makes a person, if nothing forbids it by then: a unique value that is taken, a catalog that
    /// is not the one of `m` any more, or somebody who left and comes back as this one. Answers
    /// whether it did.
    pub async fn insert_member(&mut self, m: &Member, keys: &Keys) -> Result<bool, Error> {
        let made = self
            .optional(
                "insert into member (tenant_id, id, scim_id, identity_state, managed_by, \
                   connection_id, user_name, user_name_key, external_id, worker_id, name_key, doc, \
                   search, version, created_at, last_modified, deactivated_at, assignment_id, \
                   seat_state, track_id, pool_id, access_ends_at, seat_reason, placed_by) \
                 select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
                   $17, $18, $19, $20, $21, $22, $23, $24 from tenant t \
                 where t.id = $1 and t.catalog_version = $24 and not exists \
                   (select 1 from member w where w.tenant_id = $1 \
                    and (w.external_id = $9 or w.worker_id = $10) \
                    and (w.identity_state = 'deleted' \
                      or (w.identity_state = 'inactive' and w.worker_id = $10))) \
                 on conflict do nothing returning id",
                self.member_values(m, keys),
            )
            .await?;
        Ok(made.is_some())
    }

    /// Saves a person.
    ///
    /// # Errors
    /// [`Error::Taken`] when a unique value has been taken meanwhile.
    pub async fn save_member(&mut self, m: &Member, keys: &Keys) -> Result<(), Error> {
        self.run(
            "update member set scim_id = $3, identity_state = $4, managed_by = $5, \
               connection_id = $6, user_name = $7, user_name_key = $8, external_id = $9, \
               worker_id = $10, name_key = $11, doc = $12, search = $13, version = $14, \
               created_at = $15, last_modified = $16, deactivated_at = $17, assignment_id = $18, \
               seat_state = $19, track_id = $20, pool_id = $21, access_ends_at = $22, \
               seat_reason = $23, placed_by = case when identity_state = 'deleted' \
                 and $4 <> 'deleted' then $24 else placed_by end \
             where tenant_id = $1 and id = $2",
            self.member_values(m, keys),
        )
        .await?;
        Ok(())
    }

    pub(super) fn member_values(&self, m: &Member, keys: &Keys) -> Vec<super::engine::Value> {
        let a = m.assignment.as_ref();
        args![
            self.tenant,
            m.id,
            m.scim_id,
            m.identity.as_str(),
            &m.managed_by,
            m.connection,
            &keys.user_name,
            &keys.user_name_key,
            m.external_id.as_deref(),
            m.worker_id.as_deref(),
            &keys.name_key,
            &m.doc,
            &keys.search,
            m.version,
            m.created_at,
            m.last_modified,
            m.deactivated_at,
            a.map(|a| a.id),
            m.seat_state().as_str(),
            a.map(|a| a.track),
            a.map(|a| a.pool),
            a.map(|a| a.ends_at),
            m.seat_reason.map(SeatReason::as_str),
            m.catalog_version,
        ]
    }

    /// Takes a person out of all groups; answers which they were in.
    pub async fn leave_groups(&mut self, member: Uuid) -> Result<Vec<Uuid>, Error> {
        self.all(
            "delete from group_user where tenant_id = $1 and member_id = $2 returning group_id",
            args![self.tenant, member],
        )
        .await?
        .iter()
        .map(|row| row.get("group_id"))
        .collect()
    }
}
