//! A customer with an operator at work, and the people of their company.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use reqwest::Method;
use seatkeeper::clock::Clock;
use serde_json::{Value, json};

use crate::common::{COACHING, Client, Engine, Reply, Server, Tenant};

/// A tenant and a client of its owner.
pub struct Office {
    pub tenant: Tenant,
    pub owner: Client,
}

impl Office {
    /// With a default track and no seats.
    pub async fn bare(tenant: Tenant) -> Self {
        let owner = tenant.admin("owner");
        let office = Self { tenant, owner };
        let track = json!({"key": "growth", "name": "Growth", "default": true});
        office.owner.post("/tracks", track).await.status(201);
        office
    }

    /// With a default track and a pool `main` of so many seats.
    pub async fn with_seats(tenant: Tenant, seats: u32) -> Self {
        let office = Self::bare(tenant).await;
        office.pool("main", seats, json!({})).await;
        office
    }

    /// The same on a server of its own, whose clock the test moves.
    pub async fn alone(engine: Engine, seats: u32) -> (Server, Self) {
        let server = Server::start(engine, Clock::system()).await;
        let office = Self::with_seats(server.new_tenant(), seats).await;
        (server, office)
    }

    /// Makes something, and waits until everybody is placed by it.
    pub async fn make(&self, path: &str, body: Value) -> Reply {
        let reply = self.owner.post(path, body).await.status(201);
        self.placed(&reply).await;
        reply
    }

    /// Buys a pool, with a term around today; `rest` is merged over it.
    pub async fn pool(&self, key: &str, seats: u32, rest: Value) -> Reply {
        let mut body = json!({"key": key, "purchased": seats, "termStart": "2020-01-01",
                              "termEnd": "2039-12-31"});
        merge(&mut body, rest);
        self.owner.post("/pools", body).await.status(201)
    }

    /// Changes something, and waits until everybody is placed by it.
    pub async fn change(&self, path: &str, body: Value) -> Reply {
        let reply = self.patch(path, body).await.status(200);
        self.placed(&reply).await;
        reply
    }

    /// Sends a change without a look at the answer.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        let request = self.owner.request(Method::PATCH, path);
        request.body("application/json", body.to_string()).await
    }

    /// Waits for the placement run that a change began.
    pub async fn placed(&self, reply: &Reply) {
        let Some(run) = reply.at("/placement/id").as_str() else {
            return;
        };
        for _ in 0..200 {
            let run = self
                .owner
                .get(&format!("/placements/{run}"))
                .await
                .status(200);
            if !run.at("/finishedAt").is_null() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the run does not end\n{reply}");
    }

    /// The identity provider creates somebody; answers their id.
    pub async fn hire(&self, name: &str, rest: Value) -> String {
        let mut body =
            json!({"emails": [{"value": format!("{name}@acme.example"), "primary": true}]});
        merge(&mut body, rest);
        self.tenant.create_user(name, body).await.id()
    }

    /// The same for several, in this order.
    pub async fn hire_all(&self, names: &[&str]) {
        for name in names {
            self.hire(name, json!({})).await;
        }
    }

    /// The identity provider sets one attribute of a user.
    pub async fn set(&self, id: &str, path: &str, value: Value) -> Reply {
        let operations = json!([{"op": "replace", "path": path, "value": value}]);
        let request = self
            .tenant
            .scim()
            .patch(&format!("/Users/{id}"), operations);
        request.await.status(200)
    }

    pub async fn set_active(&self, id: &str, active: bool) -> Reply {
        self.set(id, "active", json!(active)).await
    }

    /// Sets an attribute of the coaching extension.
    pub async fn set_coaching(&self, id: &str, attribute: &str, value: Value) -> Reply {
        self.set(id, &format!("{COACHING}:{attribute}"), value)
            .await
    }

    pub async fn delete(&self, id: &str) {
        let request = self.tenant.scim().delete(&format!("/Users/{id}"));
        request.await.status(204);
    }

    pub async fn member(&self, who: &str) -> Reply {
        self.owner.get(&format!("/members/{who}")).await.status(200)
    }

    /// The seat state of somebody.
    pub async fn state(&self, who: &str) -> String {
        self.member(who).await.string("/seatState")
    }

    pub async fn end(&self, who: &str) -> Reply {
        let body = json!({"reason": "removed_by_admin"});
        let request = self.owner.post(&format!("/members/{who}/end"), body);
        request.await.status(200)
    }

    pub async fn extend(&self, who: &str, body: Value) -> Reply {
        self.owner
            .post(&format!("/members/{who}/extend"), body)
            .await
    }

    /// An operator does something to somebody, without a look at the answer.
    pub async fn act(&self, who: &str, verb: &str, body: Value) -> Reply {
        let path = format!("/members/{who}/{verb}");
        self.owner.post(&path, body).await
    }

    /// The figures of a pool.
    pub async fn figures(&self, pool: &str) -> Reply {
        self.owner.get(&format!("/pools/{pool}")).await.status(200)
    }

    /// The ledger holds: the chain is whole, and its moves add up to the seats there are.
    pub async fn books_balance(&self) {
        let verdict = self.owner.get("/ledger/verify").await.status(200);
        verdict.holds("/ok", true);
    }
}

/// The names of the effects of an act, in their order.
pub fn effects(reply: &Reply) -> Vec<&str> {
    let effects = reply["effects"].as_array();
    let effects = effects.unwrap_or_else(|| panic!("no effects\n{reply}"));
    effects
        .iter()
        .map(|effect| effect["effect"].as_str().unwrap_or_default())
        .collect()
}

/// The one effect of this name.
pub fn effect<'r>(reply: &'r Reply, name: &str) -> &'r Value {
    reply.element("effects", "effect", name)
}

pub fn merge(body: &mut Value, rest: Value) {
    if let Value::Object(rest) = rest {
        body.as_object_mut().unwrap().extend(rest);
    }
}

/// One value of each item of a list; empty where it is null.
pub fn each<'r>(reply: &'r Reply, key: &str) -> Vec<&'r str> {
    let items = reply["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no items\n{reply}"));
    items
        .iter()
        .map(|item| item[key].as_str().unwrap_or_default())
        .collect()
}

/// One value of each item of a list, as it is.
pub fn each_of(reply: &Reply, key: &str) -> Vec<Value> {
    let items = reply["items"].as_array().into_iter().flatten();
    items.map(|item| item[key].clone()).collect()
}

/// The day so many days after the clock's.
pub fn day(clock: &Clock, days: i64) -> String {
    let at = clock.now() + SignedDuration::from_hours(24 * days);
    TimeZone::UTC.to_datetime(at).date().to_string()
}

pub fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}
