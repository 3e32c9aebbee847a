//! Groups. Membership is rows: adding or removing a member touches that row and the group's, and
//! never reads the other members, however many there are.

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::engine::{Row, args};
use super::{Error, Session, Tx};
use crate::scim::Object;

/// A group as stored, without its members.
#[derive(Debug, Clone)]
pub struct Group {
    /// Identifier, the SCIM resource's too.
    pub id: Uuid,
    /// `displayName` as sent.
    pub display_name: String,
    /// SCIM `externalId`.
    pub external_id: Option<String>,
    /// The resource without members.
    pub doc: Object,
    /// How many members it has, users and groups.
    pub member_count: i64,
    /// Moves with the resource and with its members.
    pub version: i64,
    /// SCIM `meta.created`.
    pub created_at: Timestamp,
    /// SCIM `meta.lastModified`.
    pub last_modified: Timestamp,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The SCIM identifier of the user or group.
    pub value: Uuid,
    /// Its display name.
    pub display: Option<String>,
    /// Whether it is a group.
    pub is_group: bool,
}

macro_rules! group_columns {
    () => {
        "g.id, g.display_name, g.external_id, g.doc, g.member_count, g.version, g.created_at, \
         g.last_modified from scim_group g "
    };
}
pub(super) use group_columns;

pub(super) fn group(row: &Row) -> Result<Group, Error> {
    Ok(Group {
        id: row.get("id")?,
        display_name: row.get("display_name")?,
        external_id: row.get("external_id")?,
        doc: row.object("doc")?,
        member_count: row.get("member_count")?,
        version: row.get("version")?,
        created_at: row.instant("created_at")?,
        last_modified: row.instant("last_modified")?,
    })
}

fn ids(values: &[Uuid]) -> Json {
    Json::from(values.iter().map(Uuid::to_string).collect::<Vec<_>>())
}

impl Session {
    /// The groups that have one of these names, folded: identifier and name.
    pub async fn groups_by_keys(&mut self, keys: &[String]) -> Result<Vec<(Uuid, String)>, Error> {
        let sql = "select g.id, g.display_name from ({texts}($2)) i cross join scim_group g \
                   where g.tenant_id = $1 and g.display_key = i.t order by g.id";
        let rows = self.all(sql, args![self.tenant, Json::from(keys)]).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.get("display_name")?)))
            .collect()
    }

    /// The group with this identifier.
    pub async fn group(&mut self, id: Uuid) -> Result<Option<Group>, Error> {
        const SQL: &str = concat!(
            "select ",
            group_columns!(),
            "where g.tenant_id = $1 and g.id = $2"
        );
        self.optional(SQL, args![self.tenant, id])
            .await?
            .as_ref()
            .map(group)
            .transpose()
    }

    /// The members of these groups, each with its group, in the order in which they were made.
    pub async fn members_of(&mut self, groups: &[Uuid]) -> Result<Vec<(Uuid, GroupMember)>, Error> {
        self.all(
            "select u.group_id, m.scim_id as value, \
                 coalesce({display of doc}, m.user_name) as display, 0 as kind, m.id as member_id \
               from ({ids}($2)) i cross join group_user u cross join member m \
               where u.tenant_id = $1 and u.group_id = i.id \
                 and m.tenant_id = u.tenant_id and m.id = u.member_id \
             union all \
             select gg.group_id, c.id, c.display_name, 1, c.id \
               from ({ids}($2)) i cross join group_group gg cross join scim_group c \
               where gg.tenant_id = $1 and gg.group_id = i.id \
                 and c.tenant_id = gg.tenant_id and c.id = gg.child_id \
             order by 1, 4, 5",
            args![self.tenant, ids(groups)],
        )
        .await?
        .iter()
        .map(|row| {
            Ok((
                row.get("group_id")?,
                GroupMember {
                    value: row.get("value")?,
                    display: row.get("display")?,
                    is_group: row.get::<i32>("kind")? == 1,
                },
            ))
        })
        .collect()
    }
}

impl Tx {
    /// The group with this identifier, locked until the end of the transaction.
    pub async fn lock_group(&mut self, id: Uuid) -> Result<Option<Group>, Error> {
        const SQL: &str = concat!(
            "select ",
            group_columns!(),
            "where g.tenant_id = $1 and g.id = $2 {lock}"
        );
        self.optional(SQL, args![self.tenant, id])
            .await?
            .as_ref()
            .map(group)
            .transpose()
    }

    /// Makes a group without members.
    pub async fn insert_group(
        &mut self,
        g: &Group,
        key: &str,
        search: &Object,
    ) -> Result<(), Error> {
        self.run(
            "insert into scim_group (tenant_id, id, display_name, display_key, external_id, doc, \
               search, member_count, version, created_at, last_modified) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            self.group_values(g, key, search),
        )
        .await?;
        Ok(())
    }

    /// Saves a group.
    pub async fn save_group(&mut self, g: &Group, key: &str, search: &Object) -> Result<(), Error> {
        self.run(
            "update scim_group set display_name = $3, display_key = $4, external_id = $5, doc = $6, \
               search = $7, member_count = $8, version = $9, created_at = $10, last_modified = $11 \
             where tenant_id = $1 and id = $2",
            self.group_values(g, key, search),
        )
        .await?;
        Ok(())
    }

    fn group_values(&self, g: &Group, key: &str, search: &Object) -> Vec<super::engine::Value> {
        args![
            self.tenant,
            g.id,
            &g.display_name,
            key,
            g.external_id.as_deref(),
            &g.doc,
            search,
            g.member_count,
            g.version,
            g.created_at,
            g.last_modified,
        ]
    }

    /// Saves that a group's members changed.
    pub async fn touch_group(
        &mut self,
        id: Uuid,
        grown_by: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.run(
            "update scim_group set member_count = member_count + $3, version = version + 1, \
               last_modified = $4 where tenant_id = $1 and id = $2",
            args![self.tenant, id, grown_by, now],
        )
        .await?;
        Ok(())
    }

    /// Removes a group; answers whether there was one.
    pub async fn delete_group(&mut self, id: Uuid) -> Result<bool, Error> {
        let sql = "delete from scim_group where tenant_id = $1 and id = $2";
        Ok(self.run(sql, args![self.tenant, id]).await? > 0)
    }

    // In these statements the identifiers drive the search, which `cross join` tells SQLite: it
    // would go through all people otherwise, and through the identifiers for each.

    /// Puts people who are made in this transaction, or locked by it, into a group that is locked.
    pub async fn join_group(
        &mut self,
        group: Uuid,
        users: &[Uuid],
        now: Timestamp,
    ) -> Result<(), Error> {
        let joined = self.add_users(group, users).await?.len();
        if joined > 0 {
            let grown_by = i64::try_from(joined).unwrap_or(i64::MAX);
            self.touch_group(group, grown_by, now).await?;
        }
        Ok(())
    }

    /// Adds users by their SCIM identifiers; answers the people who were not members yet. Whoever
    /// does not exist is left out.
    pub async fn add_users(&mut self, group: Uuid, users: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        self.member_ids(
            "insert into group_user (tenant_id, group_id, member_id) \
             select distinct m.tenant_id, $2, m.id from ({ids}($3)) i \
               cross join member m where m.tenant_id = $1 and m.scim_id = i.id \
             on conflict do nothing returning member_id",
            group,
            users,
        )
        .await
    }

    /// Removes users by their SCIM identifiers; answers the people who were members.
    pub async fn remove_users(&mut self, group: Uuid, users: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        self.member_ids(
            "delete from group_user where tenant_id = $1 and group_id = $2 and member_id in \
               (select m.id from ({ids}($3)) i cross join member m \
                  where m.tenant_id = $1 and m.scim_id = i.id) returning member_id",
            group,
            users,
        )
        .await
    }

    /// Removes every user that is not among these SCIM identifiers; answers who was removed.
    pub async fn keep_users(&mut self, group: Uuid, users: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        self.member_ids(
            "delete from group_user where tenant_id = $1 and group_id = $2 and member_id not in \
               (select m.id from ({ids}($3)) i cross join member m \
                  where m.tenant_id = $1 and m.scim_id = i.id) returning member_id",
            group,
            users,
        )
        .await
    }

    async fn member_ids(
        &mut self,
        sql: &'static str,
        group: Uuid,
        users: &[Uuid],
    ) -> Result<Vec<Uuid>, Error> {
        let rows = self.all(sql, args![self.tenant, group, ids(users)]).await?;
        rows.iter().map(|row| row.get("member_id")).collect()
    }

    /// Adds groups to a group; answers how many were not members yet.
    pub async fn add_groups(&mut self, group: Uuid, children: &[Uuid]) -> Result<u64, Error> {
        self.run(
            "insert into group_group (tenant_id, group_id, child_id) \
             select distinct g.tenant_id, $2, g.id from ({ids}($3)) i \
               cross join scim_group g where g.tenant_id = $1 and g.id = i.id \
             on conflict do nothing",
            args![self.tenant, group, ids(children)],
        )
        .await
    }

    /// Removes groups from a group; answers how many were members.
    pub async fn remove_groups(&mut self, group: Uuid, children: &[Uuid]) -> Result<u64, Error> {
        self.run(
            "delete from group_group where tenant_id = $1 and group_id = $2 \
             and child_id in (select id from ({ids}($3)) i)",
            args![self.tenant, group, ids(children)],
        )
        .await
    }

    /// Removes every group but these from a group; answers how many were removed.
    pub async fn keep_groups(&mut self, group: Uuid, children: &[Uuid]) -> Result<u64, Error> {
        self.run(
            "delete from group_group where tenant_id = $1 and group_id = $2 \
             and child_id not in (select id from ({ids}($3)) i)",
            args![self.tenant, group, ids(children)],
        )
        .await
    }

    /// Takes a group out of all groups it is in; answers which.
    pub async fn leave_parents(&mut self, group: Uuid) -> Result<Vec<Uuid>, Error> {
        let sql =
            "delete from group_group where tenant_id = $1 and child_id = $2 returning group_id";
        let rows = self.all(sql, args![self.tenant, group]).await?;
        rows.iter().map(|row| row.get("group_id")).collect()
    }

    /// Whether a group is inside itself, over however many others.
    pub async fn is_in_itself(&mut self, group: Uuid) -> Result<bool, Error> {
        let row = self
            .optional(
                "with recursive inside (id) as (select child_id from group_group \
                   where tenant_id = $1 and group_id = $2 \
                   union select gg.child_id from inside i join group_group gg \
                     on gg.tenant_id = $1 and gg.group_id = i.id) \
                 select id from inside where id = $2 limit 1",
                args![self.tenant, group],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Which of these identifiers no user and no group has.
    pub async fn nobody_among(&mut self, candidates: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        let rows = self
            .all(
                "select i.id from ({ids}($2)) i where not exists (select 1 from member m \
                   where m.tenant_id = $1 and m.scim_id = i.id) and not exists (select 1 \
                   from scim_group g where g.tenant_id = $1 and g.id = i.id)",
                args![self.tenant, ids(candidates)],
            )
            .await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// Whether a rule looks at the group.
    pub async fn has_rules(&mut self, group: Uuid) -> Result<bool, Error> {
        let sql = "select rule_id from rule_group where tenant_id = $1 and group_id = $2 limit 1";
        Ok(self
            .optional(sql, args![self.tenant, group])
            .await?
            .is_some())
    }

    /// The people in a group.
    pub async fn people_in(&mut self, group: Uuid) -> Result<Vec<Uuid>, Error> {
        let sql = "select member_id from group_user where tenant_id = $1 and group_id = $2";
        let rows = self.all(sql, args![self.tenant, group]).await?;
        rows.iter().map(|row| row.get("member_id")).collect()
    }
}
