//! Several servers on one PostgreSQL.

use jiff::SignedDuration;
use seatkeeper::clock::Clock;
use serde_json::json;

use crate::common::tenant::user;
use crate::common::{COACHING, Client, Engine, Server, Tenant, run_alone};

#[test]
fn replicas_share_seats_and_do_timed_work_once() {
    run_alone(Engine::Postgres, share);
}

#[test]
fn what_one_replica_decides_holds_on_the_other_at_once() {
    run_alone(Engine::Postgres, decide);
}

/// Two servers on one database and one clock, and a tenant of theirs as each sees it.
async fn two(engine: Engine) -> (Server, Server, Tenant, Tenant) {
    let clock = Clock::fixed_at("2026-03-01T09:00:00Z".parse().unwrap());
    let first = Server::start(engine, clock.clone()).await;
    let second = first.replica().await;
    let tenant = first.new_tenant();
    let same = tenant.at(second.address);
    (first, second, tenant, same)
}

async fn set_up(owner: &Client, seats: i64) {
    let pool =
        json!({"key": "p", "purchased": seats, "termStart": "2026-01-01", "termEnd": "2027-12-31"});
    owner.post("/pools", pool).await.status(201);
    owner
        .post("/tracks", json!({"key": "t", "name": "T", "default": true}))
        .await
        .status(201);
}

async fn share(engine: Engine) {
    let (first, second, one, other) = two(engine).await;
    let owner = one.admin("owner");
    set_up(&owner, 20).await;
    let clients = [one.scim(), other.scim()];
    let creates = (0..30).map(|n| {
        let client = clients[n % 2].clone();
        let dates = json!({COACHING: {"accessEndDate": "2026-03-10"}});
        tokio::spawn(async move {
            client
                .post("/Users", user(&format!("u{n}"), dates))
                .await
                .status(201);
        })
    });
    for create in creates.collect::<Vec<_>>() {
        create.await.unwrap();
    }
    let pool = owner.get("/pools/p").await.status(200);
    assert_eq!(
        (&pool["occupied"], &pool["waitlist"]),
        (&json!(20), &json!(10)),
        "{pool}"
    );

    // Both replicas' jobs wake and find the same ends due.
    first.clock.advance(SignedDuration::from_hours(24 * 20));
    for _ in 0..100 {
        let ended = owner
            .get("/ledger?action=access.ended&limit=500")
            .await
            .status(200);
        if ended["items"].as_array().unwrap().len() >= 30 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let ended = owner
        .get("/ledger?action=access.ended&limit=500")
        .await
        .status(200);
    assert_eq!(ended["items"].as_array().unwrap().len(), 30, "{ended}");
    let pool = other.admin("owner").get("/pools/p").await.status(200);
    assert_eq!(
        (&pool["available"], &pool["waitlist"]),
        (&json!(20), &json!(0)),
        "{pool}"
    );
    let verdict = owner.get("/ledger/verify").await.status(200);
    assert_eq!(verdict["ok"], true, "{verdict}");
    drop((first, second));
}

async fn decide(engine: Engine) {
    let (_first, _second, one, other) = two(engine).await;
    let owner = one.admin("owner");
    set_up(&owner, 5).await;
    let wish = json!({COACHING: {"track": "new"}});
    other
        .scim()
        .post("/Users", user("a", wish.clone()))
        .await
        .error(400, "invalidValue");
    owner
        .post("/tracks", json!({"key": "new", "name": "New"}))
        .await
        .status(201);
    let made = other
        .scim()
        .post("/Users", user("a", wish))
        .await
        .status(201);
    let member = owner
        .get(&format!("/members/{}", made.id()))
        .await
        .status(200);
    assert_eq!(member["track"], "new", "{member}");
}
