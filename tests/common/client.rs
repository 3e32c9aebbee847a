//! A small fluent HTTP client: `scim.get("/Users").query("count", "2").await.status(200)`.

use std::fmt::Write;
use std::pin::Pin;
use std::sync::LazyLock;

use reqwest::{Method, Url, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::described::{self, Sent};
use super::{PATCH_OP, Reply, rules};

/// Never a proxy: tests talk to this machine alone.
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("an HTTP client")
});

/// What every reply is held against.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    Scim,
    Admin,
    /// Nothing, for requests that make no sense and may be taken.
    None,
}

#[derive(Clone)]
pub struct Client {
    base: String,
    rules: Rules,
    headers: Vec<(String, String)>,
}

impl Client {
    pub fn new(base: String, rules: Rules) -> Self {
        Self {
            base,
            rules,
            headers: Vec::new(),
        }
    }

    /// Sends a header with every request.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where paths begin: `http://…/scim/v2`.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Request {
        self.request(Method::POST, path).json(&body)
    }

    pub fn put(&self, path: &str, body: Value) -> Request {
        self.request(Method::PUT, path).json(&body)
    }

    /// A PATCH of the given list of operations.
    pub fn patch(&self, path: &str, operations: Value) -> Request {
        self.request(Method::PATCH, path)
            .json(&json!({"schemas": [PATCH_OP], "Operations": operations}))
    }

    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = format!("{}{path}", self.base);
        Request {
            method,
            url: Url::parse(&url).unwrap_or_else(|error| panic!("{url}: {error}")),
            rules: self.rules,
            headers: self.headers.clone(),
            body: None,
        }
    }
}

#[must_use = "a request is sent by awaiting it"]
pub struct Request {
    method: Method,
    url: Url,
    rules: Rules,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn json(self, body: &Value) -> Self {
        let content_type = match self.rules {
            Rules::Scim => "application/scim+json",
            Rules::Admin | Rules::None => "application/json",
        };
        self.body(content_type, body.to_string())
    }

    /// Any bytes as the body.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    async fn send(self) -> Reply {
        let sent = self.describe();
        let mut request = HTTP.request(self.method.clone(), self.url.clone());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let reply = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{sent}\n→ {error:?}"));
        let reply = Reply::read(sent, reply).await;
        match self.rules {
            Rules::None => {}
            Rules::Scim => rules::check_scim(&reply, &self.method),
            Rules::Admin => {
                rules::check_admin(&reply);
                let sent = Sent {
                    method: &self.method,
                    url: &self.url,
                    body: self.body.as_deref(),
                };
                described::check(&sent, &reply);
            }
        }
        reply
    }

    /// The request as failures show it, without the credential.
    fn describe(&self) -> String {
        let mut text = format!("{} {}", self.method, self.url);
        for (name, value) in &self.headers {
            if !name.eq_ignore_ascii_case("authorization") {
                let _ = write!(text, "\n{name}: {value}");
            }
        }
        if let Some(body) = &self.body {
            let start = &body[..body.len().min(4096)];
            let _ = write!(text, "\n{}", String::from_utf8_lossy(start));
        }
        text
    }
}

impl IntoFuture for Request {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
