use jiff::tz::TimeZone;

use uuid::Uuid;

use super::*;
use crate::seats::catalog::{FullPolicy, Match, OnUnmatch, Policy, PoolState, ReusePolicy};
use crate::seats::{EndReason, EndSource, SeatReason, SeatState};

const NOW: &str = "2026-06-01T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn pool(n: u128, key: &str, end: &str) -> Pool {
    Pool {
        id: Uuid::from_u128(n),
        product: Uuid::from_u128(1),
        key: key.into(),
        subscription_type: key.into(),
        term_start: at("2026-01-01T00:00:00Z"),
        term_end: at(end),
        full_policy: FullPolicy::Waitlist,
        overage_limit: 0,
        reuse_policy: ReusePolicy::Reusable,
        cooldown_days: 0,
        default_duration_days: Some(30),
        fallback: None,
        state: PoolState::Live,
        max_reassignments: None,
        unit_cost: None,
    }
}

fn track(n: u128, key: &str, is_default: bool) -> Track {
    Track {
        id: Uuid::from_u128(n),
        product: Uuid::from_u128(1),
        key: key.into(),
        name: key.into(),
        duration_days: None,
        is_default,
        live: true,
        stall_thresholds: crate::coaching::stalled::Thresholds::default(),
    }
}

fn group_rule(n: u128, priority: i64, group: u128, track: u128, pool: Option<u128>) -> Rule {
    Rule {
        id: Uuid::from_u128(n),
        priority,
        matches: Match::Group {
            name: format!("group {group}"),
            groups: vec![Uuid::from_u128(group)],
        },
        track: Uuid::from_u128(track),
        pool: pool.map(Uuid::from_u128),
        duration_days: None,
        on_unmatch: OnUnmatch::Grace,
        enabled: true,
    }
}

fn catalog() -> Catalog {
    Catalog {
        version: 1,
        zone: TimeZone::UTC,
        zone_name: "UTC".into(),
        policy: Policy::default(),
        products: Vec::new(),
        attributes: Vec::new(),
        pools: vec![
            pool(10, "main", "2026-12-31T00:00:00Z"),
            pool(11, "extra", "2027-12-31T00:00:00Z"),
        ],
        tracks: vec![track(20, "growth", true), track(21, "sales", false)],
        rules: vec![
            group_rule(30, 10, 40, 21, Some(11)),
            group_rule(31, 10, 41, 20, None),
        ],
        benchmarks: Vec::new(),
    }
}

fn person(rules: Vec<&Rule>) -> Person<'_> {
    Person {
        intent: Intent {
            active: true,
            track: None,
            pool: None,
            start: None,
            end: None,
            hired: None,
            terminated: None,
            employment: None,
            zone: None,
            pinned: Vec::new(),
        },
        rules,
        inputs: "inputs".into(),
    }
}

fn groups() -> Vec<(Uuid, String)> {
    let group = |n: u128| (Uuid::from_u128(n), format!("group {n}"));
    vec![group(40), group(41)]
}

#[test]
fn a_rule_that_loses_says_to_what() {
    let c = catalog();
    let in_both = person(c.rules.iter().collect());
    let e = explain(&c, &in_both, None, at(NOW));
    assert_eq!((e.track_by, e.pool_by), (TrackBy::Rule, PoolBy::Rule));
    assert_eq!(e.rule, Some(&c.rules[0]));
    assert_eq!(e.start_by, StartBy::Now);
    assert_eq!(e.length, Some((30, LengthOf::Pool)));
    let fates: Vec<_> = e.rules.iter().map(|j| (j.fate, j.conflicts)).collect();
    assert_eq!(fates, [(Fate::Won, false), (Fate::Shadowed, true)]);
}

#[test]
fn an_attribute_overrules_rules_and_the_rule_of_its_track_supports_it() {
    let c = catalog();
    let mut named = person(c.rules.iter().collect());
    named.intent.track = Some("growth".into());
    named.intent.pool = Some("main".into());
    named.intent.start = Some("2025-01-01".into());
    named.intent.end = Some("2026-10-01".into());
    let e = explain(&c, &named, None, at(NOW));
    assert_eq!(
        (e.track_by, e.pool_by),
        (TrackBy::Attribute, PoolBy::Attribute)
    );
    let fates: Vec<_> = e.rules.iter().map(|j| j.fate).collect();
    assert_eq!(fates, [Fate::Overruled, Fate::Supports]);
    assert_eq!(e.start_by, StartBy::Pool, "the term begins later");
}

#[test]
fn nobody_by_a_rule_is_on_the_default_track() {
    let c = catalog();
    let e = explain(&c, &person(vec![]), None, at(NOW));
    assert_eq!((e.track_by, e.pool_by), (TrackBy::Default, PoolBy::Product));
    let mut without = catalog();
    without.tracks[0].is_default = false;
    let e = explain(&without, &person(vec![]), None, at(NOW));
    assert_eq!((e.track_by, e.pool_by), (TrackBy::Nothing, PoolBy::Nothing));
    assert_eq!(e.placement, Placement::Nowhere(SeatReason::NoRule));
}

#[test]
fn removed_from_a_group_the_next_rule_decides() {
    let c = catalog();
    let in_both = person(c.rules.iter().collect());
    let found = what_if(&c, &in_both, &in_both.intent, &groups(), None, at(NOW));
    let left = found
        .iter()
        .find(|(h, _)| *h == Hypothesis::LeftGroup(Uuid::from_u128(40), "group 40".into()));
    let Some((_, Outcome::Placed(track, pool, _))) = left else {
        panic!("{found:?}");
    };
    assert_eq!(
        (track.key.as_str(), pool.key.as_str()),
        ("growth", "main"),
        "the pool that ends soonest"
    );
    let other = Hypothesis::LeftGroup(Uuid::from_u128(41), "group 41".into());
    assert!(
        found.iter().all(|(h, _)| *h != other),
        "a group whose rule loses changes nothing"
    );
}

#[test]
fn whom_nothing_places_a_group_could() {
    let mut c = catalog();
    c.tracks[0].is_default = false;
    let found = what_if(
        &c,
        &person(vec![]),
        &person(vec![]).intent,
        &[],
        None,
        at(NOW),
    );
    let tracks: Vec<_> = found
        .iter()
        .filter_map(|(h, outcome)| match (h, outcome) {
            (Hypothesis::JoinedGroup(_), Outcome::Placed(track, ..)) => Some(track.key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(tracks, ["sales", "growth"]);
}

#[test]
fn an_end_that_sticks_is_lifted_by_what_changes_the_person() {
    let c = catalog();
    let in_one = person(vec![&c.rules[1]]);
    let ended = Assignment {
        id: Uuid::nil(),
        member: Uuid::nil(),
        product: Uuid::from_u128(1),
        track: Uuid::from_u128(20),
        pool: Uuid::from_u128(10),
        episode: 1,
        state: SeatState::Ended,
        seat: None,
        waiting: None,
        priority_class: 100,
        starts_at: at("2026-02-01T00:00:00Z"),
        ends_at: at("2026-12-01T00:00:00Z"),
        end_source: EndSource::Rule,
        held: true,
        grace_until: None,
        ended_at: Some(at("2026-05-01T00:00:00Z")),
        end_reason: Some(EndReason::RemovedByAdmin),
        rule: None,
        extended: None,
        kept_end: None,
        paused: None,
        inputs: "inputs".into(),
        created_at: at("2026-02-01T00:00:00Z"),
    };
    let groups = vec![(Uuid::from_u128(41), "group 41".to_owned())];
    let found = what_if(&c, &in_one, &in_one.intent, &groups, Some(&ended), at(NOW));
    assert!(
        matches!(
            found.as_slice(),
            [(Hypothesis::LeftGroup(..), Outcome::Placed(..))]
        ),
        "{found:?}"
    );
}
