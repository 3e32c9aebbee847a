use super::*;
use crate::seats::SeatState;
use crate::seats::catalog::{FullPolicy, Match, OnUnmatch, Policy, PoolState, ReusePolicy};
use crate::seats::tests::assignment;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn pool(n: u128, key: &str, start: &str, end: &str) -> Pool {
    Pool {
        id: Uuid::from_u128(n),
        product: Uuid::from_u128(1),
        key: key.into(),
        subscription_type: key.into(),
        term_start: at(start),
        term_end: at(end),
        full_policy: FullPolicy::Waitlist,
        overage_limit: 0,
        reuse_policy: ReusePolicy::Reusable,
        cooldown_days: 0,
        default_duration_days: None,
        fallback: None,
        state: PoolState::Live,
        max_reassignments: None,
        unit_cost: None,
    }
}

fn track(n: u128, key: &str) -> Track {
    Track {
        id: Uuid::from_u128(n),
        product: Uuid::from_u128(1),
        key: key.into(),
        name: format!("The {key} track"),
        duration_days: None,
        is_default: false,
        live: true,
        stall_thresholds: crate::coaching::stalled::Thresholds::default(),
    }
}

fn rule(n: u128, track: u128) -> Rule {
    Rule {
        id: Uuid::from_u128(n),
        priority: 100,
        matches: Match::Filter("userName pr".into()),
        track: Uuid::from_u128(track),
        pool: None,
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
        pools: vec![pool(
            10,
            "year",
            "2026-01-01T00:00:00Z",
            "2027-01-01T00:00:00Z",
        )],
        tracks: vec![track(20, "lead"), track(21, "sales")],
        rules: vec![rule(30, 20), rule(31, 21)],
        benchmarks: Vec::new(),
    }
}

fn person(rules: Vec<&Rule>, edit: impl FnOnce(&mut Intent)) -> Person<'_> {
    let mut intent = Intent {
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
    };
    edit(&mut intent);
    Person {
        intent,
        rules,
        inputs: String::new(),
    }
}

const NOW: &str = "2026-06-01T12:00:00Z";

fn target<'c>(catalog: &'c Catalog, person: &Person<'c>) -> Target<'c> {
    match place(catalog, person, Standing::default(), at(NOW)) {
        Placement::Place(target) => target,
        Placement::Nowhere(reason) => panic!("nowhere: {reason}"),
    }
}

fn window(catalog: &Catalog, edit: impl FnOnce(&mut Intent)) -> Window {
    let rules = vec![&catalog.rules[0]];
    target(catalog, &person(rules, edit)).pools[0].1
}

#[test]
fn an_attribute_goes_before_a_rule_and_a_rule_before_the_default() {
    let mut c = catalog();
    c.tracks[1].is_default = true;
    let by_attribute = person(vec![&c.rules[0]], |i| i.track = Some("SALES".into()));
    assert_eq!(target(&c, &by_attribute).track.key, "sales");
    assert_eq!(
        target(&c, &person(vec![&c.rules[0]], |_| {})).track.key,
        "lead"
    );
    assert_eq!(target(&c, &person(vec![], |_| {})).track.key, "sales");
}

#[test]
fn a_track_can_be_named_by_what_people_call_it() {
    let c = catalog();
    let p = person(vec![], |i| i.track = Some("the LEAD track".into()));
    assert_eq!(target(&c, &p).track.key, "lead");
}

#[test]
fn without_rule_or_default_there_is_no_place() {
    let c = catalog();
    let nowhere = place(&c, &person(vec![], |_| {}), Standing::default(), at(NOW));
    assert_eq!(nowhere, Placement::Nowhere(SeatReason::NoRule));
}

#[test]
fn a_rule_for_a_retired_track_is_passed_over() {
    let mut c = catalog();
    c.tracks[0].live = false;
    let p = person(vec![&c.rules[0], &c.rules[1]], |_| {});
    assert_eq!(target(&c, &p).track.key, "sales");
}

#[test]
fn access_ends_at_the_first_of_its_limits() {
    let mut c = catalog();
    let w = window(&c, |_| {});
    assert_eq!(
        (w.ends_at, w.end_source),
        (at("2027-01-01T00:00:00Z"), EndSource::Pool)
    );
    let w = window(&c, |i| i.end = Some("2026-08-31".into()));
    assert_eq!(
        (w.ends_at, w.end_source),
        (at("2026-09-01T00:00:00Z"), EndSource::Idp)
    );
    let w = window(&c, |i| {
        i.end = Some("2026-08-31".into());
        i.terminated = Some("2026-07-15".into());
    });
    assert_eq!(
        (w.ends_at, w.end_source),
        (at("2026-07-16T00:00:00Z"), EndSource::Hr)
    );
    let w = window(&c, |i| i.end = Some("2029-01-01".into()));
    assert_eq!(
        (w.ends_at, w.end_source),
        (at("2027-01-01T00:00:00Z"), EndSource::Pool)
    );
    c.rules[0].duration_days = Some(30);
    let w = window(&c, |_| {});
    assert_eq!(
        (w.ends_at, w.end_source),
        (at("2026-07-01T12:00:00Z"), EndSource::Rule)
    );
}

#[test]
fn a_cleared_end_date_is_no_limit() {
    let c = catalog();
    for cleared in ["none", "", "9999-12-31"] {
        let w = window(&c, |i| i.end = Some(cleared.into()));
        assert_eq!(w.end_source, EndSource::Pool, "{cleared}");
    }
}

#[test]
fn an_end_that_has_passed_gives_no_seat() {
    let c = catalog();
    let p = person(vec![&c.rules[0]], |i| i.end = Some("2026-05-31".into()));
    let nowhere = place(&c, &p, Standing::default(), at(NOW));
    assert_eq!(nowhere, Placement::Nowhere(SeatReason::AccessEndReached));
}

#[test]
fn access_never_starts_before_the_term() {
    let mut c = catalog();
    c.pools[0].term_start = at("2026-07-01T00:00:00Z");
    assert_eq!(window(&c, |_| {}).starts_at, at("2026-07-01T00:00:00Z"));
    let w = window(&c, |i| i.start = Some("2026-09-01".into()));
    assert_eq!(w.starts_at, at("2026-09-01T00:00:00Z"));
}

#[test]
fn an_extension_holds_until_another_end_date_is_sent() {
    let c = catalog();
    let extended = Extended {
        until: at("2026-12-01T00:00:00Z"),
        over: Some("2026-08-31".into()),
    };
    let standing = Standing {
        starts_at: None,
        extended: Some(&extended),
        ..Standing::default()
    };
    let end = |date: &str| {
        let p = person(vec![&c.rules[0]], |i| i.end = Some(date.into()));
        match place(&c, &p, standing, at(NOW)) {
            Placement::Place(target) => target.pools[0].1.end_source,
            Placement::Nowhere(reason) => panic!("nowhere: {reason}"),
        }
    };
    assert_eq!(end("2026-08-31"), EndSource::Admin);
    assert_eq!(end("2026-09-30"), EndSource::Idp);
}

/// What a seat of the pool `old` may be had for by somebody who wants the pool `year`.
fn held(c: &Catalog, open: &Assignment, edit: impl FnOnce(&mut Intent)) -> Window {
    let p = person(vec![&c.rules[0]], |i| {
        i.pool = Some("year".into());
        edit(i);
    });
    match place(c, &p, Standing::of(open), at(NOW)) {
        Placement::Place(target) => target.held.unwrap(),
        Placement::Nowhere(reason) => panic!("nowhere: {reason}"),
    }
}

#[test]
fn a_seat_that_is_kept_ends_with_its_own_pool_and_when_it_is_wanted_to() {
    let mut c = catalog();
    let (start, end) = ("2026-01-01T00:00:00Z", "2026-09-01T00:00:00Z");
    c.pools.push(pool(11, "old", start, end));
    let mut open = assignment(SeatState::Assigned, None);
    open.seat = Some(1);
    open.pool = c.pools[1].id;
    open.track = c.rules[0].track;
    open.starts_at = at(start);
    open.ends_at = at("2026-12-01T00:00:00Z");
    let kept = held(&c, &open, |_| {});
    assert_eq!((kept.ends_at, kept.end_source), (at(end), EndSource::Pool));
    let kept = held(&c, &open, |i| i.end = Some("2026-07-31".into()));
    assert_eq!(kept.ends_at, at("2026-08-01T00:00:00Z"));
    assert_eq!(kept.end_source, EndSource::Idp);
    // The length of the track that they wait for is not that of the one they are on.
    open.track = Uuid::from_u128(77);
    open.ends_at = at("2026-08-15T00:00:00Z");
    open.end_source = EndSource::Rule;
    c.rules[0].duration_days = Some(200);
    let kept = held(&c, &open, |_| {});
    assert_eq!(
        (kept.ends_at, kept.end_source),
        (open.ends_at, EndSource::Rule)
    );
}

#[test]
fn of_pools_that_cover_the_time_the_one_that_ends_soonest_comes_first() {
    let mut c = catalog();
    c.pools.push(pool(
        11,
        "half",
        "2026-01-01T00:00:00Z",
        "2026-09-01T00:00:00Z",
    ));
    let order = |end: Option<&str>| {
        let p = person(vec![&c.rules[0]], |i| i.end = end.map(Into::into));
        let keys = target(&c, &p)
            .pools
            .into_iter()
            .map(|(pool, _)| pool.key.clone());
        keys.collect::<Vec<_>>()
    };
    assert_eq!(order(None), ["half", "year"]);
    assert_eq!(order(Some("2026-08-01")), ["half", "year"]);
    assert_eq!(order(Some("2026-10-31")), ["year", "half"]);
}

#[test]
fn a_named_pool_is_the_only_one_but_for_its_fallback() {
    let mut c = catalog();
    c.pools.push(pool(
        11,
        "half",
        "2026-01-01T00:00:00Z",
        "2026-09-01T00:00:00Z",
    ));
    c.pools.push(pool(
        12,
        "spare",
        "2026-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    ));
    let keys = |c: &Catalog| {
        let p = person(vec![&c.rules[0]], |i| i.pool = Some("year".into()));
        let keys = target(c, &p)
            .pools
            .into_iter()
            .map(|(pool, _)| pool.key.clone());
        keys.collect::<Vec<_>>()
    };
    assert_eq!(keys(&c), ["year"]);
    c.pools[0].fallback = Some(Uuid::from_u128(12));
    c.pools[2].fallback = Some(Uuid::from_u128(10));
    assert_eq!(keys(&c), ["year", "spare"]);
}

#[test]
fn whoever_is_terminated_is_active_until_their_last_day() {
    let c = catalog();
    let active = |day: Option<&str>| {
        let p = person(vec![], |i| {
            i.employment = Some("Terminated".into());
            i.terminated = day.map(Into::into);
        });
        p.intent.is_active(&c, at(NOW))
    };
    assert!(active(Some("2026-06-01")));
    assert!(!active(Some("2026-05-31")));
    assert!(!active(None));
}
