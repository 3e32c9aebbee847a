//! `seatkeeper demo`: a tenant on a new SQLite file, and a day of what Okta and Entra ID send,
//! played against this very server over HTTP.

use axum::body::Bytes;
use axum::http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::directory::credentials::Role;
use crate::directory::{self, Directory};
use crate::scim::schema::{COACHING_URN, ENTERPRISE_URN, GROUP_URN, PATCH_OP_URN, USER_URN};

/// Why the demo stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A use case failed.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// The server could not be reached.
    #[error("the server did not answer: {0}")]
    Http(String),
    /// A request of the story was answered as it should not be.
    #[error("{request} was answered {status}: {body}")]
    Unexpected {
        /// What was asked.
        request: String,
        /// With which status.
        status: u16,
        /// And what.
        body: String,
    },
}

struct Player {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    scim: String,
    owner: String,
}

/// Plays the day against the server at `base` and prints what came of it.
pub async fn run(directory: &Directory, base: &str, now: Timestamp) -> Result<(), Error> {
    let tenant = directory
        .create_tenant("acme", "Europe/Berlin", now)
        .await?
        .id;
    let player = Player {
        client: Client::builder(TokioExecutor::new()).build_http(),
        base: base.to_owned(),
        scim: directory
            .create_token(tenant, Role::Scim, ("okta", None), 365, now)
            .await?,
        owner: directory
            .create_token(tenant, Role::Owner, ("", None), 365, now)
            .await?,
    };
    player.set_up(now).await?;
    println!("A day of identity provider traffic, over HTTP:\n");
    player.play(now).await?;
    println!("\nThe people (GET /admin/v1/members?format=table):\n");
    println!("{}", player.table("members?format=table&sort=name").await?);
    println!("\nThe seats (GET /admin/v1/pools?format=table):\n");
    println!("{}", player.table("pools?format=table").await?);
    player.print_tour();
    Ok(())
}

impl Player {
    /// What an operator sets up once.
    async fn set_up(&self, now: Timestamp) -> Result<(), Error> {
        let day = |days: i64| {
            let at = now.checked_add((days * 24).hours()).unwrap_or(now);
            at.to_string().chars().take(10).collect::<String>()
        };
        let pool = json!({
            "key": "coaching", "subscriptionType": "1:1 coaching", "purchased": 6,
            "termStart": day(-60), "termEnd": day(305), "fullPolicy": "waitlist",
        });
        self.admin(Method::POST, "pools", pool).await?;
        for (key, name, is_default) in [
            ("foundations", "Foundations", true),
            ("sales", "Selling with Care", false),
            ("new-manager", "First-Time Manager", false),
        ] {
            let track =
                json!({"key": key, "name": name, "default": is_default, "durationDays": 180});
            self.admin(Method::POST, "tracks", track).await?;
        }
        let by_group = json!({"group": "New Managers", "track": "new-manager", "priority": 10});
        self.admin(Method::POST, "mappings", by_group).await?;
        let by_filter =
            json!({"filter": "department eq \"Sales\"", "track": "sales", "priority": 20});
        self.admin(Method::POST, "mappings", by_filter).await?;
        Ok(())
    }

    /// The traffic, in the forms in which Okta and Entra send it.
    async fn play(&self, now: Timestamp) -> Result<(), Error> {
        let (okta, entra) = (Provider(self, "Okta"), Provider(self, "Entra"));
        let next_month = now
            .checked_add((30 * 24).hours())
            .unwrap_or(now)
            .to_string();
        let next_month: String = next_month.chars().take(10).collect();

        okta.get("Users?startIndex=1&count=2").await?;
        okta.get("Users?filter=userName%20eq%20%22dana.ito%40acme.example%22&count=100")
            .await?;
        okta.post("Users", okta_user("dana", "Ito", "Sales"))
            .await?;
        let lee = okta
            .post("Users", okta_user("lee", "Novak", "Support"))
            .await?;
        let omar = okta
            .post("Users", okta_user("omar", "Haddad", "Product"))
            .await?;
        let managers = json!({
            "schemas": [GROUP_URN], "displayName": "New Managers",
            "members": [{"value": id(&omar), "display": "omar.haddad@acme.example"}],
        });
        let managers = okta.post("Groups", managers).await?;

        entra
            .get("Users?filter=userName+eq+%22f5e8c4a7-6b1d-4d7e-9a43-0c8f3b6f2f11%22")
            .await?;
        let priya = entra
            .post("Users", entra_user("priya", "Rao", None))
            .await?;
        let tom = entra.post("Users", entra_user("tom", "Berg", None)).await?;
        entra
            .post("Users", entra_user("zoe", "Lang", Some(&next_month)))
            .await?;
        let mia = entra
            .post("Users", entra_user("mia", "Costa", None))
            .await?;
        let renamed = json!({
            "op": "Replace", "path": "emails[type eq \"work\"].value",
            "value": "priya.rao-singh@acme.example",
        });
        entra
            .patch(&format!("Users/{}", id(&priya)), &renamed)
            .await?;
        let joined = json!({"op": "Add", "path": "members", "value": [{"value": id(&mia)}]});
        entra
            .patch(&format!("Groups/{}", id(&managers)), &joined)
            .await?;

        let mut leaver = lee.clone();
        leaver["active"] = false.into();
        leaver["groups"] = json!([]);
        okta.put(&format!("Users/{}", id(&lee)), leaver).await?;
        let off = json!({"op": "Replace", "path": "active", "value": "False"});
        entra.patch(&format!("Users/{}", id(&tom)), &off).await?;
        entra.delete(&format!("Users/{}", id(&tom))).await?;
        entra.get(&format!("Users/{}", id(&mia))).await?;
        Ok(())
    }

    /// Sends one request of an identity provider and prints it with its outcome.
    async fn step(
        &self,
        who: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Error> {
        let sent = body.clone();
        let url = format!("/scim/v2/{path}");
        let (status, answer) = self.send(&method, &url, &self.scim, body).await?;
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let shown = match path.split_once('?') {
            Some((path, query)) => {
                let query = query
                    .replace("%20", " ")
                    .replace('+', " ")
                    .replace("%22", "\"")
                    .replace("%40", "@");
                format!("{path}?{query}")
            }
            None => path.to_owned(),
        };
        let shown: String = shown.chars().take(58).collect();
        let outcome = self.outcome(path, sent.as_ref(), &answer).await?;
        println!(
            "  {who:<6}{:<7}{shown:<59}{status}  {outcome}",
            method.as_str()
        );
        Ok(answer)
    }

    /// What came of a request, in a few words; of one about a person, from the operators' side.
    async fn outcome(
        &self,
        path: &str,
        sent: Option<&Value>,
        answer: &Value,
    ) -> Result<String, Error> {
        if let Some(total) = answer.get("totalResults") {
            return Ok(format!("{total} found"));
        }
        if !path.starts_with("Users") {
            let name = sent.and_then(|sent| sent["displayName"].as_str());
            return Ok(name.unwrap_or_default().to_owned());
        }
        let id = answer["id"]
            .as_str()
            .or(path.strip_prefix("Users/"))
            .unwrap_or_default();
        let url = format!("/admin/v1/members/{id}");
        let member = self.send(&Method::GET, &url, &self.owner, None).await?.1;
        let member: Value = serde_json::from_str(&member).unwrap_or_default();
        let text = |key: &str| member[key].as_str().unwrap_or_default();
        let name = text("userName").split('@').next().unwrap_or_default();
        let on = if text("track").is_empty() { "" } else { " on " };
        Ok(format!(
            "{name}: {}{on}{}",
            text("seatState"),
            text("track")
        ))
    }

    async fn admin(&self, method: Method, path: &str, body: Value) -> Result<(), Error> {
        self.send(
            &method,
            &format!("/admin/v1/{path}"),
            &self.owner,
            Some(body),
        )
        .await
        .map(|_| ())
    }

    async fn table(&self, path: &str) -> Result<String, Error> {
        Ok(self
            .send(
                &Method::GET,
                &format!("/admin/v1/{path}"),
                &self.owner,
                None,
            )
            .await?
            .1)
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Result<(u16, String), Error> {
        let failed = |error: &dyn std::fmt::Display| Error::Http(error.to_string());
        let kind = if path.starts_with("/scim") {
            "application/scim+json"
        } else {
            "application/json"
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, kind)
            .body(Full::from(body.map(|b| b.to_string()).unwrap_or_default()))
            .map_err(|e| failed(&e))?;
        let answer = self.client.request(request).await.map_err(|e| failed(&e))?;
        let status = answer.status().as_u16();
        let body = answer
            .into_body()
            .collect()
            .await
            .map_err(|e| failed(&e))?
            .to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        if status >= 300 {
            return Err(Error::Unexpected {
                request: format!("{method} {path}"),
                status,
                body,
            });
        }
        Ok((status, body))
    }

    fn print_tour(&self) {
        let Self {
            base, scim, owner, ..
        } = self;
        println!(
            r#"
Try it; these lines work as they are:

  A={base}/admin/v1; S={base}/scim/v2
  OWNER="Authorization: Bearer {owner}"
  SCIM="Authorization: Bearer {scim}"

  # who has access, and until when
  curl -s "$A/members?ended=false&sort=accessEndDate&format=table" -H "$OWNER"
  # one person, and why they have a seat
  curl -s "$A/members/dana.ito@acme.example" -H "$OWNER"
  # end it: the seat is free at once, or goes to the next in line
  curl -s "$A/members/dana.ito@acme.example/end" -H "$OWNER" -H 'Content-Type: application/json' -d '{{"reason":"role_change"}}'
  # free licences
  curl -s "$A/pools?format=table" -H "$OWNER"
  # who waits
  curl -s "$A/waitlist?format=table" -H "$OWNER"
  # every move of every seat, and the proof that they add up
  curl -s "$A/ledger?format=table&limit=20" -H "$OWNER"
  curl -s "$A/ledger/verify" -H "$OWNER"
  # what an identity provider asks
  curl -sG "$S/Users" --data-urlencode 'filter=userName eq "mia.costa@acme.example"' -H "$SCIM"
"#
        );
    }
}

/// An identity provider: a name for the player's requests.
struct Provider<'p>(&'p Player, &'static str);

impl Provider<'_> {
    async fn get(&self, path: &str) -> Result<Value, Error> {
        self.0.step(self.1, Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, Error> {
        self.0.step(self.1, Method::POST, path, Some(body)).await
    }

    async fn put(&self, path: &str, body: Value) -> Result<Value, Error> {
        self.0.step(self.1, Method::PUT, path, Some(body)).await
    }

    async fn patch(&self, path: &str, operation: &Value) -> Result<Value, Error> {
        let body = json!({"schemas": [PATCH_OP_URN], "Operations": [operation]});
        self.0.step(self.1, Method::PATCH, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Result<Value, Error> {
        self.0.step(self.1, Method::DELETE, path, None).await
    }
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap_or_default()
}

/// A create as Okta sends it.
fn okta_user(given: &str, family: &str, department: &str) -> Value {
    let login = format!("{given}.{}@acme.example", family.to_lowercase());
    json!({
        "schemas": [USER_URN, ENTERPRISE_URN], "userName": login,
        "name": {"givenName": capital(given), "familyName": family},
        "emails": [{"primary": true, "value": login, "type": "work"}],
        "displayName": format!("{} {family}", capital(given)), "locale": "en-US",
        "externalId": format!("00u{given}1Tk9d7"), "groups": [], "password": "unused-1mz050nq",
        "active": true, ENTERPRISE_URN: {"department": department},
    })
}

/// A create as Entra ID sends it.
fn entra_user(given: &str, family: &str, starts: Option<&str>) -> Value {
    let login = format!("{given}.{}@acme.example", family.to_lowercase());
    let mut body = json!({
        "schemas": [USER_URN, ENTERPRISE_URN, COACHING_URN],
        "externalId": format!("0a21f0f2-{given}"), "userName": login, "active": true,
        "emails": [{"primary": true, "type": "work", "value": login}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": format!("{} {family}", capital(given)), "familyName": family,
                 "givenName": capital(given)},
        "roles": [],
    });
    if let Some(day) = starts {
        body[COACHING_URN] = json!({"accessStartDate": day});
    }
    body
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
