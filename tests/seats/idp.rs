//! What an identity provider does in a history.

use serde_json::{Value, json};

use super::facts::text;
use super::step::Step;
use super::world::{World, name, refused};
use crate::common::tenant::user;
use crate::common::{COACHING, Reply};

impl World<'_> {
    /// Answers whether it was refused; nothing where no identity provider does this.
    pub(super) async fn by_identity_provider(&mut self, step: &Step) -> Option<bool> {
        let refused = match *step {
            Step::Create {
                who,
                track,
                pool,
                starts_in,
                ends_in,
            } => {
                let mut wish = wish(who, track, pool);
                if let Some(days) = starts_in {
                    wish["accessStartDate"] = self.day(days).into();
                }
                if let Some(days) = ends_in {
                    wish["accessEndDate"] = self.day(days).into();
                }
                let named = name("u", who);
                self.create(&named, wish, &named).await
            }
            Step::Rehire { who, pool } => self.rehire(who, pool).await,
            Step::Stranger { who } => {
                let address = self.member(who).map(|m| text(m, "email").to_owned());
                if let Some(id) = self.scim_id(who) {
                    let path = format!("/Users/{id}");
                    self.scim.delete(&path).await.status(204);
                }
                let address = address.unwrap_or_else(|| name("u", who));
                self.create(&name("s", who), json!({}), &address).await
            }
            Step::Cut { who } => {
                let mut all_refused = true;
                for who in who {
                    self.may_lose_too(self.member_id(who));
                    all_refused &= self.set(who, "active", json!(false)).await;
                }
                all_refused
            }
            Step::Put {
                who,
                track,
                pool,
                active,
            } => self.put(who, &wish(who, track, pool), active).await,
            Step::Active { who, active } => self.set(who, "active", json!(active)).await,
            Step::Title { who, title } => self.set(who, "title", json!(title)).await,
            Step::Pool { who, pool } => self.wish(who, "pool", pool.unwrap_or("")).await,
            Step::Track { who, track } => self.wish(who, "track", track.unwrap_or("")).await,
            Step::Employ { who, status } => self.wish(who, "employmentStatus", status).await,
            Step::EndDate { who, ends_in } => self.wish_day(who, "accessEndDate", ends_in).await,
            Step::Terminate { who, ends_in } => {
                self.wish_day(who, "terminationDate", ends_in).await
            }
            Step::Delete { who } => {
                let Some(id) = self.scim_id(who) else {
                    return Some(true);
                };
                let path = format!("/Users/{id}");
                self.scim.delete(&path).await.status(204);
                self.scim.get(&path).await.error(404, "");
                self.scim.delete(&path).await.error(404, "");
                false
            }
            Step::Join { who } => {
                let Some(id) = self.scim_id(who) else {
                    return Some(true);
                };
                self.push(json!([{"op": "add", "path": "members", "value": [{"value": id}]}]))
                    .await
            }
            Step::Leave { who } => {
                let Some(id) = self.scim_id(who) else {
                    return Some(true);
                };
                let path = format!("members[value eq \"{id}\"]");
                self.push(json!([{"op": "remove", "path": path}])).await
            }
            _ => return None,
        };
        Some(refused)
    }

    /// Somebody is made, or it is told why not.
    async fn create(&mut self, named: &str, wish: Value, address: &str) -> bool {
        let emails = json!([{"value": address, "primary": true}]);
        let mut body = user(named, json!({"emails": emails}));
        if wish.get("workerId").is_some() {
            body["externalId"] = named.into();
            body[COACHING] = wish.clone();
        }
        let reply = self.scim.post("/Users", body).await;
        if !self.refused(&reply, wish["pool"].as_str()) {
            let known = self.facts.user(named);
            let is_known = known.is_some_and(|known| known["id"] != reply["id"]);
            assert!(
                !is_known || named.starts_with('s'),
                "two of one user name\n{reply}"
            );
            let made = self.scim.get(&format!("/Users/{}", reply.id())).await;
            made.status(200).holds("/userName", named);
            return false;
        }
        if reply.status == 409 {
            reply.error(409, "uniqueness");
        }
        true
    }

    /// Somebody comes under the worker identifier of whoever this is, and by their other name:
    /// whoever was deactivated goes on under a new id, and nobody is there twice.
    async fn rehire(&mut self, who: usize, pool: Option<&'static str>) -> bool {
        let worker = format!("w{who}");
        let mut known = self.facts.users.iter();
        let known = known.find(|user| user[COACHING]["workerId"] == *worker);
        let known = known.map(|user| {
            (
                text(user, "id").to_owned(),
                text(user, "userName").to_owned(),
            )
        });
        let before = known.as_ref().and_then(|(_, name)| self.facts.member(name));
        let before = before.cloned();
        let is_first = known
            .as_ref()
            .is_some_and(|(_, known)| *known == name("u", who));
        let other = name(if is_first { "v" } else { "u" }, who);
        let body = user(&other, json!({COACHING: wish(who, None, pool)}));
        let reply = self.scim.post("/Users", body).await;
        let is_active = before
            .as_ref()
            .is_some_and(|m| m["identityState"] == "active");
        if reply.status != 400 && is_active {
            reply.error(409, "uniqueness");
            return true;
        }
        if self.refused(&reply, pool) {
            return true;
        }
        let now = self.owner.get(&format!("/members/{}", reply.id())).await;
        let now = now.status(200);
        if let (Some((old, _)), Some(before)) = (known, before) {
            assert_eq!(now["id"], before["id"], "a second person\n{now}");
            let gone = self.scim.get(&format!("/Users/{old}")).await;
            gone.error(404, "");
        }
        false
    }

    async fn put(&mut self, who: usize, wish: &Value, active: bool) -> bool {
        let Some(known) = self.user(who) else {
            return true;
        };
        let (id, named) = (text(known, "id"), text(known, "userName"));
        let body = json!({"active": active, COACHING: wish,
            "emails": [{"value": name("u", who), "primary": true}]});
        let path = format!("/Users/{id}");
        let reply = self.scim.put(&path, user(named, body)).await;
        self.refused(&reply, wish["pool"].as_str())
    }

    async fn set(&mut self, who: usize, path: &str, value: Value) -> bool {
        let Some(known) = self.user(who) else {
            return true;
        };
        let id = text(known, "id");
        let written = known[COACHING]["pool"].as_str();
        let pool = value.as_str().filter(|_| path.ends_with(":pool"));
        let operation = json!([{"op": "replace", "path": path, "value": value}]);
        let reply = self.scim.patch(&format!("/Users/{id}"), operation).await;
        self.refused(&reply, pool.or(written))
    }

    async fn wish(&mut self, who: usize, field: &str, value: &str) -> bool {
        let path = format!("{COACHING}:{field}");
        self.set(who, &path, json!(value)).await
    }

    async fn wish_day(&mut self, who: usize, field: &str, in_days: Option<i64>) -> bool {
        let value = in_days.map_or("none".to_owned(), |days| self.day(days));
        self.wish(who, field, &value).await
    }

    async fn push(&self, operations: Value) -> bool {
        let path = format!("/Groups/{}", self.group);
        self.scim.patch(&path, operations).await.status(200);
        false
    }

    /// Whether it was refused, as it may be: the pool is full and says so, or is not open; another
    /// has the name or the number.
    fn refused(&self, reply: &Reply, pool: Option<&str>) -> bool {
        match reply.status {
            403 => {
                assert_eq!(reply["scimType"], "seatUnavailable", "{reply}");
                let full = self.facts.pool("r");
                assert_eq!(full["available"], 0, "only r refuses, when full\n{reply}");
            }
            400 => {
                let named = pool.map(|key| &self.facts.pool(key)["state"]);
                let is_closed = named.is_some_and(|state| state != "live");
                assert!(is_closed, "only a pool that is not open is wrong\n{reply}");
            }
            409 => assert_eq!(reply["scimType"], "uniqueness", "{reply}"),
            _ => {}
        }
        refused(reply, &[400, 403, 409])
    }
}

fn wish(who: usize, track: Option<&str>, pool: Option<&str>) -> Value {
    let mut wish = json!({"workerId": format!("w{who}")});
    for (key, value) in [("track", track), ("pool", pool)] {
        if let Some(value) = value {
            wish[key] = value.into();
        }
    }
    wish
}
