//! Copying SQLite's log into its file, beside the writer. SQLite would do it within whichever commit
//! finds the log long, and that one waits for thousands of pages and two more syncs. A passive
//! checkpoint waits for nobody and nobody for it; when it has copied everything the writer begins the
//! log anew. Under a load without a pause it never catches up: then the writer copies what is left
//! when the log reaches [`LOG_PAGES`], the bound of its size.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Error;
use super::engine::Connection;
use super::pool::Target;

/// Pages of the log at which a commit copies it by itself: 64 MB.
pub(super) const LOG_PAGES: &str = "16000";

/// Transactions after which the log is copied: some 2,000 pages of people that were made.
const OFTEN: usize = 128;

/// What copies the log.
pub(super) struct Checkpoints {
    due: mpsc::Sender<()>,
    task: JoinHandle<()>,
    since: usize,
}

impl Checkpoints {
    /// Of the database at `target`. Connects when there is something to copy.
    pub(super) fn start(target: Arc<Target>) -> Self {
        let (due, mut asked) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            let mut connection = None;
            while asked.recv().await.is_some() {
                if let Err(error) = copy(&target, &mut connection).await {
                    tracing::warn!(%error, "the log could not be copied into the database");
                    connection = None;
                }
            }
            if let Some(connection) = connection
                && let Err(error) = Connection::close(connection).await
            {
                tracing::warn!(%error, "the connection that copies the log did not close");
            }
        });
        Self {
            due,
            task,
            since: 0,
        }
    }

    /// So many transactions were committed.
    pub(super) fn committed(&mut self, transactions: usize) {
        self.since += transactions;
        if self.since >= OFTEN {
            self.since = 0;
            // Whoever is at it already copies these too, or is asked again in time.
            let _ = self.due.try_send(());
        }
    }

    /// Ends it, and answers once its connection is closed.
    pub(super) async fn close(self) {
        drop(self.due);
        // A task that failed has nothing left to close.
        let _ = self.task.await;
    }
}

async fn copy(target: &Target, connection: &mut Option<Connection>) -> Result<(), Error> {
    let connection = match connection {
        Some(connection) => connection,
        none => none.insert(target.connect().await?),
    };
    connection.batch("pragma wal_checkpoint(passive)").await
}
