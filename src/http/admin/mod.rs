//! The administrative API, `/admin/v1`: who holds which seat, and what decides it.

mod attributes;
mod body;
mod columns;
mod configuration;
mod engagement;
mod explain;
mod export;
mod hr;
mod invitations;
mod labels;
mod list;
mod members;
mod nudges;
pub(super) mod openapi;
mod plans;
mod records;
mod reports;
mod svg;
mod table;
mod verbs;
mod waitlist;
mod webhooks;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, patch, post};

use jiff::Timestamp;

use super::AppState;
use super::caller::AdminCaller;
use super::error::Failure;
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;

/// Its routes, below the prefix.
pub(super) fn router() -> Router<AppState> {
    people().merge(rules()).merge(records())
}

/// Of people: who they are, what they have, what is done to them.
fn people() -> Router<AppState> {
    Router::new()
        .route("/members", get(members::list))
        .route("/members/{who}", get(members::read))
        .route("/members/{who}/end", post(verbs::end))
        .route("/members/{who}/extend", post(verbs::extend))
        .route("/members/{who}/pause", post(verbs::pause))
        .route("/members/{who}/resume", post(verbs::resume))
        .route("/members/{who}/transfer", post(verbs::transfer))
        .route("/members/{who}/pin", post(verbs::pin).delete(verbs::unpin))
        .route("/members/{who}/deactivate", post(verbs::deactivate))
        .route("/members/{who}/reactivate", post(verbs::reactivate))
        .route("/members/{who}/erase", post(verbs::erase))
        .route("/members/{who}/hand-over", post(verbs::hand_over))
        .route("/reviews", get(verbs::reviews))
        .route("/reviews/{id}/merge", post(verbs::merge))
        .route("/reviews/{id}/dismiss", post(verbs::dismiss))
        .route("/members/{who}/explain", get(explain::explain))
        .route("/members/{who}/ledger", get(explain::ledger))
        .route("/members/{who}/events", get(engagement::events_of))
        .route("/members/{who}/sessions", get(engagement::sessions_of))
        .route("/exports/members.csv", get(export::members_csv))
        .route("/exports/members.jsonl", get(export::members_jsonl))
        .route("/events", get(engagement::events).post(engagement::post))
        .route("/waitlist", get(waitlist::list))
        .route("/waitlist/promote", post(waitlist::promote))
        .route("/waitlist/{who}", patch(waitlist::prioritise))
        .route("/imports", get(hr::imports).post(hr::import))
        .route("/imports/{id}", get(hr::read))
        .route("/imports/{id}/errors.csv", get(hr::errors))
        .route(
            "/reconciliations",
            get(hr::reconciliations).post(hr::reconcile),
        )
        .route("/reconciliations/{id}", get(hr::reconciliation))
        .route("/reconciliations/{id}/plan", post(plans::reconciliation))
        .route("/domains", get(hr::domains).post(hr::create_domain))
        .route("/domains/{name}", delete(hr::delete_domain))
        .route(
            "/custom-attributes",
            get(attributes::list).post(attributes::declare),
        )
        .route("/custom-attributes/{name}", delete(attributes::undeclare))
        .route(
            "/invitations",
            get(invitations::list).post(invitations::create),
        )
        .route(
            "/invitations/{id}",
            get(invitations::read)
                .patch(invitations::change)
                .delete(invitations::cancel),
        )
        .route("/invitations/{id}/resend", post(invitations::resend))
        .route("/members/{who}/nudge", post(nudges::of))
        .route("/nudges", get(nudges::list).post(nudges::all))
}

/// Of what decides who has what, and of changes to many.
fn rules() -> Router<AppState> {
    Router::new()
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
        .route("/mappings/simulate", post(configuration::simulate_mapping))
        .route("/mappings/plan", post(plans::mapping))
        .route("/mappings/{id}/plan", post(plans::mapping_change))
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
        .route("/display-names", get(configuration::display_names))
        .route("/placements", get(configuration::placements))
        .route("/placements/{id}", get(configuration::placement))
        .route("/seats/reclaim", post(plans::reclaim))
        .route("/plans", get(plans::list).post(plans::create))
        .route("/plans/{id}", get(plans::read))
        .route("/plans/{id}/approve", post(plans::approve))
        .route("/plans/{id}/reject", post(plans::reject))
        .route("/plans/{id}/apply", post(plans::apply))
        .route(
            "/exclusions",
            get(plans::exclusions).post(plans::create_exclusion),
        )
        .route("/exclusions/{id}", delete(plans::delete_exclusion))
}

/// Of what was done, and who is told.
fn records() -> Router<AppState> {
    Router::new()
        .route("/ledger", get(records::ledger))
        .route(
            "/ledger/verify",
            get(records::verify).post(records::verify_against),
        )
        .route("/ledger/{seq}/revert", post(verbs::revert))
        .route("/ledger/checkpoint", get(records::checkpoint))
        .route("/ledger/keys", get(records::keys))
        .route("/reports", get(reports::all))
        .route("/reports/{name}", get(reports::one))
        .route("/connections", get(records::connections))
        .route("/connections/{name}/breaker", post(records::breaker))
        .route("/roles", get(records::roles))
        .route("/capabilities", get(records::capabilities))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route(
            "/webhooks/{id}",
            get(webhooks::read)
                .patch(webhooks::change)
                .delete(webhooks::delete),
        )
        .route("/webhooks/{id}/rotate", post(webhooks::rotate))
        .route("/webhooks/{id}/test", post(webhooks::test))
        .route("/webhooks/{id}/replay", post(webhooks::replay))
        .route("/webhooks/{id}/deliveries", get(webhooks::deliveries))
        .route(
            "/webhooks/{id}/deliveries/{n}/redeliver",
            post(webhooks::redeliver),
        )
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
