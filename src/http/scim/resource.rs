//! `/Users` and `/Groups`: create, list, read, replace, patch, delete (RFC 7644 3.3 to 3.6).

use axum::extract::{FromRequestParts, Path, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::Value;

use super::base::Base;
use super::body::ScimBody;
use super::kind::{self, Target};
use super::parameters::Parameters;
use super::precondition::if_match;
use super::reply::Reply;
use crate::directory::{Kind, View};
use crate::http::AppState;
use crate::http::caller::ScimCaller;
use crate::http::error::Failure;

/// An endpoint: the kind of its resources, known to the route table.
pub(in crate::http) trait Endpoint: Send + 'static {
    /// The kind.
    const KIND: Kind;
}

/// `/Users`.
pub(in crate::http) struct Users;

impl Endpoint for Users {
    const KIND: Kind = Kind::User;
}

/// `/Groups`.
pub(in crate::http) struct Groups;

impl Endpoint for Groups {
    const KIND: Kind = Kind::Group;
}

/// The identifier in a path. Any text is one; that nobody has it is for the directory to say.
pub(in crate::http) struct Id(pub(super) String);

impl FromRequestParts<AppState> for Id {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        // What is not UTF-8 was never given out as an identifier.
        let path = Path::from_request_parts(parts, app).await;
        path.map(|Path(id)| Self(id))
            .map_err(|_| Failure::not_found("there is nothing of this id"))
    }
}

/// Creates a resource (RFC 7644 3.3).
pub(in crate::http) async fn create<E: Endpoint>(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    base: Base,
    parameters: Parameters,
    body: ScimBody,
) -> Result<Reply, Failure> {
    let projection = parameters.projection(E::KIND)?;
    let view = View::new(E::KIND, &projection);
    let (directory, body) = (app.directory(), body.json()?);
    let found = kind::create(directory, E::KIND, &caller, body, &view, app.now()).await?;
    Ok(Reply::created(found, &projection, &base))
}

/// Lists resources (RFC 7644 3.4.2).
pub(in crate::http) async fn list<E: Endpoint>(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    base: Base,
    parameters: Parameters,
) -> Result<Reply, Failure> {
    let projection = parameters.projection(E::KIND)?;
    let query = parameters.list_query(View::new(E::KIND, &projection));
    let page = app
        .directory()
        .list(&caller, &[E::KIND], &query, app.now())
        .await?;
    Ok(Reply::page(page, |_| &projection, &base))
}

/// Reads a resource (RFC 7644 3.4.1), unless the client has it (3.14).
pub(in crate::http) async fn read<E: Endpoint>(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    base: Base,
    Id(id): Id,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Reply, Failure> {
    let projection = parameters.projection(E::KIND)?;
    let view = View::new(E::KIND, &projection);
    let found = kind::read(app.directory(), E::KIND, &caller, &id, &view, app.now()).await?;
    Ok(Reply::unless_known(found, &headers, &projection, &base))
}

/// Replaces a resource (RFC 7644 3.5.1).
pub(in crate::http) async fn replace<E: Endpoint>(
    State(app): State<AppState>,
    caller: ScimCaller,
    base: Base,
    Id(id): Id,
    parameters: Parameters,
    headers: HeaderMap,
    body: ScimBody,
) -> Result<Reply, Failure> {
    let projection = parameters.projection(E::KIND)?;
    let view = View::new(E::KIND, &projection);
    let body = json_for(&app, &caller, E::KIND, &id, &body).await?;
    let if_match = if_match(&headers);
    let target = Target {
        kind: E::KIND,
        id: &id,
        if_match: &if_match,
    };
    let found = target
        .replace(app.directory(), &caller.0, body, &view, app.now())
        .await?;
    Ok(Reply::resource(found, &projection, &base))
}

/// Patches a resource (RFC 7644 3.5.2).
pub(in crate::http) async fn patch<E: Endpoint>(
    State(app): State<AppState>,
    caller: ScimCaller,
    base: Base,
    Id(id): Id,
    parameters: Parameters,
    headers: HeaderMap,
    body: ScimBody,
) -> Result<Reply, Failure> {
    let projection = parameters.projection(E::KIND)?;
    let (view, asked) = (
        View::new(E::KIND, &projection),
        parameters.names_attributes(),
    );
    let body = json_for(&app, &caller, E::KIND, &id, &body).await?;
    let if_match = if_match(&headers);
    let target = Target {
        kind: E::KIND,
        id: &id,
        if_match: &if_match,
    };
    let patch = target.patch(app.directory(), &caller.0, body, &view, asked, app.now());
    let patched = patch.await?;
    Ok(match patched.found {
        Some(found) => Reply::resource(found, &projection, &base),
        None => Reply::unsent(E::KIND, &id, patched.version, &base),
    })
}

/// Deletes a resource (RFC 7644 3.6).
pub(in crate::http) async fn delete<E: Endpoint>(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Reply, Failure> {
    let if_match = if_match(&headers);
    let target = Target {
        kind: E::KIND,
        id: &id,
        if_match: &if_match,
    };
    target.delete(app.directory(), &caller, app.now()).await?;
    Ok(Reply::no_content())
}

/// The JSON of a body for a resource. That there is no such resource comes before what is wrong with
/// the body; where the body can be read, the use case itself heeds that.
async fn json_for(
    app: &AppState,
    ScimCaller(caller): &ScimCaller,
    kind: Kind,
    id: &str,
    body: &ScimBody,
) -> Result<Value, Failure> {
    match body.json() {
        Ok(json) => Ok(json),
        Err(error) => {
            kind::read(
                app.directory(),
                kind,
                caller,
                id,
                &View::default(),
                app.now(),
            )
            .await?;
            Err(error.into())
        }
    }
}
