//! Nobody slips past a run, however late they come.

use serde_json::json;

use super::begin_run;
use crate::directory::Directory;
use crate::seats::SeatState;
use crate::store::tests::{Fixture, now, on_both};

on_both!(whoever_comes_too_late_for_a_run_is_placed_by_the_next_look);

async fn whoever_comes_too_late_for_a_run_is_placed_by_the_next_look(f: Fixture) {
    f.pool(5).await;
    let directory = Directory::new(f.store.clone());
    f.user(json!({"userName": "early"})).await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    tx.touch_catalog().await.unwrap();
    begin_run(&mut tx, "test", now()).await.unwrap();
    tx.commit().await.unwrap();
    while directory.place_some(f.tenant, now()).await.unwrap() {}
    assert_eq!(state(&f, "early").await, SeatState::Assigned);
    assert_eq!(f.store.tenants_placing().await.unwrap(), []);

    f.user(json!({"userName": "late"})).await;
    f.placed_by_the_first_catalog("late").await;
    assert_eq!(f.store.tenants_placing().await.unwrap(), [f.tenant]);
    while directory.place_some(f.tenant, now()).await.unwrap() {}
    assert_eq!(state(&f, "late").await, SeatState::Assigned);
    assert_eq!(f.store.tenants_placing().await.unwrap(), []);
    let runs = f.store.read(f.tenant).await.unwrap().placement_runs().await;
    let run = &runs.unwrap()[0];
    assert_eq!((run.total, run.done, run.changed), (1, 1, 1));
}

async fn state(f: &Fixture, name: &str) -> SeatState {
    let mut session = f.store.read(f.tenant).await.unwrap();
    session.members_by_email(name).await.unwrap()[0].seat_state()
}
