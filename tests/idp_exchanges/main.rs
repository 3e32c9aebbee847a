//! Replays what identity providers really sent, in order, and holds every recorded expectation
//! against the answers.
//!
//! The recordings are not part of this repository: `SEATKEEPER_IDP_EXCHANGES` names their folder.
//! Without it nothing is replayed, and the test says so.

#![allow(unreachable_pub, reason = "modules of a test binary, not of a library")]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;

mod assertion;
mod exchange;
mod path;
mod prose;
mod replay;

use std::path::PathBuf;

use common::Tenant;
use exchange::Exchange;

/// Expectations that we judge wrong for this server, by exchange and line, with the reason. The
/// line `*` stands for the whole exchange.
const NOT_EXPECTED: [(&str, &str, &str); 2] = [
    (
        "patch roles: JSON string inside value",
        "ideally roles has values Admin and User",
        "values are kept as sent; the sender's own role mapping decides their form",
    ),
    (
        "entitlements: list",
        "*",
        "there is no such resource type, so the path is unknown and answers 404",
    ),
];

fn exchanges(file: &str) -> Option<Vec<Exchange>> {
    let Some(folder) = std::env::var_os("SEATKEEPER_IDP_EXCHANGES") else {
        eprintln!("skipped: SEATKEEPER_IDP_EXCHANGES names no folder with {file}");
        return None;
    };
    Some(exchange::read(&PathBuf::from(folder).join(file)))
}

async fn replay(file: &str, tenant: Tenant) {
    let Some(exchanges) = exchanges(file) else {
        return;
    };
    let failures = replay::replay(tenant, exchanges).await;
    assert!(
        failures.is_empty(),
        "{} of {file}:\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

async fn entra(tenant: Tenant) {
    replay("entra.json", tenant).await;
}

async fn okta(tenant: Tenant) {
    replay("okta.json", tenant).await;
}

both_engines!(entra, okta);

/// An expectation that is skipped by a wrong name would be skipped for ever.
#[test]
fn every_listed_exception_is_in_the_recordings() {
    let Some(mut all) = exchanges("entra.json") else {
        return;
    };
    all.extend(exchanges("okta.json").unwrap_or_default());
    for (name, line, _) in NOT_EXPECTED {
        let known = all.iter().any(|exchange| {
            exchange.name == name
                && (line == "*" || exchange.expect.assert.iter().any(|l| l == line))
        });
        assert!(known, "no such expectation: {name}: {line}");
    }
}
