//! Looks for what time and figures tell webhooks. One replica does; what it does would be right even
//! where two do.

use std::time::Duration;

use jiff::ToSpan as _;
use tokio::sync::watch;
use uuid::Uuid;

use crate::clock::Clock;
use crate::directory::{Directory, Error};

/// How often to look.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks until told to stop.
pub(super) async fn run(directory: Directory, clock: Clock, mut stopped: watch::Receiver<bool>) {
    let me = Uuid::now_v7();
    while !*stopped.borrow() {
        if let Err(error) = round(&directory, &clock, me).await {
            tracing::warn!(%error, "what time tells was not looked for and will be");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = clock.moved() => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn round(directory: &Directory, clock: &Clock, me: Uuid) -> Result<(), Error> {
    let store = directory.store();
    let tenants = store.tenants_signalling().await?;
    let now = clock.now();
    let until = now.checked_add(30.seconds()).unwrap_or(now);
    if tenants.is_empty() || !store.lease("signals", me, now, until).await? {
        return Ok(());
    }
    for tenant in tenants {
        // One tenant's trouble keeps nobody else's messages waiting.
        if let Err(error) = directory.look_for_signals(tenant, clock.now()).await {
            tracing::warn!(%error, %tenant, "what time tells was not looked for and will be");
        }
    }
    Ok(())
}
