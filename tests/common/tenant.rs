//! One customer of the server, with clients that hold its credentials.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::client::{Client, Rules};
use super::server::command;
use super::{GROUP, Reply, USER};

#[derive(Clone)]
pub struct Tenant {
    pub name: String,
    pub address: SocketAddr,
    pub database_url: String,
    scim_token: OnceLock<String>,
}

impl Tenant {
    pub fn create(address: SocketAddr, database_url: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let name = format!("tenant-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let database_url = database_url.to_owned();
        let tenant = Self {
            name,
            address,
            database_url,
            scim_token: OnceLock::new(),
        };
        tenant.command(&["tenant", "create", &tenant.name]);
        tenant
    }

    /// Another customer of the same server.
    pub fn neighbour(&self) -> Self {
        Self::create(self.address, &self.database_url)
    }

    /// The same customer, at another server.
    pub fn at(&self, address: SocketAddr) -> Self {
        let mut same = self.clone();
        same.address = address;
        same.scim();
        same
    }

    /// Runs `seatkeeper` on this tenant's database.
    pub fn command(&self, arguments: &[&str]) -> String {
        command(&self.database_url, arguments)
    }

    /// A new token of a role.
    pub fn token(&self, role: &str) -> String {
        self.command(&["token", "create", "--tenant", &self.name, "--role", role])
    }

    /// The identity provider's client.
    pub fn scim(&self) -> Client {
        let token = self.scim_token.get_or_init(|| self.token("scim"));
        self.client("/scim/v2", Some(token), Rules::Scim)
    }

    /// A client of the admin API with a new token of a role.
    pub fn admin(&self, role: &str) -> Client {
        self.client("/admin/v1", Some(&self.token(role)), Rules::Admin)
    }

    /// A SCIM client with any `Authorization` header, or none.
    pub fn scim_as(&self, authorization: Option<&str>) -> Client {
        let client = self.client("/scim/v2", None, Rules::Scim);
        match authorization {
            Some(value) => client.with_header("authorization", value),
            None => client,
        }
    }

    fn client(&self, prefix: &str, token: Option<&str>, rules: Rules) -> Client {
        let client = Client::new(format!("http://{}{prefix}", self.address), rules);
        match token {
            Some(token) => client.with_header("authorization", &format!("Bearer {token}")),
            None => client,
        }
    }

    /// Creates a user: `rest` is merged over its userName and schemas.
    pub async fn create_user(&self, user_name: &str, rest: Value) -> Reply {
        let reply = self.scim().post("/Users", user(user_name, rest)).await;
        reply.status(201).holds("/userName", user_name)
    }

    /// Creates a user with a userName and nothing else.
    pub async fn bare_user(&self, user_name: &str) -> Reply {
        self.create_user(user_name, json!({})).await
    }

    /// Creates a group of the given members' ids.
    pub async fn create_group(&self, display_name: &str, members: &[&str]) -> Reply {
        let reply = self
            .scim()
            .post("/Groups", group(display_name, members))
            .await;
        reply.status(201).holds("/displayName", display_name)
    }
}

/// The body of a user.
pub fn user(user_name: &str, rest: Value) -> Value {
    let mut body = json!({"schemas": [USER], "userName": user_name});
    if let Value::Object(rest) = rest {
        body.as_object_mut().expect("an object").extend(rest);
    }
    body
}

/// The body of a group.
pub fn group(display_name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [GROUP], "displayName": display_name, "members": members})
}
