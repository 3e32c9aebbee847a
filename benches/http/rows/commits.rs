//! Durable creates on SQLite: commits in groups against each by itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Bench, TURN, warm_up};
use crate::load::{Side, alternate, per_second};
use crate::report::{Bound, Line, Pairs, percentile};
use crate::server::{Server, said};
use crate::site::{Engine, Site};
use crate::{Outcome, wrong};

const CONNECTIONS: usize = 32;
/// Samples of a round of lone creates.
const SAMPLES: usize = 300;
/// What `slow_sync.c` adds to a sync, in milliseconds.
const SLOWER: f64 = 2.0;

/// The same build on two new databases: with groups, and with groups of one.
struct Pair {
    sites: [Site; 2],
    servers: [Server; 2],
    sides: [Side; 2],
}

impl Pair {
    async fn start(bench: &mut Bench, settings: &[(&str, &Path)]) -> Outcome<Self> {
        let sites = [
            bench.empty(Engine::Sqlite).await?,
            bench.empty(Engine::Sqlite).await?,
        ];
        let alone = [settings, &[("SEATKEEPER_COMMIT_GROUP", Path::new("1"))]].concat();
        let servers = [sites[0].start_with(settings)?, sites[1].start_with(&alone)?];
        let side = |at: usize| {
            let address = servers[at].address;
            let people = sites[at].people(address);
            Side::new(address, move || people.create())
        };
        let sides = [side(0), side(1)];
        Ok(Self {
            sites,
            servers,
            sides,
        })
    }

    async fn settle(&self) -> Outcome {
        for site in &self.sites {
            site.settle().await?;
        }
        Ok(())
    }

    /// How many people each side has.
    async fn totals(&self) -> Outcome<[u64; 2]> {
        let mut totals = [0; 2];
        for (at, total) in totals.iter_mut().enumerate() {
            *total = self.sites[at].total(self.servers[at].address).await? as u64;
        }
        Ok(totals)
    }

    /// Stops both; every acknowledged create must be there.
    async fn stop(self, created: [u64; 2]) -> Outcome {
        for ((site, server), created) in self.sites.iter().zip(self.servers).zip(created) {
            let created = usize::try_from(created)?;
            site.expect_total(server.address, created).await?;
            server.stop()?;
        }
        Ok(())
    }
}

/// Creates a second over 32 connections, on this disk and on one that syncs 2 ms more slowly.
pub(super) async fn grouped(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let shim = compile_shim(&bench.ground.folder)?;
    let here = rates(bench, &[]).await?;
    let slower = rates(bench, &[("LD_PRELOAD", &shim)]).await?;
    let name = "durable creates on SQLite, 32 connections, commits in groups vs each by itself";
    Ok(vec![
        here.line(name, "/s", Bound::AtLeast(1.3)),
        slower.line(
            "the same with 2 ms more at each sync",
            "/s",
            Bound::AtLeast(4.0),
        ),
    ])
}

async fn rates(bench: &mut Bench, settings: &[(&str, &Path)]) -> Outcome<Pairs> {
    let pair = Pair::start(bench, settings).await?;
    let [a, b] = &pair.sides;
    if !settings.is_empty() {
        // Otherwise the shim was not loaded, and the row would measure something else.
        let (times, _) = alternate(b, b, 10).await?;
        if percentile(&times, 0) < SLOWER {
            return Err(wrong("the syncs are not slower"));
        }
    }
    warm_up([a, b], CONNECTIONS).await?;
    let before = pair.totals().await?;
    let (mut pairs, mut created) = (Pairs::default(), before);
    for _ in 0..bench.rounds {
        let mut rates = [0.0; 2];
        for (at, rate) in rates.iter_mut().enumerate() {
            pair.settle().await?;
            let (done, took) = pair.sides[at].run(CONNECTIONS, TURN, |_| ()).await?;
            created[at] += done;
            *rate = per_second(done, took);
        }
        pairs.push(rates[0], rates[1]);
    }
    pair.stop(created).await?;
    Ok(pairs)
}

/// The median time of a create when nobody else writes.
pub(super) async fn lone(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let pair = Pair::start(bench, &[]).await?;
    let [a, b] = &pair.sides;
    warm_up([a, b], 1).await?;
    let mut created = pair.totals().await?;
    let mut pairs = Pairs::default();
    for _ in 0..bench.rounds {
        pair.settle().await?;
        let (of_a, of_b) = alternate(a, b, SAMPLES).await?;
        created[0] += of_a.len() as u64;
        created[1] += of_b.len() as u64;
        pairs.push(percentile(&of_a, 50), percentile(&of_b, 50));
    }
    pair.stop(created).await?;
    let name = "a lone create's p50 on SQLite, commits in groups vs each by itself";
    Ok(vec![pairs.line(name, "ms", Bound::AtMost(1.1))])
}

/// Builds the library that slows every sync.
fn compile_shim(folder: &Path) -> Outcome<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/http/slow_sync.c");
    let shim = folder.join("slow_sync.so");
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-O2", "-o"]);
    said(compile.arg(&shim).arg(source).arg("-ldl"))?;
    Ok(shim)
}
