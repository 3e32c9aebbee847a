//! What must hold after every request, as an operator sees it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::{Client, Reply};

/// Who holds what at one instant.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Standing {
    /// Members who have access, by id.
    pub(crate) assigned: BTreeSet<String>,
    /// Lines in the ledger.
    pub(crate) ledger_rows: i64,
}

fn number(value: &Value, key: &str) -> i64 {
    value[key]
        .as_i64()
        .unwrap_or_else(|| panic!("no number {key} in {value}"))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// Reads the tenant's state and holds it against the invariants; `today` is `YYYY-MM-DD`.
pub(crate) async fn check(owner: &Client, today: &str) -> Standing {
    let pools = owner.get("/pools").await.status(200);
    let members = owner.get("/members?limit=500").await.status(200);
    let members = items(&members);
    for pool in items(&pools) {
        let used: i64 = ["occupied", "grace", "scheduled", "reserved", "burned"]
            .iter()
            .map(|account| number(pool, account))
            .sum();
        assert!(
            used <= number(pool, "purchased") + number(pool, "overageLimit"),
            "1: more seats in use than there may be: {pool}"
        );
        let idle: i64 = ["available", "coolingDown", "notOffered"]
            .iter()
            .map(|account| number(pool, account))
            .sum();
        assert_eq!(
            used + idle,
            number(pool, "purchased") + number(pool, "overage"),
            "the figures are not all there is: {pool}"
        );
        assert!(
            number(pool, "available") == 0 || number(pool, "waitlist") == 0,
            "7: a free seat beside somebody who waits: {pool}"
        );
        for (account, state) in [
            ("occupied", "assigned"),
            ("grace", "grace"),
            ("scheduled", "scheduled"),
        ] {
            let holders = members
                .iter()
                .filter(|m| text(m, "pool") == text(pool, "key") && text(m, "seatState") == state);
            assert_eq!(
                number(pool, account),
                i64::try_from(holders.count()).unwrap(),
                "3: the pool's {account} seats are not its {state} members: {pool}\n{members:#?}"
            );
        }
    }
    let mut standing = Standing::default();
    for member in members {
        let (start, end) = (
            text(member, "accessStartDate"),
            text(member, "accessEndDate"),
        );
        assert!(start <= end, "4: access ends before it starts: {member}");
        let held = ["assigned", "grace"].contains(&text(member, "seatState"));
        let status = text(member, "status");
        assert_eq!(
            held,
            !["", "ended"].contains(&status),
            "8: the status is not that of the seat: {member}"
        );
        if text(member, "seatState") == "assigned" {
            assert_eq!(text(member, "identityState"), "active", "5: {member}");
            assert!(
                start <= today && today <= end,
                "5: outside its dates on {today}: {member}"
            );
            let rests = text(member, "seatReason") == "paused";
            let level = if rests { "archive" } else { "full" };
            assert_eq!(text(member, "accessLevel"), level, "{member}");
            standing.assigned.insert(text(member, "id").to_owned());
        } else {
            assert_ne!(text(member, "accessLevel"), "full", "{member}");
        }
    }
    let verdict = owner.get("/ledger/verify").await.status(200);
    assert_eq!(
        verdict["ok"], true,
        "2: the ledger does not add up: {verdict}"
    );
    standing.ledger_rows = number(&verdict.json, "rows");
    standing
}

/// The items of a list.
pub(crate) fn items(reply: &Reply) -> &[Value] {
    reply["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no items in {reply}"))
}
