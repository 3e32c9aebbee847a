//! Carrying out an operator's extension.

use serde_json::json;

use super::take::Got;
use super::{Change, account, object, placed};
use crate::directory::{Code, Error, Refusal};
use crate::seats::extension::Extension;
use crate::seats::placement::Target;
use crate::seats::{Account, Assignment, EndSource, Extended};
use crate::store;
use crate::store::members::Member;

/// An extension that the rules allow.
pub(in crate::directory) struct Granted<'c> {
    pub(in crate::directory) extension: Extension,
    pub(in crate::directory) extended: Extended,
    /// The track, and the one pool with the time of access in it.
    pub(in crate::directory) target: Target<'c>,
    /// The person's placement inputs.
    pub(in crate::directory) inputs: String,
}

impl Change<'_> {
    /// Extends access. Answers whether anything changed.
    pub(in crate::directory) async fn extend(
        &mut self,
        member: &mut Member,
        mut last: Assignment,
        granted: Granted<'_>,
    ) -> Result<bool, Error> {
        let Some((pool, window)) = granted.target.pools.first().copied() else {
            return Err(store::Error::Inconsistent("an extension without a pool").into());
        };
        let known = last.extended.as_ref() == Some(&granted.extended);
        let same = granted.extension == Extension::Longer && known;
        if same && last.ends_at == window.ends_at {
            return Ok(false);
        }
        let detail = object(json!({
            "from": last.ends_at, "until": window.ends_at, "pool": pool.key,
            "source": window.end_source.as_str(),
        }));
        self.line(
            "access.extended",
            Some(member.id),
            Some(last.id),
            None,
            detail,
        );
        last.extended = Some(granted.extended.clone());
        match granted.extension {
            Extension::Longer => {
                last.ends_at = window.ends_at;
                last.end_source = window.end_source;
                self.tx.save_assignment(&last).await?;
                self.wait_longer(member, &last).await?;
                member.assignment = Some(last);
            }
            Extension::Move => {
                if last.seat.is_some() {
                    self.need(last.pool)?;
                }
                let Got::Seat { n, overage, .. } = self.allocate(&granted.target, false).await?
                else {
                    let detail = format!("no seat is free in the pool '{}'", pool.key);
                    return Err(Refusal::new(409, Code::PoolFull, detail).into());
                };
                let seat = (pool, window, n, overage);
                self.reseat(member, last, &granted.target, seat).await?;
            }
            Extension::Reopen => self.reopen(member, last, granted).await?,
            Extension::Anew => self.open_extended(member, &last, granted).await?,
        }
        self.heed_leave(member).await?;
        Ok(true)
    }

    /// Lets the present end be what it was of, before an extension: what set it then, and whatever
    /// extension held.
    pub(in crate::directory) async fn owe_end_to(
        &mut self,
        member: &mut Member,
        source: EndSource,
        extended: Option<Extended>,
    ) -> Result<(), Error> {
        let Some(a) = member.assignment.as_mut() else {
            return Ok(());
        };
        (a.end_source, a.extended) = (source, extended);
        let a = a.clone();
        self.tx.save_assignment(&a).await?;
        let detail = object(json!({
            "startsAt": a.starts_at, "endsAt": a.ends_at, "source": source.as_str(),
        }));
        self.line("access.changed", Some(a.member), Some(a.id), None, detail);
        Ok(())
    }

    /// The episode that ended goes on, on another seat if its own is taken; where none is free, a
    /// new episode waits for one.
    async fn reopen(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        granted: Granted<'_>,
    ) -> Result<(), Error> {
        let Got::Seat {
            pool,
            window,
            n,
            overage,
        } = self.allocate(&granted.target, false).await?
        else {
            return self.open_extended(member, &a, granted).await;
        };
        a.pool = pool.id;
        a.product = pool.product;
        a.track = granted.target.track.id;
        a.rule = granted.target.rule;
        a.ends_at = window.ends_at;
        a.end_source = window.end_source;
        a.ended_at = None;
        a.inputs = granted.inputs;
        self.sit(&mut a, n);
        // What happened since the end is of this episode now.
        self.refold.entry(a.member).or_default();
        let from = if overage {
            "overage"
        } else {
            Account::Available.as_str()
        };
        let detail = placed(&granted.target, pool);
        self.moved("seat.reopened", &a, (from, account(&a), a.pool), detail);
        self.tx.save_assignment(&a).await?;
        member.seat_reason = None;
        member.assignment = Some(a);
        Ok(())
    }

    async fn open_extended(
        &mut self,
        member: &mut Member,
        last: &Assignment,
        granted: Granted<'_>,
    ) -> Result<(), Error> {
        self.open(member, Some(last), &granted.target, granted.inputs, false)
            .await?;
        for a in self
            .begun
            .last_mut()
            .map(|(a, _)| a)
            .into_iter()
            .chain(&mut member.assignment)
        {
            a.extended = Some(granted.extended.clone());
        }
        Ok(())
    }
}
