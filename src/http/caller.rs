//! Who calls. Each side of the API stands behind a guard that lets only its own kind of credential
//! through, whatever the path, known or not; behind it, handlers ask for [`ScimCaller`] or
//! [`AdminCaller`]. The tenant comes from the credential and from nowhere else.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::error::Failure;
use super::request::{self, RequestId};
use crate::directory::credentials::{Credential, Ended, Role};
use crate::directory::{Caller, Code, Cut, Error};
use crate::scim::custom::UserType;
use crate::store::TenantId;

/// An identity provider, with the credential of a connection.
#[derive(Debug, Clone)]
pub(super) struct ScimCaller(pub(super) Caller);

/// An operator, with the credential of a role.
#[derive(Debug, Clone)]
pub(super) struct AdminCaller(pub(super) Caller);

/// One side of the API: whom it lets in.
pub(super) trait Side: Clone + Send + Sync + 'static {
    /// What whoever is not let in reads.
    const REFUSAL: &'static str;

    /// Whether it lets this role in.
    fn admits(role: Role) -> bool;

    /// The caller as its handlers ask for it.
    fn of(caller: Caller) -> Self;

    /// What users are to the tenant, where this side shows them by their schemas.
    fn users(
        app: &AppState,
        tenant: TenantId,
    ) -> impl Future<Output = Result<UserType, Error>> + Send;
}

impl Side for ScimCaller {
    const REFUSAL: &'static str =
        "this credential is an operator's; SCIM takes those of the role scim";

    fn admits(role: Role) -> bool {
        role == Role::Scim
    }

    async fn users(app: &AppState, tenant: TenantId) -> Result<UserType, Error> {
        app.directory().user_type(tenant).await
    }

    fn of(caller: Caller) -> Self {
        Self(caller)
    }
}

impl Side for AdminCaller {
    const REFUSAL: &'static str = "this credential is an identity provider's; it is for SCIM alone";

    fn admits(role: Role) -> bool {
        role != Role::Scim
    }

    async fn users(_: &AppState, _: TenantId) -> Result<UserType, Error> {
        Ok(UserType::default())
    }

    fn of(caller: Caller) -> Self {
        Self(caller)
    }
}

/// Lets the credentials of one side through, each within its tenant's rate, and remembers how their
/// requests ended.
pub(super) async fn guard<S: Side>(
    State(app): State<AppState>,
    id: RequestId,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let cut = Cut::default();
    let credential = match authenticate(&app, request.headers()).await {
        Ok(credential) => credential,
        Err(failure) => return failure.into_response(),
    };
    let span = tracing::Span::current();
    span.record("tenant", tracing::field::display(credential.tenant));
    span.record("token", credential.token.as_str());
    if !S::admits(credential.role) {
        return Failure::new(StatusCode::FORBIDDEN, Code::WrongCredential, S::REFUSAL)
            .into_response();
    }
    let response = match app.rate_limit().take(credential.tenant) {
        Ok(()) => {
            let users = match S::users(&app, credential.tenant).await {
                Ok(users) => users,
                Err(error) => return Failure::from(error).into_response(),
            };
            request.extensions_mut().insert(S::of(Caller {
                tenant: credential.tenant,
                token: credential.token.clone(),
                role: credential.role,
                connection: credential.connection,
                request_id: id.to_string(),
                users,
                cut: cut.clone(),
            }));
            next.run(request).await
        }
        Err(seconds) => {
            let detail = "the tenant makes more requests a second than it may";
            let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, detail);
            failure.retry_after(seconds).into_response()
        }
    };
    let failure = response.extensions().get::<Failure>();
    let outcome = failure.map_or(Ok(()), |f| Err((f.status().as_u16(), f.detail())));
    let ended = Ended {
        outcome,
        took: begun.elapsed(),
        cut: cut.is_noted(),
    };
    app.directory().seen(&credential, ended, app.now());
    response
}

async fn authenticate(app: &AppState, headers: &HeaderMap) -> Result<Arc<Credential>, Failure> {
    let given = headers.contains_key(header::AUTHORIZATION);
    let refused = || Failure::unauthorized(given);
    let token = bearer(headers).ok_or_else(refused)?;
    app.directory()
        .authenticate(token, app.now())
        .await?
        .ok_or_else(refused)
}

/// The token of an `Authorization: Bearer` header (RFC 6750 2.1). Two headers are none: what stands
/// in front of the server may have looked at the other one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = request::only(headers, &header::AUTHORIZATION)?
        .to_str()
        .ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

impl<S: Sync> FromRequestParts<S> for ScimCaller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        guarded(parts)
    }
}

impl<S: Sync> FromRequestParts<S> for AdminCaller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        guarded(parts)
    }
}

/// What the guard left. A route that stands outside it fails instead of serving everybody.
fn guarded<C: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<C, Failure> {
    parts.extensions.get().cloned().ok_or_else(|| {
        tracing::error!("a route asks for a caller but has no guard");
        Failure::internal()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn given(values: &[&'static str]) -> HeaderMap {
        let values = values
            .iter()
            .map(|v| (header::AUTHORIZATION, HeaderValue::from_static(v)));
        values.collect()
    }

    #[test]
    fn a_bearer_token_is_read_whatever_the_case_of_its_scheme() {
        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(bearer(&given(&[value])), Some("abc"), "{value}");
        }
    }

    #[test]
    fn anything_else_is_no_credential() {
        for values in [
            &[][..],
            &["Bearer"],
            &["Bearer "],
            &["Bearer   "],
            &["abc"],
            &["Basic abc"],
            &["Basic Ong="],
            &["Bearerabc"],
            &["Bearer abc", "Bearer abc"],
        ] {
            assert_eq!(bearer(&given(values)), None, "{values:?}");
        }
    }
}
