//! Somebody else's server, which webhooks are sent to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::task::JoinHandle;

/// A message as it arrived.
#[derive(Clone, Debug)]
pub struct Got {
    pub headers: HeaderMap,
    pub body: String,
    pub json: Value,
}

impl Got {
    pub fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    pub fn kind(&self) -> &str {
        self.json["type"].as_str().unwrap_or_default()
    }

    pub fn user_name(&self) -> &str {
        let name = self.json.pointer("/data/member/userName");
        name.and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the specification's own library finds it signed with this secret, just now.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        webhook.verify(self.body.as_bytes(), &self.headers).is_ok()
    }
}

/// What a receiver answers, and after how long.
type Answer = dyn Fn(&Got) -> (u16, Duration) + Send + Sync;

struct Inbox {
    got: Mutex<Vec<Got>>,
    answer: Mutex<Arc<Answer>>,
}

pub struct Receiver {
    pub url: String,
    inbox: Arc<Inbox>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// One that accepts everything.
    pub async fn start() -> Self {
        let inbox = Arc::new(Inbox {
            got: Mutex::default(),
            answer: Mutex::new(Arc::new(|_: &Got| (200, Duration::ZERO))),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks?of=a", listener.local_addr().unwrap());
        let app = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&inbox));
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.unwrap();
        });
        Self { url, inbox, task }
    }

    /// Answers so from now on.
    pub fn answer(&self, status: u16) {
        self.answer_with(move |_| (status, Duration::ZERO));
    }

    pub fn answer_with(&self, answer: impl Fn(&Got) -> (u16, Duration) + Send + Sync + 'static) {
        *self.inbox.answer.lock().unwrap() = Arc::new(answer);
    }

    /// All that arrived so far.
    pub fn got(&self) -> Vec<Got> {
        self.inbox.got.lock().unwrap().clone()
    }

    /// Waits until something holds of what arrived: longer than a lease of a process that was killed.
    pub async fn until(&self, what: &str, holds: impl Fn(&[Got]) -> bool) -> Vec<Got> {
        self.until_within(Duration::from_secs(45), what, holds)
            .await
    }

    /// The same, with more patience.
    pub async fn until_within(
        &self,
        time: Duration,
        what: &str,
        holds: impl Fn(&[Got]) -> bool,
    ) -> Vec<Got> {
        let end = std::time::Instant::now() + time;
        while std::time::Instant::now() < end {
            let got = self.got();
            if holds(&got) {
                return got;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not within {time:?}: {what}\n{:#?}", self.got());
    }

    /// Waits until so many messages have arrived.
    pub async fn until_got(&self, n: usize) -> Vec<Got> {
        self.until(&format!("{n} messages"), |got| got.len() >= n)
            .await
    }

    /// Waits until a message of a type about somebody has arrived.
    pub async fn until_told(&self, kind: &str, user_name: &str) -> Got {
        let is = |got: &Got| got.kind() == kind && got.user_name() == user_name;
        let what = format!("{kind} of {user_name}");
        let got = self.until(&what, |got| got.iter().any(is)).await;
        got.into_iter().find(is).unwrap()
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let json = serde_json::from_str(&body).unwrap_or_default();
    let got = Got {
        headers,
        body,
        json,
    };
    let answer = Arc::clone(&inbox.answer.lock().unwrap());
    let (status, pause) = answer(&got);
    inbox.got.lock().unwrap().push(got);
    tokio::time::sleep(pause).await;
    StatusCode::from_u16(status).unwrap()
}
