//! Planning to erase a person, which takes somebody else's approval.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::draft::Draft;
use super::exclusions::Exclusions;
use super::verb::Verb;
use crate::directory::admin::{not_found, object};
use crate::directory::{Caller, Directory, Error};
use crate::plans::Kind;
use crate::scim::Object;

impl Directory {
    /// Plans to erase a person.
    pub(in crate::directory::admin) async fn plan_erasing(
        &self,
        caller: &Caller,
        who: Uuid,
        now: Timestamp,
    ) -> Result<Object, Error> {
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let exclusions = Exclusions::read(&mut session).await?;
        let found = session.member_by_id(who).await?;
        let member = found.ok_or_else(|| not_found("such person"))?;
        let engagement = session.engagement(who).await?;
        drop(session);
        let mut draft = Draft::new(Kind::Erase, object([("member", json!(who))]), None);
        let item = Verb::Erase.item(&rules, &member, &engagement, &exclusions, now)?;
        draft.add(&member, item, true)?;
        let threshold = rules.catalog.policy.approval_threshold;
        let made = self.planned(caller, draft, (threshold, false), now).await?;
        Ok(made.plan)
    }
}
