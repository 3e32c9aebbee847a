//! Answers: resources with their `meta` (RFC 7643 3.1), lists (RFC 7644 3.4.2, RFC 9865 2), and the
//! headers that say the same.

use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::base::Base;
use super::precondition::{is_known, tag};
use crate::directory::list::Page;
use crate::directory::{Found, Kind};
use crate::scim::Object;
use crate::scim::project::Projection;
use crate::scim::schema::LIST_URN;

/// A SCIM body, with the headers that say where it lives and which version it is.
pub(in crate::http) struct Reply {
    status: StatusCode,
    location: Option<String>,
    version: Option<String>,
    body: Option<Value>,
}

impl Reply {
    /// 200 with a body that is no resource of a tenant.
    pub(super) fn ok(body: Value) -> Self {
        let location = body
            .pointer("/meta/location")
            .and_then(Value::as_str)
            .map(str::to_owned);
        Self {
            status: StatusCode::OK,
            location,
            version: None,
            body: Some(body),
        }
    }

    /// 204.
    pub(super) fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            location: None,
            version: None,
            body: None,
        }
    }

    /// 204 for a resource that is not sent back.
    pub(super) fn unsent(kind: Kind, id: &str, version: i64, base: &Base) -> Self {
        let location = Some(location(kind, id, base));
        Self {
            location,
            version: Some(tag(version)),
            ..Self::no_content()
        }
    }

    /// 200 with a resource as it is shown.
    pub(super) fn resource(found: Found, projection: &Projection, base: &Base) -> Self {
        Self {
            status: StatusCode::OK,
            location: Some(location(found.kind, id(&found), base)),
            version: Some(tag(found.version)),
            body: Some(Value::Object(shown(found, projection, base))),
        }
    }

    /// 201 with a resource that was made.
    pub(super) fn created(found: Found, projection: &Projection, base: &Base) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::resource(found, projection, base)
        }
    }

    /// 200 with a resource, or 304 for a client that has this version already.
    pub(super) fn unless_known(
        found: Found,
        headers: &HeaderMap,
        projection: &Projection,
        base: &Base,
    ) -> Self {
        let known = is_known(headers, found.version);
        let reply = Self::resource(found, projection, base);
        if known {
            Self {
                status: StatusCode::NOT_MODIFIED,
                body: None,
                ..reply
            }
        } else {
            reply
        }
    }

    /// 200 with a page of a list.
    pub(super) fn page<'p>(
        page: Page,
        projection: impl Fn(Kind) -> &'p Projection,
        base: &Base,
    ) -> Self {
        let resources = page.resources.into_iter();
        let resources: Vec<_> = resources
            .map(|found| {
                let projection = projection(found.kind);
                Value::Object(shown(found, projection, base))
            })
            .collect();
        let mut list = list(page.total, resources);
        if let Some(start_index) = page.start_index {
            list["startIndex"] = start_index.into();
        }
        if let Some(next_cursor) = page.next_cursor {
            list["nextCursor"] = next_cursor.into();
        }
        Self::ok(list)
    }

    /// 200 with everything of a kind on one page.
    pub(super) fn all(resources: Vec<Value>) -> Self {
        let total = i64::try_from(resources.len()).unwrap_or(i64::MAX);
        let mut list = list(total, resources);
        list["startIndex"] = 1.into();
        Self::ok(list)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        let mut say = |name: HeaderName, value: Option<String>| {
            // A location holds what was an authority in a header before, a tag holds a number.
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                headers.insert(name, value);
            }
        };
        say(header::LOCATION, self.location);
        say(header::ETAG, self.version);
        match self.body {
            None => (self.status, headers).into_response(),
            Some(body) => {
                let media_type = HeaderValue::from_static("application/scim+json");
                headers.insert(header::CONTENT_TYPE, media_type);
                (self.status, headers, body.to_string()).into_response()
            }
        }
    }
}

/// Where a resource lives.
pub(super) fn location(kind: Kind, id: &str, base: &Base) -> String {
    format!("{base}{}/{id}", kind.resource_type().endpoint)
}

/// The identifier of a resource.
pub(super) fn id(found: &Found) -> &str {
    found
        .resource
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn list(total: i64, resources: Vec<Value>) -> Value {
    let mut list = json!({
        "schemas": [LIST_URN],
        "totalResults": total,
        "itemsPerPage": resources.len(),
    });
    list["Resources"] = Value::Array(resources);
    list
}

/// A resource as a client sees it.
fn shown(found: Found, projection: &Projection, base: &Base) -> Object {
    let resource_type = found.kind.resource_type();
    let meta = json!({
        "resourceType": resource_type.name,
        "created": format!("{:.3}", found.created),
        "lastModified": format!("{:.3}", found.last_modified),
        "location": location(found.kind, id(&found), base),
        "version": tag(found.version),
    });
    let mut resource = found.resource;
    for list in ["members", "groups"] {
        if let Some(Value::Array(elements)) = resource.get_mut(list) {
            for element in elements {
                make_absolute(element, base);
            }
        }
    }
    resource.insert("meta".into(), meta);
    projection.apply(resource_type, resource)
}

/// The directory does not know where the service is, and refers to resources from one another.
fn make_absolute(element: &mut Value, base: &Base) {
    if let Some(Value::String(reference)) = element.get_mut("$ref")
        && let Some(path) = reference.strip_prefix("..")
    {
        *reference = base.url(path);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::scim::schema::GROUP_URN;

    fn group() -> Found {
        let resource = json!({
            "schemas": [GROUP_URN], "id": "g", "displayName": "Analysts",
            "members": [{"value": "u", "type": "User", "$ref": "../Users/u"}],
        });
        let Value::Object(resource) = resource else {
            unreachable!()
        };
        Found {
            kind: Kind::Group,
            resource,
            version: 3,
            created: "2026-01-02T03:04:05.6Z".parse().unwrap(),
            last_modified: "2026-01-02T03:04:05Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_resource_says_where_it_lives_and_which_version_it_is() {
        let base = Base::below("https://x.example");
        let reply = Reply::created(group(), &Projection::none(), &base).into_response();
        assert_eq!(reply.status(), StatusCode::CREATED);
        assert_eq!(
            reply.headers()[header::LOCATION],
            "https://x.example/scim/v2/Groups/g"
        );
        assert_eq!(reply.headers()[header::ETAG], "W/\"3\"");
        assert_eq!(
            reply.headers()[header::CONTENT_TYPE],
            "application/scim+json"
        );
    }

    #[test]
    fn meta_repeats_the_headers_and_references_are_absolute() {
        let base = Base::below("https://x.example");
        let shown = Value::Object(shown(group(), &Projection::none(), &base));
        let expected = json!({
            "resourceType": "Group",
            "created": "2026-01-02T03:04:05.600Z",
            "lastModified": "2026-01-02T03:04:05.000Z",
            "location": "https://x.example/scim/v2/Groups/g",
            "version": "W/\"3\"",
        });
        assert_eq!(shown["meta"], expected);
        assert_eq!(
            shown["members"][0]["$ref"],
            "https://x.example/scim/v2/Users/u"
        );
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        let base = Base::below("https://x.example");
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("W/\"3\""));
        let reply = Reply::unless_known(group(), &headers, &Projection::none(), &base);
        let reply = reply.into_response();
        assert_eq!(reply.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(reply.headers()[header::ETAG], "W/\"3\"");
        assert!(!reply.headers().contains_key(header::CONTENT_TYPE));
    }
}
