//! Looks for what time and figures tell webhooks. One replica does; what it does would be right even
//! where two do.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use uuid::Uuid;

use crate::clock::Clock;
use crate::directory::{Directory, Error};

/// How often to look.
const PAUSE: Duration = Duration::from_secs(1);
/// For how long one replica looks alone, and when it asks for longer: asking is a write.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
const RENEW: SignedDuration = SignedDuration::from_secs(15);

/// Looks until told to stop.
pub(super) async fn run(directory: Directory, clock: Clock, mut stopped: watch::Receiver<bool>) {
    let me = Uuid::now_v7();
    let mut held = None;
    while !*stopped.borrow() {
        if let Err(error) = round(&directory, &clock, me, &mut held).await {
            tracing::warn!(%error, "what time tells was not looked for and will be");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = clock.moved() => {}
            _ = stopped.changed() => {}
        }
    }
}

/// `held` is since when this replica has the lease.
async fn round(
    directory: &Directory,
    clock: &Clock,
    me: Uuid,
    held: &mut Option<Timestamp>,
) -> Result<(), Error> {
    let store = directory.store();
    let tenants = store.tenants_signalling().await?;
    let now = clock.now();
    if tenants.is_empty() {
        return Ok(());
    }
    let fresh = |since: Timestamp| since <= now && now.duration_since(since) < RENEW;
    if !held.is_some_and(fresh) {
        *held = None;
        let until = now.checked_add(LEASE).unwrap_or(now);
        if !store.lease("signals", me, now, until).await? {
            return Ok(());
        }
        *held = Some(now);
    }
    for tenant in tenants {
        // One tenant's trouble keeps nobody else's messages waiting.
        if let Err(error) = directory.look_for_signals(tenant, clock.now()).await {
            tracing::warn!(%error, %tenant, "what time tells was not looked for and will be");
        }
    }
    Ok(())
}
