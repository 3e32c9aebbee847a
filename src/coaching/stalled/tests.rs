use super::*;

fn at(hour: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hour)
}

fn standing(stage: Stage) -> Standing {
    Standing {
        stage,
        clock_from: Some(at(0)),
        last_scheduled_at: None,
        stopped: false,
    }
}

#[test]
fn each_status_has_its_days_and_its_reason() {
    for (stage, days, reason) in [
        (Stage::Invited, 10, Reason::DelayedActivation),
        (Stage::Activated, 7, Reason::OnboardingIncomplete),
        (Stage::CompletedOnboarding, 14, Reason::NoScheduledSession),
        (Stage::StartedCoaching, 30, Reason::NoScheduledSession),
        (Stage::ReflectionAssigned, 14, Reason::ReflectionIncomplete),
        (Stage::ReflectionCompleted, 30, Reason::NoScheduledSession),
    ] {
        assert_eq!((stage.default_days(), stage.reason()), (days, reason));
    }
}

#[test]
fn the_days_are_days_of_24_hours() {
    assert_eq!(standing(Stage::Invited).stalls_at(10), Some(at(240)));
}

#[test]
fn a_booked_session_puts_it_off_where_one_is_what_lacks() {
    for stage in Stage::ALL {
        let booked = Standing {
            last_scheduled_at: Some(at(500)),
            ..standing(*stage)
        };
        let lacks = stage.reason() == Reason::NoScheduledSession;
        let expected = if lacks { at(500) } else { at(24) };
        assert_eq!(booked.stalls_at(1), Some(expected), "{stage}");
        assert_eq!(booked.stalls_at(30), Some(at(720)), "{stage}");
    }
}

#[test]
fn a_clock_that_stands_still_never_gets_there() {
    let stopped = Standing {
        stopped: true,
        ..standing(Stage::Invited)
    };
    assert_eq!(stopped.stalls_at(1), None);
    let none = Standing {
        clock_from: None,
        ..standing(Stage::Invited)
    };
    assert_eq!(none.stalls_at(1), None);
}

#[test]
fn the_tracks_days_stand_before_the_tenants_and_a_benchmark_before_both() {
    let days = |invited| Thresholds {
        invited,
        ..Thresholds::default()
    };
    let resolve = |track, tenant, benchmark| {
        Thresholds::resolve(&days(track), &days(tenant), Stage::Invited, benchmark).days
    };
    let benchmark = Some(Benchmark { n: 30, days: 2 });
    assert_eq!(resolve(None, None, None), 10);
    assert_eq!(resolve(None, Some(5), None), 5);
    assert_eq!(resolve(Some(3), Some(5), None), 3);
    assert_eq!(resolve(Some(3), Some(5), benchmark), 2);
}

#[test]
fn a_benchmark_is_what_four_of_five_stayed_within() {
    let days = |days: i64| days * 24 * 60 * 60;
    assert_eq!((Benchmark::rank(30), Benchmark::rank(31)), (24, 25));
    assert_eq!(Benchmark::of(29, days(24)), None);
    assert_eq!(
        Benchmark::of(30, days(24)),
        Some(Benchmark { n: 30, days: 24 })
    );
    assert_eq!(Benchmark::of(30, days(24) + 1).map(|b| b.days), Some(25));
    assert_eq!(Benchmark::of(40, 300).map(|b| b.days), Some(1));
}
