//! Creates on PostgreSQL: against pgbench with the same statements, and with more clients.

use std::time::Duration;

use super::script::{self, Script};
use super::{Bench, TURN, WARM_UP};
use crate::load::{Amount, Side, per_second};
use crate::report::{Bound, Line, Pairs};
use crate::server::said;
use crate::site::{Engine, Site};
use crate::{Outcome, wrong};

const CLIENTS: usize = 8;
const MORE_CLIENTS: usize = 32;
/// How long either side works in a round against pgbench, in seconds.
const SECONDS: u64 = 4;

/// Creates a second of both, and what one costs the server in processor time, the ledger's seal
/// included. pgbench has a database of its own, made and filled alike.
pub(super) async fn creates(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let ours = bench.empty(Engine::Postgres).await?;
    let theirs = bench.empty(Engine::Postgres).await?;
    let script = script::record(&bench.ground, &theirs).await?;
    let server = ours.start()?;
    let people = ours.people(server.address);
    let side = Side::new(server.address, move || people.create());
    side.rate(CLIENTS, WARM_UP).await?;
    let mut total = ours.total(server.address).await?;
    let (mut rates, mut costs) = (Pairs::default(), Vec::new());
    let turn = Amount::For(Duration::from_secs(SECONDS));
    for round in 0..bench.rounds {
        ours.settle().await?;
        bench.ground.vacuum(&ours).await?;
        let before = server.cpu()?;
        let (done, took) = side.run(CLIENTS, turn, |_| ()).await?;
        ours.settle().await?;
        let cpu = server.cpu()?.saturating_sub(before);
        total += usize::try_from(done)?;
        ours.expect_total(server.address, total).await?;
        costs.push(cpu.as_secs_f64() * 1000.0 / per_second(done, Duration::from_secs(1)));
        bench.ground.vacuum(&theirs).await?;
        let theirs = pgbench(bench, &theirs, &script, round).await?;
        rates.push(per_second(done, took), theirs);
    }
    server.stop()?;
    Ok(vec![
        rates.line(
            "creates on PostgreSQL, 8 clients, vs pgbench with the same statements",
            "/s",
            Bound::AtLeast(0.6),
        ),
        Line::of(
            "processor time of the server a create",
            costs,
            "ms",
            Bound::AtMost(0.4),
        ),
    ])
}

/// Runs pgbench for a round; answers its transactions a second.
async fn pgbench(bench: &mut Bench, site: &Site, script: &Script, round: u16) -> Outcome<f64> {
    let before = site.members().await?;
    let file = bench.ground.folder.join("create.sql");
    std::fs::write(&file, script.text())?;
    let mut command = bench.ground.cluster()?.pgbench(site.name());
    // Prepared, as sqlx does, and without pgbench's own vacuum of tables that are not there.
    command.args(["-n", "-M", "prepared", "-j", "2"]);
    command.args(["-c", &CLIENTS.to_string(), "-T", &SECONDS.to_string()]);
    command.arg("-f").arg(&file);
    for (name, value) in script.variables(round) {
        command.arg("-D").arg(format!("{name}={value}"));
    }
    let said = said(&mut command)?;
    let figure = |before: &str| {
        said.lines()
            .find_map(|line| line.strip_prefix(before))
            .and_then(|rest| rest.split_whitespace().next())
            .map(str::to_owned)
            .ok_or_else(|| wrong(format!("pgbench says another thing:\n{said}")))
    };
    let done: i64 = figure("number of transactions actually processed: ")?.parse()?;
    if site.members().await? != before + done {
        return Err(wrong("pgbench did not create as many as it says"));
    }
    Ok(figure("tps = ")?.parse()?)
}

/// Creates into one pool: more clients must not be slower, as they were if they fought for a row.
pub(super) async fn hot_row(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let site = bench.empty(Engine::Postgres).await?;
    let server = site.start()?;
    let people = site.people(server.address);
    let side = Side::new(server.address, move || people.create());
    side.rate(MORE_CLIENTS, WARM_UP).await?;
    let mut total = site.total(server.address).await?;
    let mut pairs = Pairs::default();
    for _ in 0..bench.rounds {
        let mut rates = [0.0; 2];
        for (rate, clients) in rates.iter_mut().zip([MORE_CLIENTS, CLIENTS]) {
            site.settle().await?;
            let (done, took) = side.run(clients, TURN, |_| ()).await?;
            total += usize::try_from(done)?;
            *rate = per_second(done, took);
        }
        pairs.push(rates[0], rates[1]);
    }
    site.expect_total(server.address, total).await?;
    server.stop()?;
    let name = "creates into one pool on PostgreSQL, 32 clients vs 8";
    Ok(vec![pairs.line(name, "/s", Bound::AtLeast(0.9))])
}
