//! The twelve invariants of domain 4.4, each under its number: what must hold after every request.
//! Invariant 7 for every pool that would do is in `waiting`; what only the database shows in
//! `books`; 10 over a whole history in `trail`; 12 in `isolation`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::facts::{Facts, Standing, number, text};
use crate::common::COACHING;

/// Holds what was read at one moment against all that needs nothing else.
pub(super) fn check(facts: &Facts) {
    for pool in &facts.pools {
        invariant_1_no_more_seats_are_out_than_there_are(pool);
        invariant_3_every_seat_out_has_its_holder(pool, &facts.members);
        invariant_7_no_seat_is_free_beside_the_line(pool);
    }
    invariant_2_the_ledger_adds_up(&facts.verdict);
    for member in &facts.members {
        invariant_4_access_starts_before_it_ends(member);
        invariant_5_access_is_for_the_active_within_their_dates(member, &facts.today());
        invariant_8_ended_is_who_held_a_seat(member, facts);
    }
    for user in &facts.users {
        the_outcome_is_the_intent_or_says_why(user, facts);
    }
}

fn invariant_1_no_more_seats_are_out_than_there_are(pool: &Value) {
    let sum = |accounts: &[&str]| -> i64 { accounts.iter().map(|of| number(pool, of)).sum() };
    let used = sum(&["occupied", "grace", "scheduled", "reserved", "burned"]);
    assert!(
        used <= number(pool, "purchased") + number(pool, "overageLimit"),
        "1: more seats in use than there may be: {pool}"
    );
    let idle = sum(&["available", "coolingDown", "notOffered"]);
    assert_eq!(
        used + idle,
        number(pool, "purchased") + number(pool, "overage"),
        "1: the figures are not all there is: {pool}"
    );
}

fn invariant_2_the_ledger_adds_up(verdict: &Value) {
    assert_eq!(
        verdict["ok"], true,
        "2: the ledger does not add up: {verdict}"
    );
}

fn invariant_3_every_seat_out_has_its_holder(pool: &Value, members: &[Value]) {
    for (account, state) in [
        ("occupied", "assigned"),
        ("grace", "grace"),
        ("scheduled", "scheduled"),
    ] {
        let holders = members
            .iter()
            .filter(|m| m["pool"] == pool["key"] && m["seatState"] == state);
        assert_eq!(
            number(pool, account),
            i64::try_from(holders.count()).unwrap(),
            "3: the pool's {account} seats are not its {state} members: {pool}\n{members:#?}"
        );
    }
}

fn invariant_4_access_starts_before_it_ends(member: &Value) {
    let days = (
        text(member, "accessStartDate"),
        text(member, "accessEndDate"),
    );
    assert!(
        days.0 <= days.1,
        "4: access ends before it starts: {member}"
    );
}

fn invariant_5_access_is_for_the_active_within_their_dates(member: &Value, today: &str) {
    let level = text(member, "accessLevel");
    if member["identityState"] != "active" {
        assert_eq!(level, "none", "5: access of somebody inactive: {member}");
    }
    if member["seatState"] != "assigned" {
        assert_ne!(level, "full", "5: access without a seat: {member}");
        return;
    }
    assert_eq!(member["identityState"], "active", "5: {member}");
    let (start, end) = (
        text(member, "accessStartDate"),
        text(member, "accessEndDate"),
    );
    assert!(
        start <= today && today <= end,
        "5: outside its dates on {today}: {member}"
    );
    let rests = member["seatReason"] == "paused";
    let expected = if rests { "archive" } else { "full" };
    assert_eq!(level, expected, "5: {member}");
}

/// Whoever had access still has, but for those whom the step may take it from.
pub(super) fn invariant_6_nobody_is_evicted(
    before: &Standing,
    after: &Standing,
    may_lose: &MayLose,
    step: &dyn std::fmt::Debug,
) {
    let MayLose::These(these) = may_lose else {
        return;
    };
    let mut lost = before.assigned.iter();
    let lost = lost.find(|(id, _)| !after.assigned.contains_key(*id) && !these.contains(*id));
    assert!(
        lost.is_none(),
        "6: {lost:?} lost a seat by {step:?}, which may take it from {these:?}"
    );
}

/// From whom a step may take access, by id.
#[derive(Debug, Clone)]
pub(super) enum MayLose {
    These(BTreeSet<String>),
    Anybody,
}

fn invariant_7_no_seat_is_free_beside_the_line(pool: &Value) {
    assert!(
        number(pool, "available") == 0 || number(pool, "waitlist") == 0,
        "7: a free seat beside somebody who waits: {pool}"
    );
}

/// A status but `ended` is of whoever holds a seat; `ended` of whoever held one; none of others.
fn invariant_8_ended_is_who_held_a_seat(member: &Value, facts: &Facts) {
    let holds = ["assigned", "grace"].contains(&text(member, "seatState"));
    let once = facts.held_once.iter().any(|id| member["id"] == json!(id));
    let status = text(member, "status");
    let fits = match status {
        "" => !holds && !once,
        "ended" => !holds && once,
        _ => holds,
    };
    assert!(
        fits,
        "8: the status is not that of the seat (held one before: {once}): {member}"
    );
}

pub(super) fn invariant_9_twice_is_as_once(
    once: &Standing,
    twice: &Standing,
    lines_may_come: bool,
    step: &dyn std::fmt::Debug,
) {
    assert_eq!(
        once.assigned, twice.assigned,
        "9: the same twice is not the same as once: {step:?}"
    );
    assert!(
        lines_may_come || once.ledger_rows == twice.ledger_rows,
        "9: the same twice is told twice: {step:?}, {} lines and {}",
        once.ledger_rows,
        twice.ledger_rows
    );
}

/// Nothing that is told of coaching changes the resource or its version: `If-Match` of the identity
/// provider would break.
pub(super) fn invariant_11_events_change_no_resource(before: &Value, after: &Value, kind: &str) {
    assert_eq!(before, after, "11: {kind} changed the resource");
}

/// Whoever is active and has no seat is told why, and so is whoever has another than they want.
fn the_outcome_is_the_intent_or_says_why(user: &Value, facts: &Facts) {
    let it = &user[COACHING];
    let state = text(it, "seatState");
    let has_reason = !text(it, "seatReason").is_empty();
    let name = text(user, "userName");
    let Some(member) = facts.member(name) else {
        panic!("somebody whom only identity providers see: {user}");
    };
    assert_eq!(member["seatState"], it["seatState"], "{member}\n{user}");
    assert_eq!(member["accessLevel"], it["accessLevel"], "{member}\n{user}");
    if member["identityState"] == "active" && ["none", "waitlisted", "grace"].contains(&state) {
        assert!(
            has_reason,
            "{name} has no access and is not told why: {user}"
        );
    }
    let (wanted, has) = (
        text(it, "accessEndDate"),
        text(it, "effectiveAccessEndDate"),
    );
    if ["assigned", "scheduled"].contains(&state) && !wanted.is_empty() && wanted != "none" {
        assert!(
            has <= wanted || it["accessEndSource"] == "admin",
            "{name} has access until {has}, which nobody wants: {user}"
        );
    }
}
