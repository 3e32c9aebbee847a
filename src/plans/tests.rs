use super::reclaim::{self, Holder, Reason};
use super::*;
use crate::coaching::Stage;
use crate::coaching::journey::Journey;
use crate::seats::catalog::{FullPolicy, PoolState};
use crate::seats::{EndReason, EndSource, IdentityState};

const NOW: &str = "2027-06-15T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn item(n: u128, warnings: &[Warning]) -> Item {
    Item {
        member: Uuid::from_u128(n),
        state: ItemState::Planned,
        problem: None,
        fingerprint: "as they are".into(),
        body: Object::new(),
        before: Object::new(),
        after: Object::new(),
        seat_delta: 1,
        warnings: warnings.to_vec(),
    }
}

fn assignment(state: SeatState) -> Assignment {
    Assignment {
        id: Uuid::from_u128(9),
        member: Uuid::from_u128(8),
        product: Uuid::from_u128(1),
        track: Uuid::from_u128(7),
        pool: Uuid::from_u128(2),
        episode: 1,
        state,
        seat: Some(1),
        waiting: None,
        priority_class: 100,
        starts_at: at("2027-02-01T00:00:00Z"),
        ends_at: at("2027-12-01T00:00:00Z"),
        end_source: EndSource::Pool,
        held: state != SeatState::Scheduled,
        grace_until: None,
        ended_at: None,
        end_reason: None,
        rule: None,
        extended: None,
        kept_end: None,
        paused: None,
        inputs: String::new(),
        created_at: at("2027-02-01T00:00:00Z"),
    }
}

fn pool(reuse_policy: ReusePolicy) -> Pool {
    Pool {
        id: Uuid::from_u128(2),
        product: Uuid::from_u128(1),
        key: "p".into(),
        subscription_type: "p".into(),
        term_start: at("2027-01-01T00:00:00Z"),
        term_end: at("2028-01-01T00:00:00Z"),
        full_policy: FullPolicy::Waitlist,
        overage_limit: 0,
        reuse_policy,
        cooldown_days: 0,
        default_duration_days: None,
        fallback: None,
        state: PoolState::Live,
        max_reassignments: None,
        unit_cost: None,
    }
}

#[test]
fn more_people_than_the_threshold_take_approval() {
    let ten: Vec<_> = (0..10).map(|n| item(n, &[])).collect();
    assert!(approval(Kind::End, &ten, 10).is_empty());
    let eleven: Vec<_> = (0..11).map(|n| item(n, &[])).collect();
    assert_eq!(
        approval(Kind::End, &eleven, 10)
            .into_iter()
            .collect::<Vec<_>>(),
        ["many_items"]
    );
    let mut with_excluded = eleven;
    with_excluded[0].state = ItemState::Excluded;
    assert!(approval(Kind::End, &with_excluded, 10).is_empty());
}

#[test]
fn a_session_soon_takes_approval_only_where_it_would_be_lost() {
    let one = [item(1, &[Warning::SessionSoon])];
    assert_eq!(approval(Kind::End, &one, 10).len(), 1);
    assert_eq!(approval(Kind::Reclaim, &one, 10).len(), 1);
    assert!(approval(Kind::Extend, &one, 10).is_empty());
}

#[test]
fn soon_is_within_seven_days_and_not_past() {
    let now = at(NOW);
    for (session, soon) in [
        ("2027-06-15T12:00:01Z", true),
        ("2027-06-22T12:00:00Z", true),
        ("2027-06-22T12:00:01Z", false),
        ("2027-06-15T11:00:00Z", false),
    ] {
        assert_eq!(is_soon(Some(at(session)), now), soon, "{session}");
    }
    assert!(!is_soon(None, now));
}

#[test]
fn only_what_has_not_begun_expires() {
    let now = at(NOW);
    for (state, then) in [
        (State::Pending, State::Expired),
        (State::Approved, State::Expired),
        (State::Applying, State::Applying),
        (State::Applied, State::Applied),
        (State::Rejected, State::Rejected),
    ] {
        assert_eq!(state_at(state, now, now), then);
        let later = now.checked_add(SignedDuration::from_secs(1)).unwrap();
        assert_eq!(state_at(state, later, now), state);
    }
}

#[test]
fn any_difference_makes_another_hash() {
    let asked = Object::new();
    let one = [item(1, &[])];
    let before = hash(Kind::End, &asked, &one);
    assert_eq!(before, hash(Kind::End, &asked, &one));
    assert_eq!(before.len(), 64);
    let mut other = one.clone();
    other[0].fingerprint = "as they were".into();
    assert_ne!(before, hash(Kind::End, &asked, &other));
    assert_ne!(before, hash(Kind::Reclaim, &asked, &one));
    assert_ne!(
        before,
        hash(Kind::End, &asked, &[item(1, &[]), item(2, &[])])
    );
}

#[test]
fn the_contract_says_whether_a_seat_comes_free() {
    let used = assignment(SeatState::Assigned);
    let early = assignment(SeatState::Scheduled);
    for (policy, sessions, of_used) in [
        (ReusePolicy::Reusable, 3, true),
        (ReusePolicy::UntilStarted, 0, true),
        (ReusePolicy::UntilStarted, 1, false),
        (ReusePolicy::Consumable, 0, false),
    ] {
        let pool = pool(policy);
        assert_eq!(
            frees_seat(&used, Some(&pool), sessions),
            of_used,
            "{policy}"
        );
        assert!(frees_seat(&early, Some(&pool), sessions), "{policy}");
    }
    let mut waits = assignment(SeatState::Waitlisted);
    waits.seat = None;
    assert!(!frees_seat(&waits, None, 0));
}

fn journey(stage: Stage, invited: &str) -> Journey {
    Journey {
        stage,
        ..Journey::begun(Some(at(invited)))
    }
}

fn since(reason: Reason, days: i64, a: &Assignment, j: &Journey, active: bool) -> bool {
    let holder = Holder {
        identity: if active {
            IdentityState::Active
        } else {
            IdentityState::Inactive
        },
        deactivated_at: (!active).then(|| at("2027-06-10T12:00:00Z")),
        assignment: a,
        journey: j,
        unanswered: None,
    };
    reclaim::since(reason, days, holder, at(NOW)).is_some()
}

#[test]
fn never_activated_is_as_old_as_the_invitation() {
    let seat = assignment(SeatState::Assigned);
    let invited = journey(Stage::Invited, "2027-06-05T12:00:00Z");
    assert!(since(Reason::NeverActivated, 10, &seat, &invited, true));
    assert!(!since(Reason::NeverActivated, 11, &seat, &invited, true));
    let activated = journey(Stage::Activated, "2027-06-05T12:00:00Z");
    assert!(!since(Reason::NeverActivated, 10, &seat, &activated, true));
    let grace = assignment(SeatState::Grace);
    assert!(!since(Reason::NeverActivated, 10, &grace, &invited, true));
}

#[test]
fn who_has_a_session_booked_is_not_idle() {
    let seat = assignment(SeatState::Assigned);
    let mut idle = journey(Stage::StartedCoaching, "2027-01-05T12:00:00Z");
    idle.engaged_at = Some(at("2027-05-01T12:00:00Z"));
    assert!(since(Reason::Idle, 30, &seat, &idle, true));
    assert!(!since(Reason::Idle, 60, &seat, &idle, true));
    idle.next_session_at = Some(at("2027-07-01T12:00:00Z"));
    assert!(!since(Reason::Idle, 30, &seat, &idle, true));
}

#[test]
fn who_left_and_who_stays_are_told_apart() {
    let grace = assignment(SeatState::Grace);
    let any = journey(Stage::Invited, "2027-01-05T12:00:00Z");
    assert!(since(Reason::LeaverHolding, 5, &grace, &any, false));
    assert!(!since(Reason::LeaverHolding, 6, &grace, &any, false));
    assert!(!since(Reason::LeaverHolding, 0, &grace, &any, true));
    assert!(since(Reason::EndedNotFreed, 0, &grace, &any, true));
    assert!(!since(Reason::EndedNotFreed, 0, &grace, &any, false));
}

#[test]
fn of_two_accounts_the_one_that_is_used_is_kept() {
    let seat = assignment(SeatState::Assigned);
    let idle = journey(Stage::Invited, "2027-01-05T12:00:00Z");
    let mut busy = journey(Stage::StartedCoaching, "2027-01-05T12:00:00Z");
    busy.sessions_completed = 1;
    assert!(reclaim::use_of(&busy, &seat) > reclaim::use_of(&idle, &seat));
    let mut younger = seat.clone();
    younger.created_at = at("2027-03-01T00:00:00Z");
    assert!(reclaim::use_of(&idle, &seat) > reclaim::use_of(&idle, &younger));
    let grace = assignment(SeatState::Grace);
    assert!(reclaim::use_of(&idle, &seat) > reclaim::use_of(&busy, &grace));
}

#[test]
fn each_reason_ends_with_one_that_an_operator_may_give() {
    for reason in Reason::ALL {
        assert!(
            EndReason::BY_ADMIN.contains(&reason.end_reason()),
            "{reason}"
        );
    }
}

#[test]
fn silence_counts_unless_something_came_of_the_seat_since() {
    let seat = assignment(SeatState::Assigned);
    let mut quiet = journey(Stage::Activated, "2027-06-01T12:00:00Z");
    let asked = (at("2027-06-02T12:00:00Z"), at("2027-06-09T12:00:00Z"));
    let since = |journey: &Journey, unanswered, days| {
        let holder = Holder {
            identity: IdentityState::Active,
            deactivated_at: None,
            assignment: &seat,
            journey,
            unanswered,
        };
        reclaim::since(Reason::Unanswered, days, holder, at(NOW))
    };
    assert_eq!(since(&quiet, Some(asked), 6), Some(asked.1));
    assert_eq!(since(&quiet, Some(asked), 7), None, "not for long enough");
    assert_eq!(since(&quiet, None, 0), None, "was not asked");
    quiet.engaged_at = Some(at("2027-06-01T13:00:00Z"));
    assert!(since(&quiet, Some(asked), 0).is_some(), "before that");
    quiet.engaged_at = Some(at("2027-06-10T13:00:00Z"));
    assert_eq!(since(&quiet, Some(asked), 0), None);
}

#[test]
fn the_order_of_what_was_asked_makes_no_other_plan() {
    let asked = |text: &str| serde_json::from_str::<Object>(text).unwrap();
    let one = asked(r#"{"mapping": null, "change": {"group": "G", "track": "t"}}"#);
    let other = asked(r#"{"change": {"track": "t", "group": "G"}, "mapping": null}"#);
    let items = [item(1, &[])];
    assert_eq!(
        hash(Kind::Mapping, &one, &items),
        hash(Kind::Mapping, &other, &items)
    );
}

#[test]
fn whoever_moves_takes_a_seat_in_one_pool_and_gives_one_back_in_another() {
    let at = |pool: Option<&str>| {
        let pool = json!({"pool": pool});
        pool.as_object().cloned().unwrap_or_default()
    };
    let of = |from, to, seat_delta, warnings: &[Warning]| Item {
        before: at(from),
        after: at(to),
        seat_delta,
        ..item(1, warnings)
    };
    let takes = [Warning::TakesSeat];
    for (item, expected) in [
        (of(Some("a"), Some("a"), 1, &[]), json!({"a": 1})),
        (
            of(Some("a"), Some("b"), 0, &takes),
            json!({"a": 1, "b": -1}),
        ),
        // In line, or on a seat that nobody gets after them.
        (of(Some("a"), Some("b"), -1, &takes), json!({"b": -1})),
        (of(Some("a"), Some("a"), -1, &takes), json!({"a": -1})),
        (of(None, Some("b"), -1, &takes), json!({"b": -1})),
        (of(Some("a"), Some("a"), 0, &[]), json!({})),
    ] {
        assert_eq!(
            json!(seats_by_pool(std::slice::from_ref(&item))),
            expected,
            "{item:?}"
        );
    }
    let excluded = Item {
        state: ItemState::Excluded,
        ..of(Some("a"), Some("a"), 1, &[])
    };
    assert!(seats_by_pool(&[excluded]).is_empty());
}

#[test]
fn erasing_one_person_takes_approval() {
    let one = [item(1, &[])];
    let reasons = approval(Kind::Erase, &one, 10_000);
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), ["erase"]);
}
