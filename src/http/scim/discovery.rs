//! What the service tells of itself (RFC 7644 4): its configuration, resource types and schemas.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::base::Base;
use super::parameters::Parameters;
use super::reply::Reply;
use super::resource::Id;
use crate::directory::{Caller, Code, Kind, OwnSchemas};
use crate::http::AppState;
use crate::http::caller::ScimCaller;
use crate::http::error::Failure;
use crate::scim::schema::{self, COACHING_URN, Schema};

/// `/ServiceProviderConfig` (RFC 7643 5).
pub(in crate::http) async fn provider_config(
    _: ScimCaller,
    base: Base,
    parameters: Parameters,
) -> Result<Reply, Failure> {
    refuse_filter(&parameters)?;
    let mut config = schema::provider_config();
    config["meta"] = json!({
        "resourceType": "ServiceProviderConfig",
        "location": base.url("/ServiceProviderConfig"),
    });
    Ok(Reply::ok(config))
}

/// `/ResourceTypes` (RFC 7643 6).
pub(in crate::http) async fn resource_types(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    base: Base,
    parameters: Parameters,
) -> Result<Reply, Failure> {
    refuse_filter(&parameters)?;
    let own = app.directory().own_schemas(&caller).await?;
    Ok(Reply::all(all_resource_types(&own, &base)))
}

/// `/ResourceTypes/{id}`.
pub(in crate::http) async fn resource_type(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    base: Base,
    Id(id): Id,
) -> Result<Reply, Failure> {
    let own = app.directory().own_schemas(&caller).await?;
    one(all_resource_types(&own, &base), &id)
}

/// `/Schemas` (RFC 7643 7).
pub(in crate::http) async fn schemas(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    base: Base,
    parameters: Parameters,
) -> Result<Reply, Failure> {
    refuse_filter(&parameters)?;
    Ok(Reply::all(all_schemas(&app, &caller, &base).await?))
}

/// `/Schemas/{id}`.
pub(in crate::http) async fn schema(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    base: Base,
    Id(id): Id,
) -> Result<Reply, Failure> {
    one(all_schemas(&app, &caller, &base).await?, &id)
}

fn all_resource_types(own: &OwnSchemas, base: &Base) -> Vec<Value> {
    let types = [&*own.users, Kind::Group.resource_type()].into_iter();
    types.map(|it| it.document(base.as_str())).collect()
}

/// The schemas as they are for this tenant: the values of `track` and `pool` are its own keys, so
/// that whoever maps attributes in an identity provider can choose from them.
async fn all_schemas(app: &AppState, caller: &Caller, base: &Base) -> Result<Vec<Value>, Failure> {
    let own = app.directory().own_schemas(caller).await?;
    let document = |schema: &Schema| {
        if schema.id != COACHING_URN {
            return schema.document(base.as_str());
        }
        let mut schema = schema.clone();
        for attribute in &mut schema.attributes {
            match attribute.name.as_str() {
                "track" => attribute.canonical_values.clone_from(&own.tracks),
                "pool" => attribute.canonical_values.clone_from(&own.pools),
                _ => {}
            }
        }
        schema.document(base.as_str())
    };
    let schemas = schema::schemas().into_iter().chain(own.users.schema());
    Ok(schemas.map(document).collect())
}

fn one(documents: Vec<Value>, id: &str) -> Result<Reply, Failure> {
    let named = |document: &Value| {
        document["id"]
            .as_str()
            .is_some_and(|known| known.eq_ignore_ascii_case(id))
    };
    let found = documents.into_iter().find(named);
    found
        .map(Reply::ok)
        .ok_or_else(|| Failure::not_found("there is nothing of this id"))
}

/// Clients that filter here would take silence for an answer (RFC 7644 4).
fn refuse_filter(parameters: &Parameters) -> Result<(), Failure> {
    if parameters.has_filter() {
        let detail = "this endpoint cannot be filtered; it answers all it has";
        return Err(Failure::new(StatusCode::FORBIDDEN, Code::Forbidden, detail));
    }
    Ok(())
}
