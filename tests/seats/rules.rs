//! What decides who has what, in a history: rules, pools and their terms, the breaker; and what time
//! and the coaching platform bring.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::facts::number;
use super::invariants::{MayLose, invariant_11_events_change_no_resource};
use super::step::Step;
use super::world::{World, refused};

impl World<'_> {
    /// Answers whether it was refused; nothing where it is about no rule.
    pub(super) async fn by_rules(&mut self, step: &Step) -> Option<bool> {
        let refused = match *step {
            Step::Rule { track, pool } => {
                let path = format!("/mappings/{}", self.rule);
                self.change(&path, json!({"track": track, "pool": pool}))
                    .await
            }
            Step::Buy { pool, seats } => {
                let purchased = number(self.facts.pool(pool), "purchased") + seats - 1;
                self.change_pool(pool, json!({"purchased": purchased.max(0)}))
                    .await
            }
            Step::Reserve { pool, seats } => {
                self.change_pool(pool, json!({"reserved": seats})).await
            }
            Step::Open { pool, open } => {
                let state = if open { "live" } else { "closed" };
                self.change_pool(pool, json!({"state": state})).await
            }
            Step::Fallback { pool } => self.change_pool("a", json!({"fallbackPool": pool})).await,
            Step::Term { pool, ends_in } => {
                if ends_in < 0 {
                    self.may_lose = MayLose::Anybody;
                }
                let last = self.day(ends_in);
                self.change_pool(pool, json!({"termEnd": last})).await
            }
            Step::Guard { most } => {
                self.guarded = true;
                self.change("/policy", json!({"breakerAbsolute": most}))
                    .await
            }
            Step::Decide { restore } => {
                let action = if restore { "restore" } else { "release" };
                let path = "/connections/default/breaker";
                let reply = self.approver.post(path, json!({"action": action})).await;
                refused(&reply, &[409])
            }
            _ => return None,
        };
        Some(refused)
    }

    /// Answers that it was not refused; nothing where neither time nor the platform brings this.
    pub(super) async fn by_time(&mut self, step: &Step) -> Option<bool> {
        match *step {
            Step::Tell {
                who,
                kind,
                hours_ago,
            } => {
                let Some(id) = self.scim_id(who) else {
                    return Some(true);
                };
                let at = self.hour() - SignedDuration::from_hours(hours_ago);
                self.tell(&id, kind, at).await;
            }
            Step::Wait { hours } => {
                let by = SignedDuration::from_hours(hours);
                self.stage.server.clock.advance(by);
                self.invitations_are_sent().await;
                self.plans_have_expired().await;
            }
            _ => return None,
        }
        Some(false)
    }

    /// Changes a pool. Fewer seats than are in use, and more held back than are free, are refused.
    async fn change_pool(&self, key: &str, body: Value) -> bool {
        self.change(&format!("/pools/{key}"), body).await
    }

    async fn change(&self, path: &str, body: Value) -> bool {
        let reply = self.patch(path, body).await;
        self.placed(&reply).await;
        refused(&reply, &[400, 409])
    }

    async fn tell(&self, id: &str, kind: &str, at: Timestamp) {
        let path = format!("/Users/{id}");
        let before = self.scim.get(&path).await.status(200);
        let event = json!({"id": format!("{id} {kind} {at}"), "type": kind, "member": id,
            "occurredAt": at, "sessionId": "s", "startsAt": at, "reflectionId": "r"});
        let told = self.owner.post("/events", event).await.status(200);
        told.holds("/refused", 0);
        let after = self.scim.get(&path).await.status(200);
        invariant_11_events_change_no_resource(&before.json, &after.json, kind);
    }
}
