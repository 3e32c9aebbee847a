//! The bare reference: axum and sqlx, one statement a request, the row's document as it is stored.
//! It checks no credential and renders nothing, and has as many connections as Seatkeeper. It comes
//! in two kinds: with the pool as sqlx makes it, which asks a connection whether it lives before it
//! lends it, and without that question.

use std::io::Write as _;
use std::str::FromStr as _;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{PgPool, SqlitePool};
use uuid::Uuid;

use crate::Outcome;

/// The argument that makes this program the reference.
pub(crate) const ARGUMENT: &str = "--reference";
/// The argument that makes it ask its connections first.
pub(crate) const PINGS: &str = "--pings";

/// As many as Seatkeeper has by default.
const CONNECTIONS: u32 = 16;
/// The bench's only tenant.
const TENANT: i64 = 1;

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Serves until it is killed.
pub(crate) async fn serve(url: &str, pings: bool) -> Outcome {
    let pool = if url.starts_with("sqlite:") {
        let options = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .test_before_acquire(pings);
        let connect = SqliteConnectOptions::from_str(url)?;
        Pool::Sqlite(options.connect_with(connect).await?)
    } else {
        let options = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .test_before_acquire(pings);
        let connect = PgConnectOptions::from_str(url)?;
        Pool::Postgres(options.connect_with(connect).await?)
    };
    let router = Router::new()
        .route("/users/{id}", get(by_id))
        .route("/users", get(by_user_name))
        .with_state(pool);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let mut out = std::io::stdout();
    writeln!(out, "ready at http://{}/", listener.local_addr()?)?;
    out.flush()?;
    Ok(axum::serve(listener, router).await?)
}

async fn by_id(State(pool): State<Pool>, Path(id): Path<Uuid>) -> Result<Response, StatusCode> {
    let doc: Result<Option<String>, _> = match pool {
        Pool::Sqlite(pool) => {
            sqlx::query_scalar("select doc from member where tenant_id = $1 and id = $2")
                .bind(TENANT)
                .bind(id)
                .fetch_optional(&pool)
                .await
        }
        Pool::Postgres(pool) => {
            sqlx::query_scalar("select doc::text from member where tenant_id = $1 and id = $2")
                .bind(TENANT)
                .bind(id)
                .fetch_optional(&pool)
                .await
        }
    };
    answer(doc)
}

#[derive(Deserialize)]
struct Asked {
    name: String,
}

async fn by_user_name(
    State(pool): State<Pool>,
    Query(Asked { name }): Query<Asked>,
) -> Result<Response, StatusCode> {
    let doc: Result<Option<String>, _> = match pool {
        Pool::Sqlite(pool) => {
            sqlx::query_scalar(
                "select doc from member where tenant_id = $1 and user_name_key = $2 \
                 and identity_state in ('active', 'inactive')",
            )
            .bind(TENANT)
            .bind(name)
            .fetch_optional(&pool)
            .await
        }
        Pool::Postgres(pool) => {
            sqlx::query_scalar(
                "select doc::text from member where tenant_id = $1 and user_name_key = $2 \
                 and identity_state in ('active', 'inactive')",
            )
            .bind(TENANT)
            .bind(name)
            .fetch_optional(&pool)
            .await
        }
    };
    answer(doc)
}

fn answer(doc: Result<Option<String>, sqlx::Error>) -> Result<Response, StatusCode> {
    match doc {
        Ok(Some(doc)) => {
            Ok(([(header::CONTENT_TYPE, "application/scim+json")], doc).into_response())
        }
        Ok(None) => Err(StatusCode::NOT_FOUND),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
