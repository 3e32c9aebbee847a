//! What it takes to undo a line of the ledger: what was done together with it, where the person was
//! before, and what stands in the way.

use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::past::{Past, Step};
use super::pin::Field;
use super::{EndReason, EndSource, SeatState, named};

named! {
    /// Why an operator undoes something.
    Why {
        /// It was done by mistake.
        ErrorCorrection = "error_correction",
        /// It was meant for somebody else.
        WrongPerson = "wrong_person",
        /// It was decided otherwise since.
        DecisionChanged = "decision_changed",
    }
}

/// A line of one person's.
#[derive(Debug, Clone, Copy)]
pub struct Line<'l> {
    /// Identifier.
    pub id: Uuid,
    /// Who.
    pub actor: &'l str,
    /// The request it came from.
    pub cause: &'l str,
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: Step<'l>,
}

/// A pin as it was: the value and until when it holds.
pub type Pinned = (String, Option<Timestamp>);

/// What undoes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// Access that is over goes on until when it would have ended.
    Reopen,
    /// Access ends when it did before.
    EndAt(Timestamp, Option<EndSource>),
    /// An episode that was reopened, or began, is over again.
    EndAgain,
    /// The pause is what it was: none, or until then.
    Pause(Option<Timestamp>),
    /// The pins of these fields are what they were, and so are track and pool.
    Place(Vec<(Field, Option<Pinned>)>),
}

/// Something that can be undone.
#[derive(Debug, Clone, PartialEq)]
pub struct Undoing {
    /// How.
    pub undo: Undo,
    /// Where the person was before.
    pub before: Past,
}

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// It cannot be undone; why, in words.
    Never(&'static str),
    /// This line came later, and is about the same.
    Since(usize),
}

/// Actions that say nothing of a person's access.
const BESIDE: [&str; 3] = ["member.nudged", "nudge.answered", "waitlist.prioritised"];

/// Looks at what it takes to undo one of a person's lines, which are in their order.
///
/// # Errors
/// What stands in the way.
pub fn undoing(lines: &[Line<'_>], at: usize) -> Result<Undoing, Hindrance> {
    let unknown = Hindrance::Never("it is about nobody");
    let line = lines.get(at).ok_or(unknown)?;
    let group = together(lines, at);
    let (earlier, later) = (
        lines.get(..group.start).unwrap_or_default(),
        lines.get(group.end..).unwrap_or_default(),
    );
    let done = lines.get(group.clone()).unwrap_or_default();
    let undo = undo(line, done, earlier)?;
    let since = later
        .iter()
        .position(|line| !BESIDE.contains(&line.step.action));
    if let Some(since) = since {
        return Err(Hindrance::Since(group.end + since));
    }
    let before = Past::of(earlier.iter().map(|line| line.step), line.at);
    let undo = match undo {
        Undo::Pause(_) => Undo::Pause(before.paused),
        undo => undo,
    };
    Ok(Undoing { undo, before })
}

/// The lines of one request: those around it with the same cause, actor and time.
fn together(lines: &[Line<'_>], at: usize) -> Range<usize> {
    let key = |line: &Line<'_>| (line.cause.to_owned(), line.actor.to_owned(), line.at);
    let of = lines.get(at).map(key);
    let same = |line: &&Line<'_>| Some(key(line)) == of;
    let before = lines.get(..at).unwrap_or_default();
    let before = before.iter().rev().take_while(same).count();
    let after = lines.get(at..).unwrap_or_default();
    let after = after.iter().take_while(same).count();
    at - before..at + after
}

fn undo(line: &Line<'_>, done: &[Line<'_>], earlier: &[Line<'_>]) -> Result<Undo, Hindrance> {
    let has = |action: &str| done.iter().any(|line| line.step.action == action);
    let text = |key: &str| line.step.detail.get(key).and_then(Value::as_str);
    if line.actor == "clock" {
        return Err(Hindrance::Never("the clock did it, and no operator"));
    }
    match line.step.action {
        "access.ended" => {
            let reason = text("reason").and_then(|reason| reason.parse::<EndReason>().ok());
            match reason {
                Some(reason) if EndReason::BY_ADMIN.contains(&reason) => Ok(Undo::Reopen),
                _ => Err(Hindrance::Never("no operator ended it")),
            }
        }
        "access.extended" if has("seat.reopened") || began(done) => Ok(Undo::EndAgain),
        "access.extended" if has("seat.transferred") => Err(Hindrance::Never(
            "it moved the person to another pool; transfer them back",
        )),
        "access.extended" => {
            let from = text("from").and_then(|from| from.parse().ok());
            let steps = earlier.iter().map(|line| line.step);
            let source = Past::of(steps, line.at).end_source;
            from.map(|from| Undo::EndAt(from, source))
                .ok_or(Hindrance::Never("it does not say what was before"))
        }
        "access.paused" if text("by") == Some("leave") => {
            Err(Hindrance::Never("leave paused it, and ends that"))
        }
        "access.paused" | "access.resumed" => Ok(Undo::Pause(None)),
        "pin.set" | "pin.lifted" | "track.changed" | "seat.transferred" => {
            Ok(Undo::Place(pins(done, earlier)))
        }
        _ => Err(Hindrance::Never(
            "only what ends, extends, transfers, pins or pauses can be undone",
        )),
    }
}

/// Whether an episode began.
fn began(done: &[Line<'_>]) -> bool {
    done.iter().any(|line| {
        let to = line.step.moved.map(|(to, _)| to);
        let seated = matches!(to, Some("occupied" | "scheduled"));
        line.step.action == "seat.waitlisted" || (seated && line.step.action != "seat.transferred")
    })
}

/// The fields that were pinned or lifted, each as it was before.
fn pins(done: &[Line<'_>], earlier: &[Line<'_>]) -> Vec<(Field, Option<Pinned>)> {
    let mut before: Vec<(Field, Option<Pinned>)> = Vec::new();
    for line in done {
        if let Some((field, _)) = pin(line.step)
            && before.iter().all(|(known, _)| *known != field)
        {
            let last = earlier.iter().rev().filter_map(|line| pin(line.step));
            let mut last = last.filter(|(of, _)| *of == field);
            before.push((field, last.next().and_then(|(_, pinned)| pinned)));
        }
    }
    before
}

/// The field that a line pins, with its value, or lifts.
fn pin(step: Step<'_>) -> Option<(Field, Option<Pinned>)> {
    let text = |key: &str| step.detail.get(key).and_then(Value::as_str);
    let field = text("field")?.parse().ok()?;
    match step.action {
        "pin.set" => {
            let until = text("until").and_then(|until| until.parse().ok());
            Some((field, Some((text("value")?.to_owned(), until))))
        }
        "pin.lifted" => Some((field, None)),
        _ => None,
    }
}

/// Whether somebody is where they were.
pub fn is_back(before: &Past, track: &str, pool: &str) -> bool {
    let held = matches!(
        before.seat_state(),
        SeatState::Assigned | SeatState::Scheduled
    );
    let same = |was: &Option<String>, is: &str| was.as_deref().is_none_or(|was| was == is);
    !held || (same(&before.track, track) && same(&before.pool, pool))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    const HOUR: [&str; 4] = [
        "2027-01-01T00:00:00Z",
        "2027-01-02T00:00:00Z",
        "2027-01-03T00:00:00Z",
        "2027-01-04T00:00:00Z",
    ];

    /// Lines of one assignment: the request's number, action, account moved to, detail.
    fn look(of: &[(usize, &str, Option<&str>, Value)], at: usize) -> Result<Undoing, Hindrance> {
        let details: Vec<Map<String, Value>> = of
            .iter()
            .map(|(.., d)| d.as_object().unwrap().clone())
            .collect();
        let lines: Vec<_> = of
            .iter()
            .zip(&details)
            .map(|((request, action, to, _), detail)| Line {
                id: Uuid::nil(),
                actor: "token:a",
                cause: HOUR.get(*request).unwrap(),
                at: HOUR.get(*request).unwrap().parse().unwrap(),
                step: Step {
                    action,
                    assignment: (!action.starts_with("pin")).then_some(Uuid::nil()),
                    moved: to.map(|to| (to, "main")),
                    detail,
                },
            })
            .collect();
        undoing(&lines, at)
    }

    fn hired() -> (usize, &'static str, Option<&'static str>, Value) {
        let placed = json!({"track": "growth", "pool": "main", "startsAt": HOUR[0],
                            "endsAt": "2028-01-01T00:00:00Z", "source": "rule"});
        (0, "seat.assigned", Some("occupied"), placed)
    }

    #[test]
    fn what_came_with_it_is_undone_with_it_and_what_came_later_stands_in_the_way() {
        let ended = (1, "access.ended", None, json!({"reason": "inactive"}));
        let freed = (1, "seat.freed", Some("available"), json!({}));
        let lines = [hired(), ended, freed];
        assert_eq!(look(&lines, 1).unwrap().undo, Undo::Reopen);
        let nudged = (2, "member.nudged", None, json!({}));
        let back = (3, "seat.reopened", Some("occupied"), json!({}));
        let mut lines = lines.to_vec();
        lines.push(nudged);
        assert_eq!(look(&lines, 1).unwrap().undo, Undo::Reopen);
        lines.push(back);
        assert_eq!(look(&lines, 1), Err(Hindrance::Since(4)));
    }

    #[test]
    fn what_no_operator_did_is_not_undone() {
        let ended = (1, "access.ended", None, json!({"reason": "deactivated"}));
        let freed = (1, "seat.freed", Some("available"), json!({}));
        let leave = (1, "access.paused", None, json!({"by": "leave"}));
        for (line, at) in [(ended.clone(), 1), (leave, 1), (freed, 1), (hired(), 0)] {
            let found = look(&[hired(), line], at);
            assert!(matches!(found, Err(Hindrance::Never(_))), "{found:?}");
        }
    }

    #[test]
    fn an_extension_goes_back_to_the_end_before() {
        let until = json!({"from": "2028-01-01T00:00:00Z", "until": "2028-06-01T00:00:00Z",
                           "source": "admin"});
        let undone = look(&[hired(), (1, "access.extended", None, until.clone())], 1);
        let before = "2028-01-01T00:00:00Z".parse().unwrap();
        let expected = Undo::EndAt(before, Some(EndSource::Rule));
        assert_eq!(undone.unwrap().undo, expected);
        let reopened = (1, "seat.reopened", Some("occupied"), json!({}));
        let lines = [
            hired(),
            (1, "access.extended", None, until.clone()),
            reopened,
        ];
        assert_eq!(look(&lines, 1).unwrap().undo, Undo::EndAgain);
        let moved = (1, "seat.transferred", Some("occupied"), json!({}));
        let lines = [hired(), (1, "access.extended", None, until), moved];
        assert!(matches!(look(&lines, 1), Err(Hindrance::Never(_))));
    }

    #[test]
    fn pins_go_back_to_what_they_were() {
        let set = |value: &str| json!({"field": "track", "value": value, "until": null});
        let lines = [
            hired(),
            (1, "pin.set", None, set("lead")),
            (2, "pin.set", None, set("exec")),
            (
                2,
                "track.changed",
                None,
                json!({"from": "lead", "to": "exec"}),
            ),
        ];
        let before = Some(("lead".to_owned(), None));
        let expected = Undo::Place(vec![(Field::Track, before)]);
        assert_eq!(look(&lines, 3).unwrap().undo, expected);
        assert_eq!(look(&lines, 2).unwrap().undo, expected);
        assert_eq!(
            look(&lines[..2], 1).unwrap().undo,
            Undo::Place(vec![(Field::Track, None)])
        );
    }

    #[test]
    fn a_pause_goes_back_to_what_it_was() {
        let until = json!({"by": "admin", "until": "2027-06-01T00:00:00Z"});
        let lines = [
            hired(),
            (1, "access.paused", None, until),
            (2, "access.resumed", None, json!({})),
        ];
        let until = "2027-06-01T00:00:00Z".parse().unwrap();
        assert_eq!(look(&lines, 2).unwrap().undo, Undo::Pause(Some(until)));
        assert_eq!(look(&lines[..2], 1).unwrap().undo, Undo::Pause(None));
    }
}
