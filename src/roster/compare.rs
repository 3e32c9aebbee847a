//! What a row of a list and what is known here come to together (domain 4.10).

use super::columns::Column;
use super::row::Row;
use crate::seats::{SeatState, named};

named! {
    /// Where a list is from.
    Source {
        /// Okta's users.
        Okta = "okta",
        /// Entra ID's users.
        Entra = "entra",
        /// The HR system's people.
        Hr = "hr",
        /// The coaching vendor's seats.
        Vendor = "vendor",
    }
}

named! {
    /// What was found.
    Bucket {
        /// Both sides agree.
        Ok = "ok",
        /// A seat, and nobody in the list.
        OrphanSeat = "orphan_seat",
        /// A seat of somebody who has left.
        LeaverWithSeat = "leaver_with_seat",
        /// The same, with a session ahead.
        LeaverWithSession = "leaver_with_session",
        /// Somebody in the list without a seat.
        MissingSeat = "missing_seat",
        /// Somebody in the list who stands in line.
        Waiting = "waiting",
        /// A seat on another track.
        WrongTrack = "wrong_track",
        /// Access that ends on another day.
        DateMismatch = "date_mismatch",
        /// Somebody under another address or user name.
        IdentityMismatch = "identity_mismatch",
        /// Somebody who is in the list twice, or two people whom a row could mean.
        Duplicate = "duplicate",
        /// Somebody an operator or a file made, of whom the identity provider does not know.
        ManualOnly = "manual_only",
        /// A row that cannot be read; it may be about anybody.
        BrokenRow = "broken_row",
        /// A seat at the vendor's of somebody who is nobody here.
        UnknownVendorSeat = "unknown_vendor_seat",
    }
}

impl Bucket {
    /// What to do about it.
    pub fn suggested_action(self) -> &'static str {
        match self {
            Self::Ok => "none",
            Self::OrphanSeat | Self::LeaverWithSeat => "end",
            Self::LeaverWithSession => "cancel_sessions_and_end",
            Self::MissingSeat => "assign",
            Self::Waiting => "wait_or_buy",
            Self::WrongTrack => "transfer",
            Self::DateMismatch => "set_end_date",
            Self::IdentityMismatch => "link",
            Self::Duplicate => "review_duplicate",
            Self::BrokenRow => "mend_row",
            Self::ManualOnly => "link_or_end",
            Self::UnknownVendorSeat => "release_at_vendor",
        }
    }
}

/// What is known here of a person.
#[derive(Debug, Clone, Copy)]
pub struct Known<'m> {
    /// Their seat.
    pub seat: SeatState,
    /// Their track's key and name.
    pub track: Option<(&'m str, &'m str)>,
    /// Their last day of access.
    pub last_day: Option<&'m str>,
    /// Whether a row's address or user name is among theirs.
    pub has_its_name: bool,
    /// Whether they have a session ahead.
    pub session_ahead: bool,
    /// Whether an identity provider manages them.
    pub of_idp: bool,
}

/// Words by which systems say that somebody is not active.
const INACTIVE: [&str; 13] = [
    "false",
    "no",
    "0",
    "inactive",
    "disabled",
    "deactivated",
    "deprovisioned",
    "suspended",
    "terminated",
    "deleted",
    "blocked",
    "left",
    "leaver",
];

/// Whether a row says by a word that its person is not active.
pub fn is_inactive(row: &Row) -> bool {
    let word = row.get(Column::Active);
    word.is_some_and(|word| {
        INACTIVE
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
    })
}

/// What a row and the person it is about come to. `leaver`: the row says that they have left.
pub fn listed(row: &Row, leaver: bool, known: &Known<'_>) -> Bucket {
    let seated = matches!(known.seat, SeatState::Assigned | SeatState::Scheduled);
    if leaver {
        return match (seated, known.session_ahead) {
            (_, true) => Bucket::LeaverWithSession,
            (true, false) => Bucket::LeaverWithSeat,
            // A seat in its grace period is on its way back.
            (false, false) => Bucket::Ok,
        };
    }
    let other_track = row.get(Column::Track).is_some_and(|wanted| {
        known.track.is_none_or(|(key, name)| {
            !key.eq_ignore_ascii_case(wanted) && !name.eq_ignore_ascii_case(wanted)
        })
    });
    let other_day = row
        .get(Column::AccessEnd)
        .is_some_and(|day| known.last_day != Some(day));
    match known.seat {
        SeatState::Waitlisted => Bucket::Waiting,
        _ if !seated => Bucket::MissingSeat,
        _ if !known.has_its_name => Bucket::IdentityMismatch,
        _ if other_track => Bucket::WrongTrack,
        _ if other_day => Bucket::DateMismatch,
        _ => Bucket::Ok,
    }
}

/// What a row about nobody comes to.
pub fn nobody(source: Source, leaver: bool) -> Bucket {
    match source {
        Source::Vendor => Bucket::UnknownVendorSeat,
        _ if leaver => Bucket::Ok,
        _ => Bucket::MissingSeat,
    }
}

/// What somebody comes to who is in no row; nothing where they have no seat.
pub fn unlisted(source: Source, known: &Known<'_>) -> Option<Bucket> {
    let seated = matches!(
        known.seat,
        SeatState::Assigned | SeatState::Scheduled | SeatState::Grace
    );
    match source {
        _ if !seated => None,
        // The vendor does not know of a seat that was given.
        Source::Vendor if known.seat == SeatState::Assigned => Some(Bucket::MissingSeat),
        Source::Vendor => None,
        Source::Okta | Source::Entra if !known.of_idp => Some(Bucket::ManualOnly),
        _ => Some(Bucket::OrphanSeat),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::roster::columns::Columns;
    use crate::roster::records::Record;

    fn row(cells: &[(&str, &str)]) -> Row {
        let header = cells.iter().map(|(name, _)| (*name).to_owned()).collect();
        let (columns, _) = Columns::of_roster(header);
        let cells = cells.iter().map(|(_, cell)| (*cell).to_owned()).collect();
        Row::read(Record { line: 2, cells }, &columns)
    }

    const SEATED: Known<'_> = Known {
        seat: SeatState::Assigned,
        track: Some(("exec", "Executive")),
        last_day: Some("2037-05-31"),
        has_its_name: true,
        session_ahead: false,
        of_idp: true,
    };

    #[test]
    fn a_row_falls_into_the_bucket_that_matters_most() {
        let plain = row(&[("login", "ada"), ("track", "executive")]);
        assert_eq!(listed(&plain, false, &SEATED), Bucket::Ok);
        let with = |seat| Known { seat, ..SEATED };
        for (seat, here, gone) in [
            (SeatState::Assigned, Bucket::Ok, Bucket::LeaverWithSeat),
            (SeatState::Scheduled, Bucket::Ok, Bucket::LeaverWithSeat),
            (SeatState::Waitlisted, Bucket::Waiting, Bucket::Ok),
            (SeatState::Grace, Bucket::MissingSeat, Bucket::Ok),
            (SeatState::Ended, Bucket::MissingSeat, Bucket::Ok),
            (SeatState::None, Bucket::MissingSeat, Bucket::Ok),
        ] {
            assert_eq!(listed(&plain, false, &with(seat)), here, "{seat}");
            assert_eq!(listed(&plain, true, &with(seat)), gone, "{seat}");
        }
        let ahead = Known {
            session_ahead: true,
            ..with(SeatState::Ended)
        };
        assert_eq!(listed(&plain, true, &ahead), Bucket::LeaverWithSession);
        let other = row(&[("track", "growth"), ("access_end", "2030-01-01")]);
        assert_eq!(listed(&other, false, &SEATED), Bucket::WrongTrack);
        let other = row(&[("access_end", "2030-01-01")]);
        assert_eq!(listed(&other, false, &SEATED), Bucket::DateMismatch);
        let renamed = Known {
            has_its_name: false,
            ..SEATED
        };
        assert_eq!(listed(&plain, false, &renamed), Bucket::IdentityMismatch);
    }

    #[test]
    fn who_is_in_no_row_matters_only_with_a_seat() {
        let manual = Known {
            of_idp: false,
            ..SEATED
        };
        let without = Known {
            seat: SeatState::Ended,
            ..SEATED
        };
        assert_eq!(unlisted(Source::Okta, &SEATED), Some(Bucket::OrphanSeat));
        assert_eq!(unlisted(Source::Okta, &manual), Some(Bucket::ManualOnly));
        assert_eq!(unlisted(Source::Hr, &manual), Some(Bucket::OrphanSeat));
        assert_eq!(unlisted(Source::Vendor, &SEATED), Some(Bucket::MissingSeat));
        assert_eq!(unlisted(Source::Okta, &without), None);
    }

    #[test]
    fn systems_have_words_for_whoever_is_not_active() {
        for (name, word, expected) in [
            ("status", "DEPROVISIONED", true),
            ("status", "ACTIVE", false),
            ("accountEnabled", "False", true),
            ("accountEnabled", "True", false),
            ("status", "", false),
        ] {
            assert_eq!(
                is_inactive(&row(&[(name, word)])),
                expected,
                "{name} {word}"
            );
        }
    }
}
