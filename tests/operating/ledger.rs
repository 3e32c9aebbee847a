//! `seatkeeper ledger`, beside a running server.

use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Engine, Server, Tenant, database};
use seatkeeper::clock::Clock;

both_engines!(
    a_ledger_that_holds_is_verified_against_a_checkpoint,
    a_checkpoint_that_is_none_is_refused,
);
both_engines_alone!(a_ledger_that_does_not_hold_fails_the_command);

/// Whether it succeeded, what it printed and what it said went wrong.
fn ledger(t: &Tenant, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatkeeper"));
    command.arg("ledger").args(arguments);
    command.args(["--tenant", &t.name, "--database-url", &t.database_url]);
    let output = tokio::task::block_in_place(|| command.output()).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn printed(t: &Tenant, arguments: &[&str]) -> Value {
    let (ok, out, error) = ledger(t, arguments);
    assert!(ok && error.is_empty(), "{arguments:?}: {out}{error}");
    serde_json::from_str(&out).unwrap()
}

async fn with_seats(t: &Tenant) {
    let pool = json!({"key": "main", "purchased": 3, "termStart": "2020-01-01",
                      "termEnd": "2039-12-31"});
    t.admin("owner").post("/pools", pool).await.status(201);
}

async fn a_ledger_that_holds_is_verified_against_a_checkpoint(t: Tenant) {
    with_seats(&t).await;
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, alone, key) = (place("c.json"), place("c.jws"), place("k.json"));
    let checkpoint = printed(&t, &["checkpoint"]);
    std::fs::write(&file, checkpoint.to_string()).unwrap();
    let signature = checkpoint["signature"].as_str().unwrap();
    std::fs::write(&alone, format!("{signature}\n")).unwrap();
    std::fs::write(&key, printed(&t, &["keys"]).to_string()).unwrap();
    let served = t.admin("auditor").get("/ledger/keys").await;
    assert_eq!(served.json, printed(&t, &["keys"]), "one key for both");
    for arguments in [
        &["verify"][..],
        &["verify", "--checkpoint", &file],
        &["verify", "--checkpoint", &alone, "--key", &key],
    ] {
        assert_eq!(printed(&t, arguments)["ok"], true, "{arguments:?}");
    }
}

async fn a_checkpoint_that_is_none_is_refused(t: Tenant) {
    with_seats(&t).await;
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (file, key, nothing) = (place("c"), place("k"), place("nothing"));
    let mut checkpoint = printed(&t, &["checkpoint"]);
    std::fs::write(&file, checkpoint.to_string()).unwrap();
    // RFC 8037 A.2: somebody else's key.
    let other = json!({"kty": "OKP", "crv": "Ed25519",
                       "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    std::fs::write(&key, other.to_string()).unwrap();
    let with_key = ["verify", "--checkpoint", &file, "--key", &key];
    let (ok, out, error) = ledger(&t, &with_key);
    assert!(
        !ok && out.is_empty() && error.contains("a key that is not known"),
        "{error}"
    );
    assert_eq!(error.trim().lines().count(), 1, "{error}");
    checkpoint["seq"] = json!(999);
    std::fs::write(&file, checkpoint.to_string()).unwrap();
    let (ok, _, error) = ledger(&t, &["verify", "--checkpoint", &file]);
    assert!(!ok && error.contains("seq"), "{error}");
    let (ok, _, error) = ledger(&t, &["verify", "--checkpoint", &nothing]);
    assert!(!ok && error.contains("nothing"), "{error}");
}

async fn a_ledger_that_does_not_hold_fails_the_command(engine: Engine) {
    let server = Server::start(engine, Clock::system()).await;
    let t = server.new_tenant();
    with_seats(&t).await;
    printed(&t, &["verify"]);
    let open = match engine {
        Engine::Sqlite => "drop trigger ledger_refuses_update",
        Engine::Postgres => "alter table ledger disable trigger user",
    };
    database::run(engine, &server.database_url, open).await;
    let sql = "update ledger set quantity = 2 where action = 'seats.bought'";
    database::run(engine, &server.database_url, sql).await;
    let (ok, out, error) = ledger(&t, &["verify"]);
    let verdict: Value = serde_json::from_str(&out).unwrap();
    assert!(!ok, "{out}");
    let place = format!("does not hold at row {}: ", verdict["seq"]);
    assert!(error.contains(&place), "{error}");
    server.stop().await;
}
