//! A large group and one of ten: what a change of one member and a read cost.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::Value;

use super::Bench;
use crate::client::{Connection, Exchange, Head};
use crate::load::{Side, alternate, once};
use crate::people::created;
use crate::report::{Bound, Line, Pairs, percentile};
use crate::server::Server;
use crate::site::{Engine, Site};
use crate::{Outcome, wrong};

const TEN: usize = 10;
/// People who come and go, one at a time; in no group else.
const SPARE: usize = 10;
/// Samples of a round, a multiple of [`SPARE`].
const SAMPLES: usize = 500;
/// Members that are added with one request while the large group is made.
const AT_ONCE: usize = 500;

/// Both groups on one server.
struct Groups {
    site: Site,
    server: Server,
    head: Head,
    spare: Vec<String>,
    large: String,
    small: String,
}

/// One member added, and counted afterwards.
pub(super) async fn member(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let groups = Groups::make(bench, engine).await?;
        let (mut p50, mut p99) = (Pairs::default(), Pairs::default());
        for _ in 0..bench.rounds {
            groups.site.settle().await?;
            let (large, small) = groups.round(bench.users).await?;
            p50.push(percentile(&large, 50), percentile(&small, 50));
            p99.push(percentile(&large, 99), percentile(&small, 99));
        }
        groups.unmake().await?;
        let name = format!(
            "one member added to a group of {} vs of {TEN}, {}",
            bench.users,
            engine.name()
        );
        lines.push(p50.line(format!("{name}, p50"), "ms", Bound::AtMost(1.2)));
        lines.push(p99.line(format!("{name}, p99"), "ms", Bound::AtMost(1.5)));
    }
    Ok(lines)
}

/// The group read without its members.
pub(super) async fn read(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let groups = Groups::make(bench, engine).await?;
        let side = |id: &str| {
            let (head, id) = (groups.head.clone(), id.to_owned());
            let ask = move || {
                head.get(&format!("/Groups/{id}?excludedAttributes=members"))
                    .holds(format!("\"id\":\"{id}\""))
            };
            Side::new(groups.server.address, ask)
        };
        let (large, small) = (side(&groups.large), side(&groups.small));
        let mut pairs = Pairs::default();
        for _ in 0..bench.rounds {
            let (a, b) = alternate(&large, &small, SAMPLES).await?;
            pairs.push(percentile(&a, 50), percentile(&b, 50));
        }
        groups.unmake().await?;
        let name = format!(
            "group of {} read without members vs of {TEN}, {}, p50",
            bench.users,
            engine.name()
        );
        lines.push(pairs.line(name, "ms", Bound::AtMost(1.2)));
    }
    Ok(lines)
}

impl Groups {
    async fn make(bench: &mut Bench, engine: Engine) -> Outcome<Self> {
        let site = bench.large(engine).await?;
        let server = site.start()?;
        let (address, head) = (server.address, site.head(server.address));
        let people = site.people(address);
        let mut spare = Vec::new();
        for _ in 0..SPARE {
            let answer = once(address, people.create()).await?;
            spare.push(created(&answer).ok_or("a user without an id")?.1);
        }
        let groups = Self {
            large: group(address, &head, "Everybody").await?,
            small: group(address, &head, "A few").await?,
            site,
            server,
            head,
            spare,
        };
        let ids = Arc::clone(&groups.site.ids);
        groups.fill(&groups.small, &ids[..TEN]).await?;
        groups.fill(&groups.large, &ids).await?;
        groups.expect(&groups.large, ids.len()).await?;
        groups.expect(&groups.small, TEN).await?;
        groups.site.settle().await?;
        Ok(groups)
    }

    async fn fill(&self, group: &str, members: &[String]) -> Outcome {
        let mut connection = Connection::open(self.server.address).await?;
        let bar = ProgressBar::new(members.len() as u64).with_message("filling a group");
        bar.set_style(crate::bar_style());
        for some in members.chunks(AT_ONCE) {
            connection.send(&self.change("add", group, some)).await?;
            bar.inc(some.len() as u64);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// A PATCH as identity providers send it. What is to be answered is named, since a large group
    /// would not be sent back and a small one would: both must do the same.
    fn change(&self, op: &str, group: &str, members: &[String]) -> Exchange {
        let mut list = String::new();
        for id in members {
            let comma = if list.is_empty() { "" } else { "," };
            let _ = write!(list, r#"{comma}{{"value":"{id}"}}"#);
        }
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"{op}","path":"members","value":[{list}]}}]}}"#
        );
        let path = format!("/Groups/{group}?attributes=displayName");
        let id = format!("\"id\":\"{group}\"");
        self.head.patch(&path, &body).holds(id)
    }

    /// One round: the spare people are added one by one to both groups in turns, and leave again
    /// unmeasured, so that the groups stay as large as they are said to be. The last ones are
    /// counted before they leave.
    async fn round(&self, large: usize) -> Outcome<(Vec<Duration>, Vec<Duration>)> {
        let add = |group: &str| {
            let changes: Vec<_> = (self.spare.chunks(1))
                .map(|one| self.change("add", group, one))
                .collect();
            let next = AtomicUsize::new(0);
            Side::new(self.server.address, move || {
                changes[next.fetch_add(1, Ordering::Relaxed) % SPARE].clone()
            })
        };
        let sides = (add(&self.large), add(&self.small));
        let (mut of_large, mut of_small) = (Vec::new(), Vec::new());
        let mut connection = Connection::open(self.server.address).await?;
        for turn in (0..SAMPLES / SPARE).rev() {
            let (a, b) = alternate(&sides.0, &sides.1, SPARE).await?;
            of_large.extend(a);
            of_small.extend(b);
            if turn == 0 {
                self.expect(&self.large, large + SPARE).await?;
                self.expect(&self.small, TEN + SPARE).await?;
            }
            for group in [&self.large, &self.small] {
                connection
                    .send(&self.change("remove", group, &self.spare))
                    .await?;
            }
        }
        self.expect(&self.large, large).await?;
        self.expect(&self.small, TEN).await?;
        of_large.sort_unstable();
        of_small.sort_unstable();
        Ok((of_large, of_small))
    }

    /// Counts the members.
    async fn expect(&self, group: &str, expected: usize) -> Outcome {
        let query = format!("/Users?count=0&filter=groups.value%20eq%20%22{group}%22");
        let body = once(self.server.address, self.head.get(&query)).await?;
        let list: Value = serde_json::from_str(&body)?;
        if list["totalResults"] == expected {
            return Ok(());
        }
        let total = &list["totalResults"];
        Err(wrong(format!(
            "a group has {total} members, not {expected}"
        )))
    }

    /// Leaves the site as it was, but for the spare people.
    async fn unmake(self) -> Outcome {
        for group in [&self.large, &self.small] {
            let delete = self.head.delete(&format!("/Groups/{group}"));
            once(self.server.address, delete).await?;
        }
        self.site.settle().await?;
        self.server.stop()
    }
}

async fn group(address: std::net::SocketAddr, head: &Head, name: &str) -> Outcome<String> {
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"{name}"}}"#
    );
    let answer = once(address, head.post("/Groups", &body)).await?;
    let group: Value = serde_json::from_str(&answer)?;
    let id = group["id"].as_str().ok_or("a group without an id")?;
    Ok(id.to_owned())
}
