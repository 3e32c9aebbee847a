//! Sixty-four clients at once, each with another way to take, move, keep or give up a seat: creates,
//! transfers, extensions, pauses, ends, plans that are applied, files, purchases, promotions, and a
//! breaker that is restored. Whatever comes first, every invariant holds after it, and no look finds
//! one seat too many or a free one beside somebody who waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::books::Books;
use super::facts::{Facts, items, number};
use super::invariants;
use super::trail::Trail;
use super::waiting;
use crate::common::tenant::user;
use crate::common::{COACHING, Client, Engine, Reply, Server, Tenant};

both_engines_alone!(every_way_to_a_seat_at_once);

const CLIENTS: usize = 64;
/// Seats in each of the two pools.
const SEATS: i64 = 24;

/// Clients of one tenant.
#[derive(Clone)]
struct Desk {
    tenant: Arc<Tenant>,
    owner: Client,
    scim: Client,
}

async fn every_way_to_a_seat_at_once(engine: Engine) {
    let server = Server::start(engine, seatkeeper::clock::Clock::system()).await;
    let tenant = Arc::new(server.new_tenant());
    let desk = Desk {
        owner: tenant.admin("owner"),
        scim: tenant.scim(),
        tenant,
    };
    desk.furnish().await;
    let holders = desk.holders().await;
    desk.trip().await;
    let plans = [
        desk.plan(json!({"kind": "end", "members": &holders[32..36], "reason": "declined"})),
        desk.plan(
            json!({"kind": "transfer", "members": &holders[36..40], "track": "s",
            "pool": "q", "wait": true}),
        ),
        desk.plan(json!({"kind": "extend", "members": &holders[0..8], "addDays": 30})),
    ];
    let [ends, moves, extends] = plans;
    let plans = vec![ends.await, moves.await, extends.await];

    let mut trail = Trail::default();
    trail.note(&desk.owner).await;
    let done = Arc::new(AtomicBool::new(false));
    let watcher = tokio::spawn(watch(desk.tenant.admin("viewer"), Arc::clone(&done)));
    let mut racers = Vec::new();
    for n in 0..CLIENTS {
        let (desk, plans) = (desk.clone(), plans.clone());
        let holder = holders[n % holders.len()].clone();
        racers.push(tokio::spawn(
            async move { desk.race(n, &holder, &plans).await },
        ));
    }
    for racer in racers {
        racer.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    assert!(watcher.await.unwrap() > 0, "nobody looked");

    desk.all_are_placed().await;
    let books = Books::open(engine, &server.database_url).await;
    let tenant = books.tenant(&desk.tenant.name).await;
    let now = server.clock.now();
    let facts = Facts::read(&desk.owner, &desk.scim, now, (&books, tenant)).await;
    invariants::check(&facts);
    books.nothing_that_must_never_be(tenant).await;
    waiting::invariant_7_nobody_waits_beside_a_seat_that_would_do(&facts, &desk.owner).await;
    trail.invariant_10_lines_never_change(&desk.owner).await;
    let all_out = facts
        .pools
        .iter()
        .all(|pool| number(pool, "available") == 0);
    assert!(
        all_out,
        "more want a seat than there are: {:?}",
        facts.pools
    );
    for member in &facts.members {
        let restored = member["userName"].as_str().unwrap().starts_with("cut");
        assert!(
            !restored || member["identityState"] == "active",
            "the breaker was restored: {member}"
        );
    }
}

impl Desk {
    async fn furnish(&self) {
        for key in ["p", "q"] {
            let pool = json!({"key": key, "purchased": SEATS, "termStart": "2020-01-01",
                "termEnd": "2090-12-31"});
            self.owner.post("/pools", pool).await.status(201);
        }
        for key in ["t", "s"] {
            let track = json!({"key": key, "name": key, "default": key == "t"});
            self.owner.post("/tracks", track).await.status(201);
        }
        let policy = json!({"breakerAbsolute": 3, "breakerPercent": 0});
        self.patch("/policy", policy).await.status(200);
    }

    async fn patch(&self, path: &str, body: Value) -> Reply {
        let request = self.owner.request(reqwest::Method::PATCH, path);
        request.body("application/json", body.to_string()).await
    }

    /// Forty who hold all of one pool and most of the other, by the identifiers of members.
    async fn holders(&self) -> Vec<String> {
        let mut all = Vec::new();
        for n in 0..40 {
            let pool = if n < 24 { "p" } else { "q" };
            let wish = json!({"pool": pool, "accessEndDate": "2080-01-01"});
            let body = user(&format!("early{n}"), json!({COACHING: wish}));
            let made = self.scim.post("/Users", body).await.status(201);
            let member = self.owner.get(&format!("/members/{}", made.id())).await;
            all.push(member.status(200).id());
        }
        all
    }

    /// The identity provider turns off one too many, whose seats are held.
    async fn trip(&self) {
        let mut cut = Vec::new();
        for n in 0..5 {
            let body = json!({"active": true, COACHING: {"pool": "q"}});
            let made = self.scim.post("/Users", user(&format!("cut{n}"), body));
            cut.push(made.await.status(201).id());
        }
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        for id in cut {
            let path = format!("/Users/{id}");
            self.scim.patch(&path, off.clone()).await.status(200);
        }
        let all = self.owner.get("/connections").await.status(200);
        all.holds("/items/0/breaker/state", "tripped");
    }

    async fn plan(&self, body: Value) -> (String, String) {
        let plan = self.owner.post("/plans", body).await.status(201);
        let plan = plan.holds("/state", "approved");
        (plan.id(), plan.string("/hash"))
    }

    /// Purchases place people behind.
    async fn all_are_placed(&self) {
        for _ in 0..1000 {
            let runs = self.owner.get("/placements").await.status(200);
            if items(&runs).iter().all(|run| !run["finishedAt"].is_null()) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("runs do not end");
    }

    /// What one of the clients does.
    async fn race(&self, n: usize, holder: &str, plans: &[(String, String)]) {
        let verb = |verb: &str| format!("/members/{holder}/{verb}");
        match n % 16 {
            0..=3 => {
                for round in 0..2 {
                    let pool = [Some("p"), None, Some("q")][(n + round) % 3];
                    let wish = pool.map_or(json!({}), |pool| json!({COACHING: {"pool": pool}}));
                    let body = user(&format!("late{n}-{round}"), wish);
                    self.scim.post("/Users", body).await.status(201);
                }
            }
            4..=6 => {
                let body = json!({"track": (["s", "t"][n % 2]), "pool": (["p", "q"][n / 2 % 2]),
                    "wait": n % 3 == 0});
                may_be_refused(&self.owner.post(&verb("transfer"), body).await);
            }
            7 | 8 => {
                let body = json!({"addDays": 10 + n});
                may_be_refused(&self.owner.post(&verb("extend"), body).await);
            }
            9 => {
                may_be_refused(&self.owner.post(&verb("pause"), json!({})).await);
                may_be_refused(&self.owner.post(&verb("resume"), json!({})).await);
            }
            10 => {
                let body = json!({"reason": "role_change"});
                self.owner.post(&verb("end"), body).await.status(200);
            }
            11 => {
                let (id, hash) = &plans[n / 16 % plans.len()];
                let path = format!("/plans/{id}/apply");
                let applied = self.owner.post(&path, json!({"hash": hash})).await;
                applied.status(200);
            }
            12 | 13 => self.import(n).await,
            14 => {
                let body = json!({"purchased": SEATS + i64::try_from(n / 16).unwrap()});
                may_be_refused(&self.patch("/pools/p", body).await);
                self.owner
                    .post("/waitlist/promote", json!({}))
                    .await
                    .status(200);
            }
            _ => {
                let restore = json!({"action": "restore"});
                let path = "/connections/default/breaker";
                may_be_refused(&self.owner.post(path, restore).await);
            }
        }
    }

    /// Four who are new, sent twice.
    async fn import(&self, n: usize) {
        let mut file = "email,worker_id,pool,track,access_end\n".to_owned();
        for row in 0..4 {
            let pool = ["p", "q", ""][row % 3];
            file += &format!("row{n}-{row}@acme.example,r{n}-{row},{pool},,2070-01-01\n");
        }
        let path = "/imports?dryRun=false";
        for _ in 0..2 {
            let request = self.owner.request(reqwest::Method::POST, path);
            let done = request.body("text/csv", file.clone()).await.status(201);
            done.holds("/failed", 0);
        }
    }
}

/// Refused because of what another has done before; never by a fault.
fn may_be_refused(reply: &Reply) {
    assert!([200, 409].contains(&reply.status), "{reply}");
}

/// Looks at the pools until the race is over; answers how often.
async fn watch(viewer: Client, done: Arc<AtomicBool>) -> usize {
    let mut looks = 0;
    while !done.load(Ordering::Relaxed) {
        let pools = viewer.get("/pools").await.status(200);
        let waits: i64 = items(&pools).iter().map(|p| number(p, "waitlist")).sum();
        for pool in items(&pools) {
            let accounts = ["available", "occupied", "grace", "scheduled", "coolingDown"];
            let sum: i64 = accounts.iter().map(|of| number(pool, of)).sum();
            assert_eq!(sum, number(pool, "purchased"), "{pools}");
            assert!(
                number(pool, "available") == 0 || number(pool, "waitlist") == 0,
                "a free seat beside a waiter ({waits} wait): {pools}"
            );
        }
        looks += 1;
    }
    looks
}
