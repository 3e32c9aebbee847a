//! Pausing a seat, and letting it run again.

use jiff::Timestamp;
use serde_json::json;

use super::{Change, object};
use crate::directory::engagement::StallClock;
use crate::directory::{Error, person};
use crate::seats::Assignment;
use crate::seats::pause::{ByLeave, Pause, PausedBy, by_leave};
use crate::store::members::Member;

impl Change<'_> {
    /// Pauses an assignment that is in use, or changes its pause.
    pub(in crate::directory) async fn pause(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        pause: Pause,
    ) -> Result<(), Error> {
        a.paused = Some(pause);
        let detail = object(json!({"by": pause.by.as_str(), "until": pause.until}));
        self.line("access.paused", Some(a.member), Some(a.id), None, detail);
        self.keep_paused(member, a).await
    }

    /// Ends an assignment's pause as of `at`.
    pub(in crate::directory) async fn resume(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        at: Timestamp,
    ) -> Result<(), Error> {
        a.paused = None;
        let detail = object(json!({"at": at}));
        self.line("access.resumed", Some(a.member), Some(a.id), None, detail);
        self.tx.note_pause(a.id, None).await?;
        self.keep_paused(member, a).await?;
        if !person::stands_still(member) {
            self.set_stall_clock(member.id, Some(StallClock::RunsFrom(at)));
        }
        Ok(())
    }

    async fn keep_paused(&mut self, member: &mut Member, a: Assignment) -> Result<(), Error> {
        let begun = self.begun.iter_mut().find(|(begun, _)| begun.id == a.id);
        match begun {
            // It is stored when the change is finished.
            Some((begun, _)) => begun.clone_from(&a),
            None => self.tx.save_assignment(&a).await?,
        }
        member.assignment = Some(a);
        self.restall(member.id, Some(person::stands_still(member)));
        Ok(())
    }

    /// Pauses whoever is on leave, where the policy has it so, and ends what leave paused. Answers
    /// whether it did either.
    pub(in crate::directory) async fn heed_leave(
        &mut self,
        member: &mut Member,
    ) -> Result<bool, Error> {
        let Some(a) = member.assignment.clone() else {
            return Ok(false);
        };
        let on_leave = person::is_on_leave(&member.doc);
        let policy = &self.rules.catalog.policy;
        match by_leave(policy, on_leave, &a) {
            None => return Ok(false),
            Some(ByLeave::Ends) => self.resume(member, a, self.now).await?,
            Some(ByLeave::Begins) => {
                let pause = Pause {
                    since: self.now,
                    until: None,
                    by: PausedBy::Leave,
                };
                self.pause(member, a, pause).await?;
            }
        }
        Ok(true)
    }
}
