//! The document of the admin API: a validator reads it, and Schemathesis plays it against the
//! server. Hypothesis chooses what to send by a fixed seed, so a run can be had again.

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Served, run, suites};
use crate::common::client::Rules;
use crate::common::described::CLOSED;
use crate::common::tenant::user;
use crate::common::{Client, Engine};

both_engines_alone!(schemathesis);

/// How many requests there are at least.
const CASES: u64 = 4_000;
/// Requests that are made up for each operation, besides those at the borders of what it takes.
const EXAMPLES: &str = "15";
/// All checks but these: what fits the document can be refused all the same, by rules and by what
/// there is; of many events those that are wrong are refused one by one, in an answer of 200; and
/// pools may be larger than this run lets them be.
const CONFIGURATION: &str = r#"
[checks]
positive_data_acceptance.enabled = false

[[operations]]
include-operation-id = ["send_events", "create_pool", "change_pool"]
checks.negative_data_rejection.enabled = false
"#;
/// An address of this machine at which nobody listens.
const NOBODY: &str = "http://127.0.0.1:9/hook";

#[test]
fn the_document_is_valid() {
    let Some(folder) = suites() else { return };
    let scratch = tempfile::tempdir().expect("a folder");
    let file = scratch.path().join("openapi.json");
    std::fs::write(&file, seatkeeper::http::document()).expect("it is written");
    let output = Command::new(folder.join("openapi-spec-validator"))
        .arg(&file)
        .output()
        .expect("openapi-spec-validator runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("OK"), "{said}");
}

/// No failure of the server; no status, media type, header or body that the document does not have,
/// where what of an answer is not described is taken for wrong; nothing taken that the document does
/// not let one send; no method but those described, and `Allow` says which; nothing done without a
/// credential.
///
/// A longer run goes by hand: `seatkeeper openapi > openapi.json`, then against a tenant that can be
/// thrown away `st run openapi.json --url http://127.0.0.1:8080 --header 'Authorization: Bearer …'
/// --exclude-checks positive_data_acceptance --max-examples 500`.
async fn schemathesis(engine: Engine) {
    let Some(folder) = suites() else { return };
    let served = Served::start(engine).await;
    let owner = served.new_token("owner");
    let known = furnish(&served, &owner).await;
    let scratch = tempfile::tempdir().expect("a folder");
    let document = with_known(CLOSED.clone(), &known);
    std::fs::write(scratch.path().join("openapi.json"), document.to_string()).expect("written");
    std::fs::write(scratch.path().join("schemathesis.toml"), CONFIGURATION).expect("written");
    let output = play(&folder, scratch.path(), &served, &owner);
    let operations = CLOSED["paths"].as_object().into_iter().flatten();
    let operations: usize = operations
        .map(|(_, methods)| methods.as_object().map_or(0, Map::len))
        .sum();
    let tested = number_after(&output, "Tested:");
    let (cases, passed) = cases(&output);
    assert!(
        tested == Some(operations as u64)
            && output.contains(" No issues found in ")
            && cases == passed
            && cases >= CASES,
        "{passed} of {cases} passed, {tested:?} of {operations} operations\n{output}"
    );
}

fn play(folder: &Path, scratch: &Path, served: &Served, owner: &str) -> String {
    run(Command::new(folder.join("schemathesis"))
        .args(["run", "openapi.json", "--url", &served.origin])
        .args(["--header", &format!("Authorization: Bearer {owner}")])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", EXAMPLES, "--seed", "1"])
        .args(["--request-timeout", "60"])
        .args(["--continue-on-failure", "--no-shrink", "--warnings", "off"])
        .env("NO_PROXY", "127.0.0.1")
        .current_dir(scratch))
}

fn number_after(output: &str, word: &str) -> Option<u64> {
    let (_, rest) = output.rsplit_once(word)?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Of `6244 generated, 6244 passed`, both.
fn cases(output: &str) -> (u64, u64) {
    let line = output.lines().find(|line| line.contains(" generated, "));
    let line = line.unwrap_or_default();
    let before = |word: &str| -> u64 {
        let words: Vec<_> = line.split_whitespace().collect();
        let at = words
            .iter()
            .position(|known| known.trim_end_matches(',') == word);
        let number = at.and_then(|at| words.get(at.checked_sub(1)?));
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    (before("generated"), before("passed"))
}

/// Makes some of everything, and answers how each is called in paths.
async fn furnish(served: &Served, owner: &str) -> Vec<(&'static str, String)> {
    let client = |prefix: &str, token: &str, rules| {
        Client::new(format!("{}{prefix}", served.origin), rules)
            .with_header("authorization", &format!("Bearer {token}"))
    };
    let scim = client("/scim/v2", &served.token, Rules::Scim);
    let owner = client("/admin/v1", owner, Rules::Admin);
    served.give_seats();
    // The last two stand in line.
    for n in 0..7 {
        let address = format!("p{n}@acme.example");
        let rest = json!({"externalId": format!("x{n}"),
                          "emails": [{"value": address, "primary": true}]});
        scim.post("/Users", user(&address, rest)).await.status(201);
    }
    let mut known = vec![
        ("members", "p0@acme.example".to_owned()),
        ("waitlist", "p6@acme.example".to_owned()),
        ("pools", "main".to_owned()),
        ("tracks", "lead".to_owned()),
        ("connections", "default".to_owned()),
        ("domains", "acme.example".to_owned()),
    ];
    for (name, body) in [
        ("webhooks", json!({"url": NOBODY})),
        ("mappings", json!({"group": "Managers", "track": "lead"})),
        ("exclusions", json!({"member": "p1@acme.example"})),
        (
            "plans",
            json!({"kind": "end", "members": ["p2@acme.example"], "reason": "declined"}),
        ),
    ] {
        let made = owner.post(&format!("/{name}"), body).await.status(201);
        known.push((name, made.id()));
    }
    let later = json!({"emails": "q@acme.example", "sendAt": "2090-01-01"});
    let invited = owner.post("/invitations", later).await.status(200);
    known.push(("invitations", invited.string("/items/0/id")));
    let runs = owner.get("/placements").await.status(200);
    known.push(("placements", runs.string("/items/0/id")));
    for (name, rows) in [
        ("imports", "email,given_name\na@acme.example,A\nbad,B\n"),
        (
            "reconciliations",
            "email\np0@acme.example\nz@acme.example\n",
        ),
    ] {
        let request = owner.request(Method::POST, &format!("/{name}"));
        let request = if name == "imports" {
            request
        } else {
            request.query("source", "hr")
        };
        let made = request.body("text/csv", rows).await.status(201);
        known.push((name, made.id()));
    }
    let events = json!([
        {"id": "e1", "type": "account.activated", "member": "p0@acme.example",
         "occurredAt": "2026-01-01T09:00:00Z"},
        {"id": "e2", "type": "session.scheduled", "member": "p0@acme.example",
         "occurredAt": "2026-01-02T09:00:00Z", "sessionId": "s1", "startsAt": "2089-01-01T09:00:00Z"},
    ]);
    owner.post("/events", events).await.status(200);
    // A review: somebody comes back with nothing but their address.
    let leaver = scim
        .get("/Users")
        .query("filter", "userName eq \"p5@acme.example\"")
        .await;
    let id = leaver.string("/Resources/0/id");
    scim.delete(&format!("/Users/{id}")).await.status(204);
    let address = json!({"emails": [{"value": "p5@acme.example", "primary": true}]});
    scim.post("/Users", user("p5 again", address))
        .await
        .status(201);
    let reviews = owner.get("/reviews").await.status(200);
    known.push(("reviews", reviews.string("/items/0/id")));
    known
}

/// The document for this run: what names something names what there is, webhooks go nowhere, and
/// pools are small.
fn with_known(mut document: Value, known: &[(&'static str, String)]) -> Value {
    let of = |name: &str| known.iter().find(|(of, _)| *of == name).map(|(_, id)| id);
    let paths = document["paths"].as_object_mut().expect("paths");
    for (path, methods) in paths {
        let resource = path.split('/').nth(3).unwrap_or_default();
        for operation in methods.as_object_mut().expect("methods").values_mut() {
            let parameters = operation.get_mut("parameters");
            let parameters = parameters.and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                let example = match parameter["name"].as_str() {
                    Some("id") => of(resource).map(|id| json!(id)),
                    Some("member") => of("members").map(|id| json!(id)),
                    Some("n") => Some(json!(1)),
                    _ => None,
                };
                if let Some(example) = example {
                    parameter["example"] = example;
                }
            }
        }
    }
    let schemas = &mut document["components"]["schemas"];
    for (name, key) in [
        ("PoolKey", "main"),
        ("TrackKey", "lead"),
        ("ProductKey", "coaching"),
    ] {
        schemas[name] = json!({"type": "string", "enum": [key]});
    }
    for name in ["NewWebhook", "WebhookChange"] {
        let kinds = &schemas[name]["properties"]["url"]["type"];
        let mut only_nobody = json!({"type": kinds, "enum": [NOBODY]});
        if kinds.is_array() {
            only_nobody["enum"] = json!([NOBODY, null]);
        }
        schemas[name]["properties"]["url"] = only_nobody;
    }
    // Half a million seats are half a million rows: it is not the disk that is tried here.
    for name in ["NewPool", "PoolChange"] {
        schemas[name]["properties"]["purchased"]["maximum"] = 1_000.into();
    }
    document
}
