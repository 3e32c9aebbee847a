//! What is asked all the time is served by an index.

use super::{Fixture, now, on_both};
use crate::scim::predicate::Predicate;
use crate::scim::schema::{GROUP, ResourceType, USER};
use crate::scim::{filter, predicate};
use crate::store::Tx;
use crate::store::engine::{Dialect, Value, args};
use crate::store::filter_sql::{Scope, Sql};
use crate::store::lists::{From, Listing, count_sql, page_sql};

on_both!(
    frequent_questions_use_an_index,
    a_free_seat_is_found_in_a_pool_just_bought,
    filters_use_an_index_where_nothing_was_ever_analysed,
);

/// The statement, and the index that must serve it.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "select n from seat where tenant_id = 1 and pool_id = {some id} and state = 'available' and n >= 10 order by n limit 1",
        "seat_free",
    ),
    (
        "select assignment_id from waiting where tenant_id = 1 and pool_id = {some id} order by priority_class, since, assignment_id limit 1",
        "waiting_in_line",
    ),
    (
        "select id from member where tenant_id = 1 and placed_by < 7 order by placed_by limit 9",
        "member_placed_by",
    ),
    (
        "select t.id from tenant t where exists (select 1 from member m where m.tenant_id = t.id and m.placed_by < t.run_version)",
        "member_placed_by",
    ),
    (
        "select n from delivery where tenant_id = 1 and webhook_id = {some id} and state = 'pending' order by next_at, n limit 8",
        "delivery_due",
    ),
    (
        "select n from delivery where tenant_id = 1 and webhook_id = {some id} and state = 'pending' and lane = {some id} and n < 7",
        "delivery_lane",
    ),
    (
        "select count(*) from (select 1 from member where tenant_id = 1 and connection_id = {some id} and identity_state = 'active' limit 9) m",
        "member_active_of",
    ),
    (
        "select group_id from group_user where tenant_id = 1 and member_id = {some id}",
        "group_user_of",
    ),
];

/// A filter of users, and the index that must serve it.
const FILTERS: &[(&str, &str)] = &[
    // Of everybody's names or of those that are taken: both begin the same.
    ("userName eq \"u7\"", "_user_name "),
    ("userName sw \"u7\"", "_user_name "),
    ("externalId eq \"e7\"", "member_external_id"),
    ("emails.value eq \"u7@x.org\"", "member_email"),
    (
        "emails[type eq \"work\" and value eq \"u7@x.org\"]",
        "member_email",
    ),
    (
        "externalId eq \"e7\" or emails.value eq \"u7@x.org\"",
        "member_email",
    ),
    (
        "userName co \"u\" and emails.value eq \"u7@x.org\"",
        "member_email",
    ),
    (
        "id eq \"0192aaaa-0000-7000-8000-000000000000\"",
        "member_scim_id",
    ),
    ("displayName eq \"d7\"", "member_display"),
    ("active eq false", "member_active"),
    (
        "meta.lastModified gt \"2030-01-01T00:00:00Z\"",
        "member_modified",
    ),
    (
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"d7\"",
        "member_department",
    ),
];

/// The same of groups.
const GROUP_FILTERS: &[(&str, &str)] = &[
    ("displayName eq \"g7\"", "group_display"),
    ("externalId eq \"e7\"", "group_external_id"),
    (
        "members.value eq \"0192aaaa-0000-7000-8000-000000000000\"",
        "group_user_of",
    ),
    (
        "id eq \"0192aaaa-0000-7000-8000-000000000000\" and \
         members[value eq \"0192aaaa-0000-7000-8000-000000000000\"]",
        "scim_group",
    ),
    (
        "members[type eq \"User\" and value eq \"0192aaaa-0000-7000-8000-000000000000\"]",
        "group_user_of",
    ),
];

async fn frequent_questions_use_an_index(f: Fixture) {
    let pool = f.pool(500).await;
    for n in 0..300 {
        f.user(
            serde_json::json!({"userName": format!("u{n}"), "externalId": format!("e{n}"), "active": true,
            "displayName": format!("d{n}"), "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": format!("d{n}")},
            "emails": [{"value": format!("u{n}@x.org")}]}),
        )
        .await;
    }
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    assert_eq!(tx.next_in_line(pool.id, now()).await.unwrap(), None);
    let dialect = tx.dialect();
    if dialect == Dialect::Postgres {
        // A table this small would be read whole, and one never analysed by any index.
        tx.run("set local enable_seqscan = off", args![])
            .await
            .unwrap();
        tx.run("analyze", args![]).await.unwrap();
    }
    for (question, index) in QUESTIONS {
        let id = match dialect {
            Dialect::Sqlite => format!("x'{}'", pool.id.simple()),
            Dialect::Postgres => format!("'{}'::uuid", pool.id),
        };
        let plan = explained(&mut tx, question.replace("{some id}", &id), args![]).await;
        assert!(plan.contains(index), "{question}\n{plan}");
        assert!(
            !plan.contains("TEMP B-TREE") && !plan.contains("Sort"),
            "{question}\n{plan}"
        );
    }
    for (filter, index) in FILTERS {
        let sql = page(&f, dialect, (&USER, Scope::User), filter);
        let plan = explained(&mut tx, sql.text, sql.values).await;
        assert!(plan.contains(index), "{filter}\n{plan}");
    }
    tx.roll_back().await.unwrap();
}

/// Nothing has analysed the seats of a pool yet when its first people come.
async fn a_free_seat_is_found_in_a_pool_just_bought(f: Fixture) {
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    if tx.dialect() == Dialect::Postgres {
        let keep = "alter table seat set (autovacuum_enabled = false)";
        tx.run(keep, args![]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let pool = f.pool(20_000).await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let id = match tx.dialect() {
        Dialect::Sqlite => format!("x'{}'", pool.id.simple()),
        Dialect::Postgres => format!("'{}'::uuid", pool.id),
    };
    for from in [" and n >= 10000", " and n < 10000", ""] {
        let question = format!(
            "select n from seat where tenant_id = 1 and pool_id = {id} and state = 'available'{from} \
             order by n limit 1"
        );
        let plan = explained(&mut tx, question, args![]).await;
        assert!(plan.contains("seat_free"), "{from}\n{plan}");
        assert!(
            !plan.contains("TEMP B-TREE") && !plan.contains("Sort"),
            "{from}\n{plan}"
        );
    }
    tx.roll_back().await.unwrap();
}

/// Copies of the only user, so many that a plan which reads all of a tenant looks bad, and a few
/// groups. Autovacuum would analyse what a test has filled.
const MANY: [(Dialect, &[&str]); 2] = [
    (
        Dialect::Sqlite,
        &[
            "insert into member (tenant_id, id, scim_id, identity_state, managed_by, user_name,
               user_name_key, external_id, name_key, doc, search, version, created_at,
               last_modified, seat_state)
             with recursive number(n) as (select 1 union all select n + 1 from number where n < 5000)
             select tenant_id, unhex(printf('0192aaaa00007000%016x', n)),
               unhex(printf('0192aaaa00007000%016x', n)), identity_state, managed_by, 'u' || n,
               'u' || n, 'e' || n, 'u' || n, doc, replace(search, 'zero', n), version, created_at,
               last_modified + n, seat_state
             from member, number",
            "insert into member_email select tenant_id, user_name_key || '@x.org', id from member",
            "insert into scim_group (tenant_id, id, display_name, display_key, external_id, doc,
               search, version, created_at, last_modified)
             select tenant_id, id, user_name, user_name_key, external_id, doc, search, version,
               created_at, last_modified
             from member limit 1000",
            "insert into group_user select g.tenant_id, g.id, m.id from scim_group g join member m
               where m.user_name_key >= 'u4990'",
        ],
    ),
    (
        Dialect::Postgres,
        &[
            "do $$ declare t text; begin
               for t in select tablename from pg_tables where schemaname = 'public' loop
                 execute format('alter table %I set (autovacuum_enabled = false)', t);
               end loop;
             end $$",
            "insert into member (tenant_id, id, scim_id, identity_state, managed_by, user_name,
               user_name_key, external_id, name_key, doc, search, version, created_at,
               last_modified, seat_state)
             select tenant_id, ('0192aaaa00007000' || lpad(to_hex(n), 16, '0'))::uuid,
               ('0192aaaa00007000' || lpad(to_hex(n), 16, '0'))::uuid, identity_state, managed_by,
               'u' || n, 'u' || n, 'e' || n, 'u' || n, doc,
               replace(search::text, 'zero', n::text)::jsonb, version, created_at,
               last_modified + n * interval '1 second', seat_state
             from member, generate_series(1, 5000) n",
            "insert into member_email select tenant_id, user_name_key || '@x.org', id from member",
            "insert into scim_group (tenant_id, id, display_name, display_key, external_id, doc,
               search, version, created_at, last_modified)
             select tenant_id, id, user_name, user_name_key, external_id, doc, search, version,
               created_at, last_modified
             from member limit 1000",
            "insert into group_user select g.tenant_id, g.id, m.id from scim_group g, member m
               where m.user_name_key >= 'u4990'",
        ],
    ),
];

async fn filters_use_an_index_where_nothing_was_ever_analysed(f: Fixture) {
    f.user(
        serde_json::json!({"userName": "zero", "displayName": "zero", "active": true,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "zero"}}),
    )
    .await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let dialect = tx.dialect();
    let (_, statements) = MANY.iter().find(|(of, _)| *of == dialect).unwrap();
    for statement in *statements {
        tx.run(statement, args![]).await.unwrap();
    }
    // PostgreSQL plans for the very values at first, and then once for all if that seems no worse.
    let modes: &[&str] = match dialect {
        Dialect::Sqlite => &[],
        Dialect::Postgres => &["force_custom_plan", "force_generic_plan"],
    };
    let mut asked = 0;
    for at in 0..modes.len().max(1) {
        if let Some(mode) = modes.get(at) {
            let set = format!("set local plan_cache_mode = {mode}");
            tx.made(set, args![]).await.unwrap();
        }
        for (kind, scope, filters) in [
            (&*USER, Scope::User, FILTERS),
            (&*GROUP, Scope::Group, GROUP_FILTERS),
        ] {
            for (filter, index) in filters {
                for sql in [
                    page(&f, dialect, (kind, scope), filter),
                    count(&f, dialect, (kind, scope), filter),
                ] {
                    let plan = explained(&mut tx, sql.text, sql.values).await;
                    assert!(plan.contains(index), "{filter}\n{plan}");
                    assert!(!reads_a_whole_tenant(&plan), "{filter}\n{plan}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked >= 2 * (FILTERS.len() + GROUP_FILTERS.len()));
    tx.roll_back().await.unwrap();
}

/// Whether a plan finds people or groups by their tenant alone.
fn reads_a_whole_tenant(plan: &str) -> bool {
    let lines: Vec<&str> = plan.lines().map(str::trim).collect();
    let of_sqlite = |line: &str| {
        let of_ours = line.contains(" m ") || line.contains(" g ");
        of_ours && (line.ends_with("(tenant_id=?)") || line.starts_with("SCAN"))
    };
    let of_postgres = |pair: &[&str]| {
        let of_ours = pair[0].contains("member") || pair[0].contains("group");
        let by_tenant = pair[1].starts_with("Index Cond: (tenant_id = ");
        of_ours && by_tenant && !pair[1].contains(" AND ")
    };
    lines
        .iter()
        .any(|line| of_sqlite(line) || line.contains("Seq Scan"))
        || lines.windows(2).any(of_postgres)
}

fn compiled(kind: &ResourceType, filter: &str) -> Predicate {
    predicate::compile(kind, &filter::parse(filter).unwrap()).unwrap()
}

/// A page as the server reads it, with the tables that it joins.
fn page(
    f: &Fixture,
    dialect: Dialect,
    (kind, scope): (&ResourceType, Scope<'_>),
    filter: &str,
) -> Sql {
    let listing = Listing {
        filter: Some(compiled(kind, filter)),
        sort: None,
        descending: false,
    };
    let head = match scope {
        Scope::User => {
            "m.version, t.catalog_version, a.state from member m join tenant t on t.id = m.tenant_id \
             left join assignment a on a.tenant_id = m.tenant_id and a.id = m.assignment_id "
        }
        _ => "g.version from scim_group g ",
    };
    page_sql(
        dialect,
        f.tenant,
        (head, scope),
        &listing,
        &From::Offset(0),
        100,
    )
}

fn count(
    f: &Fixture,
    dialect: Dialect,
    (kind, scope): (&ResourceType, Scope<'_>),
    filter: &str,
) -> Sql {
    count_sql(dialect, f.tenant, scope, Some(&compiled(kind, filter)))
}

/// How the engine would answer a statement.
pub(super) async fn explained(tx: &mut Tx, sql: String, values: Vec<Value>) -> String {
    let (explain, column) = match tx.dialect() {
        Dialect::Sqlite => ("explain query plan ", "detail"),
        Dialect::Postgres => ("explain ", "QUERY PLAN"),
    };
    let rows = tx.made(format!("{explain}{sql}"), values).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.get(column).unwrap()).collect();
    plan.join("\n")
}
