//! The same requests among many people and among few: what a person costs must not grow with their
//! number.

use super::{Bench, FEW, warm_up};
use crate::Outcome;
use crate::client::Exchange;
use crate::load::{Side, alternate};
use crate::people::{Key, People};
use crate::report::{Bound, Line, Pairs, percentile};
use crate::server::Server;
use crate::site::{Engine, Site};

/// Samples of a round: so many that the 99th percentile has ten above it.
const SAMPLES: usize = 1000;

/// Create, GET, eq and PATCH, one connection each, on both engines.
pub(super) async fn growth(bench: &mut Bench) -> Outcome<Vec<Line>> {
    type Ask = fn(&People) -> Exchange;
    // And whether it makes the site grow.
    let kinds: [(&str, Ask, bool); 4] = [
        ("GET", People::read, false),
        ("eq", |people| people.find(Key::UserName), false),
        ("PATCH", People::patch, false),
        ("create", People::create, true),
    ];
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let (large, small) = (bench.large(engine).await?, bench.small(engine).await?);
        for (what, ask, grows) in kinds {
            let name = format!(
                "{what} among {} people vs {FEW}, {}",
                bench.users,
                engine.name()
            );
            lines.extend(compare(bench, &large, &small, (ask, grows), &name).await?);
        }
    }
    Ok(lines)
}

async fn compare(
    bench: &mut Bench,
    large: &Site,
    small: &Site,
    (ask, grows): (fn(&People) -> Exchange, bool),
    name: &str,
) -> Outcome<[Line; 2]> {
    let (mut p50, mut p99) = (Pairs::default(), Pairs::default());
    for _ in 0..bench.rounds {
        // The creates of one round must not make the small side large for the next.
        let few = if grows {
            let copy = bench.name();
            bench.ground.copy(small, &copy).await?
        } else {
            small.clone()
        };
        let servers = [large.start()?, few.start()?];
        let side = |site: &Site, server: &Server| {
            let people = site.people(server.address);
            Side::new(server.address, move || ask(&people))
        };
        let (a, b) = (side(large, &servers[0]), side(&few, &servers[1]));
        warm_up([&a, &b], 1).await?;
        large.settle().await?;
        few.settle().await?;
        let (a, b) = alternate(&a, &b, SAMPLES).await?;
        p50.push(percentile(&a, 50), percentile(&b, 50));
        p99.push(percentile(&a, 99), percentile(&b, 99));
        for server in servers {
            server.stop()?;
        }
    }
    Ok([
        p50.line(format!("{name}, p50"), "ms", Bound::AtMost(1.15)),
        p99.line(format!("{name}, p99"), "ms", Bound::AtMost(1.3)),
    ])
}
