//! What an operator does to one person in a history.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::step::Step;
use super::world::World;
use crate::common::Client;

/// What an operator has pinned of somebody.
#[derive(Clone, Copy, Default)]
pub(super) struct Pins {
    pub(super) track: Option<&'static str>,
    pub(super) pool: Option<(&'static str, Option<Timestamp>)>,
}

impl World<'_> {
    /// What an operator does to one person; answers whether it was refused.
    pub(super) async fn act(&mut self, step: &Step, owner: &Client) -> bool {
        let now = self.server.clock.now();
        let later = |hours: Option<i64>| hours.map(|n| now + SignedDuration::from_hours(n));
        let (who, verb, body) = match *step {
            Step::Pause { who, hours } => (who, "pause", json!({"until": later(hours)})),
            Step::Resume { who } => (who, "resume", json!({})),
            Step::Transfer {
                who,
                track,
                pool,
                wait,
            } => {
                let body = json!({"track": track, "pool": pool, "wait": wait});
                (who, "transfer", body)
            }
            Step::Pin { who, pool, hours } => {
                let body = json!({"field": "pool", "value": pool, "until": later(hours)});
                (who, "pin", body)
            }
            Step::Turn { who, on: true } => (who, "reactivate", json!({"override": true})),
            Step::Turn { who, on: false } => {
                let body = json!({"reason": "inactive", "override": true});
                (who, "deactivate", body)
            }
            Step::Erase { who } => (who, "erase", json!({"confirm": self.name(who)})),
            _ => return false,
        };
        let Some(id) = self.ids.get(&who).cloned() else {
            return false;
        };
        let path = format!("/members/{id}/{verb}");
        let reply = match step {
            Step::Pin { pool: None, .. } => {
                let path = format!("{path}?field=pool");
                owner.delete(&path).await
            }
            _ => owner.post(&path, body).await,
        };
        match (step, reply.status) {
            (_, 200) => {}
            // Somebody without a seat, a pool that is full or closed, one that refuses.
            (Step::Transfer { .. } | Step::Pin { .. } | Step::Turn { .. }, 400 | 403 | 409)
            | (Step::Pause { .. } | Step::Resume { .. }, 409) => return true,
            _ => panic!("{reply}"),
        }
        let pins = self.pins.entry(who).or_default();
        match *step {
            Step::Transfer { track, pool, .. } => {
                pins.track = Some(track);
                if let Some(pool) = pool {
                    pins.pool = Some((pool, None));
                }
            }
            Step::Pin { pool, hours, .. } => pins.pool = pool.map(|key| (key, later(hours))),
            Step::Erase { .. } => {
                self.ids.remove(&who);
                self.grouped.remove(&who);
                self.pins.remove(&who);
            }
            _ => {}
        }
        false
    }
}
