use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::coaching::episode::Episode;

fn at(hour: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(hour)
}

fn episodes(stretches: &[(i64, Option<i64>)]) -> Episodes {
    let stretch = |(from, to): &(i64, Option<i64>)| Episode {
        assignment: Some(Uuid::now_v7()),
        invited_at: Some(at(*from)),
        ended_at: to.map(at),
    };
    Episodes::new(stretches.iter().map(stretch).collect())
}

fn event(id: &str, kind: Kind, hour: i64, of: &str) -> Event {
    Event {
        id: id.to_owned(),
        kind,
        occurred_at: at(hour),
        session: kind.is_of_session().then(|| of.to_owned()),
        starts_at: kind.sets_a_start().then(|| at(hour + 48)),
        duration_min: None,
        reflection: kind.is_of_reflection().then(|| of.to_owned()),
    }
}

fn events(told: &[(Kind, i64, &str)]) -> Vec<Event> {
    let numbered = told.iter().enumerate();
    numbered
        .map(|(n, (kind, hour, of))| event(&format!("e{n}"), *kind, *hour, of))
        .collect()
}

fn last(episodes: &Episodes, told: &[(Kind, i64, &str)]) -> Journey {
    fold(episodes, &events(told)).journeys.pop().unwrap()
}

#[test]
fn each_step_moves_the_status_and_none_moves_it_back() {
    let one = episodes(&[(0, None)]);
    let told = [
        (Kind::AccountActivated, 1, ""),
        (Kind::OnboardingCompleted, 2, ""),
        (Kind::SessionScheduled, 3, "s1"),
        (Kind::SessionCompleted, 60, "s1"),
        (Kind::ReflectionAssigned, 61, "r1"),
        (Kind::ReflectionAssigned, 62, "r2"),
        (Kind::ReflectionCompleted, 63, "r1"),
        (Kind::ReflectionCompleted, 64, "r2"),
        (Kind::AccountActivated, 65, ""),
        (Kind::SessionNoShow, 66, "s2"),
    ];
    let expected = [
        Stage::Activated,
        Stage::CompletedOnboarding,
        Stage::CompletedOnboarding,
        Stage::StartedCoaching,
        Stage::ReflectionAssigned,
        Stage::ReflectionAssigned,
        Stage::ReflectionAssigned,
        Stage::ReflectionCompleted,
        Stage::ReflectionCompleted,
        Stage::ReflectionCompleted,
    ];
    assert_eq!(last(&one, &[]).stage, Stage::Invited);
    for (n, stage) in expected.into_iter().enumerate() {
        assert_eq!(last(&one, &told[..=n]).stage, stage, "after {:?}", told[n]);
    }
}

#[test]
fn a_session_that_did_not_take_place_starts_nothing() {
    let one = episodes(&[(0, None)]);
    for kind in [
        Kind::SessionScheduled,
        Kind::SessionRescheduled,
        Kind::SessionCancelled,
        Kind::SessionNoShow,
        Kind::Login,
        Kind::MessageSent,
    ] {
        let journey = last(&one, &[(kind, 1, "s1")]);
        assert_eq!(journey.stage, Stage::Invited, "{kind}");
        assert_eq!(journey.sessions_completed, 0, "{kind}");
    }
}

#[test]
fn a_step_may_be_skipped_and_a_reflection_may_come_first() {
    let one = episodes(&[(0, None)]);
    let journey = last(&one, &[(Kind::SessionCompleted, 1, "s1")]);
    assert_eq!(journey.stage, Stage::StartedCoaching);
    let journey = last(&one, &[(Kind::ReflectionAssigned, 1, "r1")]);
    assert_eq!(journey.stage, Stage::ReflectionAssigned);
}

#[test]
fn who_returns_is_activated_until_onboarding_is_done_again() {
    let two = episodes(&[(0, Some(100)), (200, None)]);
    let mut told = vec![
        (Kind::AccountActivated, 1, ""),
        (Kind::OnboardingCompleted, 2, ""),
        (Kind::SessionCompleted, 3, "s1"),
        (Kind::ReflectionAssigned, 4, "r1"),
    ];
    let journey = last(&two, &told);
    assert_eq!(journey.stage, Stage::Activated);
    assert_eq!(
        (journey.since, journey.clock_from),
        (Some(at(200)), Some(at(200)))
    );
    assert_eq!(journey.sessions_completed, 0);
    assert_eq!(journey.outstanding_since, None);
    assert_eq!(journey.engaged_at, Some(at(3)));
    told.push((Kind::OnboardingCompleted, 201, ""));
    assert_eq!(last(&two, &told).stage, Stage::CompletedOnboarding);
}

#[test]
fn who_never_activated_returns_as_invited() {
    let two = episodes(&[(0, Some(100)), (200, None)]);
    assert_eq!(last(&two, &[(Kind::Login, 1, "")]).stage, Stage::Invited);
}

#[test]
fn what_came_before_the_first_episode_is_of_it() {
    let one = episodes(&[(100, None)]);
    let journey = last(&one, &[(Kind::AccountActivated, 1, "")]);
    assert_eq!(journey.stage, Stage::Activated);
    assert_eq!(
        journey.clock_from,
        Some(at(100)),
        "no clock runs before there is a seat"
    );
}

#[test]
fn what_comes_after_the_end_changes_nothing_but_what_was_booked() {
    let over = episodes(&[(0, Some(100))]);
    let before = [(Kind::SessionScheduled, 99, "s1")];
    let leak = [before[0], (Kind::SessionCompleted, 100, "s2")];
    assert_eq!(last(&over, &leak), last(&over, &before));
    assert_eq!(last(&over, &before).last_scheduled_at, Some(at(147)));
    let cancelled = fold(
        &over,
        &events(&[before[0], (Kind::SessionCancelled, 101, "s1")]),
    );
    assert_eq!(cancelled.sessions[0].state, SessionState::Cancelled);
    assert_eq!(cancelled.journeys[0].last_scheduled_at, None);
}

#[test]
fn the_last_word_on_a_session_holds_unless_it_took_place() {
    let one = episodes(&[(0, None)]);
    let told = [
        (Kind::SessionScheduled, 1, "s1"),
        (Kind::SessionCancelled, 2, "s1"),
        (Kind::SessionRescheduled, 3, "s1"),
    ];
    let folded = fold(&one, &events(&told));
    assert_eq!(folded.sessions[0].state, SessionState::Scheduled);
    assert_eq!(folded.sessions[0].starts_at, at(51));
    let told = [
        (Kind::SessionCompleted, 1, "s1"),
        (Kind::SessionCancelled, 2, "s1"),
    ];
    let folded = fold(&one, &events(&told));
    assert_eq!(folded.sessions[0].state, SessionState::Completed);
    assert_eq!(folded.journeys[0].sessions_completed, 1);
}

#[test]
fn signing_in_is_not_engagement() {
    let one = episodes(&[(0, None)]);
    let journey = last(&one, &[(Kind::MessageSent, 5, ""), (Kind::Login, 9, "")]);
    assert_eq!(
        (journey.engaged_at, journey.login_at),
        (Some(at(5)), Some(at(9)))
    );
    assert_eq!(journey.idle_since(), Some(at(5)));
}

#[test]
fn what_each_status_took_is_known_once_it_is_left() {
    let one = episodes(&[(0, None)]);
    let told = [
        (Kind::AccountActivated, 1, ""),
        (Kind::OnboardingCompleted, 3, ""),
        (Kind::SessionCompleted, 6, "s1"),
        (Kind::SessionCompleted, 10, "s2"),
        (Kind::ReflectionAssigned, 12, "r1"),
        (Kind::ReflectionCompleted, 17, "r1"),
        (Kind::SessionCompleted, 23, "s3"),
    ];
    let dwell = |told: &[_]| fold(&one, &events(told)).dwells[0].0;
    let hours = |hours: [i64; 6]| hours.map(|h| (h > 0).then_some(h * 3600));
    assert_eq!(dwell(&told), hours([1, 2, 3, 13, 5, 6]));
    assert_eq!(dwell(&told[..4]), hours([1, 2, 3, 4, 0, 0]));
    assert_eq!(dwell(&told[..1]), hours([1, 0, 0, 0, 0, 0]));
}

fn told() -> impl Strategy<Value = Vec<Event>> {
    let kinds = prop::sample::select(Kind::ALL.to_vec());
    let one = (kinds, -20..260_i64, 0..4_u8);
    prop::collection::vec(one, 0..14).prop_map(|told| {
        let numbered = told.into_iter().enumerate();
        numbered
            .map(|(n, (kind, hour, of))| event(&format!("e{n}"), kind, hour, &format!("x{of}")))
            .collect()
    })
}

proptest! {
    #[test]
    fn order_and_repetition_change_nothing(
        (events, shuffled) in told().prop_flat_map(|events| {
            let twice: Vec<_> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(twice).prop_shuffle())
        }),
        ended in prop::option::of(50..120_i64),
    ) {
        let two = match ended {
            Some(ended) => episodes(&[(0, Some(ended)), (150, None)]),
            None => episodes(&[(0, None)]),
        };
        prop_assert_eq!(fold(&two, &events), fold(&two, &shuffled));
    }

    #[test]
    fn more_events_never_move_back_what_was_reached(events in told(), more in told()) {
        let one = episodes(&[(0, None)]);
        let renamed = more.into_iter().map(|e| Event { id: format!("m{}", e.id), ..e });
        let not_of_reflection = |e: &Event| !e.kind.is_of_reflection();
        let before: Vec<_> = events.into_iter().filter(not_of_reflection).collect();
        let after: Vec<_> = before.iter().cloned().chain(renamed.filter(not_of_reflection)).collect();
        let stage = |events: &[Event]| fold(&one, events).journeys[0].stage;
        let place = |stage| Stage::ALL.iter().position(|known| *known == stage);
        prop_assert!(place(stage(&after)) >= place(stage(&before)));
    }
}
