//! Sends what webhooks are to be told. Each webhook has a task of its own while it has something
//! due, so that a receiver which is slow, or gone, holds up nobody else's messages; how many
//! messages are under way is bounded, for one webhook and for all. A replica sends what it has taken
//! a lease on; what was under way when a process died is sent again when the lease is over.

mod roots;
mod sender;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::clock::Clock;
use crate::directory::admin::Outgoing;
use crate::directory::{Directory, Error};
use crate::store::TenantId;
pub(crate) use roots::read as read_roots;
use sender::Sender;
use tokio_rustls::rustls::RootCertStore;

/// How often to look for what is to be told.
const PAUSE: Duration = Duration::from_millis(500);
/// Messages to one webhook under way at once.
const AT_ONCE: usize = 8;
/// Messages of this replica under way at once.
const AT_ONCE_IN_ALL: usize = 64;
/// How long messages under way may take to end when the server stops.
const STOPPING: Duration = Duration::from_secs(3);
/// How often to forget old deliveries, and how old they are then.
const FORGET_EVERY: Duration = Duration::from_hours(1);
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Sends until told to stop.
pub(super) async fn run(
    directory: Directory,
    clock: Clock,
    roots: RootCertStore,
    mut stopped: watch::Receiver<bool>,
) {
    let mut post = Post::new(directory, clock, roots);
    let mut forgot: Option<Instant> = None;
    while !*stopped.borrow() {
        if let Err(error) = post.round().await {
            tracing::warn!(%error, "webhooks were not told and will be");
        }
        if forgot.is_none_or(|at| at.elapsed() >= FORGET_EVERY) {
            forgot = Some(Instant::now());
            post.forget().await;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = post.clock.moved() => {}
            _ = stopped.changed() => {}
        }
    }
    // What does not end in time is sent again by whoever finds the lease over.
    if tokio::time::timeout(STOPPING, post.end()).await.is_err() {
        tracing::info!("messages to webhooks were cut off and will be sent again");
    }
}

struct Post {
    directory: Directory,
    clock: Clock,
    sender: Arc<Sender>,
    under_way: Arc<Semaphore>,
    /// One task a webhook, which answers whose it was.
    tasks: JoinSet<(TenantId, Uuid)>,
    busy: HashSet<(TenantId, Uuid)>,
}

impl Post {
    fn new(directory: Directory, clock: Clock, roots: RootCertStore) -> Self {
        let sender = Sender::new(directory.allows_private_webhooks(), roots);
        Self {
            directory,
            clock,
            sender: Arc::new(sender),
            under_way: Arc::new(Semaphore::new(AT_ONCE_IN_ALL)),
            tasks: JoinSet::new(),
            busy: HashSet::new(),
        }
    }

    async fn round(&mut self) -> Result<(), Error> {
        while let Some(done) = self.tasks.try_join_next() {
            self.done(done);
        }
        let store = self.directory.store();
        for tenant in store.tenants_to_tell().await? {
            while self.directory.tell_some(tenant, self.clock.now()).await? {}
        }
        for whose in store.webhooks_due(self.clock.now()).await? {
            if self.busy.insert(whose) {
                let (directory, clock) = (self.directory.clone(), self.clock.clone());
                let (sender, under_way) = (Arc::clone(&self.sender), Arc::clone(&self.under_way));
                self.tasks.spawn(async move {
                    if let Err(error) = serve(directory, clock, sender, under_way, whose).await {
                        tracing::warn!(%error, webhook = %whose.1, "a webhook was not told");
                    }
                    whose
                });
            }
        }
        Ok(())
    }

    fn done(&mut self, done: Result<(TenantId, Uuid), tokio::task::JoinError>) {
        match done {
            Ok(whose) => {
                self.busy.remove(&whose);
            }
            Err(error) => {
                tracing::error!(%error, "sending to a webhook ended in disorder");
                // Whose it was is not known; with no task left, none is busy.
                if self.tasks.is_empty() {
                    self.busy.clear();
                }
            }
        }
    }

    async fn forget(&self) {
        let before = self.clock.now().checked_sub(KEPT);
        let before = before.unwrap_or(Timestamp::MIN);
        if let Err(error) = self.directory.store().forget_deliveries(before).await {
            tracing::warn!(%error, "old deliveries were not forgotten");
        }
    }

    async fn end(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Sends what is due to one webhook until nothing is.
async fn serve(
    directory: Directory,
    clock: Clock,
    sender: Arc<Sender>,
    under_way: Arc<Semaphore>,
    (tenant, webhook): (TenantId, Uuid),
) -> Result<(), Error> {
    loop {
        // Room first, and then the lease: it does not run out while waiting for room.
        let Ok(first) = under_way.acquire().await else {
            return Ok(());
        };
        let mut room = vec![first];
        while room.len() < AT_ONCE {
            match under_way.try_acquire() {
                Ok(more) => room.push(more),
                Err(_) => break,
            }
        }
        let most = i64::try_from(room.len()).unwrap_or(1);
        let taken = directory
            .take_deliveries(tenant, webhook, most, clock.now())
            .await?;
        if taken.is_empty() {
            return Ok(());
        }
        room.truncate(taken.len());
        let mut sending = JoinSet::new();
        for message in taken {
            let (directory, clock) = (directory.clone(), clock.clone());
            let sender = Arc::clone(&sender);
            sending.spawn(async move { send(&directory, &clock, &sender, &message).await });
        }
        while let Some(sent) = sending.join_next().await {
            match sent {
                Ok(noted) => noted?,
                Err(error) => tracing::error!(%error, "a message ended in disorder"),
            }
        }
    }
}

async fn send(
    directory: &Directory,
    clock: &Clock,
    sender: &Sender,
    message: &Outgoing,
) -> Result<(), Error> {
    let reply = sender.send(message, clock.now()).await;
    directory.was_sent(message, &reply, clock.now()).await
}
