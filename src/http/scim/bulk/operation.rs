//! One operation of a bulk request (RFC 7644 3.7): what it asks, and how it is answered.

use axum::http::StatusCode;
use serde_json::Value;

use crate::directory::{Caller, Code, Found, Kind, View};
use crate::http::AppState;
use crate::http::error::Failure;
use crate::http::scim::base::Base;
use crate::http::scim::body::member;
use crate::http::scim::kind::{self, Target};
use crate::http::scim::precondition::{if_version, tag};
use crate::http::scim::reply::{id, location};
use crate::scim::Object;
use crate::scim::error::Error;

/// An operation as it was sent; what it lacks is empty and fails when it is carried out.
#[derive(Debug, Default, Clone)]
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) bulk_id: Option<String>,
    pub(super) path: String,
    version: Option<String>,
    pub(super) data: Value,
}

/// What an operation made or changed.
#[derive(Debug)]
pub(super) struct Done {
    status: StatusCode,
    pub(super) id: String,
    kind: Kind,
    version: Option<i64>,
}

impl Operation {
    pub(super) fn read(value: &Value) -> Self {
        let Value::Object(given) = value else {
            return Self::default();
        };
        let text = |name| {
            member(given, name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        Self {
            method: text("method").unwrap_or_default().to_ascii_uppercase(),
            bulk_id: text("bulkId").filter(|bulk_id| !bulk_id.is_empty()),
            path: text("path").unwrap_or_default(),
            version: text("version"),
            data: member(given, "data").cloned().unwrap_or_default(),
        }
    }

    /// Whether this would make a resource.
    pub(super) fn creates(&self) -> bool {
        self.method == "POST"
    }

    /// Carries it out as its request would be.
    pub(super) async fn perform(
        &self,
        app: &AppState,
        caller: &Caller,
        base: &Base,
    ) -> Result<Done, Failure> {
        if !matches!(self.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE") {
            return Err(Error::invalid_syntax("`method` is POST, PUT, PATCH or DELETE").into());
        }
        let (kind, id) = self.target(base).ok_or_else(|| {
            Failure::not_found("`path` names neither a resource type nor a resource")
        })?;
        match id {
            None => self.create(app, caller, kind).await,
            Some(id) => self.write(app, caller, kind, id).await,
        }
    }

    async fn create(&self, app: &AppState, caller: &Caller, kind: Kind) -> Result<Done, Failure> {
        if !self.creates() {
            return Err(not_here("a resource type takes POST alone"));
        }
        if self.bulk_id.is_none() {
            return Err(Error::invalid_syntax("a POST needs a `bulkId`").into());
        }
        let body = self.data.clone();
        let found = {
            let view = View::default();
            kind::create(app.directory(), kind, caller, body, &view, app.now()).await?
        };
        Ok(Done {
            status: StatusCode::CREATED,
            ..Done::with(&found)
        })
    }

    async fn write(
        &self,
        app: &AppState,
        caller: &Caller,
        kind: Kind,
        id: &str,
    ) -> Result<Done, Failure> {
        let (directory, body, now) = (app.directory(), self.data.clone(), app.now());
        let if_match = if_version(self.version.as_deref());
        let target = Target {
            kind,
            id,
            if_match: &if_match,
        };
        let done = Done {
            status: StatusCode::OK,
            id: id.to_owned(),
            kind,
            version: None,
        };
        match self.method.as_str() {
            "PUT" => Ok(Done::with(
                &target
                    .replace(directory, caller, body, &View::default(), now)
                    .await?,
            )),
            "PATCH" => {
                // Nothing is sent back of it, so nothing need be read for that.
                let view = View::default();
                let patched = target
                    .patch(directory, caller, body, &view, true, now)
                    .await?;
                Ok(Done {
                    version: Some(patched.version),
                    ..done
                })
            }
            "DELETE" => {
                target.delete(directory, caller, now).await?;
                Ok(Done {
                    status: StatusCode::NO_CONTENT,
                    ..done
                })
            }
            _ => Err(not_here("a resource takes PUT, PATCH and DELETE")),
        }
    }

    /// The kind of resource and the identifier in the path, if there is one.
    fn target(&self, base: &Base) -> Option<(Kind, Option<&str>)> {
        let path = self.path.strip_prefix(base.as_str()).unwrap_or(&self.path);
        let path = path.trim_matches('/');
        let (endpoint, id) = match path.split_once('/') {
            None => (path, None),
            Some((endpoint, id)) => (endpoint, Some(id)),
        };
        let kind = [Kind::User, Kind::Group]
            .into_iter()
            .find(|kind| kind.resource_type().endpoint.strip_prefix('/') == Some(endpoint))?;
        id.is_none_or(|id| !id.contains('/')).then_some((kind, id))
    }

    /// The answer to it: with a location in all cases but that of a resource that was not made.
    pub(super) fn result(&self, done: Result<Done, Failure>, base: &Base) -> Value {
        let place = match (&done, self.target(base)) {
            (Ok(done), _) => Some(location(done.kind, &done.id, base)),
            (Err(_), Some((kind, Some(id)))) => Some(location(kind, id, base)),
            (Err(_), _) => None,
        };
        let mut result = Object::new();
        let mut put = |name: &str, text: Option<String>| {
            if let Some(text) = text {
                result.insert(name.to_owned(), text.into());
            }
        };
        put("location", place);
        put("method", Some(self.method.clone()));
        put("bulkId", self.bulk_id.clone());
        match done {
            Ok(done) => {
                put("version", done.version.map(tag));
                put("status", Some(done.status.as_str().to_owned()));
            }
            Err(failure) => {
                put("status", Some(failure.status().as_str().to_owned()));
                result.insert("response".to_owned(), failure.scim_body());
            }
        }
        Value::Object(result)
    }
}

impl Done {
    fn with(found: &Found) -> Self {
        Self {
            status: StatusCode::OK,
            id: id(found).to_owned(),
            kind: found.kind,
            version: Some(found.version),
        }
    }
}

fn not_here(detail: &str) -> Failure {
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        Code::MethodNotAllowed,
        detail,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn target(path: &str) -> Option<(Kind, Option<String>)> {
        let operation = Operation::read(&json!({"path": path}));
        let base = Base::below("https://x.example");
        operation
            .target(&base)
            .map(|(kind, id)| (kind, id.map(str::to_owned)))
    }

    #[test]
    fn a_path_names_a_type_or_a_resource() {
        let one = |kind, id: &str| Some((kind, Some(id.to_owned())));
        assert_eq!(target("/Users"), Some((Kind::User, None)));
        assert_eq!(target("Groups/"), Some((Kind::Group, None)));
        assert_eq!(target("/Users/7"), one(Kind::User, "7"));
        assert_eq!(
            target("https://x.example/scim/v2/Groups/7"),
            one(Kind::Group, "7")
        );
        for path in [
            "",
            "/",
            "/Bulk",
            "/users",
            "/Users/7/8",
            "https://y.example/scim/v2/Users",
        ] {
            assert_eq!(target(path), None, "{path}");
        }
    }

    #[test]
    fn a_failed_operation_has_its_error_and_a_location_if_it_had_one() {
        let base = Base::below("https://x.example");
        let failed = |operation: Value| {
            let failure = Failure::from(Error::uniqueness("taken"));
            Operation::read(&operation).result(Err(failure), &base)
        };
        let made = failed(json!({"method": "post", "path": "/Users", "bulkId": "a"}));
        assert_eq!(made["method"], "POST");
        assert_eq!(made["bulkId"], "a");
        assert_eq!(
            (&made["status"], &made["response"]["status"]),
            (&json!("409"), &json!("409"))
        );
        assert!(made.get("location").is_none());
        let put = failed(json!({"method": "PUT", "path": "/Users/7"}));
        assert_eq!(put["location"], "https://x.example/scim/v2/Users/7");
    }
}
