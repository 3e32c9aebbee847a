//! The types of messages (domain 4.12), and which lines of the ledger are told as which.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::seats::named;

named! {
    /// What a message tells.
    Kind {
        /// Somebody's seat came into use, or they are invited once more.
        MemberInvited = "member.invited",
        /// Somebody is another step on, or their access is over.
        MemberStatusChanged = "member.status_changed",
        /// Somebody is in a status for longer than is usual.
        MemberStalled = "member.stalled",
        /// Somebody who was is so no more.
        MemberUnstalled = "member.unstalled",
        /// An operator reminds somebody.
        MemberNudged = "member.nudged",
        /// Somebody has a seat in use.
        SeatAssigned = "seat.assigned",
        /// Somebody is in line for a seat.
        SeatWaitlisted = "seat.waitlisted",
        /// Somebody in line got a seat.
        SeatPromoted = "seat.promoted",
        /// Access is cut, and the seat still held.
        SeatGraceStarted = "seat.grace_started",
        /// A seat can be taken by others.
        SeatFreed = "seat.freed",
        /// Somebody's access ends soon.
        SeatExpiring = "seat.expiring",
        /// A pool's policy refused somebody.
        SeatRefused = "seat.refused",
        /// Somebody's access is over.
        AccessEnded = "access.ended",
        /// Somebody is on another track.
        TrackChanged = "track.changed",
        /// Somebody who may no longer use a seat has sessions booked.
        SessionsCancelRequested = "sessions.cancel_requested",
        /// A seat beyond the purchase was given.
        PoolOverage = "pool.overage",
        /// Little is left of a pool.
        PoolLow = "pool.low",
        /// Nothing is left of it.
        PoolFull = "pool.full",
        /// A credential ceases to work soon.
        TokenExpiring = "token.expiring",
        /// Nothing has come from a connection for long.
        ConnectionSilent = "connection.silent",
        /// What needs somebody, once a week.
        DigestWeekly = "digest.weekly",
        /// A list of people was held against the directory.
        ReconciliationReady = "reconciliation.ready",
        /// A connection removes more people than can be meant; their seats are held.
        BreakerTripped = "breaker.tripped",
        /// A plan waits for somebody to approve it.
        PlanPending = "plan.pending",
        /// A plan was carried out.
        PlanApplied = "plan.applied",
        /// An operator tries the webhook out.
        WebhookTest = "webhook.test",
    }
}

/// Which lines of the ledger are told as what. One line may be told as several things.
const LINES: &[(&str, Kind)] = &[
    ("seat.assigned", Kind::SeatAssigned),
    ("seat.assigned", Kind::MemberInvited),
    ("invitation.resent", Kind::MemberInvited),
    ("member.nudged", Kind::MemberNudged),
    ("seat.waitlisted", Kind::SeatWaitlisted),
    ("seat.promoted", Kind::SeatPromoted),
    ("seat.grace_started", Kind::SeatGraceStarted),
    ("seat.freed", Kind::SeatFreed),
    ("seat.refused", Kind::SeatRefused),
    ("access.ended", Kind::AccessEnded),
    ("access.ended", Kind::MemberStatusChanged),
    ("access.ended", Kind::SessionsCancelRequested),
    ("member.deactivated", Kind::SessionsCancelRequested),
    ("member.deleted", Kind::SessionsCancelRequested),
    ("track.changed", Kind::TrackChanged),
    ("seat.transferred", Kind::TrackChanged),
    ("breaker.tripped", Kind::BreakerTripped),
    ("plan.created", Kind::PlanPending),
    ("plan.applied", Kind::PlanApplied),
];

/// The account of seats beyond a purchase.
const OVERAGE: &str = "overage";

impl Kind {
    /// What a line of the ledger is told as: its action, whether it is of a person, the account that
    /// a seat left, and what it says besides.
    pub fn of_line(
        action: &str,
        has_member: bool,
        from: Option<&str>,
        detail: &Map<String, Value>,
    ) -> Vec<Self> {
        // Most plans are approved as they are made.
        let waits = || detail.get("state").is_some_and(|state| state == "pending");
        let mut kinds: Vec<_> = LINES
            .iter()
            .filter(|(known, kind)| {
                *known == action
                    && match kind {
                        Self::SeatRefused | Self::BreakerTripped | Self::PlanApplied => true,
                        Self::PlanPending => waits(),
                        // Configured tracks change under the same name as the track of a person.
                        _ => has_member,
                    }
            })
            .map(|(_, kind)| *kind)
            .collect();
        if from == Some(OVERAGE) {
            kinds.push(Self::PoolOverage);
        }
        kinds
    }

    /// Whether it tells how people use their coaching.
    pub fn tells_engagement(self) -> bool {
        matches!(
            self,
            Self::MemberStatusChanged | Self::MemberStalled | Self::MemberUnstalled
        )
    }

    /// Whether it can be subscribed to: a test is sent to whichever webhook is tested.
    pub fn can_be_chosen(self) -> bool {
        self != Self::WebhookTest
    }
}

/// A kind that a webhook can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice(pub Kind);

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let chosen = text.parse().ok().filter(|kind: &Kind| kind.can_be_chosen());
        chosen.map(Self).ok_or_else(|| {
            let choices = Kind::ALL.iter().filter(|kind| kind.can_be_chosen());
            let names: Vec<_> = choices.map(|kind| kind.as_str()).collect();
            format!("must be one of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_as_all_that_it_means() {
        assert_eq!(
            Kind::of_line("seat.assigned", true, Some("available"), &Map::new()),
            [Kind::SeatAssigned, Kind::MemberInvited]
        );
        assert_eq!(
            Kind::of_line("seat.assigned", true, Some("overage"), &Map::new()),
            [Kind::SeatAssigned, Kind::MemberInvited, Kind::PoolOverage]
        );
    }

    #[test]
    fn a_change_of_a_track_itself_is_nobodys_change_of_track() {
        assert_eq!(Kind::of_line("track.changed", false, None, &Map::new()), []);
        assert_eq!(
            Kind::of_line("track.changed", true, None, &Map::new()),
            [Kind::TrackChanged]
        );
    }

    #[test]
    fn a_plan_is_told_of_where_somebody_has_to_approve_it() {
        let told = |state: &str| {
            let detail = Map::from_iter([("state".to_owned(), state.into())]);
            Kind::of_line("plan.created", false, None, &detail)
        };
        assert_eq!(told("pending"), [Kind::PlanPending]);
        assert_eq!(told("approved"), []);
    }

    #[test]
    fn what_concerns_nobody_else_is_not_told() {
        assert_eq!(
            Kind::of_line("policy.changed", false, None, &Map::new()),
            []
        );
        assert_eq!(Kind::of_line("member.created", true, None, &Map::new()), []);
    }
}
