//! What SQLite answers, as its thread tells it. sqlx sends each row, then that the statement is done,
//! and then closes the channel; whoever reads to the close is woken for each of them, and a wake-up
//! costs more than a small statement. So reading stops when the statement is done.

use futures_util::TryStreamExt as _;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Either, Executor as _, Sqlite};

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// All rows of one statement.
pub(super) async fn rows(
    connection: &mut SqliteConnection,
    statement: Statement<'_>,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let mut rows = Vec::new();
    let mut answers = connection.fetch_many(statement);
    while let Some(Either::Right(row)) = answers.try_next().await? {
        rows.push(row);
        if rows.len() == 1 {
            // Most have one row or few: by the next look the thread has sent them all.
            tokio::task::yield_now().await;
        }
    }
    Ok(rows)
}

/// How many rows one statement touched.
pub(super) async fn touched(
    connection: &mut SqliteConnection,
    statement: Statement<'_>,
) -> Result<u64, sqlx::Error> {
    let mut answers = connection.fetch_many(statement);
    loop {
        match answers.try_next().await? {
            Some(Either::Right(_)) => {}
            Some(Either::Left(done)) => return Ok(done.rows_affected()),
            None => return Ok(0),
        }
    }
}
