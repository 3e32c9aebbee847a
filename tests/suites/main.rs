//! Public suites, written by others, against `seatkeeper serve`: of SCIM here, of the admin API in
//! [`openapi`].
//!
//! `SEATKEEPER_SUITES` names the folder of their commands, which `tests/run suites` installs.
//! Without it the suites are not run, and the tests say so.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;
mod openapi;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{Engine, database, server::command};

both_engines_alone!(
    scim2_tester,
    scim2_tester_where_seats_are_given,
    scim_sanity,
);

/// How many checks there are at least: a suite that gives up early has passed nothing.
const SCIM2_TESTER_CHECKS: usize = 135;
const SCIM_SANITY_CHECKS: usize = 28;

async fn scim2_tester(engine: Engine) {
    let Some(folder) = suites() else { return };
    run_scim2_tester(&folder, &Served::start(engine).await);
}

/// Every user that the suite makes holds a seat or waits for one.
async fn scim2_tester_where_seats_are_given(engine: Engine) {
    let Some(folder) = suites() else { return };
    let served = Served::start(engine).await;
    served.give_seats();
    run_scim2_tester(&folder, &served);
}

fn run_scim2_tester(folder: &Path, served: &Served) {
    let output = run(Command::new(folder.join("scim2"))
        .args(["-u", &served.base, "test"])
        .env(
            "SCIM_CLI_HEADERS",
            format!("Authorization: Bearer {}", served.token),
        ));
    let passed = count(&output, |line| line.starts_with("SUCCESS"));
    let failed = count(&output, |line| {
        ["ERROR", "CRITICAL", "FAILURE"]
            .iter()
            .any(|word| line.starts_with(word))
    });
    assert!(
        failed == 0 && passed >= SCIM2_TESTER_CHECKS,
        "{passed} passed, {failed} failed\n{output}"
    );
}

async fn scim_sanity(engine: Engine) {
    let Some(folder) = suites() else { return };
    let served = Served::start(engine).await;
    let output = run(Command::new(folder.join("scim-sanity")).args([
        "probe",
        &served.base,
        "--token",
        &served.token,
        "--i-accept-side-effects",
    ]));
    let passed = count(&output, |line| line.contains("[PASS]"));
    let failed = count(&output, |line| {
        line.contains("[FAIL]") || line.contains("[WARN]")
    });
    assert!(
        failed == 0 && passed >= SCIM_SANITY_CHECKS,
        "{passed} passed, {failed} failed\n{output}"
    );
}

fn suites() -> Option<PathBuf> {
    let folder = std::env::var_os("SEATKEEPER_SUITES").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: SEATKEEPER_SUITES names no folder, `tests/run suites` does");
    }
    folder
}

fn run(suite: &mut Command) -> String {
    let name = Path::new(suite.get_program()).display().to_string();
    let output = suite
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn count(output: &str, counts: impl Fn(&str) -> bool) -> usize {
    output.lines().filter(|line| counts(line)).count()
}

/// `seatkeeper serve` as a process of its own, with a tenant.
struct Served {
    process: Child,
    database_url: String,
    /// Where SCIM begins.
    base: String,
    /// Where everything begins.
    origin: String,
    token: String,
}

impl Served {
    async fn start(engine: Engine) -> Self {
        let database_url = database::create(engine).await;
        let mut process = Command::new(env!("CARGO_BIN_EXE_seatkeeper"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--database-url",
                &database_url,
            ])
            // The admin API's suite has webhooks, which must not leave this machine.
            .env("SEATKEEPER_WEBHOOKS_ALLOW_PRIVATE", "true")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("seatkeeper serve: {error}"));
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let address = lines.find_map(|line| address(&line.expect("UTF-8")));
        let address = address.expect("seatkeeper serve prints its address when it is ready");
        // What it prints later must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        command(&database_url, &["tenant", "create", "suite"]);
        let mut served = Self {
            process,
            database_url,
            base: format!("http://{address}/scim/v2"),
            origin: format!("http://{address}"),
            token: String::new(),
        };
        served.token = served.new_token("scim");
        served
    }

    /// A pool of five seats, and a track for everybody.
    fn give_seats(&self) {
        let of = ["--tenant", "suite"];
        let pool = [
            "pool",
            "create",
            "--key",
            "main",
            "--purchased",
            "5",
            "--term-start",
        ];
        let term = ["2020-01-01", "--term-end", "2090-12-31"];
        command(&self.database_url, &[&pool[..], &term, &of].concat());
        let track = [
            "track",
            "create",
            "--key",
            "lead",
            "--name",
            "Lead",
            "--default",
        ];
        command(&self.database_url, &[&track[..], &of].concat());
    }

    /// A token of the tenant.
    fn new_token(&self, role: &str) -> String {
        let token = ["token", "create", "--tenant", "suite", "--role", role];
        command(&self.database_url, &token)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The first `127.0.0.1:PORT` of a line.
fn address(line: &str) -> Option<String> {
    let start = line.find("127.0.0.1:")?;
    let address = &line[start..];
    let end = address.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':'));
    Some(address[..end.unwrap_or(address.len())].to_owned())
}
