//! Random histories of what identity providers, operators and the clock do, with the invariants
//! checked after every step. A history that fails is cut down before it is shown.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use seatkeeper::clock::Clock;
use serde_json::{Value, json};

use super::invariants::{self, Standing};
use crate::common::tenant::user;
use crate::common::{COACHING, Engine, Server, Tenant};

both_engines_alone!(random_histories_keep_the_invariants);

const PEOPLE: usize = 7;
const STEPS: std::ops::Range<usize> = 8..30;

/// One thing that happens. People and groups are numbers.
#[derive(Debug, Clone)]
enum Step {
    Create {
        who: usize,
        track: Option<&'static str>,
        starts_in: Option<i64>,
        ends_in: Option<i64>,
    },
    Active {
        who: usize,
        active: bool,
    },
    EndDate {
        who: usize,
        ends_in: Option<i64>,
    },
    Track {
        who: usize,
        track: Option<&'static str>,
    },
    Title {
        who: usize,
        title: &'static str,
    },
    Delete {
        who: usize,
    },
    Join {
        who: usize,
    },
    Leave {
        who: usize,
    },
    End {
        who: usize,
    },
    Extend {
        who: usize,
        days: i64,
    },
    Buy {
        pool: &'static str,
        seats: i64,
    },
    Tell {
        who: usize,
        kind: &'static str,
        hours_ago: i64,
    },
    Wait {
        hours: i64,
    },
}

/// What the coaching platform may tell.
const TOLD: [&str; 6] = [
    "account.activated",
    "onboarding.completed",
    "session.scheduled",
    "session.completed",
    "reflection.assigned",
    "reflection.completed",
];

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..PEOPLE;
    let track = || prop::option::of(prop::sample::select(vec!["lead", "sales"]));
    let days = || prop::option::of(prop::sample::select(vec![-2_i64, 1, 3, 10]));
    prop_oneof![
        6 => (who(), track(), prop::option::of(1..6_i64), days())
            .prop_map(|(who, track, starts_in, ends_in)| Step::Create { who, track, starts_in, ends_in }),
        4 => (who(), any::<bool>()).prop_map(|(who, active)| Step::Active { who, active }),
        2 => (who(), days()).prop_map(|(who, ends_in)| Step::EndDate { who, ends_in }),
        2 => (who(), track()).prop_map(|(who, track)| Step::Track { who, track }),
        1 => (who(), prop::sample::select(vec!["a", "b"])).prop_map(|(who, title)| Step::Title { who, title }),
        2 => who().prop_map(|who| Step::Delete { who }),
        2 => who().prop_map(|who| Step::Join { who }),
        2 => who().prop_map(|who| Step::Leave { who }),
        2 => who().prop_map(|who| Step::End { who }),
        1 => (who(), 1..40_i64).prop_map(|(who, days)| Step::Extend { who, days }),
        1 => (prop::sample::select(vec!["a", "b"]), 0..3_i64).prop_map(|(pool, seats)| Step::Buy { pool, seats }),
        3 => (who(), prop::sample::select(TOLD.to_vec()), 0..200_i64)
            .prop_map(|(who, kind, hours_ago)| Step::Tell { who, kind, hours_ago }),
        4 => prop::sample::select(vec![1_i64, 30, 80]).prop_map(|hours| Step::Wait { hours }),
    ]
}

async fn random_histories_keep_the_invariants(engine: Engine) {
    let server = Server::start(
        engine,
        Clock::fixed_at("2026-03-01T09:00:00Z".parse().unwrap()),
    )
    .await;
    let server = std::sync::Arc::new(server);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed());
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let histories = prop::collection::vec(step(), STEPS);
    let count = std::env::var("SEATKEEPER_TEST_HISTORIES")
        .ok()
        .and_then(|n| n.parse().ok());
    for _ in 0..count.unwrap_or(8) {
        let mut tree = histories.new_tree(&mut runner).unwrap();
        if lived(&server, tree.current()).await {
            continue;
        }
        let mut smallest = tree.current();
        for _ in 0..30 {
            if !tree.simplify() {
                break;
            }
            while !lived(&server, tree.current()).await {
                smallest = tree.current();
                if !tree.simplify() {
                    break;
                }
            }
            if !tree.complicate() {
                break;
            }
        }
        panic!("this history breaks an invariant (see above): {smallest:#?}");
    }
}

/// The same histories in every run, unless `SEATKEEPER_TEST_SEED` is another number or `random`:
/// whoever looks for new ones says so, and sees which they were.
fn seed() -> [u8; 32] {
    let number = match std::env::var("SEATKEEPER_TEST_SEED").as_deref() {
        Ok("random") => Timestamp::now().as_nanosecond(),
        Ok(number) => number
            .parse()
            .expect("SEATKEEPER_TEST_SEED is a number or `random`"),
        Err(_) => 1,
    };
    println!("SEATKEEPER_TEST_SEED={number}");
    let mut seed = [7; 32];
    seed[..16].copy_from_slice(&number.to_le_bytes());
    seed
}

/// Lets a history happen to a new tenant; answers whether every invariant held.
async fn lived(server: &std::sync::Arc<Server>, steps: Vec<Step>) -> bool {
    let server = std::sync::Arc::clone(server);
    tokio::spawn(async move { World::new(&server).await.live(&steps).await })
        .await
        .is_ok()
}

struct World<'s> {
    server: &'s Server,
    tenant: Tenant,
    group: String,
    ids: BTreeMap<usize, String>,
}

impl<'s> World<'s> {
    async fn new(server: &'s Server) -> Self {
        let tenant = server.new_tenant();
        let owner = tenant.admin("owner");
        let now = server.clock.now();
        for (key, purchased, policy) in [("a", 2, "waitlist"), ("b", 1, "overage")] {
            let pool = json!({"key": key, "purchased": purchased, "termStart": day(now, -5),
                "termEnd": day(now, 400), "fullPolicy": policy, "overageLimit": i64::from(policy == "overage")});
            owner.post("/pools", pool).await.status(201);
        }
        for (key, default) in [("lead", true), ("sales", false)] {
            owner
                .post(
                    "/tracks",
                    json!({"key": key, "name": key, "default": default}),
                )
                .await
                .status(201);
        }
        let rule = json!({"group": "G", "track": "sales", "pool": "b", "priority": 1});
        owner.post("/mappings", rule).await.status(201);
        owner
            .request(reqwest::Method::PATCH, "/policy")
            .body("application/json", r#"{"graceDays": 2}"#)
            .await
            .status(200);
        let group = tenant.create_group("G", &[]).await.id();
        Self {
            server,
            tenant,
            group,
            ids: BTreeMap::new(),
        }
    }

    async fn live(mut self, steps: &[Step]) {
        let owner = self.tenant.admin("owner");
        let mut before = invariants::check(&owner, &self.today()).await;
        for step in steps {
            self.take(step).await;
            let after = invariants::check(&owner, &self.today()).await;
            Self::nobody_was_evicted(step, &before, &after);
            before = after;
            if !matches!(
                step,
                Step::Wait { .. } | Step::Extend { .. } | Step::Buy { .. }
            ) {
                self.take(step).await;
                let again = invariants::check(&owner, &self.today()).await;
                assert!(
                    matches!(step, Step::Create { .. } | Step::Delete { .. }) || again == before,
                    "9: the same request twice is not the same as once: {step:?}"
                );
                before = again;
            }
        }
    }

    /// Invariant 6: whoever had access still has, unless the step was about them.
    fn nobody_was_evicted(step: &Step, before: &Standing, after: &Standing) {
        let lost: Vec<_> = before.assigned.difference(&after.assigned).collect();
        let allowed = match step {
            Step::Create { .. }
            | Step::Title { .. }
            | Step::Buy { .. }
            | Step::Extend { .. }
            | Step::Tell { .. } => 0,
            Step::Wait { .. } => usize::MAX,
            _ => 1,
        };
        assert!(lost.len() <= allowed, "6: {lost:?} lost a seat by {step:?}");
    }

    fn today(&self) -> String {
        day(self.server.clock.now(), 0)
    }

    async fn take(&mut self, step: &Step) {
        let scim = self.tenant.scim();
        let owner = self.tenant.admin("owner");
        let now = self.server.clock.now();
        let path = |who: &usize| self.ids.get(who).map(|id| format!("/Users/{id}"));
        match step {
            Step::Create {
                who,
                track,
                starts_in,
                ends_in,
            } => {
                let mut wish = json!({"workerId": format!("w{who}")});
                for (key, value) in [
                    ("track", track.map(Value::from)),
                    ("accessStartDate", starts_in.map(|n| day(now, n).into())),
                    ("accessEndDate", ends_in.map(|n| day(now, n).into())),
                ] {
                    if let Some(value) = value {
                        wish[key] = value;
                    }
                }
                let body = user(
                    &format!("u{who}"),
                    json!({"externalId": format!("e{who}"), COACHING: wish}),
                );
                let reply = scim.post("/Users", body).await;
                if self.ids.contains_key(who) {
                    reply.error(409, "uniqueness");
                } else {
                    let id = reply.status(201).id();
                    self.ids.insert(*who, id);
                }
            }
            Step::Active { who, active } => {
                self.patch(
                    path(who),
                    json!([{"op": "replace", "path": "active", "value": active}]),
                )
                .await;
            }
            Step::EndDate { who, ends_in } => {
                let value = ends_in.map_or("none".to_owned(), |n| day(now, n));
                let path_of = format!("{COACHING}:accessEndDate");
                self.patch(
                    path(who),
                    json!([{"op": "replace", "path": path_of, "value": value}]),
                )
                .await;
            }
            Step::Track { who, track } => {
                let value = track.unwrap_or("");
                let path_of = format!("{COACHING}:track");
                self.patch(
                    path(who),
                    json!([{"op": "replace", "path": path_of, "value": value}]),
                )
                .await;
            }
            Step::Title { who, title } => {
                self.patch(
                    path(who),
                    json!([{"op": "replace", "path": "title", "value": title}]),
                )
                .await;
            }
            Step::Delete { who } => {
                if let Some(id) = self.ids.remove(who) {
                    scim.delete(&format!("/Users/{id}")).await.status(204);
                }
            }
            Step::Join { who } | Step::Leave { who } => {
                let Some(id) = self.ids.get(who) else { return };
                let op = if matches!(step, Step::Join { .. }) {
                    json!([{"op": "add", "path": "members", "value": [{"value": id}]}])
                } else {
                    json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}])
                };
                scim.patch(&format!("/Groups/{}", self.group), op)
                    .await
                    .status(200);
            }
            Step::End { who } => {
                if let Some(id) = self.ids.get(who) {
                    let reason = json!({"reason": "role_change"});
                    owner
                        .post(&format!("/members/{id}/end"), reason)
                        .await
                        .status(200);
                }
            }
            Step::Extend { who, days } => {
                if let Some(id) = self.ids.get(who) {
                    // Refused for whoever has no seat to extend or for a pool that ends before.
                    let reply = owner
                        .post(&format!("/members/{id}/extend"), json!({"addDays": days}))
                        .await;
                    assert!(reply.status < 500, "{reply}");
                }
            }
            Step::Buy { pool, seats } => {
                let figures = owner.get(&format!("/pools/{pool}")).await.status(200);
                let purchased = figures["purchased"].as_i64().unwrap() + seats - 1;
                let body = json!({"purchased": purchased.max(0)}).to_string();
                let reply = owner
                    .request(reqwest::Method::PATCH, &format!("/pools/{pool}"))
                    .body("application/json", body)
                    .await;
                // Fewer than are in use is refused.
                assert!([200, 409].contains(&reply.status), "{reply}");
            }
            Step::Tell {
                who,
                kind,
                hours_ago,
            } => {
                if let Some(id) = self.ids.get(who) {
                    self.tell(id, kind, now - SignedDuration::from_hours(*hours_ago))
                        .await;
                }
            }
            Step::Wait { hours } => self
                .server
                .clock
                .advance(SignedDuration::from_hours(*hours)),
        }
    }

    /// Invariant 11: nothing that is told changes the resource or its version.
    async fn tell(&self, id: &str, kind: &str, at: Timestamp) {
        let path = format!("/Users/{id}");
        let before = self.tenant.scim().get(&path).await.status(200);
        let hour = at.as_second() / 3600 * 3600;
        let at = Timestamp::from_second(hour).unwrap();
        let event = json!({"id": format!("{id} {kind} {hour}"), "type": kind, "member": id,
            "occurredAt": at, "sessionId": "s", "startsAt": at, "reflectionId": "r"});
        let owner = self.tenant.admin("owner");
        let told = owner.post("/events", event).await.status(200);
        told.holds("/refused", 0);
        let after = self.tenant.scim().get(&path).await.status(200);
        assert_eq!(before.json, after.json, "11: {kind} changed the resource");
    }

    async fn patch(&self, path: Option<String>, operations: Value) {
        if let Some(path) = path {
            self.tenant
                .scim()
                .patch(&path, operations)
                .await
                .status(200);
        }
    }
}

fn day(now: Timestamp, days: i64) -> String {
    let at = now + SignedDuration::from_hours(24 * days);
    at.to_string().chars().take(10).collect()
}
