//! A session reads one tenant's rows; a transaction may write them too.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};

use deadpool::managed;
use uuid::Uuid;

use super::engine::{Connection, Dialect, Row, Value, args};
use super::pool::Opener;
use super::writer::Lease;
use super::{Error, TenantId};

/// Reads one tenant's rows.
pub struct Session {
    pub(super) tenant: TenantId,
    held: Option<Held>,
    pool: managed::Pool<Opener>,
    /// An open transaction, to be rolled back when this is dropped before its end.
    open: bool,
    /// A statement failed, so PostgreSQL would answer a commit with OK and save nothing.
    failed: bool,
}

pub(super) enum Held {
    Lease(Lease),
    Pooled(managed::Object<Opener>),
}

/// A transaction. Dropped before [`Tx::commit`], it leaves no trace.
pub struct Tx {
    session: Session,
    /// The pools, and the connection, whose rows this transaction has locked.
    pub(super) locked: BTreeSet<Uuid>,
    /// Of them, those that were locked when the part that is open began.
    locked_before_part: BTreeSet<Uuid>,
}

impl Session {
    pub(super) fn new(tenant: TenantId, held: Held, pool: managed::Pool<Opener>) -> Self {
        Self {
            tenant,
            held: Some(held),
            pool,
            open: false,
            failed: false,
        }
    }

    /// Whose rows this session sees.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    fn connection(&mut self) -> Result<&mut Connection, Error> {
        match self.held.as_mut().ok_or(Error::Closed)? {
            Held::Lease(lease) => lease.connection(),
            Held::Pooled(pooled) => Ok(&mut pooled.connection),
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match &self.held {
            Some(Held::Pooled(pooled)) => pooled.connection.dialect(),
            _ => Dialect::Sqlite,
        }
    }

    pub(super) async fn optional(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, Error> {
        let answer = self.connection()?.optional(sql, values).await;
        self.watched(answer)
    }

    pub(super) async fn one(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Row, Error> {
        let answer = self.connection()?.one(sql, values).await;
        self.watched(answer)
    }

    pub(super) async fn all(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        let answer = self.connection()?.all(sql, values).await;
        self.watched(answer)
    }

    /// Runs a statement made from a filter.
    pub(super) async fn made(
        &mut self,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        let answer = self.connection()?.all_made(sql, values).await;
        self.watched(answer)
    }

    fn watched<T>(&mut self, answer: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &answer {
            self.failed = true;
            if let (Error::Unavailable(_), Some(Held::Pooled(pooled))) = (error, &mut self.held) {
                pooled.broken = true;
                // What broke this connection has mostly broken the idle ones too.
                self.pool.retain(|_, _| false);
            }
        }
        answer
    }

    pub(super) async fn begin_transaction(&mut self) -> Result<(), Error> {
        self.open = true;
        let answer = self.connection()?.batch("begin").await;
        self.watched(answer)
    }

    pub(super) async fn begin_snapshot(&mut self) -> Result<(), Error> {
        self.open = true;
        let begin = match self.dialect() {
            Dialect::Sqlite => "begin",
            Dialect::Postgres => "begin isolation level repeatable read, read only",
        };
        let answer = self.connection()?.batch(begin).await;
        self.watched(answer)
    }

    async fn end(&mut self, word: &'static str) -> Result<(), Error> {
        let answer = self.connection()?.batch(word).await;
        self.open = answer.is_err();
        self.watched(answer)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        // Cut off in the middle (a client hung up): the rollback needs to wait, and a drop cannot.
        if let (Some(Held::Pooled(mut pooled)), Ok(runtime)) =
            (self.held.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(async move {
                pooled.broken |= pooled.connection.batch("rollback").await.is_err();
            });
        }
    }
}

impl Tx {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            locked: BTreeSet::new(),
            locked_before_part: BTreeSet::new(),
        }
    }

    /// Keeps what was done. Answers once it is on disk.
    ///
    /// # Errors
    /// Any failed statement makes this roll back and fail.
    pub async fn commit(mut self) -> Result<(), Error> {
        if self.failed {
            self.roll_back().await?;
            return Err(Error::Inconsistent("a failed transaction was committed"));
        }
        match self.session.held.take() {
            Some(Held::Lease(lease)) => lease.commit().await,
            held => {
                self.session.held = held;
                self.session.end("commit").await
            }
        }
    }

    /// Undoes what was done.
    pub async fn roll_back(mut self) -> Result<(), Error> {
        match self.session.held.take() {
            Some(Held::Lease(lease)) => lease.roll_back().await,
            held => {
                self.session.held = held;
                self.session.end("rollback").await
            }
        }
    }

    // As the session's own. Said again, so that a call may read the transaction for its arguments.

    pub(super) async fn optional(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, Error> {
        self.session.optional(sql, values).await
    }

    pub(super) async fn one(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Row, Error> {
        self.session.one(sql, values).await
    }

    pub(super) async fn all(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        self.session.all(sql, values).await
    }

    /// Runs a statement for its effect and answers how many rows it touched.
    pub(super) async fn run(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, Error> {
        let answer = self.session.connection()?.run(sql, values).await;
        self.session.watched(answer)
    }

    /// Begins a part that [`Tx::undo_part`] can undo without the rest.
    pub async fn begin_part(&mut self) -> Result<(), Error> {
        self.locked_before_part.clone_from(&self.locked);
        let answer = self.session.connection()?.batch("savepoint part").await;
        self.session.watched(answer)
    }

    /// Keeps the part as far as the whole is kept.
    pub async fn keep_part(&mut self) -> Result<(), Error> {
        let answer = self
            .session
            .connection()?
            .batch("release savepoint part")
            .await;
        self.session.watched(answer)
    }

    /// Undoes the part, after a failed statement too. What it locked is locked no more.
    pub async fn undo_part(&mut self) -> Result<(), Error> {
        self.locked.clone_from(&self.locked_before_part);
        let undo = "rollback to savepoint part; release savepoint part";
        let answer = self.session.connection()?.batch(undo).await;
        self.session.failed = false;
        self.session.watched(answer)
    }

    /// Locks pools, in their order, before anything else is locked: so that two transactions
    /// which need the same ones queue instead of crossing.
    pub(super) async fn lock_pools(&mut self, pools: &BTreeSet<Uuid>) -> Result<(), Error> {
        for pool in pools {
            if self.dialect() == Dialect::Postgres {
                self.optional(
                    "select id from pool where tenant_id = $1 and id = $2 {lock}",
                    args![self.tenant, *pool],
                )
                .await?;
            }
            self.locked.insert(*pool);
        }
        Ok(())
    }

    /// Locks a connection, so that nobody else takes anything away through it meanwhile.
    pub(super) async fn lock_connection(&mut self, connection: Uuid) -> Result<(), Error> {
        if self.dialect() == Dialect::Postgres {
            let sql = "select id from connection where tenant_id = $1 and id = $2 {lock}";
            self.optional(sql, args![self.tenant, connection]).await?;
        }
        self.locked.insert(connection);
        Ok(())
    }

    /// The same without waiting for anybody who has it locked: whoever holds other locks already
    /// and waits for this one could hold up whom it waits for.
    ///
    /// # Errors
    /// [`Error::NeedConnection`] where somebody has.
    pub async fn need_connection(&mut self, connection: Uuid) -> Result<(), Error> {
        if self.dialect() == Dialect::Sqlite || self.locked.contains(&connection) {
            return Ok(());
        }
        let sql = "select id from connection where tenant_id = $1 and id = $2 {skip locked}";
        match self.optional(sql, args![self.tenant, connection]).await? {
            Some(_) => {
                self.locked.insert(connection);
                Ok(())
            }
            None => Err(Error::NeedConnection(connection)),
        }
    }

    /// Whether this transaction alone may change the pool's seats. SQLite has one writer, so there
    /// it always may.
    pub fn holds_pool(&self, pool: Uuid) -> bool {
        self.dialect() == Dialect::Sqlite || self.locked.contains(&pool)
    }
}

impl Deref for Tx {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}
