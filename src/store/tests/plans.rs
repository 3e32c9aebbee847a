//! What is asked all the time is served by an index.

use super::{Fixture, now, on_both};
use crate::store::engine::{Dialect, args};

on_both!(frequent_questions_use_an_index);

/// The statement, and the index that must serve it.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "select id from member where tenant_id = 1 and user_name_key = 'x' and identity_state in ('active', 'inactive')",
        "member_user_name",
    ),
    (
        "select id from member where tenant_id = 1 and external_id = 'x'",
        "member_external_id",
    ),
    (
        "select member_id from member_email where tenant_id = 1 and email_key = 'x'",
        "member_email",
    ),
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

async fn frequent_questions_use_an_index(f: Fixture) {
    let pool = f.pool(500).await;
    for n in 0..300 {
        f.user(
            serde_json::json!({"userName": format!("u{n}"), "externalId": format!("e{n}"),
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
        let (explain, id) = match dialect {
            Dialect::Sqlite => ("explain query plan ", format!("x'{}'", pool.id.simple())),
            Dialect::Postgres => ("explain ", format!("'{}'::uuid", pool.id)),
        };
        let sql = format!("{explain}{}", question.replace("{some id}", &id));
        let column = if dialect == Dialect::Sqlite {
            "detail"
        } else {
            "QUERY PLAN"
        };
        let rows = tx.made(sql, args![]).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(column).unwrap()).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(index), "{question}\n{plan}");
        assert!(
            !plan.contains("TEMP B-TREE") && !plan.contains("Sort"),
            "{question}\n{plan}"
        );
    }
    tx.roll_back().await.unwrap();
}
