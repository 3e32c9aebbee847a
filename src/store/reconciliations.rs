//! Lists of people from elsewhere, held against the directory.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::engine::{Row, args};
use super::members::{Member, member, member_columns, member_tables};
use super::seats::{assignment_columns, named};
use super::{Error, Session, Tx};
use crate::roster::compare::{Bucket, Source};

/// A list that was held against the directory.
#[derive(Debug, Clone)]
pub struct Reconciliation {
    /// Identifier.
    pub id: Uuid,
    /// Where the list is from.
    pub source: Source,
    /// Who sent it, as the ledger has it.
    pub actor: String,
    /// `running`, `finished` or `failed`.
    pub state: String,
    /// Rows of the list.
    pub listed: i64,
    /// People of the directory that were looked at.
    pub people: i64,
    /// How many findings there are of each kind, an object.
    pub buckets: Json,
    /// What should be known of the list as a whole.
    pub warnings: Json,
    /// When it was sent.
    pub created_at: Timestamp,
}

/// What was found of a row, or of a person who is in none.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Its place.
    pub n: i64,
    /// Its kind.
    pub bucket: Bucket,
    /// The person.
    pub member: Option<Uuid>,
    /// The line of the list.
    pub line: Option<i64>,
    /// What both sides have, an object.
    pub content: Json,
}

macro_rules! columns {
    () => {
        "id, source, actor, state, listed, people, buckets, warnings, created_at \
         from reconciliation "
    };
}

fn reconciliation(row: &Row) -> Result<Reconciliation, Error> {
    Ok(Reconciliation {
        id: row.get("id")?,
        source: named(row, "source")?,
        actor: row.get("actor")?,
        state: row.get("state")?,
        listed: row.get("listed")?,
        people: row.get("people")?,
        buckets: row.json("buckets")?,
        warnings: row.json("warnings")?,
        created_at: row.instant("created_at")?,
    })
}

impl Session {
    /// A reconciliation.
    pub async fn reconciliation(&mut self, id: Uuid) -> Result<Option<Reconciliation>, Error> {
        const SQL: &str = concat!("select ", columns!(), "where tenant_id = $1 and id = $2");
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(reconciliation).transpose()
    }

    /// Reconciliations, the newest first.
    pub async fn reconciliations(
        &mut self,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Reconciliation>, Error> {
        const SQL: &str = concat!(
            "select ",
            columns!(),
            "where tenant_id = $1 and ($2 is null or id < $2) order by id desc limit $3 + 0"
        );
        let rows = self.all(SQL, args![self.tenant, before, limit]).await?;
        rows.iter().map(reconciliation).collect()
    }

    /// Findings after a place: of one kind, or all.
    pub async fn findings(
        &mut self,
        id: Uuid,
        bucket: Option<Bucket>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Finding>, Error> {
        let all = "select n, bucket, member_id, line, content from reconciliation_row \
                   where tenant_id = $1 and reconciliation_id = $2 and n > $3 \
                   order by n limit $4 + 0";
        let some = "select n, bucket, member_id, line, content from reconciliation_row \
                    where tenant_id = $1 and reconciliation_id = $2 and bucket = $5 and n > $3 \
                    order by n limit $4 + 0";
        let mut values = args![self.tenant, id, after, limit];
        values.extend(bucket.map(|bucket| bucket.as_str().into()));
        let sql = if bucket.is_some() { some } else { all };
        let rows = self.all(sql, values).await?;
        rows.iter()
            .map(|row| {
                Ok(Finding {
                    n: row.get("n")?,
                    bucket: named(row, "bucket")?,
                    member: row.get("member_id")?,
                    line: row.get("line")?,
                    content: row.json("content")?,
                })
            })
            .collect()
    }

    /// People the identity provider knows who are in no row, by identifier.
    pub async fn people_unlisted(
        &mut self,
        id: Uuid,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Member>, Error> {
        const SQL: &str = concat!(
            "select ",
            member_columns!(),
            member_tables!(),
            "where m.tenant_id = $1 and m.identity_state in ('active', 'inactive') \
             and ($3 is null or m.id > $3) and not exists (select 1 from reconciliation_person p \
               where p.tenant_id = $1 and p.reconciliation_id = $2 and p.member_id = m.id) \
             order by m.id limit $4 + 0"
        );
        let rows = self.all(SQL, args![self.tenant, id, after, limit]).await?;
        rows.iter().map(member).collect()
    }

    /// Which of these people have a session ahead.
    pub async fn with_session_ahead(
        &mut self,
        people: &[Uuid],
        now: Timestamp,
    ) -> Result<HashSet<Uuid>, Error> {
        let sql = "select distinct member_id from session where tenant_id = $1 \
                   and member_id in (select id from ({ids}($2)) i) and state = 'scheduled' \
                   and starts_at > $3";
        let rows = self
            .all(sql, args![self.tenant, json!(people), now])
            .await?;
        rows.iter().map(|row| row.get("member_id")).collect()
    }

    /// People of these names (as [`super::members::Keys`] has them), a few of each.
    pub async fn people_called(
        &mut self,
        names: &[String],
    ) -> Result<HashMap<String, Vec<Uuid>>, Error> {
        let sql = "select name_key, id from member where tenant_id = $1 \
                   and name_key in (select t from ({texts}($2)) i) \
                   and identity_state in ('active', 'inactive') order by id limit 1000";
        let rows = self.all(sql, args![self.tenant, json!(names)]).await?;
        let mut called: HashMap<String, Vec<Uuid>> = HashMap::new();
        for row in &rows {
            let same = called.entry(row.get("name_key")?).or_default();
            if same.len() < 3 {
                same.push(row.get("id")?);
            }
        }
        Ok(called)
    }
}

impl Tx {
    /// Begins a reconciliation.
    pub async fn insert_reconciliation(&mut self, r: &Reconciliation) -> Result<(), Error> {
        self.run(
            "insert into reconciliation (tenant_id, id, source, actor, state, warnings, created_at) \
             values ($1, $2, $3, $4, $5, $6, $7)",
            args![
                self.tenant,
                r.id,
                r.source.as_str(),
                &r.actor,
                &r.state,
                r.warnings.clone(),
                r.created_at
            ],
        )
        .await?;
        Ok(())
    }

    /// Forgets what was sent before a time: findings name people.
    pub async fn forget_reconciliations(&mut self, before: Timestamp) -> Result<(), Error> {
        let sql = "delete from reconciliation where tenant_id = $1 and created_at < $2";
        self.run(sql, args![self.tenant, before]).await?;
        Ok(())
    }

    /// Ends it.
    pub async fn end_reconciliation(&mut self, r: &Reconciliation) -> Result<(), Error> {
        let sql = "update reconciliation set state = $3, listed = $4, people = $5, buckets = $6 \
                   where tenant_id = $1 and id = $2";
        let values = args![
            self.tenant,
            r.id,
            &r.state,
            r.listed,
            r.people,
            r.buckets.clone()
        ];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Notes whom rows are about; answers those that an earlier row was about, with its line.
    pub async fn list_people(
        &mut self,
        id: Uuid,
        people: &[(Uuid, i64)],
    ) -> Result<BTreeMap<Uuid, i64>, Error> {
        let mut earlier = BTreeMap::new();
        let ids: Vec<_> = people.iter().map(|(member, _)| *member).collect();
        let known = "select member_id, line from reconciliation_person where tenant_id = $1 \
                     and reconciliation_id = $2 and member_id in (select id from ({ids}($3)) i)";
        for row in &self.all(known, args![self.tenant, id, json!(ids)]).await? {
            earlier.insert(row.get("member_id")?, row.get("line")?);
        }
        let sql = "insert into reconciliation_person (tenant_id, reconciliation_id, member_id, line) \
                   values ($1, $2, $3, $4) on conflict do nothing";
        for (member, line) in people
            .iter()
            .filter(|(member, _)| !earlier.contains_key(member))
        {
            self.run(sql, args![self.tenant, id, *member, *line])
                .await?;
        }
        Ok(earlier)
    }

    /// Keeps findings.
    pub async fn insert_findings(&mut self, id: Uuid, found: &[Finding]) -> Result<(), Error> {
        let sql = "insert into reconciliation_row (tenant_id, reconciliation_id, n, bucket, \
                     member_id, line, content) values ($1, $2, $3, $4, $5, $6, $7)";
        for f in found {
            let values = args![
                self.tenant,
                id,
                f.n,
                f.bucket.as_str(),
                f.member,
                f.line,
                f.content.clone()
            ];
            self.run(sql, values).await?;
        }
        Ok(())
    }

    /// Forgets whom rows were about, so many at a time; answers whether there are more.
    pub async fn forget_listed(&mut self, id: Uuid, limit: i64) -> Result<bool, Error> {
        let sql = "delete from reconciliation_person where tenant_id = $1 \
                   and reconciliation_id = $2 and member_id in (select member_id from \
                     reconciliation_person where tenant_id = $1 and reconciliation_id = $2 \
                     limit $3 + 0)";
        Ok(self.run(sql, args![self.tenant, id, limit]).await? > 0)
    }
}
