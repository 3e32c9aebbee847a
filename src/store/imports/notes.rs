//! What must be known while a file is read: whom its rows are about, which identifiers it has had,
//! whom it names and whom it therefore leaves out.

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::store::engine::args;
use crate::store::members::{Member, member, member_columns, member_tables};
use crate::store::seats::assignment_columns;
use crate::store::{Error, Session, Tx};

impl Session {
    /// People who have one of these identifiers or addresses (folded), as the identity provider
    /// knows them.
    pub async fn people_named(
        &mut self,
        workers: &[&str],
        externals: &[&str],
        addresses: &[&str],
    ) -> Result<Vec<Member>, Error> {
        const SQL: &str = concat!(
            "select ",
            member_columns!(),
            member_tables!(),
            "where m.tenant_id = $1 and m.identity_state in ('active', 'inactive') and m.id in ( \
               select id from member where tenant_id = $1 and worker_id is not null \
                 and worker_id in (select t from ({texts}($2)) i) \
               union select id from member where tenant_id = $1 and external_id is not null \
                 and external_id in (select t from ({texts}($3)) i) \
               union select id from member where tenant_id = $1 \
                 and identity_state in ('active', 'inactive') \
                 and user_name_key in (select t from ({texts}($4)) i) \
               union select member_id from member_email where tenant_id = $1 \
                 and email_key in (select t from ({texts}($4)) i)) order by m.id"
        );
        let values = args![
            self.tenant,
            json!(workers),
            json!(externals),
            json!(addresses)
        ];
        self.all(SQL, values).await?.iter().map(member).collect()
    }

    /// How many people that files made are missing in this one: of one connection, or of all.
    pub async fn count_omitted(
        &mut self,
        import: Uuid,
        connection: Option<Uuid>,
    ) -> Result<i64, Error> {
        let sql = "select count(*) as n from member m where m.tenant_id = $1 \
                   and m.managed_by = 'import' and m.identity_state = 'active' \
                   and ($3 is null or m.connection_id = $3) and not exists \
                   (select 1 from import_person p where p.tenant_id = $1 and p.import_id = $2 \
                    and p.member_id = m.id)";
        let values = args![self.tenant, import, connection];
        self.one(sql, values).await?.get("n")
    }
}

impl Tx {
    /// Notes the keys of rows, each with its line. Answers, if any was there before, the line that
    /// had each of them first.
    pub async fn claim_keys(
        &mut self,
        import: Uuid,
        keys: &[(String, u64)],
    ) -> Result<HashMap<String, u64>, Error> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Json = keys.iter().map(|(key, line)| json!([key, line])).collect();
        let sql = "insert into import_key (tenant_id, import_id, key, line) \
                   select $1, $2, e.value ->> 0, cast(e.value ->> 1 as bigint) \
                   from {elements}($3) e where true on conflict do nothing";
        let claimed = self.run(sql, args![self.tenant, import, rows]).await?;
        if claimed == keys.len() as u64 {
            return Ok(HashMap::new());
        }
        let texts: Json = keys.iter().map(|(key, _)| json!(key)).collect();
        let sql = "select key, line from import_key where tenant_id = $1 and import_id = $2 \
                   and key in (select t from ({texts}($3)) i)";
        let firsts = self.all(sql, args![self.tenant, import, texts]).await?;
        firsts
            .iter()
            .map(|row| {
                let line: i64 = row.get("line")?;
                Ok((row.get("key")?, line.unsigned_abs()))
            })
            .collect()
    }

    /// Notes whom a file names.
    pub async fn name_people(&mut self, import: Uuid, people: &[Uuid]) -> Result<(), Error> {
        if people.is_empty() {
            return Ok(());
        }
        let sql = "insert into import_person (tenant_id, import_id, member_id) \
                   select $1, $2, id from ({ids}($3)) i where true on conflict do nothing";
        let values = args![self.tenant, import, json!(people)];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Some of the people that [`Session::count_omitted`] counts.
    pub async fn omitted(
        &mut self,
        import: Uuid,
        connection: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Uuid>, Error> {
        let sql = "select m.id from member m where m.tenant_id = $1 \
                   and m.managed_by = 'import' and m.identity_state = 'active' \
                   and ($3 is null or m.connection_id = $3) and not exists \
                   (select 1 from import_person p where p.tenant_id = $1 and p.import_id = $2 \
                    and p.member_id = m.id) order by m.id limit $4 + 0";
        let values = args![self.tenant, import, connection, limit];
        let rows = self.all(sql, values).await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// Forgets keys and people that were noted, so many at a time; answers whether there are more.
    pub async fn forget_notes(&mut self, import: Uuid, limit: i64) -> Result<bool, Error> {
        let values = || args![self.tenant, import, limit];
        let (keys, people) = (values(), values());
        let gone = self
            .run(
                "delete from import_key where tenant_id = $1 and import_id = $2 and key in (select \
                   key from import_key where tenant_id = $1 and import_id = $2 limit $3 + 0)",
                keys,
            )
            .await?
            + self
                .run(
                    "delete from import_person where tenant_id = $1 and import_id = $2 \
                     and member_id in (select member_id from import_person where tenant_id = $1 \
                       and import_id = $2 limit $3 + 0)",
                    people,
                )
                .await?;
        Ok(gone > 0)
    }

    /// Forgets the keys alone, for a second reading.
    pub async fn forget_keys(&mut self, import: Uuid, limit: i64) -> Result<bool, Error> {
        let sql = "delete from import_key where tenant_id = $1 and import_id = $2 and key in \
                   (select key from import_key where tenant_id = $1 and import_id = $2 \
                    limit $3 + 0)";
        let values = args![self.tenant, import, limit];
        Ok(self.run(sql, values).await? > 0)
    }
}
