//! Transactions that are run again until they are through.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use uuid::Uuid;

use super::{Error, Store, TenantId, Tx, idempotency};

impl Store {
    /// Prepares to run a transaction until it is through; `transact!` does.
    pub fn attempt(&self, tenant: TenantId) -> Attempt {
        Attempt {
            store: self.clone(),
            tenant,
            pools: BTreeSet::new(),
            connection: None,
            crossings: 0,
        }
    }
}

/// A transaction that is run again when it met another or must lock its pools first.
pub struct Attempt {
    store: Store,
    tenant: TenantId,
    pools: BTreeSet<Uuid>,
    connection: Option<Uuid>,
    crossings: u64,
}

impl Attempt {
    /// Begins, with the connection and the pools locked that earlier tries asked for: in this order,
    /// and before anything else, so that whoever waits for one of them holds up nobody.
    pub async fn begin(&mut self) -> Result<Tx, Error> {
        let mut tx = self.store.begin(self.tenant).await?;
        if let Some(connection) = self.connection {
            tx.lock_connection(connection).await?;
        }
        tx.lock_pools(&self.pools).await?;
        Ok(tx)
    }

    /// Commits or rolls back, and says whether that was it.
    pub async fn end<T, E>(&mut self, tx: Tx, done: Result<T, E>) -> ControlFlow<Result<T, E>>
    where
        E: From<Error> + AsStoreError,
    {
        let error = match done {
            Ok(value) => match committed(tx).await {
                Ok(()) => return ControlFlow::Break(Ok(value)),
                Err(error) => error.into(),
            },
            Err(error) => match tx.roll_back().await {
                Ok(()) => error,
                Err(worse) => worse.into(),
            },
        };
        match error.as_store_error() {
            // Each time there is one more, and a tenant has only so many.
            Some(Error::NeedPools(more)) if !more.is_subset(&self.pools) => {
                self.pools.extend(more.iter().copied());
                ControlFlow::Continue(())
            }
            Some(Error::NeedConnection(id)) if self.connection != Some(*id) => {
                self.connection = Some(*id);
                ControlFlow::Continue(())
            }
            Some(Error::Again) if self.crossings < 16 => {
                self.crossings += 1;
                let pause = rand::random_range(1..=5 * self.crossings);
                tokio::time::sleep(Duration::from_millis(pause)).await;
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(Err(error)),
        }
    }
}

/// Commits, and says so in the transaction where the request may be sent again.
async fn committed(mut tx: Tx) -> Result<(), Error> {
    if let Some(claim) = idempotency::claim()
        && let Err(error) = Box::pin(tx.takes_effect(&claim)).await
    {
        tx.roll_back().await?;
        return Err(error);
    }
    tx.commit().await
}

/// Runs a block in a transaction, `transact!(store, tenant, |tx| { … })`, and commits it if it
/// answers `Ok`; runs it again where [`Attempt`] says so. The block has no effect but the
/// transaction's, since it may run more than once. (A macro, since the future of an async closure
/// that borrows cannot be sent between threads.)
macro_rules! transact {
    ($store:expr, $tenant:expr, |$tx:ident| $work:expr) => {{
        let mut attempt = $store.attempt($tenant);
        loop {
            let mut begun = attempt.begin().await?;
            let done = {
                let $tx = &mut begun;
                async { $work }.await
            };
            match attempt.end(begun, done).await {
                std::ops::ControlFlow::Break(done) => break done,
                std::ops::ControlFlow::Continue(()) => {}
            }
        }
    }};
}
pub(crate) use transact;

/// Lets [`Attempt`] see a store's error inside a caller's.
pub trait AsStoreError {
    /// The store's error, if that is what it is.
    fn as_store_error(&self) -> Option<&Error>;
}

impl AsStoreError for Error {
    fn as_store_error(&self) -> Option<&Error> {
        Some(self)
    }
}
