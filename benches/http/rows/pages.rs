//! Whole walks through the list of people: the last pages against the first, and nobody seen twice
//! or not at all.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use super::Bench;
use crate::client::{Connection, Head};
use crate::report::{Bound, Line, Pairs, percentile};
use crate::site::{Engine, Site};
use crate::{Outcome, wrong};

const COUNT: usize = 100;
/// Pages at each end whose median is taken, since one alone says little.
const ENDS: usize = 20;

#[derive(Clone, Copy)]
enum By {
    StartIndex,
    Cursor,
}

pub(super) async fn walks(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let kinds = [
        (By::StartIndex, "startIndex", 1.5),
        (By::Cursor, "cursor", 1.1),
    ];
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let site = bench.large(engine).await?;
        for (by, name, most) in kinds {
            let mut pairs = Pairs::default();
            for _ in 0..bench.rounds {
                let (first, last) = walk(&site, by).await?;
                pairs.push(last, first);
            }
            let name = format!(
                "last pages of a walk by {name} through {} people vs the first, {}",
                bench.users,
                engine.name()
            );
            lines.push(pairs.line(name, "ms", Bound::AtMost(most)));
        }
    }
    Ok(lines)
}

/// Walks once, on a server that has not walked before; answers the median times of the first full
/// pages and of the last.
async fn walk(site: &Site, by: By) -> Outcome<(f64, f64)> {
    let server = site.start()?;
    let head = site.head(server.address);
    let mut connection = Connection::open(server.address).await?;
    // Connections and statements are made before the time runs.
    for _ in 0..ENDS {
        page(&mut connection, &head, "count=99").await?;
    }
    let total = site.total(server.address).await?;
    let (mut times, mut seen) = (Vec::new(), HashSet::with_capacity(total));
    let mut query = match by {
        By::StartIndex => format!("startIndex=1&count={COUNT}"),
        By::Cursor => format!("cursor&count={COUNT}"),
    };
    loop {
        let (took, list) = page(&mut connection, &head, &query).await?;
        if list["totalResults"] != total {
            return Err(wrong(format!("a page says another total than {total}")));
        }
        let found = list["Resources"].as_array().map_or(&[][..], Vec::as_slice);
        for user in found {
            let id = user["id"].as_str().ok_or("a user without an id")?;
            if !seen.insert(id.to_owned()) {
                return Err(wrong(format!("{id} came twice in one walk")));
            }
        }
        if found.len() == COUNT {
            times.push(took);
        }
        query = match by {
            By::StartIndex if seen.len() < total && !found.is_empty() => {
                format!("startIndex={}&count={COUNT}", seen.len() + 1)
            }
            By::Cursor if list["nextCursor"].is_string() => {
                let cursor = list["nextCursor"].as_str().unwrap_or_default();
                format!("cursor={cursor}&count={COUNT}")
            }
            _ => break,
        };
    }
    if seen.len() != total {
        return Err(wrong(format!("a walk saw {} of {total} users", seen.len())));
    }
    server.stop()?;
    if times.len() < 2 * ENDS {
        return Err(wrong("too few people for pages to be first and last"));
    }
    let median = |pages: &[Duration]| {
        let mut pages = pages.to_vec();
        pages.sort_unstable();
        percentile(&pages, 50)
    };
    let last = times.len() - ENDS;
    Ok((median(&times[..ENDS]), median(&times[last..])))
}

async fn page(connection: &mut Connection, head: &Head, query: &str) -> Outcome<(Duration, Value)> {
    let exchange = head.get(&format!("/Users?{query}"));
    let (took, body) = connection.send(&exchange).await?;
    Ok((took, serde_json::from_str(body)?))
}
