//! Sixty-four clients race for the last seats of a pool, through every way to get one, while others
//! look: never one seat too many, never one lost, and never a free seat beside somebody who waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::facts::items;
use crate::common::tenant::user;
use crate::common::{COACHING, Client, Tenant};

both_engines!(
    the_last_seats_go_to_exactly_as_many,
    nobody_waits_beside_a_seat_that_would_do,
);

const SEATS: i64 = 50;
const CLIENTS: usize = 64;

async fn the_last_seats_go_to_exactly_as_many(t: Tenant) {
    let t = Arc::new(t);
    let owner = t.admin("owner");
    let pool = json!({"key": "p", "purchased": SEATS, "termStart": "2020-01-01",
        "termEnd": "2090-12-31", "fullPolicy": "waitlist"});
    owner.post("/pools", pool).await.status(201);
    owner
        .post("/tracks", json!({"key": "t", "name": "T"}))
        .await
        .status(201);
    owner
        .post("/mappings", json!({"group": "G", "track": "t"}))
        .await
        .status(201);
    owner
        .post(
            "/mappings",
            json!({"filter": "title eq \"in\"", "track": "t"}),
        )
        .await
        .status(201);
    let policy = owner.request(reqwest::Method::PATCH, "/policy");
    policy
        .body("application/json", r#"{"graceDays": 0}"#)
        .await
        .status(200);
    let group = t.create_group("G", &[]).await.id();

    // A quarter each by create, reactivate and group; the last quarter gives seats up meanwhile.
    let mut early = Vec::new();
    for n in 0..CLIENTS {
        let (title, active) = match n % 4 {
            0 => continue,
            1 => ("in", false),
            2 => ("out", true),
            _ => ("in", true),
        };
        let body = user(
            &format!("early{n}"),
            json!({"title": title, "active": active}),
        );
        early.push((n, t.scim().post("/Users", body).await.status(201).id()));
    }

    let done = Arc::new(AtomicBool::new(false));
    let watcher = tokio::spawn(watch(t.admin("viewer"), Arc::clone(&done)));
    let mut racers = Vec::new();
    for n in (0..CLIENTS).filter(|n| n % 4 == 0) {
        let t = Arc::clone(&t);
        racers.push(tokio::spawn(async move {
            for round in 0..3 {
                let body = user(&format!("late{n}-{round}"), json!({"title": "in"}));
                t.scim().post("/Users", body).await.status(201);
            }
        }));
    }
    for (n, id) in early {
        let (t, group) = (Arc::clone(&t), group.clone());
        racers.push(tokio::spawn(async move {
            let scim = t.scim();
            let path = format!("/Users/{id}");
            match n % 4 {
                1 => {
                    let on = json!([{"op": "replace", "path": "active", "value": true}]);
                    scim.patch(&path, on).await.status(200);
                }
                2 => {
                    let join = json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
                    let reply = scim.patch(&format!("/Groups/{group}"), join).await;
                    reply.status(200);
                }
                _ => {
                    scim.delete(&path).await.status(204);
                }
            }
        }));
    }
    for racer in racers {
        racer.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    assert!(watcher.await.unwrap() > 0, "nobody looked");

    let figures = owner.get("/pools/p").await.status(200);
    // 16 by create three times each, 16 by reactivation, 16 by group.
    let wanted: i64 = 16 * 3 + 16 + 16;
    assert_eq!(figures["occupied"], SEATS, "{figures}");
    assert_eq!(figures["available"], 0, "{figures}");
    assert_eq!(figures["waitlist"], wanted - SEATS, "{figures}");
    let assigned = owner
        .get("/members?seatState=assigned&limit=500")
        .await
        .status(200);
    assert_eq!(i64::try_from(items(&assigned).len()).unwrap(), SEATS);
    let verdict = owner.get("/ledger/verify").await.status(200);
    assert_eq!(verdict["ok"], true, "{verdict}");
}

/// Looks at the pool until the race is over; answers how often.
async fn watch(viewer: Client, done: Arc<AtomicBool>) -> usize {
    let mut looks = 0;
    while !done.load(Ordering::Relaxed) {
        let p = viewer.get("/pools/p").await.status(200);
        let n = |key: &str| p[key].as_i64().unwrap_or_default();
        assert_eq!(n("purchased"), SEATS, "{p}");
        assert_eq!(
            n("available") + n("occupied") + n("grace") + n("scheduled"),
            SEATS,
            "{p}"
        );
        assert!(
            n("available") == 0 || n("waitlist") == 0,
            "a free seat beside a waiter: {p}"
        );
        looks += 1;
    }
    looks
}

/// Whoever wants `first` may have `spare`, others want `spare` alone, and holders of either leave:
/// no look ever finds a free seat beside somebody whom it would serve.
async fn nobody_waits_beside_a_seat_that_would_do(t: Tenant) {
    let t = Arc::new(t);
    let owner = t.admin("owner");
    for (key, fallback) in [("spare", None), ("first", Some("spare"))] {
        let pool = json!({"key": key, "purchased": 8, "termStart": "2020-01-01",
            "termEnd": "2090-12-31", "fallbackPool": fallback});
        owner.post("/pools", pool).await.status(201);
    }
    let track = json!({"key": "t", "name": "T", "default": true});
    owner.post("/tracks", track).await.status(201);
    // So many leave at once that their seats would be held.
    let patch = owner.request(reqwest::Method::PATCH, "/policy");
    let many = json!({"breakerAbsolute": 100}).to_string();
    patch.body("application/json", many).await.status(200);
    let hire = |name: String, pool: &str| {
        let body = user(&name, json!({COACHING: {"pool": pool}}));
        let request = t.scim().post("/Users", body);
        async move { request.await.status(201).id() }
    };
    let mut holders = Vec::new();
    for n in 0..24 {
        holders.push(hire(format!("early{n}"), ["first", "spare"][n % 2]).await);
    }
    let done = Arc::new(AtomicBool::new(false));
    let watcher = tokio::spawn(watch_both(t.admin("viewer"), Arc::clone(&done)));
    let mut racers = Vec::new();
    for (n, id) in holders.into_iter().enumerate() {
        let (scim, pool) = (t.scim(), ["first", "first", "spare"][n % 3]);
        let newcomer = hire(format!("late{n}"), pool);
        racers.push(tokio::spawn(async move {
            let leaves = scim.delete(&format!("/Users/{id}")).into_future();
            let (left, _) = tokio::join!(leaves, newcomer);
            left.status(204);
        }));
    }
    for racer in racers {
        racer.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    assert!(watcher.await.unwrap() > 0, "nobody looked");
    let pools = owner.get("/pools").await.status(200);
    let sum = |key: &str| {
        let of = items(&pools).iter().map(|p| p[key].as_i64().unwrap());
        of.sum::<i64>()
    };
    // Of 24 newcomers 16 have a seat; whoever waits wants a pool that is full.
    assert_eq!((sum("occupied"), sum("waitlist")), (16, 8), "{pools}");
    let verdict = owner.get("/ledger/verify").await.status(200);
    assert_eq!(verdict["ok"], true, "{verdict}");
}

async fn watch_both(viewer: Client, done: Arc<AtomicBool>) -> usize {
    let mut looks = 0;
    while !done.load(Ordering::Relaxed) {
        let pools = viewer.get("/pools").await.status(200);
        let n = |at: usize, key: &str| items(&pools)[at][key].as_i64().unwrap();
        let (first, spare) = (0, 1);
        assert!(
            n(first, "available") == 0 || n(first, "waitlist") == 0,
            "a free seat beside a waiter: {pools}"
        );
        assert!(
            n(spare, "available") == 0 || n(first, "waitlist") + n(spare, "waitlist") == 0,
            "a free seat beside a waiter whom it would serve: {pools}"
        );
        looks += 1;
    }
    looks
}
