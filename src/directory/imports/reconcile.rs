//! A list of people from elsewhere, held against the directory (domain 4.10). It changes nothing
//! but what is kept of itself.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use uuid::Uuid;

use super::people::{People, addresses};
use super::sheet::Line;
use super::{FORGET, KEEP, Watch, invalid, open, unreadable, warnings_of};
use crate::directory::admin::roles::Right;
use crate::directory::admin::signals::signal;
use crate::directory::rules::Rules;
use crate::directory::{Caller, Directory, Error, person};
use crate::roster::columns::{Column, Columns};
use crate::roster::compare::{self, Bucket, Known, Source};
use crate::roster::row::{Leaving, Row};
use crate::scim::Object;
use crate::scim::predicate::fold;
use crate::seats::{days, outcome};
use crate::store::members::Member;
use crate::store::reconciliations::{Finding, Reconciliation};
use crate::store::signals::Signal;
use crate::store::{Tx, transact};
use crate::webhooks::kind::Kind;

/// Rows, or people, in a transaction.
const BATCH: usize = 100;

impl Directory {
    /// Holds a list against the directory and keeps what was found.
    ///
    /// # Errors
    /// 400 `invalid_file` if it has no header that names people.
    pub async fn reconcile(
        &self,
        caller: &Caller,
        source: Source,
        file: File,
        watch: &Watch<'_>,
    ) -> Result<Object, Error> {
        caller.may(Right::Import)?;
        let sheet = open(file, |header| Ok(Columns::of_roster(header))).await?;
        if !sheet.names_people(false) {
            let detail = "the list has no column email, user_name, worker_id or external_id";
            return Err(invalid(detail).into());
        }
        let now = (watch.now)();
        let mut held = Reconciliation {
            id: Uuid::now_v7(),
            source,
            actor: caller.by().actor,
            state: "running".into(),
            listed: 0,
            people: 0,
            buckets: json!({}),
            warnings: warnings_of(&sheet),
            created_at: now,
        };
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let before = now.checked_sub(KEEP).unwrap_or(Timestamp::MIN);
            tx.forget_reconciliations(before).await?;
            tx.insert_reconciliation(&held).await?;
            Ok::<_, Error>(())
        })?;
        let mut search = Search {
            directory: self,
            caller,
            id: held.id,
            source,
            counts: BTreeMap::new(),
            n: 0,
            people: 0,
        };
        let done = search.through(sheet.batches(BATCH), watch).await;
        held.state = if done.is_ok() { "finished" } else { "failed" }.into();
        held.listed = done.as_ref().copied().unwrap_or_default();
        held.people = search.people;
        held.buckets = search.buckets();
        transact!(self.store, caller.tenant, |tx| {
            tx.end_reconciliation(&held).await?;
            if done.is_ok() {
                signal(tx, &ready(&held, (watch.now)())).await?;
            }
            Ok::<_, Error>(())
        })?;
        while transact!(self.store, caller.tenant, |tx| {
            Ok::<_, Error>(tx.forget_listed(held.id, FORGET).await?)
        })? {}
        done?;
        self.read_reconciliation(caller, &held.id.to_string()).await
    }
}

/// That a reconciliation is done, and what it found.
fn ready(held: &Reconciliation, now: Timestamp) -> Signal {
    Signal {
        kind: Kind::ReconciliationReady,
        at: now,
        member: None,
        pool: None,
        detail: Object::from_iter([
            ("reconciliation".into(), json!(held.id)),
            ("source".into(), held.source.as_str().into()),
            ("buckets".into(), held.buckets.clone()),
        ]),
    }
}

/// One reconciliation as it goes on.
struct Search<'d> {
    directory: &'d Directory,
    caller: &'d Caller,
    id: Uuid,
    source: Source,
    counts: BTreeMap<&'static str, i64>,
    n: i64,
    people: i64,
}

/// By what people are judged.
struct Judge<'r> {
    rules: &'r Rules,
    source: Source,
    now: Timestamp,
}

type Batches = tokio::sync::mpsc::Receiver<std::io::Result<super::sheet::Batch>>;

impl Search<'_> {
    /// Goes through the rows and then through whoever is in none; answers how many rows there were.
    async fn through(&mut self, mut batches: Batches, watch: &Watch<'_>) -> Result<i64, Error> {
        let mut listed = 0;
        while let Some(batch) = batches.recv().await {
            let lines = batch.map_err(unreadable)?.lines;
            listed += i64::try_from(lines.len()).unwrap_or(0);
            self.rows(&lines, (watch.now)()).await?;
        }
        let mut after = None;
        loop {
            let last = self.unlisted(after, (watch.now)()).await?;
            if last.is_none() {
                return Ok(listed);
            }
            after = last;
        }
    }

    async fn rows(&mut self, lines: &[Line], now: Timestamp) -> Result<(), Error> {
        let (store, tenant) = (&self.directory.store, self.caller.tenant);
        let rows: Vec<_> = lines
            .iter()
            .filter_map(|line| match line {
                Line::Row(row) => Some(row),
                Line::Broken(_) => None,
            })
            .collect();
        let (found, met) = transact!(store, tenant, |tx| {
            let (mut found, met) = self.judge(tx, &rows, now).await?;
            for line in lines {
                if let Line::Broken(broken) = line {
                    let content = json!({"detail": broken.detail, "email": null});
                    let line = i64::try_from(broken.line).ok();
                    found.push((Bucket::BrokenRow, None, line, content));
                }
            }
            let found = numbered(found, self.n);
            tx.insert_findings(self.id, &found).await?;
            Ok::<_, Error>((found, met))
        })?;
        self.count(&found);
        self.people += met;
        Ok(())
    }

    /// What rows come to, and how many people they are about.
    async fn judge(
        &self,
        tx: &mut Tx,
        rows: &[&Row],
        now: Timestamp,
    ) -> Result<(Vec<Found>, i64), Error> {
        let rules = self.directory.current_rules(tx).await?;
        let judge = Judge {
            rules: &rules,
            source: self.source,
            now,
        };
        let people = People::of(tx, rows).await?;
        let mut about = Vec::with_capacity(rows.len());
        let mut first: BTreeMap<Uuid, i64> = BTreeMap::new();
        for row in rows {
            let member = people.about(row);
            if let Ok(Some(member)) = member {
                first.entry(member.id).or_insert_with(|| line_of(row));
            }
            about.push((*row, member));
        }
        let met: Vec<_> = first.iter().map(|(id, line)| (*id, *line)).collect();
        first.extend(tx.list_people(self.id, &met).await?);
        let ids: Vec<_> = met.iter().map(|(id, _)| *id).collect();
        let ahead = tx.with_session_ahead(&ids, now).await?;
        let nobody = about.iter().filter(|(_, m)| matches!(m, Ok(None)));
        let names: Vec<_> = nobody.filter_map(|(row, _)| name_key(row)).collect();
        let called = tx.people_called(&names).await?;
        let mut found = Vec::with_capacity(about.len());
        let mut fresh = 0;
        for (row, member) in about {
            let line = line_of(row);
            let finding = match member {
                Err(fault) => {
                    let mut content = listed(row);
                    content.insert("detail".into(), fault.detail.into());
                    (Bucket::Duplicate, None, Some(line), content.into())
                }
                Ok(None) => judge.nobody(row, &called),
                Ok(Some(m)) => match first.get(&m.id) {
                    Some(earlier) if *earlier != line => {
                        let mut content = both(row, m, None);
                        content.insert("earlierLine".into(), (*earlier).into());
                        (Bucket::Duplicate, Some(m.id), Some(line), content.into())
                    }
                    _ => {
                        fresh += 1;
                        judge.listed(row, m, ahead.contains(&m.id))
                    }
                },
            };
            found.push(finding);
        }
        Ok((found, fresh))
    }

    /// The next people who are in no row; answers the last of them.
    async fn unlisted(
        &mut self,
        after: Option<Uuid>,
        now: Timestamp,
    ) -> Result<Option<Uuid>, Error> {
        let (store, tenant) = (&self.directory.store, self.caller.tenant);
        let most = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let (found, last, seen) = transact!(store, tenant, |tx| {
            let rules = self.directory.current_rules(tx).await?;
            let people = tx.people_unlisted(self.id, after, most).await?;
            let judge = Judge {
                rules: &rules,
                source: self.source,
                now,
            };
            let found = people.iter().filter_map(|m| judge.unlisted(m)).collect();
            let found = numbered(found, self.n);
            tx.insert_findings(self.id, &found).await?;
            Ok::<_, Error>((found, people.last().map(|m| m.id), people.len()))
        })?;
        self.count(&found);
        self.people += i64::try_from(seen).unwrap_or(0);
        Ok(last)
    }

    fn count(&mut self, found: &[Finding]) {
        self.n += i64::try_from(found.len()).unwrap_or(0);
        for finding in found {
            *self.counts.entry(finding.bucket.as_str()).or_default() += 1;
        }
    }

    /// How many findings there are of each kind, none of some among them.
    fn buckets(&self) -> Value {
        let count = |bucket: &Bucket| {
            let name = bucket.as_str();
            let count = self.counts.get(name).copied().unwrap_or_default();
            (name.to_owned(), Value::from(count))
        };
        Value::Object(Bucket::ALL.iter().map(count).collect())
    }
}

type Found = (Bucket, Option<Uuid>, Option<i64>, Value);

fn numbered(found: Vec<Found>, after: i64) -> Vec<Finding> {
    let numbers = after + 1..;
    let numbered = numbers.zip(found);
    numbered
        .map(|(n, (bucket, member, line, content))| Finding {
            n,
            bucket,
            member,
            line,
            content,
        })
        .collect()
}

impl Judge<'_> {
    fn leaver(&self, row: &Row) -> bool {
        let zone: &TimeZone = &self.rules.catalog.zone;
        compare::is_inactive(row) || row.leaving(zone, self.now) == Leaving::Now
    }

    fn listed(&self, row: &Row, m: &Member, session_ahead: bool) -> Found {
        let last_day = self.last_day(m);
        let known = Known {
            session_ahead,
            has_its_name: has_its_name(row, m),
            ..self.known(m, last_day.as_deref())
        };
        let bucket = compare::listed(row, self.leaver(row), &known);
        let content = both(row, m, Some(&known));
        (bucket, Some(m.id), Some(line_of(row)), content.into())
    }

    fn unlisted(&self, m: &Member) -> Option<Found> {
        let last_day = self.last_day(m);
        let known = self.known(m, last_day.as_deref());
        let bucket = compare::unlisted(self.source, &known)?;
        Some((bucket, Some(m.id), None, here(m, Some(&known)).into()))
    }

    fn nobody(&self, row: &Row, called: &HashMap<String, Vec<Uuid>>) -> Found {
        let bucket = compare::nobody(self.source, self.leaver(row));
        let mut content = listed(row);
        let same = name_key(row).and_then(|name| called.get(&name));
        if let Some(same) = same {
            content.insert("sameName".into(), json!(same));
        }
        (bucket, None, Some(line_of(row)), content.into())
    }

    fn last_day(&self, m: &Member) -> Option<String> {
        let intent = person::intent(&m.doc);
        let zone = intent.zone(&self.rules.catalog);
        let a = m.assignment.as_ref()?;
        Some(days::last_day(a.ends_at, zone).to_string())
    }

    fn known<'m>(&'m self, m: &Member, last_day: Option<&'m str>) -> Known<'m> {
        let a = m.assignment.as_ref();
        let track = a.and_then(|a| self.rules.catalog.track(a.track));
        Known {
            seat: outcome::state_at(a, self.now),
            track: track.map(|track| (track.key.as_str(), track.name.as_str())),
            last_day,
            has_its_name: true,
            session_ahead: false,
            of_idp: m.managed_by == "scim",
        }
    }
}

fn line_of(row: &Row) -> i64 {
    i64::try_from(row.line).unwrap_or(i64::MAX)
}

/// Whether every address and user name of a row is among a person's.
fn has_its_name(row: &Row, m: &Member) -> bool {
    let known = addresses(m);
    row.address_keys().iter().all(|key| known.contains(key))
}

/// A row's name in the form in which people are sorted.
fn name_key(row: &Row) -> Option<String> {
    let (family, given) = (row.get(Column::FamilyName)?, row.get(Column::GivenName)?);
    Some(fold(&format!("{family}\u{1}{given}")))
}

/// What a row has, for the finding.
fn listed(row: &Row) -> Object {
    let cell = |column| json!(row.get(column));
    let mut content = Object::new();
    let email = row.get(Column::Email).or(row.get(Column::UserName));
    content.insert("email".into(), json!(email));
    let there = json!({
        "userName": cell(Column::UserName),
        "email": cell(Column::Email),
        "workerId": cell(Column::WorkerId),
        "externalId": cell(Column::ExternalId),
        "track": cell(Column::Track),
        "accessEndDate": cell(Column::AccessEnd),
        "active": cell(Column::Active),
    });
    content.insert("listed".into(), there);
    content
}

/// What is known here, for the finding.
fn here(m: &Member, known: Option<&Known<'_>>) -> Object {
    let email = crate::roster::resource::email(&m.doc);
    let name = m.doc.get("userName").and_then(Value::as_str);
    let mut content = Object::new();
    content.insert("email".into(), json!(email.or(name)));
    let held = json!({
        "userName": name,
        "email": email,
        "seatState": known.map(|known| known.seat.as_str()),
        "track": known.and_then(|known| known.track).map(|(key, _)| key),
        "accessEndDate": known.and_then(|known| known.last_day),
        "identityState": m.identity.as_str(),
        "managedBy": m.managed_by,
    });
    content.insert("held".into(), held);
    content
}

fn both(row: &Row, m: &Member, known: Option<&Known<'_>>) -> Object {
    let mut content = here(m, known);
    if let Some(there) = listed(row).remove("listed") {
        content.insert("listed".into(), there);
    }
    content
}
