//! What is begun is stored, wherever in a change it begins, and judged by the catalog as it is.

use jiff::Timestamp;
use serde_json::json;

use super::{By, Change};
use crate::directory::{Caller, Directory, Error, IfMatch, View};
use crate::scim::schema::{COACHING_URN, PATCH_OP_URN, USER_URN};
use crate::seats::SeatState;
use crate::store;
use crate::store::tests::{Fixture, now, on_both};

on_both!(
    whoever_leaves_a_line_and_begins_elsewhere_has_that_seat,
    what_the_clock_begins_is_judged_by_no_older_catalog
);

/// Their seat's term is over and nobody has looked yet; the pool that they wait for is closed, and
/// the run over that has not come to them. Then somebody frees a seat in that pool.
async fn whoever_leaves_a_line_and_begins_elsewhere_has_that_seat(f: Fixture) {
    let directory = Directory::new(f.store.clone());
    let owner = Caller::command(f.tenant);
    for (key, seats, end) in [
        ("short", 1, "2026-06-10"),
        ("wanted", 1, "2026-12-31"),
        ("other", 5, "2026-12-31"),
    ] {
        let pool = json!({"key": key, "purchased": seats, "termStart": "2026-01-01",
            "termEnd": end});
        directory.create_pool(&owner, pool, now()).await.unwrap();
    }
    let track = json!({"key": "lead", "name": "Lead", "default": true});
    directory.create_track(&owner, track, now()).await.unwrap();
    while directory.place_some(f.tenant, now()).await.unwrap() {}

    let create = async |name: &str, pool: &str| {
        let body = json!({"schemas": [USER_URN], "userName": name, COACHING_URN: {"pool": pool}});
        let made = directory
            .create_user(&owner, body, &View::default(), now())
            .await
            .unwrap();
        made.resource["id"].as_str().unwrap().to_owned()
    };
    let (any, view) = (IfMatch::default(), View::default());
    let holder = create("holder", "wanted").await;
    let waiter = create("waiter", "short").await;
    let wish = json!({"schemas": [PATCH_OP_URN], "Operations": [
        {"op": "replace", "path": format!("{COACHING_URN}:pool"), "value": "wanted"}]});
    let patched = directory.patch_user(&owner, &waiter, &any, wish, &view, now());
    patched.await.unwrap();
    let closed = json!({"state": "closed"});
    let closed = directory.change_pool(&owner, "wanted", closed, now());
    closed.await.unwrap();

    let after: Timestamp = "2026-06-20T12:00:00Z".parse().unwrap();
    let deleted = directory.delete_user(&owner, &holder, &any, after);
    deleted.await.unwrap();

    let mut session = f.store.read(f.tenant).await.unwrap();
    let member = session.members_by_email("waiter").await.unwrap().remove(0);
    let all = session.assignments_of(member.id).await.unwrap();
    let states: Vec<_> = all.iter().map(|a| a.state).collect();
    assert_eq!(states, [SeatState::Ended, SeatState::Assigned]);
    assert_eq!(member.assignment.as_ref(), all.last());
}

/// The run over the change may have passed them already.
async fn what_the_clock_begins_is_judged_by_no_older_catalog(f: Fixture) {
    f.pool(1).await;
    let directory = Directory::new(f.store.clone());
    let owner = Caller::command(f.tenant);
    let body = json!({"schemas": [USER_URN], "userName": "ada",
        COACHING_URN: {"accessStartDate": "2026-06-05"}});
    directory
        .create_user(&owner, body, &View::default(), now())
        .await
        .unwrap();
    let mut session = f.store.read(f.tenant).await.unwrap();
    let rules = directory.current_rules(&mut session).await.unwrap();
    let ada = session.members_by_email("ada").await.unwrap().remove(0);
    drop(session);

    let mut tx = f.store.begin(f.tenant).await.unwrap();
    tx.touch_catalog().await.unwrap();
    let mut ada = tx.lock_member(ada.id).await.unwrap().unwrap();
    let by = By {
        actor: "clock".into(),
        cause: "clock".into(),
    };
    let after: Timestamp = "2026-06-06T12:00:00Z".parse().unwrap();
    let mut change = Change::new(&mut tx, rules, by, after);
    let begun = change.elapse(&mut ada).await;
    assert!(
        matches!(begun, Err(Error::Store(store::Error::Again))),
        "{begun:?}"
    );
    tx.roll_back().await.unwrap();
}
