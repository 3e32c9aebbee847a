//! A reply, with assertions that show the whole exchange when they fail.

use std::fmt;
use std::ops::Index;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::ERROR;

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body, or null when it is not JSON.
    pub json: Value,
    request: String,
}

impl Reply {
    pub async fn read(request: String, reply: reqwest::Response) -> Self {
        let status = reply.status().as_u16();
        let headers = reply.headers().clone();
        let text = reply
            .text()
            .await
            .unwrap_or_else(|error| panic!("{request}\n→ {error}"));
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            text,
            json,
            request,
        }
    }

    #[track_caller]
    pub fn status(self, expected: u16) -> Self {
        assert_eq!(self.status, expected, "\n{self}");
        self
    }

    /// An error of a status and, unless it is empty, a scimType.
    #[track_caller]
    pub fn error(self, status: u16, scim_type: &str) -> Self {
        assert_eq!(self.status, status, "\n{self}");
        assert_eq!(self.json["schemas"], serde_json::json!([ERROR]), "\n{self}");
        if !scim_type.is_empty() {
            assert_eq!(self.json["scimType"], scim_type, "\n{self}");
        }
        self
    }

    /// The detail of an error says this.
    #[track_caller]
    pub fn says(self, part: &str) -> Self {
        let detail = self.json["detail"].as_str().unwrap_or_default();
        assert!(
            detail.contains(part),
            "the detail does not say {part:?}\n{self}"
        );
        self
    }

    /// The value at a JSON pointer is this.
    #[track_caller]
    pub fn holds(self, pointer: &str, expected: impl Into<Value>) -> Self {
        let (found, expected) = (self.at(pointer), expected.into());
        assert_eq!(*found, expected, "at {pointer}\n{self}");
        self
    }

    /// Nothing is at a JSON pointer.
    #[track_caller]
    pub fn lacks(self, pointer: &str) -> Self {
        assert!(
            self.json.pointer(pointer).is_none(),
            "there is {pointer}\n{self}"
        );
        self
    }

    /// The value at a JSON pointer; null where there is none.
    pub fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The one element of a list whose `key` is `value`; null when there is none.
    #[track_caller]
    pub fn element(&self, list: &str, key: &str, value: &str) -> &Value {
        let mut found = self.json[list]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|e| e[key] == value);
        let first = found.next().unwrap_or(&Value::Null);
        assert!(
            found.next().is_none(),
            "several {list} with {key} {value}\n{self}"
        );
        first
    }

    #[track_caller]
    pub fn string(&self, pointer: &str) -> String {
        let found = self.at(pointer).as_str();
        found
            .unwrap_or_else(|| panic!("no string at {pointer}\n{self}"))
            .to_owned()
    }

    #[track_caller]
    pub fn number(&self, pointer: &str) -> usize {
        let found = self
            .at(pointer)
            .as_u64()
            .and_then(|number| number.try_into().ok());
        found.unwrap_or_else(|| panic!("no number at {pointer}\n{self}"))
    }

    #[track_caller]
    pub fn id(&self) -> String {
        self.string("/id")
    }

    #[track_caller]
    pub fn version(&self) -> String {
        self.string("/meta/version")
    }

    /// A header's value, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    #[track_caller]
    pub fn total(&self) -> u64 {
        let total = self.json["totalResults"].as_u64();
        total.unwrap_or_else(|| panic!("no totalResults\n{self}"))
    }

    #[track_caller]
    pub fn resources(&self) -> &[Value] {
        let resources = self.json["Resources"].as_array();
        resources.unwrap_or_else(|| panic!("no Resources\n{self}"))
    }

    /// One attribute of each resource of a list, in its order; empty where it has none.
    #[track_caller]
    pub fn each(&self, attribute: &str) -> Vec<&str> {
        self.resources()
            .iter()
            .map(|one| one[attribute].as_str().unwrap_or_default())
            .collect()
    }

    /// The `value`s of a list attribute, sorted.
    pub fn values(&self, list: &str) -> Vec<&str> {
        let list = self.json[list].as_array();
        let mut values: Vec<_> = list
            .into_iter()
            .flatten()
            .filter_map(|element| element["value"].as_str())
            .collect();
        values.sort_unstable();
        values
    }

    /// What a client wrote, without `meta` and the readOnly outcomes: equal before and after a
    /// write that leaves the rest alone.
    pub fn written(&self) -> Value {
        let mut json = self.json.clone();
        if let Some(object) = json.as_object_mut() {
            object.remove("meta");
            object.remove("groups");
            object.remove(super::COACHING);
            if let Some(schemas) = object.get_mut("schemas").and_then(Value::as_array_mut) {
                schemas.retain(|urn| urn != super::COACHING);
            }
        }
        json
    }
}

impl Index<&str> for Reply {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        &self.json[key]
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "{}\n→ {}", self.request, self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", value.to_str().unwrap_or("?"))?;
        }
        write!(f, "{}", self.text.chars().take(4096).collect::<String>())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
