//! Where a person was at a past moment, by what the ledger has of them until then: a fold of its
//! lines in their order. What no line says is unknown, and stays so.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::outcome::AccessLevel;
use super::{EndReason, EndSource, IdentityState, SeatState};

/// What a line says besides, by the action.
type Detail = Map<String, Value>;

/// A line of the ledger, as far as it tells where a person is.
#[derive(Debug, Clone, Copy)]
pub struct Step<'l> {
    /// What happened.
    pub action: &'l str,
    /// To which assignment.
    pub assignment: Option<Uuid>,
    /// The account and the pool's key of a seat that moved.
    pub moved: Option<(&'l str, &'l str)>,
    /// More.
    pub detail: &'l Detail,
}

/// Where a person was.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Past {
    /// Who they were to the identity provider; none before they were made.
    pub identity: Option<IdentityState>,
    /// The assignment that was open, or else the last.
    pub assignment: Option<Uuid>,
    /// What became of it.
    pub state: Option<SeatState>,
    /// Key of the track.
    pub track: Option<String>,
    /// Key of the pool.
    pub pool: Option<String>,
    /// Begin of access.
    pub starts_at: Option<Timestamp>,
    /// End of access, exclusive, as it was then expected or had come.
    pub ends_at: Option<Timestamp>,
    /// Which limit set it.
    pub end_source: Option<EndSource>,
    /// When the grace period would be over.
    pub grace_until: Option<Timestamp>,
    /// Why it ended, or would.
    pub end_reason: Option<EndReason>,
    /// Until when a seat that was in use rested, if it did.
    pub paused: Option<Timestamp>,
    /// Whether a seat had ever been in use.
    pub held: bool,
}

impl Past {
    /// What these lines, the oldest first, come to at the moment `at` that follows them.
    pub fn of<'l>(steps: impl Iterator<Item = Step<'l>>, at: Timestamp) -> Self {
        let mut past = Self::default();
        for step in steps {
            past.take(step);
        }
        past.elapse(at);
        past
    }

    /// The seat state; none for somebody who never had a claim.
    pub fn seat_state(&self) -> SeatState {
        self.state.unwrap_or(SeatState::None)
    }

    /// What the person could do on the coaching platform.
    pub fn access_level(&self) -> AccessLevel {
        match (self.identity, self.seat_state()) {
            (Some(IdentityState::Active), SeatState::Assigned) if self.paused.is_none() => {
                AccessLevel::Full
            }
            (Some(IdentityState::Active), _) if self.held => AccessLevel::Archive,
            _ => AccessLevel::None,
        }
    }

    fn take(&mut self, step: Step<'_>) {
        match step.action {
            "member.created" | "member.relinked" | "member.reactivated" => {
                let is_active = step.detail.get("active").and_then(Value::as_bool);
                self.identity = Some(match is_active {
                    Some(false) => IdentityState::Inactive,
                    _ => IdentityState::Active,
                });
            }
            "member.deactivated" => self.identity = Some(IdentityState::Inactive),
            "member.deleted" => self.identity = Some(IdentityState::Deleted),
            "member.erased" => self.identity = Some(IdentityState::Erased),
            _ => {}
        }
        let Some(assignment) = step.assignment else {
            return;
        };
        if self.assignment != Some(assignment) {
            *self = Self {
                identity: self.identity,
                held: self.held,
                assignment: Some(assignment),
                ..Self::default()
            };
        }
        match (step.action, step.moved) {
            // Names where they wait, not where they are.
            ("seat.transfer_waiting", _) => {}
            ("access.paused", _) => {
                self.paused = instant(step.detail, "until").or(Some(Timestamp::MAX));
            }
            ("access.resumed", _) => self.paused = None,
            ("access.changed", _) => self.dates(step.detail),
            ("access.extended", _) => {
                self.ends_at = instant(step.detail, "until").or(self.ends_at);
                self.end_source = named(step.detail, "source").or(Some(EndSource::Admin));
            }
            ("track.changed", _) => self.track = text(step.detail, "to").or(self.track.take()),
            ("access.ended", _) => {
                self.state = Some(SeatState::Ended);
                self.end_reason = named(step.detail, "reason");
                self.grace_until = None;
            }
            ("seat.waitlisted", _) => {
                self.state = Some(SeatState::Waitlisted);
                self.pool = text(step.detail, "pool").or(self.pool.take());
                self.placed(step.detail);
            }
            (_, Some((to, pool))) => self.moved(to, pool, step.detail),
            _ => {}
        }
    }

    /// A seat came to an account of those that somebody holds.
    fn moved(&mut self, to: &str, pool: &str, detail: &Detail) {
        let state = match to {
            "scheduled" => SeatState::Scheduled,
            "occupied" => SeatState::Assigned,
            "grace" => SeatState::Grace,
            // What they gave up.
            _ => return,
        };
        self.held |= state != SeatState::Scheduled;
        self.grace_until = None;
        self.end_reason = None;
        if state == SeatState::Grace {
            self.grace_until = instant(detail, "until");
            self.end_reason = named(detail, "reason");
        } else {
            self.placed(detail);
        }
        self.state = Some(state);
        self.pool = Some(pool.to_owned());
    }

    fn placed(&mut self, detail: &Detail) {
        self.track = text(detail, "track").or(self.track.take());
        self.dates(detail);
    }

    fn dates(&mut self, detail: &Detail) {
        self.starts_at = instant(detail, "startsAt").or(self.starts_at);
        self.ends_at = instant(detail, "endsAt").or(self.ends_at);
        self.end_source = named(detail, "source").or(self.end_source);
    }

    /// What the clock had changed by then, written down or not.
    fn elapse(&mut self, at: Timestamp) {
        self.paused = self.paused.filter(|until| *until > at);
        let over = self.ends_at.is_some_and(|ends| ends <= at);
        self.state = match self.state {
            Some(SeatState::Scheduled) if over => Some(SeatState::Ended),
            Some(SeatState::Scheduled) if self.starts_at.is_some_and(|starts| starts <= at) => {
                self.held = true;
                Some(SeatState::Assigned)
            }
            Some(SeatState::Assigned | SeatState::Waitlisted) if over => Some(SeatState::Ended),
            Some(SeatState::Grace) if self.grace_until.is_some_and(|until| until <= at) => {
                Some(SeatState::Ended)
            }
            state => state,
        };
    }
}

fn text(detail: &Detail, key: &str) -> Option<String> {
    detail.get(key)?.as_str().map(str::to_owned)
}

fn instant(detail: &Detail, key: &str) -> Option<Timestamp> {
    detail.get(key)?.as_str()?.parse().ok()
}

fn named<T: std::str::FromStr>(detail: &Detail, key: &str) -> Option<T> {
    detail.get(key)?.as_str()?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: &Value) -> Detail {
        value.as_object().unwrap().clone()
    }

    /// Lines of one assignment, as `change` writes them: action, account moved to, detail.
    fn past(lines: &[(&str, Option<&str>, Value)], at: &str) -> Past {
        let details: Vec<_> = lines.iter().map(|(_, _, d)| object(d)).collect();
        let steps = lines
            .iter()
            .zip(&details)
            .map(|((action, to, _), detail)| Step {
                action,
                assignment: (!action.starts_with("member")).then_some(Uuid::nil()),
                moved: to.map(|to| (to, "main")),
                detail,
            });
        Past::of(steps, at.parse().unwrap())
    }

    fn hired() -> Vec<(&'static str, Option<&'static str>, Value)> {
        let placed = json!({"track": "growth", "pool": "main", "startsAt": "2026-01-01T00:00:00Z",
                            "endsAt": "2026-07-01T00:00:00Z", "source": "rule"});
        vec![
            ("member.created", None, json!({})),
            ("seat.assigned", Some("occupied"), placed),
        ]
    }

    #[test]
    fn a_paused_seat_shows_the_archive_until_it_runs_again() {
        let mut lines = hired();
        lines.push((
            "access.paused",
            None,
            json!({"until": "2026-03-01T00:00:00Z"}),
        ));
        let then = past(&lines, "2026-02-01T00:00:00Z");
        assert_eq!(then.access_level(), AccessLevel::Archive);
        let later = past(&lines, "2026-03-01T00:00:00Z");
        assert_eq!(later.access_level(), AccessLevel::Full);
        lines.push(("access.resumed", None, json!({})));
        let resumed = past(&lines, "2026-02-01T00:00:00Z");
        assert_eq!(resumed.access_level(), AccessLevel::Full);
    }

    #[test]
    fn a_seat_is_had_from_its_line_on_until_its_date() {
        let before = past(&[], "2025-01-01T00:00:00Z");
        assert_eq!(
            (before.identity, before.seat_state()),
            (None, SeatState::None)
        );
        let then = past(&hired(), "2026-02-01T00:00:00Z");
        assert_eq!(then.seat_state(), SeatState::Assigned);
        assert_eq!(then.access_level(), AccessLevel::Full);
        assert_eq!(
            (then.track.as_deref(), then.pool.as_deref()),
            (Some("growth"), Some("main"))
        );
        assert_eq!(then.end_source, Some(EndSource::Rule));
        let later = past(&hired(), "2026-07-01T00:00:00Z");
        assert_eq!(
            later.seat_state(),
            SeatState::Ended,
            "nobody had to write it down"
        );
        assert_eq!(later.access_level(), AccessLevel::Archive);
    }

    #[test]
    fn grace_and_what_follows() {
        let mut lines = hired();
        lines.push(("member.deactivated", None, json!({})));
        let until = json!({"reason": "deactivated", "until": "2026-03-15T00:00:00Z"});
        lines.push(("seat.grace_started", Some("grace"), until));
        let then = past(&lines, "2026-03-02T00:00:00Z");
        assert_eq!(then.seat_state(), SeatState::Grace);
        assert_eq!(then.access_level(), AccessLevel::None);
        assert_eq!(then.end_reason, Some(EndReason::Deactivated));
        lines.push(("member.reactivated", None, json!({})));
        lines.push(("seat.restored", Some("occupied"), json!({})));
        let then = past(&lines, "2026-03-20T00:00:00Z");
        assert_eq!(then.seat_state(), SeatState::Assigned);
        assert_eq!((then.grace_until, then.end_reason), (None, None));
        assert_eq!(
            then.track.as_deref(),
            Some("growth"),
            "what is not said stays"
        );
    }

    #[test]
    fn what_is_given_up_or_waited_for_is_not_where_they_are() {
        let mut lines = hired();
        let other = json!({"track": "sales", "pool": "other"});
        lines.push(("seat.transfer_waiting", None, other));
        lines.push(("seat.freed", Some("available"), json!({})));
        let then = past(&lines, "2026-02-01T00:00:00Z");
        assert_eq!(then.seat_state(), SeatState::Assigned);
        assert_eq!(
            (then.track.as_deref(), then.pool.as_deref()),
            (Some("growth"), Some("main"))
        );
        lines.push((
            "track.changed",
            None,
            json!({"from": "growth", "to": "sales"}),
        ));
        lines.push((
            "access.extended",
            None,
            json!({"until": "2026-09-01T00:00:00Z"}),
        ));
        let then = past(&lines, "2026-08-01T00:00:00Z");
        assert_eq!(then.track.as_deref(), Some("sales"));
        assert_eq!(then.seat_state(), SeatState::Assigned);
        assert_eq!(then.end_source, Some(EndSource::Admin));
    }

    #[test]
    fn what_no_line_says_is_unknown() {
        let old = [(
            "seat.assigned",
            Some("occupied"),
            json!({"track": "growth"}),
        )];
        let then = past(&old, "2026-08-01T00:00:00Z");
        assert_eq!(
            (then.ends_at, then.starts_at, then.identity),
            (None, None, None)
        );
        assert_eq!(then.seat_state(), SeatState::Assigned);
    }
}
