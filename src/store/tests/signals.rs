//! What is looked for every second is found by ranges of an index.

use uuid::Uuid;

use super::plans::explained;
use super::{Fixture, now, on_both};
use crate::store::engine::{Dialect, args};
use crate::store::signals::{EXPIRING_UNTOLD, STALLED_CHANGED, STALLED_UNTOLD};

on_both!(a_look_costs_what_came_due);

async fn a_look_costs_what_came_due(f: Fixture) {
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let dialect = tx.dialect();
    if dialect == Dialect::Postgres {
        // Of empty tables anything is cheap; which index could serve is what is asked.
        tx.made("set local enable_seqscan = off".to_owned(), args![])
            .await
            .unwrap();
    }
    let (at, id) = (now(), Uuid::nil());
    for (sql, values, index) in [
        (
            STALLED_UNTOLD,
            args![f.tenant, at, at, id, 100],
            "assignment_stalls",
        ),
        (
            EXPIRING_UNTOLD,
            args![f.tenant, at, id, at, 30, 100],
            "member_ends",
        ),
        (
            STALLED_CHANGED,
            args![f.tenant, at, 100],
            "stall_told_changed",
        ),
    ] {
        let plan = explained(&mut tx, dialect.spell(sql).to_owned(), values).await;
        assert!(plan.contains(index), "{sql}\n{plan}");
        let is_sorted = plan.contains("TEMP B-TREE") && index != "stall_told_changed";
        assert!(!is_sorted, "it sorts what it finds\n{sql}\n{plan}");
    }
    tx.roll_back().await.unwrap();
}
