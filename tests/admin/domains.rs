//! The domains that newcomers' addresses may be of.

use reqwest::Method;
use serde_json::json;

use crate::common::Tenant;
use crate::common::tenant::user;
use crate::office::{Office, each};

both_engines!(
    row_10_of_1_2_only_addresses_of_declared_domains_come_in,
    a_domain_that_is_none_is_refused,
);

async fn row_10_of_1_2_only_addresses_of_declared_domains_come_in(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let scim = office.tenant.scim();
    let person = |name: &str, address: &str| {
        user(
            name,
            json!({"emails": [{"value": address, "primary": true}]}),
        )
    };
    let before = person("early", "early@other.example");
    let early = scim.post("/Users", before).await.status(201).id();
    let domain = json!({"domain": "ACME.example"});
    let made = office
        .owner
        .post("/domains", domain.clone())
        .await
        .status(201);
    made.holds("/domain", "acme.example");
    let again = office.owner.post("/domains", domain).await.status(409);
    again.holds("/code", "taken");

    for (name, address) in [
        ("eve", "eve@other.example"),
        ("eve", "eve@mail.acme.example"),
        ("eve", "eve@acme.example.evil.example"),
        ("eve@other.example", "eve@acme.example"),
    ] {
        let refused = scim.post("/Users", person(name, address)).await;
        refused.error(400, "invalidValue").says("acme.example");
    }
    let ada = person("ada", "Ada@Acme.Example");
    scim.post("/Users", ada).await.status(201);
    scim.post("/Users", user("nameless", json!({})))
        .await
        .status(201);
    // Whoever is here already stays, and can be changed.
    office.set(&early, "title", json!("CEO")).await;

    let file = "email\nbob@acme.example\neve@other.example\n";
    for dry in [true, false] {
        let path = format!("/imports?dryRun={dry}");
        let request = office.owner.request(Method::POST, &path);
        let reply = request.body("text/csv", file).await.status(201);
        reply
            .holds("/created", 1)
            .holds("/failed", 1)
            .holds("/errors/0/code", "domain_not_allowed")
            .holds("/errors/0/line", 3);
    }

    office
        .owner
        .post("/domains", json!({"domain": "other.example"}))
        .await
        .status(201);
    let domains = office.owner.get("/domains").await.status(200);
    assert_eq!(each(&domains, "domain"), ["acme.example", "other.example"]);
    scim.post("/Users", person("eve", "eve@other.example"))
        .await
        .status(201);
    for domain in ["other.example", "acme.example"] {
        office
            .owner
            .delete(&format!("/domains/{domain}"))
            .await
            .status(204);
    }
    office
        .owner
        .delete("/domains/acme.example")
        .await
        .status(404);
    scim.post("/Users", person("fay", "fay@third.example"))
        .await
        .status(201);
}

async fn a_domain_that_is_none_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    for body in [
        json!({"domain": "a@b.example"}),
        json!({"domain": ""}),
        json!({}),
        json!({"domain": "acme.example", "joins": "none"}),
    ] {
        office.owner.post("/domains", body).await.status(400);
    }
    let admin = office.tenant.admin("viewer");
    admin.get("/domains").await.status(403);
    let client = office.tenant.admin("program_admin");
    client.get("/domains").await.status(200);
    client
        .post("/domains", json!({"domain": "acme.example"}))
        .await
        .status(403);
}
