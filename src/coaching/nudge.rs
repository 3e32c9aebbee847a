//! Reminding people (domain 4.9): whom, how often, and whether it helped.

use jiff::{SignedDuration, Timestamp};

use super::Stage;
use super::journey::Journey;
use super::stalled::Reason;
use crate::seats::named;

/// How long somebody is left in peace after a nudge.
const PEACE: SignedDuration = SignedDuration::from_hours(72);
/// Nudges in one status at most.
const MOST: usize = 3;
/// How long the reason may take to clear for the nudge to have helped.
const HELPS_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// For how long nobody proposes to take a seat back that its holder said they keep.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(60 * 24);

named! {
    /// What a nudge is for.
    Kind {
        /// It reminds somebody.
        Remind = "remind",
        /// It asks them whether they keep their seat.
        KeepOrRelease = "keep_or_release",
    }
}

named! {
    /// What somebody answers who is asked that.
    Answer {
        /// They do.
        Keep = "keep",
        /// Somebody else may have it.
        Release = "release",
    }
}

named! {
    /// What came of a nudge.
    Outcome {
        /// It is not known yet.
        Open = "open",
        /// The reason cleared in time.
        Converted = "converted",
        /// It did not.
        Expired = "expired",
        /// Asked, they said that they keep their seat.
        Kept = "kept",
        /// Asked, they gave it up.
        Released = "released",
        /// Asked, they said nothing in time, nor did the reason clear.
        Unanswered = "unanswered",
    }
}

/// What a nudge asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Until when it can be answered.
    pub expires_at: Timestamp,
    /// What they answered, kept or released, and when.
    pub answer: Option<(Outcome, Timestamp)>,
}

/// Why a question cannot be answered so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswerable {
    /// It was, otherwise.
    Answered(Outcome),
    /// Its time is over.
    Expired,
}

impl Answer {
    /// What comes of the nudge by it.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Keep => Outcome::Kept,
            Self::Release => Outcome::Released,
        }
    }
}

impl Question {
    /// Asked at `sent_at`: it can be answered for as long as a nudge may help.
    pub fn asked(sent_at: Timestamp) -> Self {
        Self {
            expires_at: sent_at.checked_add(HELPS_WITHIN).unwrap_or(Timestamp::MAX),
            answer: None,
        }
    }

    /// Whether an answer may be given at `now`, or, without one, the question looked at. The same
    /// answer may be given again, and says nothing new.
    pub fn may(&self, answer: Option<Answer>, now: Timestamp) -> Result<(), Unanswerable> {
        match (self.answer, answer) {
            (Some((before, _)), Some(answer)) if before != answer.outcome() => {
                Err(Unanswerable::Answered(before))
            }
            (None, _) if now >= self.expires_at => Err(Unanswerable::Expired),
            _ => Ok(()),
        }
    }
}

/// Why somebody may not be nudged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unless {
    /// They were, and may be again from then on.
    Recently(Timestamp),
    /// They were as often as may be while their status stays.
    Enough,
}

/// Whether somebody may be nudged at `now` who was at these times in this episode, in these
/// statuses, the newest first.
pub fn may(stage: Stage, before: &[(Stage, Timestamp)], now: Timestamp) -> Result<(), Unless> {
    if before.iter().filter(|(at, _)| *at == stage).count() >= MOST {
        return Err(Unless::Enough);
    }
    let again = before
        .first()
        .and_then(|(_, at)| at.checked_add(PEACE).ok());
    match again.filter(|again| *again > now) {
        Some(again) => Err(Unless::Recently(again)),
        None => Ok(()),
    }
}

/// What came of a nudge sent for the reason of a status, and when; nothing while it is open.
/// `journey` is none once the episode is over.
pub fn outcome(
    stage: Stage,
    sent_at: Timestamp,
    journey: Option<&Journey>,
    now: Timestamp,
) -> Option<(Outcome, Timestamp)> {
    let until = sent_at.checked_add(HELPS_WITHIN).unwrap_or(Timestamp::MAX);
    let cleared = journey.and_then(|journey| cleared(stage, journey));
    match (cleared, journey) {
        // What the platform tells late may lie before it.
        (Some(at), _) if at <= until => Some((Outcome::Converted, at.max(sent_at))),
        (_, None) => Some((Outcome::Expired, now.min(until))),
        _ => (now >= until).then_some((Outcome::Expired, until)),
    }
}

/// When the reason cleared, if it has: the status is another, or a session is booked where none was.
fn cleared(stage: Stage, journey: &Journey) -> Option<Timestamp> {
    if journey.stage != stage {
        return journey.since;
    }
    if stage.reason() == Reason::NoScheduledSession && journey.next_session_at.is_some() {
        return journey.last_scheduled_at;
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3_600).unwrap()
    }

    #[test]
    fn nobody_is_nudged_twice_within_three_days() {
        let before = [(Stage::Invited, at(0))];
        let again = Err(Unless::Recently(at(72)));
        assert_eq!(may(Stage::Invited, &before, at(71)), again);
        assert_eq!(may(Stage::Activated, &before, at(71)), again);
        assert_eq!(may(Stage::Invited, &before, at(72)), Ok(()));
    }

    #[test]
    fn nobody_is_nudged_four_times_in_one_status() {
        let before: Vec<_> = (0..3).rev().map(|n| (Stage::Invited, at(n * 72))).collect();
        assert_eq!(may(Stage::Invited, &before, at(9_000)), Err(Unless::Enough));
        assert_eq!(may(Stage::Activated, &before, at(9_000)), Ok(()));
    }

    #[test]
    fn a_question_is_answered_once_and_in_time() {
        let mut question = Question::asked(at(0));
        let (keep, release) = (Some(Answer::Keep), Some(Answer::Release));
        assert_eq!(question.may(None, at(1)), Ok(()));
        assert_eq!(question.may(release, at(167)), Ok(()));
        assert_eq!(question.may(keep, at(168)), Err(Unanswerable::Expired));
        assert_eq!(question.may(None, at(168)), Err(Unanswerable::Expired));
        question.answer = Some((Outcome::Kept, at(2)));
        assert_eq!(question.may(keep, at(500)), Ok(()));
        let otherwise = Err(Unanswerable::Answered(Outcome::Kept));
        assert_eq!(question.may(release, at(3)), otherwise);
        assert_eq!(question.may(None, at(500)), Ok(()));
    }

    #[test]
    fn it_helped_if_the_reason_clears_within_a_week() {
        let mut journey = Journey::begun(Some(at(0)));
        let of = |journey: &Journey, now| outcome(Stage::Invited, at(10), Some(journey), now);
        assert_eq!(of(&journey, at(20)), None);
        let late = Some((Outcome::Expired, at(10 + 168)));
        assert_eq!(of(&journey, at(500)), late);
        journey.stage = Stage::Activated;
        journey.since = Some(at(30));
        assert_eq!(of(&journey, at(40)), Some((Outcome::Converted, at(30))));
        journey.since = Some(at(179));
        assert_eq!(of(&journey, at(500)), late);
        let over = outcome(Stage::Invited, at(10), None, at(20));
        assert_eq!(over, Some((Outcome::Expired, at(20))));
    }
}
