//! Events of the coaching platform: in lists as long as a request may have, and one by one.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::{Bench, TURN, WARM_UP};
use crate::Outcome;
use crate::client::{Exchange, Head};
use crate::load::{Amount, Side};
use crate::report::{Bound, Line, Pairs};
use crate::site::{Engine, Site};

/// Events that a request may have.
const MOST: usize = 1000;
/// Clients that send lists, and that send one event after the other.
const WITH_LISTS: usize = 2;
const WITH_ONE: usize = 8;
/// Lists take longer to answer than other requests.
const TURN_OF_LISTS: Amount = Amount::For(Duration::from_secs(4));

/// What the platform tells of somebody, in the order in which it happens.
const KINDS: [&str; 4] = [
    "account.activated",
    "onboarding.completed",
    "session.completed",
    "login",
];

/// Numbers of events: each is told once.
static NEXT: AtomicU64 = AtomicU64::new(0);

pub(super) async fn events(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let site = bench.large(engine).await?;
        let server = site.start()?;
        let side = |most| {
            let (head, site) = (site.admin(server.address), site.clone());
            Side::new(server.address, move || told(&head, &site, most))
        };
        let (lists, single) = (side(MOST), side(1));
        single.rate(WITH_ONE, WARM_UP).await?;
        let mut pairs = Pairs::default();
        for _ in 0..bench.rounds {
            site.settle().await?;
            let rate = lists.rate(WITH_LISTS, TURN_OF_LISTS).await?;
            #[allow(clippy::cast_precision_loss, reason = "a thousand")]
            let in_lists = rate * MOST as f64;
            site.settle().await?;
            pairs.push(in_lists, single.rate(WITH_ONE, TURN).await?);
        }
        server.stop()?;
        let name = format!(
            "events in lists of {MOST} vs one by one over {WITH_ONE} connections, {}",
            engine.name()
        );
        lines.push(pairs.line(name, "/s", Bound::None));
    }
    Ok(lines)
}

/// So many events, each about somebody else, none of them refused.
fn told(head: &Head, site: &Site, most: usize) -> Exchange {
    let now = Timestamp::now();
    let mut body = String::from("[");
    for _ in 0..most {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let of_kind = usize::try_from(number).unwrap_or_default();
        let people = site.ids.len();
        let member = &site.ids[of_kind % people];
        // After each round through all people comes the next kind.
        let kind = KINDS[of_kind / people % KINDS.len()];
        let session = match kind {
            "session.completed" => format!(r#","sessionId":"s{number}","durationMin":45"#),
            _ => String::new(),
        };
        let comma = if body.len() > 1 { "," } else { "" };
        let _ = write!(
            body,
            r#"{comma}{{"id":"e{number}","type":"{kind}","member":"{member}","occurredAt":"{now}"{session}}}"#
        );
    }
    body.push(']');
    head.send("/events", ("application/json", &body), 200)
        .holds(format!("\"applied\":{most},"))
}
