//! The recordings as data.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Recording {
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
pub struct Exchange {
    pub name: String,
    /// A state that must be brought about before, in words.
    pub setup: Option<String>,
    pub request: Request,
    pub expect: Expect,
    /// Variables to fill from attributes of the answer.
    pub capture: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
pub struct Request {
    pub method: String,
    pub path: String,
    #[serde(default)]
    pub headers: HashMap<String, String>,
    pub body: Option<Value>,
}

#[derive(Deserialize)]
pub struct Expect {
    pub status: Vec<u16>,
    #[serde(default)]
    pub assert: Vec<String>,
}

pub fn read(file: &Path) -> Vec<Exchange> {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let recording: Recording =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    recording.exchanges
}

/// What `{{name}}` stands for.
#[derive(Clone, Default)]
pub struct Variables(HashMap<String, String>);

impl Variables {
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.0 {
            text = text.replace(&format!("{{{{{name}}}}}"), value);
        }
        text
    }
}
