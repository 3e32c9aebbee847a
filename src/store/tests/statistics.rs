//! The planner hears of tables that have filled.

use std::time::Duration;

use serde_json::json;

use super::{Fixture, on_both};
use crate::store::engine::{Dialect, args};

on_both!(what_has_filled_is_analysed_once);

async fn what_has_filled_is_analysed_once(f: Fixture) {
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let dialect = tx.dialect();
    if dialect == Dialect::Postgres {
        // Autovacuum might come first.
        let keep = "alter table seat set (autovacuum_enabled = false)";
        tx.run(keep, args![]).await.unwrap();
    }
    tx.commit().await.unwrap();
    f.user(json!({"userName": "ada"})).await;
    f.pool(500).await;
    let mut found = Vec::new();
    // PostgreSQL counts rows a little later than it writes them.
    for _ in 0..50 {
        found.extend(f.store.analyse_filled().await.unwrap());
        if dialect == Dialect::Sqlite || found.iter().any(|name| name == "seat") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let of_seats = found.iter().filter(|name| *name == "seat").count();
    assert_eq!(of_seats, usize::from(dialect == Dialect::Postgres));
    assert!(found.iter().all(|name| name != "member"), "{found:?}");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(f.store.analyse_filled().await.unwrap(), [""; 0]);
}
