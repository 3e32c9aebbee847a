//! Who may do what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::client::{Client, Rules};
use crate::common::{Reply, Tenant};
use crate::office::{Office, each};

both_engines!(
    each_role_may_do_its_own,
    row_6_of_1_2_the_roles_are_listed,
    an_identity_providers_token_is_not_an_operators,
    an_operators_token_is_not_an_identity_providers,
);

const READ: [&str; 7] = [
    "/members",
    "/members/ada",
    "/pools",
    "/pools/main",
    "/tracks",
    "/waitlist",
    "/reviews",
];
const RULES: [&str; 4] = ["/mappings", "/policy", "/placements", "/connections"];
const ENGAGEMENT: [&str; 3] = ["/events", "/members/ada/events", "/members/ada/sessions"];
const LEDGER: [&str; 2] = ["/ledger", "/ledger/verify"];

/// What a role may do: see people, see rules, end and extend, configure, read the ledger, see
/// engagement, send events.
const MATRIX: [(&str, [bool; 7]); 6] = [
    ("viewer", [true, false, false, false, false, false, false]),
    ("approver", [true, false, false, false, false, true, false]),
    (
        "program_admin",
        [true, true, true, false, false, true, true],
    ),
    (
        "license_admin",
        [true, true, true, true, false, true, false],
    ),
    ("auditor", [false, false, false, false, true, false, false]),
    ("owner", [true, true, true, true, true, true, true]),
];

/// Allowed: done, or refused for what was asked and not for who asks.
fn check(reply: Reply, may: bool, role: &str) {
    if may {
        assert!(matches!(reply.status, 200 | 201 | 400), "{role}\n{reply}");
    } else {
        assert_eq!(reply.status, 403, "{role}\n{reply}");
        reply.holds("/code", "forbidden").holds("/role", role);
    }
}

async fn each_role_may_do_its_own(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for (role, [read, rules, access, configure, ledger, engagement, events]) in MATRIX {
        let client = office.tenant.admin(role);
        for (paths, may) in [
            (&READ[..], read),
            (&RULES[..], rules),
            (&LEDGER[..], ledger),
            (&ENGAGEMENT[..], engagement),
        ] {
            for path in paths {
                check(client.get(path).await, may, role);
            }
        }
        check(client.post("/events", json!([])).await, events, role);
        let wrong = json!({"reason": "because"});
        check(client.post("/members/ada/end", wrong).await, access, role);
        for verb in ["extend", "transfer", "pin", "deactivate"] {
            let path = format!("/members/ada/{verb}");
            check(client.post(&path, json!({})).await, access, role);
        }
        for verb in ["pause", "resume"] {
            let wrong = json!({"until": 7});
            let path = format!("/members/ada/{verb}");
            check(client.post(&path, wrong).await, access, role);
        }
        check(client.delete("/members/ada/pin").await, access, role);
        for path in [
            "/members/ada/reactivate",
            "/reviews/x/merge",
            "/reviews/x/dismiss",
        ] {
            check(client.post(path, json!({"until": 7})).await, access, role);
        }
        let erase = client.post("/members/ada/erase", json!({})).await;
        check(erase, role == "owner", role);
        for path in ["/pools", "/tracks", "/mappings"] {
            check(client.post(path, json!({})).await, configure, role);
        }
        for path in ["/pools/main", "/tracks/growth", "/policy"] {
            let request = client.request(Method::PATCH, path);
            let body = json!({}).to_string();
            check(
                request.body("application/json", body).await,
                configure,
                role,
            );
        }
        client.get("/roles").await.status(200);
    }
}

async fn row_6_of_1_2_the_roles_are_listed(t: Tenant) {
    let roles = t.admin("viewer").get("/roles").await.status(200);
    let names = each(&roles, "role");
    let expected = [
        "approver",
        "auditor",
        "license_admin",
        "owner",
        "program_admin",
        "viewer",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        roles.element("items", "role", "auditor")["rights"],
        json!(["ledger"])
    );
}

async fn an_identity_providers_token_is_not_an_operators(t: Tenant) {
    let token = t.token("scim");
    let base = format!("http://{}/admin/v1", t.address);
    let client = Client::new(base, Rules::Admin);
    let client = client.with_header("authorization", &format!("Bearer {token}"));
    for path in ["/members", "/policy", "/nothing"] {
        client.get(path).await.status(403);
    }
}

async fn an_operators_token_is_not_an_identity_providers(t: Tenant) {
    let client = t.scim_as(Some(&format!("Bearer {}", t.token("owner"))));
    client.get("/Users").await.error(403, "");
    let nothing: Value = json!({});
    client.post("/Users", nothing).await.error(403, "");
}
