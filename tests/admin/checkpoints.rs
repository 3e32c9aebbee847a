//! The record of every seat, held against what an auditor took away of it.

use serde_json::{Value, json};

use crate::common::{Engine, Reply, Server, Tenant, database};
use crate::office::{Office, merge};

both_engines!(
    a_checkpoint_says_what_the_ledger_came_to,
    a_checkpoint_holds_while_the_ledger_goes_on,
    a_ledger_without_lines_has_a_checkpoint_too,
    a_checkpoint_that_was_altered_is_refused,
    whoever_may_not_read_the_ledger_takes_nothing_away,
);
both_engines_alone!(
    a_line_changed_behind_the_trigger_is_found,
    a_line_taken_away_is_found,
    a_chain_rewritten_whole_is_found_by_the_checkpoint_alone,
    an_end_cut_off_is_found_by_the_checkpoint_alone,
    seats_that_the_ledger_does_not_know_are_found,
);

async fn checkpoint(office: &Office) -> Value {
    let reply = office.owner.get("/ledger/checkpoint").await.status(200);
    reply.json.clone()
}

async fn held_against(office: &Office, checkpoint: &Value) -> Reply {
    let request = office.owner.post("/ledger/verify", checkpoint.clone());
    request.await.status(200)
}

async fn a_checkpoint_says_what_the_ledger_came_to(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    office.hire_all(&["ada", "bob"]).await;
    let checkpoint = checkpoint(&office).await;
    let rows = office.owner.get("/ledger/verify").await.number("/rows");
    let keys = office.owner.get("/ledger/keys").await.status(200);
    assert_eq!(checkpoint["tenant"], office.tenant.name);
    assert_eq!(checkpoint["seq"], rows);
    assert_eq!(checkpoint["hash"].as_str().unwrap().len(), 64);
    assert_eq!(checkpoint["keyId"], *keys.at("/keys/0/kid"));
    assert_eq!(checkpoint["pools"][0]["pool"], "main");
    let accounts = json!({"available": 1, "occupied": 2, "unbought": -3});
    assert_eq!(checkpoint["pools"][0]["accounts"], accounts);
    assert!(keys.at("/keys/0/d").is_null(), "the private part\n{keys}");
    keys.holds("/keys/0/kty", "OKP")
        .holds("/keys/0/crv", "Ed25519");
}

async fn a_checkpoint_holds_while_the_ledger_goes_on(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire("ada", json!({})).await;
    let checkpoint = checkpoint(&office).await;
    office.hire("bob", json!({})).await;
    office.end("ada").await;
    let verdict = held_against(&office, &checkpoint).await.holds("/ok", true);
    assert_eq!(*verdict.at("/checkpoint/seq"), checkpoint["seq"]);
    assert!(verdict.number("/rows") > verdict.number("/checkpoint/seq"));
    let alone = json!({"signature": checkpoint["signature"]});
    held_against(&office, &alone).await.holds("/ok", true);
}

async fn a_ledger_without_lines_has_a_checkpoint_too(t: Tenant) {
    let owner = t.admin("owner");
    let made = owner.get("/ledger/checkpoint").await.status(200);
    let made = made.holds("/seq", 0).holds("/hash", "");
    let verdict = owner.post("/ledger/verify", made.json.clone()).await;
    verdict.status(200).holds("/ok", true);
}

async fn a_checkpoint_that_was_altered_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let neighbour = Office::with_seats(office.tenant.neighbour(), 1).await;
    let whole = checkpoint(&office).await;
    let altered = |change: Value| {
        let mut altered = whole.clone();
        merge(&mut altered, change);
        altered
    };
    let signature = whole["signature"].as_str().unwrap();
    let (head, tail) = signature.split_at(signature.len() - 10);
    let forged = format!("{head}{}", tail.replace(|c: char| c != 'A', "A"));
    let theirs = checkpoint(&neighbour).await;
    for (body, status, code) in [
        (altered(json!({"seq": 1})), 400, "invalid_checkpoint"),
        (altered(json!({"hash": "00"})), 400, "invalid_checkpoint"),
        (
            altered(json!({"signature": forged})),
            400,
            "invalid_checkpoint",
        ),
        (
            altered(json!({"signature": "a.b.c"})),
            400,
            "invalid_checkpoint",
        ),
        (altered(json!({"signature": 7})), 400, "invalid_checkpoint"),
        (theirs, 400, "invalid_checkpoint"),
        (altered(json!({"colour": "red"})), 400, "unknown_field"),
        (json!({}), 400, "missing_field"),
        (json!([]), 400, "invalid_body"),
    ] {
        let refused = office.owner.post("/ledger/verify", body).await;
        refused.status(status).holds("/code", code);
    }
}

async fn whoever_may_not_read_the_ledger_takes_nothing_away(t: Tenant) {
    let viewer = t.admin("viewer");
    for path in ["/ledger/checkpoint", "/ledger/keys", "/ledger/verify"] {
        viewer.get(path).await.status(403);
    }
    viewer.post("/ledger/verify", json!({})).await.status(403);
    let auditor = t.admin("auditor");
    let made = auditor.get("/ledger/checkpoint").await.status(200);
    let verdict = auditor.post("/ledger/verify", made.json.clone()).await;
    verdict.status(200).holds("/ok", true);
}

/// Runs SQL as whoever owns the database, without the triggers that keep the ledger as it is.
async fn behind_the_triggers(engine: Engine, server: &Server, sql: &'static str) {
    let open = match engine {
        Engine::Sqlite => {
            "drop trigger if exists ledger_refuses_update; \
             drop trigger if exists ledger_refuses_delete; \
             drop trigger if exists ledger_seal_refuses_update; \
             drop trigger if exists ledger_seal_refuses_delete;"
        }
        Engine::Postgres => {
            "alter table ledger disable trigger user; \
             alter table ledger_seal disable trigger user;"
        }
    };
    database::run(engine, &server.database_url, open).await;
    database::run(engine, &server.database_url, sql).await;
}

/// A line of the ledger of this action: its place and identifier.
async fn line(office: &Office, action: &str) -> (i64, String) {
    let lines = office.owner.get("/ledger").query("action", action).await;
    let seq = lines.at("/items/0/seq").as_i64().unwrap();
    (seq, lines.string("/items/0/id"))
}

async fn a_line_changed_behind_the_trigger_is_found(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    office.books_balance().await;
    let sql = "update ledger set actor = 'token:nobody' where action = 'seats.bought'";
    behind_the_triggers(engine, &server, sql).await;
    let (seq, id) = line(&office, "seats.bought").await;
    let verdict = office.owner.get("/ledger/verify").await.status(200);
    let verdict = verdict.holds("/ok", false).holds("/seq", seq);
    verdict.holds("/id", id);
    server.stop().await;
}

async fn a_line_taken_away_is_found(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    office.hire("ada", json!({})).await;
    office.books_balance().await;
    let (seq, _) = line(&office, "seats.bought").await;
    let sql = "delete from ledger_seal where ledger_id in \
                 (select id from ledger where action = 'seats.bought'); \
               delete from ledger where action = 'seats.bought'";
    behind_the_triggers(engine, &server, sql).await;
    let verdict = office.owner.get("/ledger/verify").await.status(200);
    verdict.holds("/ok", false).holds("/seq", seq);
    server.stop().await;
}

async fn a_chain_rewritten_whole_is_found_by_the_checkpoint_alone(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let checkpoint = checkpoint(&office).await;
    // The server itself seals anew what was changed: no chain is more consistent than that.
    let sql = "update ledger set actor = 'token:nobody' where action = 'seats.bought'; \
               delete from ledger_seal; \
               insert into ledger_unsealed select tenant_id, id from ledger";
    behind_the_triggers(engine, &server, sql).await;
    office.books_balance().await;
    let verdict = held_against(&office, &checkpoint).await;
    let verdict = verdict.holds("/ok", false);
    assert_eq!(*verdict.at("/seq"), checkpoint["seq"], "{verdict}");
    server.stop().await;
}

async fn an_end_cut_off_is_found_by_the_checkpoint_alone(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    office.hire("ada", json!({})).await;
    let track = json!({"key": "piano", "name": "Piano"});
    office.make("/tracks", track).await;
    let checkpoint = checkpoint(&office).await;
    let sql = "delete from ledger_seal where ledger_id in \
                 (select ledger_id from ledger_seal order by seq desc limit 1); \
               delete from ledger where id not in (select ledger_id from ledger_seal)";
    behind_the_triggers(engine, &server, sql).await;
    office.books_balance().await;
    let verdict = held_against(&office, &checkpoint).await;
    let verdict = verdict.holds("/ok", false);
    assert_eq!(*verdict.at("/seq"), checkpoint["seq"], "{verdict}");
    server.stop().await;
}

async fn seats_that_the_ledger_does_not_know_are_found(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    office.books_balance().await;
    let sql = "update seat set state = 'burned' where n = 1";
    database::run(engine, &server.database_url, sql).await;
    let verdict = office.owner.get("/ledger/verify").await.status(200);
    verdict.holds("/ok", false).holds("/seq", json!(null));
    server.stop().await;
}
