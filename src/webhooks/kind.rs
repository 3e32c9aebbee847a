//! The types of messages (domain 4.12), and which lines of the ledger are told as which.

use crate::seats::named;

named! {
    /// What a message tells.
    Kind {
        /// Somebody's seat came into use, or they are invited once more.
        MemberInvited = "member.invited",
        /// Somebody is another step on, or their access is over.
        MemberStatusChanged = "member.status_changed",
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
];

/// The account of seats beyond a purchase.
const OVERAGE: &str = "overage";

impl Kind {
    /// What a line of the ledger is told as: its action, whether it is of a person, and the account
    /// that a seat left.
    pub fn of_line(action: &str, has_member: bool, from: Option<&str>) -> Vec<Self> {
        let mut kinds: Vec<_> = LINES
            .iter()
            .filter(|(known, kind)| {
                // Configured tracks change under the same name as the track of a person.
                *known == action && (has_member || *kind == Self::SeatRefused)
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
        self == Self::MemberStatusChanged
    }

    /// Whether it can be subscribed to: a test is sent to whichever webhook is tested.
    pub fn can_be_chosen(self) -> bool {
        self != Self::WebhookTest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_as_all_that_it_means() {
        assert_eq!(
            Kind::of_line("seat.assigned", true, Some("available")),
            [Kind::SeatAssigned, Kind::MemberInvited]
        );
        assert_eq!(
            Kind::of_line("seat.assigned", true, Some("overage")),
            [Kind::SeatAssigned, Kind::MemberInvited, Kind::PoolOverage]
        );
    }

    #[test]
    fn a_change_of_a_track_itself_is_nobodys_change_of_track() {
        assert_eq!(Kind::of_line("track.changed", false, None), []);
        assert_eq!(
            Kind::of_line("track.changed", true, None),
            [Kind::TrackChanged]
        );
    }

    #[test]
    fn what_concerns_nobody_else_is_not_told() {
        assert_eq!(Kind::of_line("policy.changed", false, None), []);
        assert_eq!(Kind::of_line("member.created", true, None), []);
    }
}
