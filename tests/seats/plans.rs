//! Plans in a history: made, approved by somebody else, applied or rejected.

use jiff::Timestamp;
use serde_json::json;

use super::facts::{items, text};
use super::step::{Planned, Step};
use super::world::{World, refused};
use crate::common::{Client, Reply};

/// A plan that was made.
#[derive(Clone)]
pub(super) struct Plan {
    id: String,
    hash: String,
    /// Whom it names.
    people: Vec<String>,
}

impl World<'_> {
    /// Answers whether it was refused; nothing where it is not about plans.
    pub(super) async fn by_plan(&mut self, step: &Step) -> Option<bool> {
        let refused = match *step {
            Step::Plan { what, who } => self.plan(what, who).await,
            Step::PlanRule { track, pool } => {
                let path = format!("/mappings/{}/plan", self.rule);
                let reply = self
                    .owner
                    .post(&path, json!({"track": track, "pool": pool}));
                let reply = reply.await;
                self.planned(&reply).await
            }
            Step::Erase { who } => {
                if self.plan(Planned::Erase, (who, who)).await {
                    return Some(true);
                }
                self.approve().await;
                self.apply().await
            }
            Step::Approve => self.approve().await,
            Step::Apply => self.apply().await,
            Step::Reject => match self.plans.last().cloned() {
                Some(plan) => refused(&decide(&self.owner, &plan, "reject").await, &[409]),
                None => true,
            },
            _ => return None,
        };
        Some(refused)
    }

    async fn plan(&mut self, what: Planned, (one, other): (usize, usize)) -> bool {
        let people: Vec<_> = if one == other {
            self.member_id(one).into_iter().collect()
        } else {
            [one, other]
                .iter()
                .filter_map(|who| self.member_id(*who))
                .collect()
        };
        if people.is_empty() && what != Planned::Reclaim {
            return true;
        }
        let reply = match what {
            Planned::End => {
                let body = json!({"kind": "end", "members": people, "reason": "role_change"});
                self.owner.post("/plans", body).await
            }
            Planned::Extend => {
                let body = json!({"kind": "extend", "members": people, "addDays": 20});
                self.owner.post("/plans", body).await
            }
            Planned::Transfer => {
                let body = json!({"kind": "transfer", "members": people, "track": "sales",
                    "pool": "a", "wait": true});
                self.owner.post("/plans", body).await
            }
            Planned::Reclaim => {
                let filter = json!({"reason": "never_activated", "olderThanDays": 1});
                let body = json!({"filter": filter});
                self.owner.post("/seats/reclaim", body).await
            }
            Planned::Erase => {
                let Some(user) = self.user(one).or_else(|| self.user(other)) else {
                    return true;
                };
                let body = json!({"confirm": text(user, "userName")});
                let path = format!("/members/{}/erase", text(user, "id"));
                self.owner.post(&path, body).await
            }
        };
        self.planned(&reply).await
    }

    async fn planned(&mut self, reply: &Reply) -> bool {
        if refused(reply, &[400, 409]) {
            return true;
        }
        let id = reply.string("/id");
        let shown = self.owner.get(&format!("/plans/{id}?limit=500")).await;
        let shown = shown.status(200);
        let people = items(&shown).iter();
        let people = people.map(|item| text(&item["member"], "id").to_owned());
        self.made.insert(id.clone());
        self.plans.push(Plan {
            id,
            hash: reply.string("/hash"),
            people: people.collect(),
        });
        false
    }

    /// Plans that nobody applied expire behind; waits for that, since the ledger tells of it.
    pub(super) async fn plans_have_expired(&self) {
        let now = self.stage.server.clock.now();
        for _ in 0..1000 {
            let mut late = 0;
            for state in ["pending", "approved"] {
                let path = format!("/plans?limit=500&state={state}");
                let plans = self.owner.get(&path).await.status(200);
                let times = items(&plans).iter().map(|plan| text(plan, "expiresAt"));
                late += times
                    .filter(|at| at.parse::<Timestamp>().unwrap() <= now)
                    .count();
            }
            if late == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("plans do not expire");
    }

    async fn approve(&mut self) -> bool {
        match self.plans.last().cloned() {
            Some(plan) => refused(&decide(&self.approver, &plan, "approve").await, &[409]),
            None => true,
        }
    }

    /// Does to the people whom it names what it says, and nothing to others.
    async fn apply(&mut self) -> bool {
        let Some(plan) = self.plans.last().cloned() else {
            return true;
        };
        let reply = decide(&self.owner, &plan, "apply").await;
        if refused(&reply, &[409]) {
            return true;
        }
        self.may_lose_too(plan.people);
        self.placed(&reply).await;
        let planned = reply.at("/counts/planned");
        assert_eq!(planned, &json!(0), "applied, and not all of it\n{reply}");
        false
    }
}

async fn decide(client: &Client, plan: &Plan, verb: &str) -> Reply {
    let path = format!("/plans/{}/{verb}", plan.id);
    client.post(&path, json!({"hash": plan.hash})).await
}
