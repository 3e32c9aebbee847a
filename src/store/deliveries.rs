//! Deliveries: what a webhook was told, and what it is yet to be told.

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::{Row, args, rows_of};
use super::seats::named as parsed;
use super::{Error, Session, Store, TenantId, Tx};
use crate::scim::Object;
use crate::seats::named;
use crate::webhooks::kind::Kind;

named! {
    /// What became of a delivery.
    DeliveryState {
        /// It is yet to arrive.
        Pending = "pending",
        /// It arrived.
        Delivered = "delivered",
        /// It was given up.
        Dead = "dead",
    }
}

/// What a message is about. Identifiers and codes only: who a person is, is read when it is sent.
#[derive(Debug, Clone)]
pub struct Message {
    /// The same whenever it is sent, and to whomever.
    pub id: String,
    /// What it tells.
    pub kind: Kind,
    /// Messages of one lane arrive in their order.
    pub lane: Uuid,
    /// The place in the ledger's chain, if it is from there.
    pub seq: Option<i64>,
    /// Whom it is about.
    pub member: Option<Uuid>,
    /// Which pool it is about.
    pub pool: Option<Uuid>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// More, by the type.
    pub detail: Object,
}

/// A message to one webhook.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Number, 1 for the webhook's first.
    pub n: i64,
    /// What is told.
    pub message: Message,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, while it is to be.
    pub next_at: Option<Timestamp>,
    /// What the receiver last answered, an HTTP status.
    pub status: Option<i64>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// When it was last tried.
    pub attempted_at: Option<Timestamp>,
    /// When it arrived or was given up.
    pub finished_at: Option<Timestamp>,
}

/// What came of an attempt, of which the number is told so that an attempt which took too long
/// overwrites none that came after it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The delivery.
    pub n: i64,
    /// Which attempt, 1 for the first.
    pub number: i64,
    /// What the receiver answered.
    pub status: Option<i64>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// When.
    pub at: Timestamp,
}

macro_rules! delivery_columns {
    () => {
        "n, message, type, lane, seq, member_id, pool_id, occurred_at, detail, state, attempts, \
         next_at, status, error, attempted_at, finished_at"
    };
}

fn delivery(row: &Row) -> Result<Delivery, Error> {
    Ok(Delivery {
        n: row.get("n")?,
        message: Message {
            id: row.get("message")?,
            kind: parsed(row, "type")?,
            lane: row.get("lane")?,
            seq: row.get("seq")?,
            member: row.get("member_id")?,
            pool: row.get("pool_id")?,
            occurred_at: row.instant("occurred_at")?,
            detail: row.object("detail")?,
        },
        state: parsed(row, "state")?,
        attempts: row.get("attempts")?,
        next_at: row.maybe_instant("next_at")?,
        status: row.get("status")?,
        error: row.get("error")?,
        attempted_at: row.maybe_instant("attempted_at")?,
        finished_at: row.maybe_instant("finished_at")?,
    })
}

impl Store {
    /// Webhooks that have a message due and nobody who is sending it.
    pub async fn webhooks_due(&self, now: Timestamp) -> Result<Vec<(TenantId, Uuid)>, Error> {
        let sql = "select w.tenant_id, w.id from webhook w where w.state = 'enabled' and exists ( \
                     select 1 from delivery d where d.tenant_id = w.tenant_id \
                       and d.webhook_id = w.id and d.state = 'pending' and d.next_at <= $1 \
                       and (d.leased_until is null or d.leased_until <= $1))";
        let rows = self.read(TenantId(0)).await?.all(sql, args![now]).await?;
        rows.iter()
            .map(|row| Ok((TenantId(row.get("tenant_id")?), row.get("id")?)))
            .collect()
    }

    /// Forgets what arrived or was given up before then; answers how much.
    pub async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, Error> {
        let mut tx = self.begin(TenantId(0)).await?;
        let sql = "delete from delivery where finished_at < $1";
        let forgotten = tx.run(sql, args![before]).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

impl Session {
    /// Deliveries to a webhook, the newest first: those in a state, with a number below `before`.
    pub async fn deliveries(
        &mut self,
        webhook: Uuid,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Delivery>, Error> {
        const SQL: &str = concat!(
            "select ",
            delivery_columns!(),
            " from delivery where tenant_id = $1 and webhook_id = $2 \
             and ($3 is null or state = $3) and n < $4 order by n desc limit $5 + 0"
        );
        let state = state.map(DeliveryState::as_str);
        let before = before.unwrap_or(i64::MAX);
        let values = args![self.tenant, webhook, state, before, limit];
        let rows = self.all(SQL, values).await?;
        rows.iter().map(delivery).collect()
    }

    /// One delivery.
    pub async fn delivery(&mut self, webhook: Uuid, n: i64) -> Result<Option<Delivery>, Error> {
        const SQL: &str = concat!(
            "select ",
            delivery_columns!(),
            " from delivery where tenant_id = $1 and webhook_id = $2 and n = $3"
        );
        let row = self.optional(SQL, args![self.tenant, webhook, n]).await?;
        row.as_ref().map(delivery).transpose()
    }

    /// A person's sessions that lie ahead.
    pub async fn upcoming_sessions(
        &mut self,
        member: Uuid,
        now: Timestamp,
    ) -> Result<Vec<(String, Timestamp)>, Error> {
        let sql = "select id, starts_at from session where tenant_id = $1 and member_id = $2 \
                   and state = 'scheduled' and starts_at > $3 order by starts_at, id limit 100";
        let rows = self.all(sql, args![self.tenant, member, now]).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.instant("starts_at")?)))
            .collect()
    }
}

impl Tx {
    /// Takes out what the ledger does not say, the oldest first, to be made deliveries in this
    /// transaction.
    pub async fn take_signals(&mut self, limit: i64) -> Result<Vec<Message>, Error> {
        let sql = "select id, at, type, member_id, pool_id, detail from webhook_signal \
                   where tenant_id = $1 order by at, id limit $2 + 0 {skip locked}";
        let rows = self.all(sql, args![self.tenant, limit]).await?;
        let mut signals = Vec::with_capacity(rows.len());
        for row in &rows {
            let (id, member): (Uuid, Option<Uuid>) = (row.get("id")?, row.get("member_id")?);
            let sql = "delete from webhook_signal where tenant_id = $1 and id = $2";
            self.run(sql, args![self.tenant, id]).await?;
            let kind: Kind = parsed(row, "type")?;
            signals.push(Message {
                id: format!("{}-{}", id.simple(), kind.as_str().replace('.', "-")),
                kind,
                lane: member.unwrap_or(id),
                seq: None,
                member,
                pool: row.get("pool_id")?,
                occurred_at: row.instant("at")?,
                detail: row.object("detail")?,
            });
        }
        Ok(signals)
    }

    /// Queues messages to a webhook that is locked, numbered after `last`; answers the last number.
    /// They wait for those before them in their lanes, as long as these have to wait.
    pub async fn queue_deliveries(
        &mut self,
        webhook: Uuid,
        last: i64,
        messages: &[Message],
        now: Timestamp,
    ) -> Result<i64, Error> {
        let mut n = last;
        for batch in messages.chunks(50) {
            let mut values = Vec::new();
            for m in batch {
                n += 1;
                values.extend(args![
                    self.tenant,
                    webhook,
                    n,
                    &m.id,
                    m.kind.as_str(),
                    m.lane,
                    m.seq,
                    m.member,
                    m.pool,
                    m.occurred_at,
                    &m.detail,
                    DeliveryState::Pending.as_str(),
                    now
                ]);
            }
            let rows = rows_of(batch.len(), 13);
            let sql = format!(
                "insert into delivery (tenant_id, webhook_id, n, message, type, lane, seq, \
                   member_id, pool_id, occurred_at, detail, state, next_at) values {rows}"
            );
            self.made(sql, values).await?;
        }
        if n > last {
            let sql = "update delivery set next_at = (select max(e.next_at) from delivery e \
                         where e.tenant_id = $1 and e.webhook_id = $2 and e.state = 'pending' \
                         and e.lane = delivery.lane) \
                       where tenant_id = $1 and webhook_id = $2 and n > $3 and state = 'pending'";
            self.run(sql, args![self.tenant, webhook, last]).await?;
        }
        Ok(n)
    }

    /// Takes the next messages to a webhook that are due, for nobody else to send until `until`:
    /// of each lane the first that has not arrived.
    pub async fn claim_deliveries(
        &mut self,
        webhook: Uuid,
        now: Timestamp,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<Delivery>, Error> {
        const SQL: &str = concat!(
            "with next as materialized ( \
               select d.n from delivery d where d.tenant_id = $1 and d.webhook_id = $2 \
                 and d.state = 'pending' and d.next_at <= $3 \
                 and (d.leased_until is null or d.leased_until <= $3) \
                 and not exists (select 1 from delivery e where e.tenant_id = $1 \
                   and e.webhook_id = $2 and e.state = 'pending' and e.lane = d.lane and e.n < d.n) \
               order by d.next_at, d.n limit $5 + 0 {skip locked}) \
             update delivery set leased_until = $4, attempts = attempts + 1 \
             where tenant_id = $1 and webhook_id = $2 and n in (select n from next) \
             returning ",
            delivery_columns!()
        );
        let values = args![self.tenant, webhook, now, until, limit];
        let rows = self.all(SQL, values).await?;
        let mut claimed: Vec<_> = rows.iter().map(delivery).collect::<Result<_, _>>()?;
        claimed.sort_by_key(|delivery| delivery.n);
        Ok(claimed)
    }

    /// Notes that an attempt was the last: it arrived, or is given up.
    pub async fn finish_delivery(
        &mut self,
        webhook: Uuid,
        attempt: &Attempt,
        state: DeliveryState,
    ) -> Result<(), Error> {
        let sql = "update delivery set state = $5, status = $6, error = $7, attempted_at = $8, \
                     finished_at = $8, next_at = null, leased_until = null \
                   where tenant_id = $1 and webhook_id = $2 and n = $3 and attempts = $4 \
                     and state = 'pending'";
        let values = args![
            self.tenant,
            webhook,
            attempt.n,
            attempt.number,
            state.as_str(),
            attempt.status,
            attempt.error.as_deref(),
            attempt.at
        ];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Notes that an attempt failed and is made again at `next`; what is behind it in its lane
    /// waits as long.
    pub async fn retry_delivery(
        &mut self,
        webhook: Uuid,
        attempt: &Attempt,
        next: Timestamp,
    ) -> Result<(), Error> {
        let sql = "update delivery set status = $5, error = $6, attempted_at = $7, next_at = $8, \
                     leased_until = null \
                   where tenant_id = $1 and webhook_id = $2 and n = $3 and attempts = $4 \
                     and state = 'pending' returning lane";
        let values = args![
            self.tenant,
            webhook,
            attempt.n,
            attempt.number,
            attempt.status,
            attempt.error.as_deref(),
            attempt.at,
            next
        ];
        if let Some(row) = self.optional(sql, values).await? {
            let lane: Uuid = row.get("lane")?;
            let sql = "update delivery set next_at = $4 where tenant_id = $1 and webhook_id = $2 \
                       and lane = $3 and state = 'pending' and next_at < $4";
            self.run(sql, args![self.tenant, webhook, lane, next])
                .await?;
        }
        Ok(())
    }
}
