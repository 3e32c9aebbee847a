//! The command line: what it makes is honoured at once by a running server, and what it refuses it
//! refuses in one clear line.

use std::process::Command;

use seatkeeper::clock::Clock;
use serde_json::json;

use crate::common::server::command;
use crate::common::tenant::user;
use crate::common::{Engine, Server, Tenant, database};

both_engines!(
    what_commands_make_counts_at_once,
    a_revoked_token_ceases_to_work
);
both_engines_alone!(
    a_refusal_is_one_line_and_a_status,
    migrating_says_what_it_applied,
    a_newer_schema_is_refused,
    two_that_start_at_once_both_start,
);

/// Runs a command that must fail; answers what it says on stderr.
pub(crate) fn refused(database_url: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_seatkeeper"))
        .args(arguments)
        .args(["--database-url", database_url])
        .output()
        .expect("seatkeeper runs");
    assert!(!output.status.success(), "{arguments:?} succeeded");
    assert!(output.stdout.is_empty(), "{arguments:?} prints on stdout");
    let said = String::from_utf8(output.stderr)
        .expect("UTF-8")
        .trim()
        .to_owned();
    assert_eq!(said.lines().count(), 1, "not one line: {said}");
    said
}

async fn what_commands_make_counts_at_once(t: Tenant) {
    let owner = t.admin("owner");
    t.scim()
        .post("/Users", user("early", json!({})))
        .await
        .status(201);
    let of = ["--tenant", &t.name];
    let term = ["--term-start", "2020-01-01", "--term-end", "2090-12-31"];
    t.command(
        &[
            &["pool", "create", "--key", "p", "--purchased", "5"],
            &of[..],
            &term,
        ]
        .concat(),
    );
    t.command(&[&["track", "create", "--key", "k", "--name", "K"], &of[..]].concat());
    let rule = [
        "mapping",
        "create",
        "--filter",
        "title eq \"CTO\"",
        "--track",
        "k",
    ];
    t.command(&[&rule[..], &of].concat());
    let body = user("late", json!({"title": "cto"}));
    let id = t.scim().post("/Users", body).await.status(201).id();
    let member = owner.get(&format!("/members/{id}")).await.status(200);
    assert_eq!(
        (&member["seatState"], &member["track"]),
        (&json!("assigned"), &json!("k"))
    );
}

async fn a_revoked_token_ceases_to_work(t: Tenant) {
    let token = t.token("scim");
    let client = t.scim_as(Some(&format!("Bearer {token}")));
    client.get("/Users").await.status(200);
    let id = token.split('_').nth(1).unwrap();
    let tokens = t.command(&["token", "list", "--tenant", &t.name]);
    assert!(tokens.contains(id) && !tokens.contains(&token), "{tokens}");
    t.command(&["token", "revoke", "--tenant", &t.name, id]);
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    client.get("/Users").await.error(401, "");
}

async fn a_refusal_is_one_line_and_a_status(engine: Engine) {
    let url = database::create(engine).await;
    command(&url, &["tenant", "create", "acme"]);
    for (arguments, says) in [
        (&["tenant", "create", "acme"][..], "acme"),
        (
            &["tenant", "create", "x", "--time-zone", "Mars/Olympus"],
            "Mars/Olympus",
        ),
        (
            &["token", "create", "--tenant", "nobody", "--role", "scim"],
            "nobody",
        ),
        (
            &[
                "track", "create", "--tenant", "nobody", "--key", "k", "--name", "K",
            ],
            "nobody",
        ),
        (
            &[
                "mapping", "create", "--tenant", "acme", "--group", "G", "--track", "none",
            ],
            "none",
        ),
    ] {
        let said = refused(&url, arguments);
        assert!(said.contains(says), "{said}");
    }
    let said = refused("mysql://localhost/x", &["migrate"]);
    assert!(
        said.contains("sqlite://") && said.contains("postgres://"),
        "{said}"
    );
}

async fn migrating_says_what_it_applied(engine: Engine) {
    let url = database::create(engine).await;
    assert!(command(&url, &["migrate"]).contains("0001"));
    assert_eq!(command(&url, &["migrate"]), "the schema is up to date");
}

async fn a_newer_schema_is_refused(engine: Engine) {
    let url = database::create(engine).await;
    command(&url, &["migrate"]);
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
                 values (9999, 'later', true, '', 0)";
    database::run(engine, &url, newer).await;
    let said = refused(&url, &["migrate"]);
    assert!(said.contains("9999") && said.contains("newer"), "{said}");
}

async fn two_that_start_at_once_both_start(engine: Engine) {
    let url = database::create(engine).await;
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_seatkeeper"))
            .args(["migrate", "--database-url", &url])
            .output()
    };
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        for start in starts {
            let output = start.join().unwrap().unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    });
    let server = Server::start(engine, Clock::system()).await;
    server.stop().await;
}
