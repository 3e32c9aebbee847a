//! People whom a file makes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::batch::Reader;
use super::groups::Named;
use super::report::Report;
use super::step::IMPORT;
use crate::directory::change::Change;
use crate::directory::users::Making;
use crate::directory::{Caller, Error, person, users};
use crate::scim::Object;
use crate::store::{self, Tx};

impl Reader<'_> {
    /// Makes people, all with the same few statements.
    pub(super) async fn create_all(
        &self,
        change: &mut Change<'_>,
        new: Vec<(Object, Vec<Named>)>,
        report: &mut Report,
        now: Timestamp,
    ) -> Result<(), Error> {
        if new.is_empty() {
            return Ok(());
        }
        let caller = self.creator();
        change.expect(new.len());
        let mut people = Vec::with_capacity(new.len());
        let mut joined: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for (doc, groups) in new {
            let id = Uuid::now_v7();
            let made = making(id, &groups);
            let mut member = users::newcomer(&caller, made, doc, &change.rules, now)?;
            for (group, _) in groups {
                joined.entry(group).or_default().push(id);
            }
            change.log("member.created", Some(id), Object::new());
            change.settle_next(&mut member).await?;
            let keys = person::keys(&member, &change.rules, now);
            people.push((member, keys));
        }
        if !change.tx.insert_members(&people).await? {
            // Which of them it was is found out one by one.
            return Err(store::Error::Taken.into());
        }
        for (group, users) in joined {
            change.tx.join_group(group, &users, now).await?;
        }
        let ids: BTreeSet<_> = people.iter().map(|(member, _)| member.id).collect();
        report.named.extend(ids.iter().copied());
        change.store_newcomers(&ids).await
    }

    /// Makes one person, who may have been here before.
    pub(super) async fn create(
        &self,
        tx: &mut Tx,
        (doc, groups): (Object, Vec<Named>),
        report: &mut Report,
        now: Timestamp,
    ) -> Result<(), Error> {
        let judged = self.directory.judge_newcomer(tx, &doc).await?;
        let made = making(Uuid::now_v7(), &groups);
        let (caller, directory) = (self.creator(), self.directory);
        let (member, _) = directory
            .create(tx, &caller, made, doc, now, judged)
            .await?;
        report.named.push(member.id);
        Ok(())
    }

    /// The caller, of the connection that the file is from.
    fn creator(&self) -> Caller {
        Caller {
            connection: self.run.connection,
            ..self.caller.clone()
        }
    }
}

fn making(id: Uuid, groups: &[Named]) -> Making<'_> {
    Making {
        id,
        managed_by: IMPORT,
        groups,
    }
}
