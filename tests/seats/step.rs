//! What may happen in a history.

/// One thing that happens. People are numbers, pools and tracks their keys.
///
/// Written out with `{:?}` it is as it is written here, so that a history that failed can be pasted
/// into `regressions.rs`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    // What identity providers do.
    Create {
        who: usize,
        track: Option<&'static str>,
        pool: Option<&'static str>,
        starts_in: Option<i64>,
        ends_in: Option<i64>,
    },
    /// Comes back under the same worker identifier and another name.
    Rehire {
        who: usize,
        pool: Option<&'static str>,
    },
    /// This person is deleted, and somebody new comes with nothing but their address.
    Stranger {
        who: usize,
    },
    /// Writes the whole resource.
    Put {
        who: usize,
        track: Option<&'static str>,
        pool: Option<&'static str>,
        active: bool,
    },
    Pool {
        who: usize,
        pool: Option<&'static str>,
    },
    Active {
        who: usize,
        active: bool,
    },
    EndDate {
        who: usize,
        ends_in: Option<i64>,
    },
    Track {
        who: usize,
        track: Option<&'static str>,
    },
    Title {
        who: usize,
        title: &'static str,
    },
    /// Writes `employmentStatus`; `leave` pauses.
    Employ {
        who: usize,
        status: &'static str,
    },
    /// Writes the last day of work.
    Terminate {
        who: usize,
        ends_in: Option<i64>,
    },
    Delete {
        who: usize,
    },
    /// Deactivates several at once.
    Cut {
        who: [usize; 3],
    },
    Join {
        who: usize,
    },
    Leave {
        who: usize,
    },

    // What operators do to one person.
    End {
        who: usize,
    },
    Extend {
        who: usize,
        days: i64,
        pool: Option<&'static str>,
    },
    Pause {
        who: usize,
        hours: Option<i64>,
    },
    Resume {
        who: usize,
    },
    Transfer {
        who: usize,
        track: &'static str,
        pool: Option<&'static str>,
        wait: bool,
    },
    /// Pins a pool, or lifts that.
    Pin {
        who: usize,
        pool: Option<&'static str>,
        hours: Option<i64>,
    },
    /// An operator turns somebody on or off, against the identity provider.
    Turn {
        who: usize,
        on: bool,
    },
    /// Plans it, has it approved and applies it.
    Erase {
        who: usize,
    },
    /// Decides the oldest review: the same person, or two.
    Review {
        same: bool,
    },
    /// Asks somebody whether they keep the seat, and what they answer.
    Ask {
        who: usize,
        keeps: bool,
    },
    /// Gives somebody in line, counted round and round, another priority.
    Prioritise {
        place: usize,
        class: i64,
    },
    Promote,

    // Invitations and files.
    Invite {
        who: usize,
        pool: Option<&'static str>,
        hours: Option<i64>,
    },
    /// Calls off the newest invitation that is not sent.
    CallOff,
    /// Sends the newest that was sent again.
    Resend,
    Import {
        who: usize,
        track: Option<&'static str>,
        pool: Option<&'static str>,
        ends_in: Option<i64>,
    },
    /// A file of one leaver.
    Leaver {
        who: usize,
        ends_in: Option<i64>,
    },

    // Plans; the last three are about the newest.
    Plan {
        what: Planned,
        who: (usize, usize),
    },
    PlanRule {
        track: &'static str,
        pool: Option<&'static str>,
    },
    Approve,
    Apply,
    Reject,

    // What decides who has what.
    /// Changes the group's rule.
    Rule {
        track: &'static str,
        pool: Option<&'static str>,
    },
    Buy {
        pool: &'static str,
        seats: i64,
    },
    /// Seats held back.
    Reserve {
        pool: &'static str,
        seats: i64,
    },
    /// Opens or closes a pool.
    Open {
        pool: &'static str,
        open: bool,
    },
    /// What a pool falls back on.
    Fallback {
        pool: Option<&'static str>,
    },
    /// Moves the end of a pool's term.
    Term {
        pool: &'static str,
        ends_in: i64,
    },
    /// How many people a connection may remove within an hour.
    Guard {
        most: i64,
    },
    /// Decides what becomes of whom a tripped breaker holds.
    Decide {
        restore: bool,
    },

    /// What the coaching platform tells.
    Tell {
        who: usize,
        kind: &'static str,
        hours_ago: i64,
    },
    Wait {
        hours: i64,
    },
}

/// What is planned for many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Planned {
    End,
    Extend,
    Transfer,
    /// Of whoever has not activated the account, whoever they are.
    Reclaim,
    Erase,
}

/// What the same step a second time may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing at all: no access, and no line of the ledger.
    Nothing,
    /// Nobody's access.
    Access,
    /// It is another thing the second time.
    Another,
}

impl Step {
    /// What doing it a second time may change (invariant 9).
    pub(super) fn again(&self) -> Again {
        match self {
            // The second try is refused, and that is told.
            Self::Create { .. }
            | Self::Rehire { .. }
            | Self::Import { .. }
            | Self::Leaver { .. }
            | Self::Invite { .. }
            | Self::Rule { .. }
            | Self::Term { .. }
            | Self::Guard { .. }
            | Self::Reserve { .. }
            | Self::Open { .. }
            | Self::Fallback { .. } => Again::Access,
            Self::Wait { .. }
            | Self::Stranger { .. }
            // A second one of the same name would be somebody else.
            | Self::Delete { .. }
            | Self::Extend { .. }
            | Self::Buy { .. }
            | Self::Erase { .. }
            | Self::Review { .. }
            | Self::Ask { .. }
            | Self::Prioritise { .. }
            | Self::CallOff
            | Self::Resend
            | Self::Plan { .. }
            | Self::PlanRule { .. } => Again::Another,
            _ => Again::Nothing,
        }
    }

    /// Whose access it is about; none where it is about nobody's.
    pub(super) fn who(&self) -> Option<usize> {
        match *self {
            Self::Put { who, .. }
            | Self::Stranger { who }
            | Self::Pool { who, .. }
            | Self::Active { who, .. }
            | Self::EndDate { who, .. }
            | Self::Track { who, .. }
            | Self::Employ { who, .. }
            | Self::Terminate { who, .. }
            | Self::Delete { who }
            | Self::Join { who }
            | Self::Leave { who }
            | Self::End { who }
            | Self::Turn { who, .. }
            | Self::Erase { who }
            | Self::Ask { who, .. }
            | Self::Import { who, .. }
            | Self::Leaver { who, .. } => Some(who),
            _ => None,
        }
    }
}
