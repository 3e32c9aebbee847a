//! Whether nudges help.

use jiff::Timestamp;

use super::asked::Asked;
use super::{Body, rate};
use crate::coaching::nudge::{Kind, Outcome};
use crate::coaching::stalled::Reason;
use crate::directory::admin::object;
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::store::reports::nudges::Count;

impl Directory {
    pub(super) async fn nudges_report(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        self.resolve_nudges(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let zone = session.catalog().await?.zone;
        let (from, to) = (asked.query.when("from")?, asked.query.when("to")?);
        let from = from.map(|from| from.start(&zone));
        let to = to.map(|to| to.end(&zone));
        let counts = session.count_nudges(from, to).await?;
        let pairs = Kind::ALL
            .iter()
            .flat_map(|kind| Reason::ALL.iter().map(move |reason| (*kind, *reason)));
        Ok(Body::of(
            pairs.filter_map(|pair| line(pair, &counts)).collect(),
        ))
    }
}

/// What came of the nudges of a kind for a reason, if there were any.
fn line((kind, reason): (Kind, Reason), counts: &[Count]) -> Option<Object> {
    let of = || {
        let counts = counts.iter();
        counts.filter(move |c| c.kind == kind && c.reason == reason)
    };
    let to = |outcome| {
        of().filter(|c| c.outcome == outcome)
            .map(|c| c.n)
            .sum::<i64>()
    };
    let sent: i64 = of().map(|c| c.n).sum();
    let known = sent - to(Outcome::Open);
    let (converted, kept, released) = (
        to(Outcome::Converted),
        to(Outcome::Kept),
        to(Outcome::Released),
    );
    let answered = match kind {
        Kind::KeepOrRelease => rate(kept + released, known),
        Kind::Remind => serde_json::Value::Null,
    };
    (sent > 0).then(|| {
        object([
            ("kind", kind.as_str().into()),
            ("reason", reason.as_str().into()),
            ("sent", sent.into()),
            ("open", to(Outcome::Open).into()),
            ("converted", converted.into()),
            ("expired", to(Outcome::Expired).into()),
            ("kept", kept.into()),
            ("released", released.into()),
            ("unanswered", to(Outcome::Unanswered).into()),
            ("conversionRate", rate(converted, known)),
            ("answerRate", answered),
        ])
    })
}
