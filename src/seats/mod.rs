//! The rules of seats: which track, pool and dates a person gets, what a change does to the seat
//! they hold, and what their state reads as at a given moment. Pure: every rule takes `now` and
//! what it needs to know, and answers a decision that `directory` carries out.

pub mod attribute;
pub mod breaker;
pub mod catalog;
pub mod days;
pub mod decision;
pub mod explain;
pub mod extension;
pub mod invitation;
pub mod outcome;
pub mod past;
pub mod pause;
pub mod pin;
pub mod placement;
pub mod undo;

use jiff::Timestamp;
use uuid::Uuid;

use pause::Pause;

/// Declares an enum whose variants have a name in the API and the database.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant),* }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in the API and the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(format!("must be one of {}", [$($text),*].join(", "))),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use named;

named! {
    /// What became of a person's claim to a seat (domain 4.1).
    SeatState {
        /// Never had one, and waits for none.
        None = "none",
        /// Holds a seat for a start that lies ahead.
        Scheduled = "scheduled",
        /// In line for a seat; holds none.
        Waitlisted = "waitlisted",
        /// Holds a seat and may use it.
        Assigned = "assigned",
        /// Access is cut, the seat is still held for a while.
        Grace = "grace",
        /// It is over and the seat is free.
        Ended = "ended",
    }
}

named! {
    /// Who the person is to the identity provider.
    IdentityState {
        /// May sign in.
        Active = "active",
        /// Deactivated, and may come back.
        Inactive = "inactive",
        /// Deleted by the identity provider; history stays.
        Deleted = "deleted",
        /// Deleted, and personal data replaced.
        Erased = "erased",
    }
}

named! {
    /// The account that a purchased seat is in (domain 4.3).
    Account {
        /// Free.
        Available = "available",
        /// Held back by an operator.
        Reserved = "reserved",
        /// Taken for a future start.
        Scheduled = "scheduled",
        /// In use.
        Occupied = "occupied",
        /// Held for somebody whose access is cut.
        Grace = "grace",
        /// Used up by the contract's reuse rule.
        Burned = "burned",
    }
}

named! {
    /// Why access ends when it does: which of the limits was the first (domain 4.5).
    EndSource {
        /// `accessEndDate`, sent by the identity provider.
        Idp = "idp",
        /// `terminationDate`.
        Hr = "hr",
        /// An operator's extension.
        Admin = "admin",
        /// A duration of the rule, track or pool.
        Rule = "rule",
        /// The end of the pool's term.
        Pool = "pool",
    }
}

named! {
    /// Why an assignment ended, or will end when its grace is over (domain 4.6).
    EndReason {
        /// The access end date came.
        AccessEndReached = "access_end_reached",
        /// An operator took it away.
        RemovedByAdmin = "removed_by_admin",
        /// Never activated the account.
        NotActivated = "not_activated",
        /// No longer uses it.
        Inactive = "inactive",
        /// Did not want it.
        Declined = "declined",
        /// Another role, no longer eligible.
        RoleChange = "role_change",
        /// The identity provider deactivated the person.
        Deactivated = "deactivated",
        /// The identity provider deleted the person.
        Deleted = "deleted",
        /// No rule places the person any more.
        Unmatched = "unmatched",
        /// The pool's term ended.
        TermEnd = "term_end",
        /// Went on in another pool.
        Transferred = "transferred",
        /// Reclaimed as unused.
        Reclaimed = "reclaimed",
        /// It was a mistake.
        ErrorCorrection = "error_correction",
    }
}

impl SeatState {
    /// The account of the seat that an assignment in this state holds, if it holds one.
    pub fn account(self) -> Option<Account> {
        match self {
            Self::Scheduled => Some(Account::Scheduled),
            Self::Assigned => Some(Account::Occupied),
            Self::Grace => Some(Account::Grace),
            Self::None | Self::Waitlisted | Self::Ended => None,
        }
    }
}

impl EndReason {
    /// The reasons an operator may give.
    pub const BY_ADMIN: &'static [Self] = &[
        Self::RemovedByAdmin,
        Self::NotActivated,
        Self::Inactive,
        Self::Declined,
        Self::RoleChange,
        Self::Reclaimed,
        Self::ErrorCorrection,
    ];

    /// Whether such an end blocks a new episode until something about the person changes.
    pub fn is_sticky(self) -> bool {
        self == Self::AccessEndReached || Self::BY_ADMIN.contains(&self)
    }
}

named! {
    /// Why a seat state is what it is, where the state alone does not say.
    SeatReason {
        /// No rule, default track or attribute places the person.
        NoRule = "no_rule",
        /// The track's product has no pool that is live.
        NoPool = "no_pool",
        /// Every seat is taken.
        PoolFull = "pool_full",
        /// Holds a seat that rests: an operator has paused it, or leave.
        Paused = "paused",
        /// Holds a seat and waits for one in another pool.
        TransferWaiting = "transfer_waiting",
        /// The access end date has passed.
        AccessEndReached = "access_end_reached",
        /// The identity provider deactivated the person.
        Deactivated = "deactivated",
        /// So many people were removed at once that the seat is held until somebody decides.
        BreakerTripped = "breaker_tripped",
    }
}

/// One stretch of access: a person's claim to a seat in a pool, on a track, between two instants.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Identifier.
    pub id: Uuid,
    /// Whose.
    pub member: Uuid,
    /// Of what.
    pub product: Uuid,
    /// The coaching track.
    pub track: Uuid,
    /// The pool of the seat held, or else waited for.
    pub pool: Uuid,
    /// 1 for the first; 2 and more for somebody who came back.
    pub episode: i64,
    /// As stored; [`outcome::state_at`] says what it reads as.
    pub state: SeatState,
    /// The number of the seat held, within the pool.
    pub seat: Option<i64>,
    /// The pool in whose line this stands, and since when.
    pub waiting: Option<Waiting>,
    /// Lower goes first in line.
    pub priority_class: i64,
    /// Begin of access; may lie before the seat was taken.
    pub starts_at: Timestamp,
    /// End of access, exclusive.
    pub ends_at: Timestamp,
    /// Which limit set `ends_at`.
    pub end_source: EndSource,
    /// Whether it ever held a seat in use.
    pub held: bool,
    /// When the grace period is over.
    pub grace_until: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended, or will when the grace period is over.
    pub end_reason: Option<EndReason>,
    /// A pause, while the seat is held.
    pub paused: Option<Pause>,
    /// The mapping rule that placed it.
    pub rule: Option<Uuid>,
    /// An operator's extension, which holds until the identity provider sends another end date.
    pub extended: Option<Extended>,
    /// An end that a length of access made and that was kept when the track changed; see
    /// [`placement::kept_end`].
    pub kept_end: Option<Timestamp>,
    /// The placement inputs it was last judged by; see [`decision`].
    pub inputs: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A place in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The pool waited for.
    pub pool: Uuid,
    /// Since when.
    pub since: Timestamp,
}

/// An operator's extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extended {
    /// End of access, exclusive.
    pub until: Timestamp,
    /// The `accessEndDate` it overrides; another one ends the extension.
    pub over: Option<String>,
}

impl Assignment {
    /// Whether it is not over.
    pub fn is_open(&self) -> bool {
        self.state != SeatState::Ended
    }

    /// When the clock alone will change it next.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.state {
            SeatState::Scheduled => Some(self.starts_at.min(self.ends_at)),
            SeatState::Assigned => {
                let resumes = self.paused.and_then(|pause| pause.until);
                Some(resumes.map_or(self.ends_at, |at| at.min(self.ends_at)))
            }
            SeatState::Waitlisted => Some(self.ends_at),
            SeatState::Grace => self.grace_until,
            SeatState::None | SeatState::Ended => None,
        }
    }

    /// The pause that is on at `now`, if one is.
    pub fn paused_at(&self, now: Timestamp) -> Option<Pause> {
        self.paused.filter(|pause| pause.is_on(now))
    }
}

#[cfg(test)]
mod tests;
