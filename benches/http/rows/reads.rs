//! Reads against the bare reference on the same database, both served at once and asked in turns.

use super::{Bench, TURN, warm_up};
use crate::Outcome;
use crate::client::{Exchange, Head};
use crate::load::Side;
use crate::people::{Key, People};
use crate::report::{Bound, Line, Pairs};
use crate::server::{Reference, Server};
use crate::site::{Engine, Site};

const CONNECTIONS: usize = 8;

/// GET by id against a read of the row's document by primary key.
pub(super) async fn get(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let site = bench.large(engine).await?;
        for (kind, words, bound) in [
            (
                Reference::AsItComes,
                "the bare reference",
                Bound::AtLeast(0.9),
            ),
            (Reference::Pingless, "the same without pings", Bound::None),
        ] {
            let pairs = against_bare(bench, &site, kind, People::read, People::bare_read).await?;
            let name = format!("GET by id vs {words}, {}", engine.name());
            lines.push(pairs.line(name, "/s", bound));
        }
    }
    Ok(lines)
}

/// Filters by equality against a read of the row's document by `userName`.
pub(super) async fn eq(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let site = bench.large(engine).await?;
        for key in Key::ALL {
            let find = move |people: &People| people.find(key);
            let kind = Reference::AsItComes;
            let pairs = against_bare(bench, &site, kind, find, People::bare_find).await?;
            let name = format!(
                "`{} eq` among {} vs the bare userName read, {}",
                key.attribute(),
                bench.users,
                engine.name()
            );
            lines.push(pairs.line(name, "/s", Bound::AtLeast(0.8)));
        }
    }
    Ok(lines)
}

/// Answers a second, of Seatkeeper and of the reference.
async fn against_bare(
    bench: &Bench,
    site: &Site,
    kind: Reference,
    ask: impl Fn(&People) -> Exchange + Send + Sync + 'static,
    ask_bare: impl Fn(&People) -> Exchange + Send + Sync + 'static,
) -> Outcome<Pairs> {
    let (server, bare) = (site.start()?, Server::reference(&site.url, kind)?);
    let people = site.people(server.address);
    let bare_people = People::new(Head::bare(bare.address), site.ids.clone());
    let a = Side::new(server.address, move || ask(&people));
    let b = Side::new(bare.address, move || ask_bare(&bare_people));
    warm_up([&a, &b], CONNECTIONS).await?;
    let mut pairs = Pairs::default();
    for _ in 0..bench.rounds {
        let rate = a.rate(CONNECTIONS, TURN).await?;
        pairs.push(rate, b.rate(CONNECTIONS, TURN).await?);
    }
    server.stop()?;
    Ok(pairs)
}
