//! HTTP: routes, credentials, requests and answers. No rule lives here; a handler reads a request,
//! calls one use case of [`crate::directory`] and writes the answer.

mod admin;
mod answer;
mod body;
mod caller;
mod error;
mod health;
mod idempotency;
mod rate;
mod request;
mod scim;

pub use admin::openapi::document;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use jiff::Timestamp;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::normalize_path::NormalizePath;

use crate::clock::Clock;
use crate::config::Config;
use crate::directory::Directory;
use caller::{AdminCaller, ScimCaller, guard};
use rate::RateLimit;
use scim::resource::{Groups, Users};
use scim::{bulk, discovery, me, resource, search};

/// Every route. All but the first three stand behind a guard (`caller`), and so does what is no route.
fn router(app: AppState) -> Router {
    let scim = Router::new()
        .route(
            "/Users",
            get(resource::list::<Users>).post(resource::create::<Users>),
        )
        .route("/Users/.search", post(search::of_kind::<Users>))
        .route(
            "/Users/{id}",
            get(resource::read::<Users>)
                .put(resource::replace::<Users>)
                .patch(resource::patch::<Users>)
                .delete(resource::delete::<Users>),
        )
        .route(
            "/Groups",
            get(resource::list::<Groups>).post(resource::create::<Groups>),
        )
        .route("/Groups/.search", post(search::of_kind::<Groups>))
        .route(
            "/Groups/{id}",
            get(resource::read::<Groups>)
                .put(resource::replace::<Groups>)
                .patch(resource::patch::<Groups>)
                .delete(resource::delete::<Groups>),
        )
        .route("/.search", post(search::of_all))
        .route("/Bulk", post(bulk::bulk))
        .route("/Me", any(me::me))
        .route("/ServiceProviderConfig", get(discovery::provider_config))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{id}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{id}", get(discovery::schema))
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn_with_state(app.clone(), guard::<ScimCaller>));
    let admin = admin::router()
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn_with_state(app.clone(), idempotency::once))
        .layer(from_fn_with_state(app.clone(), guard::<AdminCaller>));
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route(
            "/nudges/answer/{token}",
            get(answer::show).post(answer::take),
        )
        .route("/openapi.json", get(admin::openapi::serve))
        .nest("/scim/v2", scim)
        .nest("/admin/v1", admin)
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(CatchPanicLayer::custom(request::panicked))
        .layer(from_fn(request::observe))
        .with_state(app)
}

/// The whole service: the routes, for which a trailing slash is the same path. That must be settled
/// before a route is looked for, so it cannot be a layer of the router.
pub(crate) fn service(app: AppState) -> NormalizePath<Router> {
    NormalizePath::trim_trailing_slash(router(app))
}

/// What every handler can ask for. Clones are the same.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

struct Shared {
    directory: Directory,
    clock: Clock,
    base_url: Option<String>,
    address: SocketAddr,
    rate_limit: RateLimit,
    draining: AtomicBool,
}

impl AppState {
    /// The state of a server that listens on `address`.
    pub(crate) fn new(
        directory: Directory,
        clock: Clock,
        config: &Config,
        address: SocketAddr,
    ) -> Self {
        Self(Arc::new(Shared {
            directory,
            clock,
            base_url: config.base_url.clone(),
            address,
            rate_limit: RateLimit::new(config.rate_limit),
            draining: AtomicBool::new(false),
        }))
    }

    /// From now on the server is not ready, so that nobody sends it more.
    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.0.directory
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn base_url(&self) -> Option<&str> {
        self.0.base_url.as_deref()
    }

    fn address(&self) -> SocketAddr {
        self.0.address
    }

    fn rate_limit(&self) -> &RateLimit {
        &self.0.rate_limit
    }
}
