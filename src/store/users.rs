//! SCIM users as they are read: nothing of a person's assignment, which their resource does not
//! show unless it is asked for.

use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use super::engine::{Row, args};
use super::members::Member;
use super::{Error, Session};
use crate::scim::Object;

/// A SCIM user as stored.
#[derive(Debug, Clone)]
pub struct User {
    /// SCIM `id`; none for a person who is no user any more.
    pub id: Option<Uuid>,
    /// The SCIM resource, writable attributes only, as sent.
    pub doc: Object,
    /// Direct groups: identifier and display name.
    pub groups: Vec<(Uuid, String)>,
    /// SCIM `meta.version`.
    pub version: i64,
    /// SCIM `meta.created`.
    pub created_at: Timestamp,
    /// SCIM `meta.lastModified`.
    pub last_modified: Timestamp,
}

macro_rules! groups_column {
    () => {
        "(select {group_list} from group_user gu join scim_group g \
            on g.tenant_id = gu.tenant_id and g.id = gu.group_id \
          where gu.tenant_id = m.tenant_id and gu.member_id = m.id) as groups "
    };
}
macro_rules! user_columns {
    () => {
        concat!(
            "m.scim_id, m.doc, m.version, m.created_at, m.last_modified, ",
            $crate::store::users::groups_column!()
        )
    };
}
pub(super) use {groups_column, user_columns};

pub(super) fn user(row: &Row) -> Result<User, Error> {
    Ok(User {
        id: row.get("scim_id")?,
        doc: row.object("doc")?,
        groups: groups(row)?,
        version: row.get("version")?,
        created_at: row.instant("created_at")?,
        last_modified: row.instant("last_modified")?,
    })
}

pub(super) fn groups(row: &Row) -> Result<Vec<(Uuid, String)>, Error> {
    let groups: Option<Json<Vec<(Uuid, String)>>> = row.get("groups")?;
    Ok(groups.map(|g| g.0).unwrap_or_default())
}

impl From<&Member> for User {
    fn from(m: &Member) -> Self {
        Self {
            id: m.scim_id,
            doc: m.doc.clone(),
            groups: m.groups.clone(),
            version: m.version,
            created_at: m.created_at,
            last_modified: m.last_modified,
        }
    }
}

impl Session {
    /// A SCIM user.
    pub async fn user(&mut self, id: Uuid) -> Result<Option<User>, Error> {
        const SQL: &str = concat!(
            "select ",
            user_columns!(),
            "from member m where m.tenant_id = $1 and m.scim_id = $2"
        );
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(user).transpose()
    }
}
