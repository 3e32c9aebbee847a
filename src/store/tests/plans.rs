//! What is asked all the time is served by an index.

use super::{Fixture, now, on_both};
use crate::scim::schema::USER;
use crate::scim::{filter, predicate};
use crate::store::Tx;
use crate::store::engine::{Dialect, Value, args};
use crate::store::filter_sql::Scope;
use crate::store::lists::{From, Listing, page_sql};

on_both!(frequent_questions_use_an_index);

/// The statement, and the index that must serve it.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "select n from seat where tenant_id = 1 and pool_id = {some id} and state = 'available' and n >= 10 order by n limit 1",
        "seat_free",
    ),
    (
        "select member_id from assignment where tenant_id = 1 and waiting_pool_id = {some id} order by priority_class, waiting_since, id limit 1",
        "assignment_waiting",
    ),
    (
        "select group_id from group_user where tenant_id = 1 and member_id = {some id}",
        "group_user_of",
    ),
];

/// A filter of users, and the index that must serve it.
const FILTERS: &[(&str, &str)] = &[
    ("userName eq \"u7\"", "member_user_name"),
    ("userName sw \"u7\"", "member_user_name"),
    ("externalId eq \"e7\"", "member_external_id"),
    ("emails.value eq \"u7@x.org\"", "member_email"),
    (
        "emails[type eq \"work\" and value eq \"u7@x.org\"]",
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
        let parsed = filter::parse(filter).unwrap();
        let listing = Listing {
            filter: Some(predicate::compile(&USER, &parsed).unwrap()),
            sort: None,
            descending: false,
        };
        let head = "m.version from member m ";
        let of = (head, Scope::User);
        let sql = page_sql(dialect, f.tenant, of, &listing, &From::Offset(0), 100);
        let plan = explained(&mut tx, sql.text, sql.values).await;
        assert!(plan.contains(index), "{filter}\n{plan}");
    }
    tx.roll_back().await.unwrap();
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
