//! Timed work: the use cases that the clock calls. Any replica may do it; a lease keeps two from
//! doing the same at once, and what they do would be right even then.

pub(crate) mod delivery;
mod signals;

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp, ToSpan};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::RootCertStore;
use uuid::Uuid;

use crate::clock::Clock;
use crate::directory::{Directory, Error};

/// How long to sleep at most; a due time that comes sooner wakes earlier.
const PAUSE: Duration = Duration::from_secs(1);
/// How often to look for tables that have filled.
const ANALYSE_EVERY: Duration = Duration::from_secs(5);
/// How often to see whether a day has gone by since benchmarks were measured.
const MEASURE_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// How often to look at what came of nudges.
const RESOLVE_EVERY: Duration = Duration::from_mins(1);

/// Invitations sent between two looks at what else is due.
const INVITATIONS: i64 = 20;

/// The running jobs.
pub struct Jobs {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    delivering: JoinHandle<()>,
    signalling: JoinHandle<()>,
}

impl Jobs {
    /// Stops after the work in hand.
    pub async fn stop(self) {
        // The receiver lives as long as the task.
        let _ = self.stop.send(true);
        for task in [self.task, self.delivering, self.signalling] {
            if let Err(error) = task.await {
                tracing::error!(%error, "the jobs ended in disorder");
            }
        }
    }
}

/// Starts the jobs. Receivers of webhooks are believed whom these authorities vouch for.
pub fn start(directory: Directory, clock: Clock, roots: RootCertStore) -> Jobs {
    let (stop, stopped) = watch::channel(false);
    let delivering = delivery::run(directory.clone(), clock.clone(), roots, stopped.clone());
    let signalling = signals::run(directory.clone(), clock.clone(), stopped.clone());
    Jobs {
        stop,
        signalling: tokio::spawn(signalling),
        delivering: tokio::spawn(delivering),
        task: tokio::spawn(run(directory, clock, stopped)),
    }
}

async fn run(directory: Directory, clock: Clock, mut stopped: watch::Receiver<bool>) {
    let me = Uuid::now_v7();
    let mut chores = Chores::new();
    while !*stopped.borrow() {
        chores.look(&directory, &clock).await;
        if let Err(error) = invite(&directory, &clock, me).await {
            tracing::warn!(%error, "invitations were not sent and will be");
        }
        let pause = match round(&directory, &clock, me).await {
            Ok(Next::AtOnce) => Duration::ZERO,
            Ok(Next::WhenDue) => until_due(&directory, &clock).await,
            Ok(Next::Later) => PAUSE,
            Err(error) => {
                tracing::warn!(%error, "a job failed and will be tried again");
                PAUSE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = clock.moved() => {}
            () = directory.run_begins() => {}
            _ = stopped.changed() => {}
        }
    }
    if let Err(error) = directory.flush_seen().await {
        tracing::warn!(%error, "what was last seen of connections is lost");
    }
}

/// What is done now and then, and must not keep anybody's access waiting if it fails.
struct Chores {
    analysed: Instant,
    resolved: Instant,
    measured: Option<Timestamp>,
}

impl Chores {
    fn new() -> Self {
        Self {
            analysed: Instant::now(),
            resolved: Instant::now(),
            measured: None,
        }
    }

    async fn look(&mut self, directory: &Directory, clock: &Clock) {
        if self.analysed.elapsed() >= ANALYSE_EVERY {
            analyse(directory).await;
            self.analysed = Instant::now();
        }
        if self.resolved.elapsed() >= RESOLVE_EVERY {
            if let Err(error) = resolve(directory, clock).await {
                tracing::warn!(%error, "what came of nudges was not noted");
            }
            self.resolved = Instant::now();
        }
        let now = clock.now();
        let next = self.measured.map(|at| at.saturating_add(MEASURE_EVERY));
        if !matches!(next, Some(Ok(next)) if now < next) {
            if let Err(error) = measure(directory, clock).await {
                tracing::warn!(%error, "benchmarks were not measured");
            }
            // Any replica may; twice does no harm.
            if let Err(error) = directory.forget_old_files(now).await {
                tracing::warn!(%error, "files of long ago were not forgotten");
            }
            if let Err(error) = directory.forget_idempotency_keys(now).await {
                tracing::warn!(%error, "keys of requests of long ago were not forgotten");
            }
            self.measured = Some(now);
        }
    }
}

/// Lets the database's planner know of tables that have filled. Any replica may; twice does no harm.
async fn analyse(directory: &Directory) {
    match directory.store().analyse_filled().await {
        Ok(tables) if tables.is_empty() => {}
        Ok(tables) => tracing::info!(?tables, "analysed what had filled"),
        Err(error) => tracing::warn!(%error, "tables were not analysed"),
    }
}

/// Notes what came of nudges. Any replica may; twice does no harm.
async fn resolve(directory: &Directory, clock: &Clock) -> Result<(), Error> {
    for tenant in directory.store().tenants_with_open_nudges().await? {
        directory.resolve_nudges(tenant, clock.now()).await?;
    }
    Ok(())
}

/// Sends invitations whose time has come. One replica does, and what it does is right even where two do.
async fn invite(directory: &Directory, clock: &Clock, me: Uuid) -> Result<(), Error> {
    let store = directory.store();
    let now = clock.now();
    let due = store.invitations_due(now, INVITATIONS).await?;
    let until = now.checked_add(30.seconds()).unwrap_or(now);
    if due.is_empty() || !store.lease("invitations", me, now, until).await? {
        return Ok(());
    }
    for (tenant, id) in due {
        // One that cannot be sent holds up none behind it.
        if let Err(error) = directory.send_invitation(tenant, id, clock.now()).await {
            tracing::warn!(%error, invitation = %id, "an invitation was not sent and will be");
        }
    }
    Ok(())
}

/// How long to sleep: until something is due, and no longer than a second.
async fn until_due(directory: &Directory, clock: &Clock) -> Duration {
    let Ok(Some(due)) = directory.store().next_due().await else {
        return PAUSE;
    };
    let left = due
        .as_millisecond()
        .saturating_sub(clock.now().as_millisecond())
        .max(10);
    PAUSE.min(Duration::from_millis(left.unsigned_abs()))
}

/// Measures benchmarks once a day: whoever gets the lease does, and nobody keeps it.
async fn measure(directory: &Directory, clock: &Clock) -> Result<(), Error> {
    let store = directory.store();
    let tenants = store.tenants_with_benchmarks().await?;
    let now = clock.now();
    let until = now.checked_add(24.hours()).unwrap_or(now);
    if tenants.is_empty()
        || !store
            .lease("benchmarks", Uuid::now_v7(), now, until)
            .await?
    {
        return Ok(());
    }
    for tenant in tenants {
        directory.measure(tenant, clock.now()).await?;
    }
    Ok(())
}

/// When the next round is.
enum Next {
    /// A long run has more to do.
    AtOnce,
    /// When the clock has something to change.
    WhenDue,
    /// There is something, and another replica has the lease to do it.
    Later,
}

/// Does what is to be done now. One batch of a long run a round, so that nobody's access waits
/// behind it.
async fn round(directory: &Directory, clock: &Clock, me: Uuid) -> Result<Next, Error> {
    directory.flush_seen().await?;
    let store = directory.store();
    let due = store.tenants_due(clock.now()).await?;
    let placing = store.tenants_placing().await?;
    let sealing = store.tenants_to_seal().await?;
    let planning = store.tenants_planning(clock.now()).await?;
    let guarding = store.tenants_guarding().await?;
    let idle = [&due, &placing, &sealing, &planning, &guarding];
    if idle.iter().all(|tenants| tenants.is_empty()) {
        return Ok(Next::WhenDue);
    }
    let now = clock.now();
    let until = now.checked_add(30.seconds()).unwrap_or(now);
    if !store.lease("clock", me, now, until).await? {
        return Ok(Next::Later);
    }
    for tenant in due {
        directory.catch_up(tenant, clock.now()).await?;
    }
    let mut more = false;
    // Before anything of them could come due.
    for tenant in guarding {
        more |= directory.carry_on_breakers(tenant, clock.now()).await?;
    }
    for tenant in placing {
        more |= directory.place_some(tenant, clock.now()).await?;
    }
    for tenant in sealing {
        directory.seal(tenant).await?;
    }
    for tenant in planning {
        // A plan that fails must not keep everybody else's access waiting.
        match directory.carry_on_plans(tenant, clock.now()).await {
            Ok(left) => more |= left,
            Err(error) => tracing::warn!(%error, "a plan did not go on and will be tried again"),
        }
    }
    Ok(if more { Next::AtOnce } else { Next::WhenDue })
}
