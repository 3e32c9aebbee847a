//! The parameters of a query, from a URL (RFC 7644 3.4.2) or from a search request (3.4.3).

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde_json::Value;

use super::body::member;
use crate::directory::list::ListQuery;
use crate::directory::{Kind, View};
use crate::http::caller::ScimCaller;
use crate::http::error::Failure;
use crate::scim::Object;
use crate::scim::custom::UserType;
use crate::scim::error::{Error, ScimType};
use crate::scim::project::Projection;

/// What a client asks to see, and in which order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::http) struct Parameters {
    attributes: Option<String>,
    excluded_attributes: Option<String>,
    filter: Option<String>,
    sort_by: Option<String>,
    descending: bool,
    start_index: Option<i64>,
    cursor: Option<String>,
    count: Option<i64>,
    users: UserType,
}

impl Parameters {
    /// From the name and the value of each, as a URL has them. What is not known is ignored.
    fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, Error> {
        let mut given = Object::new();
        for (name, value) in pairs {
            let name = name.to_ascii_lowercase();
            let list = matches!(name.as_str(), "attributes" | "excludedattributes");
            match given.get_mut(&name) {
                Some(Value::String(held)) if list => {
                    held.push(',');
                    held.push_str(&value);
                }
                // Two filters may mean two things; to choose one could show too much.
                Some(held) if *held != value => return Err(twice(&name)),
                Some(_) => {}
                None => {
                    given.insert(name, value.into());
                }
            }
        }
        Self::from_members(&given)
    }

    /// From the members of a search request, whose names are the same.
    pub(super) fn from_members(given: &Object) -> Result<Self, Error> {
        let cursor = text(given, "cursor")?;
        let no_count = if cursor.is_some() {
            ScimType::InvalidCount
        } else {
            ScimType::InvalidValue
        };
        Ok(Self {
            attributes: names(given, "attributes")?,
            excluded_attributes: names(given, "excludedAttributes")?,
            filter: text(given, "filter")?,
            sort_by: text(given, "sortBy")?,
            descending: descending(given)?,
            start_index: integer(given, "startIndex", ScimType::InvalidValue)?,
            cursor,
            count: integer(given, "count", no_count)?,
            users: UserType::default(),
        })
    }

    /// The same, where users are what they are to a tenant.
    pub(super) fn of_users(self, users: UserType) -> Self {
        Self { users, ..self }
    }

    /// Which attributes are asked for (RFC 7644 3.9).
    pub(super) fn projection(&self, kind: Kind) -> Result<Projection, Error> {
        let is_user = kind == Kind::User;
        let resource_type = if is_user {
            &*self.users
        } else {
            kind.resource_type()
        };
        let (attributes, excluded) = (
            self.attributes.as_deref(),
            self.excluded_attributes.as_deref(),
        );
        let projection = Projection::parse(resource_type, attributes, excluded)?;
        Ok(projection.of_users(&self.users))
    }

    /// Whether the client named what it wants to see.
    pub(super) fn names_attributes(&self) -> bool {
        self.attributes.is_some()
    }

    /// Whether there is a filter.
    pub(super) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// The list that is asked for.
    pub(super) fn list_query(self, view: View) -> ListQuery {
        ListQuery {
            filter: self.filter,
            sort_by: self.sort_by,
            descending: self.descending,
            start_index: self.start_index,
            cursor: self.cursor,
            count: self.count,
            view,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Error::invalid_value("the query is malformed"))?;
        let caller = parts.extensions.get::<ScimCaller>();
        let users = caller.map(|ScimCaller(caller)| caller.users.clone());
        Ok(Self::from_pairs(pairs.0)?.of_users(users.unwrap_or_default()))
    }
}

fn twice(name: &str) -> Error {
    Error::invalid_value(format!("`{name}` comes twice with different values"))
}

fn text(given: &Object, name: &str) -> Result<Option<String>, Error> {
    match member(given, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Error::invalid_value(format!("`{name}` is not a string"))),
    }
}

/// Names of attributes: a list of them, or one text with commas between.
fn names(given: &Object, name: &str) -> Result<Option<String>, Error> {
    let Some(Value::Array(names)) = member(given, name) else {
        return text(given, name);
    };
    let names: Option<Vec<_>> = names.iter().map(Value::as_str).collect();
    let names = names.ok_or_else(|| Error::invalid_value(format!("`{name}` holds no names")))?;
    Ok(Some(names.join(",")))
}

fn descending(given: &Object) -> Result<bool, Error> {
    match text(given, "sortOrder")? {
        None => Ok(false),
        Some(order) if order.eq_ignore_ascii_case("ascending") => Ok(false),
        Some(order) if order.eq_ignore_ascii_case("descending") => Ok(true),
        Some(_) => Err(Error::invalid_value(
            "`sortOrder` is `ascending` or `descending`",
        )),
    }
}

/// A whole number, however large: what is beyond an `i64` is as good as its end.
fn integer(given: &Object, name: &str, wrong: ScimType) -> Result<Option<i64>, Error> {
    let text = match member(given, name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(_) => String::new(),
    };
    let digits = text.trim_start_matches(['-', '+']);
    if digits.is_empty()
        || text.len() - digits.len() > 1
        || !digits.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(Error::new(
            400,
            Some(wrong),
            format!("`{name}` is not a whole number"),
        ));
    }
    let end = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Ok(Some(text.parse().unwrap_or(end)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use axum::http::{Request, Uri};
    use serde_json::json;

    async fn query(query: &str) -> Result<Parameters, Failure> {
        let uri: Uri = format!("/Users?{query}").parse().unwrap();
        let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
        Parameters::from_request_parts(&mut parts, &()).await
    }

    fn search(members: Value) -> Result<Parameters, Error> {
        let Value::Object(members) = members else {
            return Ok(Parameters::default());
        };
        Parameters::from_members(&members)
    }

    #[tokio::test]
    async fn a_plus_is_a_space_and_names_have_no_case() {
        let p = query("FILTER=externalId+eq+%22a%2Bb%22&StartIndex=2&aadOptscim062020")
            .await
            .unwrap();
        assert_eq!(p.filter.as_deref(), Some("externalId eq \"a+b\""));
        assert_eq!(p.start_index, Some(2));
    }

    #[tokio::test]
    async fn lists_of_names_add_up_and_nothing_else_may_differ() {
        let p = query("attributes=a&Attributes=b,c").await.unwrap();
        assert_eq!(p.attributes.as_deref(), Some("a,b,c"));
        assert!(query("count=1&count=1").await.is_ok());
        assert!(query("filter=a+pr&Filter=b+pr").await.is_err());
    }

    #[tokio::test]
    async fn a_number_may_be_large_but_must_be_one() {
        for (text, number) in [
            ("0", 0),
            ("-7", -7),
            ("+7", 7),
            ("007", 7),
            ("99999999999999999999", i64::MAX),
            ("-99999999999999999999", i64::MIN),
        ] {
            assert_eq!(
                query(&format!("count={}", text.replace('+', "%2B")))
                    .await
                    .unwrap()
                    .count,
                Some(number)
            );
        }
        for text in ["", "one", "1.5", "--1", "-", "1e3", "0x1"] {
            assert!(query(&format!("count={text}")).await.is_err(), "{text}");
        }
    }

    #[test]
    fn a_wrong_count_has_a_name_of_its_own_with_a_cursor() {
        let kind = |members| search(members).unwrap_err().scim_type;
        assert_eq!(kind(json!({"count": "x"})), Some(ScimType::InvalidValue));
        assert_eq!(
            kind(json!({"count": "x", "cursor": ""})),
            Some(ScimType::InvalidCount)
        );
    }

    #[test]
    fn a_search_request_says_the_same_in_json() {
        let p = search(json!({
            "attributes": ["userName", "emails"], "filter": "a pr", "sortBy": "a",
            "sortOrder": "Descending", "startIndex": 3, "count": "4", "cursor": null,
        }));
        let expected = Parameters {
            attributes: Some("userName,emails".into()),
            filter: Some("a pr".into()),
            sort_by: Some("a".into()),
            descending: true,
            start_index: Some(3),
            count: Some(4),
            ..Parameters::default()
        };
        assert_eq!(p.unwrap(), expected);
    }

    #[test]
    fn values_of_another_type_are_refused() {
        for members in [
            json!({"filter": 1}),
            json!({"attributes": [1]}),
            json!({"attributes": {}}),
            json!({"count": 1.5}),
            json!({"count": true}),
            json!({"sortOrder": "up"}),
        ] {
            assert!(search(members.clone()).is_err(), "{members}");
        }
    }
}
