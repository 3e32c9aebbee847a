//! Turns on SQLite's writer, and transactions on PostgreSQL.

use std::collections::BTreeSet;

use super::{Fixture, now, on_both};
use crate::scim::Object;
use crate::store::engine::Dialect;
use crate::store::ledger::{Entry, Selection};
use crate::store::{Error, transact};
use sqlx::Connection as _;
use uuid::Uuid;

on_both!(
    what_is_committed_is_there,
    what_is_dropped_leaves_no_trace,
    what_is_rolled_back_leaves_no_trace,
    a_failed_statement_cannot_be_committed,
    a_cancelled_transaction_gives_its_turn_back,
    concurrent_changes_of_one_row_lose_nothing,
    a_part_can_be_undone,
    ledger_lines_cannot_be_changed,
);

fn line(action: &str) -> Entry {
    Entry {
        id: Uuid::now_v7(),
        at: now(),
        actor: "test".into(),
        cause: "test".into(),
        action: action.into(),
        member: None,
        assignment: None,
        moved: None,
        detail: Object::new(),
    }
}

async fn actions(f: &Fixture) -> Vec<String> {
    let mut session = f.store.read(f.tenant).await.unwrap();
    let lines = session.ledger(&Selection::default(), 100).await.unwrap();
    lines.into_iter().map(|line| line.entry.action).collect()
}

async fn what_is_committed_is_there(f: Fixture) {
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    tx.append(&[line("a"), line("b")]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(actions(&f).await, ["b", "a"]);
}

async fn what_is_dropped_leaves_no_trace(f: Fixture) {
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    tx.append(&[line("a")]).await.unwrap();
    drop(tx);
    what_is_committed_is_there(f).await;
}

async fn what_is_rolled_back_leaves_no_trace(f: Fixture) {
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    tx.append(&[line("a")]).await.unwrap();
    tx.roll_back().await.unwrap();
    what_is_committed_is_there(f).await;
}

async fn a_failed_statement_cannot_be_committed(f: Fixture) {
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let twice = line("a");
    assert!(tx.append(&[twice.clone(), twice]).await.is_err());
    assert!(tx.commit().await.is_err());
    what_is_committed_is_there(f).await;
}

async fn a_cancelled_transaction_gives_its_turn_back(f: Fixture) {
    for _ in 0..5 {
        let store = f.store.clone();
        let tenant = f.tenant;
        let task = tokio::spawn(async move {
            let mut tx = store.begin(tenant).await.unwrap();
            tx.append(&[line("a")]).await.unwrap();
            std::future::pending::<()>().await;
        });
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        task.abort();
    }
    what_is_committed_is_there(f).await;
}

async fn concurrent_changes_of_one_row_lose_nothing(f: Fixture) {
    let before = f
        .store
        .read(f.tenant)
        .await
        .unwrap()
        .catalog_version()
        .await
        .unwrap();
    let tasks = (0..40).map(|_| {
        let (store, tenant) = (f.store.clone(), f.tenant);
        tokio::spawn(async move {
            let change = async {
                Ok::<_, Error>(transact!(store, tenant, |tx| {
                    tx.touch_catalog().await?;
                    tx.append(&[line("a")]).await
                }))
            };
            change.await.unwrap().unwrap();
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let after = f
        .store
        .read(f.tenant)
        .await
        .unwrap()
        .catalog_version()
        .await
        .unwrap();
    assert_eq!(after - before, 40);
    assert_eq!(actions(&f).await.len(), 40);
}

async fn a_part_can_be_undone(f: Fixture) {
    let pool = f.pool(1).await.id;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    tx.append(&[line("a")]).await.unwrap();
    tx.begin_part().await.unwrap();
    tx.lock_pools(&BTreeSet::from([pool])).await.unwrap();
    assert!(tx.holds_pool(pool));
    let twice = line("x");
    assert!(tx.append(&[twice.clone(), twice]).await.is_err());
    tx.undo_part().await.unwrap();
    // The database let go of it.
    assert_eq!(tx.holds_pool(pool), tx.dialect() == Dialect::Sqlite);
    tx.begin_part().await.unwrap();
    tx.append(&[line("b")]).await.unwrap();
    tx.keep_part().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(actions(&f).await, ["b", "a"]);
}

async fn ledger_lines_cannot_be_changed(f: Fixture) {
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    tx.append(&[line("a")]).await.unwrap();
    tx.commit().await.unwrap();
    for sql in ["update ledger set action = 'b'", "delete from ledger"] {
        let mut tx = f.store.begin(f.tenant).await.unwrap();
        let refused = tx.run(sql, vec![]).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
        tx.roll_back().await.unwrap();
    }
    assert_eq!(actions(&f).await, ["a"]);
}

/// SQLite alone has a log that somebody has to copy.
#[tokio::test]
async fn the_log_is_copied_into_the_file_while_others_write() {
    let f = super::database::sqlite().await;
    let file = f.store.sqlite_path().unwrap().to_owned();
    for _ in 0..300 {
        let mut tx = f.store.begin(f.tenant).await.unwrap();
        tx.append(&[line("a")]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let copy = file.with_file_name("copy.db");
    for _ in 0..100 {
        // Without its log a copy has what was copied into the file, whole or in the making.
        tokio::fs::copy(&file, &copy).await.unwrap();
        let url = format!("sqlite://{}", copy.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let count = sqlx::query_scalar::<_, i64>("select count(*) from ledger");
        if count
            .fetch_one(&mut connection)
            .await
            .is_ok_and(|n| n >= 100)
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the log stayed where it was");
}
