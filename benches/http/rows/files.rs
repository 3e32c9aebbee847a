//! Files of HR systems into a new directory, and everybody out of a large one.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Bench;
use crate::client::{Exchange, download};
use crate::load::{once, per_second};
use crate::people::{family, user_name};
use crate::report::{Bound, Line};
use crate::site::{Engine, Site};
use crate::{Outcome, wrong};

/// How long a server rests before its memory is read.
const REST: Duration = Duration::from_secs(1);

/// Rows a second of a file of newcomers, each of whom gets a seat, and of the same file sent again.
pub(super) async fn imports(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    let people = bench.users;
    let file = newcomers(people);
    for engine in Engine::BOTH {
        let (mut new, mut again) = (Vec::new(), Vec::new());
        for _ in 0..bench.rounds {
            let site = bench.with_seats(engine, people).await?;
            let server = site.start()?;
            let import = async |result| {
                let took = self::import(&site, server.address, &file, (result, people)).await?;
                site.expect_total(server.address, people).await?;
                site.settle().await?;
                Outcome::Ok(per_second(people as u64, took))
            };
            new.push(import("created").await?);
            again.push(import("unchanged").await?);
            server.stop()?;
        }
        let bound = match engine {
            Engine::Sqlite => Bound::AtLeast(5_000.0),
            Engine::Postgres => Bound::None,
        };
        let name = format!("{people} rows into a new directory, {}", engine.name());
        lines.push(Line::of(name, new, "rows/s", bound));
        let name = format!("the same {people} rows again, {}", engine.name());
        lines.push(Line::of(name, again, "rows/s", Bound::None));
    }
    Ok(lines)
}

/// Sends a file whose rows all come to the same; answers how long it took.
pub(super) async fn import(
    site: &Site,
    address: SocketAddr,
    file: &str,
    (result, rows): (&str, usize),
) -> Outcome<Duration> {
    let sent = sent(site, address, file).holds(format!("\"{result}\":{rows},"));
    let began = Instant::now();
    once(address, sent).await?;
    Ok(began.elapsed())
}

/// A file that is to be carried out.
pub(super) fn sent(site: &Site, address: SocketAddr, file: &str) -> Exchange {
    let path = "/imports?dryRun=false";
    let head = site.admin(address);
    head.send(path, ("text/csv", file), 201)
        .holds("\"failed\":0,")
}

fn newcomers(people: usize) -> String {
    let mut file =
        "worker_id,email,given_name,family_name,title,department,cost_center,hire_date\n"
            .to_owned();
    for number in 0..people as u64 {
        let (email, family) = (user_name(number), family(number));
        let _ = writeln!(
            file,
            "w{number},{email},Dana,Ito{family},Engineer,Sales,4130,2026-01-05"
        );
    }
    file
}

/// Everybody as CSV: how many people a second, and how much the server grows meanwhile.
pub(super) async fn exports(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let site = bench.large(engine).await?;
        let (mut rates, mut growths) = (Vec::new(), Vec::new());
        for _ in 0..bench.rounds {
            let server = site.start()?;
            tokio::time::sleep(REST).await;
            let before = server.memory()?;
            let mut most = before;
            let request = site.admin(server.address).all_of("/exports/members.csv");
            let began = Instant::now();
            let file = download(server.address, &request, || {
                most = most.max(server.memory()?);
                Ok(())
            })
            .await?;
            let took = began.elapsed();
            rates.push(per_second(everybody(&site, &file)?, took));
            growths.push(most - before);
            server.stop()?;
        }
        let name = format!("export of {} people as CSV, {}", bench.users, engine.name());
        lines.push(Line::of(&name, rates, "people/s", Bound::None));
        let name = format!("{name}: the server's growth");
        lines.push(Line::of(name, growths, "MB", Bound::None));
    }
    Ok(lines)
}

/// How many people a file has; nobody twice, and all whom the site was filled with.
fn everybody(site: &Site, file: &[u8]) -> Outcome<u64> {
    let file = std::str::from_utf8(file)?;
    let mut ids = HashSet::new();
    for line in file.lines().skip(1) {
        let id = line.split(',').next().unwrap_or_default();
        if !ids.insert(id) {
            return Err(wrong(format!("{id} is twice in an export")));
        }
    }
    match site.ids.iter().find(|id| !ids.contains(id.as_str())) {
        Some(id) => Err(wrong(format!("{id} is missing in an export"))),
        None => Ok(ids.len() as u64),
    }
}
