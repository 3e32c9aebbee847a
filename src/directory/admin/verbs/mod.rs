//! What an operator does to one person. Every verb answers with what came of it, `effects`, and can
//! be tried out first: a `dryRun` does all of it and undoes it.

mod effects;
pub(super) mod end;
pub(super) mod erase;
pub(super) mod extend;
mod identity;
mod overrides;
mod pause;
mod pin;
mod refusal;
mod rehire;
mod revert;
pub(super) mod transfer;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::body::Body;
use super::{find, members, view};
use crate::directory::change::Change;
use crate::directory::rules::Rules;
use crate::directory::{Caller, Directory, Error, Refusal, person};
use crate::scim::Object;
use crate::seats::Assignment;
use crate::seats::placement::Person;
use crate::store::members::Member;
use crate::store::{Session, Tx};

pub(super) use overrides::show as show_overrides;

/// Characters of a note at most.
const NOTE: usize = 1_000;

/// Something that an operator does to a person, in its transaction.
struct Act<'t> {
    change: Change<'t>,
    /// As they are now.
    member: Member,
    /// As they were.
    before: Member,
    now: Timestamp,
    /// Whether it is only tried out.
    dry_run: bool,
}

impl<'t> Act<'t> {
    /// Finds and locks the person.
    async fn on(
        directory: &Directory,
        tx: &'t mut Tx,
        caller: &Caller,
        who: &str,
        (dry_run, now): (bool, Timestamp),
    ) -> Result<Self, Error> {
        if dry_run {
            tx.begin_part().await?;
        }
        let member = find::locked(tx, who).await?;
        let rules = directory.current_rules(tx).await?;
        Ok(Self {
            change: Change::new(tx, rules, caller.by(), now),
            before: member.clone(),
            member,
            now,
            dry_run,
        })
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.change.rules)
    }

    /// The person as the rules see them.
    fn person<'r>(&self, rules: &'r Rules) -> Person<'r> {
        person::person(rules, &self.member)
    }

    /// The assignment that is not over.
    fn open(&self) -> Option<Assignment> {
        self.member.assignment.clone().filter(Assignment::is_open)
    }

    /// Finishes what was done, saves the person where it `changed` them, and answers with them and
    /// all that came of it.
    async fn answer(mut self, caller: &Caller, changed: bool) -> Result<Object, Error> {
        if changed {
            self.change.save_seat(&mut self.member).await?;
        }
        self.change.finish().await?;
        let effects = effects::of(&mut self).await?;
        let rules = self.rules();
        let tx = &mut *self.change.tx;
        let catalog = &rules.catalog;
        let mut seen = members::seen(tx, caller, &self.member, catalog, self.now).await?;
        overrides::show(&mut seen, tx, &self.member).await?;
        let promoted = briefly(tx, &self.change.promoted).await?;
        if self.dry_run {
            tx.undo_part().await?;
        }
        Ok(super::object([
            ("member", seen.into()),
            ("effects", effects.into()),
            ("promoted", promoted),
            ("dryRun", self.dry_run.into()),
        ]))
    }
}

/// The fields of a verb's body: its own, `note` and `dryRun`.
fn body(body: Value, fields: &[&str]) -> Result<Body, Refusal> {
    let known: Vec<_> = fields.iter().copied().chain(["note", "dryRun"]).collect();
    let body = Body::of(body, &known)?;
    // Not every act keeps its note, and each refuses one that is none.
    note(&body)?;
    Ok(body)
}

fn note(body: &Body) -> Result<Option<String>, Refusal> {
    body.text("note", NOTE)
}

fn dry_run(body: &Body) -> Result<bool, Refusal> {
    Ok(body.flag("dryRun")?.unwrap_or(false))
}

/// Who these people are.
pub(super) async fn briefly(session: &mut Session, members: &[uuid::Uuid]) -> Result<Value, Error> {
    let mut briefs = Vec::with_capacity(members.len());
    for id in members {
        if let Some(member) = session.member_by_id(*id).await? {
            briefs.push(view::brief(&member));
        }
    }
    Ok(json!(briefs))
}
