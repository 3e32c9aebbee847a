//! What a tenant looks like at one moment, as operators and identity providers see it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::books::Books;
use crate::common::{COACHING, Client, Reply};

/// All of it, read with nothing in between.
pub(super) struct Facts {
    pub(super) now: Timestamp,
    pub(super) pools: Vec<Value>,
    pub(super) members: Vec<Value>,
    /// The SCIM resources, with what came of them.
    pub(super) users: Vec<Value>,
    pub(super) verdict: Value,
    /// Who has had the use of a seat in an episode that is over.
    pub(super) held_once: BTreeSet<Uuid>,
}

/// Who holds what, and how long the ledger is: what a request that changes nothing leaves alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    /// User names of those who have access, by id.
    pub(super) assigned: BTreeMap<String, String>,
    pub(super) ledger_rows: i64,
}

impl Facts {
    /// Reads them. Whatever the clock has brought is done with the first answer.
    pub(super) async fn read(
        owner: &Client,
        scim: &Client,
        now: Timestamp,
        books: (&Books, i64),
    ) -> Self {
        let members = owner.get("/members?limit=500").await.status(200);
        let pools = owner.get("/pools").await.status(200);
        let attributes = format!("userName,active,title,groups,{COACHING}");
        let users = scim.get("/Users").query("count", "500");
        let users = users.query("attributes", &attributes).await.status(200);
        let verdict = owner.get("/ledger/verify").await.status(200);
        let (books, tenant) = books;
        Self {
            now,
            pools: items(&pools).to_vec(),
            members: items(&members).to_vec(),
            users: users.resources().to_vec(),
            verdict: verdict.json,
            held_once: books.held_once(tenant).await,
        }
    }

    pub(super) fn standing(&self) -> Standing {
        let assigned = self.members.iter();
        let assigned = assigned.filter(|m| m["seatState"] == "assigned");
        Standing {
            assigned: assigned
                .map(|m| (text(m, "id").to_owned(), text(m, "userName").to_owned()))
                .collect(),
            ledger_rows: number(&self.verdict, "rows"),
        }
    }

    pub(super) fn pool(&self, key: &str) -> &Value {
        let found = self.pools.iter().find(|pool| pool["key"] == key);
        found.unwrap_or_else(|| panic!("no pool {key}"))
    }

    /// The SCIM resource of a user name.
    pub(super) fn user(&self, name: &str) -> Option<&Value> {
        self.users.iter().find(|user| user["userName"] == name)
    }

    /// The member of a user name: of several, the one who is still here.
    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        let mut of_name = self.members.iter().filter(|m| m["userName"] == name);
        let gone = |m: &&Value| m["identityState"] == "deleted";
        of_name.clone().find(|m| !gone(m)).or(of_name.next())
    }

    pub(super) fn today(&self) -> String {
        day(self.now, 0)
    }
}

/// The day that is so many days from then, as `YYYY-MM-DD`; the tenants' days are UTC's.
pub(super) fn day(now: Timestamp, days: i64) -> String {
    let at = now + SignedDuration::from_hours(24 * days);
    at.to_string().chars().take(10).collect()
}

pub(super) fn number(value: &Value, key: &str) -> i64 {
    value[key]
        .as_i64()
        .unwrap_or_else(|| panic!("no number {key} in {value}"))
}

/// Empty where there is none.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The items of a list.
pub(super) fn items(reply: &Reply) -> &[Value] {
    reply["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no items in {reply}"))
}
