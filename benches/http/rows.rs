//! The rows of the table. Each starts the servers that it needs and stops them again, so that none
//! depends on what ran before.

mod commits;
mod events;
mod files;
mod footprint;
mod groups;
mod growth;
mod lists;
mod pages;
mod pgbench;
mod reads;
mod script;

use std::collections::HashMap;
use std::time::Duration;

use clap::ValueEnum;

use crate::Outcome;
use crate::load::{Amount, Side};
use crate::report::Line;
use crate::site::{Engine, Ground, Site};

/// How long a side works in a round where its rate is measured.
const TURN: Amount = Amount::For(Duration::from_secs(2));
/// What goes before that, unmeasured: connections are opened and statements prepared.
const WARM_UP: Amount = Amount::For(Duration::from_millis(300));

/// People on the small side of the rows about growth.
const FEW: usize = 1000;
/// Seats that a site has for people who come while something is measured.
const SPARE_SEATS: usize = 250_000;

/// What can be asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// Grouped commits on SQLite, on this disk and on a slower one.
    Commit,
    /// A lone create on SQLite, grouped or not.
    Lone,
    /// Creates on PostgreSQL against pgbench, and their processor time.
    Pgbench,
    /// Creates into one pool on PostgreSQL at 32 clients and at 8.
    OnePool,
    /// GET by id against the bare reference.
    Get,
    /// Filters by equality against the bare reference.
    Eq,
    /// Create, GET, eq, PATCH among many people and among few.
    Growth,
    /// First and last pages of a whole walk.
    Pages,
    /// One member added to a large and to a small group.
    Member,
    /// A large and a small group read without members.
    Group,
    /// Events of the coaching platform, one by one and in lists.
    Events,
    /// First pages of the operators' list of people, by each filter in each order.
    Lists,
    /// A file of people into a new directory, and the same again.
    Imports,
    /// Everybody as CSV.
    Exports,
    /// Memory at rest and after load.
    Memory,
    /// From the start of the process to its ready line.
    Start,
}

impl Row {
    pub(crate) const ALL: &[Self] = &[
        Self::Commit,
        Self::Lone,
        Self::Pgbench,
        Self::OnePool,
        Self::Get,
        Self::Eq,
        Self::Growth,
        Self::Pages,
        Self::Member,
        Self::Group,
        Self::Events,
        Self::Lists,
        Self::Imports,
        Self::Exports,
        Self::Memory,
        Self::Start,
    ];

    pub(crate) async fn run(self, bench: &mut Bench) -> Outcome<Vec<Line>> {
        match self {
            Self::Commit => commits::grouped(bench).await,
            Self::Lone => commits::lone(bench).await,
            Self::Pgbench => pgbench::creates(bench).await,
            Self::OnePool => pgbench::hot_row(bench).await,
            Self::Get => reads::get(bench).await,
            Self::Eq => reads::eq(bench).await,
            Self::Growth => growth::growth(bench).await,
            Self::Pages => pages::walks(bench).await,
            Self::Member => groups::member(bench).await,
            Self::Group => groups::read(bench).await,
            Self::Events => events::events(bench).await,
            Self::Lists => lists::lists(bench).await,
            Self::Imports => files::imports(bench).await,
            Self::Exports => files::exports(bench).await,
            Self::Memory => footprint::memory(bench).await,
            Self::Start => footprint::start(bench).await,
        }
    }
}

/// What the rows share.
pub(crate) struct Bench {
    pub(crate) ground: Ground,
    users: usize,
    rounds: u16,
    filled: HashMap<(Engine, usize), Site>,
    made: usize,
}

impl Bench {
    pub(crate) fn new(ground: Ground, users: usize, rounds: u16) -> Self {
        Self {
            ground,
            users,
            rounds,
            filled: HashMap::new(),
            made: 0,
        }
    }

    /// A database name that nobody has.
    fn name(&mut self) -> String {
        self.made += 1;
        format!("bench{}", self.made)
    }

    /// A new site without people.
    async fn empty(&mut self, engine: Engine) -> Outcome<Site> {
        self.with_seats(engine, SPARE_SEATS).await
    }

    /// The same with so many seats.
    async fn with_seats(&mut self, engine: Engine, seats: usize) -> Outcome<Site> {
        let name = self.name();
        self.ground.site(engine, &name, seats).await
    }

    /// The site with many people, filled when it is first asked for. Rows may add to it.
    async fn large(&mut self, engine: Engine) -> Outcome<Site> {
        self.filled(engine, self.users).await
    }

    /// The site with few people. Rows that add to it take a copy.
    async fn small(&mut self, engine: Engine) -> Outcome<Site> {
        self.filled(engine, FEW).await
    }

    async fn filled(&mut self, engine: Engine, people: usize) -> Outcome<Site> {
        if let Some(site) = self.filled.get(&(engine, people)) {
            return Ok(site.clone());
        }
        let name = self.name();
        let seats = people + SPARE_SEATS;
        let mut site = self.ground.site(engine, &name, seats).await?;
        site.fill(people).await?;
        if engine == Engine::Postgres {
            // As autovacuum would within minutes: the row is about steady use, and a plan made
            // without knowing the tables depends on when the row happens to run.
            self.ground.analyze(&site).await?;
        }
        self.filled.insert((engine, people), site.clone());
        Ok(site)
    }
}

/// Warms both sides up.
async fn warm_up(sides: [&Side; 2], connections: usize) -> Outcome {
    for side in sides {
        side.rate(connections, WARM_UP).await?;
    }
    Ok(())
}
