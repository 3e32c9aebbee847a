//! How requests are refused: RFC 9457, the same everywhere.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::named::ProblemCode;
use super::operation::{Components, Described, reference};
use crate::directory::Code;
use crate::directory::admin::operations::Operation;

/// Why something was not done (RFC 9457). Programs go by `code`.
#[derive(ToSchema)]
struct Problem {
    /// Always `about:blank`: what tells problems apart is the code.
    r#type: String,
    /// The phrase of the status.
    title: String,
    /// The status.
    status: u16,
    code: ProblemCode,
    /// What is wrong, for people; it may change.
    detail: String,
    /// The field or parameter that is wrong.
    #[serde(default)]
    field: String,
    /// What else the code adds.
    #[serde(flatten)]
    more: std::collections::HashMap<String, Value>,
}

/// Where the next page begins.
#[derive(ToSchema)]
struct NextCursor(Option<String>);

pub(super) fn components() -> Components {
    let mut schemas = vec![
        (
            "Problem".to_owned(),
            <Problem as utoipa::PartialSchema>::schema(),
        ),
        (
            "NextCursor".to_owned(),
            <NextCursor as utoipa::PartialSchema>::schema(),
        ),
    ];
    Problem::schemas(&mut schemas);
    let schemas = schemas.into_iter();
    schemas
        .map(|(name, schema)| (name, json!(schema)))
        .collect()
}

/// The refusals that need nothing said of an operation.
const PLAIN: &[(u16, &str)] = &[
    (400, "The request is not as it must be; nothing was done."),
    (401, "There is no credential, or one that is not valid."),
    (
        403,
        "The credential lacks the right, or is an identity provider's.",
    ),
    (404, "There is no such thing."),
    (408, "The body did not arrive in time."),
    (413, "The body is larger than 1 MiB."),
    (414, "The path and its query are longer than 16 KiB."),
    (415, "The body is not of a media type that is read here."),
    (429, "More requests a second than the tenant may make."),
    (500, "The server failed; its log has the cause."),
    (
        503,
        "The database is busy or away, or the server is stopping.",
    ),
    (507, "There is no room for the file."),
];

/// The refusals that these paths refer to.
pub(super) fn responses(paths: &Map<String, Value>) -> Value {
    let paths = json!(paths).to_string();
    let of = |(status, what): &(u16, &str)| {
        let mut response = body(what);
        if matches!(status, 429 | 503) {
            response["headers"] = json!({"Retry-After": {
                "description": "Seconds after which to try again.",
                "schema": {"type": "integer"},
            }});
        }
        (format!("Problem{status}"), response)
    };
    let is_used = |(status, _): &&(u16, &str)| paths.contains(&response(*status).to_string());
    let used = PLAIN.iter().filter(is_used);
    Value::Object(used.map(of).collect::<Map<_, _>>())
}

fn body(what: &str) -> Value {
    let schema = json!({"$ref": reference("Problem")});
    json!({"description": what, "content": {"application/problem+json": {"schema": schema}}})
}

pub(super) fn response(status: u16) -> Value {
    json!({"$ref": format!("#/components/responses/Problem{status}")})
}

/// Every answer of an operation.
pub(super) fn all(operation: &Operation, described: &Described) -> Value {
    let mut statuses = vec![401, 403, 414, 429, 500, 503];
    let takes_json = described
        .body
        .as_ref()
        .map(|body| !body["content"]["application/json"].is_null());
    if described.body.is_some() {
        statuses.extend([408, 415]);
    }
    if takes_json == Some(true) {
        statuses.push(413);
    }
    if described.body.is_some() || !described.parameters.is_empty() {
        statuses.push(400);
    }
    if operation.path.contains('{') {
        statuses.push(404);
    }
    let mut all: Vec<(u16, Value)> = described.answers.clone().into_iter().collect();
    all.extend(
        statuses
            .into_iter()
            .map(|status| (status, response(status))),
    );
    let mut special = described.refusals.clone();
    if operation.path.starts_with("/members/{id}") || operation.path == "/waitlist/{id}" {
        special.entry(409).or_default().insert(0, Code::Ambiguous);
    }
    if described.can_have_key(operation) {
        let conflicts = special.entry(409).or_default();
        conflicts.extend([Code::IdempotencyKeyInUse, Code::IdempotencyAnswerLost]);
        let reused = special.entry(422).or_default();
        reused.push(Code::IdempotencyKeyReused);
        all.push((400, response(400)));
    }
    for (status, codes) in special {
        all.retain(|(known, _)| *known != status);
        let plain = PLAIN.iter().find(|(known, _)| *known == status);
        let what = plain.map_or(
            "It does not go with how things are; nothing was done.",
            |(_, what)| what,
        );
        let codes: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
        let what = match codes.as_slice() {
            [] => what.to_owned(),
            codes => format!("{what} Among the codes: {}.", codes.join(", ")),
        };
        all.push((status, body(&what)));
    }
    all.sort_by_key(|(status, _)| *status);
    all.dedup_by_key(|(status, _)| *status);
    let all = all
        .into_iter()
        .map(|(status, answer)| (status.to_string(), answer));
    Value::Object(all.collect())
}
