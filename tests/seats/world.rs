//! A tenant to which a history happens, and what must hold after each step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::acts::Pins;
use super::invariants::{self, Standing, items};
use super::step::Step;
use crate::common::tenant::user;
use crate::common::{COACHING, Client, Reply, Server, Tenant};

pub(super) struct World<'s> {
    pub(super) server: &'s Server,
    tenant: Tenant,
    group: String,
    pub(super) ids: BTreeMap<usize, String>,
    /// What they want: track and pool.
    wishes: BTreeMap<usize, (Option<&'static str>, Option<&'static str>)>,
    /// What operators have pinned: track, pool, and when the pin of the pool runs out.
    pub(super) pins: BTreeMap<usize, Pins>,
    /// Who is in the group.
    pub(super) grouped: BTreeSet<usize>,
    /// Who goes by their second name.
    renamed: BTreeSet<usize>,
}

impl<'s> World<'s> {
    pub(super) async fn new(server: &'s Server) -> Self {
        let tenant = server.new_tenant();
        let owner = tenant.admin("owner");
        let now = server.clock.now();
        for (key, purchased, rest) in [
            ("c", 1, json!({"cooldownDays": 2})),
            ("a", 2, json!({"fallbackPool": "c"})),
            ("b", 1, json!({"fullPolicy": "overage", "overageLimit": 1})),
            ("d", 1, json!({"state": "draft"})),
            ("r", 1, json!({"fullPolicy": "reject"})),
        ] {
            let mut pool = json!({"key": key, "purchased": purchased,
                "termStart": day(now, -5), "termEnd": day(now, 400)});
            pool.as_object_mut()
                .unwrap()
                .extend(rest.as_object().unwrap().clone());
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
            .body(
                "application/json",
                r#"{"graceDays": 2, "approveErasing": false}"#,
            )
            .await
            .status(200);
        let group = tenant.create_group("G", &[]).await.id();
        Self {
            server,
            tenant,
            group,
            ids: BTreeMap::new(),
            wishes: BTreeMap::new(),
            pins: BTreeMap::new(),
            grouped: BTreeSet::new(),
            renamed: BTreeSet::new(),
        }
    }

    pub(super) async fn live(mut self, steps: &[Step]) {
        let owner = self.tenant.admin("owner");
        let mut before = self.check(&owner).await;
        for step in steps {
            let refused = self.take(step).await;
            let after = self.check(&owner).await;
            Self::nobody_was_evicted(step, &before, &after);
            before = after;
            let once = matches!(step, Step::Wait { .. } | Step::Extend { .. });
            if !once && !refused && !step.is_about_pools() {
                self.take(step).await;
                let again = self.check(&owner).await;
                assert!(
                    matches!(
                        step,
                        Step::Create { .. } | Step::Rehire { .. } | Step::Delete { .. }
                    ) || again == before,
                    "9: the same request twice is not the same as once: {step:?}"
                );
                before = again;
            }
        }
    }

    async fn check(&self, owner: &Client) -> Standing {
        let standing = invariants::check(owner, &day(self.server.clock.now(), 0)).await;
        self.nobody_waits_beside_a_seat(owner).await;
        standing
    }

    /// Invariant 7 for every pool that would do: worked out here from what people want, not from
    /// what the server says of its lines.
    async fn nobody_waits_beside_a_seat(&self, owner: &Client) {
        let pools = owner.get("/pools").await.status(200);
        let waiting = owner.get("/members?seatState=waitlisted&limit=500").await;
        let waiting = waiting.status(200);
        let pool = |key: &str| items(&pools).iter().find(|p| p["key"] == key).unwrap();
        for member in items(&waiting) {
            let name = member["userName"].as_str().unwrap();
            let who: usize = name.trim_start_matches('u').parse().unwrap();
            let mut would_do = match self.named(who).filter(|key| pool(key)["state"] == "live") {
                Some(key) => vec![key.to_owned()],
                None => ["a", "b", "c", "d", "r"].map(str::to_owned).to_vec(),
            };
            if would_do.iter().any(|key| key == "a")
                && let Some(fallback) = pool("a")["fallbackPool"].as_str()
            {
                would_do.push(fallback.to_owned());
            }
            for pool in would_do.iter().map(|key| pool(key)) {
                let may_lend = pool["fullPolicy"] == "overage"
                    && pool["overage"].as_i64() < pool["overageLimit"].as_i64();
                let has_room = pool["available"] != 0 || may_lend;
                assert!(
                    pool["state"] != "live" || !has_room,
                    "7: {name} waits beside a seat that would do\n{pool}\n{member}"
                );
            }
        }
    }

    /// The pool somebody wants for itself: their own wish, or the rule's.
    fn named(&self, who: usize) -> Option<&'static str> {
        let (track, pool) = self.wishes.get(&who).copied().unwrap_or_default();
        let pins = self.pins.get(&who).copied().unwrap_or_default();
        let now = self.server.clock.now();
        let pinned = pins
            .pool
            .filter(|(_, until)| until.is_none_or(|at| at > now));
        let (track, pool) = (pins.track.or(track), pinned.map(|(key, _)| key).or(pool));
        let by_rule = self.grouped.contains(&who) && track != Some("lead");
        pool.or(by_rule.then_some("b"))
    }

    /// Invariant 6: whoever had access still has, unless the step was about them.
    fn nobody_was_evicted(step: &Step, before: &Standing, after: &Standing) {
        let lost: Vec<_> = before.assigned.difference(&after.assigned).collect();
        let allowed = match step {
            Step::Create { .. }
            | Step::Rehire { .. }
            | Step::Title { .. }
            | Step::Extend { .. }
            | Step::Tell { .. } => 0,
            Step::Pause { .. } | Step::Resume { .. } | Step::Transfer { .. } | Step::Pin { .. } => {
                0
            }
            step if step.is_about_pools() => 0,
            Step::Wait { .. } => usize::MAX,
            _ => 1,
        };
        assert!(lost.len() <= allowed, "6: {lost:?} lost a seat by {step:?}");
    }

    /// Lets it happen; answers whether it was refused.
    async fn take(&mut self, step: &Step) -> bool {
        let scim = self.tenant.scim();
        let owner = self.tenant.admin("owner");
        let now = self.server.clock.now();
        let path = |who: &usize| self.ids.get(who).map(|id| format!("/Users/{id}"));
        match step {
            Step::Create {
                who,
                track,
                pool,
                starts_in,
                ends_in,
            } => {
                let mut wish = json!({"workerId": format!("w{who}")});
                for (key, value) in [
                    ("track", track.map(Value::from)),
                    ("pool", pool.map(Value::from)),
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
                // What is no value is refused before anything else.
                if reply.status != 400 && self.ids.contains_key(who) {
                    reply.error(409, "uniqueness");
                } else {
                    if Self::refused(&reply, *pool) {
                        return true;
                    }
                    let id = reply.status(201).id();
                    self.ids.insert(*who, id);
                    self.renamed.remove(who);
                    self.wishes.insert(*who, (*track, *pool));
                }
            }
            Step::Rehire { who, pool } => return self.rehire(*who, *pool, &owner).await,
            Step::Active { who, active } => {
                let Some(path) = path(who) else { return false };
                let on = json!([{"op": "replace", "path": "active", "value": active}]);
                let reply = scim.patch(&path, on).await;
                if Self::refused(&reply, self.named(*who)) {
                    return true;
                }
                reply.status(200);
            }
            Step::Pool { who, pool } => {
                let Some(path) = path(who) else { return false };
                let wish = json!([{"op": "replace", "path": format!("{COACHING}:pool"),
                                   "value": pool.unwrap_or("")}]);
                let reply = scim.patch(&path, wish).await;
                if reply.status == 400 {
                    assert_eq!(*pool, Some("c"), "only c is ever closed\n{reply}");
                    return true;
                }
                reply.status(200);
                if let Some(wish) = self.wishes.get_mut(who) {
                    wish.1 = *pool;
                }
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
                if let Some(wish) = self.wishes.get_mut(who) {
                    wish.0 = *track;
                }
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
                    self.grouped.remove(who);
                    self.pins.remove(who);
                }
            }
            Step::Join { who } | Step::Leave { who } => {
                let Some(id) = self.ids.get(who) else {
                    return false;
                };
                let op = if matches!(step, Step::Join { .. }) {
                    json!([{"op": "add", "path": "members", "value": [{"value": id}]}])
                } else {
                    json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}])
                };
                scim.patch(&format!("/Groups/{}", self.group), op)
                    .await
                    .status(200);
                if matches!(step, Step::Join { .. }) {
                    self.grouped.insert(*who);
                } else {
                    self.grouped.remove(who);
                }
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
            Step::Pause { .. }
            | Step::Resume { .. }
            | Step::Transfer { .. }
            | Step::Pin { .. }
            | Step::Turn { .. }
            | Step::Erase { .. } => return self.act(step, &owner).await,
            Step::Buy { pool, seats } => {
                let figures = owner.get(&format!("/pools/{pool}")).await.status(200);
                let purchased = figures["purchased"].as_i64().unwrap() + seats - 1;
                let body = json!({"purchased": purchased.max(0)});
                return self.change_pool(&owner, pool, body).await;
            }
            Step::Reserve { pool, seats } => {
                return self
                    .change_pool(&owner, pool, json!({"reserved": seats}))
                    .await;
            }
            Step::Open { pool, open } => {
                let state = if *open { "live" } else { "closed" };
                return self
                    .change_pool(&owner, pool, json!({"state": state}))
                    .await;
            }
            Step::Fallback { pool } => {
                return self
                    .change_pool(&owner, "a", json!({"fallbackPool": pool}))
                    .await;
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
        false
    }

    /// The name of somebody who is here, or their first.
    pub(super) fn name(&self, who: usize) -> String {
        let second = if self.renamed.contains(&who) { "u" } else { "" };
        format!("{second}u{who}")
    }

    /// Somebody comes under the worker identifier of whoever this is, and by their other name:
    /// whoever was deactivated goes on under a new id, and nobody is there twice.
    async fn rehire(&mut self, who: usize, pool: Option<&'static str>, owner: &Client) -> bool {
        let known = self.ids.get(&who).cloned();
        let before = match &known {
            Some(id) => Some(owner.get(&format!("/members/{id}")).await.status(200)),
            None => None,
        };
        let is_active = before.as_ref().map(|m| m["identityState"] == "active");
        let was_renamed = self.renamed.contains(&who);
        let name = format!("{}u{who}", if was_renamed { "" } else { "u" });
        let mut wish = json!({"workerId": format!("w{who}")});
        if let Some(pool) = pool {
            wish["pool"] = pool.into();
        }
        let scim = self.tenant.scim();
        let reply = scim
            .post("/Users", user(&name, json!({COACHING: wish})))
            .await;
        if reply.status != 400 && is_active == Some(true) {
            reply.error(409, "uniqueness");
            return false;
        }
        if Self::refused(&reply, pool) {
            return true;
        }
        let id = reply.status(201).id();
        let now = owner.get(&format!("/members/{id}")).await.status(200);
        if let (Some(old), Some(before)) = (known, before) {
            assert_eq!(now["id"], before["id"], "a second person\n{now}");
            scim.get(&format!("/Users/{old}")).await.status(404);
        }
        self.ids.insert(who, id);
        self.wishes.insert(who, (None, pool));
        self.grouped.remove(&who);
        self.pins.remove(&who);
        if was_renamed {
            self.renamed.remove(&who);
        } else {
            self.renamed.insert(who);
        }
        false
    }

    /// Whether it was refused, as it may be: the pool is full and says so, or is closed.
    fn refused(reply: &Reply, pool: Option<&str>) -> bool {
        match reply.status {
            403 => assert_eq!(pool, Some("r"), "only r refuses\n{reply}"),
            400 => assert_eq!(pool, Some("c"), "only c is ever closed\n{reply}"),
            _ => return false,
        }
        true
    }

    /// Changes a pool and waits until everybody is placed by that. Fewer seats than are in use, and
    /// more held back than are free, are refused.
    async fn change_pool(&self, owner: &Client, key: &str, body: Value) -> bool {
        let request = owner.request(reqwest::Method::PATCH, &format!("/pools/{key}"));
        let reply = request.body("application/json", body.to_string()).await;
        assert!([200, 409].contains(&reply.status), "{reply}");
        if let Some(run) = reply.at("/placement/id").as_str() {
            let run = format!("/placements/{run}");
            for _ in 0..400 {
                if !owner.get(&run).await.at("/finishedAt").is_null() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            panic!("the run does not end\n{reply}");
        }
        reply.status == 409
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
