//! SQLite's one writer. Transactions take turns on one connection; each is a savepoint in a group,
//! and a group is one commit, one sync of the disk. Whoever commits is answered only after that
//! sync, so what was acknowledged survives power loss, and thirty-two waiting clients cost one
//! sync instead of thirty-two.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::Error;
use super::checkpoint::Checkpoints;
use super::engine::Connection;

/// A group closes after this long, so that its first transaction never waits long for its last.
const GROUP_TIME: Duration = Duration::from_millis(50);

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks for the writer's connection, one transaction at a time. Cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    turns: mpsc::Sender<Turn>,
    ends: mpsc::Sender<End>,
}

type Turn = oneshot::Sender<Lease>;

/// Asks the writer to end; answered once its connection is closed.
type End = oneshot::Sender<Result<(), Error>>;

/// The writer's connection, lent for one transaction. Dropped, it rolls that transaction back.
pub(super) struct Lease {
    connection: Option<Connection>,
    give_back: Option<oneshot::Sender<Returned>>,
}

struct Returned {
    connection: Connection,
    outcome: Outcome,
    /// Answered after the group's sync.
    acknowledge: Option<oneshot::Sender<Result<(), Error>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Commit,
    RollBack,
}

impl Writer {
    /// Starts the writer on its connection. `group` transactions at most share a commit.
    pub(super) fn start(connection: Connection, group: usize, log: Checkpoints) -> Self {
        let (turns, waiting) = mpsc::channel(1024);
        let (ends, ending) = mpsc::channel(1);
        tokio::spawn(run(connection, waiting, ending, group.max(1), log));
        Self { turns, ends }
    }

    /// Closes the connection after the turns that wait. Closing again does nothing.
    pub(super) async fn close(&self) -> Result<(), Error> {
        let (end, closed) = oneshot::channel();
        if self.ends.send(end).await.is_err() {
            return Ok(());
        }
        closed.await.map_err(|_| Error::Closed)?
    }

    /// Waits for a turn.
    pub(super) async fn begin(&self) -> Result<Lease, Error> {
        let (turn, lease) = oneshot::channel();
        self.turns.send(turn).await.map_err(|_| Error::Closed)?;
        lease.await.map_err(|_| Error::Closed)
    }
}

impl Lease {
    pub(super) fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.connection.as_mut().ok_or(Error::Closed)
    }

    /// Keeps what the transaction did; answers once it is on disk.
    pub(super) async fn commit(self) -> Result<(), Error> {
        self.finish(Outcome::Commit).await
    }

    /// Undoes what the transaction did; answers once what it may have seen of its group is on disk.
    pub(super) async fn roll_back(self) -> Result<(), Error> {
        self.finish(Outcome::RollBack).await
    }

    async fn finish(mut self, outcome: Outcome) -> Result<(), Error> {
        let (acknowledge, answer) = oneshot::channel();
        self.hand_back(outcome, Some(acknowledge));
        answer.await.map_err(|_| Error::Closed)?
    }

    fn hand_back(
        &mut self,
        outcome: Outcome,
        acknowledge: Option<oneshot::Sender<Result<(), Error>>>,
    ) {
        if let (Some(connection), Some(give_back)) = (self.connection.take(), self.give_back.take())
        {
            // The writer waits for this; it is gone only when the whole process is going.
            let _ = give_back.send(Returned {
                connection,
                outcome,
                acknowledge,
            });
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.hand_back(Outcome::RollBack, None);
    }
}

async fn run(
    mut connection: Connection,
    mut waiting: mpsc::Receiver<Turn>,
    mut ending: mpsc::Receiver<End>,
    group: usize,
    mut log: Checkpoints,
) {
    // `begin` waits for others, and looks more often. What a savepoint would bring back is written
    // down at every change of a page, beyond 64 KiB into a file of its own unless this is said.
    let settings = "pragma busy_timeout = 2; pragma temp_store = memory";
    if let Err(error) = connection.batch(settings).await {
        tracing::error!(%error, "the writer's settings could not be made");
    }
    loop {
        let first = tokio::select! {
            biased;
            Some(turn) = waiting.recv() => turn,
            Some(end) = ending.recv() => {
                // Whoever closes last moves the log into the file: that is the writer.
                log.close().await;
                let closed = connection.close().await;
                // Whoever asked may have ceased to wait.
                let _ = end.send(closed);
                return;
            }
            // Nobody is left who could ask.
            else => return,
        };
        match run_group(connection, first, &mut waiting, group).await {
            Some((back, committed)) => {
                connection = back;
                log.committed(committed);
            }
            // A lease vanished without giving the connection back: it cannot, but if it did there
            // is nothing to write with any more, and every waiting turn says so.
            None => return,
        }
    }
}

/// Begins a group. Another process may be writing one group after the other, and leave the file alone
/// for moments only: SQLite's own waiting, which looks ten times a second, can miss them all.
async fn begin(connection: &mut Connection) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        match connection.batch("begin immediate; savepoint s").await {
            Err(Error::Unavailable(_)) if began.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(rand::random_range(1..=4))).await;
            }
            done => return done,
        }
    }
}

/// Runs one group and answers the connection, and how many transactions were committed.
async fn run_group(
    mut connection: Connection,
    first: Turn,
    waiting: &mut mpsc::Receiver<Turn>,
    group: usize,
) -> Option<(Connection, usize)> {
    if let Err(error) = begin(&mut connection).await {
        // The disk is full or another process holds the file for longer than the busy timeout.
        tracing::error!(%error, "the writer could not begin");
        let _ = connection.batch("rollback").await;
        drop(first);
        return Some((connection, 0));
    }
    let began = Instant::now();
    let mut answers = Vec::new();
    let mut turn = first;
    loop {
        let (back, outcome, acknowledge) = lend(connection, turn).await?;
        connection = back;
        answers.extend(acknowledge);
        let next = if answers.len() < group && began.elapsed() < GROUP_TIME {
            waiting.try_recv().ok()
        } else {
            None
        };
        let Some(next) = next else {
            let committed = match outcome {
                Outcome::Commit => connection.batch("release s; commit").await,
                Outcome::RollBack => connection.batch("rollback to s; release s; commit").await,
            };
            if committed.is_err() {
                let _ = connection.batch("rollback").await;
            }
            let many = if committed.is_ok() { answers.len() } else { 0 };
            answer(answers, committed);
            return Some((connection, many));
        };
        let ended = match outcome {
            Outcome::Commit => connection.batch("release s; savepoint s").await,
            Outcome::RollBack => connection.batch("rollback to s").await,
        };
        if ended.is_err() {
            // SQLite gave up the whole transaction (a full disk does that): nobody of this group
            // is acknowledged, and the next turn begins anew.
            let _ = connection.batch("rollback").await;
            answer(answers, ended);
            drop(next);
            return Some((connection, 0));
        }
        turn = next;
    }
}

type Acknowledge = oneshot::Sender<Result<(), Error>>;

/// Lends the connection for one turn and waits for it to come back.
async fn lend(
    connection: Connection,
    turn: Turn,
) -> Option<(Connection, Outcome, Option<Acknowledge>)> {
    let (give_back, returned) = oneshot::channel();
    let lease = Lease {
        connection: Some(connection),
        give_back: Some(give_back),
    };
    // Whoever asked may be gone; then the lease is dropped here and comes back at once.
    drop(turn.send(lease));
    let returned = returned.await.ok()?;
    Some((returned.connection, returned.outcome, returned.acknowledge))
}

fn answer(answers: Vec<Acknowledge>, result: Result<(), Error>) {
    let failed = result.err();
    for acknowledge in answers {
        // A client that hung up does not hear it; its work is committed all the same.
        let _ = acknowledge.send(match &failed {
            None => Ok(()),
            Some(error) => Err(Error::Unavailable(error.to_string())),
        });
    }
}
