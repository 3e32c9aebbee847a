//! The operators' list of people: the first page of each filter in each order, against a read of one
//! person, and five filters at once. The people are as mixed as a customer's: most are alike, and
//! some of whatever is asked for are rare.

use std::fmt::Write as _;
use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Bench;
use super::files::{import, sent};
use crate::client::{Connection, Head};
use crate::load::once;
use crate::people::{family, user_name};
use crate::report::{Bound, Line, percentile};
use crate::server::Server;
use crate::site::{Engine, Site};
use crate::{Outcome, wrong};

/// People on a page unless asked otherwise.
const PAGE: usize = 50;
/// Reads of one person to go before the pages of a filter, and as many after them.
const READS: usize = 20;
/// Every so many-th person is one of the rare.
const RARE: usize = 500;
/// How much longer than a read of one person the first page of a filter may take.
const TIMES: f64 = 20.0;

const SORTS: [&str; 12] = [
    "name",
    "userName",
    "email",
    "accessEndDate",
    "createdAt",
    "lastModified",
    "track",
    "pool",
    "sessionsCompleted",
    "nextSessionAt",
    "status",
    "lastEngagementAt",
];

/// Filters, each of many people and of few or none.
const FILTERS: [&str; 38] = [
    "",
    "status=invited",
    "status=activated",
    "status=started_coaching",
    "status=reflection_assigned",
    "status=ended",
    "status=stalled",
    "stalled=true",
    "stalled=false",
    "idleDays=0",
    "idleDays=30",
    "episodeMin=1",
    "episodeMin=2",
    "seatState=assigned",
    "seatState=waitlisted",
    "seatState=grace",
    "seatState=scheduled",
    "seatState=ended",
    "seatState=none",
    "track=general",
    "track=leadership",
    "pool=all",
    "pool=few",
    "ended=false",
    "ended=true",
    "endsBefore=2090-01-01",
    "endsAfter=2090-01-01",
    "managedBy=import",
    "managedBy=scim",
    "managedBy=admin",
    "accessLevel=full",
    "accessLevel=archive",
    "accessLevel=none",
    "attr.department=Sales",
    "attr.department=Treasury",
    "attr.region=EMEA",
    "attr.region=Antarctica",
    "q=dana",
];

/// Five at once: what most are, what few are, what nobody is.
const FIVE: [&str; 4] = [
    "status=invited&seatState=assigned&track=general&accessLevel=full&attr.department=Sales",
    "stalled=false&ended=false&pool=all&managedBy=import&attr.region=EMEA",
    "status=invited&ended=false&track=leadership&managedBy=import&attr.department=Treasury",
    "seatState=waitlisted&pool=few&accessLevel=none&managedBy=admin&attr.region=Antarctica",
];

pub(super) async fn lists(bench: &mut Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in Engine::BOTH {
        let people = bench.users;
        let site = bench.with_seats(engine, people).await?;
        mix(&site, people).await?;
        if engine == Engine::Postgres {
            bench.ground.analyze(&site).await?;
        }
        let server = site.start()?;
        site.settle().await?;
        let mut list = List::of(&site, &server, usize::from(bench.rounds)).await?;
        let name = engine.name();
        let (mut served, mut others) = (Slowest::default(), Slowest::default());
        for filter in FILTERS {
            let before = list.reads().await?;
            let pages = list.pages(filter).await?;
            let after = list.reads().await?;
            let read = f64::midpoint(before, after);
            for (sort, took) in pages {
                let slowest = if is_served(filter, &sort) {
                    &mut served
                } else {
                    &mut others
                };
                slowest.see(took / read, TIMES, &format!("{filter} {sort}, {name}"));
            }
        }
        let what = format!("first page by a filter in an order vs a read of one person, {name}");
        lines.push(served.line(&what, "×", TIMES));
        let what = format!("the same by address, by a search or by another attribute, {name}");
        lines.push(others.line(&what, "×", TIMES));
        let mut slowest = Slowest::default();
        for filter in FIVE {
            for (sort, took) in list.pages(filter).await? {
                slowest.see(took, 100.0, &format!("{filter} {sort}, {name}"));
            }
        }
        let what = format!("first page by five filters in any order among {people}, {name}");
        lines.push(slowest.line(&what, "ms", 100.0));
        server.stop()?;
    }
    Ok(lines)
}

/// Whether an index serves both a filter and an order.
fn is_served(filter: &str, sort: &str) -> bool {
    let unserved = ["q=", "attr.region="];
    !sort.ends_with("email") && !unserved.iter().any(|of| filter.starts_with(of))
}

/// The slowest of figures, and whose it is.
#[derive(Default)]
struct Slowest {
    figure: f64,
    what: String,
    all: Vec<f64>,
}

impl Slowest {
    fn see(&mut self, figure: f64, most: f64, what: &str) {
        if figure > most {
            eprintln!("    {figure:.1}: {what}");
        }
        self.all.push(figure);
        if figure > self.figure {
            self.figure = figure;
            what.clone_into(&mut self.what);
        }
    }

    fn line(mut self, name: &str, unit: &'static str, most: f64) -> Line {
        self.all.sort_unstable_by(f64::total_cmp);
        let middle = self
            .all
            .get(self.all.len() / 2)
            .copied()
            .unwrap_or(f64::NAN);
        eprintln!(
            "    the slowest of {}: {}; the middle one {middle:.1} {unit}",
            self.all.len(),
            self.what
        );
        Line::of(name, vec![self.figure], unit, Bound::AtMost(most))
    }
}

/// Asks for pages.
struct List {
    connection: Connection,
    scim: Head,
    admin: Head,
    ids: Vec<String>,
    times: usize,
}

impl List {
    async fn of(site: &Site, server: &Server, times: usize) -> Outcome<Self> {
        let admin = site.admin(server.address);
        let page = once(server.address, admin.get("/members?managedBy=import")).await?;
        let page: Value = serde_json::from_str(&page)?;
        let items = page["items"].as_array().ok_or("no items")?;
        let ids = items.iter().filter_map(|item| item["id"].as_str());
        let ids: Vec<_> = ids.map(str::to_owned).collect();
        if ids.is_empty() {
            return Err(wrong("nobody to read"));
        }
        Ok(Self {
            connection: Connection::open(server.address).await?,
            scim: site.head(server.address),
            admin,
            ids,
            times,
        })
    }

    /// The median time of reading one person, in milliseconds.
    async fn reads(&mut self) -> Outcome<f64> {
        let mut times = Vec::with_capacity(READS);
        for id in self.ids.iter().cycle().take(READS) {
            let read = self.scim.get(&format!("/Users/{id}"));
            times.push(self.connection.send(&read.holds(id)).await?.0);
        }
        times.sort_unstable();
        Ok(percentile(&times, 50))
    }

    /// The median time of the first page of a filter in each order, in milliseconds. Each order must
    /// find as many people.
    async fn pages(&mut self, filter: &str) -> Outcome<Vec<(String, f64)>> {
        let mut found = None;
        let mut pages = Vec::new();
        for sort in SORTS {
            for sort in [sort.to_owned(), format!("-{sort}")] {
                let and = if filter.is_empty() { "" } else { "&" };
                let path = format!("/members?{filter}{and}sort={sort}");
                let page = self.admin.get(&path);
                let mut times = Vec::new();
                for _ in 0..self.times {
                    times.push(self.connection.send(&page).await?.0);
                }
                let (_, body) = self.connection.send(&page).await?;
                let body: Value = serde_json::from_str(body)?;
                let items = body["items"].as_array().map_or(0, Vec::len);
                if *found.get_or_insert(items) != items {
                    return Err(wrong(format!("{filter} by {sort} finds {items} people")));
                }
                times.sort_unstable();
                pages.push((sort, percentile(&times, 50)));
            }
        }
        if filter.is_empty() && found != Some(PAGE) {
            return Err(wrong("the first page of all is not full"));
        }
        Ok(pages)
    }
}

/// Fills a site with people of all kinds: by a file, by SCIM, by events; some wait, some have left.
async fn mix(site: &Site, people: usize) -> Outcome {
    let term = ["--term-start", "2020-01-01", "--term-end", "2099-12-31"];
    let few = (people / RARE / 2).to_string();
    let pool = ["pool", "create", "--key", "few", "--purchased", &few];
    site.command(&[&pool[..], &term].concat())?;
    let track = ["track", "create", "--key", "leadership", "--name", "L"];
    site.command(&track)?;
    let server = site.start()?;
    let address = server.address;
    import(site, address, &file(people), ("created", people)).await?;
    let leavers: Vec<_> = rare(people, 1).collect();
    once(address, sent(site, address, &termination(&leavers))).await?;
    let scim = site.people(address);
    for _ in 0..people / RARE {
        once(address, scim.create()).await?;
    }
    let admin = site.admin(address);
    for number in rare(people, 2) {
        let end = format!("/members/{}/end", user_name(number as u64));
        let body = r#"{"reason":"declined"}"#;
        once(address, admin.send(&end, ("application/json", body), 200)).await?;
    }
    tell(address, &admin, people).await?;
    site.settle().await?;
    server.stop()
}

/// The rare of a kind.
fn rare(people: usize, kind: usize) -> impl Iterator<Item = usize> {
    (kind..people).step_by(RARE)
}

fn file(people: usize) -> String {
    let departments = ["Sales", "Marketing", "Support", "Finance", "Engineering"];
    let regions = ["EMEA", "APAC", "AMER"];
    let head = "worker_id,email,given_name,family_name,title,department,cost_center,region,track,\
                pool,access_end\n";
    let mut file = head.to_owned();
    for number in 0..people {
        let kind = number % RARE;
        let department = match kind {
            3 => "Treasury",
            _ => departments[number % departments.len()],
        };
        let region = match kind {
            4 => "Antarctica",
            _ => regions[number % regions.len()],
        };
        let track = if kind == 5 { "leadership" } else { "general" };
        let pool = if kind == 6 { "few" } else { "all" };
        let end = match kind {
            7 => "2089-06-30".to_owned(),
            _ => format!("209{}-0{}-15", 1 + number % 8, 1 + number % 9),
        };
        let (email, family) = (user_name(number as u64), family(number as u64));
        let _ = writeln!(
            file,
            "w{number},{email},Dana,Ito{family},Engineer,{department},4130,{region},{track},{pool},\
             {end}"
        );
    }
    file
}

/// A file by which some have left.
fn termination(people: &[usize]) -> String {
    let mut file = "worker_id,email,termination_date\n".to_owned();
    for number in people {
        let _ = writeln!(file, "w{number},{},2026-01-05", user_name(*number as u64));
    }
    file
}

/// Tells what some have done: one in ten has an account, fewer have sessions.
async fn tell(address: SocketAddr, admin: &Head, people: usize) -> Outcome {
    let now = Timestamp::now();
    let ahead = now + SignedDuration::from_hours(24 * 3);
    let long_ago = now - SignedDuration::from_hours(24 * 40);
    let mut events = Vec::new();
    let mut event = |number: usize, kind: &str, at: Timestamp, more: &str| {
        let (id, member) = (events.len(), user_name(number as u64));
        events.push(format!(
            r#"{{"id":"{id}","type":"{kind}","member":"{member}","occurredAt":"{at}"{more}}}"#
        ));
    };
    for number in (0..people)
        .step_by(10)
        .map(|number| number + 8)
        .filter(|number| *number < people)
    {
        event(number, "account.activated", now, "");
        if number % 50 == 8 {
            let session = format!(r#","sessionId":"s{number}","durationMin":45"#);
            event(number, "session.completed", now, &session);
        }
        if number % 100 == 8 {
            let session = format!(r#","sessionId":"n{number}","startsAt":"{ahead}""#);
            event(number, "session.scheduled", now, &session);
        }
    }
    for number in rare(people, 9) {
        event(number, "account.activated", long_ago, "");
    }
    for list in events.chunks(1000) {
        let body = format!("[{}]", list.join(","));
        let told = admin.send("/events", ("application/json", &body), 200);
        once(address, told.holds("\"refused\":0")).await?;
    }
    Ok(())
}
