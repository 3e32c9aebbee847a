//! People who are missing in a file that should have all.

use super::Watch;
use crate::directory::change::Change;
use crate::directory::{Caller, Directory, Error, users};
use crate::store::imports::{Counts, ImportRun};
use crate::store::transact;

/// People in a transaction.
const BATCH: i64 = 50;

impl Directory {
    /// Ends those people's time, never more than were confirmed.
    pub(super) async fn end_omitted(
        &self,
        caller: &Caller,
        run: &ImportRun,
        confirmed: i64,
        watch: &Watch<'_>,
    ) -> Result<(), Error> {
        let mut left = confirmed;
        while left > 0 {
            let now = (watch.now)();
            let ended = transact!(self.store, caller.tenant, |tx| {
                let ids = tx.omitted(run.id, run.connection, BATCH.min(left)).await?;
                let rules = self.current_rules(tx).await?;
                let mut change = Change::new(tx, rules, caller.by(), now);
                let mut ended = 0;
                for id in ids {
                    let Some(mut member) = change.tx.lock_member(id).await? else {
                        continue;
                    };
                    if member.catalog_version > change.rules.catalog.version {
                        return Err(crate::store::Error::Again.into());
                    }
                    let mut doc = member.doc.clone();
                    doc.insert("active".into(), false.into());
                    users::rewrite(&mut change, &mut member, doc, true, now).await?;
                    ended += 1;
                }
                change.finish().await?;
                let counts = Counts {
                    deactivated: ended,
                    ..Counts::default()
                };
                tx.import_went_on(run.id, &counts, now).await?;
                Ok::<_, Error>(ended)
            })?;
            if ended == 0 {
                break;
            }
            left -= ended;
        }
        Ok(())
    }
}
