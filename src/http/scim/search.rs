//! Queries by POST (RFC 7644 3.4.3): of one kind of resource, or at the root of all.

use axum::extract::State;

use super::base::Base;
use super::body::{ScimBody, message};
use super::parameters::Parameters;
use super::reply::Reply;
use super::resource::Endpoint;
use crate::directory::{Kind, View};
use crate::http::AppState;
use crate::http::caller::ScimCaller;
use crate::http::error::Failure;
use crate::scim::schema::SEARCH_URN;

/// Searches one kind of resource.
pub(in crate::http) async fn of_kind<E: Endpoint>(
    app: State<AppState>,
    caller: ScimCaller,
    base: Base,
    body: ScimBody,
) -> Result<Reply, Failure> {
    search(app, caller, base, body, &[E::KIND]).await
}

/// Searches all resources.
pub(in crate::http) async fn of_all(
    app: State<AppState>,
    caller: ScimCaller,
    base: Base,
    body: ScimBody,
) -> Result<Reply, Failure> {
    search(app, caller, base, body, &[Kind::User, Kind::Group]).await
}

async fn search(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    base: Base,
    body: ScimBody,
    kinds: &[Kind],
) -> Result<Reply, Failure> {
    let parameters = Parameters::from_members(&message(body.json()?, SEARCH_URN)?)?;
    let parameters = parameters.of_users(caller.users.clone());
    let user = parameters.projection(Kind::User)?;
    let group = parameters.projection(Kind::Group)?;
    let view = View::new(Kind::User, &user).or(View::new(Kind::Group, &group));
    let query = parameters.list_query(view);
    let page = app
        .directory()
        .list(&caller, kinds, &query, app.now())
        .await?;
    let projection = |kind| match kind {
        Kind::User => &user,
        Kind::Group => &group,
    };
    Ok(Reply::page(page, projection, &base))
}
