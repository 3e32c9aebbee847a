//! Memory, and the time to start.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Bench;
use crate::Outcome;
use crate::load::{Amount, Side};
use crate::people::Key;
use crate::report::{Bound, Line};
use crate::site::{Engine, Site};

const CONNECTIONS: usize = 16;
const REQUESTS: u64 = 10_000;
/// How long a server rests before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// Resident memory: at rest after the start, and right after 10,000 mixed requests.
pub(super) async fn memory(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    let (mut at_rest, mut loaded) = (Vec::new(), Vec::new());
    let site = bench.large(Engine::Sqlite).await?;
    for _ in 0..bench.rounds {
        let (rest, load) = one(&site).await?;
        at_rest.push(rest);
        loaded.push(load);
    }
    let people = bench.users;
    let name = format!("memory at rest after the start with {people} people, SQLite");
    lines.push(Line::of(name, at_rest, "MB", Bound::AtMost(25.0)));
    let name = format!("memory after {REQUESTS} mixed requests, SQLite");
    lines.push(Line::of(name, loaded, "MB", Bound::AtMost(150.0)));
    let site = bench.large(Engine::Postgres).await?;
    let mut loaded = Vec::new();
    for _ in 0..bench.rounds {
        loaded.push(one(&site).await?.1);
    }
    let name = format!("memory after {REQUESTS} mixed requests, PostgreSQL");
    lines.push(Line::of(name, loaded, "MB", Bound::AtMost(60.0)));
    Ok(lines)
}

async fn one(site: &Site) -> Outcome<(f64, f64)> {
    let server = site.start()?;
    tokio::time::sleep(REST).await;
    let at_rest = server.memory()?;
    let people = site.people(server.address);
    let sent = AtomicU64::new(0);
    // In ten: four reads, three filters, a page, a create and a PATCH.
    let side = Side::new(server.address, move || {
        match sent.fetch_add(1, Ordering::Relaxed) % 10 {
            0..4 => people.read(),
            4 => people.find(Key::UserName),
            5 => people.find(Key::ExternalId),
            6 => people.find(Key::Email),
            7 => people.page(),
            8 => people.create(),
            _ => people.patch(),
        }
    });
    side.run(CONNECTIONS, Amount::Requests(REQUESTS), |_| ())
        .await?;
    let loaded = server.memory()?;
    server.stop()?;
    Ok((at_rest, loaded))
}

/// From before the process is started to its ready line.
pub(super) async fn start(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let site = bench.large(Engine::Sqlite).await?;
    let mut times = Vec::new();
    for _ in 0..bench.rounds {
        let server = site.start()?;
        times.push(server.started_in.as_secs_f64() * 1000.0);
        // It is ready, and not only says so.
        site.total(server.address).await?;
        server.stop()?;
    }
    let name = format!("start to ready on a file of {} people", bench.users);
    Ok(vec![Line::of(name, times, "ms", Bound::AtMost(100.0))])
}
