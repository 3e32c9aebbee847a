//! Closing a database, so that nothing of it is left but its file.

use std::time::Duration;

use sqlx::Connection as _;

use super::engine::Connection;
use super::{Error, Store};

/// How long connections that are still lent may take to come back: what was cut off in the middle
/// rolls back first.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often to look whether they have.
const PAUSE: Duration = Duration::from_millis(5);

impl Store {
    /// Closes every connection, and answers once they are closed. The last one that leaves a SQLite
    /// database moves its log into the file and removes it, so that the file alone is whole;
    /// PostgreSQL is told of each end. Of all clones, none can be used any more.
    ///
    /// What does not close is logged and left: nothing acknowledged is in danger, the log is read
    /// at the next start.
    pub async fn close(&self) {
        if tokio::time::timeout(PATIENCE, self.close_pooled())
            .await
            .is_err()
        {
            tracing::warn!("connections to the database were still in use at the stop");
        }
        self.pool.close();
        if let Some(writer) = &self.writer {
            logged(writer.close().await);
        }
    }

    async fn close_pooled(&self) {
        loop {
            for pooled in self.pool.retain(|_, _| false).removed {
                logged(pooled.connection.close().await);
            }
            if self.pool.status().size == 0 {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Connection {
    /// Closes it, and answers once it is closed.
    pub(super) async fn close(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(c) => c.close().await?,
            Self::Postgres(c) => c.close().await?,
        }
        Ok(())
    }
}

fn logged(closed: Result<(), Error>) {
    if let Err(error) = closed {
        tracing::warn!(%error, "a connection to the database did not close");
    }
}
