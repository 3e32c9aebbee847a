//! Seats are taken once each, and a pool that looks full is looked at again.

use std::collections::BTreeSet;

use super::{Fixture, now, on_both};
use crate::seats::Account;
use crate::store::{Error, transact};

on_both!(
    many_takers_get_each_seat_once,
    a_seat_given_back_by_a_rollback_is_not_lost,
    seats_beyond_the_purchase_stop_at_the_limit,
);

/// Takes a seat the way the use cases do: again with the pool locked, where it must be.
async fn take(f: &Fixture, pool: uuid::Uuid) -> Option<i64> {
    let taken = async {
        Ok::<_, Error>(transact!(f.store, f.tenant, |tx| {
            tx.take_seat(pool, Account::Occupied, now()).await
        }))
    };
    taken.await.unwrap().unwrap()
}

async fn many_takers_get_each_seat_once(f: Fixture) {
    let pool = f.pool(50).await;
    let f = std::sync::Arc::new(f);
    let tasks = (0..64).map(|_| {
        let f = std::sync::Arc::clone(&f);
        tokio::spawn(async move { take(&f, pool.id).await })
    });
    let mut seats = BTreeSet::new();
    let mut without = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Some(n) => assert!(seats.insert(n), "seat {n} was given twice"),
            None => without += 1,
        }
    }
    assert_eq!((seats.len(), without), (50, 14));
}

async fn a_seat_given_back_by_a_rollback_is_not_lost(f: Fixture) {
    let pool = f.pool(1).await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    assert_eq!(
        tx.take_seat(pool.id, Account::Occupied, now())
            .await
            .unwrap(),
        Some(1)
    );
    tx.roll_back().await.unwrap();
    assert_eq!(take(&f, pool.id).await, Some(1));
    assert_eq!(take(&f, pool.id).await, None);
}

async fn seats_beyond_the_purchase_stop_at_the_limit(f: Fixture) {
    let mut pool = f.pool(1).await;
    pool.overage_limit = 2;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let mut added = Vec::new();
    for _ in 0..3 {
        added.push(tx.add_overage_seat(&pool, Account::Occupied).await.unwrap());
    }
    assert_eq!(added, [Some(2), Some(3), None]);
    assert!(
        tx.free_seat(pool.id, 2, Account::Available, None)
            .await
            .unwrap()
    );
    let figures = tx.figures(Some(pool.id), now()).await.unwrap()[0].1;
    assert_eq!(
        (figures.purchased, figures.overage, figures.available),
        (1, 1, 1)
    );
    tx.commit().await.unwrap();
}
