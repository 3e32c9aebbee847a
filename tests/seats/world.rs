//! A tenant to which a history happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::books::Books;
use super::facts::{Facts, Standing, day, items, text};
use super::invariants::{self, MayLose};
use super::isolation::Neighbour;
use super::plans::Plan;
use super::step::{Again, Step};
use super::trail::Trail;
use super::waiting;
use crate::common::receiver::Receiver;
use crate::common::{Client, Reply, Server, Tenant};

/// How many steps lie between two looks at the whole ledger.
const STRIDE: usize = 10;

/// What all histories of a run share.
pub(super) struct Stage {
    pub(super) server: Server,
    pub(super) books: Books,
    pub(super) neighbour: Neighbour,
    /// How often each kind of step was done and refused.
    tally: Mutex<BTreeMap<String, (u32, u32)>>,
}

pub(super) struct World<'s> {
    pub(super) stage: &'s Stage,
    pub(super) owner: Client,
    pub(super) approver: Client,
    pub(super) scim: Client,
    tenant: i64,
    pub(super) group: String,
    /// The rule of that group.
    pub(super) rule: String,
    /// What everything looked like before the step at hand.
    pub(super) facts: Facts,
    /// From whom the step at hand may take access.
    pub(super) may_lose: MayLose,
    pub(super) plans: Vec<Plan>,
    /// Whether a breaker may trip, so that lines of the ledger are written behind.
    pub(super) guarded: bool,
    pub(super) receiver: Receiver,
    /// Identifiers of what was made.
    pub(super) made: BTreeSet<String>,
}

impl<'s> World<'s> {
    pub(super) async fn new(stage: &'s Stage) -> Self {
        let tenant = stage.server.new_tenant();
        let owner = tenant.admin("owner");
        let (rule, receiver) = (
            furnish(&owner, &stage.server).await,
            Receiver::start().await,
        );
        let hook = json!({"url": receiver.url, "types": ["member.nudged"]});
        owner.post("/webhooks", hook).await.status(201);
        let group = tenant.create_group("G", &[]).await.id();
        let (scim, number) = (tenant.scim(), stage.books.tenant(&tenant.name).await);
        let now = stage.server.clock.now();
        let facts = Facts::read(&owner, &scim, now, (&stage.books, number)).await;
        Self {
            stage,
            approver: tenant.admin("approver"),
            scim,
            tenant: number,
            group: group.clone(),
            rule: rule.clone(),
            facts,
            may_lose: MayLose::Anybody,
            plans: Vec::new(),
            guarded: false,
            receiver,
            made: BTreeSet::from([group, rule]),
            owner,
        }
    }

    /// Lets a history happen, and holds the tenant against every invariant after each step.
    pub(super) async fn live(mut self, steps: &[Step]) {
        let mut trail = Trail::default();
        trail.note(&self.owner).await;
        let mut before = self.look().await;
        for (n, step) in steps.iter().enumerate() {
            let refused = self.step(step).await;
            self.stage.count(step, refused);
            let once = self.look().await;
            invariants::invariant_6_nobody_is_evicted(&before, &once, &self.may_lose, step);
            before = once;
            if !refused && step.again() != Again::Another {
                self.step(step).await;
                let twice = self.look().await;
                let lines_may_come = step.again() == Again::Access || self.has_tripped().await;
                invariants::invariant_9_twice_is_as_once(&before, &twice, lines_may_come, step);
                before = twice;
            }
            if n % STRIDE == STRIDE - 1 {
                trail.note(&self.owner).await;
            }
        }
        trail.invariant_10_lines_never_change(&self.owner).await;
        let books = &self.stage.books;
        books
            .invariant_10_lines_cannot_be_changed(self.tenant)
            .await;
        let ids: Vec<_> = self.made.iter().cloned().collect();
        let neighbour = &self.stage.neighbour;
        neighbour
            .invariant_12_nothing_of_another_tenant_is_there(&ids)
            .await;
        let after = self.look().await;
        assert_eq!(
            before.assigned, after.assigned,
            "12: a neighbour changed it"
        );
    }

    async fn step(&mut self, step: &Step) -> bool {
        self.may_lose = match step {
            Step::Wait { .. } => MayLose::Anybody,
            _ => MayLose::These(
                step.who()
                    .and_then(|who| self.member_id(who))
                    .into_iter()
                    .collect(),
            ),
        };
        Box::pin(self.take(step)).await
    }

    /// Lets it happen; answers whether it was refused or there was nothing to do it to.
    async fn take(&mut self, step: &Step) -> bool {
        if let Some(refused) = self.by_identity_provider(step).await {
            return refused;
        }
        if let Some(refused) = self.by_operator(step).await {
            return refused;
        }
        if let Some(refused) = self.by_file_or_invitation(step).await {
            return refused;
        }
        if let Some(refused) = self.by_plan(step).await {
            return refused;
        }
        if let Some(refused) = self.by_rules(step).await {
            return refused;
        }
        let told = self.by_time(step).await;
        told.unwrap_or_else(|| panic!("nobody does {step:?}"))
    }

    /// Looks at everything, and holds it against what must hold at every moment.
    async fn look(&mut self) -> Standing {
        let (books, now) = (&self.stage.books, self.stage.server.clock.now());
        self.facts = Facts::read(&self.owner, &self.scim, now, (books, self.tenant)).await;
        let ids = self.facts.members.iter().map(|m| text(m, "id"));
        self.made.extend(ids.map(str::to_owned));
        let ids = self.facts.users.iter().map(|user| text(user, "id"));
        self.made.extend(ids.map(str::to_owned));
        invariants::check(&self.facts);
        books.nothing_that_must_never_be(self.tenant).await;
        waiting::invariant_7_nobody_waits_beside_a_seat_that_would_do(&self.facts, &self.owner)
            .await;
        self.facts.standing()
    }

    /// The SCIM resource of somebody, by whichever name they go: their first, their second, or that
    /// of the stranger whom they were merged with. Whoever is not there stands for one who is.
    pub(super) fn user(&self, who: usize) -> Option<&Value> {
        let mut names = ["u", "v", "s"].into_iter();
        let named = names.find_map(|letter| self.facts.user(&name(letter, who)));
        let users = &self.facts.users;
        let other = || users.get(who.checked_rem(users.len())?);
        named.or_else(other)
    }

    pub(super) fn scim_id(&self, who: usize) -> Option<String> {
        self.user(who).map(|user| text(user, "id").to_owned())
    }

    pub(super) fn member(&self, who: usize) -> Option<&Value> {
        let user = self.user(who)?;
        self.facts.member(text(user, "userName"))
    }

    pub(super) fn member_id(&self, who: usize) -> Option<String> {
        self.member(who).map(|m| text(m, "id").to_owned())
    }

    /// The same pool is taken away from these by the step at hand, too.
    pub(super) fn may_lose_too(&mut self, ids: impl IntoIterator<Item = String>) {
        if let MayLose::These(these) = &mut self.may_lose {
            these.extend(ids);
        }
    }

    pub(super) fn day(&self, days: i64) -> String {
        day(self.stage.server.clock.now(), days)
    }

    /// The hour that it is, at its full.
    pub(super) fn hour(&self) -> Timestamp {
        let now = self.stage.server.clock.now().as_second();
        Timestamp::from_second(now / 3600 * 3600).unwrap()
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Reply {
        let request = self.owner.request(reqwest::Method::PATCH, path);
        request.body("application/json", body.to_string()).await
    }

    /// Waits until everybody is placed by a change of what places them.
    pub(super) async fn placed(&self, reply: &Reply) {
        placed(&self.owner, reply).await;
    }

    async fn has_tripped(&self) -> bool {
        if !self.guarded {
            return false;
        }
        let all = self.owner.get("/connections").await.status(200);
        let mut all = items(&all).iter();
        all.any(|connection| connection["breaker"]["state"] == "tripped")
    }
}

/// A user name, and an address, that people of a history have.
pub(super) fn name(letter: &str, who: usize) -> String {
    format!("{letter}{who}@acme.example")
}

/// Whether it was refused, as it may be with one of these statuses.
pub(super) fn refused(reply: &Reply, with: &[u16]) -> bool {
    assert!(
        reply.status < 300 || with.contains(&reply.status),
        "neither done nor refused as it may be\n{reply}"
    );
    reply.status >= 300
}

async fn placed(owner: &Client, reply: &Reply) {
    let Some(run) = reply.at("/placement/id").as_str() else {
        return;
    };
    let run = format!("/placements/{run}");
    for _ in 0..2000 {
        if !owner.get(&run).await.at("/finishedAt").is_null() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the run does not end\n{reply}");
}

/// Pools, tracks, rules and a policy in which much can happen to few; answers the rule of the group.
async fn furnish(owner: &Client, server: &Server) -> String {
    let now = server.clock.now();
    for (key, purchased, rest) in [
        ("c", 1, json!({"cooldownDays": 2})),
        ("a", 1, json!({"fallbackPool": "c"})),
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
        let track = json!({"key": key, "name": key, "default": default});
        owner.post("/tracks", track).await.status(201);
    }
    let rule = json!({"filter": "title eq \"b\"", "track": "lead", "pool": "a", "priority": 5});
    owner.post("/mappings", rule).await.status(201);
    let rule = json!({"group": "G", "track": "sales", "pool": "b", "priority": 1});
    let rule = owner.post("/mappings", rule).await.status(201).id();
    let policy = json!({"graceDays": 2, "pauseOnLeave": true, "approvalThreshold": 3,
        "breakerAbsolute": 100, "breakerPercent": 0});
    let request = owner.request(reqwest::Method::PATCH, "/policy");
    let changed = request.body("application/json", policy.to_string()).await;
    placed(owner, &changed.status(200)).await;
    rule
}

impl Stage {
    /// Where histories happen on this server.
    pub(super) async fn new(server: Server, books: Books) -> Self {
        let neighbour: Tenant = server.new_tenant();
        Self {
            neighbour: Neighbour::new(&neighbour),
            server,
            books,
            tally: Mutex::default(),
        }
    }

    fn count(&self, step: &Step, refused: bool) {
        let kind = format!("{step:?}");
        let kind = kind.split(' ').next().unwrap_or_default().to_owned();
        let mut tally = self.tally.lock().unwrap();
        let (done, not) = tally.entry(kind).or_default();
        *(if refused { not } else { done }) += 1;
    }

    /// How often each kind of step was done and refused: what a run has tried.
    pub(super) fn tried(&self) -> String {
        let tally = self.tally.lock().unwrap();
        let each = tally
            .iter()
            .map(|(kind, (done, refused))| format!("{kind} {done}/{}", done + refused));
        each.collect::<Vec<_>>().join(", ")
    }
}
