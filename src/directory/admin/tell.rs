//! Telling webhooks what happened: the ledger's lines become deliveries, and each delivery a signed
//! message. Jobs call these, and send what they answer.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{invitations, nudges, object, signals, view};
use crate::directory::change::{By, Change};
use crate::directory::{Directory, Error};
use crate::scim::Object;
use crate::scim::predicate::fold;
use crate::seats::IdentityState;
use crate::store::deliveries::{Attempt, Delivery, DeliveryState, Message};
use crate::store::invitations::Invitation;
use crate::store::ledger::Entry;
use crate::store::webhooks::{Disabled, Webhook};
use crate::store::{Session, TenantId, Tx, transact};
use crate::webhooks::kind::Kind;
use crate::webhooks::retry;
use crate::webhooks::secret::{self, Secret};

/// Lines of the ledger that are made deliveries in one transaction. On SQLite everybody waits.
const LINES: i64 = 100;
/// For how long a delivery is one sender's own. Longer than an attempt may take.
const LEASE: SignedDuration = SignedDuration::from_secs(20);

/// A message, ready to be sent.
#[derive(Debug)]
pub struct Outgoing {
    /// Whose webhook it goes to.
    pub tenant: TenantId,
    /// Which.
    pub webhook: Uuid,
    /// Its number there.
    pub n: i64,
    /// Which attempt this is, 1 for the first.
    pub attempt: i64,
    /// Where it goes.
    pub url: String,
    /// `webhook-id`.
    pub message: String,
    /// The body.
    pub body: String,
    secrets: Vec<Secret>,
}

impl Outgoing {
    /// `webhook-signature`, if it is sent at `at`.
    pub fn signature(&self, at: Timestamp) -> String {
        secret::signature(&self.secrets, &self.message, at, &self.body)
    }
}

/// How a receiver took a message.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With this HTTP status.
    Status(u16),
    /// Not at all.
    None(String),
}

impl Directory {
    /// Makes deliveries of what happened in a tenant since its webhooks were last told; answers
    /// whether there may be more.
    pub async fn tell_some(&self, tenant: TenantId, now: Timestamp) -> Result<bool, Error> {
        transact!(self.store, tenant, |tx| {
            let mut webhooks = tx.lock_webhooks().await?;
            let signals = tx.take_signals(LINES).await?;
            let mut more = is_full(signals.len());
            for webhook in &mut webhooks {
                let lines = tx.lines_after(webhook.position, LINES).await?;
                let mut messages = Vec::new();
                for line in &lines {
                    messages.extend(told(tx, webhook, line.seq, &line.entry, now).await?);
                }
                let wanted = signals.iter().filter(|signal| webhook.wants(signal.kind));
                messages.extend(wanted.cloned());
                more |= is_full(lines.len());
                let last = lines.last().and_then(|line| line.seq);
                webhook.position = last.unwrap_or(webhook.position);
                webhook.last_n = tx
                    .queue_deliveries(webhook.id, webhook.last_n, &messages, now)
                    .await?;
                if !lines.is_empty() || !messages.is_empty() {
                    tx.save_webhook(webhook).await?;
                }
            }
            Ok(more)
        })
    }

    /// Takes the next messages to a webhook, for nobody else to send meanwhile.
    pub async fn take_deliveries(
        &self,
        tenant: TenantId,
        webhook: Uuid,
        most: i64,
        now: Timestamp,
    ) -> Result<Vec<Outgoing>, Error> {
        let until = now.checked_add(LEASE).unwrap_or(now);
        let claimed = transact!(self.store, tenant, |tx| {
            tx.claim_deliveries(webhook, now, until, most)
                .await
                .map_err(Error::from)
        })?;
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        let mut session = self.store.snapshot(tenant).await?;
        let Some(webhook) = session.webhook(webhook).await? else {
            return Ok(Vec::new());
        };
        let mut outgoing = Vec::with_capacity(claimed.len());
        for delivery in claimed {
            outgoing.push(Outgoing {
                tenant,
                webhook: webhook.id,
                n: delivery.n,
                attempt: delivery.attempts,
                url: webhook.url.clone(),
                body: self.written(&mut session, &webhook, &delivery, now).await?,
                message: delivery.message.id,
                secrets: webhook.secrets(now),
            });
        }
        Ok(outgoing)
    }

    /// Notes how a message was taken. What was not accepted is sent again later, or given up; a
    /// receiver that is gone is told nothing more.
    pub async fn was_sent(
        &self,
        sent: &Outgoing,
        reply: &Reply,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (status, error) = match reply {
            Reply::Status(status) => (Some(i64::from(*status)), None),
            Reply::None(why) => (None, Some(why.clone())),
        };
        let attempt = Attempt {
            n: sent.n,
            number: sent.attempt,
            status,
            error,
            at: now,
        };
        transact!(self.store, sent.tenant, |tx| {
            match status {
                Some(200..=299) => {
                    let done = DeliveryState::Delivered;
                    tx.finish_delivery(sent.webhook, &attempt, done).await?;
                }
                Some(410) => self.is_gone(tx, sent.webhook, &attempt).await?,
                _ => {
                    if let Some(next) = retry::next(sent.attempt, now) {
                        tx.retry_delivery(sent.webhook, &attempt, next).await?;
                    } else {
                        let done = DeliveryState::Dead;
                        tx.finish_delivery(sent.webhook, &attempt, done).await?;
                    }
                }
            }
            Ok(())
        })
    }

    async fn is_gone(&self, tx: &mut Tx, webhook: Uuid, attempt: &Attempt) -> Result<(), Error> {
        // Before the delivery, as everybody locks them.
        if let Some(mut webhook) = tx.lock_webhook(webhook).await?
            && webhook.disabled.is_none()
        {
            webhook.disabled = Some(Disabled::Gone);
            tx.save_webhook(&webhook).await?;
            let rules = self.current_rules(tx).await?;
            let by = By {
                actor: "webhook".into(),
                cause: "webhook".into(),
            };
            let mut change = Change::new(tx, rules, by, attempt.at);
            let detail = object([("webhook", json!(webhook.id)), ("reason", "gone".into())]);
            change.log("webhook.disabled", None, detail);
            change.finish().await?;
        }
        let done = DeliveryState::Dead;
        Ok(tx.finish_delivery(webhook, attempt, done).await?)
    }

    /// The body of a message: what happened, and the person as they are when it is sent.
    async fn written(
        &self,
        session: &mut Session,
        webhook: &Webhook,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<String, Error> {
        let message = &delivery.message;
        let rules = self.current_rules(session).await?;
        let pool = message.pool.and_then(|id| rules.catalog.pool(id));
        let mut data = Map::new();
        data.insert("seq".into(), json!(message.seq));
        if let Some(member) = message.member {
            let told = person(session, webhook, member, &rules.catalog, now).await?;
            data.insert("member".into(), told);
        }
        if let Some(pool) = pool {
            data.insert("pool".into(), json!(pool.key));
        }
        if let (Kind::SessionsCancelRequested, Some(member)) = (message.kind, message.member) {
            let sessions = session.upcoming_sessions(member, now).await?;
            let sessions = sessions.iter();
            let sessions: Value = sessions
                .map(|(id, at)| json!({"id": id, "startsAt": at}))
                .collect();
            data.insert("sessions".into(), sessions);
        }
        if let Some(id) = named_in(&message.detail, "nudge")
            && let Some(nudge) = session.nudge(id).await?
        {
            let link = self.link_of(session.tenant(), &nudge).await?;
            let told = nudges::told(&nudge, webhook.engagement, link);
            data.insert("nudge".into(), told);
        }
        if let (Kind::MemberInvited, Some(member)) = (message.kind, message.member)
            && let Some(invitation) = invitation_of(session, member).await?
        {
            let again = message.detail.contains_key("invitation");
            data.insert("invitation".into(), invitations::told(&invitation, again));
        }
        let detail = signals::told(message.kind, &message.detail, webhook.engagement);
        data.insert("detail".into(), detail);
        let body = json!({
            "type": message.kind.as_str(),
            "timestamp": message.occurred_at,
            "data": data,
        });
        Ok(body.to_string())
    }
}

/// The invitation by which somebody was made, if by one.
async fn invitation_of(session: &mut Session, member: Uuid) -> Result<Option<Invitation>, Error> {
    let known = session.member_by_id(member).await?;
    let name = known.as_ref().and_then(|m| m.doc.get("userName")?.as_str());
    match name {
        Some(name) => Ok(session.invitation_to(&fold(name)).await?),
        None => Ok(None),
    }
}

/// An identifier in the detail of a line.
fn named_in(detail: &Object, key: &str) -> Option<Uuid> {
    detail.get(key)?.as_str()?.parse().ok()
}

/// Whether as many were read as may be at once, so that there may be more.
fn is_full(read: usize) -> bool {
    i64::try_from(read).is_ok_and(|n| n >= LINES)
}

/// What a webhook is told of a line of the ledger.
async fn told(
    tx: &mut Tx,
    webhook: &Webhook,
    seq: Option<i64>,
    entry: &Entry,
    now: Timestamp,
) -> Result<Vec<Message>, Error> {
    let moved = entry.moved.as_ref();
    let kinds = Kind::of_line(
        &entry.action,
        entry.member.is_some(),
        moved.map(|moved| moved.from),
        &entry.detail,
    );
    let mut messages = Vec::new();
    for kind in kinds.into_iter().filter(|kind| webhook.wants(*kind)) {
        if let (Kind::SessionsCancelRequested, Some(member)) = (kind, entry.member)
            && tx.upcoming_sessions(member, now).await?.is_empty()
        {
            continue;
        }
        messages.push(Message {
            id: format!("{}-{}", entry.id.simple(), kind.as_str().replace('.', "-")),
            kind,
            lane: entry.member.unwrap_or(entry.id),
            seq,
            member: entry.member,
            pool: moved.map(|moved| moved.pool),
            occurred_at: entry.at,
            detail: entry.detail.clone(),
        });
    }
    Ok(messages)
}

/// A person as the list of people has them, as far as the webhook may be told. Of whoever was erased
/// nothing is left but the identifier.
async fn person(
    session: &mut Session,
    webhook: &Webhook,
    id: Uuid,
    catalog: &crate::seats::catalog::Catalog,
    now: Timestamp,
) -> Result<Value, Error> {
    let known = session.member_by_id(id).await?;
    let Some(m) = known.filter(|m| m.identity != IdentityState::Erased) else {
        return Ok(json!({"id": id}));
    };
    let engagement = if webhook.engagement {
        Some(session.engagement(m.id).await?)
    } else {
        None
    };
    let mut told: Object = view::member(&m, engagement.as_ref(), catalog, None, now);
    told.insert("externalId".into(), json!(m.external_id));
    told.insert("scimId".into(), json!(m.scim_id));
    Ok(told.into())
}
