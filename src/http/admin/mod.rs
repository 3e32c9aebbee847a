//! The administrative API, `/admin/v1`: who holds which seat, and what decides it.

mod body;
mod columns;
mod configuration;
mod engagement;
mod hr;
mod list;
mod members;
mod records;
mod table;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};

use jiff::Timestamp;

use super::AppState;
use super::caller::AdminCaller;
use super::error::Failure;
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;

/// Its routes, below the prefix.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/members", get(members::list))
        .route("/members/{who}", get(members::read))
        .route("/members/{who}/end", post(members::end))
        .route("/members/{who}/extend", post(members::extend))
        .route("/members/{who}/events", get(engagement::events_of))
        .route("/members/{who}/sessions", get(engagement::sessions_of))
        .route("/events", get(engagement::events).post(engagement::post))
        .route("/imports", get(hr::imports).post(hr::import))
        .route("/imports/{id}", get(hr::read))
        .route("/imports/{id}/errors.csv", get(hr::errors))
        .route(
            "/reconciliations",
            get(hr::reconciliations).post(hr::reconcile),
        )
        .route("/reconciliations/{id}", get(hr::reconciliation))
        .route("/domains", get(hr::domains).post(hr::create_domain))
        .route("/domains/{name}", delete(hr::delete_domain))
        .route("/waitlist", get(members::waitlist))
        .route(
            "/pools",
            get(configuration::pools).post(configuration::create_pool),
        )
        .route(
            "/pools/{key}",
            get(configuration::pool).patch(configuration::change_pool),
        )
        .route(
            "/tracks",
            get(configuration::tracks).post(configuration::create_track),
        )
        .route(
            "/tracks/{key}",
            get(configuration::track).patch(configuration::change_track),
        )
        .route(
            "/mappings",
            get(configuration::mappings).post(configuration::create_mapping),
        )
        .route(
            "/mappings/{id}",
            get(configuration::mapping)
                .patch(configuration::change_mapping)
                .delete(configuration::delete_mapping),
        )
        .route(
            "/policy",
            get(configuration::policy).patch(configuration::change_policy),
        )
        .route("/placements", get(configuration::placements))
        .route("/placements/{id}", get(configuration::placement))
        .route("/ledger", get(records::ledger))
        .route("/ledger/verify", get(records::verify))
        .route("/connections", get(records::connections))
        .route("/roles", get(records::roles))
}

/// How a handler ends.
type Answer = Result<Response, Failure>;

/// Who asks for something to be done, and when.
struct Call {
    app: AppState,
    caller: Caller,
    now: Timestamp,
}

impl Call {
    fn directory(&self) -> &Directory {
        self.app.directory()
    }
}

impl FromRequestParts<AppState> for Call {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let AdminCaller(caller) = AdminCaller::from_request_parts(parts, app).await?;
        Ok(Self {
            app: app.clone(),
            caller,
            now: app.now(),
        })
    }
}

/// An answer of one thing.
fn one(done: Result<Object, Error>) -> Answer {
    Ok(axum::Json(done?).into_response())
}

/// An answer that something was made, which can be read at `path` and the value of `key`.
fn created(path: &str, key: &str, made: Result<Object, Error>) -> Answer {
    let object = made?;
    let name = object.get(key).and_then(serde_json::Value::as_str);
    // Keys and identifiers hold nothing that a path would have to escape.
    let location = format!("/admin/v1/{path}/{}", name.unwrap_or_default());
    let headers = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, axum::Json(object)).into_response())
}

/// What the path names: a person, a key or an identifier.
struct Named(String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let named = Path::<String>::from_request_parts(parts, state).await;
        // What is not UTF-8 names nothing.
        named
            .map(|Path(name)| Self(name))
            .map_err(|_| Failure::not_found("there is nothing at this path"))
    }
}
