//! Provisioning: what a vendor without it would have to be asked for.

use serde_json::{Value, json};

use crate::common::client::{Client, Rules};
use crate::common::{COACHING, Tenant};
use crate::office::{Office, each};

both_engines!(
    row_1_of_1_2_scim_is_there_for_everybody,
    row_2_of_1_2_a_person_needs_a_user_name_and_no_single_sign_on,
    row_3_of_1_2_labels_are_the_tenants_and_names_are_not,
    row_3_of_1_2_a_label_of_nothing_is_refused,
    row_4_of_1_2_a_person_is_an_admin_or_a_member,
    row_7_of_1_2_what_a_newcomer_must_have,
    row_8_of_1_2_who_manages_somebody_is_said,
    row_11_of_1_2_each_identity_provider_has_a_connection_of_its_own,
);

async fn row_1_of_1_2_scim_is_there_for_everybody(t: Tenant) {
    let scim = t.scim();
    let config = scim.get("/ServiceProviderConfig").await.status(200);
    for feature in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(config[feature]["supported"], true, "{feature}\n{config}");
    }
    let types = scim.get("/ResourceTypes").await.status(200);
    let endpoints: Vec<_> = types.each("endpoint");
    assert_eq!(endpoints, ["/Users", "/Groups"], "{types}");
    scim.get("/Schemas").await.status(200);
    let ada = t.create_user("ada", json!({})).await.id();
    t.create_group("Coaches", &[&ada]).await;
    let operations = json!([{"method": "POST", "path": "/Users", "bulkId": "b",
        "data": crate::common::tenant::user("bob", json!({}))}]);
    let bulk = json!({"schemas": [crate::common::BULK], "Operations": operations});
    let bulk = scim.post("/Bulk", bulk).await.status(200);
    bulk.holds("/Operations/0/status", "201");
    assert_eq!(scim.get("/Users").await.status(200).total(), 2);
}

async fn row_2_of_1_2_a_person_needs_a_user_name_and_no_single_sign_on(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let user = json!({"schemas": [crate::common::USER], "userName": "dana", "externalId": "00u1"});
    let scim = office.tenant.scim();
    let dana = scim.post("/Users", user).await.status(201);
    assert_eq!(office.state("externalId:00u1").await, "assigned");
    let found = scim.get("/Users").query("filter", "externalId eq \"00u1\"");
    assert_eq!(found.await.status(200).total(), 1);
    office.set_active(&dana.id(), false).await;
    let gone = office.member("dana").await.holds("/accessLevel", "none");
    gone.holds("/identityState", "inactive");
}

async fn row_3_of_1_2_labels_are_the_tenants_and_names_are_not(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "waits"]).await;
    let names = async || -> Value {
        let viewer = office.tenant.admin("viewer");
        let names = viewer.get("/display-names").await.status(200);
        names["displayNames"].clone()
    };
    assert_eq!(names().await, json!({}));
    let labels = json!({"track": "Programme", "displayStatus": "Status",
                        "displayStatus.invited": "Asked", "seatState.waitlisted": "In line"});
    let set = office.patch("/policy", json!({"displayNames": labels}));
    // They are for people: nobody is placed anew by them.
    let set = set.await.status(200).holds("/placement", json!(null));
    set.holds("/displayNames", labels.clone());
    assert_eq!(names().await, labels);
    let list = async |format: &str| {
        let list = office.owner.get("/members").query("format", format);
        list.await.status(200)
    };
    let table = list("table").await;
    for label in ["Programme", "Asked", "In line"] {
        assert!(table.text.contains(label), "{label}\n{table}");
    }
    for name in ["track", "displayStatus", "invited", "waitlisted"] {
        assert!(!table.text.contains(name), "{name}\n{table}");
    }
    let csv = list("csv").await;
    assert!(
        csv.text.contains(",track,") && csv.text.contains(",waitlisted,"),
        "{csv}"
    );
    let all = list("json").await;
    assert_eq!(each(&all, "displayStatus"), ["invited", ""], "{all}");
    // Another tenant calls them what it likes.
    let other = office.tenant.neighbour().admin("viewer");
    let other = other.get("/display-names").await.status(200);
    other.holds("/displayNames", json!({}));
    let back = json!({"displayNames": {"track": null}});
    let back = office.patch("/policy", back).await.status(200);
    back.lacks("/displayNames/track")
        .holds("/displayNames/displayStatus", "Status");
}

async fn row_3_of_1_2_a_label_of_nothing_is_refused(t: Tenant) {
    let office = Office::bare(t).await;
    for (names, code, field) in [
        (
            json!({"nothing": "x"}),
            "unknown_field",
            "displayNames.nothing",
        ),
        (
            json!({"seatState.nothing": "x"}),
            "unknown_field",
            "displayNames.seatState.nothing",
        ),
        (json!({"track": ""}), "invalid_value", "displayNames.track"),
        (json!(["track"]), "invalid_value", "displayNames"),
    ] {
        let refused = office.patch("/policy", json!({"displayNames": names}));
        let refused = refused.await.status(400);
        refused.holds("/code", code).holds("/field", field);
    }
    let named = office.owner.get("/display-names").await.status(200);
    named.holds("/displayNames", json!({}));
}

async fn row_4_of_1_2_a_person_is_an_admin_or_a_member(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let admin = json!({"roles": [{"value": "admin", "primary": true}]});
    let id = office.hire("ada", admin).await;
    let member = json!({"roles": [{"value": "member"}]});
    office.hire("bob", member).await;
    for (who, role) in [("ada", "admin"), ("bob", "member")] {
        office.member(who).await.holds("/role", role);
    }
    // What was sent is echoed as it was, and gives no right at the admin API.
    let scim = office.tenant.scim();
    let ada = scim.get(&format!("/Users/{id}")).await.status(200);
    ada.holds("/roles/0/value", "admin");
    let roles = json!([{"value": "member"}]);
    office.set(&id, "roles", roles).await;
    office.member("ada").await.holds("/role", "member");
    let known = office.owner.get("/roles").await.status(200);
    assert!(!each(&known, "role").contains(&"admin"), "{known}");
}

async fn row_7_of_1_2_what_a_newcomer_must_have(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let scim = office.tenant.scim();
    let nameless = json!({"schemas": [crate::common::USER], "displayName": "Ada"});
    let refused = scim.post("/Users", nameless).await;
    refused.error(400, "invalidValue").says("userName");
    // A user name is enough; who has no role is a member.
    let ada = office.tenant.bare_user("ada").await;
    ada.lacks("/roles");
    office.member("ada").await.holds("/role", "member");
    // An invitation takes an address and nothing else.
    let body = json!({"emails": "bob@acme.example"});
    let invited = office.owner.post("/invitations", body).await.status(200);
    invited
        .holds("/items/0/result", "invited")
        .holds("/items/0/seatState", "assigned");
    let none = office
        .owner
        .post("/invitations", json!({"track": "growth"}));
    let none = none.await.status(400).holds("/code", "missing_field");
    none.holds("/field", "emails");
}

async fn row_8_of_1_2_who_manages_somebody_is_said(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    // Without an identity provider nobody is missing in it.
    let invite = async |who: &str| {
        let body = json!({"emails": format!("{who}@acme.example")});
        office.owner.post("/invitations", body).await.status(200)
    };
    invite("first").await.holds("/warnings", json!([]));
    office.hire("ada", json!({})).await;
    invite("second")
        .await
        .holds("/warnings", json!(["not_in_idp"]));
    let file = "email\nfiled@acme.example\n";
    let sent = office
        .owner
        .request(reqwest::Method::POST, "/imports?dryRun=false");
    sent.body("text/csv", file).await.status(201);
    for (who, by) in [
        ("ada", "scim"),
        ("second@acme.example", "admin"),
        ("filed@acme.example", "import"),
    ] {
        office.member(who).await.holds("/managedBy", by);
        let found = office.owner.get("/members").query("managedBy", by);
        let found = found.await.status(200);
        assert!(each(&found, "userName").contains(&who), "{found}");
    }
    // The identity provider's from its first write on.
    let id = office.member("second@acme.example").await.string("/scimId");
    office.set(&id, "title", json!("VP")).await;
    let second = office.member("second@acme.example").await;
    second.holds("/managedBy", "scim");
}

async fn row_11_of_1_2_each_identity_provider_has_a_connection_of_its_own(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let tenant = office.tenant.name.clone();
    let client = |name: &str| {
        let create = ["token", "create", "--tenant", &tenant, "--role", "scim"];
        let create = [&create[..], &["--connection", name]].concat();
        let token = office.tenant.command(&create);
        let base = format!("http://{}/scim/v2", office.tenant.address);
        Client::new(base, Rules::Scim).with_header("authorization", &format!("Bearer {token}"))
    };
    let (okta, entra) = (client("okta"), client("entra"));
    let user = |name: &str| crate::common::tenant::user(name, json!({}));
    okta.post("/Users", user("ada")).await.status(201);
    // Entra's ways need no switch: a boolean as text, an operation with a capital.
    let mut bob = user("bob");
    bob["active"] = json!("True");
    let bob = entra.post("/Users", bob).await.status(201).id();
    let path = format!("{COACHING}:accessEndDate");
    let operations = json!([{"op": "Replace", "path": path, "value": "2037-05-31"},
                            {"op": "Replace", "path": "active", "value": "False"}]);
    let patched = entra.patch(&format!("/Users/{bob}"), operations).await;
    patched.status(200).holds("/active", false);
    okta.post("/Users", user("ada"))
        .await
        .error(409, "uniqueness");
    let all = office.owner.get("/connections").await.status(200);
    assert_eq!(each(&all, "name"), ["entra", "okta"]);
    for (name, refused) in [("okta", true), ("entra", false)] {
        let one = all.element("items", "name", name);
        assert!(one["lastSeenAt"].is_string(), "{all}");
        assert_eq!(one["lastError"].is_string(), refused, "{all}");
        assert_eq!(one["tokens"], 1, "{all}");
        assert_eq!(one["breaker"]["state"], "closed", "{all}");
    }
    let report = office.owner.get("/reports/connections").await.status(200);
    for name in ["okta", "entra"] {
        assert_eq!(
            report.element("items", "name", name)["people"],
            1,
            "{report}"
        );
    }
}
