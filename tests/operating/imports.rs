//! `seatkeeper import`, beside a running server, and what is left of one that was killed.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::common::{Client, Tenant};

both_engines!(
    a_file_is_tried_applied_and_its_errors_written,
    a_full_file_needs_its_number,
    an_import_that_was_killed_can_be_sent_again,
);

async fn with_seats(t: &Tenant, seats: u32) -> Client {
    let owner = t.admin("owner");
    let track = json!({"key": "growth", "name": "Growth", "default": true});
    owner.post("/tracks", track).await.status(201);
    let pool = json!({"key": "main", "purchased": seats, "termStart": "2020-01-01",
                      "termEnd": "2039-12-31"});
    owner.post("/pools", pool).await.status(201);
    owner
}

fn import(t: &Tenant, file: &std::path::Path, rest: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatkeeper"));
    command
        .arg("import")
        .arg(file)
        .args(["--tenant", &t.name, "--database-url", &t.database_url])
        .args(rest);
    command
}

/// Whether it succeeded, what it printed and what it said went wrong.
fn run(command: Command) -> (bool, String, String) {
    let (status, said, wrong) = status(command);
    (status == Some(0), said, wrong)
}

/// With what status it ended, what it printed and what it said went wrong.
fn status(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

async fn a_file_is_tried_applied_and_its_errors_written(t: Tenant) {
    let owner = with_seats(&t, 5).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, errors) = (folder.path().join("a.csv"), folder.path().join("e.csv"));
    let text = "email,track\nada@acme.example,\nbob@acme.example,piano\n";
    std::fs::write(&file, text).unwrap();
    let (ok, said, wrong) = run(import(&t, &file, &[]));
    assert!(!ok && said.contains("only tried"), "{said}{wrong}");
    owner.get("/members/ada@acme.example").await.status(404);

    let rest = ["--apply", "--errors", errors.to_str().unwrap()];
    let (ok, said, wrong) = run(import(&t, &file, &rest));
    assert!(!ok, "a row failed");
    assert!(said.contains("2 rows, 1 created"), "{said}");
    assert!(said.contains("line 3: track: "), "{said}");
    assert_eq!(wrong.trim(), "error: 1 rows failed");
    let ada = owner.get("/members/ada@acme.example").await.status(200);
    ada.holds("/seatState", "assigned");

    let failed = std::fs::read_to_string(&errors).unwrap();
    std::fs::write(&file, failed.replace("piano", "growth")).unwrap();
    let (ok, said, wrong) = run(import(&t, &file, &["--apply"]));
    assert!(ok && wrong.is_empty(), "{said}{wrong}");
    owner.get("/members/bob@acme.example").await.status(200);
    let verdict = owner.get("/ledger/verify").await;
    verdict.holds("/ok", true);
}

async fn a_full_file_needs_its_number(t: Tenant) {
    let owner = with_seats(&t, 5).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "email\nada@acme.example\nbob@acme.example\n").unwrap();
    assert!(run(import(&t, &file, &["--apply"])).0);
    std::fs::write(&file, "email\nada@acme.example\n").unwrap();
    let full = ["--apply", "--mode", "full"];
    let (ok, _, wrong) = run(import(&t, &file, &full));
    assert!(!ok && wrong.contains("1 people are missing"), "{wrong}");
    assert_eq!(wrong.lines().count(), 1, "{wrong}");
    let rest = [&full[..], &["--confirm-omissions", "1"]].concat();
    let (status, said, wrong) = status(import(&t, &file, &rest));
    assert_eq!(status, Some(3), "{said}{wrong}");
    assert!(
        wrong.starts_with("nothing is changed yet: plan "),
        "{wrong}"
    );
    assert_eq!(wrong.lines().count(), 1, "{wrong}");
    let bob = owner.get("/members/bob@acme.example").await;
    bob.holds("/identityState", "active");
    let plans = owner.get("/plans?kind=import").await.status(200);
    let (id, hash) = (plans.string("/items/0/id"), plans.string("/items/0/hash"));
    assert!(said.contains(&format!("plan {id}, hash {hash}")), "{said}");
    let request = format!("curl -s \"$A/plans/{id}/apply\"");
    assert!(
        said.contains(&request) && !said.contains("/approve"),
        "{said}"
    );
    let body = json!({"hash": hash});
    let applied = owner.post(&format!("/plans/{id}/apply"), body).await;
    applied.status(200).holds("/state", "applied");
    let bob = owner.get("/members/bob@acme.example").await;
    bob.holds("/identityState", "inactive");
    // By whoever may not go without a second look it takes somebody else.
    let mut file_of = String::from("email\n");
    for n in 0..11 {
        let _ = writeln!(file_of, "p{n}@acme.example");
    }
    std::fs::write(&file, &file_of).unwrap();
    assert!(run(import(&t, &file, &["--apply"])).0);
    let leavers = import(&t, &file, &["--apply", "--mode", "deprovision"]);
    let (status, said, wrong) = self::status(leavers);
    assert_eq!(status, Some(3), "{said}{wrong}");
    assert!(wrong.contains("waits for somebody's approval"), "{wrong}");
    assert!(said.contains("/approve\" -H"), "{said}");
}

async fn an_import_that_was_killed_can_be_sent_again(t: Tenant) {
    let owner = with_seats(&t, 3_000).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    let mut text = String::from("email,worker_id\n");
    for n in 0..2_000 {
        let _ = writeln!(text, "p{n}@acme.example,{n}");
    }
    std::fs::write(&file, text).unwrap();
    let mut killed = import(&t, &file, &["--apply"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut made = 0;
    for _ in 0..500 {
        let pool = owner.get("/pools/main").await;
        made = pool.number("/occupied");
        if made > 0 || killed.try_wait().unwrap().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let left = owner.get("/pools/main").await.number("/occupied");
    assert!(
        made > 0 && left < 2_000,
        "killed in the middle: {made}, {left}"
    );
    let imports = owner.get("/imports").await;
    imports
        .holds("/items/0/state", "running")
        .holds("/items/0/rows", left);

    let (ok, said, wrong) = run(import(&t, &file, &["--apply"]));
    assert!(ok, "{said}{wrong}");
    let expected = format!("{} created, 0 changed, {left} unchanged", 2_000 - left);
    assert!(said.contains(&expected), "{said}");
    let pool = owner.get("/pools/main").await;
    pool.holds("/occupied", 2_000);
    let verdict = owner.get("/ledger/verify").await;
    verdict.holds("/ok", true);
}
