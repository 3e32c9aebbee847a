//! What needs somebody, counted: for the report of it and for the week's digest.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::coaching::stalled::Reason;
use crate::directory::Error;
use crate::directory::admin::object;
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::store::Session;
use crate::store::credentials::{Connection, Token};
use crate::store::figures::Figures;
use crate::webhooks::signal::{self, Level, TOKEN_DAYS};

/// Days ahead for which ends of access are counted.
pub(in crate::directory::admin) const SOON: i64 = 14;
/// Where a digest has what tells how people use their coaching.
pub(in crate::directory::admin) const ENGAGEMENT: &str = "engagement";

/// So many days after a moment.
pub(in crate::directory::admin) fn ahead(now: Timestamp, days: i64) -> Timestamp {
    let days = SignedDuration::from_hours(24 * days);
    now.checked_add(days).unwrap_or(Timestamp::MAX)
}

/// Why people have stalled, and how many for each reason.
pub(super) async fn stalled(
    session: &mut Session,
    now: Timestamp,
) -> Result<Vec<(&'static str, i64)>, Error> {
    let counted = session.count_stalled(now).await?;
    let of = |reason: Reason| {
        let of = counted.iter().filter(|(stage, _)| stage.reason() == reason);
        of.map(|(_, n)| n).sum()
    };
    let reasons = Reason::ALL.iter();
    Ok(reasons
        .map(|reason| (reason.as_str(), of(*reason)))
        .collect())
}

/// Tokens that cease to work soon, the soonest first.
pub(in crate::directory::admin) async fn tokens_expiring(
    session: &mut Session,
    now: Timestamp,
) -> Result<Vec<Token>, Error> {
    let soon = ahead(now, TOKEN_DAYS);
    let mut tokens = session.tokens().await?;
    tokens.retain(|t| t.revoked_at.is_none() && t.expires_at > now && t.expires_at <= soon);
    tokens.sort_by(|a, b| (a.expires_at, &a.id).cmp(&(b.expires_at, &b.id)));
    Ok(tokens)
}

/// Connections of which nothing was heard for as long as the policy says.
pub(in crate::directory::admin) async fn silent(
    session: &mut Session,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Vec<Connection>, Error> {
    let hours = catalog.policy.connection_silent_hours;
    let mut connections = session.connections().await?;
    connections.retain(|c| signal::is_silent(c.last_seen_at, hours, now));
    Ok(connections)
}

/// Pools of which little or nothing is left, by key.
pub(in crate::directory::admin) async fn pools_filling(
    session: &mut Session,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Vec<(String, Level, Figures)>, Error> {
    let low = catalog.policy.pool_low_percent;
    let figures = session.figures(None, now).await?;
    let live = catalog.pools.iter().filter(|pool| pool.is_live());
    Ok(live
        .filter_map(|pool| {
            let (_, f) = figures.iter().find(|(id, _)| *id == pool.id)?;
            let level = signal::level(f.available, f.purchased, low);
            (level != Level::Enough).then(|| (pool.key.clone(), level, *f))
        })
        .collect())
}

/// The figures of a digest.
pub(in crate::directory::admin) async fn digest(
    session: &mut Session,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Object, Error> {
    let ending = session.count_ending(now, ahead(now, SOON)).await?;
    let waiting = session.count_waiting().await?;
    let pools = pools_filling(session, catalog, now).await?;
    let pools: Value = pools
        .iter()
        .map(|(key, level, f)| {
            json!({"pool": key, "level": level.as_str(), "available": f.available})
        })
        .collect();
    let tokens = tokens_expiring(session, now).await?.len();
    let silent = silent(session, catalog, now).await?;
    let silent: Value = silent.iter().map(|c| json!(c.name)).collect();
    let mut engagement: Object = stalled(session, now)
        .await?
        .into_iter()
        .map(|(reason, n)| (reason.to_owned(), n.into()))
        .collect();
    let leavers = session.count_leavers_with_sessions(now).await?;
    engagement.insert("leaver_with_sessions".into(), leavers.into());
    Ok(object([
        ("accessEndsSoon", ending.into()),
        ("waiting", waiting.into()),
        ("pools", pools),
        ("tokensExpiring", tokens.into()),
        ("silentConnections", silent),
        (ENGAGEMENT, engagement.into()),
    ]))
}
