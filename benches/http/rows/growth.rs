//! The same requests among many people and among few: what a person costs must not grow with their
//! number.

use super::{Bench, FEW, warm_up};
use crate::Outcome;
use crate::client::Exchange;
use crate::load::{Side, alternate};
use crate::people::{Key, People};
use crate::report::{Bound, Line, Pairs, percentile};
use crate::site::{Engine, Site};

/// Samples of a round: so many that the 99th percentile has ten above it.
const SAMPLES: usize = 1000;

/// Create, GET, eq and PATCH, one connection each, on both engines.
pub(super) async fn growth(bench: &mut Bench) -> Outcome<Vec<Line>> {
    type Ask = fn(&People) -> Exchange;
    let kinds: [(&str, Ask); 4] = [
        ("GET", People::read),
        ("eq", |people| people.find(Key::UserName)),
        ("PATCH", People::patch),
        ("create", People::create),
    ];
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let (large, small) = (bench.large(engine).await?, bench.small(engine).await?);
        for (what, ask) in kinds {
            let name = format!(
                "{what} among {} people vs {FEW}, {}",
                bench.users,
                engine.name()
            );
            lines.extend(compare(bench, &large, &small, ask, &name).await?);
        }
    }
    Ok(lines)
}

async fn compare(
    bench: &mut Bench,
    large: &Site,
    small: &Site,
    ask: fn(&People) -> Exchange,
    name: &str,
) -> Outcome<[Line; 2]> {
    let many = large.start()?;
    let (mut p50, mut p99) = (Pairs::default(), Pairs::default());
    let copy = bench.name();
    for _ in 0..bench.rounds {
        // A copy for each round: the creates of one must not make the small side large.
        let few_site = bench.ground.copy(small, &copy).await?;
        let few = few_site.start()?;
        let side = |site: &Site, address| {
            let people = site.people(address);
            Side::new(address, move || ask(&people))
        };
        let (a, b) = (side(large, many.address), side(&few_site, few.address));
        warm_up([&a, &b], 1).await?;
        large.settle().await?;
        few_site.settle().await?;
        let (a, b) = alternate(&a, &b, SAMPLES).await?;
        p50.push(percentile(&a, 50), percentile(&b, 50));
        p99.push(percentile(&a, 99), percentile(&b, 99));
        few.stop()?;
    }
    many.stop()?;
    Ok([
        p50.line(format!("{name}, p50"), "ms", Bound::AtMost(1.15)),
        p99.line(format!("{name}, p99"), "ms", Bound::AtMost(1.3)),
    ])
}
