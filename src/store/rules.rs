//! Mapping rules, and the groups that rules by name have met.

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::{Dialect, Row, args};
use super::owners::Thing;
use super::seats::named;
use super::{Error, Session, Tx};
use crate::seats::catalog::{Match, Rule};

/// A rule as operators see it, whether it counts or not.
#[derive(Debug, Clone)]
pub struct StoredRule {
    /// The rule.
    pub rule: Rule,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Session {
    /// All rules, the winning one first.
    pub async fn rules(&mut self) -> Result<Vec<StoredRule>, Error> {
        let sql = "select group_id, rule_id from rule_group where tenant_id = $1";
        let mut bound: Vec<(Uuid, Uuid)> = Vec::new();
        for row in self.all(sql, args![self.tenant]).await? {
            bound.push((row.get("rule_id")?, row.get("group_id")?));
        }
        let sql = "select id, priority, group_name, filter, track_id, pool_id, duration_days, \
                     on_unmatch, enabled, created_at from mapping_rule where tenant_id = $1 \
                   order by priority, filter is not null, id";
        self.all(sql, args![self.tenant])
            .await?
            .iter()
            .map(|row| stored_rule(row, &bound))
            .collect()
    }
}

fn stored_rule(row: &Row, bound: &[(Uuid, Uuid)]) -> Result<StoredRule, Error> {
    let id = row.get("id")?;
    let name: Option<String> = row.get("group_name")?;
    let filter: Option<String> = row.get("filter")?;
    let matches = match (name, filter) {
        (Some(name), _) => {
            let groups = bound
                .iter()
                .filter(|(rule, _)| *rule == id)
                .map(|(_, group)| *group);
            Match::Group {
                name,
                groups: groups.collect(),
            }
        }
        (None, Some(filter)) => Match::Filter(filter),
        (None, None) => return Err(Error::Inconsistent("a rule for nobody")),
    };
    Ok(StoredRule {
        rule: Rule {
            id,
            priority: row.get("priority")?,
            matches,
            track: row.get("track_id")?,
            pool: row.get("pool_id")?,
            duration_days: row.get("duration_days")?,
            on_unmatch: named(row, "on_unmatch")?,
            enabled: row.get("enabled")?,
        },
        created_at: row.instant("created_at")?,
    })
}

impl Tx {
    /// Makes a rule and binds it to the groups that bear its name.
    pub async fn insert_rule(&mut self, rule: &Rule, now: Timestamp) -> Result<(), Error> {
        let mut values = self.rule_values(rule);
        values.push(now.into());
        self.run(
            "insert into mapping_rule (tenant_id, id, priority, group_name, group_key, filter, \
               track_id, pool_id, duration_days, on_unmatch, enabled, created_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            values,
        )
        .await?;
        self.bind_rule(rule).await
    }

    /// Saves a rule and binds it to the groups that bear its name as well.
    pub async fn save_rule(&mut self, rule: &Rule) -> Result<(), Error> {
        self.run(
            "update mapping_rule set priority = $3, group_name = $4, group_key = $5, filter = $6, \
               track_id = $7, pool_id = $8, duration_days = $9, on_unmatch = $10, enabled = $11 \
             where tenant_id = $1 and id = $2",
            self.rule_values(rule),
        )
        .await?;
        self.bind_rule(rule).await
    }

    /// Forgets which groups a rule has met.
    pub async fn unbind_rule(&mut self, rule: Uuid) -> Result<(), Error> {
        let sql = "delete from rule_group where tenant_id = $1 and rule_id = $2";
        self.run(sql, args![self.tenant, rule]).await?;
        Ok(())
    }

    /// Removes a rule; answers whether there was one.
    pub async fn delete_rule(&mut self, rule: Uuid) -> Result<bool, Error> {
        self.disown(Thing::Mapping, rule).await?;
        let sql = "delete from mapping_rule where tenant_id = $1 and id = $2";
        Ok(self.run(sql, args![self.tenant, rule]).await? > 0)
    }

    fn rule_values(&self, rule: &Rule) -> Vec<super::engine::Value> {
        let (name, filter) = match &rule.matches {
            Match::Group { name, .. } => (Some(name.as_str()), None),
            Match::Filter(filter) => (None, Some(filter.as_str())),
        };
        args![
            self.tenant,
            rule.id,
            rule.priority,
            name,
            name.map(crate::scim::predicate::fold),
            filter,
            rule.track,
            rule.pool,
            rule.duration_days,
            rule.on_unmatch.as_str(),
            rule.enabled,
        ]
    }

    async fn bind_rule(&mut self, rule: &Rule) -> Result<(), Error> {
        if matches!(rule.matches, Match::Group { .. }) {
            self.run(
                "insert into rule_group (tenant_id, rule_id, group_id) \
                 select r.tenant_id, r.id, g.id from mapping_rule r join scim_group g \
                   on g.tenant_id = r.tenant_id and g.display_key = r.group_key \
                 where r.tenant_id = $1 and r.id = $2 on conflict do nothing",
                args![self.tenant, rule.id],
            )
            .await?;
        }
        Ok(())
    }

    /// Binds a group to the rules that look for its name; answers whether there were any.
    pub async fn bind_group(&mut self, group: Uuid) -> Result<bool, Error> {
        if self.dialect() == Dialect::Postgres {
            // A rule and a group made at the same moment would not see each other: whoever makes a
            // rule has changed the tenant's row, and this waits for them as they wait for this.
            let sql = "select id from tenant where id = $1 for share";
            self.optional(sql, args![self.tenant]).await?;
        }
        let bound = self
            .run(
                "insert into rule_group (tenant_id, rule_id, group_id) \
                 select r.tenant_id, r.id, g.id from mapping_rule r join scim_group g \
                   on g.tenant_id = r.tenant_id and g.display_key = r.group_key \
                 where r.tenant_id = $1 and g.id = $2 on conflict do nothing",
                args![self.tenant, group],
            )
            .await?;
        Ok(bound > 0)
    }
}
