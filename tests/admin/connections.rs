//! The identity providers that write people.

use serde_json::json;

use crate::common::Tenant;
use crate::office::{Office, each};

both_engines!(
    a_connection_was_last_seen_and_last_refused,
    it_shows_when_a_token_expires,
);

async fn a_connection_was_last_seen_and_last_refused(t: Tenant) {
    let office = Office::bare(t).await;
    assert_eq!(
        each(&office.owner.get("/connections").await, "name").len(),
        0
    );
    office.hire("ada", json!({})).await;
    let all = office.owner.get("/connections").await.status(200);
    let all = all
        .holds("/items/0/name", "default")
        .holds("/items/0/lastError", json!(null));
    assert!(all.at("/items/0/lastSeenAt").is_string(), "{all}");
    let body = crate::common::tenant::user("ada", json!({}));
    office
        .tenant
        .scim()
        .post("/Users", body)
        .await
        .error(409, "uniqueness");
    let all = office.owner.get("/connections").await.status(200);
    assert!(all.string("/items/0/lastError").starts_with("409"), "{all}");
    assert!(all.at("/items/0/lastErrorAt").is_string(), "{all}");
}

async fn it_shows_when_a_token_expires(t: Tenant) {
    let office = Office::bare(t).await;
    let name = office.tenant.name.clone();
    let create = [
        "token",
        "create",
        "--tenant",
        &name,
        "--role",
        "scim",
        "--connection",
        "okta",
    ];
    office
        .tenant
        .command(&[&create[..], &["--expires-in", "365d"]].concat());
    let token = office
        .tenant
        .command(&[&create[..], &["--expires-in", "30d"]].concat());
    let all = office.owner.get("/connections").await.status(200);
    let soonest = all.string("/items/0/tokenExpiresAt");
    all.holds("/items/0/name", "okta")
        .holds("/items/0/tokens", 2);
    office
        .tenant
        .command(&["token", "revoke", "--tenant", &name, &token]);
    let all = office.owner.get("/connections").await.status(200);
    assert!(all.string("/items/0/tokenExpiresAt") > soonest, "{all}");
    all.holds("/items/0/tokens", 1);
}
